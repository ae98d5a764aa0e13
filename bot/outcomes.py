"""What becomes of a job by what the executor made of it: the event that says so. Pure, but for the log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed
from bot.events import JobCancelled, JobFailed, JobRequeued, JobSucceeded
from bot.executors import Outcome
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence

log = logging.getLogger(__name__)

#: A job whose start was followed by a death this many times is not started again.
MAX_ATTEMPTS = 2
TWICE = "It happened twice, so the job was given up."


def event_of(job: Job, outcome: Outcome) -> JobSucceeded | JobFailed | JobCancelled | JobRequeued:
    """The event for a running job that has come to this."""
    if not isinstance(outcome, GenerationFailed):
        return JobSucceeded(job.evolve(finished_at=datetime.now(UTC)), tuple(outcome))
    if isinstance(outcome, GenerationCancelled):
        return cancelled(job)
    if isinstance(outcome, ExecutorUnavailable):
        # Taken by nobody: it loses neither its place nor one of its attempts.
        return JobRequeued(job.evolve(status=JobStatus.QUEUED, attempts=job.attempts - 1))
    if not isinstance(outcome, ExecutorDied):
        log.warning("job %s: failed: %s", job.id, outcome)
        return failed(job, outcome.sentence)
    log.warning("job %s: the executor died under attempt %s", job.id, job.attempts)
    if job.attempts < MAX_ATTEMPTS:
        return JobRequeued(job.evolve(status=JobStatus.QUEUED))
    return failed(job, Sentence.joined([outcome.sentence, Sentence.of(TWICE)]))


def cancelled(job: Job, reason: Sentence | None = None) -> JobCancelled:
    """Somebody who may took it back, and says why if it was not its author."""
    return JobCancelled(job.evolve(status=JobStatus.CANCELLED, error=reason, finished_at=datetime.now(UTC)))


def failed(job: Job, reason: Sentence) -> JobFailed:
    """It is over without a picture, for that reason."""
    return JobFailed(job.evolve(status=JobStatus.FAILED, error=reason, finished_at=datetime.now(UTC)))
