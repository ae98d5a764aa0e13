"""One job as its message shows it: only the newest state counts, and a signal says that there is one."""

from __future__ import annotations

import asyncio
import io
import math
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.delivery.message import JobMessage
from bot.events import JobCancelled, JobEvent, JobFailed, JobRequeued, JobStarted, JobSucceeded, Progress
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.translation import Speech
from bot.ui.cards import PREVIEW, PREVIEW_NAME, STOPPED, Standing, open_card
from bot.ui.layout import Layout, text_of

Ended = JobSucceeded | JobFailed | JobCancelled

#: An estimate stands until a new one differs by so much: a number that twitches is read as a lie.
STEADY = timedelta(seconds=5)
STEADY_SHARE = 0.2


class LiveJob:
    """The state behind one message. Nothing here waits; whoever keeps the message current awaits the events."""

    def __init__(self, client: discord.Client, job: Job) -> None:
        self.job = job
        self.message = JobMessage(client, job)
        self.outcome: Ended | None = None
        self.notice: Sentence | None = None
        self.cancelling = False
        #: Set when the message is there, or will not come as an answer.
        self.opened = asyncio.Event()
        self.changed = asyncio.Event()
        #: Set when what changed does not wait for the pace.
        self.urgent = asyncio.Event()
        self.closed = asyncio.Event()
        self.last_edit = -math.inf
        self._asked_at = job.created_at
        self._progress: Progress | None = None
        self._preview: bytes | None = None
        self._expected_at: datetime | None = None
        self._shown: tuple[str, bytes | None] | None = None

    @property
    def waits(self) -> bool:
        """Whether the job is in line: its message then changes with the line, not with events of its own."""
        return self.job.status is not JobStatus.RUNNING

    @property
    def took(self) -> timedelta:
        """How long its author has waited by now."""
        return discord.utils.utcnow() - self._asked_at

    def take(self, event: JobEvent) -> None:
        """What happened to the job becomes what its message is to show."""
        match event:
            case Progress():
                self._progress = event
                self._preview = event.preview or self._preview
            case JobStarted():
                self._progress = self._preview = None
                self.job = event.job
            case JobRequeued():
                self._progress = self._preview = None
                self.job = event.job
                self.notice = STOPPED
            case _:
                self.job = event.job
                self.outcome = event
                self.urgent.set()
        self.changed.set()

    def cancel(self) -> None:
        """Somebody asked for the job to be cancelled: shown at once, whatever the pace."""
        self.cancelling = True
        self.urgent.set()
        self.changed.set()

    def answered(self, interaction: discord.Interaction[Any], card: Layout) -> None:
        """The message began with `card`, as the answer to `interaction`."""
        self._asked_at = interaction.created_at
        self.is_news(card)

    def card(self, generation: GenerationService) -> Layout:
        """The card of this moment."""
        self._expected_at = steady(self._expected_at, generation.expected_at(self.job.id), discord.utils.utcnow())
        progress = self._progress
        if progress is not None:
            progress = Progress(progress.job_id, progress.stage, progress.step, progress.steps, self._preview)
        return open_card(
            self.job,
            Standing(
                position=generation.position(self.job.id),
                expected_at=self._expected_at,
                health=generation.health(),
                progress=progress,
                notice=self.notice,
                cancelling=self.cancelling,
            ),
        )

    def files(self) -> list[discord.File]:
        """The preview as a fresh file, where there is one."""
        if self.waits or self._preview is None:
            return []
        return [discord.File(io.BytesIO(self._preview), PREVIEW_NAME, description=Speech(self.job.locale).say(PREVIEW))]

    def is_news(self, card: Layout) -> bool:
        """Whether `card` shows something that the message does not show yet; from now on it does."""
        new = (f"{text_of(card)}\n{self.cancelling}", None if self.waits else self._preview)
        known, self._shown = self._shown, new
        return new != known


def steady(known: datetime | None, new: datetime | None, now: datetime) -> datetime | None:
    """The estimate to show: the known one, unless the new one is really another."""
    if known is None or new is None:
        return new
    return new if abs(new - known) > max(STEADY, abs(new - now) * STEADY_SHARE) else known
