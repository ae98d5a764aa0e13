"""Drafts: few steps to see the composition, and the same picture finished with as many as suit the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import InvalidParameters
from bot.layers import model_defaults
from bot.model_info import ModelInfo
from bot.parameters import STEPS, Parameters, title
from bot.sentences import Sentence

#: A draft takes this share of the usual steps.
SHARE = 1 / 4
#: The base and the refiner need a step each.
FEWEST_STEPS = 4
#: What a draft sets.
DRAFTED = ("draft", "num_inference_steps", "timestep_spacing")
IS_DRAFT = "a draft: Finish, under More, takes {steps} steps"


def usual_steps(model: ModelInfo) -> int:
    """As many steps as a picture of this model takes unless somebody says."""
    return int(model_defaults(model).get("num_inference_steps", Parameters.model_fields["num_inference_steps"].default))


def draft_steps(model: ModelInfo) -> int:
    """As many steps as a draft takes."""
    return max(FEWEST_STEPS, round(usual_steps(model) * SHARE))


def draft_settings(model: ModelInfo) -> dict[str, Any]:
    """What a draft sets, by field."""
    # With so few steps, those at the very start matter most.
    return dict(zip(DRAFTED, (True, draft_steps(model), "trailing"), strict=True))


def drafted(changes: Mapping[str, Any], model: ModelInfo) -> dict[str, Any]:
    """The request as a draft. Raises `InvalidParameters` when it says how many steps there are to be."""
    for name in STEPS:
        if name in changes:
            raise InvalidParameters(
                "A draft takes {steps} steps. Leave out draft, or {title}.",
                steps=draft_steps(model),
                title=title(name),
            )
    return {**draft_settings(model), **changes, "draft": True}


def about_draft(model: ModelInfo) -> Sentence:
    """What the author of a draft should know."""
    return Sentence.of(IS_DRAFT, steps=usual_steps(model))


def is_draft(parameters: Parameters, model: ModelInfo) -> bool:
    """Whether a picture was asked for as a draft, and with this model there is more to be had of it.

    Few steps alone are none: a distilled model or LoRA needs no more.
    """
    return parameters.draft and parameters.num_inference_steps < usual_steps(model)


def finished(parameters: Parameters, model: ModelInfo) -> dict[str, Any]:
    """The same request with the usual steps; the seed stays, so the composition mostly does."""
    return parameters.model_dump() | {"num_inference_steps": usual_steps(model), "timesteps": None, "draft": False}


def undrafted(parameters: Parameters, model: ModelInfo) -> Parameters:
    """As what is drawn over a draft is to be drawn: a small part of its few steps is hardly one."""
    if not is_draft(parameters, model):
        return parameters
    spacing = model_defaults(model).get("timestep_spacing")
    steps = usual_steps(model)
    usual = {"num_inference_steps": steps, "timesteps": None, "timestep_spacing": spacing, "draft": False}
    return parameters.model_copy(update=usual)
