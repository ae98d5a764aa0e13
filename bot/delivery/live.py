"""One job as its message shows it: only the newest state counts, and a signal says that there is one."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Self

import discord

from bot.delivery.message import Files, JobMessage, Remember
from bot.events import JobCancelled, JobEvent, JobFailed, JobRequeued, JobStarted, JobSucceeded, Progress
from bot.executors import ExecutorHealth
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.translation import Speech
from bot.ui.cards import PREVIEW, PREVIEW_NAME, STOPPED, Standing, open_card
from bot.ui.layout import Layout, text_of

Ended = JobSucceeded | JobFailed | JobCancelled


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where all jobs stand at one moment; one pass over the line for all of their cards."""

    places: Mapping[int, int]
    expected_at: Mapping[int, datetime]
    health: ExecutorHealth
    paused: frozenset[int] = frozenset()

    @classmethod
    def now(cls, generation: GenerationService) -> Self:
        """That of this moment."""
        return cls(generation.positions(), generation.expected_at(), generation.health(), generation.paused())

    def of(self, job_id: int) -> tuple[int | None, datetime | None]:
        """The job's place (0 is running, 1 is next), and when it will be done."""
        return self.places.get(job_id), self.expected_at.get(job_id)

    def with_newcomer(self, job_id: int, place: int | None) -> Self:
        """The same, and a job that has come since to that place: it is ready about when those around it are."""
        if place is None or job_id in self.places:
            return self
        if not self.expected_at:
            return replace(self, places={job_id: place})
        # The running ones, then the line in its order; one more or less does not count among many.
        around = next(islice(self.expected_at.values(), place, None), None) or max(self.expected_at.values())
        return replace(self, places={job_id: place}, expected_at={job_id: around})


#: An estimate stands until a new one differs by so much: a number that twitches is read as a lie.
STEADY = timedelta(seconds=5)
STEADY_SHARE = 0.2
#: Seconds that the end of a job waits for an edit that is on its way: an answer from Discord takes a tenth of it.
STALE_AFTER = 2.0


class LiveJob:
    """The state behind one message. Nothing here waits; whoever keeps the message current awaits the events."""

    def __init__(self, client: discord.Client, job: Job, remember: Remember) -> None:
        self.job = job
        self.message = JobMessage(client, job, remember)
        self.outcome: Ended | None = None
        self.notice: Sentence | None = None
        self.cancelling = False
        #: Set when the message is there, or will not come as an answer.
        self.opened = asyncio.Event()
        self.changed = asyncio.Event()
        #: Whether what changed does not wait for the pace.
        self.is_urgent = False
        #: The turn that it has asked for, see `EditPace`, and the edit that is on its way.
        self.turn: asyncio.Future[bool] | None = None
        self.showing: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        self.last_edit = -math.inf
        self._asked_at = job.created_at
        self._progress: Progress | None = None
        self._preview: bytes | None = None
        self._expected_at: datetime | None = None
        self._standing = (job, Standing())
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
                self._ask_anew()
            case JobRequeued():
                self._progress = self._preview = None
                self.job = event.job
                self.notice = STOPPED
                self._ask_anew()
            case _:
                self.job = event.job
                self.outcome = event
                self._hurry()
                if self.showing is not None:
                    # One that waits for Discord to be well again, or is lost on its way, is nobody's any more.
                    asyncio.get_running_loop().call_later(STALE_AFTER, self.showing.cancel)
        self.changed.set()

    def cancel(self) -> None:
        """Somebody asked for the job to be cancelled: shown at once, whatever the pace."""
        self.cancelling = True
        self._hurry()
        self.changed.set()

    def answered(self, interaction: discord.Interaction[Any], card: Layout) -> None:
        """The message began with `card`, as the answer to `interaction`."""
        self._asked_at = interaction.created_at
        self.is_news(card)

    def _hurry(self) -> None:
        self.is_urgent = True
        self._ask_anew()

    def _ask_anew(self) -> None:
        if self.turn is not None and not self.turn.done():
            self.turn.set_result(False)

    def moves(self, forecast: Forecast) -> bool:
        """Whether its card has anything else to show than the last time; cheap, as all that wait ask it at once."""
        place, expected_at = forecast.of(self.job.id)
        self._expected_at = steady(self._expected_at, expected_at, discord.utils.utcnow())
        progress = self._progress
        if progress is not None:
            progress = replace(progress, preview=self._preview)
        standing = Standing(
            position=place,
            expected_at=self._expected_at,
            paused=self.job.id in forecast.paused,
            health=forecast.health,
            progress=progress,
            notice=self.notice,
            cancelling=self.cancelling,
        )
        known, self._standing = self._standing, (self.job, standing)
        return known != self._standing

    def card(self) -> Layout:
        """The card of the moment that was looked at last."""
        return open_card(*self._standing)

    def files(self) -> Files:
        """The preview that `card` shows, if any, as a fresh file each time; whatever happens to the job meanwhile."""
        job, standing = self._standing
        is_running, progress = job.status is JobStatus.RUNNING, standing.progress
        preview = progress.preview if is_running and progress is not None else None
        return lambda: _files(job, preview)

    def copy(self) -> tuple[Layout, list[discord.File]]:
        """The same card with its files, for somebody who looks at the job from elsewhere; nothing is noted."""
        return self.card(), list(self.files()())

    def is_news(self, card: Layout) -> bool:
        """Whether `card` shows something that the message does not show yet; from now on it does."""
        new = (f"{text_of(card)}\n{self.cancelling}", None if self.waits else self._preview)
        known, self._shown = self._shown, new
        return new != known


def _files(job: Job, preview: bytes | None) -> list[discord.File]:
    if preview is None:
        return []
    return [discord.File(io.BytesIO(preview), PREVIEW_NAME, description=Speech(job.locale).say(PREVIEW))]


def steady(known: datetime | None, new: datetime | None, now: datetime) -> datetime | None:
    """The estimate to show: the known one, unless the new one is really another."""
    if known is None or new is None:
        return new
    return new if abs(new - known) > max(STEADY, abs(new - now) * STEADY_SHARE) else known
