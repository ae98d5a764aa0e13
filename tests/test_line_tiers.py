"""The line with tiers: the first goes first, and who has waited long ranks with it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import Job
from bot.line import AGEING, TOP_TIER, Line
from tests.test_line import START, USERS, Clock, filled, job_of


def test_the_first_tier_goes_first_and_is_fair_in_itself() -> None:
    clock = Clock()
    line = filled(1, 2, clock=clock)
    for job_id, user_id in ((3, 3), (4, 3), (5, 4)):
        line.push(job_of(job_id, user_id, clock, tier=TOP_TIER))
    assert [job.id for job in line] == [3, 5, 4, 1, 2]
    assert line.position(1) == 4


def test_who_has_waited_long_ranks_with_the_first_tier() -> None:
    clock = Clock()
    line = filled(1, 1, 2, clock=clock)
    for job_id in range(4, 8):
        line.push(job_of(job_id, 9, clock, tier=TOP_TIER))
    assert [job.id for job in line] == [4, 5, 6, 7, 1, 3, 2]
    clock.now += AGEING
    assert [job.id for job in line] == [1, 3, 4, 2, 5, 6, 7]
    line.push(job_of(8, 3, clock))
    assert line.position(8) == 8


@given(st.lists(st.tuples(USERS, st.sampled_from([0, TOP_TIER])), max_size=40), st.data())
def test_nobody_starves_behind_a_stream_of_the_first_tier(asked: list[tuple[int, int]], data: st.DataObject) -> None:
    clock = Clock()
    line = Line(clock)
    line.push(job_of(1, 99, clock))
    for job_id, (user_id, tier) in enumerate(asked, start=2):
        line.push(job_of(job_id, user_id, clock, tier=tier))
    for turn in range(1000, 1100):
        # One minute a job, and for each that is taken there comes another of the first tier.
        clock.now += timedelta(minutes=1)
        line.push(job_of(turn, data.draw(USERS), clock, tier=TOP_TIER))
        if line.pop().id == 1:
            break
    # From then on at most one job of each other person goes before it.
    assert clock.now - START <= AGEING + timedelta(minutes=5)


@given(st.lists(st.tuples(st.sampled_from(["push", "pop", "cancel", "back", "wait"]), USERS), max_size=80))
def test_every_job_is_in_the_line_once_and_position_tells_where(history: list[tuple[str, int]]) -> None:
    clock = Clock()
    line = Line(clock)
    inside: set[int] = set()
    taken: list[Job] = []
    for job_id, (kind, number) in enumerate(history, start=1):
        clock.now += timedelta(seconds=1)
        if kind == "push":
            line.push(job_of(job_id, number, clock, tier=number % 2))
            inside.add(job_id)
        elif kind == "pop" and inside:
            first = next(iter(line)).id
            taken.append(line.pop().evolve(started_at=clock.now))
            assert taken[-1].id == first
            inside.remove(first)
        elif kind == "cancel" and inside:
            gone = sorted(inside)[number % len(inside)]
            assert line.remove(gone).id == gone
            inside.remove(gone)
        elif kind == "back" and taken:
            line.push_first(taken[-1])
            inside.add(taken.pop().id)
        elif kind == "wait":
            clock.now += AGEING * number / 4
        assert sorted(job.id for job in line) == sorted(inside)
        assert [line.position(job.id) for job in line] == list(range(1, len(inside) + 1))
        assert len(line) == len(inside)
    for user_id in range(1, 5):
        assert line.of_user(user_id) == [job for job in line if job.user_id == user_id]
