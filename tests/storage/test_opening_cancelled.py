"""A start that is stopped while the database is being opened leaves nothing running and nothing half made."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from bot.storage import open_storage


async def open_and_read(url: str) -> None:
    async with open_storage(url) as storage:
        await storage.get_state("unknown")


async def open_and_cancel(url: str, turns: int) -> bool:
    """Cancel the opening after that many turns of the loop; whether it was still at it."""
    task = asyncio.create_task(open_and_read(url))
    for _ in range(turns):
        await asyncio.sleep(0)
    was_running = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return was_running


def test_a_stop_in_any_moment_of_the_opening_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    interrupted = [asyncio.run(open_and_cancel(url, turns)) for turns in range(0, 60, 3)]
    assert interrupted[0]
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive(), thread
    asyncio.run(open_and_read(url))
