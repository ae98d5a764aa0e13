"""Settings in one line: by names with colons, or by flags; what is none of them is said."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import InvalidParameters
from bot.parameters import Lora, Parameters
from bot.prompts import PromptReader
from bot.prompts.advanced import examples, read_advanced
from bot.prompts.styles import load_styles
from tests.factories import ENSEMBLE

FLAGS = PromptReader(ENSEMBLE, load_styles()).flags


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("", {}),
        (" , ", {}),
        ("eta: 0.5", {"eta": 0.5}),
        ("eta:0.5 steps=20;clip_skip: 2", {"eta": 0.5, "num_inference_steps": 20, "clip_skip": 2}),
        ("timesteps: 999,500,10, crop: 8,0", {"timesteps": (999, 500, 10), "crops_coords_top_left": (8, 0)}),
        ("timesteps: 999, 500, 10, eta: 0.5", {"timesteps": (999, 500, 10), "eta": 0.5}),
        ("aesthetic_score: 7, negative-aesthetic: 2", {"aesthetic_score": 7.0, "negative_aesthetic_score": 2.0}),
        ("lora: ink:0.8,paper:0.5", {"loras": (Lora(name="ink", weight=0.8), Lora(name="paper", weight=0.5))}),
        ("prompt_2: oil on canvas, thick: paint, eta: 1", {"prompt_2": "oil on canvas, thick: paint", "eta": 1.0}),
        ("no: hands, text", {"negative_prompt": "hands, text"}),
        ("refiner: on", {"denoising_end": 0.8}),
        ("refiner: off", {"denoising_end": None}),
        ("upscaler: latent", {"upscaler": "latent"}),
        ("size: 1216x832", {"width": 1216, "height": 832}),
        ("--eta 0.5 --crop 8,0", {"eta": 0.5, "crops_coords_top_left": (8, 0)}),
        ("—refiner on --no hands", {"denoising_end": 0.8, "negative_prompt": "hands"}),
    ],
)
def test_settings_are_read_in_both_ways(text: str, changes: dict[str, Any]) -> None:
    assert read_advanced(text, FLAGS, ENSEMBLE) == (changes, [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("etta: 0.5", "“etta” is no setting. Nearest: eta."),
        ("eta: 0.5; stepps: 3", "“stepps” is no setting. Nearest: steps, style."),
        ("eta: many", "eta: takes a number, as in eta: 0.5, not “many”."),
        ("more beauty", "“more beauty” is no setting. Write a name, a colon and a value, as in eta: 0.5, crop: 0,0."),
        ("very eta: 1", "“very” is no setting. Write a name, a colon and a value, as in eta: 0.5, crop: 0,0."),
        ("--etta 1", "--etta is unknown. Nearest: --eta. In double quotes it stays text."),
        ("--eta 1 much", "“much” is no setting. Write a name, a colon and a value, as in eta: 0.5, crop: 0,0."),
    ],
)
def test_what_is_no_setting_is_said_with_what_would_be(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        read_advanced(text, FLAGS, ENSEMBLE)
    assert str(caught.value) == sentence


def test_every_example_is_one() -> None:
    for name, example in examples(ENSEMBLE).items():
        changes, _ = read_advanced(f"{name}: {example}", FLAGS, ENSEMBLE)
        assert set(changes) <= {*Parameters.model_fields, "draft"}, name
        assert changes, name
