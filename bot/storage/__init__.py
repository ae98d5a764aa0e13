"""The database: jobs and small facts, in SQLite by default, in PostgreSQL by URL. The only home of SQLAlchemy."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Update, delete, insert, null, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.comparison import Comparison
from bot.errors import JobNotFound, JobUnreadable, StorageUnavailable
from bot.jobs import Job, JobStatus
from bot.parameters import Parameters
from bot.sentences import Sentence
from bot.storage.database import Schema, look_at_database, open_database
from bot.storage.history import Slice, children_of, page_of
from bot.storage.presets import PresetRecords
from bot.storage.tables import job_from_row, jobs, state
from bot.storage.usage import Usage, usage_of

__all__ = ["Schema", "Storage", "look_at_database", "open_storage"]

log = logging.getLogger(__name__)

#: Jobs that wait for the bot itself to do something.
UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.POSTING)
WITHOUT_PICTURES = (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.REJECTED)
GOING_ON = tuple(status for status in JobStatus if not status.is_final)
CHANGEABLE = frozenset(
    {
        "status",
        "channel_id",
        "message_id",
        "attempts",
        "error",
        "remarks",
        "is_told",
        "is_hidden",
        "started_at",
        "finished_at",
    }
)
MAX_ID = 2**63 - 1
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@asynccontextmanager
async def open_storage(url: str) -> AsyncIterator[Storage]:
    """The database at `url`, brought up to date. Raises `StartupFailed` with a sentence when it cannot be used."""
    async with open_database(url) as (engine, reader):
        yield Storage(engine, reader)


class Storage:
    """What the bot must not forget. Every method is one transaction; `StorageUnavailable` when the database is not."""

    def __init__(self, engine: AsyncEngine, reader: AsyncEngine) -> None:
        self._engine = engine
        self._reader = reader
        self.presets = PresetRecords(self._transaction, self._reading)

    @property
    def kind(self) -> str:
        """What it is, as people call it."""
        return KINDS[self._engine.dialect.name]

    async def ping(self) -> float:
        """Seconds that a small question takes."""
        began = time.perf_counter()
        async with self._reading() as connection:
            await connection.execute(select(state.c.key).limit(1))
        return time.perf_counter() - began

    async def record_job(
        self,
        *,
        guild_id: int | None,
        channel_id: int,
        user_id: int,
        parameters: Parameters,
        parent_id: int | None = None,
        remarks: Sequence[Sentence] = (),
        locale: str | None = None,
        original_id: str | None = None,
        comparison: Comparison | None = None,
        weight: float = 1.0,
        tier: int = 0,
        usage_since: datetime | None = None,
        admit: Callable[[Sequence[Usage]], None] = lambda _: None,
    ) -> Job:
        """A new job, waiting; on disk when this returns.

        `admit` is asked in the same transaction, with the person's usage since `usage_since`: what it raises is raised,
        and nothing is recorded.
        """
        statement = (
            insert(jobs)
            .values(
                guild_id=guild_id,
                channel_id=channel_id,
                user_id=user_id,
                parent_id=parent_id,
                parameters=parameters.model_dump(mode="json"),
                status=JobStatus.QUEUED,
                attempts=0,
                remarks=_as_json(remarks),
                locale=locale,
                original_id=original_id,
                comparison=null() if comparison is None else comparison.to_json(),
                weight=weight,
                tier=tier,
                created_at=datetime.now(UTC),
            )
            .returning(jobs)
        )
        async with self._transaction() as connection:
            if usage_since is not None:
                admit(await usage_of(connection, user_id, usage_since))
            return job_from_row((await connection.execute(statement)).mappings().one())

    async def usage(self, user_id: int, since: datetime) -> list[Usage]:
        """What that person has had since then, oldest first."""
        async with self._reading() as connection:
            return await usage_of(connection, user_id, since)

    async def get_job(self, job_id: int) -> Job:
        """That job. Raises `JobNotFound`."""
        if not 0 < job_id <= MAX_ID:
            raise _not_found(job_id)
        async with self._reading() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).mappings().one_or_none()
        if row is None:
            raise _not_found(job_id)
        return job_from_row(row)

    async def update_job(self, job_id: int, **changes: Any) -> Job:
        """Change columns of that job. Raises `JobNotFound`."""
        job = await self._change(update(jobs).where(jobs.c.id == job_id), changes)
        if job is None:
            raise _not_found(job_id)
        return job

    async def transition(
        self, job_id: int, expected: Collection[JobStatus], status: JobStatus, **changes: Any
    ) -> Job | None:
        """Move that job to `status` if it stands in one of `expected`; None when it does not. First writer wins."""
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(expected))
        return await self._change(statement, {"status": status, **changes})

    async def history(
        self, user_id: int, *, statuses: Collection[JobStatus], search: str = "", first: int = 0, count: int
    ) -> Slice:
        """So many of that person's jobs from the job `first` on, newest first; 0 is the newest. See `page_of`.

        Rows from another version that cannot be read are left out.
        """
        async with self._reading() as connection:
            rows, earlier, later = await page_of(
                connection, user_id, statuses=statuses, search=search, first=first, count=count
            )
            children = await children_of(connection, user_id, [row["id"] for row in rows])
        found, _ = await asyncio.to_thread(_read, rows)
        return Slice(found, children, earlier, later)

    async def children_of(self, user_id: int, job_id: int) -> Sequence[int]:
        """The ids of what that person made out of a job, oldest first."""
        async with self._reading() as connection:
            return (await children_of(connection, user_id, [job_id])).get(job_id, ())

    async def unfinished_jobs(self) -> list[Job]:
        """Jobs that the bot still has to do something about, oldest first."""
        return await self._jobs_where(jobs.c.status.in_(UNFINISHED))

    async def untold_jobs(self) -> list[Job]:
        """Jobs that ended without pictures, and whose authors do not know it; oldest first."""
        return await self._jobs_where(jobs.c.status.in_(WITHOUT_PICTURES), jobs.c.is_told.is_(False))

    async def in_use(self, since: datetime) -> tuple[set[int], set[str]]:
        """Of the jobs that are not over or were asked for since then: their ids, and those of files that they name."""
        named = (
            jobs.c.parameters["image"].as_string(),
            jobs.c.parameters["mask_image"].as_string(),
            jobs.c.original_id,
        )
        statement = select(jobs.c.id, *named).where(or_(jobs.c.status.in_(GOING_ON), jobs.c.created_at >= since))
        async with self._reading() as connection:
            rows = (await connection.execute(statement)).all()
        return {row[0] for row in rows}, {name for row in rows for name in row[1:] if name is not None}

    async def _jobs_where(self, *conditions: ColumnElement[bool]) -> list[Job]:
        statement = select(jobs).where(*conditions).order_by(jobs.c.id)
        async with self._reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        # There may be thousands.
        found, unreadable = await asyncio.to_thread(_read, rows)
        for job_id, error in unreadable.items():
            # One row from another version must not keep the bot from starting with all the others.
            log.error("job %s: cannot be read, given up", job_id, exc_info=error)
            await self._give_up(job_id, error.sentence)
        return found

    async def get_state(self, key: str) -> str | None:
        """A small fact that outlives the process, or None."""
        async with self._reading() as connection:
            return (await connection.execute(select(state.c.value).where(state.c.key == key))).scalar_one_or_none()

    async def set_state(self, key: str, value: str) -> None:
        """Keep a small fact."""
        async with self._transaction() as connection:
            await connection.execute(delete(state).where(state.c.key == key))
            await connection.execute(insert(state).values(key=key, value=value))

    async def _give_up(self, job_id: int, reason: Sentence) -> None:
        statement = update(jobs).where(jobs.c.id == job_id).values(status=JobStatus.FAILED, error=reason, is_told=True)
        async with self._transaction() as connection:
            await connection.execute(statement)

    async def _change(self, statement: Update, changes: dict[str, Any]) -> Job | None:
        unknown = changes.keys() - CHANGEABLE
        if unknown:
            raise TypeError(f"columns that never change: {', '.join(sorted(unknown))}")
        if "remarks" in changes:
            changes = {**changes, "remarks": _as_json(changes["remarks"])}
        async with self._transaction() as connection:
            row = (await connection.execute(statement.values(**changes).returning(jobs))).mappings().one_or_none()
        return None if row is None else job_from_row(row)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        with _translated():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """For statements that change nothing: they wait for nobody who writes."""
        with _translated():
            async with self._reader.begin() as connection:
                yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StorageUnavailable from error


def _read(rows: Sequence[RowMapping]) -> tuple[list[Job], dict[int, JobUnreadable]]:
    found, unreadable = [], {}
    for row in rows:
        try:
            found.append(job_from_row(row))
        except JobUnreadable as error:
            unreadable[row["id"]] = error
    return found, unreadable


def _as_json(remarks: Sequence[Sentence]) -> list[list[Any]]:
    return [remark.to_json() for remark in remarks]


def _not_found(job_id: int) -> JobNotFound:
    return JobNotFound("There is no job #{job}.", job=job_id)
