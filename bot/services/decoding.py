"""What people send is unpacked, which takes memory and time: so much of it at once, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

#: How many people's files are in memory at once.
TURNS = 4


class Decoding:
    """Everybody waits for their turn; one picture is unpacked at a time."""

    def __init__(self) -> None:
        self._own: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._turns = asyncio.Semaphore(TURNS)
        self._unpacking = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, user_id: int) -> AsyncIterator[None]:
        """While files are fetched and read for somebody: whoever sends many holds up nobody else."""
        own = self._own.setdefault(user_id, asyncio.Lock())
        async with own, self._turns:
            yield

    async def run(self, decode: Callable[..., T], *contents: bytes | None) -> T:
        """What `decode` gives, in a thread of its own."""
        async with self._unpacking:
            return await asyncio.to_thread(decode, *contents)
