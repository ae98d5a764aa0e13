"""Jobs that leave the line together: who goes along, how each ends for itself, and what nobody loses by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.batching import BatchPicker
from bot.errors import GenerationFailed, OutOfMemory
from bot.events import (
    JobCancelled,
    JobFailed,
    JobInterrupted,
    JobRequeued,
    JobStarted,
    JobSucceeded,
    Progress,
    QueueEvent,
)
from bot.job_queue import JobQueue
from bot.jobs import Job, JobStatus
from tests.factories import make_job, make_parameters
from tests.scripted import ScriptedExecutor, Seen

MAX_BATCH = 4


def job(job_id: int, *, user_id: int | None = None, attempts: int = 0, **changes: Any) -> Job:
    parameters = make_parameters(prompt=f"picture {job_id}", **changes)
    return make_job(job_id, user_id=job_id if user_id is None else user_id, attempts=attempts, parameters=parameters)


def picked(*line: Job, most: int = MAX_BATCH) -> list[int]:
    return [each.id for each in BatchPicker().pick(line, most)]


def test_the_next_one_takes_along_whoever_suits_in_their_order() -> None:
    line = [job(1), job(2, scheduler="DDIM"), job(3), job(4), job(5, num_inference_steps=9), job(6), job(7)]
    assert picked(*line) == [1, 3, 4, 6]
    assert picked(*line, most=2) == [1, 3]
    assert picked(*line, most=1) == [1]
    assert picked(*line[1:]) == [2]


def test_what_counts_is_how_many_images_there_are() -> None:
    line = [job(1, num_images_per_prompt=2), job(2, num_images_per_prompt=3), job(3), job(4), job(5)]
    assert picked(*line) == [1, 3, 4]
    assert picked(job(1, num_images_per_prompt=4), job(2)) == [1]
    assert picked(job(1, num_images_per_prompt=4), job(2), most=1) == [1]


def test_what_has_been_begun_before_goes_alone() -> None:
    assert picked(job(1, attempts=1), job(2)) == [1]
    assert picked(job(1), job(2, attempts=1), job(3)) == [1, 3]


def test_nobody_is_overtaken_by_more_than_one_batch() -> None:
    picker = BatchPicker()
    odd = job(100, scheduler="DDIM")
    line = [job(1), job(2, num_inference_steps=9), odd, job(3), job(4, num_inference_steps=9), job(5)]
    assert [each.id for each in picker.pick(line, 2)] == [1, 3]
    # The odd one has been overtaken once, so 2 does not take 4 along, from behind it.
    line = [each for each in line if each.id not in (1, 3)]
    assert [each.id for each in picker.pick(line, 2)] == [2]
    line = [each for each in line if each.id != 2]
    assert [each.id for each in picker.pick(line, 2)] == [100]
    assert [each.id for each in picker.pick([job(4), job(5)], 2)] == [4, 5]


class Desk:
    """A queue with an executor that takes four images at a time, and what its listener is told."""

    def __init__(self) -> None:
        self.executor = ScriptedExecutor(max_batch=MAX_BATCH)
        self.queue = JobQueue(self.executor, max_jobs=100, max_jobs_per_user=100, pause=0)
        self.told = Seen()
        self.events: list[QueueEvent] = []
        self.progress: list[Progress] = []
        self.queue.listen(self._on_event, self.progress.append)

    async def _on_event(self, event: QueueEvent) -> None:
        self.events.append(event)
        self.told.add((type(event), event.job.id))

    def of(self, job_id: int) -> list[type[QueueEvent]]:
        return [type(event) for event in self.events if event.job.id == job_id]

    async def start(self, *jobs: Job) -> None:
        """Put them in line before any of them can be taken, and wait until the first batch runs."""
        for each in jobs:
            self.queue.submit(each)
        await self.executor.started.holds(jobs[0].id)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    async with desk.queue:
        yield desk


async def test_compatible_jobs_of_several_people_leave_together_and_each_gets_its_own_pictures(desk: Desk) -> None:
    await desk.start(job(1), job(2, scheduler="DDIM"), job(3), job(4))
    assert desk.executor.batches == [[1, 3, 4]]
    assert {each.id for each in desk.queue.running} == {1, 3, 4}
    assert (desk.queue.position(4), desk.queue.position(2)) == (0, 1)
    for job_id in (3, 1, 4):
        desk.executor.finish(job_id)
    await desk.executor.started.holds(2)
    for job_id in (1, 3, 4):
        assert desk.of(job_id) == [JobStarted, JobSucceeded]
        (event,) = [each for each in desk.events if isinstance(each, JobSucceeded) and each.job.id == job_id]
        assert [image.png for image in event.images] == [f"picture 0 of {job_id}".encode()]
    assert desk.executor.batches == [[1, 3, 4], [2]]


async def test_each_job_of_a_batch_ends_in_its_own_way(desk: Desk) -> None:
    await desk.start(job(1), job(2), job(3))
    desk.executor.fail(2, OutOfMemory())
    desk.executor.finish(1)
    desk.executor.finish(3)
    await desk.told.holds((JobSucceeded, 1), (JobFailed, 2), (JobSucceeded, 3))
    (failed,) = [each.job for each in desk.events if isinstance(each, JobFailed)]
    assert str(failed.error) == str(OutOfMemory())


async def test_a_cancelled_job_ends_at_once_and_the_others_go_on(desk: Desk) -> None:
    await desk.start(job(1), job(2), job(3))
    desk.executor.step(2, 1)
    assert await desk.queue.cancel(2)
    assert desk.of(2) == [JobStarted, JobCancelled]
    assert desk.executor.cancelled == [2]
    assert [each.id for each in desk.queue.running] == [1, 3]
    assert desk.queue.position(2) is None
    assert not await desk.queue.cancel(2)
    # What is still said of it is said to nobody.
    desk.executor.step(2, 2)
    desk.executor.step(3, 2)
    assert [(each.job_id, each.step) for each in desk.progress] == [(2, 1), (3, 2)]
    desk.executor.finish(1)
    desk.executor.finish(3)
    await desk.told.holds((JobSucceeded, 1), (JobSucceeded, 3))
    assert desk.of(2) == [JobStarted, JobCancelled]


async def test_all_jobs_of_a_batch_can_be_cancelled_one_after_the_other(desk: Desk) -> None:
    await desk.start(job(1), job(2))
    assert await desk.queue.cancel(2)
    assert await desk.queue.cancel(1)
    await desk.told.holds((JobCancelled, 1), (JobCancelled, 2))
    desk.queue.submit(job(3))
    await desk.executor.started.holds(3)
    assert (desk.of(1), desk.of(2)) == ([JobStarted, JobCancelled], [JobStarted, JobCancelled])


async def test_a_death_puts_all_of_a_batch_back_and_then_each_goes_alone(desk: Desk) -> None:
    await desk.start(job(1), job(2), job(3))
    assert await desk.queue.cancel(3)
    desk.executor.die(1)
    await desk.told.holds((JobRequeued, 1), (JobRequeued, 2))
    await desk.executor.started.until(lambda started: started.count(1) == 2)
    assert desk.executor.batches == [[1, 2, 3], [1]]
    # The one that does it again is known now, and the other one is not blamed for it.
    desk.executor.die(1)
    await desk.told.holds((JobFailed, 1))
    await desk.executor.started.until(lambda started: started.count(2) == 2)
    desk.executor.finish(2)
    await desk.told.holds((JobSucceeded, 2))
    assert desk.of(3) == [JobStarted, JobCancelled]


async def test_what_nobody_foresaw_fails_all_of_a_batch(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await desk.start(job(1), job(2))
    desk.executor.fail(1, RuntimeError("nobody foresaw this"))
    desk.executor.finish(2)
    await desk.told.holds((JobFailed, 1), (JobFailed, 2))
    assert {str(each.job.error) for each in desk.events if isinstance(each, JobFailed)} == {str(GenerationFailed())}
    assert "job 1, 2: failed for a reason that nobody foresaw" in caplog.text


async def test_a_stop_keeps_all_of_a_batch_for_the_next_start() -> None:
    desk = Desk()
    async with desk.queue:
        await desk.start(job(1), job(2), job(3))
        assert await desk.queue.cancel(2)
    assert desk.of(1) == desk.of(3) == [JobStarted, JobInterrupted]
    assert desk.of(2) == [JobStarted, JobCancelled]
    assert {each.job.attempts for each in desk.events if isinstance(each, JobInterrupted)} == {0}


async def test_the_time_that_is_left_is_that_of_the_whole_batch(desk: Desk) -> None:
    await desk.start(job(1))
    desk.executor.finish(1)
    await desk.told.holds((JobSucceeded, 1))
    await desk.start(job(2), job(3), job(4, num_inference_steps=9))
    assert desk.executor.batches == [[1], [2, 3]]
    left = desk.queue.seconds_left()
    assert left[2] == left[3]
    assert left[4] > left[3]


async def test_a_job_cancelled_while_its_start_is_recorded_is_not_given_to_the_executor() -> None:
    desk = Desk()
    recorded, starting = asyncio.Event(), Seen()

    async def on_event(event: QueueEvent) -> None:
        if isinstance(event, JobStarted):
            starting.add(event.job.id)
            await recorded.wait()
        desk.events.append(event)
        desk.told.add((type(event), event.job.id))

    desk.queue.listen(on_event, desk.progress.append)
    async with desk.queue:
        for each in (job(1), job(2)):
            desk.queue.submit(each)
        await starting.holds(1, 2)
        assert await desk.queue.cancel(1)
        recorded.set()
        await desk.executor.started.holds(2)
        assert desk.executor.batches == [[2]]
        desk.executor.finish(2)
        await desk.told.holds((JobCancelled, 1), (JobSucceeded, 2))
    assert next(each.job.status for each in desk.events if isinstance(each, JobCancelled)) is JobStatus.CANCELLED
