"""Which settings do nothing beside others, and that whoever said them is told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.comparison import AskedAxis
from bot.comparison.comparer import Comparer
from bot.effects import IDLE, idle_settings
from bot.layers import model_defaults
from bot.parameters import Parameters
from tests.factories import ENSEMBLE, make_parameters
from tests.prompts.reading import make_reader
from tests.simcord_app import SimulatedServer, server

__all__ = ["server"]

#: What is said, what does nothing of it, and what is to be changed so that it does something.
CASES: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"eta": 0.5}, "eta does nothing with the scheduler Euler", {"scheduler": "DDIM"}),
    (
        {"timestep_spacing": "trailing", "scheduler": "DPM++ 2M Karras"},
        "spacing does nothing with the scheduler DPM++ 2M Karras",
        {"scheduler": "DPM++ 2M"},
    ),
    (
        {"aesthetic_score": 9.0, "denoising_end": None},
        "aesthetic_score does nothing without the refiner",
        {"denoising_end": 0.8},
    ),
    (
        {"negative_aesthetic_score": 1.0, "denoising_end": None, "guidance_scale": 1.0},
        "negative_aesthetic_score does nothing without the refiner",
        {"denoising_end": 0.8, "guidance_scale": 5.0},
    ),
    (
        {"negative_prompt": "hands", "guidance_scale": 1.0},
        "negative_prompt does nothing at guidance 1: it takes more than 1",
        {"guidance_scale": 1.5},
    ),
    (
        {"guidance_rescale": 0.7, "guidance_scale": 0.5},
        "guidance_rescale does nothing at guidance 0.5: it takes more than 1",
        {"guidance_scale": 5.0},
    ),
    ({"variation_seed": 8}, "variation_seed does nothing without variation", {"variation_strength": 0.2}),
]


@pytest.mark.parametrize(("said", "remark", "cure"), CASES, ids=[next(iter(said)) for said, *_ in CASES])
def test_a_setting_that_does_nothing_is_told_and_one_that_does_is_not(
    said: dict[str, Any], remark: str, cure: dict[str, Any]
) -> None:
    assert list(map(str, idle_settings(make_parameters(**said), said))) == [remark]
    assert idle_settings(make_parameters(**said | cure), said) == []
    # Nobody has said it, or it says what is so anyway.
    assert idle_settings(make_parameters(**said), ()) == []
    assert idle_settings(make_parameters(), said) == []


def test_the_spacing_that_a_draft_brings_along_is_nobody_s() -> None:
    draft = make_parameters(scheduler="UniPC Karras", timestep_spacing="trailing", num_inference_steps=8, draft=True)
    assert idle_settings(draft, Parameters.model_fields) == []


def test_every_setting_of_the_table_is_one() -> None:
    assert {name for idle in IDLE for name in idle.fields} <= Parameters.model_fields.keys()


def test_a_sheet_tells_it_once_of_the_cells_where_it_is_so() -> None:
    comparer = Comparer(ENSEMBLE, make_reader())
    asked = [AskedAxis("scheduler", "Euler, DDIM, UniPC"), AskedAxis("steps", "10, 20")]
    _, remarks = comparer.compare({"prompt": "a fox --eta 0.5"}, model_defaults(ENSEMBLE), asked)
    assert list(map(str, remarks)) == [f"eta does nothing with the scheduler {name}" for name in ("Euler", "UniPC")]


async def test_the_card_says_what_does_nothing_in_a_flag_and_in_an_option(server: SimulatedServer) -> None:
    card = await server.imagine("a fox --eta 0.5", negative_prompt="hands", guidance=1.0, seed=7)
    lines = card.text.splitlines()
    assert "-# eta does nothing with the scheduler Euler" in lines
    assert r"-# negative\_prompt does nothing at guidance 1: it takes more than 1" in lines
    plain = await server.imagine("a fox", negative_prompt="hands", seed=7)
    assert "does nothing" not in plain.text
