"""What a person has had lately, counted from the jobs themselves: what failed or was refused was never had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs import JobStatus
from bot.storage.tables import jobs


@dataclass(frozen=True, slots=True)
class Usage:
    """One job that counts: when it was asked for, and for how many pictures."""

    created_at: datetime
    images: int


async def usage_of(connection: AsyncConnection, user_id: int, since: datetime) -> list[Usage]:
    """That person's jobs since then, oldest first, without those that failed, were rejected or never began."""
    never_began = and_(jobs.c.status == JobStatus.CANCELLED, jobs.c.started_at.is_(None))
    statement = (
        select(
            jobs.c.created_at,
            jobs.c.parameters["num_images_per_prompt"].as_integer().label("images"),
            jobs.c.comparison["cells"].as_json().label("cells"),
        )
        .where(
            jobs.c.user_id == user_id,
            jobs.c.created_at > since,
            jobs.c.status.not_in((JobStatus.FAILED, JobStatus.REJECTED)),
            not_(never_began),
        )
        .order_by(jobs.c.created_at)
    )
    rows = (await connection.execute(statement)).all()
    return [Usage(row.created_at, len(row.cells) if row.cells else row.images) for row in rows]
