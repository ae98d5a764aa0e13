"""What Discord says of a message, and of what somebody did with it, in its own JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from tests.contract.component_rules import CONTAINER, FILE, MEDIA_GALLERY, SEPARATOR, STRING_SELECT, THUMBNAIL
from tests.loopback import payloads
from tests.loopback.state import SEND_MESSAGES_AND_THE_LIKE, Attachment, Interaction, Message, Payload, World

CONTENT_TYPES = {"png": "image/png", "webp": "image/webp", "txt": "text/plain; charset=utf-8"}


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
            "author": payloads.user(message.author),
            "content": message.content,
            "timestamp": payloads.time_of(message.id),
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
            "user": payloads.user(interaction.user),
            "authorizing_integration_owners": {},
        }
        if interaction.opened_by is not None:
            metadata["triggering_interaction_metadata"] = self._metadata(interaction.opened_by)
        elif interaction.message is not None:
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
                shown[key] = (
                    [self._component(part) for part in inner] if key == "components" else self._component(inner)
                )
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
        elif kind == STRING_SELECT:
            shown = {"min_values": 1, "max_values": 1} | shown
        return shown

    def _media_item(self, item: Payload) -> Payload:
        return {
            "media": self._media(item["media"]["url"]),
            "description": item.get("description"),
            "spoiler": bool(item.get("spoiler")),
        }

    def _media(self, url: str) -> Payload:
        media: Payload = {"id": str(self._message.id), "url": url, "proxy_url": url}
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
        "channel": payloads.channel(world, event.channel),
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
        payload["member"] = payloads.member(world, event.user)
    else:
        payload["user"] = payloads.user(event.user)
    if event.message is not None:
        payload["message"] = MessagePayload(cdn, event.message).render()
    return payload
