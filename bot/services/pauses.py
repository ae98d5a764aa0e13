"""What the moderators of a server do with its jobs in line: hold them back, let them go on, cancel them all."""

from __future__ import annotations

import asyncio
import json
import logging

from bot.job_queue import JobQueue
from bot.sentences import Sentence
from bot.storage import Storage

log = logging.getLogger(__name__)

#: The key under which the storage keeps the ids of the servers whose jobs are held back.
PAUSED_GUILDS = "paused_guilds"


class Pauses:
    """Keeps which servers are paused, over restarts too."""

    def __init__(self, storage: Storage, queue: JobQueue) -> None:
        self._storage = storage
        self._queue = queue
        self._guild_ids: set[int] = set()
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> None:
        """Hold back what was held back before the bot was stopped; to be called before jobs come into the line."""
        self._guild_ids = set(json.loads(await self._storage.get_state(PAUSED_GUILDS) or "[]"))
        for guild_id in self._guild_ids:
            self._queue.hold(guild_id, paused=True)

    def is_paused(self, guild_id: int | None) -> bool:
        """Whether the jobs of that server are held back."""
        return guild_id in self._guild_ids

    async def pause(self, guild_id: int) -> bool:
        """Start no more jobs of that server; those that run go on. False when it is paused already."""
        async with self._one_at_a_time:
            if guild_id in self._guild_ids:
                return False
            await self._remember(self._guild_ids | {guild_id})
            self._queue.hold(guild_id, paused=True)
            return True

    async def resume(self, guild_id: int) -> bool:
        """Start jobs of that server again. False when it is not paused."""
        async with self._one_at_a_time:
            if guild_id not in self._guild_ids:
                return False
            await self._remember(self._guild_ids - {guild_id})
            self._queue.hold(guild_id, paused=False)
            return True

    async def clear(self, guild_id: int, moderator: str) -> int:
        """Cancel all jobs of that server that wait, and tell their authors by whom. Returns how many there were."""
        reason = Sentence.of("Cancelled by {moderator}, with all that waited in this server.", moderator=moderator)
        waiting = [job.id for job in (*self._queue.waiting, *self._queue.paused) if job.guild_id == guild_id]
        # The last one first, so that none is started while those before it are told.
        cancelled = [await self._queue.cancel(job_id, reason) for job_id in reversed(waiting)]
        log.info("server %s: %s waiting jobs cancelled", guild_id, sum(cancelled))
        return sum(cancelled)

    async def _remember(self, guild_ids: set[int]) -> None:
        await self._storage.set_state(PAUSED_GUILDS, json.dumps(sorted(guild_ids)))
        self._guild_ids = guild_ids
