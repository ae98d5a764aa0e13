"""What a person may ask for, and how soon it is their turn, by their roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TypeVar

from bot.errors import AskedTooSoon, DailyLimitReached
from bot.moments import relative
from bot.sentences import Sentence
from bot.storage.usage import Usage

Number = TypeVar("Number", int, float)

#: What was asked for longer ago counts no more.
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's: `weight` and `tier` of their jobs; `None` is what holds for everybody, 0 images no limit."""

    weight: float = 1.0
    tier: int = 0
    max_jobs: int | None = None
    daily_images: int = 0
    cooldown: timedelta = timedelta()

    def check(self, images: int, usage: Sequence[Usage], now: datetime) -> None:
        """Raises `AskedTooSoon` or `DailyLimitReached` where so many more pictures are too many after that usage."""
        # Without one, too, a request that waited for the database may find a later one recorded before it.
        if usage and self.cooldown and now < (ready_at := usage[-1].created_at + self.cooldown):
            raise AskedTooSoon(
                "Between two requests you wait {pause} here. Ask again {when}.",
                pause=Sentence.counted(round(self.cooldown.total_seconds()), "{count} second", "{count} seconds"),
                when=relative(ready_at),
            )
        limit = self.daily_images
        if not limit:
            return
        allowed, asked = _pictures(limit), _pictures(images)
        if images > limit:
            raise DailyLimitReached(
                "You may have {allowed} in 24 hours, and this asks for {asked}. Ask for fewer.",
                allowed=allowed,
                asked=asked,
            )
        used = sum(each.images for each in usage)
        if used + images > limit:
            # The oldest are the first to count no more.
            gone = accumulate(each.images for each in usage)
            free_at = next(
                each.created_at for each, sum_ in zip(usage, gone, strict=True) if used - sum_ + images <= limit
            )
            raise DailyLimitReached(
                "You may have {allowed} in 24 hours and have had {used}. This asks for {asked}: that is possible again "
                "{when}.",
                allowed=allowed,
                used=used,
                asked=asked,
                when=relative(free_at + DAY),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Standings:
    """The owner's rules, by ids of roles. Of several roles each thing goes by the one that gives the most."""

    role_weights: Mapping[int, float] = field(default_factory=dict)
    priority_roles: Collection[int] = ()
    role_max_jobs: Mapping[int, int] = field(default_factory=dict)
    daily_images: int = 0
    role_daily_images: Mapping[int, int] = field(default_factory=dict)
    cooldown: timedelta = timedelta()

    def of(self, role_ids: Collection[int]) -> Standing:
        """That of somebody with these roles; of nobody's roles in a conversation with the bot."""
        daily = _of_roles(self.role_daily_images, role_ids) or [self.daily_images]
        return Standing(
            weight=max(_of_roles(self.role_weights, role_ids), default=1.0),
            tier=int(any(role_id in self.priority_roles for role_id in role_ids)),
            max_jobs=max(_of_roles(self.role_max_jobs, role_ids), default=None),
            daily_images=0 if 0 in daily else max(daily),
            cooldown=self.cooldown,
        )


def _of_roles(rules: Mapping[int, Number], role_ids: Collection[int]) -> list[Number]:
    return [rules[role_id] for role_id in role_ids if role_id in rules]


def _pictures(count: int) -> Sentence:
    return Sentence.counted(count, "{count} picture", "{count} pictures")
