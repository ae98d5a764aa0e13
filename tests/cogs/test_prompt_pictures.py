"""The language of prompts as the picture has it: from the words in `/imagine` to the file, by the embedded model."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cogs.drawing import BLUE, GREEN, RED, Studio, assert_shows_a_red_circle_on_blue, infotext, recorded
from tests.diffusion.engine import PROMPT, border, colourfulness, difference, middle, pixels

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Left alone, the model cannot decide.
UNDECIDED = "a red and green circle on a blue background"
#: More tokens than one window of the text encoders holds, and nothing said in them.
FILLER = ", x" * 60
COLOURS = {"red": RED, "green": GREEN, "blue": BLUE}


async def redness(studio: Studio, prompt: str, **options: str) -> float:
    """How much more red than green its middle is, in levels of 256."""
    inside = middle(await studio.draw(prompt, **options))
    return float(inside[RED] - inside[GREEN])


async def test_a_weight_moves_the_picture_towards_its_word_or_away(studio: Studio) -> None:
    lighter, plain, heavier = [
        await redness(studio, UNDECIDED.replace("red", f"(red:{weight})")) for weight in (0.5, 1, 1.5)
    ]
    assert lighter < plain - 50 < heavier - 100
    assert lighter < -80
    assert heavier > 80
    assert await redness(studio, UNDECIDED.replace("green", "(green:1.5)")) < -80


async def test_a_weight_of_one_changes_no_pixel_and_the_words_stay_as_they_were_typed(studio: Studio) -> None:
    weighted = await studio.file("a (red:1) circle on a blue background")
    assert (pixels(weighted) == await studio.draw()).all()
    assert infotext(weighted).startswith("a (red:1) circle on a blue background\n")


@pytest.mark.parametrize("colour", ["blue", "green"])
async def test_words_beyond_the_77th_token_decide_the_background_and_their_author_is_told(
    studio: Studio, colour: str
) -> None:
    end = f"on a {colour} background"
    card = await studio.ask(f"a red circle{FILLER}, {end}")
    [content] = await studio.finish(card)
    outside = border(pixels(content))
    assert outside.argmax() == COLOURS[colour]
    assert outside.max() > np.median(outside) + 60
    assert middle(pixels(content)).argmax() == RED
    told = next(line for line in card.text.splitlines() if "a plain encoder would have dropped" in line)
    assert end in told


@pytest.mark.parametrize(("unwanted", "sign"), [("red", -1), ("green", 1)])
async def test_a_negative_prompt_moves_the_picture_away_from_its_word(studio: Studio, unwanted: str, sign: int) -> None:
    plain = await redness(studio, UNDECIDED)
    moved = await redness(studio, UNDECIDED, negative_prompt=unwanted)
    assert (moved - plain) * sign > 50
    assert moved * sign > 80


async def test_flags_draw_what_options_draw(studio: Studio) -> None:
    options = {"negative_prompt": "green", "seed": 9, "steps": 6, "scheduler": "DPM++ 2M Karras", "guidance": 4.0}
    typed = await studio.file(
        f'{UNDECIDED} --no green --seed 9 --steps 6 --sampler "DPM++ 2M Karras" --cfg 4 --refiner off',
        **dict.fromkeys((*options, "refiner")),
    )
    asked = await studio.file(UNDECIDED, **options)
    assert (pixels(typed) == pixels(asked)).all()
    assert recorded(typed).model_copy(update={"raw_prompt": None, "raw_negative_prompt": None}) == recorded(asked)


async def test_alternatives_become_one_of_them_which_is_drawn_and_recorded_beside_what_was_typed(
    studio: Studio,
) -> None:
    typed = "a {red|green|blue} circle on a white background"
    seen = set()
    for seed in range(20, 26):
        content = await studio.file(typed, seed=seed, steps=4)
        made = recorded(content)
        assert made.raw_prompt == typed
        colour = made.prompt.removeprefix("a ").removesuffix(" circle on a white background")
        assert middle(pixels(content)).argmax() == COLOURS[colour]
        assert infotext(content).startswith(f"{made.prompt}\n")
        assert (pixels(content) == await studio.draw(made.prompt, seed=seed, steps=4)).all()
        seen.add(colour)
    assert len(seen) > 1


async def test_a_wildcard_is_a_line_of_its_file_which_is_drawn_and_recorded(studio: Studio) -> None:
    folder = studio.server.folder / "wildcards"
    folder.mkdir()
    (folder / "paint.txt").write_text("green\n", encoding="utf-8")
    content = await studio.file("a __paint__ circle on a white background")
    assert middle(pixels(content)).argmax() == GREEN
    assert recorded(content).prompt == "a green circle on a white background"
    assert recorded(content).raw_prompt == "a __paint__ circle on a white background"


async def test_a_style_draws_what_its_words_draw(studio: Studio) -> None:
    noir = studio.server.application.generation.prompts.styles.get("noir")
    plain, styled = await studio.draw(), await studio.file(style="noir")
    assert difference(plain, pixels(styled)) > 10
    assert colourfulness(pixels(styled)) < colourfulness(plain) - 10
    by_hand = await studio.draw(noir.apply(PROMPT), negative_prompt=noir.negative)
    assert (pixels(styled) == by_hand).all()
    assert (recorded(styled).style, recorded(styled).raw_prompt) == ("noir", PROMPT)


async def test_the_more_there_is_of_a_lora_the_further_it_goes(studio: Studio) -> None:
    plain = await studio.file()
    drawn = [await studio.file(lora=f"ink:{weight}") for weight in (0.5, 0.75, 1)]
    # Ink has no colours.
    colours = [colourfulness(pixels(content)) for content in (plain, *drawn)]
    assert colours[0] > colours[1] + 2
    assert colours[1] > colours[2] + 50
    assert colours[2] > colours[3] + 20
    assert "<lora:ink:0.5>" in infotext(drawn[0])
    # The model is as it was.
    after = await studio.draw()
    assert (after == pixels(plain)).all()
    assert_shows_a_red_circle_on_blue(after)
