"""Moments, as Discord shows them to each reader in their own words and time zone."""

from __future__ import annotations

from datetime import datetime


def relative(moment: datetime) -> str:
    """“in 2 minutes”, counted on as time goes by."""
    return f"<t:{moment.timestamp():.0f}:R>"
