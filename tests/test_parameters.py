"""Limits, defaults and the merge of parameters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameters
from bot.layers import merge
from bot.model_info import SDXL_BASE, SDXL_REFINER, ModelInfo
from bot.parameters import MAX_SEED, Parameters

PAIR = ModelInfo(SDXL_BASE, SDXL_REFINER)
ALONE = ModelInfo(SDXL_BASE, None)


def test_a_later_layer_wins_over_an_earlier_one() -> None:
    merged = merge(PAIR, {"prompt": "a fox", "num_inference_steps": 20}, {"num_inference_steps": 40, "seed": ...})
    assert merged.num_inference_steps == 40
    assert merged.width == merged.height == 1024
    assert merged.denoising_end == 0.8


def test_without_a_refiner_the_base_draws_alone() -> None:
    assert merge(ALONE, {"prompt": "a fox"}).denoising_end is None
    with pytest.raises(InvalidParameters, match="No refiner is loaded here"):
        merge(ALONE, {"prompt": "a fox", "denoising_end": 0.8})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prompt": "  "}, "prompt is empty. Say what the picture should show."),
        ({"prompt": "x" * 6000}, "prompt has 6,000 characters; at most 2,000 are read. Shorten it."),
        ({"width": 100}, "width must be divisible by 8, and 100 is not: 96 or 104 would do."),
        ({"num_inference_steps": 0}, "steps must be a whole number from 1 to 150, not 0."),
        ({"seed": -1}, f"seed must be a whole number from 0 to {MAX_SEED}, not -1."),
        ({"denoising_end": 1.0}, "refiner_from must be above 0 and below 1, not 1.0."),
        (
            {"num_inference_steps": 1},
            "The refiner needs at least 2 steps: one for the base, one for itself. Raise steps or turn it off.",
        ),
        ({"stepz": 3}, "“stepz” is not a parameter."),
    ],
)
def test_bad_input_gets_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        merge(PAIR, {"prompt": "a fox"}, changes)
    assert str(caught.value) == sentence


@given(st.text('abcdefghij ,()"ä漢', min_size=1, max_size=200).filter(str.strip), st.integers(0, MAX_SEED))
def test_parameters_survive_json(prompt: str, seed: int) -> None:
    parameters = merge(PAIR, {"prompt": prompt, "seed": seed})
    assert Parameters.model_validate_json(parameters.model_dump_json()) == parameters


def test_image_k_has_the_seed_plus_k() -> None:
    parameters = merge(PAIR, {"prompt": "a fox", "seed": MAX_SEED, "num_images_per_prompt": 4})
    assert [parameters.of_image(k).seed for k in range(3)] == [MAX_SEED, 0, 1]
    assert parameters.of_image(1).num_images_per_prompt == 1
