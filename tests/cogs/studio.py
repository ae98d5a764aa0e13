"""The whole bot with the embedded model, for a file of tests: cards are waited for, and their pictures are pixels."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.diffusion.assets import Assets
from bot.executors.local import LocalExecutor
from bot.model_info import TINY, ModelInfo
from bot.ui.cards import DONE
from tests.diffusion.engine import Pixels, pixels
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card


@asynccontextmanager
async def drawing_server(folder: Path, tiny: ModelInfo, **settings: Any) -> AsyncIterator[SimulatedServer]:
    """The bot at work on the real model; what holds for every test is asserted at its end."""
    server, root, told = SimulatedServer(folder), logging.getLogger(), _Records()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(told)
    try:
        async with server.running(**_real(server, tiny), **settings):
            await server.executor.ready()
            yield server
    finally:
        root.removeHandler(told)
        root.setLevel(level)
    server.assert_in_order(told.records)


async def restart(server: SimulatedServer, tiny: ModelInfo) -> None:
    """Another bot with another process that draws, on the same database and the same Discord."""
    await server.stop()
    await server.start(**_real(server, tiny))
    await server.executor.ready()


async def files_of(server: SimulatedServer, card: Card) -> list[bytes]:
    """The files of the card in their order, once it is done; everybody sees them."""
    assert not card.is_private, card.text
    await server.until(lambda: card.colour == DONE)
    return [content for _, content in sorted(card.files.items())]


async def drawn(server: SimulatedServer, card: Card) -> list[Pixels]:
    """The pictures of the card in their order, once it is done."""
    return [pixels(content) for content in await files_of(server, card)]


async def drawn_alone(server: SimulatedServer, cards: list[Card]) -> Pixels:
    """The one picture of the one card that answers."""
    [card] = cards
    [picture] = await drawn(server, card)
    return picture


def button_of(card: Card, heading: str, number: int) -> str:
    """The id of the button with that number in the row beneath that heading."""
    parts = iter(card.parts)
    next(part for part in parts if part.get("content") == f"**{heading}**")
    return str(next(part["custom_id"] for part in parts if part.get("label") == str(number)))


def _real(server: SimulatedServer, tiny: ModelInfo) -> dict[str, Any]:
    """What `SimulatedServer.start` takes so that pictures are drawn."""
    executor = LocalExecutor(tiny, "cpu", assets=Assets(server.folder / "inputs", server.folder / "loras"))
    return {"executor": executor, "model_base": TINY, "model_refiner": TINY, "device": "cpu"}


class _Records(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
