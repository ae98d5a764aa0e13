"""What Discord says of people, places and messages, in its own JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.contract.component_rules import BUTTON, CONTAINER, FILE, MEDIA_GALLERY, SECTION, SEPARATOR, THUMBNAIL
from tests.loopback.state import (
    DISCORD_EPOCH_MS,
    SEND_MESSAGES_AND_THE_LIKE,
    Attachment,
    Channel,
    Interaction,
    Message,
    Payload,
    User,
    World,
)

CHAT_INPUT, COMMAND, COMPONENT = 1, 2, 3
CONTENT_TYPES = {"png": "image/png", "webp": "image/webp", "txt": "text/plain; charset=utf-8", "json": "application/json"}


def time_of(snowflake: int) -> str:
    """When an id was given."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, UTC).isoformat()


def user(person: User) -> Payload:
    """A user; without a picture, as pictures of people are fetched from another host."""
    return {
        "id": str(person.id),
        "username": person.name,
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": person.is_bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def own_user(person: User) -> Payload:
    """The user that asks."""
    return {**user(person), "mfa_enabled": True, "locale": "en-US", "verified": True}


def member(person: User) -> Payload:
    """A user as member of the guild."""
    return {
        "user": user(person),
        "nick": None,
        "avatar": None,
        "roles": [],
        "joined_at": time_of(person.id),
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": str(person.permissions),
    }


def channel(world: World, place: Channel) -> Payload:
    """A channel."""
    if place.recipient is not None:
        return {"id": str(place.id), "type": 1, "flags": 0, "recipients": [user(place.recipient)]}
    return {
        "id": str(place.id),
        "type": 0,
        "flags": 0,
        "guild_id": str(world.guild_id),
        "name": place.name,
        "nsfw": place.nsfw,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "topic": None,
        "last_message_id": None,
        "rate_limit_per_user": 0,
    }


def guild(world: World) -> Payload:
    """The guild as the gateway sends it."""
    everyone = {
        "id": str(world.guild_id),
        "name": "@everyone",
        "color": 0,
        "hoist": False,
        "position": 0,
        "permissions": str(SEND_MESSAGES_AND_THE_LIKE),
        "managed": False,
        "mentionable": False,
    }
    return {
        "id": str(world.guild_id),
        "name": "Atelier",
        "owner_id": str(world.bot.id),
        "roles": [everyone],
        "emojis": [],
        "stickers": [],
        "features": [],
        "channels": [channel(world, place) for place in world.channels.values() if place.recipient is None],
        "threads": [],
        "members": [member(world.bot)],
        "member_count": len(world.users),
        "voice_states": [],
        "presences": [],
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "verification_level": 0,
        "large": False,
        "unavailable": False,
    }


def application(world: World) -> Payload:
    """The application that the token belongs to."""
    return {
        "id": str(world.application_id),
        "name": "imagine",
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.bot),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def command(world: World, registered: Payload) -> Payload:
    """A registered command as Discord gives it back, with what it fills in."""
    permissions = registered.get("default_member_permissions")
    filled = {
        "type": CHAT_INPUT,
        "description": "",
        **{key: value for key, value in registered.items() if value is not None},
        "application_id": str(world.application_id),
        "version": registered["id"],
        "default_member_permissions": None if permissions is None else str(permissions),
    }
    return filled


class MessagePayload:
    """A message in Discord's JSON: components get ids, `attachment://` becomes an address that can be fetched."""

    def __init__(self, cdn: str, message: Message) -> None:
        self._cdn = cdn
        self._message = message
        self._ids: Iterator[int] = count(1)

    def render(self) -> Payload:
        """The whole message."""
        message = self._message
        payload: Payload = {
            "id": str(message.id),
            "type": 0 if message.interaction is None else 20,
            "channel_id": str(message.channel.id),
            "author": user(message.author),
            "content": message.content,
            "timestamp": time_of(message.id),
            "edited_timestamp": datetime.now(UTC).isoformat() if message.revisions else None,
            "flags": message.flags,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "embeds": [{"type": "rich", **embed} for embed in message.embeds],
            "attachments": [self._attachment(attachment) for attachment in message.attachments],
            "components": [self._component(component) for component in message.components],
            "application_id": str(message.author.id),
        }
        if message.interaction is not None:
            payload["webhook_id"] = payload["application_id"]
            payload["interaction_metadata"] = self._metadata(message.interaction)
        return payload

    def _metadata(self, interaction: Interaction) -> Payload:
        metadata: Payload = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "user": user(interaction.user),
            "authorizing_integration_owners": {},
        }
        if interaction.message is not None:
            metadata["interacted_message_id"] = str(interaction.message.id)
        return metadata

    def _attachment(self, attachment: Attachment) -> Payload:
        url = f"{self._cdn}/attachments/{self._message.channel.id}/{attachment.id}/{attachment.filename}"
        payload: Payload = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": len(attachment.content),
            "url": url,
            "proxy_url": url,
            "content_type": CONTENT_TYPES.get(attachment.filename.rpartition(".")[2], "application/octet-stream"),
        }
        if attachment.description is not None:
            payload["description"] = attachment.description
        return payload

    def _component(self, sent: Payload) -> Payload:
        kind = sent["type"]
        shown: Payload = {key: value for key, value in sent.items() if value is not None}
        shown["id"] = sent.get("id") or next(self._ids)
        for key in ("components", "accessory"):
            if key in sent:
                inner = sent[key]
                shown[key] = [self._component(part) for part in inner] if key == "components" else self._component(inner)
        if kind == CONTAINER:
            shown = {"accent_color": None, "spoiler": False} | shown
        elif kind == SEPARATOR:
            shown = {"spacing": 1, "divider": True} | shown
        elif kind == MEDIA_GALLERY:
            shown["items"] = [self._media_item(item) for item in sent["items"]]
        elif kind == THUMBNAIL:
            shown |= self._media_item(sent)
        elif kind == FILE:
            shown |= {"file": self._media(sent["file"]["url"]), "name": None, "size": None, "spoiler": False}
        elif kind not in (BUTTON, SECTION) and "options" in sent:
            shown = {"min_values": 1, "max_values": 1} | shown
        return shown

    def _media_item(self, item: Payload) -> Payload:
        return {
            "media": self._media(item["media"]["url"]),
            "description": item.get("description"),
            "spoiler": bool(item.get("spoiler")),
        }

    def _media(self, url: str) -> Payload:
        media: dict[str, Any] = {"id": str(self._message.id), "url": url, "proxy_url": url}
        for attachment in self._message.attachments:
            if url == f"attachment://{attachment.filename}":
                shown = self._attachment(attachment)
                media |= {"url": shown["url"], "proxy_url": shown["url"], "attachment_id": shown["id"]}
        return media


def interaction(world: World, cdn: str, event: Interaction) -> Payload:
    """The event that tells the bot what somebody did."""
    in_guild = event.channel.recipient is None
    payload: Payload = {
        "id": str(event.id),
        "application_id": str(world.application_id),
        "type": event.kind,
        "token": event.token,
        "version": 1,
        "data": event.data,
        "channel_id": str(event.channel.id),
        "channel": channel(world, event.channel),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(world.guild_id)} if in_guild else {},
        "context": 0 if in_guild else 1,
        "attachment_size_limit": world.limits.file_bytes,
        "app_permissions": str(SEND_MESSAGES_AND_THE_LIKE),
    }
    if in_guild:
        payload["guild_id"] = str(world.guild_id)
        payload["guild"] = {"id": str(world.guild_id), "locale": "en-US", "features": []}
        payload["guild_locale"] = "en-US"
        payload["member"] = member(event.user)
    else:
        payload["user"] = user(event.user)
    if event.message is not None:
        payload["message"] = MessagePayload(cdn, event.message).render()
    return payload
