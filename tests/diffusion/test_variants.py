"""What the buttons make of a picture, as the pictures show it: variations, an upscale, and canvases filled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.canvas import Direction, extend
from bot.services.variants import enlarged_size, extended, upscaled, variation
from tests.diffusion.engine import OTHER_PROMPT, Engine, Pixels, border, difference, middle, pixels, resized

STEPS = 8


def draw(engine: Engine, changes: dict[str, Any]) -> Pixels:
    return engine.draw(**changes)


def original(engine: Engine) -> tuple[dict[str, Any], Pixels]:
    parameters = engine.ask(denoising_end=None, num_inference_steps=STEPS)
    return parameters.model_dump(), pixels(engine.sdxl(parameters)[0])


def test_a_subtle_variation_differs_and_less_than_a_strong_one_and_another_seed(engine: Engine) -> None:
    # What no word says is the noise's to say.
    parameters = engine.ask(denoising_end=None, num_inference_steps=STEPS, prompt="a circle")
    picture = draw(engine, parameters.model_dump())
    seeds = (11, 12, 13)

    def mean(pictures: list[dict[str, Any]]) -> float:
        return float(np.mean([difference(picture, draw(engine, each)) for each in pictures]))

    subtle = mean([variation(parameters, strong=False) | {"variation_seed": seed} for seed in seeds])
    strong = mean([variation(parameters, strong=True) | {"variation_seed": seed} for seed in seeds])
    others = mean([parameters.model_dump() | {"seed": seed} for seed in seeds])
    assert 0 < subtle < strong < others


def test_an_upscale_is_twice_as_large_and_shows_the_same(engine: Engine) -> None:
    said, picture = original(engine)
    parameters = engine.ask(**said)
    width, height, remarks = enlarged_size(parameters.width, parameters.height)
    larger = draw(engine, upscaled(parameters, engine.keep(picture), "latent", (width, height)))
    assert larger.shape == (2 * engine.size, 2 * engine.size, 3)
    assert remarks == ()
    another = draw(engine, said | {"prompt": OTHER_PROMPT})
    assert difference(resized(larger, engine.size), picture) < difference(another, picture) / 3


def share_of_red(picture: Pixels) -> NDArray[np.float64]:
    """How far each pixel is on the way from the blue background to the red circle."""
    way = middle(picture) - border(picture)
    return np.asarray((picture - border(picture)) @ way / (way @ way))


def test_an_upscaled_circle_keeps_its_outline_and_its_edge_is_sharper(engine: Engine) -> None:
    parameters = engine.ask()
    picture = draw(engine, parameters.model_dump())
    size = 2 * engine.size, 2 * engine.size
    larger = share_of_red(draw(engine, upscaled(parameters, engine.keep(picture), "latent", size)))
    only_stretched = Image.fromarray(picture.astype(np.uint8)).resize(size, Image.Resampling.LANCZOS)
    before = share_of_red(np.asarray(only_stretched, dtype=np.int16))
    assert np.mean((larger > 0.5) != (before > 0.5)) < 0.02
    edges = [np.mean((shares > 0.1) & (shares < 0.9)) for shares in (larger, before)]
    assert edges[0] < 0.6 * edges[1]


def test_an_upscale_goes_on_with_the_lora_of_its_picture(engine: Engine) -> None:
    parameters = engine.ask(num_inference_steps=STEPS, loras=({"name": "ink"},))
    picture = draw(engine, parameters.model_dump())
    size = 2 * engine.size, 2 * engine.size
    larger = draw(engine, upscaled(parameters, engine.keep(picture), "latent", size))
    assert difference(resized(larger, engine.size), picture) < 10
    assert engine.remarks == []


def test_zoomed_out_the_picture_stands_in_the_middle_and_the_rest_is_drawn(engine: Engine) -> None:
    said, picture = original(engine)
    canvas, mask = extend(Image.fromarray(picture.astype(np.uint8)), Direction.OUT)
    ids = engine.keep(canvas), engine.keep(mask)
    wider = draw(engine, extended(engine.ask(**said), *ids, canvas) | {"seed": 11})
    kept = np.asarray(mask) == 0
    assert 0.3 < kept.mean() < 0.5
    assert (wider[kept] == np.asarray(canvas, dtype=np.int16)[kept]).all()
    assert difference(wider[~kept], np.asarray(canvas, dtype=np.int16)[~kept]) > 0


def test_a_pan_keeps_the_picture_and_draws_on_beside_it(engine: Engine) -> None:
    said, picture = original(engine)
    canvas, mask = extend(Image.fromarray(picture.astype(np.uint8)), Direction.LEFT)
    ids = engine.keep(canvas), engine.keep(mask)
    wider = draw(engine, extended(engine.ask(**said), *ids, canvas) | {"seed": 11})
    size = engine.size
    assert wider.shape == (size, size * 3 // 2, 3)
    assert (wider[:, size // 2 + 8 :] == picture[:, 8:]).all()
    # Its prompt wants a blue background, which goes on.
    assert wider[:4, : size // 2].mean(axis=(0, 1)).argmax() == picture[:4].mean(axis=(0, 1)).argmax()
