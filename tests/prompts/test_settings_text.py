"""Settings as lines: every field comes back as it was, people's own names are read, and mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.drafting import DRAFTED, draft_settings
from bot.errors import InvalidParameters
from bot.model_info import ModelInfo
from bot.parameters import Lora, Parameters
from bot.prompts.settings_text import mark, read_settings, write_settings
from tests.factories import BASE_ALONE, ENSEMBLE, make_parameters
from tests.prompts.reading import make_reader

FLAGS = make_reader().flags
INPUT = "0123456789abcdef" * 4
#: Each field that has a line, at a value that nobody gets by default.
UNUSUAL: dict[str, Any] = {
    "width": 832,
    "height": 1216,
    "num_inference_steps": 4,
    "guidance_scale": 7.5,
    "guidance_rescale": 0.7,
    "scheduler": "DPM++ 2M",
    "seed": 99,
    "num_images_per_prompt": 3,
    "clip_skip": 2,
    "eta": 0.5,
    "denoising_end": None,
    "aesthetic_score": 7.0,
    "negative_aesthetic_score": 1.5,
    "original_size": (1216, 832),
    "crops_coords_top_left": (8, 16),
    "target_size": (640, 1536),
    "negative_original_size": (512, 768),
    "negative_crops_coords_top_left": (1, 2),
    "negative_target_size": (300, 400),
    "timesteps": (999, 750, 500, 250),
    "timestep_spacing": "trailing",
    "image": INPUT,
    "mask_image": INPUT,
    "padding_mask_crop": 32,
    "strength": 0.35,
    "upscaler": "4x Foo",
    "variation_seed": 8,
    "variation_strength": 0.2,
    "loras": (Lora(name="ink", weight=0.8), Lora(name="old paper", weight=-1)),
    "style": "ink",
}
#: The texts, which are edited elsewhere, and what stands in place of the steps.
TEXTS = {"prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "raw_prompt", "raw_negative_prompt", "draft"}


def read(text: str, model: ModelInfo = ENSEMBLE) -> dict[str, Any]:
    return read_settings(text, FLAGS, model).changes


def test_every_field_has_a_line_that_reads_back_as_it_was() -> None:
    assert {*UNUSUAL, *TEXTS} == set(Parameters.model_fields)
    assert read("\n".join(write_settings(UNUSUAL, ENSEMBLE).values())) == UNUSUAL


def test_an_ordinary_request_shows_what_people_change_and_no_more() -> None:
    lines = write_settings(make_parameters().model_dump(), ENSEMBLE)
    assert list(lines.values()) == [
        "size: 1024x1024",
        "steps: 30",
        "guidance: 5",
        "scheduler: Euler",
        "seed: 7",
        "images: 1",
        "refiner_from: 0.8",
    ]


def test_a_draft_has_a_line_of_its_own_in_place_of_its_steps() -> None:
    asked = make_parameters(**draft_settings(ENSEMBLE)).model_dump()
    lines = list(write_settings(asked, ENSEMBLE).values())
    assert "draft: on" in lines
    assert not [line for line in lines if line.startswith(("steps", "spacing"))]
    untouched = read_settings("\n".join(lines), FLAGS, ENSEMBLE, {mark(line) for line in lines})
    assert {name: untouched.beneath[name] for name in DRAFTED} == draft_settings(ENSEMBLE)
    # The steps of another model's draft are just steps.
    others = write_settings({**asked, "num_inference_steps": 5}, ENSEMBLE).values()
    assert "steps: 5" in others
    assert "draft: on" not in others


def test_people_s_own_names_and_spellings_are_read() -> None:
    assert read("CFG scale: 7\nSampler = dpm++ 2m karras\n--ar: wide\n\nclip skip: 2\nstyle:\nSteps : 12  ") == {
        "guidance_scale": 7.0,
        "scheduler": "DPM++ 2M Karras",
        "width": 1344,
        "height": 768,
        "clip_skip": 2,
        "num_inference_steps": 12,
    }


def test_a_refiner_that_is_turned_on_takes_over_where_it_usually_does() -> None:
    assert read("refiner: on") == {"denoising_end": 0.8}
    assert read("refiner: on", BASE_ALONE) == {"denoising_end": 0.8}


def test_lines_left_as_they_were_are_told_from_those_that_were_written() -> None:
    lines = write_settings(make_parameters().model_dump(), ENSEMBLE)
    text = "\n".join(lines.values()).replace("steps: 30", "steps: 12")
    settings = read_settings(text, FLAGS, ENSEMBLE, {mark(line) for line in lines.values()})
    assert settings.changes == {"num_inference_steps": 12}
    assert (settings.beneath["seed"], settings.beneath["width"]) == (7, 1024)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("setps: 30", "“setps” is no setting. Nearest: steps."),
        ("30 steps", "“30 steps” is no setting. Write its name, a colon and a value, as in steps: 30."),
        ("steps: many", "steps: takes a whole number, as in steps: 30, not “many”."),
        ("image: cat.png", "image: “cat.png” is no picture that is kept here. Leave the line as it was, or delete it."),
        ("masc: 1\nseed: x", "“masc” is no setting. Nearest: mask, size, images. seed: takes"),
    ],
)
def test_each_line_that_is_wrong_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        read(text)
    assert str(refused.value).startswith(sentence)
