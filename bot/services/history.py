"""One's own jobs: found again page by page, looked at in full, and deleted. Nobody sees anybody else's."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PIL import Image

from bot.errors import JobNotFound, NotYourJob, PicturesGone
from bot.jobs import Job, JobStatus
from bot.services.generation import GenerationService
from bot.storage import Storage
from bot.storage.pictures import PictureFolder

#: Jobs on one page: as many as Discord has room for buttons in a row.
PAGE = 5
#: The longer side in pixels of the small pictures in a list, twice as large as they are shown.
THUMBNAIL_SIZE = 160
NOT_YOURS = "Job #{job} is somebody else's. `/history` shows your own."


class Choice(StrEnum):
    """Which of one's jobs are listed."""

    ALL = "all"
    WAITING = "waiting"
    DONE = "made"
    FAILED = "failed"


STATUSES: Mapping[Choice, Sequence[JobStatus]] = {
    Choice.ALL: tuple(JobStatus),
    Choice.WAITING: (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.HELD, JobStatus.POSTING),
    Choice.DONE: (JobStatus.SUCCEEDED,),
    Choice.FAILED: (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REJECTED),
}
#: Whose pictures their author may see. What is held or was rejected is shown to nobody; a job that failed has pictures
#: where they were made, and could not be brought to Discord.
SHOWN = (JobStatus.POSTING, JobStatus.SUCCEEDED, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Query:
    """A page of a history: which jobs, with which words in their prompts, from which on; 0 is the newest."""

    choice: Choice = Choice.ALL
    search: str = ""
    first: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One job of a list. `thumbnail` is a small WebP of its first picture, None where none is kept or may be shown.

    `position` is 0 for a job that runs and 1 for the next one, None for those that are not in line.
    """

    job: Job
    children: Sequence[int]
    thumbnail: bytes | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was found: where it begins, and the first ids of those beside it (None: there is none)."""

    query: Query
    entries: Sequence[Entry]
    earlier: int | None
    later: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """One job in full. `parent_id` and `children` are jobs of the same person, which can be looked at, too."""

    job: Job
    pngs: Sequence[bytes]
    parent_id: int | None
    children: Sequence[int]
    position: int | None


class History:
    """Looks into records and pictures for one person at a time."""

    def __init__(self, storage: Storage, pictures: PictureFolder, generation: GenerationService) -> None:
        self._storage = storage
        self._pictures = pictures
        self._generation = generation

    async def page(self, user_id: int, query: Query) -> Page:
        """That page of a person's jobs, newest first; the newest one where the page is empty by now."""
        found = await self._storage.history(
            user_id, statuses=STATUSES[query.choice], search=query.search, first=query.first, count=PAGE
        )
        if query.first and not found.jobs:
            return await self.page(user_id, replace(query, first=0))
        thumbnails = await asyncio.gather(*map(self._thumbnail, found.jobs))
        places = self._generation.positions()
        entries = [
            Entry(job, found.children.get(job.id, ()), thumbnail, places.get(job.id))
            for job, thumbnail in zip(found.jobs, thumbnails, strict=True)
        ]
        return Page(query, entries, found.earlier, found.later)

    async def look(self, user_id: int, job_id: int) -> Found:
        """One of a person's jobs with its pictures, as far as they are kept. Raises `NotYourJob`, `JobNotFound`."""
        job = await self._storage.get_job(job_id)
        if job.user_id != user_id:
            raise NotYourJob(NOT_YOURS, job=job_id)
        if job.is_hidden:
            raise JobNotFound("Job #{job} is deleted.", job=job_id)
        children = await self._storage.children_of(user_id, job_id)
        return Found(
            job,
            await self._pngs(job),
            await self._own_parent(job),
            children,
            self._generation.positions().get(job_id),
        )

    async def _own_parent(self, job: Job) -> int | None:
        if job.parent_id is None:
            return None
        try:
            parent = await self._storage.get_job(job.parent_id)
        except JobNotFound:
            return None
        return parent.id if parent.user_id == job.user_id and not parent.is_hidden else None

    async def _pngs(self, job: Job) -> Sequence[bytes]:
        if job.status not in SHOWN:
            return ()
        try:
            return await self._pictures.load(job.id)
        except PicturesGone:
            return ()

    async def _thumbnail(self, job: Job) -> bytes | None:
        if job.status not in SHOWN:
            return None
        try:
            return await asyncio.to_thread(thumbnail, await self._pictures.load_first(job.id))
        except PicturesGone:
            return None


def thumbnail(png: bytes) -> bytes | None:
    """A small WebP of the picture; None for a file that is damaged."""
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(png)) as image:
            image.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE))
            image.save(buffer, "WEBP", quality=80)
    except (OSError, SyntaxError):
        return None
    return buffer.getvalue()
