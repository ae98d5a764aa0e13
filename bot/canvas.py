"""A picture on a larger canvas, and the mask of what is still to be drawn there: what outpainting starts from."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PIL import Image, ImageFilter

from bot.layers import fitting_size
from bot.parameters import MAX_SIZE, SIZE_MULTIPLE

#: Zooming out leaves the picture this share of each side; a pan adds so much of one.
INNER = 2 / 3
ADDED = 1 / 2
#: So much of the picture's edge is drawn anew with the rest, as a share of the shorter side: it hides the seam.
SEAM = 1 / 64


class Direction(StrEnum):
    """Where there is to be more of the picture."""

    OUT = "out"  #: on all sides
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


def extend(picture: Image.Image, direction: Direction) -> tuple[Image.Image, Image.Image]:
    """The canvas with the picture on it, and its mask: white is to be drawn.

    Zoomed out, the canvas has the picture's size, and the picture is smaller. To a side, the canvas is larger; where it
    would be larger than any picture may be, what is farthest from that side falls off. What is to be drawn holds a
    blurred reflection of the picture, so that its colours go on.
    """
    if direction is Direction.OUT:
        width, height = picture.size
        inner = picture.resize((_shrunk(width), _shrunk(height)), Image.Resampling.LANCZOS)
        left, top = ((whole - part) // 2 for whole, part in zip(picture.size, inner.size, strict=True))
        return _laid(inner, (left, top), (width, height))
    is_sideways = direction in (Direction.LEFT, Direction.RIGHT)
    side = picture.width if is_sideways else picture.height
    longer = fitting_size(side * (1 + ADDED))
    # All that is added stays, also where the canvas cannot be so large.
    added = fitting_size(side * ADDED) if longer == MAX_SIZE else longer - side
    # A picture at the right of its canvas leaves room at the left.
    at = added if direction in (Direction.LEFT, Direction.UP) else longer - added - side
    if is_sideways:
        return _laid(picture, (at, 0), (longer, picture.height))
    return _laid(picture, (0, at), (picture.width, longer))


def _shrunk(side: int) -> int:
    return max(SIZE_MULTIPLE, round(side * INNER / SIZE_MULTIPLE) * SIZE_MULTIPLE)


def _laid(picture: Image.Image, at: tuple[int, int], size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """The picture with its corner `at` that place of a canvas; what lies outside of the canvas is cut off."""
    (left, top), (width, height) = at, size
    kept = picture.crop(
        (max(0, -left), max(0, -top), min(picture.width, width - left), min(picture.height, height - top))
    )
    left, top = max(0, left), max(0, top)
    right, bottom = left + kept.width, top + kept.height
    around = ((top, height - bottom), (left, width - right), (0, 0))
    canvas = Image.fromarray(np.pad(np.asarray(kept.convert("RGB")), around, mode="symmetric"))
    canvas = canvas.filter(ImageFilter.GaussianBlur(min(size) / 32))
    canvas.paste(kept, (left, top))
    seam = max(SIZE_MULTIPLE, round(min(size) * SEAM))
    # Only where something joins: the canvas's own edge has no seam.
    inner = (
        left + seam * (left > 0),
        top + seam * (top > 0),
        right - seam * (right < width),
        bottom - seam * (bottom < height),
    )
    mask = Image.new("L", size, "white")
    mask.paste("black", inner)
    return canvas, mask
