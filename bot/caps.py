"""How many jobs may be here: in all, of one person, in one channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import QueueFull, TooManyJobs
from bot.jobs import Job
from bot.line import Line
from bot.moments import relative
from bot.places import place
from bot.sentences import Sentence

#: How many of somebody's jobs a refusal names.
NAMED_JOBS = 5


@dataclass(frozen=True, slots=True)
class Present:
    """The jobs that are here, and how many seconds each still takes, by its id, as far as that is known."""

    running: Sequence[Job]
    line: Line
    seconds_left: Callable[[], Mapping[int, float]]

    def soonest(self, jobs: Sequence[Job]) -> str | None:
        """When the first of them will be done."""
        left = self.seconds_left()
        known = [left[job.id] for job in jobs if job.id in left]
        return relative(datetime.now(UTC) + timedelta(seconds=min(known))) if known else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """The limits; no channel has one where there is none."""

    max_jobs: int
    max_jobs_per_user: int
    max_jobs_per_channel: int | None = None

    def check(self, present: Present, *, user_id: int, channel_id: int, max_jobs: int | None = None) -> None:
        """Raises `QueueFull` or `TooManyJobs` when one more cannot be taken; `max_jobs` is that person's own limit."""
        allowed = self.max_jobs_per_user if max_jobs is None else max_jobs
        own = [job for job in present.running if job.user_id == user_id] + present.line.of_user(user_id)
        if len(own) >= allowed:
            refusal = Sentence.of(
                "You may have {allowed} at a time. Yours: {jobs}. Cancel one or wait.",
                allowed=_jobs(allowed),
                jobs=_named(own, present.line),
            )
            raise TooManyJobs.of(_with_time(refusal, "The first of them is ready {when}.", present.soonest(own)))
        waiting = len(present.line) + len(present.line.held)
        if waiting >= self.max_jobs:
            refusal = Sentence.of(
                "The queue is full: {waiting}. Try again when some are done.",
                waiting=Sentence.counted(waiting, "{count} job is waiting", "{count} jobs are waiting"),
            )
            raise QueueFull.of(_with_time(refusal, "A place is free {when}.", present.soonest(present.running)))
        if self.max_jobs_per_channel is None:
            return
        here = [job for job in (*present.running, *present.line, *present.line.held) if job.channel_id == channel_id]
        if len(here) >= self.max_jobs_per_channel:
            refusal = Sentence.of(
                "This channel may have {allowed} at a time, and has them. Wait, or use another channel.",
                allowed=_jobs(self.max_jobs_per_channel),
            )
            raise QueueFull.of(_with_time(refusal, "A place is free {when}.", present.soonest(here)))


def _with_time(refusal: Sentence, template: str, when: str | None) -> list[Sentence]:
    return [refusal] if when is None else [refusal, Sentence(template, {"when": when})]


def _jobs(count: int) -> Sentence:
    return Sentence.counted(count, "{count} job", "{count} jobs")


def _named(jobs: Sequence[Job], line: Line) -> Sentence:
    """“#41 running, #42 next in line and 3 more”."""
    held = {job.id for job in line.held}
    places = [Sentence.of("paused") if job.id in held else place(line.position(job.id) or 0) for job in jobs]
    named = [Sentence.joined([f"#{job.id}", where]) for job, where in zip(jobs[:NAMED_JOBS], places, strict=False)]
    shown = Sentence.joined(named, ", ")
    more = len(jobs) - NAMED_JOBS
    return Sentence.of("{jobs} and {count} more", jobs=shown, count=more) if more > 0 else shown
