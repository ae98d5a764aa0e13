"""When each job will be done: the running ones by their steps, the line played forward over the executor's places."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from bot.batching import LOOK_AHEAD, batch_key
from bot.jobs import Job
from bot.pace import Kind, Pace, together

#: What the newest job says of how much longer the line was counts so much.
NEWEST = 0.1
#: It says something if it waited for the line so many times as long as for all else; no job says more than this.
TELLING, MOST_TIMES = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """What the executor can do: how many batches at the same time, how many images in each, on which device."""

    capacity: int
    max_batch: int
    device: str


@dataclass(slots=True)
class _Batch:
    """Jobs that will leave the line together; `first` is how many were before them."""

    jobs: list[int]
    kinds: list[Kind]
    images: int
    first: int


@dataclass(slots=True)
class _Running:
    """A batch in the executor since `began`; `share` (0..1) of its steps is done."""

    kind: Kind
    began: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Promise:
    """What a job was told when it was first seen in line: how long for what, in seconds, without any correction."""

    at: float
    #: Until a place is free, and for its own batch.
    certain: float
    #: For those before it in line.
    line: float


class Timetable:
    """Follows the jobs in the executor, learns from each batch that ends well, and tells the seconds that are left.

    Times are those of the event loop, in seconds.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._running: dict[int, _Running] = {}
        #: Parameters never change, so each job is looked at once.
        self._known: dict[int, tuple[Kind, Hashable | None]] = {}
        self._promises: dict[int, _Promise] = {}
        #: How many times as long the line was as it seemed: whoever comes later may be before others, as is fair.
        self._overtaking = 1.0

    def begin(self, batch: Sequence[Job], now: float) -> None:
        """These jobs are in the executor now."""
        running = _Running(together([self._look_at(job)[0] for job in batch]), now)
        self._running.update((job.id, running) for job in batch)

    def note(self, job_id: int, share: float) -> None:
        """So much of a running job's steps is done."""
        if (running := self._running.get(job_id)) is not None:
            running.share = max(running.share, share)

    def learn(self, batch: Sequence[Job], now: float, device: str) -> None:
        """These jobs are done, and well."""
        if running := self._running.get(batch[0].id):
            self._pace.learn(together([self._look_at(job)[0] for job in batch]), now - running.began, device)
        for job in batch:
            promise = self._promises.get(job.id)
            if promise is not None and promise.line > TELLING * promise.certain:
                times = (now - promise.at - promise.certain) / promise.line
                self._overtaking += NEWEST * (min(max(times, 0.0), MOST_TIMES) - self._overtaking)

    def end(self, job_id: int) -> None:
        """That job is no longer in the executor."""
        self._running.pop(job_id, None)
        self._known.pop(job_id, None)
        self._promises.pop(job_id, None)

    def seconds_left(self, line: Iterable[Job], now: float, place: Place) -> dict[int, float]:
        """Seconds until each job is done, by its id; one pass over the line. Empty before anything was measured."""
        left: dict[int, float] = {}
        free_in: dict[int, float] = {}
        for job_id, running in self._running.items():
            expected = self._pace.seconds(running.kind, place.device)
            if expected is not None:
                free_in[id(running)] = left[job_id] = _rest(expected, now - running.began, running.share)
        places = [*free_in.values(), *[0.0] * (place.capacity - len(free_in))]
        heapq.heapify(places)
        promises = {job_id: promise for job_id, promise in self._promises.items() if job_id in self._running}
        first = places[0]
        for batch in self._batches(line, place.max_batch):
            expected = self._pace.seconds(together(batch.kinds), place.device)
            if expected is None:
                break
            starts_in = heapq.heappop(places)
            heapq.heappush(places, starts_in + expected)
            before = starts_in - first
            left |= dict.fromkeys(batch.jobs, first + self._overtaking * before + expected)
            promise = _Promise(now, first + expected, before)
            promises |= {job_id: self._promises.get(job_id, promise) for job_id in batch.jobs}
        self._promises = promises
        return left

    def _batches(self, line: Iterable[Job], max_batch: int) -> list[_Batch]:
        """The waiting jobs as they will leave, as far as it can be told: whoever comes may still join them."""
        batches: list[_Batch] = []
        open_: dict[Hashable, _Batch] = {}
        seen: dict[int, tuple[Kind, Hashable | None]] = {}
        for at, job in enumerate(line):
            kind, key = seen[job.id] = self._look_at(job)
            joined = None if key is None or job.attempts else open_.get(key)
            if joined is not None and at - joined.first < LOOK_AHEAD and joined.images + kind.images <= max_batch:
                joined.jobs.append(job.id)
                joined.kinds.append(kind)
                joined.images += kind.images
                continue
            batches.append(batch := _Batch([job.id], [kind], kind.images, at))
            if key is not None and not job.attempts and kind.images < max_batch:
                open_[key] = batch
        # Whoever is neither here nor there has left.
        self._known = {job_id: self._known[job_id] for job_id in self._running if job_id in self._known} | seen
        return batches

    def _look_at(self, job: Job) -> tuple[Kind, Hashable | None]:
        known = self._known.get(job.id)
        if known is None:
            key = batch_key(job)
            known = self._known[job.id] = Kind.of(job), None if key is None else hash(key)
        return known


def _rest(expected: float, elapsed: float, share: float) -> float:
    """What is left of a batch: by what was expected at first, and more and more by how it really goes."""
    if share <= 0:
        return max(0.0, expected - elapsed)
    return (1 - share) * ((1 - share) * expected + elapsed)
