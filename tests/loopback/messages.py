"""The messages of the loopback Discord: what a request makes of them, and what Discord refuses to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.contract.component_rules import COMPONENTS_V2, media_urls, walk
from tests.loopback.refusals import refused
from tests.loopback.state import (
    EPHEMERAL,
    IS_COMPONENTS_V2,
    LOADING,
    Attachment,
    Channel,
    Interaction,
    Message,
    Payload,
    World,
)


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request."""

    filename: str
    content: bytes


def create(
    world: World, channel: Channel, body: Payload, uploads: Sequence[Upload], interaction: Interaction | None = None
) -> Message:
    """A new message of the bot, or the one that it posted there with the same nonce."""
    nonce = body.get("nonce") if body.get("enforce_nonce") else None
    for message in world.messages.values() if nonce is not None else ():
        if (message.channel, message.nonce) == (channel, nonce):
            return message
    message = Message(world.new_id(), channel, world.bot, interaction=interaction)
    message.flags = int(body.get("flags") or 0)
    message.nonce = nonce
    message.reference = (body.get("message_reference") or {}).get("message_id")
    _apply(world, message, body, uploads)
    world.messages[message.id] = message
    return message


def thinking(world: World, interaction: Interaction, flags: int) -> Message:
    """The message that stands for a deferred answer."""
    message = Message(world.new_id(), interaction.channel, world.bot, interaction=interaction)
    message.flags = flags & EPHEMERAL | LOADING
    world.messages[message.id] = message
    return message


def edit(world: World, message: Message, body: Payload, uploads: Sequence[Upload]) -> Message:
    """The message, changed in what the request names."""
    message.flags |= int(body.get("flags") or 0) & IS_COMPONENTS_V2
    message.flags &= ~LOADING
    message.revisions += 1
    _apply(world, message, body, uploads)
    return message


def delete(message: Message) -> None:
    """Take the message away."""
    message.is_deleted = True


def _apply(world: World, message: Message, body: Payload, uploads: Sequence[Upload]) -> None:
    content, components, embeds = message.content, message.components, message.embeds
    if "content" in body:
        content = body["content"] or ""
    if "components" in body:
        components = body["components"] or []
    if "embeds" in body:
        embeds = body["embeds"] or []
    attachments = _attachments(world, message, body, uploads)
    is_v2 = bool(message.flags & IS_COMPONENTS_V2)
    shows_v2 = any(part["type"] in COMPONENTS_V2 for part in walk(components))
    if (is_v2 and (content or embeds)) or (shows_v2 and not is_v2):
        raise refused(50035)
    names = {attachment.filename for attachment in attachments}
    for url in media_urls(components):
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in names:
            raise refused(50035)
    message.content, message.components, message.embeds = content, components, embeds
    message.attachments = attachments
    message.allowed_mentions = body.get("allowed_mentions") or {}


def _attachments(world: World, message: Message, body: Payload, uploads: Sequence[Upload]) -> list[Attachment]:
    """Those that stay, then those that come; a request that names none keeps all."""
    named = body.get("attachments")
    if named is None:
        named = [{"id": attachment.id} for attachment in message.attachments]
        named += [{"id": index, "filename": upload.filename} for index, upload in enumerate(uploads)]
    before = {attachment.id: attachment for attachment in message.attachments}
    result = []
    for entry in named:
        number = int(entry["id"])
        if number in before:
            result.append(before[number])
        elif number < len(uploads):
            upload = uploads[number]
            result.append(Attachment(world.new_id(), upload.filename, upload.content, entry.get("description")))
        else:
            raise refused(50035)
    return result
