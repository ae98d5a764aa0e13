"""Canvases: where the picture lies on them, what is left to draw, and pictures that cannot grow any more."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from bot.canvas import Direction, extend
from bot.parameters import MAX_SIZE, SIZE_MULTIPLE


def striped(width: int, height: int) -> Image.Image:
    """Each pixel tells where it was."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.dstack([columns % 256, rows % 256, columns // 256 * 16 + rows // 256]).astype(np.uint8))


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("size", [(64, 64), (1024, 1024), (832, 1216), (1536, 640), (2048, 2048)])
def test_a_canvas_suits_every_model_and_has_something_to_keep_and_to_draw(
    direction: Direction, size: tuple[int, int]
) -> None:
    canvas, mask = extend(Image.new("RGB", size, "red"), direction)
    assert (canvas.mode, mask.mode, canvas.size) == ("RGB", "L", mask.size)
    assert all(side % SIZE_MULTIPLE == 0 and side <= MAX_SIZE for side in canvas.size)
    assert 0.2 < (np.asarray(mask) == 255).mean() < 0.9
    # What is to be drawn goes on in the picture's colours.
    assert canvas.getcolors() == [(canvas.width * canvas.height, (255, 0, 0))]


def test_a_pan_adds_half_a_side_and_loses_nothing() -> None:
    picture = striped(640, 512)
    for direction, box in (
        (Direction.LEFT, (320, 0, 960, 512)),
        (Direction.RIGHT, (0, 0, 640, 512)),
        (Direction.UP, (0, 256, 640, 768)),
        (Direction.DOWN, (0, 0, 640, 512)),
    ):
        assert extend(picture, direction)[0].crop(box).tobytes() == picture.tobytes()


def test_the_largest_picture_loses_what_is_farthest_from_the_new_side() -> None:
    picture = striped(MAX_SIZE, 64)
    half = MAX_SIZE // 2
    left, _ = extend(picture, Direction.LEFT)
    right, _ = extend(picture, Direction.RIGHT)
    assert left.size == right.size == (MAX_SIZE, 64)
    assert left.crop((half, 0, MAX_SIZE, 64)).tobytes() == picture.crop((0, 0, half, 64)).tobytes()
    assert right.crop((0, 0, half, 64)).tobytes() == picture.crop((half, 0, MAX_SIZE, 64)).tobytes()
