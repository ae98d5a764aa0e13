"""Pictures as files that Discord accepts: PNG with all its text where it fits, else smaller, and saying so."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass

import discord
from PIL import Image

from bot.infotext import XMP_KEY, read_texts, save_options, text_chunks
from bot.jobs import Job
from bot.sentences import Sentence
from bot.translation import Speech
from bot.ui.cards import Picture
from bot.ui.sheets import sheet_alt_text
from bot.ui.text import alt_text, megabytes

MIB = 2**20
#: What a place without a better known limit takes per file.
DEFAULT_LIMIT = 10 * MIB
#: Discord takes 25 MiB in one request; the rest of the form needs a little of it.
REQUEST_LIMIT = 24 * MIB

AS_WEBP = "shown as WebP ({size}): the PNG ({png_size}) is more than Discord takes here"
AS_SMALL_WEBP = "shown as WebP at half its size ({size}): the PNG ({png_size}) is more than Discord takes here"


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to make a picture smaller: WebP of that quality, each side scaled; without quality, a PNG packed well."""

    quality: int | None = None
    scale: float = 1.0


#: From untouched (None) to what fits everywhere; each is tried when the one before was too large.
ENCODINGS: tuple[Encoding | None, ...] = (None, Encoding(), Encoding(92), Encoding(80), Encoding(70, scale=0.5))
#: Packing that saves less than this share is not worth a try at Discord.
WORTHWHILE = 0.05


@dataclass(frozen=True, slots=True)
class Attachments:
    """The files of one job in one encoding, and a remark about it for people."""

    level: int
    pictures: tuple[Picture, ...]
    contents: tuple[bytes, ...]
    remark: Sentence | None

    def files(self) -> list[discord.File]:
        """Fresh files for one request; discord.py closes them after it."""
        return [
            discord.File(io.BytesIO(content), picture.filename, description=picture.description)
            for picture, content in zip(self.pictures, self.contents, strict=True)
        ]


async def encode(job: Job, pngs: Sequence[bytes], limit: int, level: int = 0) -> Attachments:
    """The pictures in the first encoding from `level` on that keeps every file within `limit` bytes."""
    return await asyncio.to_thread(_encode, job, pngs, limit, level)


def _encode(job: Job, pngs: Sequence[bytes], limit: int, level: int) -> Attachments:
    last = len(ENCODINGS) - 1
    level = min(level, last)
    contents = _contents(pngs, level)
    while level < last and not (_fits(contents, limit) and _is_smaller(contents, pngs, level)):
        level += 1
        contents = _contents(pngs, level)
    pictures = tuple(_picture(job, index, len(pngs), level) for index in range(len(pngs)))
    return Attachments(level, pictures, contents, _remark(pngs, contents, level))


def _contents(pngs: Sequence[bytes], level: int) -> tuple[bytes, ...]:
    encoding = ENCODINGS[level]
    if encoding is None:
        return tuple(pngs)
    if encoding.quality is None:
        return tuple(map(_packed, pngs))
    return tuple(_webp(png, encoding) for png in pngs)


def _fits(contents: Sequence[bytes], limit: int) -> bool:
    sizes = [len(content) for content in contents]
    return max(sizes) <= limit and sum(sizes) <= REQUEST_LIMIT


def _is_smaller(contents: Sequence[bytes], pngs: Sequence[bytes], level: int) -> bool:
    """Whether this level is worth a try after the one before it."""
    return level == 0 or sum(map(len, contents)) <= (1 - WORTHWHILE) * sum(map(len, pngs))


def _packed(png: bytes) -> bytes:
    """The same picture to the last bit, and all its texts."""
    buffer = io.BytesIO()
    texts = {key: text for key, text in read_texts(png).items() if key != XMP_KEY}
    with Image.open(io.BytesIO(png)) as image:
        image.save(buffer, "PNG", optimize=True, pnginfo=text_chunks(texts))
    return buffer.getvalue()


def _webp(png: bytes, encoding: Encoding) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        width, height = (max(1, round(side * encoding.scale)) for side in image.size)
        smaller = image if encoding.scale == 1 else image.resize((width, height), Image.Resampling.LANCZOS)
        smaller.save(buffer, "WEBP", quality=encoding.quality, **save_options(read_texts(png)))
    return buffer.getvalue()


def _picture(job: Job, index: int, count: int, level: int) -> Picture:
    encoding = ENCODINGS[level]
    extension = "png" if encoding is None or encoding.quality is None else "webp"
    speech = Speech(job.locale)
    if job.comparison is None:
        description = alt_text(job.parameters, index, count, speech)
    else:
        description = sheet_alt_text(job, job.comparison, speech)
    return Picture(filename=f"imagine-{job.id}-{index + 1}.{extension}", description=description)


def _remark(pngs: Sequence[bytes], contents: Sequence[bytes], level: int) -> Sentence | None:
    encoding = ENCODINGS[level]
    if encoding is None or encoding.quality is None:
        # Nobody can see a difference.
        return None
    return Sentence.of(
        AS_WEBP if encoding.scale == 1 else AS_SMALL_WEBP,
        size=megabytes(sum(map(len, contents))),
        png_size=megabytes(sum(map(len, pngs))),
    )
