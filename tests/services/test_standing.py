"""Who may ask for what, by the owner's rules for roles; what is refused says from when on it is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import AskedTooSoon, DailyLimitReached
from bot.services.standing import DAY, Standing, Standings
from bot.storage.usage import Usage

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PATRON, HELPER, STRANGER = 1, 2, 3

STANDINGS = Standings(
    role_weights={PATRON: 2.0, HELPER: 0.5},
    priority_roles=(HELPER,),
    role_max_jobs={PATRON: 10},
    daily_images=20,
    role_daily_images={PATRON: 50, HELPER: 0},
)


def used(*images: int) -> list[Usage]:
    """Jobs of an hour each, the last one an hour ago."""
    return [Usage(NOW - timedelta(hours=len(images) - index), count) for index, count in enumerate(images)]


def at(moment: datetime) -> str:
    return f"<t:{moment.timestamp():.0f}:R>"


def test_without_rules_all_are_equal() -> None:
    assert Standings().of([PATRON]) == Standing(weight=1.0, tier=0, max_jobs=None, daily_images=0)


def test_roles_give_what_the_owner_says() -> None:
    assert STANDINGS.of([STRANGER]) == Standing(daily_images=20)
    assert STANDINGS.of([PATRON]) == Standing(weight=2.0, max_jobs=10, daily_images=50)
    assert STANDINGS.of([HELPER]) == Standing(weight=0.5, tier=1)


def test_of_several_roles_each_thing_goes_by_the_one_that_gives_the_most() -> None:
    assert STANDINGS.of([STRANGER, HELPER, PATRON]) == Standing(weight=2.0, tier=1, max_jobs=10, daily_images=0)


def test_between_two_requests_is_a_pause() -> None:
    standing = Standing(cooldown=timedelta(seconds=90))
    standing.check(1, [], NOW)
    standing.check(1, [Usage(NOW - timedelta(seconds=90), 1)], NOW)
    with pytest.raises(AskedTooSoon) as caught:
        standing.check(1, [Usage(NOW - timedelta(seconds=30), 1)], NOW)
    ready = at(NOW + timedelta(seconds=60))
    assert str(caught.value) == f"Between two requests you wait 90 seconds here. Ask again {ready}."


def test_without_a_pause_one_request_may_be_recorded_while_the_next_one_waits_for_the_database() -> None:
    Standing().check(1, [Usage(NOW + timedelta(milliseconds=1), 1)], NOW)


def test_what_is_too_much_today_says_when_it_is_possible() -> None:
    standing = Standing(daily_images=10)
    standing.check(3, used(3, 4), NOW)
    with pytest.raises(DailyLimitReached) as caught:
        standing.check(4, used(2, 1, 4, 2), NOW)
    # The first two have to go: seven are left to have then.
    ready = at(NOW - timedelta(hours=3) + DAY)
    assert str(caught.value) == (
        "You may have 10 pictures in 24 hours and have had 9. This asks for 4 pictures: that is possible again "
        f"{ready}."
    )


def test_what_is_too_much_for_any_day_says_so() -> None:
    with pytest.raises(DailyLimitReached) as caught:
        Standing(daily_images=1).check(4, [], NOW)
    assert str(caught.value) == "You may have 1 picture in 24 hours, and this asks for 4 pictures. Ask for fewer."
