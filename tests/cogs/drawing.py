"""The bot with the embedded model on a simulated Discord, one for all tests of a file: from the command to the file."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bot.infotext import read_parameters
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.ui.cards import BROKEN, DONE
from tests.cogs.studio import drawing_server
from tests.diffusion.engine import LORAS, PROMPT, Pixels, border, middle, pixels
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

RED, GREEN, BLUE = 0, 1, 2
#: What is asked for unless a test says otherwise: quick, and the same each time.
USUAL = {"seed": 7, "steps": 8, "refiner": "off"}


@dataclass(frozen=True)
class Studio:
    """Draws what members ask for."""

    server: SimulatedServer

    async def ask(self, prompt: str = PROMPT, **options: Any) -> Card:
        """Type /imagine; the card of the job, which has still to be drawn. None leaves a usual option out."""
        said = {name: value for name, value in {**USUAL, **options}.items() if value is not None}
        card = await self.server.imagine(prompt, **said)
        assert not card.is_private, card.text
        return card

    async def end(self, card: Card) -> None:
        """Wait until its job is over, well or not."""
        await self.server.until(lambda: card.colour in (DONE, BROKEN))

    async def finish(self, card: Card) -> list[bytes]:
        """Wait for the pictures that everybody sees, as files."""
        await self.end(card)
        assert card.colour == DONE, card.text
        return list(card.files.values())

    async def file(self, prompt: str = PROMPT, **options: Any) -> bytes:
        """The one picture that comes of that command, as a file."""
        [content] = await self.finish(await self.ask(prompt, **options))
        return content

    async def draw(self, prompt: str = PROMPT, **options: Any) -> Pixels:
        """The same as pixels."""
        return pixels(await self.file(prompt, **options))


def as_upload(picture: Pixels | Image.Image) -> tuple[str, bytes]:
    """The picture as a member attaches it."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture.astype(np.uint8))
    return "picture.png", encoded(image, "PNG")


def infotext(content: bytes) -> str:
    """What other programs read of it."""
    with Image.open(io.BytesIO(content)) as image:
        return str(image.info["parameters"])


def recorded(content: bytes) -> Parameters:
    """What makes it again."""
    parameters = read_parameters(content)
    assert parameters is not None
    return parameters


def assert_shows_a_red_circle_on_blue(picture: Pixels) -> None:
    """By a wide margin in its colours, and a circle by its shape."""
    inside, outside = middle(picture), border(picture)
    assert inside[RED] > max(inside[GREEN], inside[BLUE]) + 100, inside
    assert outside[BLUE] > max(outside[RED], outside[GREEN]) + 60, outside
    # A circle fills π/4 of the rectangle around it; a square fills it, a heart fills 0.66, a ring or a triangle half.
    red = (picture[..., RED] > 150) & (picture[..., GREEN] < 100) & (picture[..., BLUE] < 100)
    rows, columns = np.nonzero(red)
    filled = red.sum() / (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert 0.7 < filled < 0.88, filled


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory, tiny: ModelInfo) -> AsyncIterator[Studio]:
    """The bot at work; what holds for every test is asserted at its end."""
    folder = tmp_path_factory.mktemp("studio")
    shutil.copytree(LORAS, folder / "loras")
    async with drawing_server(folder, tiny, max_jobs_per_user=100) as server:
        yield Studio(server)
