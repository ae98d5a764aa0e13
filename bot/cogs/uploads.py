"""Pictures that come with a command: fetched, decoded, and kept as what a job works on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
from PIL import Image

from bot.cogs.message_pictures import MessagePicture, fetch
from bot.errors import InvalidUpload
from bot.inputs import InputFolder
from bot.parameters import MAX_SIZE
from bot.uploads import decode_mask, decode_upload

#: How far the shapes of a picture and its mask may be from each other, as a share.
SHAPE_TOLERANCE = 0.02
#: A grey from here on is white.
WHITE = 128


@dataclass(frozen=True, slots=True)
class Uploads:
    """The inputs' ids, as a job names them, and the size of the image."""

    changes: dict[str, str]
    size: tuple[int, int] | None = None


@asynccontextmanager
async def promised(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """An answer within three seconds that there will be an answer, which everybody sees; a refusal only who asked."""
    await interaction.response.defer()
    try:
        yield
    except Exception:
        # The first answer after a promise takes its place, in sight of everybody; without one it is private.
        with contextlib.suppress(discord.HTTPException):
            await interaction.delete_original_response()
        raise


async def take_in(
    client: discord.Client,
    inputs: InputFolder,
    image: discord.Attachment | None,
    mask: discord.Attachment | None,
) -> Uploads:
    """Keep what was sent. Raises `InvalidUpload` and `RequestRejected` with what is wrong with it."""
    contents = await asyncio.gather(*(_fetch(client, each) for each in (image, mask)))
    picture, white = await asyncio.to_thread(_decode, *contents)
    changes = {}
    if picture is not None:
        changes["image"] = await inputs.save(picture)
    if white is not None:
        changes["mask_image"] = await inputs.save(white)
    return Uploads(changes, None if picture is None else picture.size)


async def _fetch(client: discord.Client, attachment: discord.Attachment | None) -> bytes | None:
    if attachment is None:
        return None
    return await fetch(client, MessagePicture(attachment.filename, attachment.url, attachment.size))


def _decode(image: bytes | None, mask: bytes | None) -> tuple[Image.Image | None, Image.Image | None]:
    picture = None if image is None else decode_upload(image)
    white = None if mask is None else decode_mask(mask)
    if white is not None:
        _check_mask(white, picture)
    return _bearable(picture), _bearable(white)


def _check_mask(mask: Image.Image, picture: Image.Image | None) -> None:
    if not any(mask.histogram()[WHITE:]):
        raise InvalidUpload("The mask has no white, and white is what is repainted. Paint over that part.")
    if picture is None:
        return
    ratio = mask.width * picture.height / (mask.height * picture.width)
    if abs(ratio - 1) > SHAPE_TOLERANCE:
        raise InvalidUpload(
            "The mask is {mask_width} × {mask_height}, and the image {width} × {height}. Send two of the same shape.",
            mask_width=mask.width,
            mask_height=mask.height,
            width=picture.width,
            height=picture.height,
        )


def _bearable(image: Image.Image | None) -> Image.Image | None:
    """The picture, or a smaller one that still covers the largest that can be made."""
    if image is None or min(image.size) <= MAX_SIZE:
        return image
    scale = MAX_SIZE / min(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
