"""The command that makes a picture again, to be copied: the prompt, and everything else as flags in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.layers import model_defaults
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.prompts.flag_table import FLAGS, Kind

#: What no text can carry, or what says only where the rest came from.
_NOT_SAID = frozenset({"prompt", "style", "raw_prompt", "raw_negative_prompt", "image", "mask_image", "upscaler"})
_FLAG_OF = {flag.field: flag for flag in reversed(FLAGS)}
_SIZE_FLAG = next(flag for flag in FLAGS if flag.kind is Kind.SIZE and flag.field == "size")
#: What a plain prompt would be read as: alternatives, wildcards, and in its words a flag.
_BRACES = re.compile(r"(?<!\\)([{}|])")
_DASHES = re.compile(r"(?<!\S)--(?=[a-zA-Z])")
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"))


def imagine_command(parameters: Parameters, model: ModelInfo) -> str:
    """`/imagine prompt:…` with every parameter that `model` would not take by itself."""
    usual = {name: field.default for name, field in Parameters.model_fields.items()} | model_defaults(model)
    said = parameters.model_dump()
    flags = [_flag(name, value, said) for name, value in said.items() if _is_said(name, value, usual)]
    if any(said[side] != usual[side] for side in ("width", "height")):
        flags.insert(0, f"--{_SIZE_FLAG.names[0]} {parameters.width}x{parameters.height}")
    return " ".join(["/imagine", f"prompt:{_one_line(parameters.prompt)}", *filter(None, flags)])


def _is_said(name: str, value: Any, usual: Mapping[str, Any]) -> bool:
    if name in _NOT_SAID or name in ("width", "height"):
        return False
    return bool(name == "seed" or value != usual[name])


def _flag(name: str, value: Any, said: Mapping[str, Any]) -> str:
    flag = _FLAG_OF.get(name)
    if flag is None or (name == "num_inference_steps" and said["timesteps"] is not None):
        return ""
    return f"--{flag.names[0]} {_value(flag.kind, value)}"


def _value(kind: Kind, value: Any) -> str:
    if kind is Kind.REFINER:
        return "off" if value is None else f"{value:g}"
    if kind is Kind.SIZE:
        return f"{value[1]}x{value[0]}"
    if kind is Kind.LORA:
        return _quoted(",".join(f"{lora['name']}:{lora['weight']:g}" for lora in value))
    if kind in (Kind.PAIR, Kind.NUMBERS):
        return ",".join(map(str, value))
    if kind in (Kind.TEXT, Kind.SCHEDULER, Kind.STYLE, Kind.WORD):
        return _quoted(_one_line(str(value)))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    left, right = next(((left, right) for left, right in _QUOTES if right not in text and left not in text), ("", ""))
    return f"{left}{text}{right}"


def _one_line(text: str) -> str:
    """The same to the model, whose tokenizer counts no spaces, and nothing in it that would be read as ours."""
    return _DASHES.sub("- -", _BRACES.sub(r"\\\1", " ".join(text.split())))
