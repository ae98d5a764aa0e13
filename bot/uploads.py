"""The one decoder for pictures that strangers send: what it lets through is a plain picture of bearable size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.errors import InvalidUpload

#: Formats that a member may send; Pillow opens no other, whatever the file's name says.
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 20 * 2**20
#: Pixels of an upload; above, a small file may unpack to gigabytes.
MAX_PIXELS = 36_000_000
MIN_SIDE, MAX_ASPECT = 16, 8


def decode_upload(content: bytes) -> Image.Image:
    """The picture as it is meant to be seen: turned as its camera says, on white where it is transparent, RGB.

    Raises `InvalidUpload` with a sentence for what is too large, no picture, truncated, animated, or a bomb.
    """
    with _opened(content) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            layers = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
        return upright.convert("RGB")


def decode_mask(content: bytes) -> Image.Image:
    """A mask, grey: white is repainted. Where a picture has transparent parts, those are. Raises `InvalidUpload`."""
    with _opened(content) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            alpha = upright.convert("RGBA").getchannel("A")
            if any(alpha.histogram()[:255]):
                return ImageOps.invert(alpha)
        return upright.convert("L")


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    if len(content) > MAX_BYTES:
        raise InvalidUpload(
            "The file has {size:.1f} MiB, and at most {most} MiB are read. Send a smaller one.",
            size=len(content) / 2**20,
            most=MAX_BYTES // 2**20,
        )
    try:
        with warnings.catch_warnings():
            # Pillow's own warning about bombs; the limit below is stricter.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Any = Image.open(io.BytesIO(content), formats=FORMATS)
        with image:
            _check(image)
            image.load()
            yield image
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise InvalidUpload("The file is no picture that can be read. Send a PNG, JPEG or WebP.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidUpload("The picture is damaged or cut off. Save it again, and send that.") from error


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidUpload(
            "The picture is {width} × {height}; at most {most} megapixels are read. Send a smaller one.",
            width=width,
            height=height,
            most=MAX_PIXELS // 1_000_000,
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidUpload(
            "The picture is {width} × {height}. Send one with {least} pixels a side, none over {most} times the other.",
            width=width,
            height=height,
            least=MIN_SIDE,
            most=MAX_ASPECT,
        )
    if getattr(image, "n_frames", 1) > 1:
        raise InvalidUpload("The picture moves. Send a still one: PNG, JPEG or WebP.")
