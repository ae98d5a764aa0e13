"""Asking, cancelling, asking again and deleting, without Discord: real database, real queue, real files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import (
    BotError,
    DiskFull,
    InvalidParameters,
    JobFinished,
    JobNotFound,
    JobUnfinished,
    NotYourJob,
    PicturesGone,
    TooManyJobs,
)
from bot.events import JobCancelled, JobFailed, JobRequeued, JobStarted, JobSucceeded, Progress
from bot.executors import ExecutorState
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from tests.pictures import PNG
from tests.services.room import ALICE, BOB, Room, opened


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path) as room:
        yield room


async def test_a_job_is_on_disk_and_in_line_when_it_is_accepted(room: Room) -> None:
    room.executor.become(ExecutorState.LOADING)
    job = await room.submit()
    assert await room.storage.get_job(job.id) == job
    assert room.service.line() == (job,)
    assert room.service.positions() == {job.id: 1}


async def test_listeners_hear_of_a_picture_after_it_is_on_disk_and_recorded(room: Room) -> None:
    seen = []
    room.service.recording.subscribe(lambda event: seen.append((type(event), sorted(room.pictures.glob("*.png")))))
    await room.submit()
    job = await room.finish(1)
    assert job.status is JobStatus.POSTING
    assert await room.storage.get_job(1) == job
    assert seen == [(JobStarted, []), (JobSucceeded, [room.pictures / "1-0.png"])]
    assert await room.service.pictures_of(1) == [PNG]
    for _ in range(2):
        await room.service.recording.posted(1)
    assert (await room.service.get(1)).status is JobStatus.SUCCEEDED


async def test_progress_is_passed_on_and_not_recorded(room: Room) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    room.executor.step(1, 3)
    assert room.told.items[-1] == Progress(1, "base", 3, 30)


async def test_a_listener_that_breaks_takes_nothing_from_the_others(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    room.service.recording._listeners.insert(0, broken)
    await room.submit()
    await room.finish(1)
    assert "JobSucceeded could not be told" in caplog.messages


async def test_a_full_disk_is_said_before_a_job_is_taken(tmp_path: Path) -> None:
    async with opened(tmp_path, floor=2**62) as room:
        with pytest.raises(DiskFull, match="The disk of this bot is full"):
            await room.submit()
        assert room.service.line() == ()
        with pytest.raises(JobNotFound):
            await room.service.get(1)


async def test_refused_parameters_leave_nothing_behind(room: Room) -> None:
    with pytest.raises(InvalidParameters):
        await room.submit(prompt=" ")
    assert room.service.line() == ()
    with pytest.raises(JobNotFound):
        await room.service.get(1)


async def test_two_requests_at_the_same_moment_do_not_both_get_the_last_place(tmp_path: Path) -> None:
    async with opened(tmp_path, max_jobs_per_user=1) as room:
        outcomes = await asyncio.gather(room.submit(), room.submit(), return_exceptions=True)
    # Both are read in threads: either may be the first.
    assert {type(outcome) for outcome in outcomes} == {Job, TooManyJobs}


async def test_whoever_goes_away_while_asking_leaves_no_half_of_a_job(room: Room) -> None:
    asking = asyncio.create_task(room.submit())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    job = await room.finish(1)
    assert job.parameters.prompt == "a fox"


async def test_again_keeps_everything_but_the_seed_and_names_its_parent(room: Room) -> None:
    first = await room.service.submit(
        user_id=ALICE, guild_id=1, channel_id=2, changes={"prompt": "a fox", "seed": 7, "width": 512}
    )
    again = await room.service.again(first.id, user_id=BOB, guild_id=1, channel_id=3)
    assert (again.parent_id, again.user_id, again.channel_id) == (first.id, BOB, 3)
    assert again.parameters.model_copy(update={"seed": 7}) == first.parameters
    with pytest.raises(JobNotFound, match="There is no job #9"):
        await room.service.again(9, user_id=BOB, guild_id=1, channel_id=3)


async def test_only_its_author_or_a_moderator_takes_a_job_back(room: Room) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    await room.submit()
    with pytest.raises(NotYourJob, match=r"Only the person who asked for job #2, or a moderator, can cancel it\."):
        await room.service.cancel(2, user_id=BOB)
    assert (await room.service.cancel(2, user_id=BOB, is_moderator=True)).status is JobStatus.CANCELLED
    assert (await room.service.cancel(1, user_id=ALICE)).status is JobStatus.RUNNING
    assert (await room.is_told(JobCancelled, 1)).status is JobStatus.CANCELLED
    with pytest.raises(JobFinished, match=r"Job #1 is cancelled already\."):
        await room.service.cancel(1, user_id=ALICE)


async def test_delete_takes_the_pictures_of_a_finished_job_only(room: Room) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    with pytest.raises(JobUnfinished, match=r"Job #1 is not finished yet\. Cancel it instead\."):
        await room.service.delete(1, user_id=ALICE)
    await room.finish(1)
    with pytest.raises(JobUnfinished, match=r"Job #1 is about to be posted\. Try again in a moment\."):
        await room.service.delete(1, user_id=ALICE)
    await room.service.recording.posted(1)
    with pytest.raises(NotYourJob):
        await room.service.delete(1, user_id=BOB)
    await room.service.delete(1, user_id=ALICE)
    await room.service.delete(1, user_id=ALICE)
    with pytest.raises(PicturesGone):
        await room.service.pictures_of(1)
    assert (await room.service.get(1)).status is JobStatus.SUCCEEDED


async def test_pictures_that_cannot_be_written_fail_the_job_with_words(room: Room) -> None:
    room.pictures.write_text("a file where the folder should be")
    await room.submit()
    await room.executor.started.holds(1)
    room.executor.finish(1, [PNG])
    job = await room.is_told(JobFailed, 1)
    told = "The pictures cannot be written to disk. The owner of this bot finds the reason in its log."
    assert str(job.error) == told
    assert (await room.service.get(1)).status is JobStatus.FAILED


async def test_what_cannot_be_delivered_keeps_pictures_and_reason(room: Room) -> None:
    await room.submit()
    await room.finish(1)
    await room.service.recording.undeliverable(1, Sentence("Nobody is at home."))
    job = await room.service.get(1)
    assert (job.status, str(job.error)) == (JobStatus.FAILED, "Nobody is at home.")
    assert await room.service.pictures_of(1) == [PNG]


async def test_a_message_is_remembered_on_disk_and_in_the_line(room: Room) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    await room.submit()
    for job_id in (1, 2):
        await room.service.attach_message(job_id, 50 + job_id, 20)
    assert [job.message_id for job in room.service.line()] == [51, 52]
    assert (await room.service.get(2)).message_id == 52


async def test_what_the_last_run_left_is_taken_up_in_its_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        for _ in range(3):
            await room.submit()
        await room.finish(1)
        await room.executor.started.holds(2)
    async with opened(tmp_path) as room:
        [to_post] = await room.service.recording.recover()
        assert (to_post.id, to_post.status) == (1, JobStatus.POSTING)
        assert [job.id for job in room.service.line()] == [2, 3]
        assert (await room.is_told(JobRequeued, 2)).attempts == 0
        await room.finish(2)
        await room.finish(3)


async def test_a_database_that_fails_in_the_middle_loses_no_picture(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    async with room.storage._engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE jobs RENAME TO elsewhere")
    job = await room.finish(1)
    assert job.error is None
    assert "job 1: JobSucceeded could not be recorded" in caplog.messages
    with pytest.raises(BotError, match="cannot reach its records"):
        await room.service.get(1)


async def test_what_was_posted_while_the_database_was_locked_is_not_drawn_again(room: Room, tmp_path: Path) -> None:
    await room.submit()
    await room.executor.started.holds(1)
    another = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    with closing(another):
        another.execute("BEGIN IMMEDIATE")
        assert (await room.finish(1)).id == 1
        another.execute("ROLLBACK")
    assert (await room.service.get(1)).status is JobStatus.RUNNING
    await room.service.recording.posted(1)
    assert (await room.service.get(1)).status is JobStatus.SUCCEEDED
    assert await room.service.recording.recover() == []
    assert room.service.line() == ()
