"""How Discord says no: the codes of its documentation that a bot like this one can meet."""

from __future__ import annotations

ERRORS = {
    10003: (404, "Unknown Channel"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
}


class Refused(Exception):
    """A request that Discord does not carry out; `via` is the mark of an answer that is Discord's own."""

    def __init__(
        self, status: int, code: int, message: str, *, retry_after: float | None = None, via: bool = True
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.via = via


def refused(code: int) -> Refused:
    """The refusal with that code."""
    status, message = ERRORS[code]
    return Refused(status, code, message)


def unauthorized() -> Refused:
    """The answer to a wrong token."""
    return Refused(401, 0, "401: Unauthorized")


def rate_limited(retry_after: float, *, via: bool = True) -> Refused:
    """The answer to too many requests; without `via` it looks as if the network in front of Discord gave it."""
    return Refused(429, 0, "You are being rate limited.", retry_after=retry_after, via=via)


def unavailable(status: int = 503) -> Refused:
    """The answer of a Discord that is not well."""
    return Refused(status, 0, f"{status}: Service Unavailable")
