"""The queue in front of the executor: admission, order, cancel, and workers that survive every job.

It knows nothing of Discord and nothing of the database: what happens is told to one listener, in order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed, QueueFull, TooManyJobs
from bot.events import (
    JobCancelled,
    JobFailed,
    JobInterrupted,
    JobRequeued,
    JobStarted,
    JobSucceeded,
    Progress,
    QueueEvent,
)
from bot.executors import Executor, ExecutorHealth, ExecutorState, generate_alone
from bot.jobs import Job, JobStatus
from bot.line import Line
from bot.pace import Pace
from bot.places import place
from bot.sentences import Sentence

log = logging.getLogger(__name__)

#: A job whose start was followed by a death this many times is not started again.
MAX_ATTEMPTS = 2
#: How many of somebody's jobs a refusal names.
NAMED_JOBS = 5
TWICE = "It happened twice, so the job was given up."

#: Seconds until an executor that cannot be had is asked for again.
UNAVAILABLE_PAUSE = 5.0

OnEvent = Callable[[QueueEvent], Awaitable[None]]
OnProgress = Callable[[Progress], None]


class JobQueue:
    """Jobs on their way through the executor. An async context manager: inside it, workers take jobs."""

    def __init__(
        self,
        executor: Executor,
        *,
        max_jobs: int,
        max_jobs_per_user: int,
        pause: float = UNAVAILABLE_PAUSE,
        line: Line | None = None,
    ) -> None:
        self._executor = executor
        self._pause = pause
        self._max_jobs = max_jobs
        self._max_jobs_per_user = max_jobs_per_user
        self._line = Line() if line is None else line
        self._pace = Pace()
        self._arrived = asyncio.Event()
        self._running: dict[int, Job] = {}
        self._taken_at: dict[int, float] = {}
        self._cancelled: set[int] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._workers: list[asyncio.Task[None]] = []
        self._on_event: OnEvent = _nobody_listens
        self._on_progress: OnProgress = _nobody_watches

    async def __aenter__(self) -> Self:
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._executor.capacity)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await asyncio.gather(*self._telling)

    def listen(self, on_event: OnEvent, on_progress: OnProgress) -> None:
        """Name the one listener; a job goes on when `on_event` has returned."""
        self._on_event = on_event
        self._on_progress = on_progress

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs in line, the next one first."""
        return tuple(self._line)

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs in the executor."""
        return tuple(self._running.values())

    def health(self) -> ExecutorHealth:
        """What the executor is doing right now."""
        return self._executor.health()

    def check_admission(self, user_id: int) -> None:
        """Raises `QueueFull`, `TooManyJobs` or `ExecutorUnavailable` when one more job of that user cannot be taken."""
        if self._executor.health().state is ExecutorState.UNAVAILABLE:
            # In general words: what the executor says is for the owner, and may name files and addresses.
            raise ExecutorUnavailable
        own = [job for job in self._running.values() if job.user_id == user_id] + self._line.of_user(user_id)
        if len(own) >= self._max_jobs_per_user:
            raise TooManyJobs(
                "You may have {allowed} at a time. Yours: {jobs}. Cancel one or wait.",
                allowed=Sentence.counted(self._max_jobs_per_user, "{count} job", "{count} jobs"),
                jobs=self._named(own),
            )
        if len(self._line) >= self._max_jobs:
            raise QueueFull(
                "The queue is full: {waiting}. Try again when some are done.",
                waiting=Sentence.counted(len(self._line), "{count} job is waiting", "{count} jobs are waiting"),
            )

    def submit(self, job: Job) -> None:
        """Put a recorded job in line."""
        self._line.push(job)
        self._arrived.set()

    def submit_first(self, job: Job) -> None:
        """Put a job in line that had its turn before the bot was stopped, before all that had none."""
        self._line.push_first(job, is_charged=False)
        self._arrived.set()

    def amend(self, job_id: int, **changes: Any) -> None:
        """Change what is known of a job (its message, say) while it is here."""
        self._line.amend(job_id, **changes)
        if job_id in self._running:
            self._running[job_id] = self._running[job_id].evolve(**changes)

    async def cancel(self, job_id: int) -> bool:
        """Take a job back: at once from the line, at its next step from the executor. False when it is not here.

        A cancel that was answered with True always wins: the job ends with `JobCancelled`, whatever the executor makes
        of it meanwhile.
        """
        job = self._line.remove(job_id)
        if job is not None:
            # Removed without an await in between, so no worker can take it any more.
            await self._tell(_cancelled(job))
            return True
        if job_id not in self._running:
            # Never here, or over: its outcome is being recorded, and that stands.
            return False
        # Taken, but maybe not yet given to the executor (its start is being recorded): then the executor ignores the
        # id, and the worker finds it in the set. While the executor restarts, its `generate` is pending and is ended
        # by `cancel`; a death at the same moment is covered by the set, and the job does not go back into the line.
        self._cancelled.add(job_id)
        self._executor.cancel(job_id)
        return True

    def position(self, job_id: int) -> int | None:
        """0 is running, 1 is next; None when the job is not here."""
        return 0 if job_id in self._running else self._line.position(job_id)

    def seconds_left(self) -> dict[int, float]:
        """Seconds until each job is done, by its id, if nothing changes; empty before anything was measured."""
        now = time.monotonic()
        running = [(job, now - self._taken_at[job.id]) for job in self._running.values()]
        return self._pace.seconds_left(running, self._line, self._executor.capacity)

    async def _work(self) -> None:
        while True:
            if not self._line:
                self._arrived.clear()
            await self._arrived.wait()
            try:
                # Before a job is taken: until the model is loaded, jobs keep their places and can be cancelled.
                await self._executor.ready()
            except Exception as error:
                if not isinstance(error, ExecutorUnavailable):
                    log.exception("the executor could not be waited for")
                # Those in line keep their places, for when it comes back or for the bot's next start: a model that does
                # not load today is no fault of theirs.
                await asyncio.sleep(self._pause)
                continue
            # Meanwhile all may have been cancelled, or taken by another worker.
            if self._line:
                await self._run(self._take())

    def _take(self) -> Job:
        # Out of the line and into the executor's care in one go: at every await the job is in exactly one place.
        job = self._line.pop()
        job = job.evolve(status=JobStatus.RUNNING, attempts=job.attempts + 1, started_at=datetime.now(UTC))
        self._running[job.id] = job
        self._taken_at[job.id] = time.monotonic()
        return job

    async def _run(self, job: Job) -> None:
        try:
            await self._tell(JobStarted(job))
            event = await self._generate(job)
            if isinstance(event, JobRequeued):
                # Told before it is in line again: else another worker could start it before it is known to wait.
                await self._tell(event)
        except asyncio.CancelledError:
            # The bot is being stopped. The job stays recorded and starts anew with the bot; that it was stopped is
            # not its fault, so this start does not count. A cancel that was promised is kept all the same.
            self._executor.cancel(job.id)
            interrupted = JobInterrupted(job.evolve(attempts=job.attempts - 1))
            await self._tell(_cancelled(job) if job.id in self._cancelled else interrupted)
            raise
        # From here on the job is over and cannot be cancelled; nothing is awaited between this and the decision.
        job = self._leave(job.id)
        if job.id in self._cancelled:
            self._cancelled.discard(job.id)
            await self._tell(_cancelled(job))
        elif isinstance(event, JobRequeued):
            self._line.push_first(job.evolve(status=JobStatus.QUEUED, attempts=event.job.attempts))
            self._arrived.set()
        else:
            await self._tell(event)

    async def _generate(self, job: Job) -> QueueEvent:
        """Run the job; whatever happens to it becomes the event that says so."""
        try:
            if job.id in self._cancelled:
                return _cancelled(job)
            images = await generate_alone(self._executor, job, self._on_progress)
        except GenerationCancelled:
            return _cancelled(job)
        except ExecutorUnavailable:
            # Taken by nobody: it loses neither its place nor one of its attempts.
            return JobRequeued(job.evolve(status=JobStatus.QUEUED, attempts=job.attempts - 1))
        except ExecutorDied as error:
            log.warning("job %s: the executor died under attempt %s", job.id, job.attempts)
            if job.attempts < MAX_ATTEMPTS:
                return JobRequeued(job.evolve(status=JobStatus.QUEUED))
            return _failed(job, Sentence.joined([error.sentence, Sentence.of(TWICE)]))
        except GenerationFailed as error:
            log.warning("job %s: failed: %s", job.id, error)
            return _failed(job, error.sentence)
        except Exception:
            log.exception("job %s: failed for a reason that nobody foresaw", job.id)
            return _failed(job, GenerationFailed().sentence)
        self._pace.learn(job, time.monotonic() - self._taken_at[job.id])
        return JobSucceeded(job.evolve(finished_at=datetime.now(UTC)), tuple(images))

    def _leave(self, job_id: int) -> Job:
        del self._taken_at[job_id]
        job = self._running.pop(job_id)
        if not self._running and not self._line:
            self._line.rest()
        return job

    async def _tell(self, event: QueueEvent) -> None:
        """Have the listener record an event, and see it through: being cancelled meanwhile loses no outcome."""
        task = asyncio.create_task(self._report(event))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    async def _report(self, event: QueueEvent) -> None:
        try:
            await self._on_event(event)
        except Exception:
            log.exception("job %s: %s could not be recorded", event.job.id, type(event).__name__)

    def _named(self, jobs: Sequence[Job]) -> Sentence:
        """“#41 running, #42 next in line and 3 more”."""
        named = [Sentence.joined([f"#{job.id}", place(self.position(job.id) or 0)]) for job in jobs[:NAMED_JOBS]]
        shown = Sentence.joined(named, ", ")
        more = len(jobs) - NAMED_JOBS
        return Sentence.of("{jobs} and {count} more", jobs=shown, count=more) if more > 0 else shown


def _cancelled(job: Job) -> JobCancelled:
    return JobCancelled(job.evolve(status=JobStatus.CANCELLED, finished_at=datetime.now(UTC)))


def _failed(job: Job, reason: Sentence) -> JobFailed:
    return JobFailed(job.evolve(status=JobStatus.FAILED, error=reason, finished_at=datetime.now(UTC)))


async def _nobody_listens(event: QueueEvent) -> None:
    log.warning("job %s: %s, and nobody listens", event.job.id, type(event).__name__)


def _nobody_watches(progress: Progress) -> None:
    log.debug("job %s: step %s, and nobody watches", progress.job_id, progress.step)
