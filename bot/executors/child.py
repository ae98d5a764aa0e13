"""One child process of the executor, from its start to its end: the pipe to it, and a watch over its silence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Self

from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess
from bot.executors.messages import Cancel, FromChild, Generate
from bot.executors.worker import Load, work
from bot.model_info import ModelInfo

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

log = logging.getLogger(__name__)

STOP_WITHIN_S = 5.0
#: A silence is measured in so many turns of the loop's clock: one that stood still, because this process did, counts
#: as one turn only, and the child is not blamed for it.
TURNS = 10


class Child:
    """A process that owns the device. `end` must be called, however it ended."""

    def __init__(self, process: SpawnProcess, connection: Connection) -> None:
        self._process = process
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[FromChild | None] = asyncio.Queue()
        self._reader = threading.Thread(target=self._read, name="executor reader", daemon=True)
        self._reader.start()
        self._limit = 0.0
        self._turns = 0
        self._alarm: asyncio.TimerHandle | None = None

    @classmethod
    def start(cls, model: ModelInfo, device: str, hub: HubAccess, assets: Assets, load: Load) -> Self:
        """Start one. Raises `OSError` where there is no memory for one more process, say."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, model, device, hub, assets, load), daemon=True)
        try:
            with _deaf_to_ctrl_c():
                process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._process.pid

    def send(self, message: Generate | Cancel) -> bool:
        """Whether it could be sent. To a dead child it cannot; `hear` will report that end in a moment."""
        try:
            self._connection.send(message)
        except OSError:
            return False
        return True

    async def hear(self) -> FromChild | None:
        """The next thing that it says; None when it is dead."""
        return await self._messages.get()

    def watch(self, seconds: float) -> None:
        """From now on it has to say something within so many seconds, or it is killed."""
        self.rest()
        self._limit, self._turns = seconds, 0
        self._alarm = self._loop.call_later(seconds / TURNS, self._turn)

    def rest(self) -> None:
        """It owes no answer: it may be silent."""
        if self._alarm is not None:
            self._alarm.cancel()

    async def end(self) -> None:
        """Kill it, if it lives, and leave nothing of it behind."""
        self.rest()
        self._process.kill()
        await asyncio.shield(asyncio.to_thread(self._process.join, STOP_WITHIN_S))
        await asyncio.shield(asyncio.to_thread(self._reader.join, STOP_WITHIN_S))
        self._connection.close()
        self._process.close()

    def _turn(self) -> None:
        self._turns += 1
        if self._turns < TURNS:
            self._alarm = self._loop.call_later(self._limit / TURNS, self._turn)
            return
        log.error("the executor's process has said nothing for %.0f seconds: it is killed", self._limit)
        self._process.kill()

    def _read(self) -> None:
        """Hand every message to the loop; None is the end. A thread, since a large picture would block the loop."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                message = None
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._messages.put_nowait, message)
            if message is None:
                return


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
