"""Sheets as pictures: where the cells lie, that labels can be read, and that no sheet is too large. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.comparison import Axis, Comparison
from bot.sheet import BACKGROUND, EMPTY, MAX_SIDE, draw_sheet, labels, plan_layout, wrap
from tests.factories import make_parameters

#: Far from the colours of the sheet itself.
COLOURS = ("#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff")


def sheet_of(*axes: tuple[str, str], sizes: list[tuple[int, int]] | None = None, **changes: Any) -> Comparison:
    named = tuple(Axis(name, tuple(values.split(","))) for name, values in axes)
    count = int(np.prod([len(axis.values) for axis in named]))
    each = sizes or [(128, 128)] * count
    return Comparison(
        named, tuple(make_parameters(**changes, width=width, height=height) for width, height in each[:count])
    )


def pictures_for(comparison: Comparison) -> list[Image.Image]:
    return [
        Image.new("RGB", (cell.width, cell.height), COLOURS[index % len(COLOURS)])
        for index, cell in enumerate(comparison.cells)
    ]


def is_written_on(sheet: Image.Image, left: int, upper: int, right: int, lower: int) -> bool:
    """Whether that part of the background has light letters."""
    return max(np.asarray(sheet.crop((left, upper, right, lower)).convert("L")).flatten()) > 200


@pytest.mark.parametrize("axes", [(("steps", "4,6,8"),), (("steps", "4,6,8"), ("scheduler", "Euler,Heun"))])
def test_each_picture_lies_untouched_in_its_place_with_labels_around(axes: tuple[tuple[str, str], ...]) -> None:
    comparison = sheet_of(*axes)
    pictures = pictures_for(comparison)
    sheet, layout = draw_sheet(comparison, pictures), plan_layout(comparison)
    assert sheet.size == layout.size
    for index, picture in enumerate(pictures):
        left, upper, width, height = layout.box(index)
        assert sheet.crop((left, upper, left + width, upper + height)).tobytes() == picture.tobytes()
    for column in range(3):
        left, upper, width, _ = layout.box(column)
        assert is_written_on(sheet, left, 0, left + width, upper)
    if len(axes) == 2:
        for row in range(2):
            _, upper, _, height = layout.box(3 * row)
            assert is_written_on(sheet, 0, upper, layout.left, upper + height)


def test_pictures_of_other_sizes_stand_in_the_middle_of_their_cells() -> None:
    comparison = sheet_of(("aspect_ratio", "1:1,16:9"), ("seed", "7,8"), sizes=[(128, 128), (168, 96)] * 2)
    sheet, layout = draw_sheet(comparison, pictures_for(comparison)), plan_layout(comparison)
    assert (layout.widths, layout.heights) == ((128, 168), (128, 128))
    left, upper, _, _ = layout.box(1)
    assert sheet.getpixel((left, upper)) == Image.new("RGB", (1, 1), BACKGROUND).getpixel((0, 0))
    assert sheet.crop((left, upper + 16, left + 168, upper + 112)).getcolors() == [(168 * 96, (0, 255, 0))]


def test_a_picture_that_is_missing_leaves_its_cell_empty() -> None:
    comparison = sheet_of(("steps", "4,6"))
    sheet, layout = draw_sheet(comparison, [pictures_for(comparison)[0], None]), plan_layout(comparison)
    left, upper, width, height = layout.box(1)
    [(_, colour)] = sheet.crop((left, upper, left + width, upper + height)).getcolors() or []
    assert colour == Image.new("RGB", (1, 1), EMPTY).getpixel((0, 0))


@pytest.mark.parametrize(
    "axes",
    [
        (("seed", ",".join(map(str, range(16)))),),
        (("steps", "1,2,3,4"), ("seed", "1,2,3,4")),
        (("steps", "1,2,3,4,5,6,7,8"), ("seed", "1,2")),
        (("seed", "1,2"), ("style", "off,ink,oil painting,impressionist,watercolour,noir,neon,felt")),
    ],
)
@pytest.mark.parametrize("side", [64, 1024, 2048])
def test_no_sheet_is_larger_than_it_may_be_and_labels_keep_their_size(
    axes: tuple[tuple[str, str], ...], side: int
) -> None:
    layout = plan_layout(sheet_of(*axes, sizes=[(side, side)] * 16))
    assert max(layout.size) <= MAX_SIDE
    assert layout.scale == 1 or max(layout.size) > 0.97 * MAX_SIDE
    assert layout.font >= max(12, min(max(layout.size) // 80, layout.widths[0] // 9))


def test_a_long_label_takes_two_lines_and_is_cut() -> None:
    one, two = wrap("watercolour on very rough paper, with a lot of water and little colour", 12, 128)
    assert one.startswith("watercolour on")
    assert two.endswith("…")
    assert wrap("Donaudampfschifffahrtsgesellschaft", 12, 60)[0].endswith("…")
    assert wrap("steps 4", 12, 128) == ["steps 4"]


def test_what_the_font_cannot_write_is_written_plainly_or_called_by_its_number() -> None:
    assert labels(sheet_of(("prompt", "grün,青い,red")))[0] == ["grun", "prompt no. 2", "red"]
