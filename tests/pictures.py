"""Pictures for tests: real files, quickly made."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def noise(side: int) -> bytes:
    """A square PNG that no encoder can make small: about three bytes a pixel."""
    pixels = np.random.default_rng(7).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels), "PNG")


PNG = encoded(Image.new("RGB", (64, 64), "red"), "PNG")
WEBP = encoded(Image.new("RGB", (16, 16), "red"), "WEBP")
