"""Start-time fair queueing: whose turn it is, when every person is to get the same share of the executor."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from sortedcontainers import SortedList

from bot.jobs import Job

#: Tags count whole parts of a unit of `Job.cost`: their sums are exact, so what is equal stays equal.
GRAIN = 1_000_000


@dataclass(slots=True)
class Flow:
    """One person's jobs. `number` is the id of the job they came with, `finish` the finish tag of their last job."""

    number: int
    finish: int
    is_served: bool = False
    #: What each waiting job costs, by its id, in order.
    waiting: dict[int, int] = field(default_factory=dict)


class FairOrder:
    """Waiting jobs in the order of start-time fair queueing, by person, over `Job.cost` / `Job.weight`.

    P. Goyal, H. M. Vin, H. Cheng: "Start-time Fair Queuing", SIGCOMM 1996. A job starts, in virtual time, at
    S = max(V, F): V is the start of the job taken last, F the finish of its author's job before it; it finishes at
    S + cost / weight. The least S is next; of equal ones, that of who came first, which holds until V has passed their
    last finish.

    The bound (theorem 1 there): while two people both wait, what they are served, each divided by their weight, differs
    by at most the sum of the largest cost / weight of each. At equal weights and costs: between two jobs of one person
    at most one of each other person. A cancelled job leaves no trace: its author's later jobs move up by its cost.
    """

    def __init__(self) -> None:
        self._order: SortedList[tuple[int, int, int]] = SortedList()
        self._places: dict[int, tuple[int, int, int]] = {}
        self._flow_of: dict[int, int] = {}
        self._flows: dict[int, Flow] = {}
        #: Those with no job in line, by the finish that V has to pass until they are strangers again.
        self._absent: list[tuple[int, int]] = []
        self._time = 0

    def __iter__(self) -> Iterator[int]:
        return (job_id for _, _, job_id in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._places

    def push(self, job: Job) -> None:
        """Behind its author's other jobs, and where their turn comes among those of others."""
        flow = self._flow(job)
        start = max(self._time, flow.finish)
        flow.waiting[job.id] = cost = _cost(job)
        flow.finish = start + cost
        self._flow_of[job.id] = job.user_id
        self._put(job.id, start, flow.number)

    def charge(self, job: Job) -> None:
        """That job had its turn outside of this order."""
        flow = self._flow(job)
        flow.finish = max(self._time, flow.finish) + _cost(job)
        flow.is_served = True
        self._look_after(job.user_id, flow)

    def take(self, job_id: int) -> None:
        """That job has its turn. V moves with the next in line, and not with whoever is taken along with it."""
        is_next = self._order[0][-1] == job_id
        (start, _, _), user_id, flow = self._drop(job_id)
        del flow.waiting[job_id]
        flow.is_served = True
        if is_next:
            self._time = start
        self._look_after(user_id, flow)

    def remove(self, job_id: int) -> None:
        """That job leaves without having had its turn, as if it had never been in line."""
        _, user_id, flow = self._drop(job_id)
        ids = list(flow.waiting)
        later = ids[ids.index(job_id) + 1 :]
        cost = flow.waiting.pop(job_id)
        flow.finish -= cost
        if not flow.is_served and flow.waiting:
            flow.number = next(iter(flow.waiting))
        for each in later:
            start, _, _ = self._lift(each)
            self._put(each, start - cost, flow.number)
        self._look_after(user_id, flow)

    def index(self, job_id: int) -> int:
        """How many are before that job."""
        return int(self._order.bisect_left(self._places[job_id]))

    def rest(self) -> None:
        """Nobody waits and nothing runs: nobody owes anybody anything."""
        self._flows.clear()
        self._absent.clear()
        self._time = 0

    def _flow(self, job: Job) -> Flow:
        return self._flows.setdefault(job.user_id, Flow(job.id, self._time))

    def _put(self, job_id: int, start: int, number: int) -> None:
        self._places[job_id] = place = (start, number, job_id)
        self._order.add(place)

    def _lift(self, job_id: int) -> tuple[int, int, int]:
        place = self._places.pop(job_id)
        self._order.remove(place)
        return place

    def _drop(self, job_id: int) -> tuple[tuple[int, int, int], int, Flow]:
        user_id = self._flow_of.pop(job_id)
        return self._lift(job_id), user_id, self._flows[user_id]

    def _look_after(self, user_id: int, flow: Flow) -> None:
        """Forget whoever is neither waiting nor ahead of the others."""
        if not flow.waiting:
            if flow.is_served:
                heapq.heappush(self._absent, (flow.finish, user_id))
            else:
                del self._flows[user_id]
        while self._absent and self._absent[0][0] < self._time:
            _, absent = heapq.heappop(self._absent)
            known = self._flows.get(absent)
            if known is not None and not known.waiting and known.finish < self._time:
                del self._flows[absent]


def _cost(job: Job) -> int:
    return max(1, round(job.cost / job.weight * GRAIN))
