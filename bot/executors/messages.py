"""What the gateway and the executor's process say to each other over the pipe: plain, frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events import Progress
from bot.jobs import GeneratedImage, Job
from bot.memory import Memory
from bot.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Generate:
    """To the child: make these pictures. Its answer bears the same number."""

    number: int
    batch: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the child: stop that job of the batch with that number at its next step."""

    number: int
    job_id: int


@dataclass(frozen=True, slots=True)
class Loading:
    """From the child: the share of loading that is done (0..1), and what it is at."""

    progress: float
    detail: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """From the child: the model is ready on that device, which has so much memory left."""

    device: str
    memory: Memory


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """From the child: the model cannot be loaded; the sentence says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """From the child: a denoising step of the batch with that number is done."""

    number: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Failed:
    """How a job failed. `error` is the name of a class in `bot.errors`, `reason` its sentences.

    `trace` is for the log, and empty where the sentences say all.
    """

    error: str
    reason: tuple[Sentence, ...]
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Generated:
    """From the child: what each job of the batch has come to, in their order."""

    number: int
    outcomes: tuple[tuple[GeneratedImage, ...] | Failed, ...]


FromChild = Loading | Loaded | LoadFailed | Stepped | Generated
