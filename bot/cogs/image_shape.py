"""The shape of a picture that is sent: what is made of it has the same, unless somebody says a size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import RequestRejected
from bot.layers import size_like
from bot.model_info import ModelInfo
from bot.parameters import SIZES
from bot.prompts import PromptReader
from bot.sentences import Sentence

SHAPE_OF_IMAGE = "size {width} × {height}: the shape of the image"


def in_shape(
    size: tuple[int, int] | None, changes: Mapping[str, Any], prompts: PromptReader, model: ModelInfo
) -> tuple[dict[str, int], list[Sentence]]:
    """What lies beneath `changes` for an image of that size, and a remark if it counts; nothing without an image."""
    if size is None or SIZES & changes.keys():
        return {}, []
    width, height = size_like(*size, model.native_size)
    beneath = {"width": width, "height": height}
    if _says_size(str(changes["prompt"]), prompts):
        return beneath, []
    return beneath, [Sentence.of(SHAPE_OF_IMAGE, width=width, height=height)]


def _says_size(prompt: str, prompts: PromptReader) -> bool:
    """Whether a flag in the prompt says how large the picture is to be."""
    try:
        return bool(SIZES & prompts.flags.read(prompt).fields.keys())
    except RequestRejected:
        # Whoever asks is told when the prompt is read.
        return False
