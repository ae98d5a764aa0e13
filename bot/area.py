"""How large pictures may be: a larger one keeps its shape and becomes as large as there may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.model_info import ModelInfo
from bot.parameters import MIN_SIZE, SIZE_MULTIPLE, Parameters
from bot.sentences import Sentence

#: A model draws well what has up to so many times the pixels that it was trained on, and no owner has to say so.
USUAL = 4
SMALLER = "size {asked} → {size}: a picture may have {most} megapixels here"


def usual_area(model: ModelInfo) -> int:
    """As many pixels as a picture of this model may have unless the owner says."""
    return USUAL * model.native_size**2


def within_area(width: int, height: int, most: int | None) -> tuple[int, int]:
    """The size in the same shape with at most so many pixels; None is any number."""
    if most is None or width * height <= most:
        return width, height
    scale = (most / (width * height)) ** 0.5
    shorter = max(MIN_SIZE, _below(min(width, height) * scale))
    # What is as narrow as can be is shortened for it.
    longer = max(MIN_SIZE, _below(min(max(width, height) * scale, most / shorter)))
    return (longer, shorter) if width > height else (shorter, longer)


def smaller(parameters: Parameters, model: ModelInfo, *layers: Mapping[str, Any]) -> list[Sentence]:
    """A remark where `parameters`, merged from these layers, are smaller since there may be no more pixels."""
    asked = _said("width", layers) or parameters.width, _said("height", layers) or parameters.height
    size = within_area(*asked, model.max_pixels)
    if model.max_pixels is None or size == asked or size != (parameters.width, parameters.height):
        return []
    megapixels = f"{model.max_pixels / 1e6:.2g}"
    return [Sentence.of(SMALLER, asked=_written(asked), size=_written(size), most=megapixels)]


def _said(name: str, layers: tuple[Mapping[str, Any], ...]) -> int | None:
    said = [layer[name] for layer in layers if isinstance(layer.get(name), int)]
    return said[-1] if said else None


def _below(side: float) -> int:
    # A hair more, for a side that is a multiple but for the rounding.
    return int((side + 1e-6) // SIZE_MULTIPLE) * SIZE_MULTIPLE


def _written(size: tuple[int, ...]) -> str:
    return " × ".join(map(str, size))
