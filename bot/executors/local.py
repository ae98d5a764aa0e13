"""LocalExecutor: a child process owns the device; when it dies, or hangs, or cannot load, another one is started."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from bot import errors
from bot.batching import most_images
from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess
from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent, Outcome
from bot.executors.child import Child
from bot.executors.messages import Cancel, Failed, FromChild, Generate, Generated, Loaded, LoadFailed, Loading, Stepped
from bot.executors.worker import Load, load_sdxl
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo

log = logging.getLogger(__name__)

#: So many deaths in a row, none of which got as far as a loaded model, and the next start waits as for a failed load.
MAX_FAILED_STARTS = 5
#: The pause after the first death, the second, and so on.
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
#: The pause after a model could not be loaded, the second time, and so on: its reason may pass, or be mended meanwhile.
RETRY_S = (30.0, 60.0, 120.0, 300.0, 600.0)


@dataclass(frozen=True, slots=True)
class Silence:
    """How many seconds a child may say nothing while it is at work, before it counts as hanging.

    Generous, since work that goes on is killed by it: a slow disk says nothing while the UNet is read, nor does a
    device while it decodes or enlarges the largest pictures.
    """

    loading: float = 1200.0
    gpu: float = 300.0
    cpu: float = 1800.0

    def at(self, device: str) -> float:
        """That of work on this device."""
        return self.cpu if device == "cpu" else self.gpu


@dataclass(eq=False, slots=True)
class _Run:
    """A batch from `generate` to its result. `is_sent`: the child has it. `cancelled` are ids of jobs."""

    number: int
    batch: tuple[Job, ...]
    on_event: OnEvent
    result: asyncio.Future[list[Outcome]]
    is_sent: bool = field(default=False)
    cancelled: set[int] = field(default_factory=set)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        if not self.result.done():
            self.result.set_result(list(outcomes))

    def fail(self, error: GenerationFailed) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class LocalExecutor:
    """One device in a process of its own. Entering starts it; the model loads in the background.

    `load` is called in that process, which gets it by its name.
    """

    capacity = 1

    def __init__(
        self,
        model: ModelInfo,
        device: str = "auto",
        hub: HubAccess | None = None,
        *,
        assets: Assets | None = None,
        retry: Sequence[float] = RETRY_S,
        silence: Silence | None = None,
        load: Load = load_sdxl,
    ) -> None:
        self._model, self._device, self._hub = model, device, hub or HubAccess()
        self._assets, self._load = assets or Assets(), load
        self._health = ExecutorHealth(ExecutorState.LOADING, "starting")
        self._changed = asyncio.Event()
        self._numbers = itertools.count(1)
        self._run: _Run | None = None
        self._child: Child | None = None
        self._owed: set[int] = set()  # the batches that the child has and has not answered
        self._supervisor: asyncio.Task[None] | None = None
        self._retry, self._silence = retry, silence or Silence()
        self._deaths = 0  # in a row, with no answer between them
        self._failed_starts = 0  # in a row
        self._failures = 0  # to load, in a row
        self._restarts = 0

    async def __aenter__(self) -> Self:
        self._supervisor = asyncio.create_task(self._supervise(), name="executor supervisor")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        self._give_up("The process that makes the pictures has been stopped.")

    @property
    def max_batch(self) -> int:
        """How many images the device makes at a time; one until the model is loaded."""
        return most_images(self._model, self._health.memory)

    async def ready(self) -> None:
        """Wait until the model is loaded. Raises `ExecutorUnavailable` as soon as it cannot be, see `health`."""
        while self._health.state not in (ExecutorState.READY, ExecutorState.BUSY):
            if self._health.state is ExecutorState.UNAVAILABLE:
                raise ExecutorUnavailable(self._health.detail)
            self._changed.clear()
            await self._changed.wait()

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[Outcome]:
        """What the batch comes to, see `Executor.generate`. One batch at a time; waits for a child that loads."""
        if self._run is not None:
            raise GenerationFailed("The executor is busy with another batch.")
        result: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        run = self._run = _Run(next(self._numbers), tuple(batch), on_event, result)
        self._send_run()
        try:
            return await result
        finally:
            self._run = None
            if result.cancelled() and run.is_sent:
                # Nobody waits any more. The child is told; what it still says of this batch has another number.
                for job in run.batch:
                    self._send(Cancel(run.number, job.id))
            if self._health.state is ExecutorState.BUSY:
                self._set(ExecutorState.READY)

    def cancel(self, job_id: int) -> None:
        """Stop that job at its next step, or before its first one."""
        run = self._run
        if run is None or job_id not in {job.id for job in run.batch}:
            return
        run.cancelled.add(job_id)
        if run.is_sent:
            self._send(Cancel(run.number, job_id))
        elif len(run.cancelled) == len(run.batch):
            run.settle([GenerationCancelled() for _ in run.batch])

    def health(self) -> ExecutorHealth:
        """What it is doing right now."""
        return self._health

    def _send_run(self) -> None:
        """Give the batch that waits, if any, to a child that can take it."""
        run = self._run
        if run is None or run.is_sent:
            return
        if self._health.state is ExecutorState.UNAVAILABLE:
            run.fail(ExecutorUnavailable(self._health.detail))
        elif self._health.state is ExecutorState.READY and self._send(Generate(run.number, run.batch)):
            run.is_sent = True
            for job_id in run.cancelled:
                self._send(Cancel(run.number, job_id))
            self._owed.add(run.number)
            self._watch()
            self._set(ExecutorState.BUSY)

    def _send(self, message: Generate | Cancel) -> bool:
        return self._child is not None and self._child.send(message)

    async def _supervise(self) -> None:
        """Start the child, pass on what it says, and start it again: soon after a death, later where it cannot load."""
        while True:
            try:
                reason = await self._one_life()
            except Exception:
                log.exception("the executor's process could not be looked after")
                self._bury()
                reason = None
            if reason is None and self._failed_starts < MAX_FAILED_STARTS:
                self._restarts += 1
                log.warning("the executor's process ended; starting it again (%d)", self._restarts)
                await asyncio.sleep(BACKOFF_S[min(self._deaths, len(BACKOFF_S)) - 1])
                continue
            pause = self._retry[min(self._failures, len(self._retry) - 1)]
            self._failures += 1
            told = reason or f"The process that makes the pictures died {self._failed_starts} times while it started."
            log.error("%s It is tried again in %.0f seconds.", told, pause)
            self._give_up(told)
            await asyncio.sleep(pause)
            self._set(ExecutorState.LOADING, "trying again", 0.0)

    async def _one_life(self) -> str | None:
        """Run one child to its end; the reason why it could not load the model, or None where it died."""
        self._failed_starts += 1  # until it says that it has loaded
        try:
            child = Child.start(self._model, self._device, self._hub, self._assets, self._load)
        except OSError:
            log.exception("the executor's process could not be started")
            self._bury()
            return None
        self._child = child
        self._set(self._health.state, self._health.detail, self._health.progress)
        child.watch(self._silence.loading)
        try:
            while (message := await child.hear()) is not None:
                if isinstance(message, LoadFailed):
                    return message.reason
                self._take(message)
                self._watch()
            self._bury()
            return None
        finally:
            self._child = None
            self._owed.clear()
            await child.end()

    def _watch(self) -> None:
        """The child has said something, or was told to: from now on it may be silent for so long, or for ever."""
        if self._child is None:
            return
        if self._health.state is ExecutorState.LOADING:
            self._child.watch(self._silence.loading)
        elif self._owed:
            self._child.watch(self._silence.at(self._health.device))
        else:
            self._child.rest()

    def _take(self, message: FromChild) -> None:
        run = self._run
        if isinstance(message, Generated):
            self._owed.discard(message.number)
        if isinstance(message, Loading):
            self._set(ExecutorState.LOADING, message.detail, message.progress)
        elif isinstance(message, Loaded):
            self._failed_starts = self._failures = 0
            self._health = replace(self._health, device=message.device, memory=message.memory)
            self._set(ExecutorState.READY)
            self._send_run()
        elif isinstance(message, Stepped | Generated) and run is not None and message.number == run.number:
            if isinstance(message, Stepped):
                _tell(run.on_event, message.progress)
                return
            self._deaths = 0
            run.settle([_outcome(job, each) for job, each in zip(run.batch, message.outcomes, strict=True)])

    def _bury(self) -> None:
        """The child is dead: whatever it had is lost, and nothing can be sent until the next one has loaded."""
        self._deaths += 1
        self._child = None
        self._set(ExecutorState.RESTARTING, "the picture process is starting again")
        if self._run is not None and self._run.is_sent:
            self._run.fail(ExecutorDied())

    def _give_up(self, reason: str) -> None:
        self._set(ExecutorState.UNAVAILABLE, reason)
        if self._run is not None:
            self._run.fail(ExecutorUnavailable(reason))

    def _set(self, state: ExecutorState, detail: str = "", progress: float = 1.0) -> None:
        pid = None if self._child is None else self._child.pid
        self._health = replace(
            self._health, state=state, detail=detail, progress=progress, pid=pid, restarts=self._restarts
        )
        self._changed.set()


def _outcome(job: Job, outcome: Sequence[GeneratedImage] | Failed) -> Outcome:
    if not isinstance(outcome, Failed):
        return outcome
    if outcome.trace:
        log.error("job %s failed:\n%s", job.id, outcome.trace)
    error: GenerationFailed = getattr(errors, outcome.error).of(outcome.reason)
    return error


def _tell(on_event: OnEvent, progress: Progress) -> None:
    try:
        on_event(progress)
    except Exception:
        log.exception("job %s: a step could not be told", progress.job_id)
