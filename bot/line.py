"""Who is next in line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.jobs import Job


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
