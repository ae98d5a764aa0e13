"""A job and its pictures as plain, frozen data: ids and parameters, never Discord objects, never tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bot.comparison import Comparison
from bot.parameters import Parameters
from bot.sentences import Sentence


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  #: recorded and waiting
    RUNNING = "running"  #: in the executor
    HELD = "held"  #: made, and waiting for a moderator
    POSTING = "posting"  #: pictures are on disk, the message is not yet edited
    SUCCEEDED = "succeeded"  #: the pictures are posted
    FAILED = "failed"  #: our fault; the author was told
    CANCELLED = "cancelled"  #: by its author or a moderator
    REJECTED = "rejected"  #: by moderation

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the job by itself."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REJECTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One accepted request. `attempts` counts its starts in an executor; `error` is what its author was told.

    `remarks` are what else its author should know, as what was changed of the request; `locale` is the language, by
    Discord's code, in which its card speaks. `original_id` is the file of the picture that it makes again, if any.
    With a `comparison` its one picture is a sheet of many, and its parameters are those of the first of them.
    `weight` is its author's share of the executor against others', and `tier` 1 goes before 0. `is_told` says whether
    its author knows how it ended, `is_hidden` whether they have deleted it.
    """

    id: int
    guild_id: int | None
    channel_id: int
    user_id: int
    parameters: Parameters
    created_at: datetime
    message_id: int | None = None
    parent_id: int | None = None
    status: JobStatus = JobStatus.QUEUED
    attempts: int = 0
    error: Sentence | None = None
    remarks: tuple[Sentence, ...] = ()
    locale: str | None = None
    original_id: str | None = None
    comparison: Comparison | None = None
    weight: float = 1.0
    tier: int = 0
    is_told: bool = True
    is_hidden: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def evolve(self, **changes: Any) -> Self:
        """A changed copy."""
        return replace(self, **changes)

    @property
    def elapsed(self) -> float | None:
        """Seconds that it ran, once it is over."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def cost(self) -> float:
        """Work in megapixel-steps: pixels x steps x images, twice with classifier-free guidance."""
        if self.comparison is not None:
            return sum(map(_cost, self.comparison.cells))
        return _cost(self.parameters)


def _cost(p: Parameters) -> float:
    passes = 2 if p.guidance_scale > 1 else 1
    return p.width * p.height / 1e6 * p.num_inference_steps * p.num_images_per_prompt * passes


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratedImage:
    """One finished picture: PNG bytes with infotext, the parameters that make it again, the seconds its job took.

    `remarks` are what the engine has to say about it, as that the memory did not suffice for all images at once.
    """

    job_id: int
    index: int
    png: bytes
    parameters: Parameters
    elapsed: float
    remarks: tuple[Sentence, ...] = ()
