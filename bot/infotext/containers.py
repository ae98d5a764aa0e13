"""The texts in a PNG, JPEG or WebP, found by walking its chunks: no pixel is decoded, whatever the header announces."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.uploads import MAX_BYTES

#: Longer texts are passed over, and so is what comes after this much altogether.
MAX_TEXT = 2 * 2**20
MAX_ALL_TEXT = 8 * 2**20
#: A picture has some thousand chunks at most; more are a trap.
MAX_CHUNKS = 50_000
XMP_KEY = "XML:com.adobe.xmp"

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_EXIF_HEAD = b"Exif\0\0"
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_APP1, _COMMENT, _START_OF_SCAN = 0xE1, 0xFE, 0xDA


@dataclass(slots=True)
class Metadata:
    """The texts of a picture by their keys, its EXIF block, and the format that it turned out to have."""

    format: str
    texts: dict[str, str] = field(default_factory=dict)
    exif: bytes = b""
    _room: int = MAX_ALL_TEXT

    def add(self, key: str, text: str) -> None:
        """Take a text unless there is no room; the first of a name stays."""
        if text and len(text) <= min(MAX_TEXT, self._room):
            self._room -= len(text)
            self.texts.setdefault(key, text)


def read_metadata(content: bytes) -> Metadata | None:
    """What stands in the file beside its pixels, as far as it is whole; None when it is none of the three formats."""
    if len(content) > MAX_BYTES:
        return None
    if content.startswith(_PNG):
        return _read_png(content)
    if content.startswith(_JPEG):
        return _read_jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _read_webp(content)
    return None


def _read_png(content: bytes) -> Metadata:
    metadata = Metadata("PNG")
    for kind, data in _png_chunks(content):
        if kind == b"eXIf":
            metadata.exif = metadata.exif or data
        elif kind == b"tEXt":
            key, _, text = data.partition(b"\0")
            metadata.add(key.decode("latin-1"), text.decode("latin-1"))
        elif kind == b"zTXt":
            key, _, rest = data.partition(b"\0")
            metadata.add(key.decode("latin-1"), _inflated(rest[1:]).decode("latin-1"))
        elif kind == b"iTXt":
            key, _, rest = data.partition(b"\0")
            # A flag and a method of compression, then language and translated key, each ended by a NUL.
            *_, text = rest[2:].split(b"\0", 2)
            text = _inflated(text) if rest[:1] == b"\1" else text
            metadata.add(key.decode("latin-1"), text.decode("utf-8", "replace"))
    return metadata


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = len(_PNG)
    for _ in range(MAX_CHUNKS):
        if offset + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, offset)
        end = offset + 8 + length
        if end > len(content) or kind == b"IEND":
            return
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            yield kind, content[offset + 8 : end]
        offset = end + 4


def _inflated(data: bytes) -> bytes:
    """What it unpacks to; nothing where it is broken or too much."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXT + 1)
    except zlib.error:
        return b""
    return b"" if len(text) > MAX_TEXT else text


def _read_jpeg(content: bytes) -> Metadata:
    metadata = Metadata("JPEG")
    offset = len(_JPEG)
    for _ in range(MAX_CHUNKS):
        if offset + 4 > len(content) or content[offset] != 0xFF or content[offset + 1] == _START_OF_SCAN:
            break
        marker, length = struct.unpack_from(">xBH", content, offset)
        data = content[offset + 4 : offset + 2 + length]
        if marker == _APP1 and data.startswith(_EXIF_HEAD):
            metadata.exif = metadata.exif or data
        elif marker == _APP1 and data.startswith(_XMP_HEAD):
            metadata.add(XMP_KEY, data[len(_XMP_HEAD) :].decode("utf-8", "replace"))
        elif marker == _COMMENT:
            metadata.add("Comment", data.decode("utf-8", "replace"))
        offset += 2 + max(2, length)
    return metadata


def _read_webp(content: bytes) -> Metadata:
    metadata = Metadata("WEBP")
    offset = 12
    for _ in range(MAX_CHUNKS):
        if offset + 8 > len(content):
            break
        kind, length = struct.unpack_from("<4sI", content, offset)
        data = content[offset + 8 : offset + 8 + length] if kind in (b"EXIF", b"XMP ") else b""
        if kind == b"EXIF":
            metadata.exif = metadata.exif or data
        elif kind == b"XMP ":
            metadata.add(XMP_KEY, data.decode("utf-8", "replace"))
        offset += 8 + length + length % 2
    return metadata
