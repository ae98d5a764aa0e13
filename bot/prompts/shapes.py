"""Shapes of pictures: any ratio that people type, and the nearest one that SDXL was trained on."""

from __future__ import annotations

import math
import re

from bot.parameters import ASPECT_RATIOS
from bot.prompts.flag_table import SHAPES

_RATIO = re.compile(r"(\d{1,5}(?:\.\d{1,4})?)\s*[:x×/]\s*(\d{1,5}(?:\.\d{1,4})?)", re.IGNORECASE)


def read_ratio(value: str) -> tuple[str, float] | None:
    """The ratio as it is written with a colon, and width over height; None for what is no ratio."""
    value = SHAPES.get(value.casefold(), value)
    match = _RATIO.fullmatch(value)
    if match is None:
        return None
    width, height = float(match[1]), float(match[2])
    return (f"{match[1]}:{match[2]}", width / height) if width and height else None


def nearest_aspect_ratio(ratio: float) -> str:
    """The trained aspect ratio that differs least, by its name."""
    return min(ASPECT_RATIOS, key=lambda name: abs(math.log(ratio) - math.log(_of_pixels(name))))


def is_exactly(ratio: float, name: str) -> bool:
    """Whether `ratio` is that aspect ratio as people write it."""
    width, height = map(int, name.split(":"))
    return math.isclose(ratio, width / height)


def _of_pixels(name: str) -> float:
    width, height = ASPECT_RATIOS[name]
    return width / height
