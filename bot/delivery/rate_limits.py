"""How often Discord has refused a request because there were too many."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import aiohttp

TOO_MANY_REQUESTS = 429


class RateLimits:
    """Counts the answers 429. discord.py waits and asks again by itself, so nobody else would see them."""

    def __init__(self) -> None:
        self.refusals = 0
        self.refused_at: datetime | None = None

    def trace(self) -> aiohttp.TraceConfig:
        """What tells of every answer in an aiohttp session."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._note)
        return config

    async def _note(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if params.response.status == TOO_MANY_REQUESTS:
            self.refusals += 1
            self.refused_at = datetime.now(UTC)
