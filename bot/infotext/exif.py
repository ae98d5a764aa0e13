"""Texts in EXIF, where JPEG and WebP have no room of their own for them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping

from PIL import ExifTags, Image

USER_COMMENT = int(ExifTags.Base.UserComment)
MAKER_NOTE = int(ExifTags.Base.MakerNote)
SOFTWARE = int(ExifTags.Base.Software)
#: ComfyUI puts its texts here, each led by its key.
_LED_BY_KEY = (ExifTags.Base.ImageDescription, ExifTags.Base.Make, ExifTags.Base.Model, ExifTags.Base.DocumentName)
_KEYS = ("prompt", "workflow", "parameters")
_UNICODE = b"UNICODE\0"
_HEADS = (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8)
#: A JPEG's segment holds so much.
MAX_JPEG_EXIF = 65_533
#: The types whose values are bytes: BYTE, ASCII, UNDEFINED.
_BYTES = (1, 2, 7)


def write_exif(parameters_text: str, texts: Mapping[str, str], software: str) -> bytes:
    """An EXIF block with the infotext as A1111 writes it, and `texts` as JSON where programs keep their own notes.

    Where both are too much for a JPEG, the infotext is what stays.
    """
    block = _block(parameters_text, software, json.dumps(dict(texts), ensure_ascii=False).encode())
    return block if len(block) <= MAX_JPEG_EXIF else _block(parameters_text, software, b"")


def read_exif(block: bytes) -> dict[str, str]:
    """The texts of an EXIF block by the keys that they have in a PNG; none where it is broken."""
    found: dict[str, str] = {}
    tags = _tags(block)
    for tag in _LED_BY_KEY:
        key, colon, text = _plain(tags.get(int(tag), b"")).partition(":")
        if colon and key.strip().lower() in _KEYS:
            found.setdefault(key.strip().lower(), text.strip())
    if comment := decode_comment(tags.get(USER_COMMENT, b"")):
        found["parameters"] = comment
    if note := _plain(tags.get(MAKER_NOTE, b"")):
        found |= _texts(note)
    if software := _plain(tags.get(SOFTWARE, b"")):
        found["Software"] = software
    return found


def encode_comment(text: str) -> bytes:
    """A UserComment as A1111 writes it: UTF-16, the big end first."""
    return _UNICODE + text.encode("utf-16-be", "replace")


def decode_comment(raw: bytes) -> str:
    """A UserComment in whatever encoding it turns out to be; programs disagree about the order of bytes."""
    if raw.startswith(_UNICODE):
        raw = raw[len(_UNICODE) :]
        if raw[:2] in (b"\xfe\xff", b"\xff\xfe"):
            return raw.decode("utf-16", "replace").strip("\0 ")
        # The line of settings is ASCII, and of each of its letters the high byte is zero.
        order = "be" if raw[0::2].count(0) >= raw[1::2].count(0) else "le"
        return raw.decode(f"utf-16-{order}", "replace").strip("\0 ")
    for head in _HEADS:
        raw = raw.removeprefix(head)
    return _plain(raw)


def _block(comment: str, software: str, note: bytes) -> bytes:
    exif = Image.Exif()
    exif[SOFTWARE] = software
    private = exif.get_ifd(ExifTags.IFD.Exif)
    private[USER_COMMENT] = encode_comment(comment)
    if note:
        private[MAKER_NOTE] = note
    return exif.tobytes()


def _tags(block: bytes) -> dict[int, bytes]:
    """The texts of the first directory and of EXIF's own, by their tags, as far as the block is whole."""
    data = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    tags: dict[int, bytes] = {}
    if order is not None:
        for offset in (_number(data, order, 4), _offset_of_private(data, order)):
            for tag, kind, count, at in _entries(data, order, offset):
                if kind in _BYTES:
                    start = at if count <= 4 else _number(data, order, at)
                    tags.setdefault(tag, data[start : start + count])
    return tags


def _offset_of_private(data: bytes, order: str) -> int:
    entries = _entries(data, order, _number(data, order, 4))
    return next((_number(data, order, at) for tag, *_, at in entries if tag == ExifTags.IFD.Exif), 0)


def _entries(data: bytes, order: str, offset: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type and count of each entry of the directory there, and where its value or the offset of it stands."""
    if not 8 <= offset <= len(data) - 2:
        return
    (count,) = struct.unpack_from(f"{order}H", data, offset)
    for at in range(offset + 2, min(offset + 2 + 12 * count, len(data) - 11), 12):
        yield (*struct.unpack_from(f"{order}HHI", data, at), at + 8)


def _number(data: bytes, order: str, at: int) -> int:
    return int(struct.unpack_from(f"{order}I", data, at)[0]) if 0 <= at <= len(data) - 4 else 0


def _plain(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip("\0 ")


def _texts(note: str) -> dict[str, str]:
    try:
        texts = json.loads(note)
    except (ValueError, RecursionError):
        return {}
    return {key: text for key, text in texts.items() if isinstance(text, str)} if isinstance(texts, dict) else {}
