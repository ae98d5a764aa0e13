"""Pictures that come with a command: fetched, decoded, and kept as what a job works on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord

from bot.cogs.message_pictures import MessagePicture, fetch
from bot.inputs import InputFolder
from bot.uploads import decode_inputs


@dataclass(frozen=True, slots=True)
class Uploads:
    """The inputs' ids, as a job names them, and the size of the image."""

    changes: dict[str, str]
    size: tuple[int, int] | None = None


@asynccontextmanager
async def promised(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """An answer within three seconds that there will be an answer, which everybody sees; a refusal only who asked."""
    # Of a press, “thinking” makes it the promise of a message, and not of a change to the one that was pressed.
    await interaction.response.defer(thinking=True)
    try:
        yield
    except Exception:
        # What is said first after a promise keeps it, in sight of everybody; what is said second can be private.
        with contextlib.suppress(discord.HTTPException):
            await interaction.edit_original_response(content="…")
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
    picture, white = await asyncio.to_thread(decode_inputs, *contents)
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
