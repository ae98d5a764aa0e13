"""What the commands share: where their settings come from, how they log and how they stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from bot.settings import Settings, load_settings

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
BEAT_SECONDS = 30


def command_settings(**overrides: Any) -> Settings:
    """The settings, and those of them that the hub's library reads from the environment put there."""
    settings = load_settings(**overrides)
    if settings.hf_token is not None:
        os.environ["HF_TOKEN"] = settings.hf_token.get_secret_value()
    if settings.hf_hub_offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return settings


def set_up_logging(level: str) -> None:
    """Log to stderr. Other people's DEBUG lines stay off: discord.py's show interaction tokens in URLs."""
    logging.basicConfig(level=max(logging.getLevelName(level), logging.INFO), format=LOG_FORMAT)
    logging.getLogger("bot").setLevel(level)
    if level != "DEBUG":
        logging.getLogger("alembic").setLevel(logging.WARNING)


def run_until_stopped(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` until it ends or somebody stops it (Ctrl-C, SIGTERM). Its resources are closed in either case."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_stoppable(main))


async def _stoppable(main: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(main)
    asked: list[bool] = []

    def stop() -> None:
        asked.append(True)
        task.cancel()

    with _signals_call(stop):
        try:
            await task
        except asyncio.CancelledError:
            if not asked:
                raise


@contextlib.asynccontextmanager
async def heartbeat(file: Path) -> AsyncIterator[None]:
    """Touch `file` every half minute, so that a health check outside can see that the event loop turns."""
    beating = asyncio.create_task(_beat(file))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.to_thread(file.unlink, missing_ok=True)


async def _beat(file: Path) -> None:
    while True:
        with contextlib.suppress(OSError):  # a full disk is no reason to stop; the health check will tell
            await asyncio.to_thread(file.touch)
        await asyncio.sleep(BEAT_SECONDS)


@contextlib.contextmanager
def _signals_call(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `stop`, where the platform can."""
    loop = asyncio.get_running_loop()
    numbers: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in numbers:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
        numbers = ()
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
