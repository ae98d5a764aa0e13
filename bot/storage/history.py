"""One person's own jobs, newest first, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs import Job, JobStatus
from bot.storage.tables import jobs


@dataclass(frozen=True, slots=True)
class Slice:
    """A page: its jobs, the ids of what their author made out of each, and where the pages beside it begin.

    `earlier` and `later` are the first ids of those pages, None where there is none; `later` 0 is the newest page.
    """

    jobs: Sequence[Job]
    children: Mapping[int, Sequence[int]]
    earlier: int | None
    later: int | None


async def page_of(
    connection: AsyncConnection,
    user_id: int,
    *,
    statuses: Collection[JobStatus],
    search: str,
    first: int,
    count: int,
) -> tuple[Sequence[RowMapping], int | None, int | None]:
    """So many rows from the job `first` on (0 is the newest), and the first ids of the pages beside them.

    `search` is looked for in prompts, as they were typed and as they were read, whatever the letters' case.
    """
    wanted = [*_visible(user_id), jobs.c.status.in_(statuses)]
    if search:
        typed, read = (jobs.c.parameters[name].as_string() for name in ("raw_prompt", "prompt"))
        wanted.append(or_(typed.icontains(search, autoescape=True), read.icontains(search, autoescape=True)))
    here = [jobs.c.id <= first] if first else []
    statement = select(jobs).where(*wanted, *here).order_by(jobs.c.id.desc()).limit(count + 1)
    rows = (await connection.execute(statement)).mappings().all()
    earlier = rows[count]["id"] if len(rows) > count else None
    if not first or not rows:
        return rows[:count], earlier, None
    above = select(jobs.c.id).where(*wanted, jobs.c.id > rows[0]["id"]).order_by(jobs.c.id).limit(count)
    newer = (await connection.execute(above)).scalars().all()
    later = None if not newer else newer[-1] if len(newer) == count else 0
    return rows[:count], earlier, later


async def children_of(connection: AsyncConnection, user_id: int, job_ids: Collection[int]) -> dict[int, Sequence[int]]:
    """What that person made out of each of these jobs, oldest first."""
    statement = (
        select(jobs.c.parent_id, jobs.c.id).where(*_visible(user_id), jobs.c.parent_id.in_(job_ids)).order_by(jobs.c.id)
    )
    children: defaultdict[int, list[int]] = defaultdict(list)
    for parent_id, job_id in (await connection.execute(statement)).all():
        children[parent_id].append(job_id)
    return dict(children)


def _visible(user_id: int) -> list[ColumnElement[bool]]:
    """Theirs, as far as they have not deleted it."""
    return [jobs.c.user_id == user_id, jobs.c.is_hidden.is_(False)]
