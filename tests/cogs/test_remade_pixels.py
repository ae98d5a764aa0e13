"""The menus of messages on the embedded model: pictures remade, changed and used, also where only Discord has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import discord
import numpy as np
import pytest
import pytest_asyncio
import simcord
from PIL import Image

from bot.jobs import JobStatus
from bot.model_info import ModelInfo
from tests.cogs.menus import INFO, REMAKE, USE, answers, form, post, shown
from tests.cogs.studio import drawing_server, drawn, drawn_alone, files_of, restart
from tests.diffusion.engine import OTHER_PROMPT, PROMPT, Pixels, difference, pixels
from tests.infotext.files import png_of
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOREIGN = "a red circle\nSteps: 2, Sampler: Euler, CFG scale: 3, Seed: 5, Size: 128x128, Version: v1.10.1"
MATCH = "-# Pixels match the original exactly."
SEED = 41


@dataclass(frozen=True)
class Studio:
    """A bot that was restarted, and the cards that Alice had before: a circle on one, four stars on the other."""

    server: SimulatedServer
    circle: Card
    stars: Card

    async def sent(self, opened: Form, **changed: str) -> Card:
        """The card that answers to the modal with these settings changed; `words` are another prompt."""
        for name, value in changed.items():
            if name == "words":
                opened.values["prompt"] = value
                continue
            lines = opened.settings.splitlines()
            assert any(line.startswith(f"{name}: ") for line in lines), lines
            opened.settings = "\n".join(f"{name}: {value}" if line.startswith(f"{name}: ") else line for line in lines)
        [card] = await opened.send()
        return card

    async def picked(self, menu: str, message: discord.Message, number: int) -> Form:
        """The modal for one of several pictures of the message."""
        [card] = await answers(self.server, menu, message)
        [select] = [part for part in card.parts if part["type"] == 3]
        value = select["options"][number - 1]["value"]
        picked = await self.server.bob.select(simcord.ResponseMessage(self.server.env, card.message), [value])
        return Form(self.server, picked, self.server.bob)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory, tiny: ModelInfo) -> AsyncIterator[Studio]:
    async with drawing_server(tmp_path_factory.mktemp("studio"), tiny) as server:
        circle = await server.imagine(PROMPT, steps=4, seed=SEED)
        await files_of(server, circle)
        # The third of these is black by chance, beside yellow ones.
        stars = await server.imagine("a star on a blue background", steps=8, seed=7, images=4, refiner="off")
        await files_of(server, stars)
        await server.until_recorded(JobStatus.SUCCEEDED, 2)
        await restart(server, tiny)
        yield Studio(server, circle, stars)


async def test_our_picture_is_remade_pixel_by_pixel_and_another_programs_comes_near(studio: Studio) -> None:
    server = studio.server
    (server.folder / "pictures" / "1-0.png").unlink()  # so that only Discord's copy is left
    again = await studio.sent(await form(server, REMAKE, shown(server, studio.circle)))
    assert await files_of(server, again) == await files_of(server, studio.circle)
    assert MATCH in again.text.splitlines()

    near = await studio.sent(await form(server, REMAKE, await post(server, png_of({"parameters": FOREIGN}))))
    await files_of(server, near)
    assert "Made by A1111, which draws other noise for a seed: the picture comes near, and its pixels" in near.text
    assert "The original has another size." in near.text


async def test_a_foreign_picture_with_a_setting_changed_is_remade_with_it(studio: Studio) -> None:
    message = await post(studio.server, png_of({"parameters": FOREIGN}))
    plain = await studio.sent(await form(studio.server, REMAKE, message))
    seeded = await studio.sent(await form(studio.server, REMAKE, message), seed="6")
    other = await studio.sent(await form(studio.server, REMAKE, message), words=OTHER_PROMPT)
    picture, another_seed, other_words = [await drawn_alone(studio.server, [card]) for card in (plain, seeded, other)]
    assert 0 < difference(picture, another_seed) < difference(picture, other_words)
    assert "ixels" not in seeded.text


async def test_of_several_pictures_that_one_is_remade_which_was_chosen(studio: Studio) -> None:
    message = shown(studio.server, studio.stars)
    again = await studio.sent(await studio.picked(REMAKE, message, 3))
    third = (await drawn(studio.server, studio.stars))[2]
    # Alone it is drawn by a smaller batch: a rounding may end otherwise, and the card says so.
    assert np.abs(await drawn_alone(studio.server, [again]) - third).max() <= 1
    assert "-# Pixels " in again.text

    infos = await answers(studio.server, INFO, message)
    assert [f"**seed** {7 + number}" in info.text for number, info in enumerate(infos)] == [True] * 4
    [again] = await infos[2].press("Remake", studio.server.bob)
    assert np.abs(await drawn_alone(studio.server, [again]) - third).max() <= 1
    changed = await Form.opened_by(studio.server, infos[2], "Edit…", studio.server.bob)
    green = await studio.sent(changed, words="a star on a green background")
    assert (await drawn_alone(studio.server, [green]))[:4].mean(axis=(0, 1)).argmax() == 1


async def test_a_picture_of_ours_is_used_and_keeps_more_of_itself_the_lower_the_strength(studio: Studio) -> None:
    message = shown(studio.server, studio.stars)
    stars = await drawn(studio.server, studio.stars)
    used = [
        await drawn_alone(
            studio.server,
            [await studio.sent(await studio.picked(USE, message, 3), words=OTHER_PROMPT, strength=strength)],
        )
        for strength in ("0.1", "0.9")
    ]
    far = [difference(stars[2], picture) for picture in used]
    assert 0 < far[0] < far[1] / 2
    assert far[0] < difference(stars[0], used[0])


async def test_a_foreign_picture_is_used_in_its_shape_and_keeps_more_of_itself_the_lower_the_strength(
    studio: Studio,
) -> None:
    wide = Image.new("RGB", (640, 320), (30, 30, 200))
    wide.paste((220, 200, 30), (0, 0, 320, 320))
    message = await post(studio.server, encoded(wide, "JPEG"), kind="jpg")
    used = []
    for strength in ("0.1", "0.9"):
        opened = await form(studio.server, USE, message)
        assert "size: 184x88" in opened.settings
        card = await studio.sent(opened, words=OTHER_PROMPT, strength=strength)
        used.append(await drawn_alone(studio.server, [card]))
    assert [picture.shape for picture in used] == [(88, 184, 3)] * 2
    original: Pixels = pixels(encoded(wide.resize((184, 88)), "PNG"))
    assert 0 < difference(original, used[0]) < difference(original, used[1]) / 2
    # Yellow is left of blue still.
    left, right = used[0][:, :80].mean(axis=(0, 1)), used[0][:, -80:].mean(axis=(0, 1))
    assert (left[0] > left[2], right[0] < right[2]) == (True, True)
