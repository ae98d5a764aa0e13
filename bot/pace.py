"""How long jobs take here, learned from those that ran."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from bot.jobs import Job

#: The weight of the newest job in the measured speed.
PACE_WEIGHT = 0.3


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
