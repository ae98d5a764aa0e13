"""How Discord says no: the codes of its documentation that a bot like this one can meet."""

from __future__ import annotations

from dataclasses import dataclass

ERRORS = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10008: (404, "Unknown Message"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    240000: (400, "Message blocked by harmful links filter"),
}


@dataclass(frozen=True)
class RateLimit:
    """How long to wait. Without `via` the refusal looks as if it came from the network in front of Discord."""

    retry_after: float
    via: bool = True


class Refused(Exception):
    """Discord's answer to a request that it does not carry out."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.status, self.message = ERRORS[code]
        self.code = code
        super().__init__(f"{self.message} {detail}".strip())


class RateLimited(Refused):
    """Too many requests."""

    def __init__(self, limit: RateLimit) -> None:
        Exception.__init__(self, "You are being rate limited.")
        self.status, self.code, self.message, self.limit = 429, 0, "You are being rate limited.", limit


class ServerError(Refused):
    """Discord is not well."""

    def __init__(self, status: int = 503) -> None:
        Exception.__init__(self, f"{status}")
        self.status, self.code, self.message = status, 0, f"{status}: the service is unavailable"
