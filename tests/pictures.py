"""Pictures for tests: real files, quickly made."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def bulky(side: int) -> bytes:
    """A square PNG that nobody compressed: three bytes a pixel."""
    return encoded(Image.new("RGB", (side, side), "red"), "PNG", compress_level=0)


PNG = encoded(Image.new("RGB", (64, 64), "red"), "PNG")
WEBP = encoded(Image.new("RGB", (16, 16), "red"), "WEBP")
