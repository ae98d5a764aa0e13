"""What `/imagine` and the buttons do to the picture: the embedded model, from the command to the file in Discord."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bot.canvas import Direction, extend
from tests.cogs.drawing import BLUE, RED, Studio, as_upload, assert_shows_a_red_circle_on_blue, infotext, recorded
from tests.diffusion.engine import (
    OTHER_PROMPT,
    PROMPT,
    Pixels,
    border,
    colourfulness,
    difference,
    middle,
    pixels,
    resized,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What no word says is the noise's to say.
VAGUE = "a circle"
#: What draws another picture of the same, by what the infotext then says.
MOVES: dict[str, dict[str, Any]] = {
    "Sampler spacing: trailing": {"spacing": "trailing"},
    "Sampler spacing: linspace": {"spacing": "linspace"},
    "Sampler timesteps: ": {"spacing": "AYS"},
    'Sampler timesteps: "999, 850, 700, ': {"advanced": "timesteps: 999, 850, 700, 550, 400, 250, 120, 40"},
    "CFG scale: 6.0": {"guidance": 6.0},
    "CFG rescale: 0.7": {"guidance_rescale": 0.7},
    "Clip skip: 3": {"clip_skip": 1},
    "Original size: 512x256": {"advanced": "original_size: 512x256"},
    "Target size: 512x256": {"advanced": "target_size: 512x256"},
    "Crop top left: 0x32": {"advanced": "crop: 0,32"},
    "Negative original size: 32x16": {"advanced": "negative_original_size: 32x16"},
    "Negative target size: 32x16": {"advanced": "negative_target_size: 32x16"},
    "Negative crop top left: 0x32": {"advanced": "negative_crop: 0,32"},
    "Prompt 2: a green square": {"advanced": "prompt_2: a green square"},
    "Variation seed: 8, Variation seed strength: 0.15": {"variation": 0.15, "variation_seed": 8},
    "Negative prompt 2: a green square": {"advanced": "negative_prompt_2: a green square"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain(studio: Studio) -> Pixels:
    """The picture with nothing said but the usual."""
    return await studio.draw(spacing="leading")


@pytest.mark.parametrize(("told", "options"), MOVES.items(), ids=MOVES)
async def test_it_draws_another_picture_of_the_same_which_tells_it(
    studio: Studio, plain: Pixels, told: str, options: dict[str, Any]
) -> None:
    content = await studio.file(**{"spacing": "leading", **options})
    picture = pixels(content)
    assert difference(plain, picture) > 0
    assert middle(picture).argmax() == RED
    assert border(picture).argmax() == BLUE
    assert told in infotext(content)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"advanced": "timesteps: 876, 751, 626, 501, 376, 251, 126, 1", "spacing": None},
        {"advanced": "eta: 1"},
        {"advanced": "aesthetic_score: 1, negative_aesthetic: 9"},
        {"advanced": "original_size: 128x128, target_size: 128x128, crop: 0,0"},
        {"advanced": f"prompt_2: {PROMPT}"},
        {"variation_seed": 8},
        {"lora": "ink:0"},
    ],
    ids=[
        "nothing",
        "the timesteps that it takes anyway",
        "eta, which Euler has not",
        "aesthetic scores, which only the refiner reads",
        "the size that it has",
        "the same for the second encoder",
        "a seed that it does not turn to",
        "nothing of a LoRA",
    ],
)
async def test_it_changes_no_pixel(studio: Studio, plain: Pixels, options: dict[str, Any]) -> None:
    assert (await studio.draw(**{"spacing": "leading", **options}) == plain).all()


async def test_eta_adds_noise_where_the_scheduler_has_it(studio: Studio) -> None:
    without, with_it = [await studio.draw(scheduler="DDIM", advanced=f"eta: {eta}") for eta in (0, 1)]
    assert difference(without, with_it) > 0
    assert_shows_a_red_circle_on_blue(with_it)


async def test_the_rescale_takes_the_glare_of_a_high_guidance(studio: Studio) -> None:
    glaring, less, least = [
        colourfulness(await studio.draw(guidance=12.0, guidance_rescale=rescale)) for rescale in (0.0, 0.7, 1.0)
    ]
    assert glaring > less + 1 > least + 2
    unguided = [await studio.draw(guidance=1.0, guidance_rescale=rescale) for rescale in (0.0, 0.7)]
    assert (unguided[0] == unguided[1]).all()


async def test_the_refiner_changes_a_little_and_its_aesthetic_scores_how(studio: Studio, plain: Pixels) -> None:
    refined = await studio.draw(refiner="on", spacing="leading")
    another = difference(plain, await studio.draw(OTHER_PROMPT))
    assert 0 < difference(plain, refined) < another / 10
    for advanced in ("aesthetic_score: 1", "negative_aesthetic: 9"):
        moved = await studio.draw(refiner="on", spacing="leading", advanced=advanced)
        assert 0 < difference(refined, moved) < another / 10
        assert_shows_a_red_circle_on_blue(moved)
    sooner = await studio.file(refiner_from=0.5, refiner="on")
    assert "Refiner switch at: 0.5" in infotext(sooner)
    assert difference(refined, pixels(sooner)) > 0


async def test_an_image_stays_the_more_the_lower_the_strength(studio: Studio, plain: Pixels) -> None:
    little, much = [
        await studio.draw(OTHER_PROMPT, image=as_upload(plain), strength=strength) for strength in (0.15, 0.9)
    ]
    assert difference(plain, little) < difference(plain, much) / 2


async def test_what_the_mask_leaves_black_stays_to_the_last_bit(studio: Studio, plain: Pixels) -> None:
    side = len(plain)
    half = Image.new("L", (side, side))
    half.paste(255, (side // 2, 0, side, side))
    repainted = await studio.draw(OTHER_PROMPT, image=as_upload(plain), mask=as_upload(half))
    assert (repainted[:, : side // 2] == plain[:, : side // 2]).all()
    assert difference(repainted[:, side // 2 :], plain[:, side // 2 :]) > 20


async def test_a_second_pass_has_the_size_that_was_asked_for(studio: Studio, plain: Pixels) -> None:
    side = len(plain)
    larger = await studio.draw(image=as_upload(plain), advanced=f"upscaler: latent, size: {2 * side}x{2 * side}")
    assert larger.shape == (2 * side, 2 * side, 3)


@pytest.mark.parametrize("images", [1, 2, 3, 4])
async def test_so_many_images_are_as_many_pictures_each_as_its_own_seed_draws_it(studio: Studio, images: int) -> None:
    files = await studio.finish(await studio.ask(VAGUE, images=images, steps=4))
    drawn = [pixels(content) for content in files]
    assert len({picture.tobytes() for picture in drawn}) == images
    assert [recorded(content).seed for content in files] == list(range(7, 7 + images))
    alone = await studio.draw(VAGUE, seed=6 + images, steps=4)
    assert np.abs(drawn[-1] - alone).max() <= 1


async def test_variations_differ_and_the_subtle_less_than_the_strong_and_those_less_than_other_seeds(
    studio: Studio,
) -> None:
    card = await studio.ask(VAGUE, images=4)
    first, *others = [pixels(content) for content in await studio.finish(card)]
    [choice] = await card.press("V1")
    moved = [[difference(first, other) for other in others]]
    for label in ("Strong", "Subtle"):
        [varied] = await choice.press(label)
        files = await studio.finish(varied)
        assert len(files) == 4
        moved.append([difference(first, pixels(content)) for content in files])
    by_seed, strong, subtle = moved
    assert min(subtle) > 0
    assert np.mean(subtle) < np.mean(strong) < np.mean(by_seed)
    by_option = difference(first, await studio.draw(VAGUE, variation=0.15, variation_seed=8))
    assert 0 < by_option < np.mean(strong)


async def test_upscale_doubles_the_size_and_keeps_what_is_shown(studio: Studio) -> None:
    card = await studio.ask()
    [content] = await studio.finish(card)
    picture = pixels(content)
    side = len(picture)
    [answer] = await card.press("Upscale")
    [larger] = map(pixels, await studio.finish(answer))
    assert larger.shape == (2 * side, 2 * side, 3)
    another = difference(picture, await studio.draw(OTHER_PROMPT))
    assert difference(picture, resized(larger, side)) < another / 5
    assert_shows_a_red_circle_on_blue(resized(larger, side))


@pytest.mark.parametrize("direction", [Direction.OUT, Direction.RIGHT])
async def test_extend_keeps_the_picture_and_draws_on_around_it(studio: Studio, direction: Direction) -> None:
    card = await studio.ask()
    [content] = await studio.finish(card)
    canvas, mask = extend(Image.fromarray(pixels(content).astype(np.uint8)), direction)
    [choice] = await card.press_more("Extend")
    [answer] = await choice.press(direction.capitalize())
    [wider] = map(pixels, await studio.finish(answer))
    assert wider.shape[1::-1] == canvas.size
    before, kept = np.asarray(canvas, dtype=np.int16), np.asarray(mask) == 0
    assert 0.3 < kept.mean() < 0.7
    assert (wider[kept] == before[kept]).all()
    assert difference(wider[~kept], before[~kept]) > 0
    # Its prompt wants a blue background, which goes on.
    assert wider[~kept].mean(axis=0).argmax() == BLUE


async def test_a_draft_that_is_finished_is_the_picture_that_all_steps_draw(studio: Studio) -> None:
    card = await studio.ask(draft=True, steps=None)
    [draft] = await studio.finish(card)
    [answer] = await card.press_more("Finish")
    [finished] = await studio.finish(answer)
    at_once = await studio.file(steps=30, spacing="trailing")
    assert (pixels(finished) == pixels(at_once)).all()
    assert (
        0
        < difference(pixels(draft), pixels(finished))
        < difference(await studio.draw(OTHER_PROMPT), pixels(draft)) / 10
    )
