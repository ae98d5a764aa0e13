"""What the options of `/imagine` do to the picture: the embedded model, from the command to the file in Discord."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
from PIL import Image

from bot.diffusion.assets import Assets
from bot.executors.local import LocalExecutor
from bot.model_info import TINY, ModelInfo
from bot.ui.cards import DONE
from tests.diffusion.engine import LORAS, Pixels, colourfulness, difference, pixels
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer

PROMPT = "a red circle on a blue background"
OTHER_PROMPT = "a yellow star on a green background"


async def draw(server: SimulatedServer, prompt: str = PROMPT, **options: Any) -> Pixels:
    """Ask for it, and wait for the picture that everybody sees."""
    card = await server.imagine(prompt, **{"seed": 7, "steps": 8, "refiner": "off", **options})
    await server.until(lambda: card.colour == DONE)
    [content] = card.files.values()
    return pixels(content)


async def test_each_option_changes_the_picture_as_it_says(server: SimulatedServer, tiny: ModelInfo) -> None:
    await server.stop()
    shutil.copytree(LORAS, server.folder / "loras")
    executor = LocalExecutor(tiny, "cpu", assets=Assets(server.folder / "inputs", server.folder / "loras"))
    await server.start(executor, model_base=TINY, model_refiner=TINY, device="cpu")  # type: ignore[arg-type]
    await executor.ready()
    plain = await draw(server)
    side = len(plain)
    image = ("plain.png", encoded(Image.fromarray(plain.astype(np.uint8)), "PNG"))

    little, much = [await draw(server, OTHER_PROMPT, image=image, strength=strength) for strength in (0.15, 0.9)]
    assert difference(plain, little) < difference(plain, much) / 2

    half = Image.new("L", (side, side))
    half.paste(255, (side // 2, 0, side, side))
    repainted = await draw(server, OTHER_PROMPT, image=image, mask=("mask.png", encoded(half, "PNG")))
    assert (repainted[:, : side // 2] == plain[:, : side // 2]).all()
    assert difference(repainted[:, side // 2 :], plain[:, side // 2 :]) > 20

    another = difference(plain, await draw(server, seed=8))
    assert 0 < difference(plain, await draw(server, variation=0.15, variation_seed=8)) < another
    assert colourfulness(await draw(server, lora="ink")) < colourfulness(plain) / 2
    larger = await draw(server, image=image, advanced=f"upscaler: latent, size: {2 * side}x{2 * side}")
    assert larger.shape == (2 * side, 2 * side, 3)
    # Nearly the same picture, since both go the same way down.
    assert 0 < difference(plain, await draw(server, spacing="AYS")) < another
