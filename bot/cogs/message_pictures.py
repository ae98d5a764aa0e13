"""The pictures of any message, and how they are fetched: as they were sent, and never from a stranger's server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.errors import PicturesGone, RequestRejected
from bot.uploads import check_bytes

#: Where Discord keeps what people send; everything else is reached through its proxy alone.
DISCORD_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")
#: As many as Discord lets one message have attachments.
MOST = 10
FETCH_SECONDS = 30
NONE_HERE = "There is no picture in this message. Choose one that has."
#: How the files of this bot's own cards are named (see `bot.delivery.attachments`).
_OWN = re.compile(r"imagine-(\d{1,19})-(\d{1,2})\.(?:png|webp)")


@dataclass(frozen=True, slots=True)
class MessagePicture:
    """One picture of a message: its name, where it is fetched, and its size where Discord says it.

    `job` is the job of this bot that it belongs to, and the place among its pictures.
    """

    name: str
    url: str
    size: int = 0
    job: tuple[int, int] | None = None


def pictures_of(message: discord.Message, bot_id: int) -> list[MessagePicture]:
    """The pictures of a message in the order in which they are shown. Raises `RequestRejected` where there is none."""
    found: dict[str, MessagePicture] = {}
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        for address, picture in _pictures_of_part(part):
            # The same attachment is in the list of attachments, and in the gallery that shows it.
            found.setdefault(address.partition("?")[0], picture)
    if not found:
        raise RequestRejected(NONE_HERE)
    pictures = list(found.values())[:MOST]
    return [_own(picture) for picture in pictures] if message.author.id == bot_id else pictures


async def fetch(client: discord.Client, picture: MessagePicture) -> bytes:
    """The file as it was sent. Raises `InvalidUpload` for one that is too large, `PicturesGone` for none."""
    check_bytes(picture.size)
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            content = await client.http.get_from_cdn(picture.url)
    except (discord.NotFound, discord.Forbidden) as error:
        raise PicturesGone("The picture is not at Discord any more. Choose a message that still shows one.") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise RequestRejected("Discord does not hand out the picture right now. Try again in a minute.") from error
    check_bytes(len(content))
    return content


def _pictures_of_part(part: discord.Message | discord.MessageSnapshot) -> Iterator[tuple[str, MessagePicture]]:
    """Each with the address under which the message shows it."""
    for attachment in part.attachments:
        if _is_picture(attachment.content_type, attachment.filename):
            yield attachment.url, MessagePicture(attachment.filename, attachment.url, attachment.size)
    # Galleries hold films, too.
    media = [media for media in _media(part.components) if _is_picture(media.content_type, urlsplit(media.url).path)]
    embedded = [embed.image if embed.image.url else embed.thumbnail for embed in part.embeds]
    every: list[Any] = [*media, *embedded]
    for shown in every:
        if shown.url and (source := _source(shown)):
            yield shown.url, MessagePicture(_name(shown.url), source)


def _media(components: Iterable[Any]) -> Iterator[discord.UnfurledMediaItem]:
    """All media that a layout shows, nested ones too."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case discord.SectionComponent(accessory=discord.ThumbnailComponent() as thumbnail):
                yield thumbnail.media
            case discord.FileComponent():
                yield component.media
            case discord.Container():
                yield from _media(component.children)
            case _:
                continue


def _source(media: Any) -> str | None:
    """Where to fetch it: Discord's own files as they are, others' by its proxy, for an address may lead anywhere."""
    is_sent = getattr(media, "attachment_id", None) is not None
    if is_sent or urlsplit(media.url).hostname in DISCORD_HOSTS:
        return str(media.url)
    return str(media.proxy_url) if media.proxy_url else None


def _is_picture(content_type: str | None, path: str) -> bool:
    return (content_type or "").startswith("image/") or path.casefold().endswith(SUFFIXES)


def _name(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def _own(picture: MessagePicture) -> MessagePicture:
    match = _OWN.fullmatch(picture.name)
    if match is None:
        return picture
    return MessagePicture(picture.name, picture.url, picture.size, (int(match[1]), int(match[2]) - 1))
