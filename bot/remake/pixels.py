"""Whether a picture made again is the same, pixel by pixel, and if not, why."""

from __future__ import annotations

from typing import Any

from PIL import ImageChops

from bot.errors import InfotextMissing
from bot.infotext import read_picture
from bot.infotext.containers import read_metadata
from bot.sentences import Sentence
from bot.uploads import decode_upload

#: The format that keeps every pixel as it was.
LOSSLESS = "PNG"


def same_pixels(original: bytes, made: bytes) -> bool:
    """Whether both files show exactly the same. Raises `InvalidUpload` for what is no picture."""
    return _difference(original, made) == 0


def compare_pixels(original: bytes, made: bytes) -> Sentence:
    """How the picture that was made compares with the original: decodes both. Raises `InvalidUpload`."""
    difference = _difference(original, made)
    if difference == 0:
        return Sentence.of("Pixels match the original exactly.")
    if difference is None:
        return Sentence.of("The original has another size.")
    metadata = read_metadata(original)
    if metadata is not None and metadata.format != LOSSLESS:
        return Sentence.of(
            "Pixels differ by up to {most} of 255; the original is a {format}, which does not keep them all.",
            most=difference,
            format=metadata.format,
        )
    if reasons := _reasons(original, made):
        return Sentence.of(
            "Pixels differ by up to {most} of 255; what made it differs, too: {reasons}.",
            most=difference,
            reasons=", ".join(reasons),
        )
    return Sentence.of("Pixels differ from the original by up to {most} of 255.", most=difference)


def _difference(original: bytes, made: bytes) -> int | None:
    """The largest difference of any pixel in any channel, 0 to 255; None where the sizes differ."""
    first, second = decode_upload(original), decode_upload(made)
    if first.size != second.size:
        return None
    extrema: Any = ImageChops.difference(first, second).getextrema()
    highest: int = max(high for _, high in extrema)
    return highest


def _reasons(original: bytes, made: bytes) -> list[str]:
    """What of the two pictures' origins differs, where both have one."""
    try:
        theirs, ours = read_picture(original).origin, read_picture(made).origin
    except InfotextMissing:
        return []
    return theirs.differences(ours) if theirs is not None and ours is not None else []
