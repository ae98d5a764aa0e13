"""Where the pictures of a message are found and fetched: attachments, layouts, embeds, forwarded messages."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.cogs.message_pictures import MessagePicture, pictures_of
from bot.errors import RequestRejected
from tests.simcord_app import SimulatedServer

BOT = 99
CDN = "https://cdn.discordapp.com/attachments/1/2/"
PROXY = "https://images-ext-1.discordapp.net/external/abc/https/example.com/"


def attachment(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "5", "filename": name, "size": 7, "url": f"{CDN}{name}?ex=1", "proxy_url": f"{CDN}{name}", **more}


def media(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "proxy_url": f"{PROXY}{url.rsplit('/', 1)[-1]}", "content_type": "image/png", **more}


def gallery(*shown: dict[str, Any]) -> dict[str, Any]:
    return {"type": 12, "id": 1, "items": [{"media": each, "description": None, "spoiler": False} for each in shown]}


def message(server: SimulatedServer, author: int = 5, **parts: Any) -> discord.Message:
    """A message as Discord hands it to a context menu."""
    payload: dict[str, Any] = {
        "id": "3",
        "channel_id": str(server.channel.id),
        "author": {"id": str(author), "username": "alice", "discriminator": "0", "avatar": None},
        "content": "",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        **parts,
    }
    bot = server.application.bot
    channel: Any = bot.get_channel(server.channel.id)
    return discord.Message(state=bot._connection, channel=channel, data=payload)  # type: ignore[arg-type]


async def test_attachments_are_fetched_as_they_were_sent_and_other_files_are_none(server: SimulatedServer) -> None:
    sent = [attachment("a.PNG"), attachment("b", content_type="image/webp"), attachment("c.txt")]
    found = pictures_of(message(server, attachments=sent), BOT)
    assert found == [MessagePicture("a.PNG", f"{CDN}a.PNG?ex=1", 7), MessagePicture("b", f"{CDN}b?ex=1", 7)]


async def test_a_gallery_within_a_container_is_found_and_what_is_attached_too_counts_once(
    server: SimulatedServer,
) -> None:
    shown = gallery(media(f"{CDN}a.png?ex=2", attachment_id="5"), media(f"{CDN}b.png"), media(f"{CDN}c.mp4"))
    shown["items"][2]["media"]["content_type"] = "video/mp4"
    thumbnail = {"type": 11, "id": 4, "media": media(f"{CDN}t.png"), "description": None, "spoiler": False}
    section = {"type": 9, "id": 3, "components": [{"type": 10, "id": 5, "content": "x"}], "accessory": thumbnail}
    layout = {"type": 17, "id": 2, "components": [shown, section], "accent_color": None, "spoiler": False}
    found = pictures_of(message(server, components=[layout], attachments=[attachment("a.png")], flags=1 << 15), BOT)
    assert [picture.name for picture in found] == ["a.png", "b.png", "t.png"]


async def test_what_lies_elsewhere_is_fetched_through_discord_alone(server: SimulatedServer) -> None:
    inside = "http://169.254.169.254/latest.png"
    embeds = [
        {"type": "rich", "image": media(inside)},
        {"type": "image", "url": "https://example.com/t.png", "thumbnail": media("https://example.com/t.png")},
        {"type": "rich", "image": {"url": "http://10.0.0.1/no-proxy.png"}},
        {"type": "image", "thumbnail": {"url": f"{CDN}pasted.png", "proxy_url": f"{PROXY}pasted.png"}},
    ]
    found = pictures_of(message(server, embeds=embeds), BOT)
    assert [picture.url for picture in found] == [f"{PROXY}latest.png", f"{PROXY}t.png", f"{CDN}pasted.png"]


async def test_a_forwarded_message_has_the_pictures_of_what_it_forwards(server: SimulatedServer) -> None:
    snapshot = {
        "type": 0,
        "content": "",
        "embeds": [],
        "attachments": [attachment("a.png")],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "mentions": [],
        "mention_roles": [],
        "components": [],
    }
    [found] = pictures_of(message(server, message_snapshots=[{"message": snapshot}]), BOT)
    assert found.name == "a.png"


async def test_only_the_bots_own_files_name_its_jobs(server: SimulatedServer) -> None:
    sent = [attachment("imagine-41-2.png")]
    [own] = pictures_of(message(server, author=BOT, attachments=sent), BOT)
    [strange] = pictures_of(message(server, attachments=sent), BOT)
    assert (own.job, strange.job) == ((41, 1), None)


async def test_a_message_without_any_is_refused(server: SimulatedServer) -> None:
    with pytest.raises(RequestRejected, match="There is no picture in this message"):
        pictures_of(message(server), BOT)
