"""A picture of the embedded model, made again from what Discord keeps of it, by the process that makes all pictures."""

from __future__ import annotations

from bot.executors.local import LocalExecutor
from bot.model_info import TINY, ModelInfo
from bot.ui.cards import DONE
from tests.cogs.menus import REMAKE, chosen, post, shown
from tests.infotext.files import png_of
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

FOREIGN = "a red circle\nSteps: 2, Sampler: Euler, CFG scale: 3, Seed: 5, Size: 128x128, Version: v1.10.1"


async def until_done(server: SimulatedServer, card: Card) -> bytes:
    await server.until(lambda: card.colour == DONE)
    [(_, content)] = card.files.items()
    return content


async def test_our_picture_is_remade_pixel_by_pixel_and_another_programs_comes_near(
    server: SimulatedServer, tiny: ModelInfo
) -> None:
    await server.stop()
    executor = LocalExecutor(tiny, "cpu")
    await server.start(executor, model_base=TINY, model_refiner=TINY, device="cpu")  # type: ignore[arg-type]
    await executor.ready()
    card = await server.imagine("a red circle", steps=2, seed=41)
    original = await until_done(server, card)
    for picture in (server.folder / "pictures").iterdir():
        picture.unlink()  # so that only Discord's copy is left

    result = await chosen(server, REMAKE, shown(server, card))
    [again] = await Form(server, result, server.bob).send()
    assert await until_done(server, again) == original
    assert "-# Pixels match the original exactly." in again.text.splitlines()

    result = await chosen(server, REMAKE, await post(server, png_of({"parameters": FOREIGN})))
    [near] = await Form(server, result, server.bob).send()
    await until_done(server, near)
    assert "Made by A1111, which draws other noise for a seed: the picture comes near, and its pixels" in near.text
    assert "The original has another size." in near.text
