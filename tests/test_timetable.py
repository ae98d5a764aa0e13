"""The line played forward: batches, places, and what the steps of a running job say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import Job
from bot.pace import Kind, Pace
from bot.timetable import Place, Timetable
from tests.factories import make_job, make_parameters

ONE = Place(1, 1, "cpu")
#: What the job of the factories takes.
SECONDS = 30.0


def job(job_id: int, **parameters: Any) -> Job:
    return make_job(job_id, parameters=make_parameters(**parameters))


@pytest.fixture
def timetable() -> Timetable:
    pace = Pace()
    for _ in range(30):
        pace.learn(Kind.of(job(0)), SECONDS, "cpu")
    return Timetable(pace)


def about(seconds: dict[int, float]) -> Any:
    return pytest.approx(seconds, abs=0.2)


def test_those_in_line_wait_for_all_before_them(timetable: Timetable) -> None:
    timetable.begin([job(1)], now=100.0)
    left = timetable.seconds_left([job(2), job(3, num_inference_steps=60)], 110.0, ONE)
    assert left == about({1: 20.0, 2: 50.0, 3: 110.0})


def test_of_several_places_the_first_that_is_free_takes_the_next(timetable: Timetable) -> None:
    timetable.begin([job(1)], now=0.0)
    left = timetable.seconds_left([job(2), job(3)], 0.0, Place(2, 1, "cpu"))
    assert left == about({1: 30.0, 2: 30.0, 3: 60.0})


def test_compatible_jobs_are_ready_together_and_others_keep_their_turn(timetable: Timetable) -> None:
    line = [job(1), job(2, width=512), job(3), job(4), job(5)]
    left = timetable.seconds_left(line, 0.0, Place(1, 3, "cpu"))
    assert left[1] == left[3] == left[4] < left[2] < left[5]


def test_what_has_been_begun_before_goes_alone(timetable: Timetable) -> None:
    left = timetable.seconds_left([job(1).evolve(attempts=1), job(2)], 0.0, Place(1, 3, "cpu"))
    assert left[1] < left[2]


def test_its_own_steps_say_more_of_a_running_job_the_more_there_are(timetable: Timetable) -> None:
    timetable.begin([job(1)], now=0.0)
    # It goes half as fast as was expected.
    told = []
    for share in (0.1, 0.5, 0.9, 1.0):
        timetable.note(1, share)
        now = 2 * SECONDS * share
        told.append(now + timetable.seconds_left([], now, ONE)[1])
    assert told == sorted(told)
    assert SECONDS < told[0] < told[-1] == pytest.approx(2 * SECONDS)


def test_a_job_that_is_overdue_and_says_nothing_is_expected_now(timetable: Timetable) -> None:
    timetable.begin([job(1)], now=0.0)
    assert timetable.seconds_left([job(2)], 1000.0, ONE) == about({1: 0.0, 2: 30.0})


def test_what_a_batch_took_is_learned_of_the_batch() -> None:
    timetable = Timetable(Pace())
    batch = [job(1), job(2)]
    timetable.begin(batch, now=5.0)
    timetable.learn(batch, 15.0, "cpu")
    for each in batch:
        timetable.end(each.id)
    assert timetable.seconds_left([job(3), job(4)], 20.0, Place(1, 2, "cpu")) == about({3: 10.0, 4: 10.0})


def test_on_a_device_that_is_new_nothing_is_promised(timetable: Timetable) -> None:
    timetable.begin([job(1)], now=0.0)
    assert timetable.seconds_left([job(2)], 0.0, Place(1, 1, "cuda")) == {}


@given(st.lists(st.sampled_from((512, 768, 1024)), max_size=30), st.integers(1, 3), st.integers(1, 4))
def test_everybody_in_line_has_an_estimate_and_nobody_is_ready_before_those_that_run(
    widths: list[int], capacity: int, max_batch: int
) -> None:
    pace = Pace()
    pace.learn(Kind.of(job(0)), SECONDS, "cpu")
    timetable = Timetable(pace)
    timetable.begin([job(1000)], now=0.0)
    line = [job(number, width=width) for number, width in enumerate(widths)]
    left = timetable.seconds_left(line, 0.0, Place(capacity, max_batch, "cpu"))
    assert left.keys() == {1000, *range(len(line))}
    assert all(seconds > 0 for seconds in left.values())
    alone = Timetable(pace).seconds_left(line, 0.0, Place(capacity, max_batch, "cpu"))
    assert all(left[each.id] >= alone[each.id] for each in line)


def test_where_who_comes_later_goes_before_the_line_is_longer_than_it_seems(timetable: Timetable) -> None:
    now = 0.0
    for number in range(1, 60, 3):
        # The last of three is promised 90 seconds, and two more are drawn before it.
        line = [job(number), job(number + 1), job(number + 2)]
        timetable.seconds_left(line, now, ONE)
        for drawn in (line[0], line[1], job(1000 + number), job(2000 + number), line[2]):
            timetable.begin([drawn], now)
            now += SECONDS
            timetable.learn([drawn], now, "cpu")
            timetable.end(drawn.id)
    left = timetable.seconds_left([job(1), job(2), job(3)], now, ONE)
    assert left[1] == pytest.approx(SECONDS, abs=0.2)
    # Of those that were second in line nobody was overtaken, of the third everybody, by two.
    assert 1.2 * 3 * SECONDS < left[3] < 5 * SECONDS
    assert left[1] < left[2] < left[3]
