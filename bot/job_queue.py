"""The queue in front of the executor: admission, order, cancel, and workers that survive every job.

It knows nothing of Discord and nothing of the database: what happens is told to one listener, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from bot.batching import BatchPicker
from bot.caps import Caps, Present
from bot.errors import BotStopping, ExecutorUnavailable, GenerationFailed
from bot.events import (
    JobInterrupted,
    JobRequeued,
    JobStarted,
    Progress,
    QueueEvent,
)
from bot.executors import Executor, ExecutorHealth, ExecutorState
from bot.jobs import Job, JobStatus
from bot.line import Line
from bot.outcomes import cancelled, event_of
from bot.pace import Pace
from bot.sentences import Sentence
from bot.telling import OnEvent, OnProgress, Teller
from bot.timetable import Place, Timetable

log = logging.getLogger(__name__)

#: Seconds until an executor that cannot be had is asked for again.
UNAVAILABLE_PAUSE = 5.0


class JobQueue:
    """Jobs on their way through the executor. An async context manager: inside it, workers take jobs."""

    def __init__(
        self,
        executor: Executor,
        *,
        max_jobs: int,
        max_jobs_per_user: int,
        max_jobs_per_channel: int | None = None,
        pause: float = UNAVAILABLE_PAUSE,
        line: Line | None = None,
        timetable: Timetable | None = None,
    ) -> None:
        self._executor = executor
        self._pause = pause
        self._caps = Caps(
            max_jobs=max_jobs, max_jobs_per_user=max_jobs_per_user, max_jobs_per_channel=max_jobs_per_channel
        )
        self._line = Line() if line is None else line
        self._timetable = Timetable(Pace()) if timetable is None else timetable
        self._arrived = asyncio.Event()
        self._running: dict[int, Job] = {}
        self._cancelled: dict[int, Sentence | None] = {}
        self._picker = BatchPicker()
        #: For each job in the executor, those of its batch that are still wanted.
        self._together: dict[int, set[int]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._is_stopping = False
        self._left = asyncio.Event()
        self._teller = Teller()
        self._tell = self._teller.tell

    async def __aenter__(self) -> Self:
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._executor.capacity)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._teller.finish()

    async def drain(self, seconds: float) -> None:
        """Take and start no more jobs, and give those that run so many seconds to end; the others wait for a start."""
        self._is_stopping = True
        for job in self.running:
            # At once, should the bot not live to see its end: that it is stopped is not the job's fault.
            await self._tell(JobInterrupted(job.evolve(attempts=job.attempts - 1)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._running:
                    self._left.clear()
                    await self._left.wait()

    def listen(self, on_event: OnEvent, on_progress: OnProgress) -> None:
        """Name the one listener; a job goes on when `on_event` has returned."""
        self._teller.on_event = on_event
        self._teller.on_progress = on_progress

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs in line, the next one first."""
        return tuple(self._line)

    @property
    def paused(self) -> tuple[Job, ...]:
        """The jobs of paused servers."""
        return self._line.held

    def hold(self, guild_id: int, *, paused: bool) -> None:
        """Start no more jobs of that server, or start them again."""
        (self._line.pause if paused else self._line.resume)(guild_id)
        self._arrived.set()

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs in the executor."""
        return tuple(self._running.values())

    def health(self) -> ExecutorHealth:
        """What the executor is doing right now."""
        return self._executor.health()

    def check_admission(self, user_id: int, *, channel_id: int, max_jobs: int | None = None) -> None:
        """Raises `QueueFull`, `TooManyJobs` or `ExecutorUnavailable` when one more job of that user cannot be taken."""
        if self._is_stopping:
            raise BotStopping
        if self._executor.health().state is ExecutorState.UNAVAILABLE:
            # In general words: what the executor says is for the owner, and may name files and addresses.
            raise ExecutorUnavailable
        present = Present(self.running, self._line, self.seconds_left)
        self._caps.check(present, user_id=user_id, channel_id=channel_id, max_jobs=max_jobs)

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

    async def cancel(self, job_id: int, reason: Sentence | None = None) -> bool:
        """Take a job back: at once from the line, at its next step from the executor. False when it is not here.

        A cancel that was answered with True always wins: the job ends with `JobCancelled`, whatever the executor makes
        of it meanwhile. `reason` is told of it.
        """
        job = self._line.remove(job_id)
        if job is not None:
            # Removed without an await in between, so no worker can take it any more.
            self._picker.forget(job_id)
            await self._tell(cancelled(job, reason))
            return True
        if job_id not in self._running:
            # Never here, or over: its outcome is being recorded, and that stands.
            return False
        # Taken, but maybe not yet given to the executor (its start is being recorded): then the executor ignores the
        # id, and the worker finds it in the set. While the executor restarts, its `generate` is pending and is ended
        # by `cancel`; a death at the same moment is covered by the set, and the job does not go back into the line.
        self._executor.cancel(job_id)
        together = self._together.get(job_id, set())
        if len(together) > 1:
            # The others' pictures go on, and nobody has to wait for them to be told of this one's end.
            together.discard(job_id)
            del self._together[job_id]
            await self._tell(cancelled(self._leave(job_id), reason))
        else:
            self._cancelled.setdefault(job_id, reason)
        return True

    def position(self, job_id: int) -> int | None:
        """0 is running, 1 is next; None when the job is not here."""
        return 0 if job_id in self._running else self._line.position(job_id)

    def seconds_left(self) -> dict[int, float]:
        """Seconds until each job is done, by its id, if nothing changes.

        Empty before anything was measured, and while the model is not loaded: how long that takes is not known.
        """
        health = self._executor.health()
        if health.state not in (ExecutorState.READY, ExecutorState.BUSY):
            return {}
        place = Place(self._executor.capacity, self._executor.max_batch, health.device)
        return self._timetable.seconds_left(self._line, _now(), place)

    async def _work(self) -> None:
        while not self._is_stopping:
            if not self._line:
                self._arrived.clear()
            await self._arrived.wait()
            try:
                # Before a job is taken: until the model is loaded, jobs keep their places and can be cancelled.
                await self._executor.ready()
            except Exception as error:
                if not isinstance(error, ExecutorUnavailable):
                    log.exception("the executor could not be waited for")
                # Those in line keep their places: a model that does not load today is no fault of theirs.
                await asyncio.sleep(self._pause)
                continue
            # Meanwhile all may have been cancelled, or taken by another worker.
            if self._line and not self._is_stopping:
                await self._run(self._take())

    def _take(self) -> list[Job]:
        # Out of the line and into the executor's care in one go: at every await a job is in exactly one place.
        started_at = datetime.now(UTC)
        batch = []
        for picked in self._picker.pick(self._line, self._executor.max_batch):
            job = self._line.take(picked.id)
            job = job.evolve(status=JobStatus.RUNNING, attempts=job.attempts + 1, started_at=started_at)
            self._running[job.id] = job
            batch.append(job)
        self._timetable.begin(batch, _now())
        return batch

    async def _run(self, batch: Sequence[Job]) -> None:
        try:
            await self._tell(*map(JobStarted, batch))
            events = await self._generate(batch)
            # Told before they are in line again: else another worker could start one before it is known to wait.
            await self._tell(*(event for event in events if isinstance(event, JobRequeued)))
        except asyncio.CancelledError:
            # The bot is being stopped. The jobs stay recorded and start anew with the bot; that they were stopped is
            # not their fault, so this start does not count. A cancel that was promised is kept all the same.
            left = [job for job in batch if job.id in self._running]
            for job in left:
                self._executor.cancel(job.id)
            await self._tell(
                *(
                    cancelled(job, self._cancelled[job.id])
                    if job.id in self._cancelled
                    else JobInterrupted(job.evolve(attempts=job.attempts - 1))
                    for job in left
                )
            )
            raise
        # From here on the jobs are over and cannot be cancelled; nothing is awaited between this and the decision.
        ends: list[QueueEvent] = []
        for event in events:
            job = self._leave(event.job.id)
            if job.id in self._cancelled:
                ends.append(cancelled(job, self._cancelled.pop(job.id)))
            elif isinstance(event, JobRequeued):
                self._line.push_first(job.evolve(status=JobStatus.QUEUED, attempts=event.job.attempts))
                self._arrived.set()
            else:
                ends.append(event)
        await self._tell(*ends)

    async def _generate(self, batch: Sequence[Job]) -> list[QueueEvent]:
        """Run the jobs; whatever happens to one that is still here then becomes the event that says so."""
        wanted = [job for job in batch if job.id not in self._cancelled]
        ids = [job.id for job in wanted]
        self._together.update(dict.fromkeys(ids, together := set(ids)))
        try:
            outcomes = await self._executor.generate(wanted, self._on_progress) if wanted else []
            if wanted and not any(isinstance(outcome, GenerationFailed) for outcome in outcomes):
                self._timetable.learn(wanted, _now(), self._executor.health().device)
        except GenerationFailed as error:
            outcomes = [error for _ in wanted]
        except Exception:
            log.exception("job %s: failed for a reason that nobody foresaw", ", ".join(str(job.id) for job in wanted))
            outcomes = [GenerationFailed() for _ in wanted]
        finally:
            for job_id in together:
                del self._together[job_id]
        events: list[QueueEvent] = [cancelled(job, self._cancelled.get(job.id)) for job in batch if job.id not in ids]
        return events + [
            event_of(job, outcome) for job, outcome in zip(wanted, outcomes, strict=True) if job.id in self._running
        ]

    def _leave(self, job_id: int) -> Job:
        job = self._running.pop(job_id)
        self._timetable.end(job_id)
        self._left.set()
        if not self._running and not self._line:
            self._line.rest()
        return job

    def _on_progress(self, progress: Progress) -> None:
        # What a batch still says of a job that has left it is nobody's any more.
        if progress.job_id in self._running:
            self._timetable.note(progress.job_id, progress.step / progress.steps)
            self._teller.on_progress(progress)


def _now() -> float:
    return asyncio.get_running_loop().time()
