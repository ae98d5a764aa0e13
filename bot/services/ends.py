"""How jobs ended, written down at once or, where the database is away, as soon as it is back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from bot.errors import BotError, StorageUnavailable
from bot.jobs import Job, JobStatus
from bot.storage import Storage

log = logging.getLogger(__name__)

#: Seconds until what could not be written is tried again, the second time, and so on.
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class _End:
    expected: frozenset[JobStatus]
    status: JobStatus
    changes: Mapping[str, Any]


class Ends:
    """Keeps what it could not write and tries again. An async context manager: inside it, by itself; at its end, once.

    A job whose end is not written runs again after the next start, so an end is given up by nobody but a stop.
    """

    def __init__(self, storage: Storage, retry: Sequence[float] = RETRY_S) -> None:
        self._storage = storage
        self._retry = retry
        self._owed: dict[int, _End] = {}
        self._owing = asyncio.Event()
        self._clerk: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._clerk = asyncio.create_task(self._catch_up(), name="ends of jobs")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._clerk is not None:
            self._clerk.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._clerk
        if not await self._settle():
            log.error("not recorded, and begun anew by the next start: jobs %s", ", ".join(map(str, self._owed)))

    async def write(
        self, job_id: int, expected: Collection[JobStatus], status: JobStatus, **changes: Any
    ) -> Job | None:
        """Move that job from one of `expected` to `status`; None where it stands elsewhere: the first writer wins.

        Raises `StorageUnavailable` when it is not written yet; it will be.
        """
        if (known := self._owed.get(job_id)) is not None:
            # Not written yet, so the job stands where that one expected it.
            expected, changes = {*known.expected, *expected}, {**known.changes, **changes}
        end = self._owed[job_id] = _End(frozenset(expected), status, changes)
        try:
            return await self._write(job_id, end)
        except StorageUnavailable:
            self._owing.set()
            raise

    async def _write(self, job_id: int, end: _End) -> Job | None:
        job = await self._storage.transition(job_id, end.expected, end.status, **end.changes)
        # Meanwhile there may be more to write.
        if self._owed.get(job_id) is end:
            del self._owed[job_id]
        return job

    async def _settle(self) -> bool:
        """Write what is owed, up to the first failure; whether nothing is left."""
        for job_id, end in list(self._owed.items()):
            try:
                await self._write(job_id, end)
            except BotError as error:
                log.warning("job %s: %s is not recorded yet: %s", job_id, end.status, error)
                return False
        return True

    async def _catch_up(self) -> None:
        while True:
            await self._owing.wait()
            tries = 0
            while self._owed:
                await asyncio.sleep(self._retry[min(tries, len(self._retry) - 1)])
                tries += 1
                await self._settle()
            self._owing.clear()
            log.info("what was not recorded is recorded")
