"""Sheets of an image by the embedded model, from the command to the cells of the file in Discord."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from bot.executors.local import LocalExecutor
from bot.model_info import TINY, ModelInfo
from bot.sheet import plan_layout
from bot.ui.cards import DONE
from tests.cogs.test_compare import compare
from tests.diffusion.engine import OTHER_PROMPT, PROMPT, Pixels, difference, pixels
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

FEW_STEPS = "--steps 10 --refiner off"


async def drawn(server: SimulatedServer, card: Card) -> Pixels:
    await server.until(lambda: card.colour == DONE)
    [content] = card.files.values()
    return pixels(content)


async def cells_of(server: SimulatedServer, card: Card, job_id: int) -> list[Pixels]:
    """The cells of a sheet in their order, cut out of its file."""
    sheet = await drawn(server, card)
    comparison = (await server.job(job_id)).comparison
    assert comparison is not None
    boxes = map(plan_layout(comparison).box, range(len(comparison.cells)))
    return [sheet[upper : upper + height, left : left + width] for left, upper, width, height in boxes]


async def test_cells_move_away_from_the_image_with_strength_and_keep_what_a_mask_spares(
    server: SimulatedServer, tiny: ModelInfo
) -> None:
    await server.stop()
    options: dict[str, Any] = {"model_base": TINY, "model_refiner": TINY, "device": "cpu"}
    executor: Any = LocalExecutor(tiny, "cpu", assets=server.application.generation.assets)
    await server.start(executor, **options)
    await executor.ready()
    plain = await drawn(server, await server.imagine(f"{PROMPT} {FEW_STEPS}", seed=7))
    side = len(plain)
    image = ("plain.png", encoded(Image.fromarray(plain.astype(np.uint8)), "PNG"))

    prompt = f"{OTHER_PROMPT} {FEW_STEPS}"
    card = await compare(
        server, "strength", prompt, image=image, values="10%, 20%, 90%", second_axis="seed", second_values="7, 8"
    )
    cells = await cells_of(server, card, 2)
    assert [cell.shape for cell in cells] == [(side, side, 3)] * 6
    for row in (cells[:3], cells[3:]):
        little, more, much = [difference(plain, cell) for cell in row]
        assert 0 < little < more < much
        assert little < much / 2
    assert difference(cells[2], cells[5]) > difference(cells[0], cells[3])

    [card] = await card.press("Again")
    again = [difference(plain, cell) for cell in await cells_of(server, card, 3)]
    assert again[0] < again[2]

    part = slice(side // 4, side // 2)
    spared = np.ones((side, side), dtype=bool)
    spared[part, part] = False
    mask = ("mask.png", encoded(Image.fromarray(np.where(spared, 0, 255).astype(np.uint8)), "PNG"))
    card = await compare(server, "mask_padding", prompt, image=image, mask=mask, values="off, 8")
    whole, near = await cells_of(server, card, 4)
    for cell in (whole, near):
        assert (cell[spared] == plain[spared]).all()
        assert difference(cell[part, part], plain[part, part]) > 20
    assert difference(whole, near) > 0
