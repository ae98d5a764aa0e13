"""The line: fair among people by what their jobs cost, whatever comes, goes, is cancelled or grows old meanwhile."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs import Job
from bot.line import Line
from bot.parameters import Parameters
from tests.factories import make_job, make_parameters

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = st.integers(1, 4)
WEIGHTS = st.sampled_from([0.25, 0.5, 1.0, 2.0, 8.0])
STEPS = st.sampled_from([1, 2, 3, 7, 30])


@cache
def parameters(steps: int) -> Parameters:
    return make_parameters(num_inference_steps=steps, denoising_end=None)


@dataclass
class Clock:
    """The time, as a test says."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


def job_of(job_id: int, user_id: int, clock: Clock, *, steps: int = 30, weight: float = 1.0, tier: int = 0) -> Job:
    return make_job(
        job_id, user_id=user_id, parameters=parameters(steps), weight=weight, tier=tier, created_at=clock.now
    )


def served(line: Line) -> list[Job]:
    """All that wait, taken one after the other."""
    return [line.pop() for _ in range(len(line))]


def filled(*users: int, clock: Clock | None = None) -> Line:
    clock = clock or Clock()
    line = Line(clock)
    for job_id, user_id in enumerate(users, start=1):
        line.push(job_of(job_id, user_id, clock))
    return line


@dataclass
class Naive:
    """The same rules for one tier, written down without a thought of speed: every tag is worked out anew."""

    #: Whoever is known: their number, the finish of what they were served, and their waiting jobs.
    people: dict[int, tuple[int, float, list[Job]]] = field(default_factory=dict)
    time: float = 0

    def push(self, job: Job) -> None:
        number, finish, waiting = self.people.get(job.user_id, (0, self.time, []))
        self.people[job.user_id] = (
            number or job.id,
            max(self.time, finish) if not waiting else finish,
            [*waiting, job],
        )

    def remove(self, job_id: int) -> None:
        for user_id, (number, finish, waiting) in list(self.people.items()):
            left = [job for job in waiting if job.id != job_id]
            if len(left) < len(waiting):
                is_new = number == waiting[0].id
                self.people[user_id] = (left[0].id if is_new and left else number, finish, left)
                if is_new and not left:
                    del self.people[user_id]

    def order(self) -> list[int]:
        tagged = []
        for number, finish, waiting in self.people.values():
            starts = accumulate(map(cost_of, waiting), initial=finish)
            tagged += [(start, number, job.id) for start, job in zip(starts, waiting, strict=False)]
        return [job_id for _, _, job_id in sorted(tagged)]

    def pop(self) -> int:
        first = self.order()[0]
        for user_id, (number, finish, waiting) in self.people.items():
            if waiting and waiting[0].id == first:
                self.time = finish
                self.people[user_id] = (number, finish + cost_of(waiting[0]), waiting[1:])
                break
        known = self.people.items()
        self.people = {user: state for user, state in known if state[2] or state[1] >= self.time}
        return first


def cost_of(job: Job) -> int:
    return round(job.cost / job.weight * 1_000_000)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, int, float]]:
    """What happens to a line: a push of a user's job with its steps and weight, a pop, a cancel of one in line."""
    kinds = st.sampled_from(["push", "push", "push", "pop", "cancel"])
    return draw(st.lists(st.tuples(kinds, USERS, STEPS, WEIGHTS), max_size=60))


@given(histories())
def test_the_order_is_that_of_a_model_that_works_out_every_tag_anew(history: list[tuple[str, int, int, float]]) -> None:
    clock, line, naive = Clock(), Line(lambda: START), Naive()
    for job_id, (kind, number, steps, weight) in enumerate(history, start=1):
        if kind == "push":
            job = job_of(job_id, number, clock, steps=steps, weight=weight)
            line.push(job)
            naive.push(job)
        elif kind == "pop" and len(line):
            assert line.pop().id == naive.pop()
        elif kind == "cancel" and len(line):
            chosen = naive.order()[(number * steps) % len(line)]
            assert line.remove(chosen).id == chosen
            naive.remove(chosen)
        assert [job.id for job in line] == naive.order()
    assert [line.position(job.id) for job in line] == list(range(1, len(line) + 1))


@given(st.lists(st.one_of(USERS, st.none()), max_size=80))
def test_between_two_jobs_of_one_person_is_at_most_one_of_each_other(history: list[int | None]) -> None:
    clock, line = Clock(), Line(lambda: START)
    taken: list[int] = []
    #: Where in `taken` each user was last found waiting without a break.
    waits_since: dict[int, int] = {}
    for job_id, user_id in enumerate([*history, *[None] * len(history)], start=1):
        if user_id is not None:
            waits_since.setdefault(user_id, len(taken))
            line.push(job_of(job_id, user_id, clock))
        elif len(line):
            taken.append(line.pop().user_id)
            waiting = {job.user_id for job in line}
            for gone in waits_since.keys() - waiting:
                own = [place for place, user in enumerate(taken) if user == gone and place >= waits_since[gone]]
                assert_bound(taken, own)
                del waits_since[gone]


