"""The life of each job's message: card, progress, picture. Edits are few; the last one never waits, nor gets lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp
import discord

from bot.delivery.ending import tell_end
from bot.delivery.live import Ended, Forecast, LiveJob
from bot.delivery.pace import EditPace
from bot.errors import BotError
from bot.events import JobCancelled, JobEvent, JobFailed, JobSucceeded, Progress
from bot.jobs import Job, JobStatus
from bot.services.generation import GenerationService
from bot.ui.cards import RESTARTED
from bot.ui.layout import Layout

log = logging.getLogger(__name__)

#: Seconds that ends of jobs get to reach Discord when the bot is stopped; the next start brings the others.
GRACE = 5.0
#: Seconds until a job whose command never answered is shown in a message of its own.
ANSWER_PATIENCE = 20.0
#: Seconds between two looks at what no event tells: the estimate, and how far the model is loaded.
REFRESH = 2.0
#: The share of the loop's time that goes at most into looks at the line, and seconds between two looks at least.
LOOKING = 0.05
LEAST_REST = 0.05
#: At so many cards the loop takes a breath.
BREATH = 100


class Delivery:
    """Shows what happens to jobs. An async context manager: inside it, one task keeps the message of each job current.

    Those tasks belong to the delivery and to no command, so that a command's end (or a test's) never waits for them.
    """

    def __init__(self, client: discord.Client, generation: GenerationService, pace: EditPace | None = None) -> None:
        self._client = client
        self._generation = generation
        self._pace = pace or EditPace()
        self._jobs: dict[int, LiveJob] = {}
        self._arrived: asyncio.Queue[LiveJob] = asyncio.Queue()
        self._forecast: Forecast | None = None
        #: Until when that serves, and whether something has happened since.
        self._fresh_until = -math.inf
        self._line_moved = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._generation.recording.subscribe(self.handle)
        self._supervisor = asyncio.create_task(self._supervise(), name="delivery")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ending = [asyncio.create_task(live.closed.wait()) for live in self._jobs.values() if live.outcome is not None]
        if ending:
            _, late = await asyncio.wait(ending, timeout=GRACE)
            for waiter in late:
                waiter.cancel()
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await supervisor

    async def answer(self, job: Job, interaction: discord.Interaction[Any]) -> None:
        """Answer with the job's card, and keep it current from now on."""
        live = self._live(job)
        live.moves(self._known_forecast().with_newcomer(job.id, self._generation.position(job.id)))
        card = live.card()
        try:
            await live.message.answer(interaction, card)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # The job is accepted all the same; without an answer to edit, its card becomes a message of its own.
            log.info("job %s: its card could not be sent as an answer: %s", job.id, error)
        else:
            live.answered(interaction, card)
        finally:
            live.opened.set()

    @property
    def messages(self) -> int:
        """How many messages are kept current."""
        return len(self._jobs)

    @property
    def ends(self) -> int:
        """Of how many of these the job is over, and Discord does not have it yet."""
        return sum(live.outcome is not None for live in self._jobs.values())

    def card_of(self, job_id: int) -> tuple[Layout, list[discord.File]] | None:
        """The card of a job that waits or runs as it stands, with its files; None for any other."""
        live = self._jobs.get(job_id)
        return None if live is None or live.outcome is not None else live.copy()

    def cancelling(self, job_id: int) -> None:
        """Show that somebody has asked for a running job to be cancelled."""
        if job_id in self._jobs:
            self._jobs[job_id].cancel()

    def handle(self, event: JobEvent) -> None:
        """Take note of what happened to a job; the tasks show it as soon as the pace allows."""
        if self._supervisor is None:
            return
        if isinstance(event, Progress):
            if event.job_id in self._jobs:
                self._jobs[event.job_id].take(event)
            return
        self._live(event.job).take(event)
        self.look_again()

    def look_again(self) -> None:
        """The line has changed: the cards of those who wait are brought up to date as soon as the pace allows."""
        self._line_moved.set()

    async def resume(self, untold: Iterable[Job]) -> None:
        """Take up the messages of jobs that the last run of the bot left: those in line, and ends not yet told."""
        for job in self._generation.line():
            live = self._live(job)
            live.notice = RESTARTED
            live.changed.set()
        for job in untold:
            self._live(job).take(_end_of(job))
        for live in self._jobs.values():
            live.opened.set()

    def _live(self, job: Job) -> LiveJob:
        live = self._jobs.get(job.id)
        if live is None:
            live = self._jobs[job.id] = LiveJob(self._client, job, self._remember)
            self._arrived.put_nowait(live)
        return live

    async def _supervise(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="watch over the line")
            while True:
                live = await self._arrived.get()
                group.create_task(self._follow(live), name=f"delivery of job {live.job.id}")

    async def _follow(self, live: LiveJob) -> None:
        job_id = live.job.id
        try:
            await _wait(live.opened, ANSWER_PATIENCE)
            while live.outcome is None:
                await self._turn(live)
                await self._show(live)
            self._pace.note(live.message.channel_id)
            await tell_end(self._generation, live, live.outcome)
        except Exception:
            log.exception("job %s: its message was given up", job_id)
        finally:
            live.closed.set()
            del self._jobs[job_id]

    async def _turn(self, live: LiveJob) -> None:
        """Return when there is something to show and the pace allows it, or at once when it is urgent."""
        await live.changed.wait()
        live.changed.clear()
        while not live.is_urgent:
            live.turn = self._pace.ask(live.message.channel_id, live.last_edit, patient=live.waits)
            if await live.turn:
                break

    async def _show(self, live: LiveJob) -> None:
        if live.outcome is not None:
            return
        if live.is_urgent:
            live.is_urgent = False
            self._pace.note(live.message.channel_id)
        live.moves(self._known_forecast())
        card = live.card()
        if not live.is_news(card):
            return
        live.last_edit = _now()
        live.showing = asyncio.create_task(live.message.show(card, live.files()))
        try:
            # Not the task itself: it may be cancelled for the end of the job, and that is no cancel of this one.
            await asyncio.wait({live.showing})
        finally:
            live.showing.cancel()
        if not live.showing.cancelled():
            live.showing.result()

    async def _watch(self) -> None:
        """Find those whose cards have something new to show, whenever the line moves and in any case now and then."""
        while True:
            await _wait(self._line_moved, REFRESH)
            self._line_moved.clear()
            began = time.thread_time()
            try:
                await self._look()
            except Exception:
                log.exception("the line could not be looked at")
            await asyncio.sleep(max(LEAST_REST, (time.thread_time() - began) / LOOKING))

    async def _look(self) -> None:
        self._fresh_until = -math.inf
        forecast = self._known_forecast()
        for number, live in enumerate(list(self._jobs.values()), start=1):
            if live.outcome is None and live.moves(forecast):
                live.changed.set()
            if not number % BREATH:
                await asyncio.sleep(0)

    def _known_forecast(self) -> Forecast:
        """Where all jobs stand: looked up once for all the cards that are brought up to date together."""
        if self._forecast is None or _now() > self._fresh_until:
            began = time.thread_time()
            self._forecast = Forecast.now(self._generation)
            self._fresh_until = _now() + (time.thread_time() - began) / LOOKING
        return self._forecast

    async def _remember(self, job_id: int, message_id: int, channel_id: int) -> None:
        try:
            await self._generation.attach_message(job_id, message_id, channel_id)
        except BotError:
            # Only a restart would miss it: the job's end then comes in a message of its own.
            log.exception("job %s: its message could not be recorded", job_id)


def _end_of(job: Job) -> Ended:
    match job.status:
        case JobStatus.POSTING:
            return JobSucceeded(job, ())
        case JobStatus.CANCELLED:
            return JobCancelled(job)
        case _:
            return JobFailed(job)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, but not for ever."""
    # Not wait_for: before Python 3.12 it swallows a cancel that comes together with the event, and the bot never stops.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
