"""The command that makes a picture again, to be copied: the prompt, and everything else as flags in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.layers import model_defaults
from bot.model_info import ModelInfo
from bot.parameters import SIZES, Parameters
from bot.prompts.flag_table import FLAGS, Kind
from bot.prompts.flag_values import write_value

#: What no text can carry, or what says only where the rest came from, as that it is a draft, which the steps say.
_NOT_SAID = frozenset(
    {"prompt", "style", "draft", "raw_prompt", "raw_negative_prompt", "image", "mask_image", "upscaler"}
)
_FLAG_OF = {flag.field: flag for flag in reversed(FLAGS)}
_SIZE_FLAG = next(flag for flag in FLAGS if flag.kind is Kind.SIZE and flag.field == "size")
#: What a plain prompt would be read as: alternatives, and after them flags, wildcards and LoRAs.
_BRACES = re.compile(r"[{}|]")
_MARKS = re.compile(
    r"(?<![^\s,])(?:--|[‒–—―−]-?|[‒–—―−]{2}|-[‒–—―−])(?=[a-zA-Z])|(?<!_)__(?=[\w./*-])|<(?=lora:)", re.IGNORECASE
)
#: One that opens and is not closed would take the flags after it for text.
_OPENING = re.compile(r'(?<![^\s(\[,=:])"(?=\S[^"]*$)')
#: Pairs to quote with, and what must not stand anywhere else for each.
_QUOTES = (('"', '"', '"'), ("“", "”", "“”„"), ("«", "»", "«»"))


def imagine_command(parameters: Parameters, model: ModelInfo) -> str:
    """`/imagine prompt:…` with every parameter that `model` would not take by itself."""
    usual = {name: field.default for name, field in Parameters.model_fields.items()} | model_defaults(model)
    said = parameters.model_dump()
    prompt = as_typed(" ".join(parameters.prompt.split()))
    flags = [_flag(name, value, said, prompt) for name, value in said.items() if _is_said(name, value, usual)]
    if any(said[side] != usual[side] for side in SIZES):
        flags.insert(0, f"--{_SIZE_FLAG.names[0]} {parameters.width}x{parameters.height}")
    return " ".join(["/imagine", f"prompt:{prompt}", *filter(None, flags)])


def as_typed(text: str) -> str:
    """What to type so that exactly these words are drawn: the model's tokenizer counts no spaces."""
    typed = _BRACES.sub(r"\\\g<0>", _MARKS.sub(r"\g<0> ", text))
    # Until nothing opens: the space behind one quote is what lets the next one open.
    while (closed := _OPENING.sub('" ', typed)) != typed:
        typed = closed
    return typed


def _is_said(name: str, value: Any, usual: Mapping[str, Any]) -> bool:
    if name in _NOT_SAID or name in SIZES:
        return False
    return bool(name == "seed" or value != usual[name])


def _flag(name: str, value: Any, said: Mapping[str, Any], prompt: str) -> str:
    flag = _FLAG_OF.get(name)
    if flag is None or (name == "num_inference_steps" and said["timesteps"] is not None):
        return ""
    return f"--{flag.names[0]} {_value(flag.kind, value, prompt)}"


def _value(kind: Kind, value: Any, prompt: str) -> str:
    written = write_value(kind, value)
    if kind is Kind.LORA:
        return _quoted(written, prompt)
    if kind in (Kind.TEXT, Kind.SCHEDULER, Kind.STYLE, Kind.WORD):
        return _quoted(as_typed(" ".join(written.split())), prompt)
    return written


def _quoted(text: str, prompt: str) -> str:
    """In quotes that nothing else opens or closes; bare where there are none."""
    pairs = ((left, right) for left, right, marks in _QUOTES if not set(marks) & {*text, *prompt})
    left, right = next(pairs, ("", ""))
    return f"{left}{text}{right}"
