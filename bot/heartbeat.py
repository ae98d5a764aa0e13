"""A file that is touched for as long as the event loop turns, so that a health check outside can see it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

#: The name of the file, in DATA_DIR. The Dockerfile's health check allows it to be four beats old.
ALIVE = "alive"
BEAT_SECONDS = 30


@contextlib.asynccontextmanager
async def heartbeat(folder: Path) -> AsyncIterator[None]:
    """Touch the file in `folder` every half minute, and remove it at the end."""
    file = folder / ALIVE
    beating = asyncio.create_task(_beat(file), name="heartbeat")
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(OSError):
            await asyncio.to_thread(file.unlink, missing_ok=True)


async def _beat(file: Path) -> None:
    while True:
        with contextlib.suppress(OSError):  # a full disk is no reason to stop; the health check will tell
            await asyncio.to_thread(_touch, file)
        await asyncio.sleep(BEAT_SECONDS)


def _touch(file: Path) -> None:
    # With a database elsewhere, nothing else makes this folder before the first picture.
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
