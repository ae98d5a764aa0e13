"""How late an event loop is: a task that wants to wake every few milliseconds notes by how much it was missed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

TICK = 0.01


@dataclass(frozen=True, slots=True)
class Turn:
    """One wake-up: when (`time.monotonic`), how late, and how much of that time the loop's thread itself computed.

    Where `computed` is much smaller than `late`, the loop was ready and other processes had the CPU.
    """

    at: float
    late: float
    computed: float


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[list[Turn]]:
    """Inside, the running loop is watched; the list grows."""
    turns: list[Turn] = []
    watcher = asyncio.create_task(_watch(turns), name="loop delay")
    try:
        yield turns
    finally:
        watcher.cancel()


async def _watch(turns: list[Turn]) -> None:
    while True:
        begin, computed = time.monotonic(), time.thread_time()
        await asyncio.sleep(TICK)
        now = time.monotonic()
        turns.append(Turn(now, max(0.0, now - begin - TICK), time.thread_time() - computed))
