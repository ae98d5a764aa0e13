"""What several members ask for while the model is busy is drawn together, and each gets their own picture."""

from __future__ import annotations

import numpy as np
import pytest

from bot.diffusion.sdxl import StableDiffusionXL
from bot.ui.cards import WORKING
from tests.cogs.drawing import Studio, assert_shows_a_red_circle_on_blue, recorded
from tests.diffusion.engine import OTHER_PROMPT, PROMPT, pixels

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "a (green:1.2) square" + ", drawn with a fine pen" * 16


async def test_waiting_members_are_served_together_and_each_gets_their_own_picture(
    studio: Studio, sdxl: StableDiffusionXL
) -> None:
    server = studio.server
    busy = await studio.ask(steps=150, scheduler="DDIM")
    await server.until(lambda: busy.colour == WORKING)
    asked = [
        (PROMPT, await server.imagine(PROMPT, server.alice, seed=1, steps=8)),
        ("another number of steps", await server.imagine("another number of steps", server.mira, seed=1, steps=9)),
        (OTHER_PROMPT, await server.imagine(OTHER_PROMPT, server.bob, seed=2, steps=8)),
        (LONG, await server.imagine(LONG, server.mira, seed=3, steps=8)),
    ]
    await busy.press("Cancel")
    for prompt, card in asked:
        (content,) = await studio.finish(card)
        parameters = recorded(content)
        assert parameters.prompt == prompt
        # What the same command would have drawn alone.
        assert np.abs(pixels(content) - pixels(sdxl(parameters)[0])).max() <= 1
    assert_shows_a_red_circle_on_blue(pixels(*asked[0][1].files.values()))
    first, odd, *others = [(await server.job(job_id)).started_at for job_id in (2, 3, 4, 5)]
    assert set(others) == {first}
    assert odd != first
