"""Small picture files for the tests, put together as the programs do, or as nobody should."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: Mapping[str, Any] = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))


def corpus_texts(name: str) -> dict[str, str]:
    """The texts of that case by their keys in a PNG."""
    content = (CORPUS / name).read_text(encoding="utf-8")
    if name.endswith(".txt"):
        return {"parameters": content}
    return {key: text if isinstance(text, str) else json.dumps(text) for key, text in json.loads(content).items()}


def png_of(texts: Mapping[str, str]) -> bytes:
    """A PNG with these texts, as Pillow writes them for all the programs."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return saved("PNG", pnginfo=info)


def saved(kind: str, *, size: tuple[int, int] = (64, 48), shade: int = 0, **options: Any) -> bytes:
    """A small picture, the same each time for a shade."""
    buffer = io.BytesIO()
    pixels = bytes((value + shade) % 256 for value in range(256)) * (3 * size[0] * size[1] // 256 + 1)
    Image.frombytes("RGB", size, pixels[: 3 * size[0] * size[1]]).save(buffer, kind, **options)
    return buffer.getvalue()


def with_comment(kind: str, comment: bytes) -> bytes:
    """A JPEG or WebP with this EXIF UserComment."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return saved(kind, exif=exif.tobytes())


def raw_png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (1, 1)) -> bytes:
    """A PNG of these chunks and no pixels."""
    header = (b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (header, *chunks, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
