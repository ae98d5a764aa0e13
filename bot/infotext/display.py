"""All that a picture says about itself, as pairs of name and value in the order in which people look for them."""

from __future__ import annotations

from typing import Any

from bot.infotext.info import PictureInfo, in_order
from bot.infotext.origin import Origin
from bot.parameters import Lora, Parameters, title

#: Prompts first, then what people change most; the rest in the order of the fields.
_FIRST = (
    "prompt",
    "prompt_2",
    "negative_prompt",
    "negative_prompt_2",
    "raw_prompt",
    "raw_negative_prompt",
    "style",
    "width",
    "height",
    "num_inference_steps",
    "scheduler",
    "guidance_scale",
    "seed",
    "denoising_end",
)
_ALWAYS = frozenset(_FIRST)
_REFINER_ONLY = ("aesthetic_score", "negative_aesthetic_score")


def list_settings(info: PictureInfo) -> list[tuple[str, str]]:
    """Every parameter of the picture: ours by the names that people type here, others' by their own."""
    if info.parameters is None:
        return in_order(info.settings)
    pairs = _of_parameters(info.parameters)
    return pairs + ([] if info.origin is None else _of_origin(info.origin))


def _of_parameters(parameters: Parameters) -> list[tuple[str, str]]:
    fields = Parameters.model_fields
    pairs = []
    for name in (*_FIRST, *(each for each in fields if each not in _ALWAYS)):
        value = getattr(parameters, name)
        means_something = parameters.denoising_end is not None or name not in _REFINER_ONLY
        if value not in (None, "", ()) and means_something and (name in _ALWAYS or value != fields[name].default):
            pairs.append((title(name), _value(value)))
    return pairs


def _of_origin(origin: Origin) -> list[tuple[str, str]]:
    said = {
        "model": origin.model,
        "refiner": origin.refiner,
        "weights": origin.weights,
        **origin.libraries,
        "device": origin.device,
        **{f"LoRA {name}": file for name, file in origin.loras.items()},
    }
    return [(name, value) for name, value in said.items() if value]


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_value(part) for part in value)
    if isinstance(value, Lora):
        return f"{value.name}:{value.weight:g}"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
