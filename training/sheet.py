"""Contact sheets: pictures in rows with their prompts below."""

from __future__ import annotations

import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

from training.world import Picture

_CELL, _TEXT, _COLUMNS = 192, 42, 8


def save_sheet(file: Path, pictures: list[Picture], texts: list[str], limit: int = 64) -> None:
    """Write the first pictures as one PNG."""
    shown = list(zip(pictures, texts, strict=True))[:limit]
    rows = -(-len(shown) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (_CELL + 8), rows * (_CELL + _TEXT)), (240, 240, 240))
    draw = ImageDraw.Draw(sheet)
    for number, (picture, text) in enumerate(shown):
        x, y = number % _COLUMNS * (_CELL + 8) + 4, number // _COLUMNS * (_CELL + _TEXT) + 4
        image = Image.fromarray(picture)
        image.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
        sheet.paste(image, (x + (_CELL - image.width) // 2, y + (_CELL - image.height) // 2))
        draw.multiline_text((x, y + _CELL + 2), textwrap.fill(text, 32), fill=(0, 0, 0))
    sheet.save(file)
