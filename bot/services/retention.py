"""Pictures are kept for so many days, and then removed; the records of their jobs stay."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from bot.errors import BotError
from bot.inputs import InputFolder
from bot.originals import OriginalFolder
from bot.storage import Storage
from bot.storage.pictures import PictureFolder

log = logging.getLogger(__name__)

DAY_S = 24 * 3600.0


class Retention:
    """Removes what is older than `days`. An async context manager: inside it, at once and then once a day.

    With 0 days all is kept for ever.
    """

    def __init__(
        self, storage: Storage, pictures: PictureFolder, inputs: InputFolder, originals: OriginalFolder, days: int
    ) -> None:
        self._storage = storage
        self._pictures = pictures
        self._inputs = inputs
        self._originals = originals
        self._days = days
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._days:
            self._sweeper = asyncio.create_task(self._sweep_daily(), name="retention")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper

    async def sweep(self) -> None:
        """Remove the old pictures of jobs that are over, and what only such jobs work on or make again."""
        oldest = datetime.now(UTC) - timedelta(days=self._days)
        job_ids, file_ids = await self._storage.in_use(oldest)
        made = await self._pictures.forget(oldest, job_ids)
        given = await self._inputs.forget(oldest, file_ids) + await self._originals.forget(oldest, file_ids)
        if made or given:
            log.info("older than %s days and removed: %s pictures made, %s given", self._days, made, given)

    async def _sweep_daily(self) -> None:
        while True:
            try:
                await self.sweep()
            except (BotError, OSError):
                log.exception("old pictures could not be removed; it is tried again in a day")
            await asyncio.sleep(DAY_S)
