"""The link that invites the bot to a server, with exactly the permissions that it uses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

#: Discord's bit of each permission that the bot uses, by the name that the developer portal shows.
PERMISSIONS: Mapping[str, int] = {
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Send Messages in Threads": 1 << 38,
}
#: All of them as the integer that Discord's links carry.
PERMISSIONS_INTEGER = sum(PERMISSIONS.values())
ADMINISTRATOR = 1 << 3


def invite_url(application_id: int) -> str:
    """Where an owner adds the bot to a server."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS_INTEGER}"
    )


def missing_permissions(granted: int) -> list[str]:
    """The names of the permissions that `granted` lacks."""
    if granted & ADMINISTRATOR:
        return []
    return [name for name, bit in PERMISSIONS.items() if not granted & bit]


def id_in_token(token: str) -> int | None:
    """The bot's id, which is the first of a token's three parts; `None` for what is not a bot's token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        digits = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(digits) if digits.isdecimal() else None
