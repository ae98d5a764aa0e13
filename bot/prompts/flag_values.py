"""Values of fields as a flag in a prompt, or a line of settings, has them."""

from __future__ import annotations

from typing import Any

from bot.parameters import Lora
from bot.prompts.flag_table import Kind


def write_value(kind: Kind, value: Any) -> str:
    """The value as it is typed, without quotes; None is what that kind has for “not at all”."""
    if kind is Kind.REFINER:
        return "off" if value is None else f"{value:g}"
    if kind is Kind.SEED and value is None:
        return "random"
    if kind is Kind.STYLE and value is None:
        return "none"
    if kind is Kind.SWITCH:
        return "on" if value else "off"
    if kind is Kind.SIZE:
        return f"{value[1]}x{value[0]}"
    if kind is Kind.LORA:
        return ",".join(f"{lora.name}:{lora.weight:g}" for lora in map(Lora.model_validate, value))
    if kind in (Kind.PAIR, Kind.NUMBERS):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
