"""`--draft` in prompts and among settings: what the option of that name does, and what it cannot stand beside."""

from __future__ import annotations

from typing import Any

import pytest

from bot.drafting import draft_steps
from bot.errors import InvalidParameters
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.prompts import PromptReader
from bot.prompts.settings_text import read_settings
from bot.ui.edit_modal import read_modal
from tests.factories import ENSEMBLE
from tests.prompts.reading import STYLES, make_reader, read

FEW = draft_steps(ENSEMBLE)
IS_DRAFT = "a draft: Finish, under More, takes 30 steps"


def drafted(parameters: Parameters) -> tuple[int, str | None]:
    return parameters.num_inference_steps, parameters.timestep_spacing


@pytest.mark.parametrize(
    ("typed", "prompt"),
    [
        ("a fox --draft", "a fox"),
        ("--draft a fox", "a fox"),
        ("a fox --DRAFT, in snow", "a fox, in snow"),
        ("a fox —draft on a table", "a fox on a table"),
        ("a fox --draft=on --seed 7", "a fox"),
        ("{a fox --draft}", "a fox"),
    ],
)
def test_a_draft_takes_few_steps_and_no_words_of_the_prompt(typed: str, prompt: str) -> None:
    parameters, remarks = read(typed)
    assert (parameters.prompt, drafted(parameters)) == (prompt, (FEW, "trailing"))
    assert remarks == [IS_DRAFT]


def test_a_draft_is_of_the_model_in_use() -> None:
    slow = ModelInfo("base", None, defaults={"num_inference_steps": 60})
    changes, remarks = PromptReader(slow, STYLES).read({"prompt": "a fox --draft"})
    assert merge(slow, changes).num_inference_steps == draft_steps(slow) > FEW
    assert [str(remark) for remark in remarks] == ["a draft: Finish, under More, takes 60 steps"]


def test_a_draft_wins_over_what_lies_beneath_and_its_spacing_over_nothing_that_is_said() -> None:
    beneath = {"num_inference_steps": 40, "timesteps": (999, 500), "timestep_spacing": "linspace"}
    assert drafted(read("a fox --draft", beneath=beneath)[0]) == (FEW, "trailing")
    assert drafted(read("a fox --draft --spacing leading")[0]) == (FEW, "leading")
    parameters, remarks = read("a fox --draft", timestep_spacing="leading")
    assert (drafted(parameters), remarks) == ((FEW, "leading"), [IS_DRAFT])


@pytest.mark.parametrize(
    ("option", "steps", "remark"),
    [
        ({"num_inference_steps": 40}, 40, "steps 40: the option counts, not --draft in the prompt"),
        ({"timesteps": (999, 500)}, 2, "timesteps (999, 500): the option counts, not --draft in the prompt"),
    ],
)
def test_an_option_that_says_the_steps_wins_over_it(option: dict[str, Any], steps: int, remark: str) -> None:
    parameters, remarks = read("a fox --draft", **option)
    assert (parameters.num_inference_steps, remarks) == (steps, [remark])


def test_a_draft_is_one_by_its_flag_and_not_by_its_steps() -> None:
    assert read("a fox --draft")[0].draft
    assert not read("a fox --draft", num_inference_steps=12)[0].draft
    assert not read(f"a fox --steps {FEW} --spacing trailing")[0].draft
    beneath = read("a fox --draft")[0].model_dump()
    assert merge(ENSEMBLE, beneath, {"guidance_scale": 3.0}).draft
    for steps in ({"num_inference_steps": FEW}, {"timesteps": (999, 500)}):
        assert not merge(ENSEMBLE, beneath, steps).draft


def test_the_option_and_the_flag_together_are_one_draft() -> None:
    assert read("a fox --draft", num_inference_steps=FEW, timestep_spacing="trailing")[1] == []


def test_a_draft_that_is_taken_back_is_none() -> None:
    parameters, remarks = read("a fox --draft=off --steps 12")
    assert (drafted(parameters), remarks) == ((12, None), [])


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a fox --draft --steps 20", "A draft takes 8 steps. Leave out draft, or steps."),
        ("a fox --timesteps 999,500 --draft", "A draft takes 8 steps. Leave out draft, or timesteps."),
        ("a fox --draft=maybe", "--draft takes on or off, not “maybe”."),
        ("a fox --darft", "--darft is unknown. Nearest: --draft. In double quotes it stays text."),
        ("a fox --draf", "--draf is unknown. Nearest: --draft. In double quotes it stays text."),
    ],
)
def test_what_contradicts_a_draft_or_nearly_is_one_is_a_sentence(prompt: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        read(prompt)
    assert str(caught.value) == sentence


def test_what_is_asked_anew_is_a_draft_again_by_its_flag_alone() -> None:
    parameters, _ = read("a fox --draft", seed=7)
    asked = make_reader().typed(parameters)
    assert not {"num_inference_steps", "timestep_spacing"} & asked.keys()
    assert read(asked.pop("prompt"), **asked)[0] == parameters


@pytest.mark.parametrize("line", ["draft: on", "Draft: yes", "--draft", "draft"])
def test_a_line_of_the_settings_makes_it_a_draft(line: str) -> None:
    edited = read_modal({"prompt": "a fox", "settings:": f"guidance: 3\n{line}"}, make_reader(), ENSEMBLE)
    assert drafted(merge(ENSEMBLE, edited.changes)) == (FEW, "trailing")
    assert [str(remark) for remark in edited.remarks] == [IS_DRAFT]


def test_a_line_that_takes_it_back_does_nothing_and_one_with_steps_beside_it_is_refused() -> None:
    assert read_modal({"prompt": "a fox", "settings:": "draft: off"}, make_reader(), ENSEMBLE).remarks == []
    with pytest.raises(InvalidParameters, match=r"^A draft takes 8 steps\. Leave out draft, or steps\.$"):
        read_modal({"prompt": "a fox", "settings:": "steps: 9\ndraft: on"}, make_reader(), ENSEMBLE)
    with pytest.raises(InvalidParameters, match=r"^draft: takes on or off, not “maybe”\.$"):
        read_settings("draft: maybe", make_reader().flags, ENSEMBLE)
