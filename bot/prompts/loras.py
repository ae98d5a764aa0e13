"""LoRAs in prompts: `<lora:name:0.8>` as A1111 has it, and `name:0.8`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from bot.errors import InvalidParameters
from bot.parameters import MAX_LORA_WEIGHT, Lora, quoted
from bot.sentences import Sentence

MAX_NAME = 100
WEIGHT_CLAMPED = "lora {name} {value} → {limit}: that is as far as it goes here"

_TAG = re.compile(r"<(?:lora|lyco):([^<>]{0,200})>", re.IGNORECASE)


def take_tags(text: str) -> tuple[str, list[Lora], list[Sentence]]:
    """`text` without its `<lora:…>`, the LoRAs in them, and what was changed of them."""
    loras, remarks = [], []
    for match in _TAG.finditer(text):
        lora, remark = read_lora(match[1], match[0])
        loras.append(lora)
        remarks += remark
    if not loras:
        return text, [], []
    left = re.sub(r"[ \t]{2,}", " ", _TAG.sub(" ", text))
    return re.sub(r"\s+,", ",", re.sub(r",(\s*,)+", ",", left)).strip(" ,"), loras, remarks


def read_loras(value: str, typed: str) -> tuple[list[Lora], list[Sentence]]:
    """Those of `ink:0.8,paper`; `typed` is the flag, for the refusal."""
    loras, remarks = [], []
    for each in value.split(","):
        lora, remark = read_lora(each, f"{typed} {value}")
        loras.append(lora)
        remarks += remark
    return loras, remarks


def read_lora(text: str, typed: str) -> tuple[Lora, list[Sentence]]:
    """The one of `ink:0.8` or `ink`. A1111 takes more numbers behind the first; they are for its text encoders."""
    name, _, weights = text.strip().partition(":")
    name = name.strip()
    try:
        weight = float(weights.split(":")[0]) if weights.strip() else 1.0
    except ValueError:
        weight = math.nan
    if not name or len(name) > MAX_NAME or not math.isfinite(weight):
        raise InvalidParameters(
            "{value} is no LoRA: write its name and a weight from -2 to 2, as in ink:0.8.", value=quoted(typed)
        )
    return within_limits(name, weight)


def within_limits(name: str, weight: float) -> tuple[Lora, list[Sentence]]:
    """That LoRA with as much of the weight as there may be, and a remark where that is not all."""
    within = max(-MAX_LORA_WEIGHT, min(weight, MAX_LORA_WEIGHT))
    remarks = [Sentence.of(WEIGHT_CLAMPED, name=name, value=weight, limit=within)] if within != weight else []
    return Lora(name=name, weight=within), remarks


def merge_loras(*layers: Iterable[Lora]) -> tuple[Lora, ...]:
    """All of them, each once; the weight is that of the last layer that names it."""
    return tuple({lora.name.casefold(): lora for layer in layers for lora in layer}.values())
