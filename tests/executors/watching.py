"""Watching an executor from outside, without asking it again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.executors import ExecutorHealth
from bot.executors.local import LocalExecutor

#: A process imports torch in seconds, and on a busy machine in minutes.
DEADLINE_S = 180


async def healths(executor: LocalExecutor) -> AsyncIterator[ExecutorHealth]:
    """How it is now, and then whenever that changes."""
    while True:
        yield executor.health()
        executor._changed.clear()
        await executor._changed.wait()
