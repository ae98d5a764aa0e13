"""A preset that fits no more in part still works for the rest; and what is asked for never breaks because of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from bot.errors import InvalidParameters, LoraNotFound
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Lora
from bot.presets import Preset
from bot.presets.fitting import fitting
from bot.presets.layering import Laid, lay
from bot.presets.templates import fill
from bot.prompts.flags import FlagReader
from bot.prompts.styles import Style, Styles
from bot.sentences import Sentence
from tests.factories import BASE_ALONE, ENSEMBLE
from tests.presets.drawn import OWNER, partials, presets

STYLES = Styles([Style("ink", "", "{prompt} in ink")])
FLAGS = FlagReader(1024, STYLES)


def check_lora(lora: Lora) -> None:
    if lora.name != "ink":
        raise LoraNotFound("There is no LoRA {name}.", name=lora.name)


def fitted(
    values: dict[str, Any], said: dict[str, Any] | None = None, model: ModelInfo = ENSEMBLE
) -> tuple[dict[str, Any], list[str]]:
    laid = Laid.of(Preset(id=1, owner=OWNER, name="dusk", version=1, values=values))
    laid, remarks = fitting(laid, said or {}, model, STYLES, check_lora)
    return dict(laid.values), list(map(str, remarks))


def is_valid(*layers: Any) -> bool:
    try:
        merge(ENSEMBLE, *layers, {"prompt": "a fox", "style": None})
    except InvalidParameters:
        return False
    return True


@given(presets, presets, partials)
def test_whatever_lies_beneath_a_request_is_valid_if_it_is_so_alone(one: Preset, two: Preset, said: Any) -> None:
    laid, _ = fitting(lay(Laid.of(one), Laid.of(two)), said, ENSEMBLE, STYLES, check_lora)
    assert is_valid(laid.values, said) or not is_valid(said)
    again, remarks = fitting(laid, said, ENSEMBLE, STYLES, check_lora)
    assert (again, remarks) == (laid, []) or not is_valid(said)


@pytest.mark.parametrize(
    ("values", "kept", "remark"),
    [
        (
            {"loras": (Lora(name="ink"), Lora(name="gone")), "guidance_scale": 6.0},
            {"loras": (Lora(name="ink"),), "guidance_scale": 6.0},
            "lora (preset dusk) is left out: There is no LoRA gone.",
        ),
        ({"loras": (Lora(name="gone"),)}, {}, "lora (preset dusk) is left out: There is no LoRA gone."),
        (
            {"style": "watercolor", "guidance_scale": 6.0},
            {"guidance_scale": 6.0},
            "style (preset dusk) is left out: style “watercolor” is unknown.",
        ),
        (
            {"scheduler": "Gone", "guidance_scale": 6.0},
            {"guidance_scale": 6.0},
            "scheduler (preset dusk) is left out: scheduler “Gone” is unknown.",
        ),
        (
            {"num_inference_steps": 1},
            {},
            "steps (preset dusk) is left out: The refiner needs at least 2 steps",
        ),
    ],
)
def test_what_is_gone_is_left_out_and_named(values: dict[str, Any], kept: dict[str, Any], remark: str) -> None:
    found, [said] = fitted(values)
    assert found == kept
    assert said.startswith(remark)


def test_without_a_refiner_the_base_draws_alone() -> None:
    values, [remark] = fitted({"denoising_end": 0.8, "guidance_scale": 6.0}, model=BASE_ALONE)
    assert values == {"guidance_scale": 6.0}
    assert remark.startswith("refiner_from (preset dusk) is left out: No refiner is loaded here.")


def test_timesteps_that_the_scheduler_of_the_request_does_not_take_are_left_out() -> None:
    values, [remark] = fitted({"timesteps": (900, 500)}, {"scheduler": "DDIM"})
    assert values == {}
    assert remark.startswith("timesteps (preset dusk) is left out: scheduler DDIM takes no timesteps")


def test_what_needs_an_image_waits_for_one_in_silence() -> None:
    assert fitted({"strength": 0.4}) == ({}, [])
    assert fitted({"strength": 0.4}, {"image": "0" * 64}) == ({"strength": 0.4}, [])


def test_what_is_asked_for_otherwise_is_no_matter() -> None:
    assert fitted({"scheduler": "Gone"}, {"scheduler": "Euler"}) == ({}, [])


def test_who_contradicts_themselves_is_not_told_of_the_preset() -> None:
    values, remarks = fitted({"guidance_scale": 6.0}, {"num_inference_steps": 1})
    assert (values, remarks) == ({"guidance_scale": 6.0}, [])


@pytest.mark.parametrize(
    ("template", "typed", "filled"),
    [
        ("{prompt}, ink drawing", "a fox", "a fox, ink drawing"),
        ("film still of {prompt}, {prompt}", "a fox", "film still of a fox, a fox"),
        ("{prompt}, ink", "a fox --no hands, feet", "a fox, ink --no hands, feet"),
        ("{prompt}, ink", "a fox --ar 16:9 in snow", "a fox in snow, ink --ar 16:9"),
        ("{prompt}, ink", "{a fox --ar 16:9|an owl}", "{a fox --ar 16:9|an owl}, ink"),
        ("{prompt}, {red|blue}", "{a|b}", "{a|b}, {red|blue}"),
        ("{prompt}, ink", "{prompt}", "{prompt}, ink"),
    ],
)
def test_the_template_goes_around_the_words_and_flags_go_behind(template: str, typed: str, filled: str) -> None:
    assert fill(template, typed, FLAGS, Sentence("preset ink")) == filled


def test_a_prompt_that_becomes_too_long_says_because_of_what() -> None:
    with pytest.raises(InvalidParameters, match="With the prompt of preset ink, prompt has 2,005 characters"):
        fill("{prompt}, ink", "x" * 2000, FLAGS, Sentence("preset ink"))
