"""What happens to a job, told by the queue to whoever listens: the database first, then the message in Discord."""

from __future__ import annotations

from dataclasses import dataclass

from bot.jobs import GeneratedImage, Job


@dataclass(frozen=True, slots=True)
class Progress:
    """One denoising step is done: in `stage`, "base" or "refiner", and the how-manieth of all `steps` of both.

    `preview` is a small WebP of the latents, or None. `base_steps` is how many of all are the base's.
    """

    job_id: int
    stage: str
    step: int
    steps: int
    preview: bytes | None = None
    base_steps: int | None = None


@dataclass(frozen=True, slots=True)
class JobStarted:
    """The executor has taken the job."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobRequeued:
    """The executor died under the job; the job is first in line again."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobSucceeded:
    """The pictures are made."""

    job: Job
    images: tuple[GeneratedImage, ...]


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job is over without a picture; `job.error` is the sentence for its author."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """Somebody who may took the job back."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobInterrupted:
    """The bot is being stopped under the job. Only recorded: whoever shows jobs is being stopped too."""

    job: Job


JobEvent = JobStarted | Progress | JobRequeued | JobSucceeded | JobFailed | JobCancelled
QueueEvent = JobStarted | JobRequeued | JobSucceeded | JobFailed | JobCancelled | JobInterrupted
