"""Rules for messages that Discord documents and its API description misses, and what this bot promises of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tests.contract.component_rules import COMPONENTS_V2, component_errors, media_urls, walk

SUPPRESS_EMBEDS, EPHEMERAL, SUPPRESS_NOTIFICATIONS, IS_COMPONENTS_V2 = 1 << 2, 1 << 6, 1 << 12, 1 << 15
FLAGS_OF_MESSAGE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_COMPONENTS_V2
FLAGS_OF_REPLY = FLAGS_OF_MESSAGE | EPHEMERAL
FLAGS_OF_EDIT = SUPPRESS_EMBEDS | IS_COMPONENTS_V2
MOST_FILES = 10
MOST_CONTENT = 2000
MOST_IN_EMBEDS = 6000
#: A new message needs one of these, or a file.
SUBSTANCE = ("content", "embeds", "components", "attachments", "poll", "sticker_ids")
ATTACHMENT = "attachment://"

Message = Mapping[str, Any]


def message_errors(message: Message, files: Sequence[str] | None, settable: int) -> Iterator[str]:
    """What Discord would refuse in a message.

    `files` are the names of the uploaded files, where they are known; `settable` are the flags that this kind of
    request may set, which tells an edit from a new message too.
    """
    is_edit = settable == FLAGS_OF_EDIT
    components = message.get("components") or []
    flags = int(message.get("flags") or 0)
    if flags & ~settable:
        yield f"of the flags {flags:#x}, {flags & ~settable:#x} cannot be set here"
    if flags & IS_COMPONENTS_V2:
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if message.get(key):
                yield f"{key} beside IS_COMPONENTS_V2"
    elif not is_edit and any(component["type"] in COMPONENTS_V2 for component in walk(components)):
        yield "components of version 2 without the flag IS_COMPONENTS_V2"
    if len(message.get("content") or "") > MOST_CONTENT:
        yield f"content of more than {MOST_CONTENT} characters"
    if _length_of_embeds(message) > MOST_IN_EMBEDS:
        yield f"embeds of more than {MOST_IN_EMBEDS} characters in all"
    if not is_edit and not (
        components or files or any(message.get(key) for key in ("content", "embeds", "attachments"))
    ):
        yield "an empty message"
    yield from component_errors(components)
    yield from _attachments(message, files, is_edit=is_edit)
    yield from _mentions(message)


def defer_errors(data: Message) -> Iterator[str]:
    """What Discord would ignore in a deferred answer: everything but EPHEMERAL."""
    if int(data.get("flags") or 0) & ~EPHEMERAL:
        yield "a deferred answer takes the flag EPHEMERAL alone"
    if data.keys() - {"flags"}:
        yield f"a deferred answer with {', '.join(sorted(data.keys() - {'flags'}))}"


def _attachments(message: Message, files: Sequence[str] | None, *, is_edit: bool) -> Iterator[str]:
    described = [attachment for attachment in message.get("attachments") or [] if attachment.get("filename")]
    names = list(files) if files is not None else [attachment["filename"] for attachment in described]
    if len(names) > MOST_FILES:
        yield f"{len(names)} files, where {MOST_FILES} are the most"
    if files is not None:
        for attachment in described:
            index = int(attachment["id"])
            if index >= len(files) or files[index] != attachment["filename"]:
                yield f"attachment {attachment['filename']!r} with the id {index} was not uploaded as files[{index}]"
    # An edit that names no attachments, or keeps some by id, may show pictures uploaded before.
    keeps = is_edit and ("attachments" not in message or len(described) < len(message["attachments"] or []))
    shown = {url.removeprefix(ATTACHMENT) for url in _urls(message) if url.startswith(ATTACHMENT)}
    if not keeps:
        yield from (f"{ATTACHMENT}{name} was not uploaded" for name in sorted(shown - set(names)))
    if int(message.get("flags") or 0) & IS_COMPONENTS_V2:
        yield from (f"the file {name!r} is shown by no component" for name in _missing(names, shown))


def _missing(names: Collection[str], shown: Collection[str]) -> list[str]:
    return [name for name in names if name not in shown]


def _urls(message: Message) -> Iterator[str]:
    yield from media_urls(message.get("components") or [])
    for embed in message.get("embeds") or []:
        yield from (embed[key]["url"] for key in ("image", "thumbnail") if embed.get(key))


def _length_of_embeds(message: Message) -> int:
    total = 0
    for embed in message.get("embeds") or []:
        texts = [embed.get("title"), embed.get("description")]
        texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
        texts += [field[key] for field in embed.get("fields") or [] for key in ("name", "value")]
        total += sum(len(text or "") for text in texts)
    return total


def _mentions(message: Message) -> Iterator[str]:
    """Text is hostile, so every message says that nobody is pinged, or at most one person by id."""
    if not (message.get("content") or message.get("components") or message.get("embeds")):
        return
    allowed = message.get("allowed_mentions")
    if allowed is None:
        yield "allowed_mentions is missing, so that the text may ping anybody"
    elif allowed.get("parse") != []:
        yield f"allowed_mentions lets the text ping: parse is {allowed.get('parse')!r} and not []"
    elif allowed.get("roles") or len(allowed.get("users") or ()) > 1:
        yield "allowed_mentions names roles or several people"
