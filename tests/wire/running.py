"""The bot as `imagine-bot run` runs it, in this process, and what a test wants to know of it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from PIL import Image

from bot.app import run_bot
from bot.delivery.pace import EditPace
from bot.executors import Executor
from bot.settings import Settings
from bot.ui.cards import PREVIEW_NAME
from tests.loopback import LoopbackDiscord
from tests.loopback.state import Attachment, Message
from tests.patience import PATIENCE


def settings_for(loopback: LoopbackDiscord, data_dir: Path) -> Settings:
    return Settings(
        _env_file=None,
        discord_token=loopback.token,
        discord_api_url=loopback.api_url,
        discord_gateway_url=loopback.gateway_url,
        model_base="tiny",
        model_refiner="tiny",
        device="cpu",
        data_dir=data_dir,
        shutdown_grace_seconds=0,
    )


@contextlib.asynccontextmanager
async def running(
    loopback: LoopbackDiscord, settings: Settings, executor: Executor, pace: EditPace | None = None
) -> AsyncIterator[None]:
    """Inside, the bot is connected. At the end it is stopped as a signal stops it."""
    before = loopback.gateway.identifies
    bot = asyncio.create_task(run_bot(settings, executor, pace))
    bot.add_done_callback(lambda _: arrival.cancel())
    arrival = asyncio.create_task(
        loopback.wait_for(
            lambda: loopback.gateway.identifies > before and loopback.gateway.connected.is_set(), "the bot"
        )
    )
    try:
        await asyncio.wait([arrival, bot], return_when=asyncio.FIRST_COMPLETED)
        if not bot.done():
            await arrival
            yield
    finally:
        bot.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await bot


def recorded(settings: Settings) -> list[tuple[str, int]]:
    """Status and attempts of every job in the bot's database, in order."""
    with contextlib.closing(sqlite3.connect(settings.data_dir / "imagine-bot.db")) as database:
        return database.execute("SELECT status, attempts FROM jobs ORDER BY id").fetchall()


async def until_recorded(settings: Settings, *expected: tuple[str, int]) -> None:
    """Wait until the database says so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while recorded(settings) != list(expected):  # noqa: ASYNC110 - nothing tells of a change
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"the database says {recorded(settings)}, and never {list(expected)}") from None


def pictures(message: Message) -> list[Attachment]:
    """The finished pictures that a message shows."""
    return [attachment for attachment in message.attachments if attachment.filename != PREVIEW_NAME]


def noise(side: int, seed: int = 0) -> bytes:
    """A PNG that no encoder can make small."""
    pixels = random.Random(seed).randbytes(side * side * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(buffer, "PNG")
    return buffer.getvalue()
