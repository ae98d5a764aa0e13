"""Discord's patience: buckets that fill by themselves, and refusals that a test asks for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.loopback.refusals import Refused, rate_limited
from tests.loopback.state import Limits

UNLIMITED: Mapping[str, str] = {}


@dataclass
class Injection:
    """A refusal in wait for the next requests whose method and path fit; some come when all is done already."""

    refusal: Refused
    method: str
    path: str
    times: int
    is_late: bool


@dataclass
class Hold:
    """One request that gets no answer, as if it were lost on its way, until `release` is set."""

    method: str
    path: str
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class RateLimits:
    """What may be sent when. A bucket is a webhook's token or a channel, as both are Discord's major parameters."""

    limits: Limits
    injections: list[Injection] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    _sent: dict[str, deque[float]] = field(default_factory=dict)

    def refuse(self, refusal: Refused, *, method: str = "", path: str = "", times: int = 1, late: bool = False) -> None:
        """Answer the next `times` requests so, of those with that method and that text in their path.

        A `late` refusal stands for an answer that is lost: what was asked is done all the same.
        """
        self.injections.append(Injection(refusal, method, path, times, late))

    def hold(self, *, method: str = "", path: str = "") -> Hold:
        """Leave the next such request without an answer, and undone."""
        self.holds.append(hold := Hold(method, path))
        return hold

    async def pass_holds(self, method: str, path: str) -> None:
        """Wait where the request is one that is held."""
        for hold in self.holds:
            if hold.method in ("", method) and hold.path in path and not hold.arrived.is_set():
                hold.arrived.set()
                await hold.release.wait()

    def take(self, method: str, path: str) -> Mapping[str, str]:
        """The headers for one more request; raises what Discord would answer instead."""
        self._refuse(method, path, late=False)
        kind = path.strip("/").partition("/")[0]
        if method == "GET" or kind not in ("webhooks", "channels"):
            return UNLIMITED
        bucket = ":".join(path.strip("/").split("/")[: 3 if kind == "webhooks" else 2])
        return self._take_from(bucket, kind)

    def finish(self, method: str, path: str) -> None:
        """Raises what is answered although the request was carried out."""
        self._refuse(method, path, late=True)

    def _refuse(self, method: str, path: str, *, late: bool) -> None:
        for injection in self.injections:
            fits = injection.method in ("", method) and injection.path in path and injection.is_late is late
            if injection.times and fits:
                injection.times -= 1
                raise injection.refusal

    def _take_from(self, bucket: str, kind: str) -> Mapping[str, str]:
        now = time.monotonic()
        sent = self._sent.setdefault(bucket, deque())
        while sent and now - sent[0] >= self.limits.window:
            sent.popleft()
        reset_after = self.limits.window - (now - sent[0]) if sent else self.limits.window
        if len(sent) >= self.limits.messages_per_window:
            raise rate_limited(reset_after)
        sent.append(now)
        return {
            "X-RateLimit-Limit": str(self.limits.messages_per_window),
            "X-RateLimit-Remaining": str(self.limits.messages_per_window - len(sent)),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": kind,
        }
