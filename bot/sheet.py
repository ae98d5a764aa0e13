"""A sheet of pictures, each beside the values that made it: laid out and drawn with Pillow, without torch."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from bot.comparison import Comparison
from bot.comparison.axes import label

#: Pixels a side that a sheet has at most; larger ones are a burden to Discord and to whoever opens them.
MAX_SIDE = 4096
BACKGROUND = "#1e1f22"
INK = "#f2f3f5"
EMPTY = "#313338"
ELLIPSIS = "…"
MIN_FONT = 12
#: Discord shows a sheet this many times the height of a readable line wide.
LINES_ACROSS = 48
#: A label beside a picture takes this share of its width at most.
SIDE_SHARE = 0.8
MAX_LINES = 2
#: A sheet with one axis has its pictures in so many columns, by how many there are.
WRAPPED = {5: 3, 6: 3, 7: 4, 8: 4, 9: 3, 10: 4, 11: 4, 12: 4, 13: 4, 14: 4, 15: 4, 16: 4}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in pixels: columns as wide and rows as high as the largest picture in them, at `scale`."""

    widths: tuple[int, ...]
    heights: tuple[int, ...]
    scale: float
    font: int
    gap: int
    left: int
    above: int
    caption: int

    @property
    def size(self) -> tuple[int, int]:
        """Of the whole sheet."""
        width = self.left + self.gap + sum(self.widths) + len(self.widths) * self.gap
        height = self.above + self.gap + sum(self.heights) + len(self.heights) * (self.caption + self.gap)
        return width, height

    def box(self, index: int) -> tuple[int, int, int, int]:
        """Where that picture has its place: left, upper, width, height."""
        row, column = divmod(index, len(self.widths))
        left = self.left + self.gap + sum(self.widths[:column]) + column * self.gap
        upper = self.above + self.gap + sum(self.heights[:row]) + row * (self.caption + self.gap) + self.caption
        return left, upper, self.widths[column], self.heights[row]


def draw_sheet(comparison: Comparison, pictures: Sequence[Image.Image | None]) -> Image.Image:
    """The sheet with these pictures in the order of the cells; None leaves a cell empty.

    Pictures keep their pixels unless the sheet would become too large; smaller ones stand in the middle of their cell.
    """
    layout = plan_layout(comparison)
    sheet = Image.new("RGB", layout.size, BACKGROUND)
    canvas = ImageDraw.Draw(sheet)
    for index, picture in enumerate(pictures):
        left, upper, room_x, room_y = layout.box(index)
        if picture is None:
            canvas.rectangle((left, upper, left + room_x - 1, upper + room_y - 1), fill=EMPTY)
            continue
        size = _scaled(picture.size, layout.scale)
        fitted = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
        sheet.paste(fitted, (left + (room_x - size[0]) // 2, upper + (room_y - size[1]) // 2))
    _write_labels(canvas, comparison, layout)
    return sheet


def plan_layout(comparison: Comparison) -> Layout:
    """The layout in which the sheet is not too large, with the pictures as large as that leaves them."""
    scale = 1.0
    layout = _layout(comparison, scale)
    while max(layout.size) > MAX_SIDE:
        scale *= min(MAX_SIDE / max(layout.size), 0.99)
        layout = _layout(comparison, scale)
    return layout


def _layout(comparison: Comparison, scale: float) -> Layout:
    first, *second = comparison.axes
    count = len(comparison.cells)
    columns = len(first.values) if second else WRAPPED.get(count, count)
    sizes = [_scaled((cell.width, cell.height), scale) for cell in comparison.cells]
    widths = tuple(max(width for width, _ in sizes[column::columns]) for column in range(columns))
    heights = tuple(max(height for _, height in sizes[row : row + columns]) for row in range(0, count, columns))
    font = max(MIN_FONT, min(max(sum(widths), sum(heights)) // LINES_ACROSS, max(widths) // 8))
    gap = max(2, font // 4)
    across, *down = labels(comparison)
    left = 0
    if down:
        left = math.ceil(min(max(_width(text, font) for text in down[0]), max(widths) * SIDE_SHARE)) + gap
    most = max(len(wrap(text, font, widths[index % columns])) for index, text in enumerate(across))
    strip = _line_height(font) * most + gap
    return Layout(
        widths=widths,
        heights=heights,
        scale=scale,
        font=font,
        gap=gap,
        left=left,
        above=strip if down else 0,
        caption=0 if down else strip,
    )


def labels(comparison: Comparison) -> list[list[str]]:
    """What is written along each axis. A value that the font cannot write is called by its number."""
    return [
        [_writable(label(axis.name, value), f"{axis.name} no. {number}") for number, value in enumerate(axis.values, 1)]
        for axis in comparison.axes
    ]


def _write_labels(canvas: ImageDraw.ImageDraw, comparison: Comparison, layout: Layout) -> None:
    line, font = _line_height(layout.font), _font(layout.font)
    across, *down = labels(comparison)
    for index, text in enumerate(across):
        left, upper, width, _ = layout.box(index)
        lines = wrap(text, layout.font, width)
        top = (layout.above + layout.gap if down else upper) - layout.gap // 2 - line * len(lines)
        for number, words in enumerate(lines):
            canvas.text((left + width / 2, top + number * line), words, INK, font, anchor="ma")
    for row, text in enumerate(down[0] if down else ()):
        _, upper, _, height = layout.box(row * len(layout.widths))
        lines = wrap(text, layout.font, layout.left - layout.gap)
        top = upper + (height - line * len(lines)) // 2
        for number, words in enumerate(lines):
            canvas.text((layout.left, top + number * line), words, INK, font, anchor="ra")


def wrap(text: str, size: int, width: float) -> list[str]:
    """`text` in at most two lines that fit; what does not fit is cut with “…”."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < MAX_LINES:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_cut(line, size, width) for line in lines]


def _cut(text: str, size: int, width: float) -> str:
    if _width(text, size) <= width:
        return text
    while text and _width(text + ELLIPSIS, size) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _writable(text: str, otherwise: str) -> str:
    """`text` in the letters that the font has, accents taken off; `otherwise` where letters would be missing."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    plain = " ".join(plain.split())
    return plain if plain and all(map(_has_letter, plain)) else otherwise


@cache
def _has_letter(letter: str) -> bool:
    font = _font(MIN_FONT)
    missing = bytes(font.getmask("\uffff"))
    return letter == " " or bytes(font.getmask(letter)) != missing


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _width(text: str, size: int) -> float:
    return _font(size).getlength(text)


def _line_height(size: int) -> int:
    return math.ceil(size * 1.25)


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
