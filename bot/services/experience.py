"""What the bot has learned of its own speed, over restarts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import Self

from bot.errors import BotError
from bot.pace import Pace
from bot.storage import Storage

log = logging.getLogger(__name__)

#: The key under which the storage keeps it.
PACE = "pace"
#: Seconds between two looks whether there is something new to keep. What a crash costs is learned again.
SAVE_S = 300.0


class Experience:
    """Keeps a `Pace` in the database. An async context manager: read at its start, written now and then and at its end.

    Without it estimates are worse and nothing else, so a database that is away stops nobody.
    """

    def __init__(self, storage: Storage, pace: Pace, pause: float = SAVE_S) -> None:
        self._storage = storage
        self._pace = pace
        self._pause = pause
        self._saved = 0
        self._saver: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            if (known := await self._storage.get_state(PACE)) is not None:
                self._pace.restore(known)
        except (BotError, ValueError) as error:
            log.warning("how long jobs take is learned anew: %s", error)
        self._saver = asyncio.create_task(self._save_now_and_then(), name="experience")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saver is not None:
            self._saver.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saver
        await self._save()

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            await self._save()

    async def _save(self) -> None:
        learned = self._pace.learned
        if learned == self._saved:
            return
        try:
            await self._storage.set_state(PACE, self._pace.dump())
        except BotError as error:
            log.warning("how long jobs take could not be kept: %s", error)
        else:
            self._saved = learned
