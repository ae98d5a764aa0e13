"""How long jobs take is learned by kind; what is new goes by what is like it; a device knows nothing of another's."""

from __future__ import annotations

import json
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comparison import Comparison
from bot.jobs import Job
from bot.pace import MOST_KINDS, MOST_PLACES, Kind, Pace, together
from tests.factories import make_job, make_parameters


def job(job_id: int = 1, **parameters: Any) -> Job:
    return make_job(job_id, parameters=make_parameters(**parameters))


def kind(**parameters: Any) -> Kind:
    return Kind.of(job(**parameters))


SIZES = ({"width": 512, "height": 512}, {"width": 1024, "height": 1024}, {"width": 1536, "height": 1536})
KINDS = [
    kind(**size, scheduler=name, denoising_end=end)
    for size in SIZES
    for name in ("Euler", "Heun")
    for end in (None, 0.8)
]


def test_nothing_is_known_before_anything_was_measured() -> None:
    assert Pace().seconds(kind()) is None


def test_one_measurement_tells_of_all_jobs_in_proportion_to_their_work() -> None:
    pace = Pace()
    pace.learn(kind(num_inference_steps=10), 2.0)
    assert pace.seconds(kind(num_inference_steps=10)) == pytest.approx(2.0)
    assert pace.seconds(kind(num_inference_steps=20)) == pytest.approx(4.0)
    # Of another kind, so by the measurements of all.
    assert pace.seconds(kind(num_inference_steps=10, width=512)) == pytest.approx(1.0)


@given(st.floats(0.001, 100), st.floats(0.1, 50), st.lists(st.sampled_from((5, 10, 20, 30, 50)), min_size=2))
def test_what_a_job_takes_in_any_case_is_told_from_what_each_step_takes(
    step: float, overhead: float, steps: list[int]
) -> None:
    pace = Pace()
    for count in islice(cycle([*steps, 5, 50]), 60):
        pace.learn(kind(num_inference_steps=count), overhead + count * step)
    found = pace.seconds(kind(num_inference_steps=30))
    assert found == pytest.approx(overhead + 30 * step, rel=0.1)


@given(st.lists(st.floats(1, 100), min_size=len(KINDS), max_size=len(KINDS)))
def test_each_kind_has_its_own_pace(seconds: list[float]) -> None:
    pace = Pace()
    for _ in range(40):
        for each, took in zip(KINDS, seconds, strict=True):
            pace.learn(each, took)
    for each, took in zip(KINDS, seconds, strict=True):
        found = pace.seconds(each)
        assert found == pytest.approx(took, rel=0.1)


def test_a_kind_that_is_new_goes_by_the_nearest_that_is_known() -> None:
    pace = Pace()
    for _ in range(20):
        pace.learn(kind(denoising_end=None), 1.0)
        pace.learn(kind(denoising_end=0.8), 10.0)
    # Of another scheduler, and of another size, in proportion.
    assert pace.seconds(kind(denoising_end=0.8, scheduler="Heun")) == pytest.approx(10.0, rel=0.1)
    assert pace.seconds(kind(denoising_end=None, width=1536)) == pytest.approx(1.5, rel=0.1)


@given(st.floats(0.1, 10))
def test_the_newest_count_most(factor: float) -> None:
    pace = Pace()
    for _ in range(50):
        pace.learn(kind(), 10.0)
    for _ in range(25):
        pace.learn(kind(), 10.0 * factor)
    assert pace.seconds(kind()) == pytest.approx(10.0 * factor, rel=0.2)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 1e5)), min_size=1, max_size=40))
def test_an_estimate_is_always_a_time_that_can_be(measured: list[tuple[Kind, float]]) -> None:
    pace = Pace()
    for each, took in measured:
        pace.learn(each, took)
    for each in KINDS:
        seconds = pace.seconds(each)
        assert seconds is not None
        assert 0 <= seconds < 1e9


def test_another_device_begins_anew_and_the_first_is_not_forgotten() -> None:
    pace = Pace("sdxl")
    pace.learn(kind(), 100.0, "cpu")
    assert pace.seconds(kind(), "cuda") is None
    pace.learn(kind(), 3.0, "cuda")
    assert pace.seconds(kind(), "cuda") == pytest.approx(3.0)
    assert pace.seconds(kind(), "cpu") == pytest.approx(100.0)


def test_what_was_learned_survives_as_json() -> None:
    pace, other = Pace("sdxl"), Pace("sdxl")
    for number, each in enumerate(KINDS, start=1):
        pace.learn(each, float(number), "cpu")
    other.restore(pace.dump())
    assert [other.seconds(each, "cpu") for each in KINDS] == [pace.seconds(each, "cpu") for each in KINDS]
    another_model = Pace("other")
    another_model.restore(pace.dump())
    assert another_model.seconds(KINDS[0], "cpu") is None


@pytest.mark.parametrize(
    "dumped",
    [
        "",
        "[]",
        '{"version": 1}',
        '{"version": 0, "places": {}}',
        '{"version": 1, "places": {"|": {"": [1, 2]}}}',
        '{"version": 1, "places": {"|": {"": [1, 0, 0, 0, 0, 0]}}}',
        '{"version": 1, "places": {"|": {"": [1, 1, 1, NaN, 1, 1]}}}',
        '{"version": 1, "places": {"|": {"": "12345x"}}}',
        '{"version": 1, "places": [1]}',
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_known(dumped: str) -> None:
    pace = Pace()
    pace.learn(kind(), 1.0)
    with pytest.raises(ValueError):  # noqa: PT011 - json's own is one, too
        pace.restore(dumped)
    assert pace.seconds(kind()) is None


def test_it_grows_to_a_limit_and_keeps_the_newest() -> None:
    pace = Pace()
    for number in range(MOST_KINDS + 100):
        pace.learn(kind(scheduler="Euler") if number == 0 else Kind(1.0, 1, "text", number, "Euler"), 1.0, "cpu")
    for number in range(MOST_PLACES):
        pace.learn(kind(), 1.0, f"cuda {number}")
    places = json.loads(pace.dump())["places"]
    assert list(places) == [f"cuda {number}|" for number in range(MOST_PLACES)]
    pace = Pace()
    for number in range(MOST_KINDS):
        pace.learn(Kind(1.0, 1, "text", number, "Euler"), 1.0)
    assert len(json.loads(pace.dump())["places"]["|"]) == MOST_KINDS


def test_work_counts_the_steps_that_are_taken_and_a_sheet_all_its_cells() -> None:
    whole, part = make_parameters(), make_parameters().model_copy(update={"strength": 0.5})
    assert Kind.of(make_job(parameters=part)).work == Kind.of(make_job(parameters=whole)).work / 2
    sheet = make_job(parameters=whole, comparison=Comparison((), (whole, part)))
    assert Kind.of(sheet).work == 1.5 * Kind.of(make_job(parameters=whole)).work
    assert Kind.of(sheet).names()[1] == "sheet+refiner"


def test_a_batch_is_a_kind_of_its_own() -> None:
    batch = together([kind(), kind(num_images_per_prompt=2)])
    assert (batch.images, batch.work) == (3, 3 * kind().work)
    assert batch.names()[-1] != kind().names()[-1]
