"""The bot in front of people."""

from __future__ import annotations

from tests.cogs.drawing import studio
from tests.simcord_app import server

__all__ = ["server", "studio"]
