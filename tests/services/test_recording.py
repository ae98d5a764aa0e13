"""Ends of jobs: recorded although the database was away, and told although the bot was."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.errors import OutOfMemory
from bot.events import JobCancelled, JobFailed
from bot.jobs import JobStatus
from tests.patience import PATIENCE
from tests.pictures import PNG
from tests.services.room import ALICE, Room, opened


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Inside, another program holds the database."""
    with closing(sqlite3.connect(folder / "test.db", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        yield
        another.execute("ROLLBACK")


async def until_recorded(room: Room, job_id: int, status: JobStatus) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await room.storage.get_job(job_id)).status is not status:  # noqa: ASYNC110 - nothing tells of a change
            await asyncio.sleep(0.02)


async def test_a_cancel_while_the_database_was_locked_is_recorded_when_it_is_free(tmp_path: Path) -> None:
    async with opened(tmp_path) as room, room.service.recording:
        await room.submit()
        await room.executor.started.holds(1)
        await room.submit()
        with locked(tmp_path):
            assert await room.queue.cancel(2)
            await room.is_told(JobCancelled, 2)
        await until_recorded(room, 2, JobStatus.CANCELLED)


async def test_what_the_bot_could_not_record_while_it_lived_it_records_when_it_stops(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        async with room.service.recording:
            await room.submit()
            await room.executor.started.holds(1)
            with locked(tmp_path):
                room.executor.fail(1, OutOfMemory())
                await room.is_told(JobFailed, 1)
        job = await room.service.get(1)
    assert (job.status, job.error, job.is_told) == (JobStatus.FAILED, OutOfMemory().sentence, False)


async def test_a_stop_while_the_database_is_locked_names_the_jobs_that_will_run_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as room:
        await room.service.recording.__aenter__()
        await room.submit()
        await room.executor.started.holds(1)
        with locked(tmp_path):
            assert await room.queue.cancel(1)
            await room.is_told(JobCancelled, 1)
            await room.service.recording.__aexit__(None, None, None)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said[-1] == "not recorded, and begun anew by the next start: jobs 1"


async def test_all_that_happened_to_a_job_while_the_database_was_locked_becomes_one_record(tmp_path: Path) -> None:
    async with opened(tmp_path) as room, room.service.recording:
        await room.submit()
        await room.executor.started.holds(1)
        with locked(tmp_path):
            job = await room.finish(1)
            await room.service.recording.posted(job.id)
        await until_recorded(room, 1, JobStatus.SUCCEEDED)
        recorded = await room.service.get(1)
    assert (recorded.attempts, recorded.finished_at, recorded.is_told) == (1, job.finished_at, True)


async def test_an_end_that_was_not_told_is_handed_out_until_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        for _ in range(3):
            await room.submit()
        await room.executor.started.holds(1)
        await room.service.cancel(2, user_id=ALICE)
        await room.finish(1)
        await room.service.recording.posted(1)
        await room.executor.started.holds(3)
        room.executor.fail(3, OutOfMemory())
        await room.is_told(JobFailed, 3)
    async with opened(tmp_path) as room:
        untold = await room.service.recording.recover()
        assert [(job.id, job.status) for job in untold] == [(2, JobStatus.CANCELLED), (3, JobStatus.FAILED)]
        await room.service.recording.told(untold[0])
    async with opened(tmp_path) as room:
        assert [job.id for job in await room.service.recording.recover()] == [3]
        assert (await room.service.get(2)).status is JobStatus.CANCELLED
        assert room.service.line() == ()


async def test_pictures_that_cannot_be_delivered_leave_an_end_to_tell(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.submit()
        await room.executor.started.holds(1)
        room.executor.finish(1, [PNG])
        await until_recorded(room, 1, JobStatus.POSTING)
        await room.service.recording.undeliverable(1, OutOfMemory().sentence)
        job = await room.service.get(1)
        assert (job.status, job.is_told) == (JobStatus.FAILED, False)
        await room.service.recording.told(job)
        assert await room.service.recording.recover() == []
