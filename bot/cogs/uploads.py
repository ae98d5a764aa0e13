"""Pictures that come with a command: fetched, decoded, and kept as what a job works on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.cogs.message_pictures import MessagePicture, fetch
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.services.variants import Asker
from bot.uploads import decode_inputs


@dataclass(frozen=True, slots=True)
class Uploads:
    """The inputs' ids, as a job names them, the size of the image, and what to say of how they were read."""

    changes: dict[str, str]
    size: tuple[int, int] | None
    remarks: Sequence[Sentence]


async def take_in(
    client: discord.Client,
    generation: GenerationService,
    asker: Asker,
    image: discord.Attachment | None,
    mask: discord.Attachment | None,
) -> Uploads:
    """Keep what was sent. Raises `InvalidUpload` and `RequestRejected` with what is wrong with it.

    Whoever may not ask for anything now is told so before a byte is fetched.
    """
    if image is None and mask is None:
        return Uploads({}, None, ())
    changes = {}
    async with generation.decoding.turn(asker["user_id"]):
        await generation.check_can_ask(
            user_id=asker["user_id"], channel_id=asker["channel_id"], role_ids=asker["role_ids"]
        )
        contents = await asyncio.gather(*(_fetch(client, each) for each in (image, mask)))
        picture, white, remarks = await generation.decoding.run(decode_inputs, *contents)
        if picture is not None:
            changes["image"] = await generation.inputs.save(picture)
        if white is not None:
            changes["mask_image"] = await generation.inputs.save(white)
    return Uploads(changes, None if picture is None else picture.size, remarks)


async def _fetch(client: discord.Client, attachment: discord.Attachment | None) -> bytes | None:
    if attachment is None:
        return None
    return await fetch(client, MessagePicture(attachment.filename, attachment.url, attachment.size))
