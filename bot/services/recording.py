"""What is recorded while jobs go their way, told to whoever listens afterwards, and taken up at the next start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from bot.errors import BotError, StorageUnavailable
from bot.events import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobInterrupted,
    JobRequeued,
    JobStarted,
    JobSucceeded,
    QueueEvent,
)
from bot.job_queue import JobQueue
from bot.jobs import Job, JobStatus
from bot.originals import OriginalFolder
from bot.outcomes import MAX_ATTEMPTS
from bot.sentences import Sentence
from bot.services.ends import Ends
from bot.services.remake import compared
from bot.storage import Storage
from bot.storage.pictures import PictureFolder

log = logging.getLogger(__name__)

Listener = Callable[[JobEvent], None]

#: Where a job stands in the database while the queue has it.
IN_QUEUE = (JobStatus.QUEUED, JobStatus.RUNNING)
#: And while its end is told: if the database was away when the job ended, the record has not come as far as POSTING.
UNTOLD = (*IN_QUEUE, JobStatus.POSTING)
STOPPED_TWICE = "The bot stopped in the middle of this job twice, so the job was given up."


class Recording:
    """The one listener of the queue: the database and the disk first, then everybody else.

    An async context manager: inside it, ends that the database did not take are tried again.
    """

    def __init__(self, storage: Storage, pictures: PictureFolder, originals: OriginalFolder, queue: JobQueue) -> None:
        self._storage = storage
        self._pictures = pictures
        self._originals = originals
        self._queue = queue
        self._ends = Ends(storage)
        self._listeners: list[Listener] = []
        queue.listen(self._on_event, self._publish)

    async def __aenter__(self) -> Self:
        await self._ends.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ends.__aexit__(kind, error, trace)

    def subscribe(self, listener: Listener) -> None:
        """Have `listener` told what happens to jobs, after the database knows. It must return at once."""
        self._listeners.append(listener)

    async def posted(self, job_id: int) -> None:
        """The pictures are in Discord. Saying so twice does no harm."""
        await self._end(job_id, UNTOLD, JobStatus.SUCCEEDED, is_told=True)

    async def undeliverable(self, job_id: int, reason: Sentence) -> None:
        """The pictures cannot be brought to Discord: they stay on disk, and the job keeps the reason."""
        log.warning("job %s: cannot be delivered: %s", job_id, reason)
        await self._end(job_id, UNTOLD, JobStatus.FAILED, error=reason, is_told=False)

    async def told(self, job: Job) -> None:
        """Its author knows how `job` ended without pictures, or there is no way to tell."""
        await self._end(job.id, (job.status,), job.status, is_told=True)

    async def recover(self) -> list[Job]:
        """Take up what the last run of the bot left: jobs go back into the line.

        Those whose ends nobody was told are returned: to be posted, failed, cancelled or rejected.
        """
        left, untold = await self._storage.unfinished_jobs(), await self._storage.untold_jobs()
        # Stable: those that had their turn come first, and otherwise the oldest.
        for job in sorted(left, key=lambda job: job.status is not JobStatus.RUNNING):
            if job.status is JobStatus.POSTING:
                untold.append(job)
            elif job.status is JobStatus.QUEUED:
                self._queue.submit(job)
            else:
                await self._take_up(job)
        if left or untold:
            log.info("%s unfinished jobs taken up, %s ends to be told", len(left), len(untold))
        return untold

    async def _take_up(self, job: Job) -> None:
        # Started and never ended, so bot or machine died under it. Once is chance; twice may be the job itself.
        if job.attempts >= MAX_ATTEMPTS:
            reason = Sentence.of(STOPPED_TWICE)
            failed = job.evolve(status=JobStatus.FAILED, error=reason, finished_at=datetime.now(UTC))
            await self._on_event(JobFailed(failed))
            return
        requeued = job.evolve(status=JobStatus.QUEUED)
        await self._on_event(JobRequeued(requeued))
        self._queue.submit_first(requeued)

    async def _on_event(self, event: QueueEvent) -> None:
        """Record what happened, then tell the listeners; what cannot be recorded is told all the same."""
        if isinstance(event, JobInterrupted):
            await self._storage.update_job(event.job.id, attempts=event.job.attempts)
            return
        if isinstance(event, JobSucceeded):
            event = await self._keep_pictures(event)
        try:
            job = await self._record(event)
        except BotError:
            log.exception("job %s: %s could not be recorded", event.job.id, type(event).__name__)
            job = event.job
        if job is None:
            log.warning("job %s: over already, %s is ignored", event.job.id, type(event).__name__)
            return
        log.info("job %s: %s", job.id, job.status)
        self._publish(replace(event, job=job))

    async def _keep_pictures(self, event: JobSucceeded) -> JobSucceeded | JobFailed:
        try:
            await self._pictures.save(event.images)
        except StorageUnavailable as error:
            log.exception("job %s: pictures could not be saved", event.job.id)
            return JobFailed(event.job.evolve(status=JobStatus.FAILED, error=error.sentence))
        return replace(event, job=await compared(event.job, event.images[0].png, self._originals))

    async def _record(self, event: JobStarted | JobRequeued | JobSucceeded | JobFailed | JobCancelled) -> Job | None:
        job = event.job
        known = {
            "attempts": job.attempts,
            "error": job.error,
            "remarks": job.remarks,
            "started_at": job.started_at,
            "finished_at": job.finished_at,
        }
        if isinstance(event, JobStarted | JobRequeued):
            return await self._storage.transition(job.id, IN_QUEUE, job.status, **known)
        status = JobStatus.POSTING if isinstance(event, JobSucceeded) else job.status
        return await self._ends.write(job.id, IN_QUEUE, status, is_told=False, **known)

    async def _end(self, job_id: int, expected: Collection[JobStatus], status: JobStatus, **changes: Any) -> None:
        try:
            await self._ends.write(job_id, expected, status, **changes)
        except StorageUnavailable as error:
            log.warning("job %s: %s is not recorded yet: %s", job_id, status, error)

    def _publish(self, event: JobEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                log.exception("%s could not be told", type(event).__name__)
