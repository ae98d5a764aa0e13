"""How long jobs take here, learned from those that ran."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from bot.jobs import Job

#: The weight of the newest job in the measured speed.
PACE_WEIGHT = 0.3


class Pace:
    """How long jobs take here: seconds per unit of `Job.cost`, learned from those that ran; the newest count most."""

    def __init__(self) -> None:
        self._seconds_per_cost: float | None = None

    def learn(self, batch: Iterable[Job], seconds: float) -> None:
        """Those jobs took so long, all together."""
        measured = seconds / _cost(batch)
        known = self._seconds_per_cost
        self._seconds_per_cost = measured if known is None else known + PACE_WEIGHT * (measured - known)

    def seconds_left(
        self, running: Iterable[tuple[Sequence[Job], float]], waiting: Iterable[Job], capacity: int
    ) -> dict[int, float]:
        """Seconds until each job is done, by its id: the line played forward over `capacity` places, once.

        `running` are batches with the seconds they have run. Empty before anything was measured.
        """
        pace = self._seconds_per_cost
        if pace is None:
            return {}
        left: dict[int, float] = {}
        free_in: list[float] = []
        for batch, elapsed in running:
            free_in.append(max(0.0, pace * _cost(batch) - elapsed))
            left |= {job.id: free_in[-1] for job in batch}
        free_in += [0.0] * (capacity - len(free_in))
        heapq.heapify(free_in)
        for job in waiting:
            left[job.id] = heapq.heappop(free_in) + pace * job.cost
            heapq.heappush(free_in, left[job.id])
        return left


def _cost(batch: Iterable[Job]) -> float:
    return sum(job.cost for job in batch)
