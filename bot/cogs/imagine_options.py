"""The options of `/imagine` as what they change: most are parameters, the others say something about several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.drafting import about_draft, drafted
from bot.errors import InvalidParameters
from bot.layers import bucket
from bot.model_info import ModelInfo
from bot.parameters import Parameters, title
from bot.prompts import PromptReader
from bot.prompts.advanced import read_advanced
from bot.prompts.loras import merge_loras, read_loras
from bot.prompts.settings_text import refiner_from
from bot.sentences import Sentence

#: As many as somebody types into one option, a second prompt among them.
MAX_ADVANCED_LENGTH = 3000
#: As long as the names of all LoRAs that one picture may have, with their weights.
MAX_LORAS_LENGTH = 1000
TWICE = "{title} is there twice: as an option, and in advanced. Leave one of the two out."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options change, and remarks on how they were read."""

    changes: dict[str, Any]
    remarks: list[Sentence]


def read_options(said: Mapping[str, Any], prompts: PromptReader, model: ModelInfo) -> Asked:
    """What was said, by the names of fields and of the other options; None is not said.

    Raises `InvalidParameters` with a sentence for what contradicts itself.
    """
    options = {name: value for name, value in said.items() if value is not None}
    changes = {name: value for name, value in options.items() if name in Parameters.model_fields and name != "draft"}
    changes |= _size(options.get("aspect_ratio"), model) | _refiner(options, model)
    is_draft, remarks = options.get("draft", False), list[Sentence]()
    if "loras" in options:
        changes["loras"], remarks = read_loras(options["loras"], "lora:")
    if "advanced" in options:
        settings, more = read_advanced(options["advanced"], prompts.flags, model)
        is_draft = settings.pop("draft", is_draft)
        changes, remarks = _both(changes, settings), remarks + more
    if is_draft:
        changes = drafted(changes, model)
        remarks.append(about_draft(model))
    return Asked(changes, remarks)


def _size(aspect_ratio: str | None, model: ModelInfo) -> dict[str, int]:
    if aspect_ratio is None:
        return {}
    width, height = bucket(aspect_ratio, model.native_size)
    return {"width": width, "height": height}


def _refiner(options: Mapping[str, Any], model: ModelInfo) -> dict[str, float | None]:
    match options.get("refiner"), options.get("denoising_end"):
        case "off", None:
            return {"denoising_end": None}
        case "off", _:
            raise InvalidParameters(
                "refiner is off, and refiner_from says where it takes over. Leave one of the two out."
            )
        case "on", None:
            return {"denoising_end": refiner_from(model)}
        case None | "on", _:
            return {}
        case _:
            raise InvalidParameters("refiner must be on or off.")


def _both(options: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Options and advanced settings together; LoRAs add up."""
    both = {**options, **settings}
    if "loras" in options and "loras" in settings:
        both["loras"] = merge_loras(options["loras"], settings["loras"])
    for name, value in options.items():
        if name != "loras" and both[name] != value:
            raise InvalidParameters(TWICE, title=title(name))
    return both
