"""Requests that Discord takes, one for every kind that the bot sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

APPLICATION, TOKEN, CHANNEL, MESSAGE = 900000000000000001, "aW50ZXJhY3Rpb24", 900000000000000002, 900000000000000003
CALLBACK = f"/interactions/{MESSAGE}/{TOKEN}/callback"
ORIGINAL = f"/webhooks/{APPLICATION}/{TOKEN}/messages/@original"
FOLLOWUP = f"/webhooks/{APPLICATION}/{TOKEN}"
COMMANDS = f"/applications/{APPLICATION}/commands"
IS_COMPONENTS_V2 = 1 << 15
NOBODY: dict[str, Any] = {"parse": []}


@dataclass(frozen=True)
class Sample:
    """One request."""

    method: str
    path: str
    json: Any
    files: list[str] = field(default_factory=list)


def card() -> dict[str, Any]:
    """A message of Components V2 with text and buttons."""
    return {
        "flags": IS_COMPONENTS_V2,
        "allowed_mentions": NOBODY,
        "components": [
            {
                "type": 17,
                "accent_color": 0x5865F2,
                "components": [
                    {"type": 10, "content": "**a red fox in the snow**"},
                    {
                        "type": 9,
                        "components": [{"type": 10, "content": "3rd in line"}],
                        "accessory": {"type": 2, "style": 5, "label": "Docs", "url": "https://example.org"},
                    },
                    {
                        "type": 1,
                        "components": [
                            {"type": 2, "style": 2, "label": "Cancel", "custom_id": "job:1:cancel"},
                            {"type": 2, "style": 2, "label": "Again", "custom_id": "job:1:again", "disabled": True},
                        ],
                    },
                    {
                        "type": 1,
                        "components": [
                            {
                                "type": 3,
                                "custom_id": "size",
                                "options": [{"label": "1:1", "value": "1:1"}, {"label": "4:3", "value": "4:3"}],
                            }
                        ],
                    },
                ],
            }
        ],
    }


def picture() -> dict[str, Any]:
    """A message of Components V2 that shows one uploaded picture."""
    return {
        "flags": IS_COMPONENTS_V2,
        "allowed_mentions": {"parse": [], "users": [CHANNEL]},
        "attachments": [{"id": 0, "filename": "1-0.png", "description": "a red fox in the snow"}],
        "components": [
            {"type": 10, "content": "-# seed 7"},
            {"type": 12, "items": [{"media": {"url": "attachment://1-0.png"}, "description": "a red fox in the snow"}]},
        ],
    }


def modal() -> dict[str, Any]:
    """A form with one field."""
    field = {"type": 4, "style": 2, "custom_id": "prompt", "max_length": 2000, "value": "a red fox"}
    return {"custom_id": "edit", "title": "Edit", "components": [{"type": 18, "label": "Prompt", "component": field}]}


def command() -> dict[str, Any]:
    """A slash command with every kind of limit."""
    return {
        "name": "imagine",
        "type": 1,
        "description": "Draw a picture.",
        "nsfw": False,
        "default_member_permissions": "2048",
        "contexts": [0, 1],
        "options": [
            {"type": 3, "name": "prompt", "description": "What to draw.", "required": True, "max_length": 2000},
            {"type": 3, "name": "scheduler", "description": "How to get there.", "autocomplete": True},
            {
                "type": 3,
                "name": "aspect_ratio",
                "description": "The shape.",
                "choices": [{"name": "square", "value": "1:1"}, {"name": "wide", "value": "16:9"}],
            },
            {"type": 4, "name": "steps", "description": "How often.", "min_value": 1, "max_value": 150},
        ],
    }


def menu() -> dict[str, Any]:
    """A command in the context menu of a message."""
    return {"name": "Make again", "type": 3}


def callback(kind: int, data: Any, files: list[str] | None = None) -> Sample:
    """An answer to an interaction."""
    return Sample("POST", CALLBACK, {"type": kind, "data": data}, files or [])


VALID: dict[str, Sample] = {
    "reply": callback(4, card()),
    "reply with a picture": callback(4, picture(), ["1-0.png"]),
    "private reply": callback(4, {"content": "No.", "flags": 64, "allowed_mentions": NOBODY, "tts": False}),
    "defer": callback(5, {"flags": 64}),
    "defer without data": Sample("POST", CALLBACK, {"type": 6}),
    "update": callback(7, {**card(), "tts": False}),
    "suggestions": callback(8, {"choices": [{"name": "Euler", "value": "Euler"}]}),
    "modal": callback(9, modal()),
    "edit of the original": Sample("PATCH", ORIGINAL, {**card(), "tts": False}),
    "edit with a picture": Sample("PATCH", ORIGINAL, picture(), ["1-0.png"]),
    "edit that keeps its picture": Sample("PATCH", ORIGINAL, {**picture(), "attachments": [{"id": str(MESSAGE)}]}),
    "follow-up": Sample("POST", FOLLOWUP, card()),
    "edit of a follow-up": Sample("PATCH", f"{FOLLOWUP}/messages/{MESSAGE}", card()),
    "removal of the original": Sample("DELETE", ORIGINAL, None),
    "message": Sample("POST", f"/channels/{CHANNEL}/messages", {"content": "Done.", "allowed_mentions": NOBODY}),
    "message with a picture": Sample("POST", f"/channels/{CHANNEL}/messages", picture(), ["1-0.png"]),
    "edit of a message": Sample("PATCH", f"/channels/{CHANNEL}/messages/{MESSAGE}", card()),
    "direct message": Sample("POST", "/users/@me/channels", {"recipient_id": str(CHANNEL)}),
    "commands": Sample("PUT", COMMANDS, [command(), menu()]),
    "commands of a guild": Sample("PUT", f"/applications/{APPLICATION}/guilds/{CHANNEL}/commands", [command()]),
    "who am I": Sample("GET", "/users/@me", None),
    "which application": Sample("GET", "/oauth2/applications/@me", None),
}
