"""A Discord on this machine: REST and gateway over real sockets, for the unmodified client."""

from __future__ import annotations

from tests.loopback.driver import LoopbackDiscord
from tests.loopback.refusals import rate_limited, refused, unavailable
from tests.loopback.state import Channel, Interaction, Limits, Message, User

__all__ = [
    "Channel",
    "Interaction",
    "Limits",
    "LoopbackDiscord",
    "Message",
    "User",
    "rate_limited",
    "refused",
    "unavailable",
]
