"""What is done to the bot, and in which order: all of it follows from a seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import TypeVar

from tests.chaos.model import Misbehaviour

Kind = TypeVar("Kind", bound=StrEnum)

USERS = 20
CHANNELS = 4
#: The share of requests in a direct conversation with the bot.
PRIVATELY = 0.08
STEPS = 4
#: So many requests come before the first fault.
WARMING_UP = 5
#: For every request, how often something else is done.
PRESSES = {
    "Cancel": 0.08,
    "Again": 0.12,
    "Delete": 0.04,
    "More": 0.04,
    "/cancel": 0.03,
    "/queue": 0.03,
    "/moderate clear": 0.003,
}
#: The share of requests that come from one person in a row: more than anybody may have at a time.
BURSTS, BURST = 0.01, 7
#: Of so many requests, how many go wrong in which way.
OF = 1000
MISBEHAVIOURS = {
    Misbehaviour.SLOW: 8,
    Misbehaviour.DIES: 8,
    Misbehaviour.KEEPS_DYING: 3,
    Misbehaviour.HANGS: 2,
    Misbehaviour.DEVICE_LOST: 4,
    Misbehaviour.OUT_OF_MEMORY: 15,
    Misbehaviour.BLACK: 15,
    Misbehaviour.BROKEN: 10,
}


class Fault(StrEnum):
    """What befalls the bot from outside."""

    KILL_GATEWAY = "kill -9 gateway"
    STOP_GATEWAY = "SIGTERM gateway"
    KILL_EXECUTOR = "kill -9 executor"
    RATE_LIMITED = "429"
    PROXY_LIMITED = "429 by the proxy"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    TOO_LARGE = "413"
    UNKNOWN_MESSAGE = "404 (10008)"
    UNKNOWN_INTERACTION = "404 (10062)"
    UNKNOWN_WEBHOOK = "404 (10015)"
    TOKEN_INVALID = "401 (50027)"
    FORBIDDEN = "403"
    ANSWER_LOST = "answer lost"
    CONNECTION_CLOSED = "reconnect, closed"
    CONNECTION_CUT = "reconnect, cut"
    SESSION_ENDED = "reconnect, new session"
    DATABASE_LOCKED = "database locked"
    DISK_FULL = "disk full"
    CHANNEL_CLOSED = "no permission in a channel"
    DM_BLOCKED = "DM blocked"
    TOKENS_EXPIRE = "tokens expire"
    MESSAGE_DELETED = "message deleted"
    ALL_CLOSED = "every way closed"


#: Of so many requests, beside how many of them that happens.
FAULTS = {
    Fault.KILL_GATEWAY: 4,
    Fault.STOP_GATEWAY: 3,
    Fault.KILL_EXECUTOR: 10,
    Fault.RATE_LIMITED: 12,
    Fault.PROXY_LIMITED: 6,
    Fault.SERVER_ERROR: 5,
    Fault.UNAVAILABLE: 15,
    Fault.TOO_LARGE: 8,
    Fault.UNKNOWN_MESSAGE: 6,
    Fault.UNKNOWN_INTERACTION: 8,
    Fault.UNKNOWN_WEBHOOK: 6,
    Fault.TOKEN_INVALID: 6,
    Fault.FORBIDDEN: 6,
    Fault.ANSWER_LOST: 15,
    Fault.CONNECTION_CLOSED: 3,
    Fault.CONNECTION_CUT: 3,
    Fault.SESSION_ENDED: 3,
    Fault.DATABASE_LOCKED: 4,
    Fault.DISK_FULL: 3,
    Fault.CHANNEL_CLOSED: 4,
    Fault.DM_BLOCKED: 4,
    Fault.TOKENS_EXPIRE: 4,
    Fault.MESSAGE_DELETED: 15,
    Fault.ALL_CLOSED: 2,
}


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks for pictures; `channel` is None for a direct conversation."""

    number: int
    user: int
    channel: int | None
    prompt: str
    images: int
    guidance: float


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses the button of that name, or types that command; `pick` (0..1) says which of those there are."""

    label: str
    user: int
    pick: float
    by_author: bool


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault; `pick` (0..1) says where or whom it hits, `length` how long it lasts, in requests or so."""

    fault: Fault
    pick: float
    length: int


Act = Ask | Press | Strike


def plan(seed: int, requests: int) -> Iterator[Act]:
    """So many requests, and all that happens beside them; then, for as long as is asked, requests alone.

    Of the first ones some are refused, as the faults want it, and some are lost.
    """
    random_ = random.Random(seed)
    strikes = _scattered(random_, FAULTS, requests)
    misbehaviours = _scattered(random_, MISBEHAVIOURS, requests)
    burst = 0
    user = channel = 0
    for number in range(requests):
        if burst:
            burst -= 1
        else:
            user, channel = random_.randrange(USERS), random_.randrange(CHANNELS)
            burst = BURST if random_.random() < BURSTS else 0
        words = " and ".join(misbehaviours.get(number, ()))
        yield _ask(random_, number, user, channel, words)
        for label, share in PRESSES.items():
            if random_.random() < share:
                yield Press(label, random_.randrange(USERS), random_.random(), random_.random() < 0.8)
        for fault in strikes.get(number, ()):
            yield Strike(fault, random_.random(), random_.randint(3, 12))
    for number in count(requests):
        yield _ask(random_, number, random_.randrange(USERS), random_.randrange(CHANNELS))


def _ask(random_: random.Random, number: int, user: int, channel: int, words: str = "") -> Ask:
    return Ask(
        number,
        user,
        None if random_.random() < PRIVATELY else channel,
        f"fox number {number} {words}".strip(),
        random_.choice((1, 1, 1, 1, 1, 2, 4)),
        random_.choice((5.0, 5.0, 5.0, 7.0)),
    )


def _scattered(random_: random.Random, rates: Mapping[Kind, int], requests: int) -> dict[int, list[Kind]]:
    """At which requests each of these happens: once at least, and never at the first ones, when nothing is there."""
    places: dict[int, list[Kind]] = {}
    for kind, rate in rates.items():
        for _ in range(max(1, round(rate * requests / OF))):
            places.setdefault(random_.randrange(min(requests - 1, WARMING_UP), requests), []).append(kind)
    return places
