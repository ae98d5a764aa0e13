"""LocalExecutor: a child process owns the device; when it dies, it is started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from bot import errors
from bot.diffusion.assets import Assets
from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationFailed
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent
from bot.executors.messages import Cancel, Failed, Generate, Generated, Loaded, LoadFailed, Loading
from bot.executors.worker import work
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo

log = logging.getLogger(__name__)

#: So many deaths in a row, with no picture between them, and it is not started again.
MAX_DEATHS = 5
FIRST_BACKOFF_S = 0.5
STOP_WITHIN_S = 5.0


class LocalExecutor:
    """One device in a process of its own. Entering starts it; the model loads in the background."""

    capacity = 1
    max_batch = 1

    def __init__(self, model: ModelInfo, device: str = "auto", *, assets: Assets | None = None) -> None:
        self._model, self._device = model, device
        self._assets = assets or Assets()
        self._health = ExecutorHealth(ExecutorState.LOADING, "starting")
        self._changed = asyncio.Condition()
        self._result: asyncio.Future[list[GeneratedImage]] | None = None
        self._on_event: OnEvent | None = None
        self._connection: Connection | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._pid: int | None = None
        self._deaths = 0
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

    async def ready(self) -> None:
        """Wait until the model is loaded. Raises `ExecutorUnavailable` when that has become hopeless."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: self._health.state in (ExecutorState.READY, ExecutorState.BUSY, ExecutorState.UNAVAILABLE)
            )
        if self._health.state is ExecutorState.UNAVAILABLE:
            raise ExecutorUnavailable(self._health.detail)

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[GeneratedImage]:
        """The pictures of the batch, see `Executor.generate`. One batch at a time."""
        await self.ready()
        if self._result is not None or self._connection is None:
            raise GenerationFailed("The executor is busy with another batch.")
        self._result, self._on_event = asyncio.get_running_loop().create_future(), on_event
        await self._set(ExecutorState.BUSY)
        try:
            self._send(Generate(tuple(batch)))
            return await self._result
        finally:
            if not self._result.done():
                for job in batch:
                    self.cancel(job.id)
            self._result = self._on_event = None
            if self._health.state is ExecutorState.BUSY:
                await self._set(ExecutorState.READY)

    def cancel(self, job_id: int) -> None:
        """Stop that job at its next step."""
        self._send(Cancel(job_id))

    def health(self) -> ExecutorHealth:
        """What it is doing right now."""
        return self._health

    def _send(self, message: Generate | Cancel) -> None:
        # A dead child closes the pipe; its end is reported by the reader, which fails the batch.
        if self._connection is not None:
            with contextlib.suppress(OSError, ValueError):
                self._connection.send(message)

    async def _supervise(self) -> None:
        """Start the child, pass on what it says, start it again with a growing pause when it dies."""
        while True:
            hopeless = await self._one_life()
            self._deaths += 1
            if self._result is not None and not self._result.done():
                self._result.set_exception(ExecutorDied())
            if hopeless or self._deaths >= MAX_DEATHS:
                await self._set(ExecutorState.UNAVAILABLE, hopeless or str(ExecutorUnavailable()))
                return
            self._restarts += 1
            log.warning("the executor's process ended; starting it again (%d)", self._restarts)
            await self._set(ExecutorState.RESTARTING, "the picture process is starting again")
            await asyncio.sleep(FIRST_BACKOFF_S * 2 ** (self._deaths - 1))

    async def _one_life(self) -> str | None:
        """Run one child to its end; the reason why another one would be no better, or None."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self._model, self._device, self._assets), daemon=True)
        process.start()
        theirs.close()
        self._pid, self._connection = process.pid, ours
        messages: asyncio.Queue[Any] = asyncio.Queue()
        reader = threading.Thread(
            target=_read, args=(ours, asyncio.get_running_loop(), messages), name="executor reader", daemon=True
        )
        reader.start()
        hopeless: str | None = None
        try:
            while (message := await messages.get()) is not None:
                if isinstance(message, LoadFailed):
                    hopeless = message.reason
                    log.error("%s", message.reason)
                await self._take(message)
            return hopeless
        finally:
            self._pid = self._connection = None
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.join, STOP_WITHIN_S))
            await asyncio.shield(asyncio.to_thread(reader.join, STOP_WITHIN_S))
            ours.close()
            process.close()

    async def _take(self, message: Any) -> None:
        if isinstance(message, Progress):
            if self._on_event is not None:
                self._on_event(message)
        elif isinstance(message, Loading):
            await self._set(ExecutorState.LOADING, message.detail, message.progress)
        elif isinstance(message, Loaded):
            await self._set(ExecutorState.READY, device=message.device)
        elif self._result is not None and not self._result.done():
            if isinstance(message, Generated):
                self._deaths = 0
                self._result.set_result(list(message.images))
            elif isinstance(message, Failed):
                log.debug("the batch failed:\n%s", message.trace)
                self._result.set_exception(getattr(errors, message.error)(message.reason))

    async def _set(self, state: ExecutorState, detail: str = "", progress: float = 1.0, device: str = "") -> None:
        async with self._changed:
            self._health = ExecutorHealth(
                state,
                detail,
                progress,
                device or self._health.device,
                self._pid,
                self._restarts,
            )
            self._changed.notify_all()


def _read(connection: Connection, loop: asyncio.AbstractEventLoop, messages: asyncio.Queue[Any]) -> None:
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