def assert_bound(taken: list[int], own: list[int]) -> None:
    for before, after in pairwise(own):
        assert all(count == 1 for count in Counter(taken[before + 1 : after]).values()), (taken, before, after)


@given(st.lists(st.tuples(USERS, STEPS), min_size=1, max_size=60))
def test_who_waits_all_along_gets_the_same_share_up_to_a_job_of_each(asked: list[tuple[int, int]]) -> None:
    clock = Clock()
    line = Line(clock)
    left = Counter[int]()
    largest, work = defaultdict[int, float](float), defaultdict[int, float](float)
    for job_id, (user_id, steps) in enumerate(asked, start=1):
        job = job_of(job_id, user_id, clock, steps=steps)
        line.push(job)
        left[user_id] += 1
        largest[user_id] = max(largest[user_id], job.cost)
    while all(left.values()):
        job = line.pop()
        left[job.user_id] -= 1
        work[job.user_id] += job.cost
        for one in left:
            for other in left:
                assert abs(work[one] - work[other]) <= largest[one] + largest[other] + 1e-6


@settings(max_examples=10)
@given(st.lists(WEIGHTS, min_size=2, max_size=5))
def test_weights_give_shares(weights: list[float]) -> None:
    clock = Clock()
    line = Line(clock)
    jobs = [(user, weight) for _ in range(600) for user, weight in enumerate(weights)]
    for job_id, (user_id, weight) in enumerate(jobs, start=1):
        line.push(job_of(job_id, user_id, clock, weight=weight))
    taken = Counter(line.pop().user_id for _ in range(500))
    shares = [taken[user] / weight for user, weight in enumerate(weights)]
    jain = sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
    assert jain >= 0.98


@given(st.lists(st.tuples(USERS, STEPS, WEIGHTS), min_size=1, max_size=30), st.data())
def test_a_cancelled_job_leaves_no_trace(asked: list[tuple[int, int, float]], data: st.DataObject) -> None:
    clock = Clock()
    with_it, without_it = Line(clock), Line(clock)
    odd = data.draw(st.integers(1, len(asked)))
    pops = data.draw(st.integers(0, len(asked)))
    jobs = [job_of(n, user, clock, steps=steps, weight=weight) for n, (user, steps, weight) in enumerate(asked, 1)]
    for job in jobs:
        with_it.push(job)
        if job.id != odd:
            without_it.push(job)
    for _ in range(pops):
        if next(iter(with_it)).id == odd:
            break
        assert with_it.pop().id == without_it.pop().id
    with_it.remove(odd)
    later = [job_of(100 + n, user, clock) for n, user in enumerate((1, 2, 3, 4, 1))]
    for job in later:
        with_it.push(job)
        without_it.push(job)
    assert [job.id for job in served(with_it)] == [job.id for job in served(without_it)]


def test_a_newcomer_is_served_next_however_many_jobs_another_has_in_line() -> None:
    line = filled(*[1] * 50)
    assert [line.pop().id, line.pop().id] == [1, 2]
    line.push(job_of(51, 2, Clock()))
    assert line.position(51) == 1
    assert [job.id for job in served(line)[:2]] == [51, 3]


def test_expensive_jobs_wait_for_as_many_cheap_ones_of_others_as_they_cost() -> None:
    clock = Clock()
    line = Line(clock)
    for job_id in (1, 2):
        line.push(job_of(job_id, 1, clock, steps=40))
    for job_id in range(3, 13):
        line.push(job_of(job_id, 2, clock, steps=10))
    assert [job.id for job in line] == [1, 3, 4, 5, 6, 2, 7, 8, 9, 10, 11, 12]


def test_when_all_rested_nobody_owes_anything() -> None:
    line = filled(1, 1, 1)
    served(line)
    line.rest()
    line.push(job_of(4, 1, Clock()))
    line.push(job_of(5, 2, Clock()))
    assert [job.id for job in line] == [4, 5]


def test_a_job_that_lost_its_turn_has_the_place_that_it_had_and_is_not_charged_twice() -> None:
    line = filled(1, 2, 1, 2)
    first = line.pop().evolve(started_at=START)
    second = line.pop().evolve(started_at=START + timedelta(seconds=1))
    line.push_first(second)
    line.push_first(first)
    assert [job.id for job in line] == [1, 2, 3, 4]
    assert [line.position(job_id) for job_id in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert line.remove(1) == first
    assert [job.id for job in served(line)] == [2, 3, 4]


def test_a_job_that_was_running_before_a_restart_is_first_and_counts_as_its_authors_turn() -> None:
    clock = Clock()
    line = Line(clock)
    line.push_first(job_of(3, 1, clock), is_charged=False)
    for job_id, user_id in ((1, 1), (2, 2)):
        line.push(job_of(job_id, user_id, clock))
    assert [job.id for job in line] == [3, 2, 1]


def test_what_is_not_in_line_has_no_place() -> None:
    line = filled(1)
    assert line.position(2) is None
    assert line.remove(2) is None
    line.amend(2, message_id=5)
    line.amend(1, message_id=5)
    assert line.pop().message_id == 5
