"""Partial parameters: one shape, and complete they are always valid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameters
from bot.parameters import Lora
from bot.presets.layering import Laid, lay
from bot.presets.partial import FIELDS, checked, readable, to_json
from bot.presets.reading import TEXTS, look_of, read_fields, read_preset, write_settings_lines
from bot.prompts.flags import FlagReader
from bot.prompts.styles import Style, Styles
from tests.factories import ENSEMBLE, make_parameters
from tests.presets.drawn import partials, presets

STYLES = Styles([Style("ink", "", "{prompt} in ink", "a photo"), Style("photo", "", "{prompt}, photo")])
FLAGS = FlagReader(1024, STYLES)


def checked_or_refused(values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    try:
        return checked(values)[0], ""
    except InvalidParameters as error:
        return {}, str(error)


@given(partials)
def test_what_was_checked_once_stays_as_it_is(values: dict[str, Any]) -> None:
    assert checked(values) == (values, [])
    assert checked(to_json(values)) == (values, [])


@given(st.dictionaries(st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers() | st.floats() | st.text()))
def test_whatever_a_preset_says_it_is_right_or_refused_in_a_sentence(values: dict[str, Any]) -> None:
    kept, refusal = checked_or_refused(values)
    assert checked(kept) == (kept, [])
    assert refusal.endswith((".", "…")) or not refusal


@given(presets, presets, presets)
def test_laying_is_associative_and_idempotent(one: Any, two: Any, three: Any) -> None:
    a, b, c = map(Laid.of, (one, two, three))
    assert lay(lay(a, b), c) == lay(a, lay(b, c)) == lay(a, b, c)
    assert lay(a, a) == a
    assert lay(a, Laid()) == lay(Laid(), a) == a


@given(presets, presets)
def test_the_upper_says_what_holds_unless_it_is_locked_and_every_field_has_its_source(one: Any, two: Any) -> None:
    lower, upper = Laid.of(one), Laid.of(two)
    both = lay(lower, upper)
    assert both.sources.keys() == both.values.keys()
    for name in lower.locked:
        assert both.values[name] == lower.values[name]
    locked_steps = lower.locked & {"num_inference_steps", "timesteps"}
    for name in upper.values.keys() - lower.locked:
        if not (locked_steps and name in ("num_inference_steps", "timesteps")):
            assert both.values[name] == upper.values[name]
    assert not {"num_inference_steps", "timesteps"} <= both.values.keys()


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"prompt": "ink drawing"}, {"prompt": "{prompt}, ink drawing"}),
        ({"prompt": " {prompt} in ink "}, {"prompt": "{prompt} in ink"}),
        ({"prompt": "{prompt}"}, {}),
        ({"negative_prompt": "", "seed": None, "loras": (), "clip_skip": None}, {}),
        ({"denoising_end": None}, {"denoising_end": None}),
        ({"denoising_end": ...}, {}),
        ({"timestep_spacing": "ays"}, {"timestep_spacing": "AYS"}),
        ({"num_inference_steps": 12, "timesteps": [900, 500]}, {"timesteps": (900, 500)}),
        ({"scheduler": "dpm++ 2m karras"}, {"scheduler": "DPM++ 2M Karras"}),
        ({"loras": [{"name": "ink", "weight": 0.5}]}, {"loras": (Lora(name="ink", weight=0.5),)}),
    ],
)
def test_there_is_one_shape_for_what_is_said(values: dict[str, Any], kept: dict[str, Any]) -> None:
    assert checked(values) == (kept, [])


def test_numbers_are_brought_within_their_limits_and_that_is_said() -> None:
    kept, remarks = checked({"num_inference_steps": 999, "width": 1000})
    assert kept == {"num_inference_steps": 150, "width": 1000}
    assert list(map(str, remarks)) == ["steps 999 → 150: that is as far as it goes here"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"num_inference_steps": True}, "steps must be a whole number from 1 to 150, not “True”."),
        ({"scheduler": "Eulr"}, "scheduler “Eulr” is unknown. Nearest: Euler"),
        ({"image": "0" * 64}, "image belongs to one picture; a preset cannot hold it. Leave it out."),
        ({"sharpness": 3}, "“sharpness” is not a parameter."),
        ({"loras": "ink"}, "lora must be names of files with weights from -2 to 2, as in ink:0.8."),
        ({"prompt": "x" * 2001}, "prompt has 2,001 characters; at most 2,000 are read. Shorten it."),
        ({"denoising_end": 0.8, "num_inference_steps": 1}, "The refiner needs at least 2 steps"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_right(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        checked(values)
    assert sentence in str(refused.value)


def test_of_another_version_s_preset_stays_what_is_still_right() -> None:
    kept, wrong = readable({"guidance_scale": 6, "scheduler": "Gone", "sharpness": 3})
    assert kept == {"guidance_scale": 6.0}
    assert len(wrong) == 2


@given(partials)
def test_what_is_written_as_lines_is_read_as_it_was(values: dict[str, Any]) -> None:
    texts = {name: values.get(name, "") for name in TEXTS}
    read, _ = read_fields({**texts, "settings": write_settings_lines(values)}, FLAGS, ENSEMBLE)
    assert read == values


def test_flags_in_the_prompt_of_a_preset_become_settings_and_a_field_wins_over_them() -> None:
    said = {"prompt": "{prompt}, ink --ar 16:9 --steps 9 --no text", "num_inference_steps": 12}
    values, _ = read_preset(said, FLAGS, ENSEMBLE)
    assert values == {
        "prompt": "{prompt}, ink",
        "negative_prompt": "text",
        "width": 1344,
        "height": 768,
        "num_inference_steps": 12,
    }


def test_a_draft_is_what_it_stands_for() -> None:
    values, [remark] = read_fields({"settings": "draft: on"}, FLAGS, ENSEMBLE)
    assert values == {"num_inference_steps": 8, "timestep_spacing": "trailing"}
    assert "a draft" in str(remark)


def test_the_look_of_a_picture_has_neither_its_words_nor_its_seed() -> None:
    parameters = make_parameters(negative_prompt="hands, a photo", style="ink", guidance_rescale=0.7, seed=9)
    assert look_of(parameters, STYLES, ENSEMBLE) == {
        "negative_prompt": "hands",
        "width": 1024,
        "height": 1024,
        "num_inference_steps": 30,
        "guidance_scale": 5.0,
        "guidance_rescale": 0.7,
        "scheduler": "Euler",
        "denoising_end": 0.8,
        "style": "ink",
    }
