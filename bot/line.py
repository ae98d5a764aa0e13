"""Who is next in line, and how long that takes: the parts of the queue that wait for nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

from bot.jobs import Job
from bot.sentences import Sentence

#: The weight of the newest job in the measured speed.
PACE_WEIGHT = 0.3
#: Numbers in a row, by their last figure.
ORDINALS = {1: "{number}st", 2: "{number}nd", 3: "{number}rd"}
NTH = "{number}th"


class Line:
    """Who is next: first come, first served. It knows of no workers, so that another order can take its place."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __len__(self) -> int:
        return len(self._jobs)

    def push(self, job: Job) -> None:
        """At the end."""
        self._jobs[job.id] = job

    def push_first(self, job: Job) -> None:
        """Before all others: it had its turn already and lost it through no fault of its author."""
        self._jobs = {job.id: job, **self._jobs}

    def pop(self) -> Job:
        """The next job."""
        return self._jobs.pop(next(iter(self._jobs)))

    def remove(self, job_id: int) -> Job | None:
        """Take that job out of the line; None when it is not in it."""
        return self._jobs.pop(job_id, None)

    def amend(self, job_id: int, **changes: Any) -> None:
        """Change what is known of a waiting job; its place stays."""
        if job_id in self._jobs:
            self._jobs[job_id] = self._jobs[job_id].evolve(**changes)

    def position(self, job_id: int) -> int | None:
        """1 is next; None when it is not in the line."""
        return next((place for place, waiting in enumerate(self._jobs, start=1) if waiting == job_id), None)


class Pace:
    """How long jobs take here: seconds per unit of `Job.cost`, learned from those that ran; the newest count most."""

    def __init__(self) -> None:
        self._seconds_per_cost: float | None = None

    def learn(self, job: Job, seconds: float) -> None:
        """That job took so long."""
        measured = seconds / job.cost
        known = self._seconds_per_cost
        self._seconds_per_cost = measured if known is None else known + PACE_WEIGHT * (measured - known)

    def seconds_left(
        self, job_id: int, running: Iterable[tuple[Job, float]], waiting: Iterable[Job], capacity: int
    ) -> float | None:
        """Seconds until that job is done: the line played forward over `capacity` places.

        `running` are jobs with the seconds they have run. None before anything was measured, and for an unknown job.
        """
        pace = self._seconds_per_cost
        if pace is None:
            return None
        free_in = []
        for job, elapsed in running:
            left = max(0.0, pace * job.cost - elapsed)
            if job.id == job_id:
                return left
            free_in.append(left)
        free_in += [0.0] * (capacity - len(free_in))
        heapq.heapify(free_in)
        for job in waiting:
            done_in = heapq.heappop(free_in) + pace * job.cost
            if job.id == job_id:
                return done_in
            heapq.heappush(free_in, done_in)
        return None


def place(position: int) -> Sentence:
    """Where a job stands: 0 is running, 1 is next."""
    if position < 2:
        return Sentence.of("next in line" if position else "running")
    return Sentence.of("{place} in line", place=_ordinal(position))


def _ordinal(number: int) -> Sentence:
    """1st, 2nd, 3rd, 4th."""
    teen = number % 100 in (11, 12, 13)
    return Sentence.of(NTH if teen else ORDINALS.get(number % 10, NTH), number=number)
