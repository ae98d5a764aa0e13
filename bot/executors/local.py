"""LocalExecutor: a child process owns the device; when it dies, it is started again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from bot import errors
from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess
from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent
from bot.executors.messages import Cancel, Failed, FromChild, Generate, Generated, Loaded, LoadFailed, Loading, Stepped
from bot.executors.worker import work
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo

log = logging.getLogger(__name__)

#: So many deaths in a row, none of which got as far as a loaded model, and it is not started again.
MAX_FAILED_STARTS = 5
#: The pause after the first death, the second, and so on.
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STOP_WITHIN_S = 5.0


@dataclass(eq=False, slots=True)
class _Run:
    """A batch from `generate` to its result. `is_sent`: the child has it."""

    number: int
    batch: tuple[Job, ...]
    on_event: OnEvent
    result: asyncio.Future[list[GeneratedImage]]
    is_sent: bool = field(default=False)

    def fail(self, error: GenerationFailed) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class LocalExecutor:
    """One device in a process of its own. Entering starts it; the model loads in the background."""

    capacity = 1
    max_batch = 1

    def __init__(
        self, model: ModelInfo, device: str = "auto", hub: HubAccess | None = None, *, assets: Assets | None = None
    ) -> None:
        self._model, self._device, self._hub = model, device, hub or HubAccess()
        self._assets = assets or Assets()
        self._health = ExecutorHealth(ExecutorState.LOADING, "starting")
        self._changed = asyncio.Event()
        self._numbers = itertools.count(1)
        self._run: _Run | None = None
        self._connection: Connection | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._pid: int | None = None
        self._deaths = 0  # in a row, with no answer between them
        self._failed_starts = 0  # in a row
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

    async def ready(self) -> None:
        """Wait until the model is loaded. Raises `ExecutorUnavailable` when that has become hopeless."""
        while self._health.state not in (ExecutorState.READY, ExecutorState.BUSY):
            if self._health.state is ExecutorState.UNAVAILABLE:
                raise ExecutorUnavailable(self._health.detail)
            self._changed.clear()
            await self._changed.wait()

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[GeneratedImage]:
        """The pictures of the batch, see `Executor.generate`. One batch at a time; waits for a child that loads."""
        if self._run is not None:
            raise GenerationFailed("The executor is busy with another batch.")
        result: asyncio.Future[list[GeneratedImage]] = asyncio.get_running_loop().create_future()
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
        if run.is_sent:
            self._send(Cancel(run.number, job_id))
        else:
            run.fail(GenerationCancelled())

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
            self._set(ExecutorState.BUSY)

    def _send(self, message: Generate | Cancel) -> bool:
        """Whether it could be sent. To a dead child it cannot; the reader will report that end in a moment."""
        if self._connection is None:
            return False
        try:
            self._connection.send(message)
        except OSError:
            return False
        return True

    async def _supervise(self) -> None:
        """Start the child, pass on what it says, start it again with a growing pause when it dies."""
        try:
            while (hopeless := await self._one_life()) is None:
                if self._failed_starts >= MAX_FAILED_STARTS:
                    hopeless = str(ExecutorUnavailable())
                    break
                self._restarts += 1
                log.warning("the executor's process ended; starting it again (%d)", self._restarts)
                await asyncio.sleep(BACKOFF_S[min(self._deaths, len(BACKOFF_S)) - 1])
        except Exception:
            log.exception("the executor's process cannot be looked after any more")
            hopeless = str(ExecutorUnavailable())
        log.error("%s", hopeless)
        self._give_up(hopeless)

    async def _one_life(self) -> str | None:
        """Run one child to its end; the reason why another one would be no better, or None."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, self._model, self._device, self._hub, self._assets)
        process = context.Process(target=work, args=arguments, daemon=True)
        self._failed_starts += 1  # until it says that it has loaded
        try:
            with _deaf_to_ctrl_c():
                process.start()
        except OSError:  # no memory for one more process, say
            log.exception("the executor's process could not be started")
            ours.close()
            self._bury()
            return None
        finally:
            theirs.close()
        self._pid, self._connection = process.pid, ours
        self._set(self._health.state, self._health.detail, self._health.progress)
        messages: asyncio.Queue[FromChild | None] = asyncio.Queue()
        reader = threading.Thread(
            target=_read, args=(ours, asyncio.get_running_loop(), messages), name="executor reader", daemon=True
        )
        reader.start()
        try:
            while (message := await messages.get()) is not None:
                if isinstance(message, LoadFailed):
                    return message.reason
                self._take(message)
            self._bury()
            return None
        finally:
            self._pid = self._connection = None
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.join, STOP_WITHIN_S))
            await asyncio.shield(asyncio.to_thread(reader.join, STOP_WITHIN_S))
            ours.close()
            process.close()

    def _take(self, message: FromChild) -> None:
        run = self._run
        if isinstance(message, Loading):
            self._set(ExecutorState.LOADING, message.detail, message.progress)
        elif isinstance(message, Loaded):
            self._failed_starts = 0
            self._health = replace(self._health, device=message.device, memory=message.memory)
            self._set(ExecutorState.READY)
            self._send_run()
        elif isinstance(message, Stepped | Generated | Failed) and run is not None and message.number == run.number:
            if isinstance(message, Stepped):
                _tell(run.on_event, message.progress)
                return
            self._deaths = 0
            if isinstance(message, Failed):
                if message.trace:
                    log.error("job %s failed:\n%s", ", ".join(str(job.id) for job in run.batch), message.trace)
                run.fail(getattr(errors, message.error).of(message.reason))
            elif not run.result.done():
                run.result.set_result(list(message.images))

    def _bury(self) -> None:
        """The child is dead: whatever it had is lost, and nothing can be sent until the next one has loaded."""
        self._deaths += 1
        self._pid = self._connection = None
        self._set(ExecutorState.RESTARTING, "the picture process is starting again")
        if self._run is not None and self._run.is_sent:
            self._run.fail(ExecutorDied())

    def _give_up(self, reason: str) -> None:
        self._set(ExecutorState.UNAVAILABLE, reason)
        if self._run is not None:
            self._run.fail(ExecutorUnavailable(reason))

    def _set(self, state: ExecutorState, detail: str = "", progress: float = 1.0) -> None:
        self._health = replace(
            self._health, state=state, detail=detail, progress=progress, pid=self._pid, restarts=self._restarts
        )
        self._changed.set()


def _tell(on_event: OnEvent, progress: Progress) -> None:
    try:
        on_event(progress)
    except Exception:
        log.exception("job %s: a step could not be told", progress.job_id)


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process that is started inside never hears Ctrl-C, from its first import on; this one hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _read(connection: Connection, loop: asyncio.AbstractEventLoop, messages: asyncio.Queue[FromChild | None]) -> None:
    """Hand every message to the loop; None is the end. A thread, since a large picture would block the loop."""
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            message = None
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(messages.put_nowait, message)
        if message is None:
            return
