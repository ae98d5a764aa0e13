"""Presets out of what people write, and out of pictures; and written as lines that people edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.drafting import about_draft, draft_settings
from bot.model_info import ModelInfo
from bot.parameters import Parameters, title
from bot.presets.partial import FIELDS, NEEDS_IMAGE, NULLABLE, checked
from bot.prompts.flag_table import FLAGS
from bot.prompts.flag_values import write_value
from bot.prompts.flags import FlagReader
from bot.prompts.settings_text import read_settings, refiner_from
from bot.prompts.styles import Styles
from bot.sentences import Sentence

#: Inputs of their own where presets are edited.
TEXTS = ("prompt", "negative_prompt", "prompt_2", "negative_prompt_2")
#: What every picture has, and a preset out of one says even where it is as usual.
ALWAYS = ("width", "height", "num_inference_steps", "guidance_scale", "scheduler", "denoising_end")
#: Of this one picture, and not of its look.
OF_ONE = ("prompt", "prompt_2", "seed", "variation_seed", "variation_strength", *NEEDS_IMAGE)
_FLAG_OF = {flag.field: flag for flag in reversed(FLAGS)}


def read_preset(said: Mapping[str, Any], flags: FlagReader, model: ModelInfo) -> tuple[dict[str, Any], list[Sentence]]:
    """Partial parameters of a preset, and remarks, from fields that somebody has filled.

    Flags in the prompt become settings; a field of its own wins over them. Raises `InvalidParameters`.
    """
    values = dict(said)
    remarks: list[Sentence] = []
    template = values.get("prompt")
    if isinstance(template, str) and flags.split(template)[1]:
        spoken = flags.read(template)
        values = {**_expanded(spoken.changes, model, remarks), **values, "prompt": spoken.text}
        remarks += spoken.remarks
    if values.get("denoising_end") is ...:
        values["denoising_end"] = refiner_from(model)
    kept, more = checked(values)
    return kept, [*remarks, *more]


def read_fields(
    inputs: Mapping[str, str], flags: FlagReader, model: ModelInfo
) -> tuple[dict[str, Any], list[Sentence]]:
    """The same from the texts of a form: prompts, and settings, one a line."""
    read = read_settings(inputs.get("settings", ""), flags, model)
    remarks = list(read.remarks)
    said = _expanded(read.changes, model, remarks)
    texts = {name: inputs[name] for name in TEXTS if inputs.get(name, "").strip()}
    values, more = read_preset({**said, **texts}, flags, model)
    return values, [*remarks, *more]


def write_settings_lines(values: Mapping[str, Any]) -> str:
    """The settings of a preset as `read_fields` reads them, one a line."""
    lines = {}
    if all(side in values for side in ("width", "height")):
        lines["size"] = f"{values['width']}x{values['height']}"
    for name in FIELDS:
        if name in values and name not in TEXTS and not (name in ("width", "height") and "size" in lines):
            lines[title(name)] = write_value(_FLAG_OF[name].kind, values[name])
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def look_of(parameters: Parameters, styles: Styles, model: ModelInfo) -> dict[str, Any]:
    """What of a picture's parameters makes its look, whatever it shows: no prompt, no seed, no image."""
    said = parameters.model_dump(exclude_none=False) | {"loras": parameters.loras}
    style = styles.find(parameters.style) if parameters.style is not None else None
    if style is not None and style.negative:
        # The style brings it again.
        said["negative_prompt"] = parameters.negative_prompt.removesuffix(style.negative).rstrip(", ")
    usual = {name: field.default for name, field in Parameters.model_fields.items()}
    kept = {name: said[name] for name in FIELDS if name not in OF_ONE and (name in ALWAYS or said[name] != usual[name])}
    if model.refiner is None:
        del kept["denoising_end"]
    if parameters.timesteps is not None:
        del kept["num_inference_steps"]
    return checked({name: value for name, value in kept.items() if value is not None or name in NULLABLE})[0]


def _expanded(fields: Mapping[str, Any], model: ModelInfo, remarks: list[Sentence]) -> dict[str, Any]:
    """Without `draft`, which stands for others."""
    fields = dict(fields)
    if not fields.pop("draft", False):
        return fields
    remarks.append(about_draft(model))
    return {**draft_settings(model), **fields}
