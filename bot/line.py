"""Who is next in line."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sortedcontainers import SortedList

from bot.fair_order import FairOrder
from bot.jobs import Job

#: Whoever has waited so long ranks with the next higher tier.
AGEING = timedelta(minutes=10)
TOP_TIER = 1


class Line:
    """Jobs in the order in which they are to be started. It knows of no workers.

    First those that had their turn and lost it through no fault of their author, then rank by rank, and within one rank
    in the order of `FairOrder`, whose bound holds there. A job's rank is its tier, and one more for every `AGEING` that
    it has waited: who has waited that long shares evenly with the first tier, so nobody starves behind it.

    With n waiting jobs `push`, `pop` and `position` take O(log n) steps, `remove` as many for each of its author's
    later jobs, and iterating is one pass.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._jobs: dict[int, Job] = {}
        self._returned: SortedList[tuple[datetime, int]] = SortedList()
        self._ranks = [FairOrder() for _ in range(TOP_TIER + 1)]
        #: When each job's rank rises next.
        self._rises: list[tuple[datetime, int]] = []
        self._paused_guilds: set[int | None] = set()
        #: Jobs that are held back, and whether each had its turn already.
        self._held: dict[int, bool] = {}

    def __iter__(self) -> Iterator[Job]:
        self._grow_older()
        for _, job_id in self._returned:
            yield self._jobs[job_id]
        for rank in reversed(self._ranks):
            for job_id in rank:
                yield self._jobs[job_id]

    def __len__(self) -> int:
        return len(self._jobs) - len(self._held)

    def push(self, job: Job) -> None:
        """Where its author's turn comes."""
        self._jobs[job.id] = job
        self._admit(job, had_turn=False)

    def push_first(self, job: Job, *, is_charged: bool = True) -> None:
        """In the place that it had: it was taken before all that wait now.

        With `is_charged` it was taken from this very line, and its author's turn is counted already.
        """
        if not is_charged:
            self._ranks[self._rank(job)].charge(job)
        self._jobs[job.id] = job
        self._admit(job, had_turn=True)

    def pop(self) -> Job:
        """The next job."""
        return self.take(next(iter(self)).id)

    def take(self, job_id: int) -> Job:
        """That job out of the line, charged to its author: the next one, or one that goes along with it."""
        job = self._jobs.pop(job_id)
        rank = self._rank_with(job_id)
        if rank is None:
            self._returned.remove(_turn(job))
        else:
            rank.take(job_id)
        return job

    def remove(self, job_id: int) -> Job | None:
        """Take that job out of the line as if it had never been there; None when it is not in it."""
        job = self._jobs.pop(job_id, None)
        if job is not None and self._held.pop(job_id, None) is None:
            self._withdraw(job)
        return job

    @property
    def held(self) -> tuple[Job, ...]:
        """Jobs of paused servers: they are here, but not in the line."""
        return tuple(self._jobs[job_id] for job_id in self._held)

    def pause(self, guild_id: int) -> None:
        """Hold the jobs of that server back, and those that come."""
        self._paused_guilds.add(guild_id)
        waiting = [job for job in self if job.guild_id == guild_id]
        # The last one first: none of its author's others moves up.
        had_turn = {job.id: self._withdraw(job) for job in reversed(waiting)}
        self._held |= {job.id: had_turn[job.id] for job in waiting}

    def resume(self, guild_id: int) -> None:
        """Let the jobs of that server back into the line, in the order that they had among each other."""
        self._paused_guilds.discard(guild_id)
        for job in self.held:
            if job.guild_id == guild_id:
                self._admit(job, had_turn=self._held.pop(job.id))

    def amend(self, job_id: int, **changes: Any) -> None:
        """Change what is known of a waiting job, as its message; its place stays."""
        if job_id in self._jobs:
            self._jobs[job_id] = self._jobs[job_id].evolve(**changes)

    def position(self, job_id: int) -> int | None:
        """1 is next; None when it is not in the line."""
        job = self._jobs.get(job_id)
        if job is None or job_id in self._held:
            return None
        self._grow_older()
        if (home := self._rank_with(job_id)) is None:
            return int(self._returned.index(_turn(job))) + 1
        before = len(self._returned)
        for rank in reversed(self._ranks):
            if rank is home:
                break
            before += len(rank)
        return before + home.index(job_id) + 1

    def of_user(self, user_id: int) -> list[Job]:
        """That person's jobs, the next one first; those that are held back come last."""
        found = [job for job in self._jobs.values() if job.user_id == user_id]
        return sorted(found, key=lambda job: self.position(job.id) or len(self._jobs))

    def rest(self) -> None:
        """Nothing waits and nothing runs: whoever comes next meets no debts."""
        for rank in self._ranks:
            rank.rest()

    def _admit(self, job: Job, *, had_turn: bool) -> None:
        if job.guild_id in self._paused_guilds:
            self._held[job.id] = had_turn
        elif had_turn:
            self._returned.add(_turn(job))
        else:
            self._enter(job)

    def _withdraw(self, job: Job) -> bool:
        """As if it had not been in line; whether it had its turn already."""
        rank = self._rank_with(job.id)
        if rank is None:
            self._returned.remove(_turn(job))
        else:
            rank.remove(job.id)
        return rank is None

    def _enter(self, job: Job) -> None:
        rank = self._rank(job)
        self._ranks[rank].push(job)
        if rank < TOP_TIER:
            heapq.heappush(self._rises, (job.created_at + (rank + 1 - job.tier) * AGEING, job.id))

    def _rank(self, job: Job) -> int:
        return min(TOP_TIER, job.tier + max(0, (self._clock() - job.created_at) // AGEING))

    def _rank_with(self, job_id: int) -> FairOrder | None:
        return next((rank for rank in self._ranks if job_id in rank), None)

    def _grow_older(self) -> None:
        if not self._rises:
            return
        now = self._clock()
        while self._rises and self._rises[0][0] <= now:
            _, job_id = heapq.heappop(self._rises)
            # It may have left the line, or have left its rank for another.
            rank = self._rank_with(job_id)
            if rank is not None and rank is not self._ranks[self._rank(job := self._jobs[job_id])]:
                # As if it had had its turn there: its author's later jobs move up when they are as old.
                rank.take(job_id)
                self._enter(job)


def _turn(job: Job) -> tuple[datetime, int]:
    """Those that had their turn keep the order in which they had it."""
    return job.started_at or job.created_at, job.id
