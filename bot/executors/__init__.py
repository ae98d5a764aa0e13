"""Executors: what owns a GPU and turns jobs into pictures. The chosen backend is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess
from bot.errors import GenerationFailed
from bot.events import Progress
from bot.jobs import GeneratedImage, Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.settings import Settings

OnEvent = Callable[[Progress], None]
#: What a job has come to: its pictures, in their order, or why there are none.
Outcome = Sequence[GeneratedImage] | GenerationFailed


class ExecutorState(StrEnum):
    """What the executor is doing."""

    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    RESTARTING = "restarting"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ExecutorHealth:
    """The executor at a glance. `progress` (0..1) is that of loading; `detail` is a sentence for people.

    `memory` is that of the device, once the model is loaded.
    """

    state: ExecutorState
    detail: str = ""
    progress: float = 0.0
    device: str = ""
    pid: int | None = None
    restarts: int = 0
    memory: Memory | None = None


class Executor(Protocol):
    """Runs batches of jobs. An async context manager: entering starts it (loading goes on in the background)."""

    @property
    def capacity(self) -> int:
        """How many batches it can run at the same time."""

    @property
    def max_batch(self) -> int:
        """How many images it makes at a time, of as many compatible jobs; a job with more is taken all the same."""

    async def ready(self) -> None:
        """Wait until the model is loaded. Raises `ExecutorUnavailable`, with its reason, as soon as it cannot be."""

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> Sequence[Outcome]:
        """What each job of the batch comes to, in their order. All are compatible, see `bot.batching`.

        `on_event` is called on the event loop. A job that is cancelled, or fails, leaves the others as they are; its
        outcome has a sentence for its author. Raises `ExecutorDied`, `ExecutorUnavailable` or another
        `GenerationFailed` for what befalls them all.
        """

    def cancel(self, job_id: int) -> None:
        """Stop that job at its next step; its outcome is `GenerationCancelled`. Unknown ids are ignored."""

    def health(self) -> ExecutorHealth:
        """What it is doing right now."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


async def generate_alone(executor: Executor, job: Job, on_event: OnEvent) -> Sequence[GeneratedImage]:
    """The pictures of one job in a batch of its own. Raises `GenerationFailed`, whatever it is, see `Executor`."""
    (outcome,) = await executor.generate([job], on_event)
    if isinstance(outcome, GenerationFailed):
        raise outcome
    return outcome


def create_executor(settings: Settings, model: ModelInfo) -> Executor:
    """The executor that the settings ask for, not yet started."""
    from bot.executors.local import LocalExecutor

    return LocalExecutor(model, settings.device, HubAccess.of(settings), assets=Assets.of(settings))
