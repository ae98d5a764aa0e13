"""What the pipelines are told: all three the same, each under its own names."""

from __future__ import annotations

from typing import Any

import pytest

from bot.diffusion.arguments import base_arguments, base_prompts, from_image, refiner_arguments, refiner_prompts
from tests.factories import make_parameters

SIZE = (768, 1024)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, ((0, 0), SIZE, SIZE)),
        ({"crops_coords_top_left": (256, 8)}, ((256, 8), SIZE, SIZE)),
        ({"crops_coords_top_left": (256, 8), "negative_crops_coords_top_left": (0, 0)}, ((0, 0), SIZE, SIZE)),
        ({"negative_crops_coords_top_left": (64, 0)}, ((64, 0), SIZE, SIZE)),
        ({"crops_coords_top_left": (8, 8), "negative_original_size": (32, 16)}, ((8, 8), (32, 16), SIZE)),
        ({"original_size": (512, 512), "negative_target_size": (64, 64)}, ((0, 0), (512, 512), (64, 64))),
    ],
)
def test_what_is_not_said_of_the_negative_is_the_positive_one_in_every_pipeline(
    said: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    parameters = make_parameters(width=1024, height=768, denoising_end=0.8, **said)
    base = base_arguments(parameters)
    for arguments in (base, from_image(base), refiner_arguments(parameters)):
        told = [arguments[f"negative_{name}"] for name in ("crops_coords_top_left", "original_size", "target_size")]
        assert tuple(told) == wanted


@pytest.mark.parametrize(
    ("said", "prompt", "negative"),
    [
        ({}, "a fox", None),
        ({"prompt_2": "oil on canvas"}, "a fox, oil on canvas", None),
        ({"prompt_2": "a fox"}, "a fox", None),
        ({"negative_prompt": "hands"}, "a fox", "hands"),
        ({"negative_prompt_2": "photograph"}, "a fox", "photograph"),
        ({"negative_prompt": "hands", "negative_prompt_2": "photograph"}, "a fox", "hands, photograph"),
    ],
)
def test_the_refiner_reads_what_both_encoders_of_the_base_read(
    said: dict[str, str], prompt: str, negative: str | None
) -> None:
    parameters = make_parameters(prompt="a fox", **said)
    told = refiner_prompts(parameters)
    assert (told.prompt_2, told.negative_prompt_2) == (prompt, negative)
    assert base_prompts(parameters).prompt_2 == said.get("prompt_2", "a fox")
