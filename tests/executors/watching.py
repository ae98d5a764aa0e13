"""Watching an executor from outside, without asking it again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.executors import ExecutorHealth
from bot.executors.local import LocalExecutor


async def healths(executor: LocalExecutor) -> AsyncIterator[ExecutorHealth]:
    """How it is now, and then whenever that changes."""
    while True:
        yield executor.health()
        executor._changed.clear()
        await executor._changed.wait()
