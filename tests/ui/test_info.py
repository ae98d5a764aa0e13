"""The card of what a picture says: all of it within Discord's limits, and in a file what the card has no room for."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest

from bot.inputs import InputFolder
from bot.services.remake import ReadPicture, RemakeService
from bot.ui.info import INFO_FILE, info_card
from bot.ui.layout import text_of
from tests.factories import ENSEMBLE, make_parameters
from tests.infotext.files import png_of


async def read(folder: Path, prompt: str, negative: str = "", **settings: str) -> ReadPicture:
    said = ", ".join(f"{name}: {value}" for name, value in {"Steps": "20", "Sampler": "Euler", **settings}.items())
    text = f"{prompt}\nNegative prompt: {negative}\n{said}" if negative else f"{prompt}\n{said}"
    return await RemakeService(ENSEMBLE, InputFolder(folder), list).read(png_of({"parameters": text}))


@pytest.mark.parametrize(
    ("prompt", "negative", "more"),
    [
        ("fox " * 500, "owl " * 500, 0),
        ("fox", "", 150),
        ("*_~|`" * 400, "<@1>" * 500, 60),
        ("fox " * 500, "", 190),
    ],
)
async def test_a_card_keeps_to_discords_limit_and_the_file_has_the_rest(
    tmp_path: Path, prompt: str, negative: str, more: int
) -> None:
    odd = {f"Odd {number}": "x" * 80 for number in range(more)}
    card = info_card(await read(tmp_path, prompt, negative, **odd), title="1. fox.png")
    assert len(text_of(card.view)) <= 4000
    assert card.text is not None
    assert prompt.strip() in card.text
    assert negative.strip() in card.text
    assert all(f"{name}: {value}\n" in card.text for name, value in odd.items())
    [file] = card.files()
    assert file.filename == INFO_FILE
    assert any(isinstance(item, discord.ui.File) for item in card.view.walk_children())


async def test_what_has_room_needs_no_file(tmp_path: Path) -> None:
    card = info_card(await read(tmp_path, "a fox", "hands"))
    assert (card.text, card.files()) == (None, [])
    assert "/imagine prompt:a fox" in text_of(card.view)


async def test_nothing_in_a_picture_is_read_as_markdown_or_as_a_mention(tmp_path: Path) -> None:
    text = text_of(info_card(await read(tmp_path, "**a** <@1> @everyone", **{"Odd *one*": "```x```"})).view)
    shown = text.partition("To copy")[0]
    assert "**Prompt** \\*\\*a\\*\\* \\<@1" in shown
    assert "@everyone" not in shown
    assert "```" not in shown


async def test_a_prompt_that_would_end_the_block_leaves_the_command_to_the_file(tmp_path: Path) -> None:
    card = info_card(await read(tmp_path, "a fox ```and more"))
    assert "To copy" not in text_of(card.view)
    assert card.text is not None
    assert "/imagine prompt:a fox ```and more" in card.text


async def test_pictures_that_it_was_made_out_of_are_said_in_words_and_not_by_their_ids(tmp_path: Path) -> None:
    image, mask = "ab" * 32, "cd" * 32
    parameters = make_parameters(image=image, mask_image=mask, strength=0.5)
    text = text_of(info_card(await RemakeService(ENSEMBLE, InputFolder(tmp_path), list).recall(parameters)).view)
    assert "**image** the picture it was made out of (abababab…)" in text
    assert "**mask** the mask of that picture (cdcdcdcd…)" in text
    assert image not in text
    assert mask not in text
