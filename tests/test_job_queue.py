"""The queue with an executor that does what each test says: order, cancel in every moment, deaths, shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.errors import BotStopping, ExecutorUnavailable, GenerationFailed, OutOfMemory, QueueFull, TooManyJobs
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
from bot.executors import ExecutorState
from bot.job_queue import JobQueue
from bot.jobs import JobStatus
from tests.factories import make_job
from tests.patience import PATIENCE
from tests.scripted import ScriptedExecutor, Seen

ALICE, BOB = 1, 2


@dataclass
class Desk:
    """A queue, its executor, and a listener that writes down what it is told and can be held up."""

    executor: ScriptedExecutor
    queue: JobQueue
    told: Seen = field(default_factory=Seen)
    events: list[QueueEvent] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    holds: dict[type[QueueEvent], asyncio.Event] = field(default_factory=dict)
    held: Seen = field(default_factory=Seen)

    async def on_event(self, event: QueueEvent) -> None:
        if type(event) in self.holds:
            self.held.add((type(event), event.job.id))
            async with asyncio.timeout(PATIENCE):
                await self.holds[type(event)].wait()
        self.events.append(event)
        self.told.add((type(event), event.job.id))

    def hold(self, kind: type[QueueEvent]) -> asyncio.Event:
        """Keep the listener from returning from events of that kind until the answer is set."""
        self.holds[kind] = asyncio.Event()
        return self.holds[kind]

    def submit(self, *job_ids: int, user_id: int = ALICE) -> None:
        for job_id in job_ids:
            self.queue.submit(make_job(job_id, user_id=user_id))

    def last(self, kind: type[QueueEvent]) -> QueueEvent:
        return next(event for event in reversed(self.events) if type(event) is kind)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as desk, desk.queue:
        yield desk


@asynccontextmanager
async def open_desk(capacity: int = 1) -> AsyncIterator[Desk]:
    """A queue that no worker serves yet."""
    executor = ScriptedExecutor(capacity)
    desk = Desk(executor, JobQueue(executor, max_jobs=3, max_jobs_per_user=2, pause=0))
    desk.queue.listen(desk.on_event, desk.progress.append)
    yield desk


async def test_jobs_run_in_the_order_in_which_they_came(desk: Desk) -> None:
    desk.submit(1, 2, 3)
    for job_id in (1, 2, 3):
        await desk.executor.started.holds(job_id)
        desk.executor.finish(job_id)
        await desk.told.holds((JobSucceeded, job_id))
    assert desk.executor.started.items == [1, 2, 3]
    assert desk.executor.most_at_once == 1


async def test_an_executor_with_two_places_runs_two_jobs_at_once() -> None:
    async with open_desk(capacity=2) as desk, desk.queue:
        desk.submit(1, 2, 3)
        await desk.executor.started.holds(1, 2)
        assert desk.queue.position(3) == 1
        desk.executor.finish(2)
        await desk.executor.started.holds(3)
        assert {job.id for job in desk.queue.running} == {1, 3}
        assert desk.executor.most_at_once == 2


async def test_a_job_is_told_to_have_started_with_its_attempt_and_its_time(desk: Desk) -> None:
    desk.submit(1)
    await desk.told.holds((JobStarted, 1))
    job = desk.last(JobStarted).job
    assert (job.status, job.attempts) == (JobStatus.RUNNING, 1)
    assert job.started_at is not None


async def test_pictures_and_steps_reach_the_listener(desk: Desk) -> None:
    desk.submit(1)
    await desk.executor.started.holds(1)
    desk.executor.step(1, 3)
    desk.executor.finish(1)
    await desk.told.holds((JobSucceeded, 1))
    assert [(step.job_id, step.step) for step in desk.progress] == [(1, 3)]
    event = desk.last(JobSucceeded)
    assert isinstance(event, JobSucceeded)
    assert [image.png for image in event.images] == [b"picture 0 of 1"]


async def test_positions_count_from_the_next_one_and_zero_is_running(desk: Desk) -> None:
    desk.submit(5, 6, 7)
    await desk.executor.started.holds(5)
    assert [desk.queue.position(job_id) for job_id in (5, 6, 7, 8)] == [0, 1, 2, None]
    assert [job.id for job in desk.queue.waiting] == [6, 7]


async def test_while_the_model_loads_jobs_keep_their_places_and_can_be_cancelled(desk: Desk) -> None:
    desk.executor.become(ExecutorState.LOADING)
    desk.submit(1, 2)
    assert await desk.queue.cancel(1)
    assert desk.queue.position(2) == 1
    assert desk.queue.running == ()
    desk.executor.become(ExecutorState.READY)
    await desk.executor.started.holds(2)
    assert desk.executor.started.items == [2]


async def test_an_executor_that_cannot_be_started_takes_nobodys_place(desk: Desk) -> None:
    desk.executor.become(ExecutorState.LOADING)
    desk.submit(1, 2)
    desk.executor.become(ExecutorState.UNAVAILABLE, "/srv/model is gone.")
    with pytest.raises(
        ExecutorUnavailable, match=r"^The model cannot be loaded right now; the owner of this bot sees why"
    ):
        desk.queue.check_admission(ALICE, channel_id=20)
    assert await desk.queue.cancel(1)
    assert [type(event) for event in desk.events] == [JobCancelled]
    assert [job.id for job in desk.queue.waiting] == [2]
    desk.executor.become(ExecutorState.READY)
    await desk.executor.started.holds(2)


async def test_an_executor_that_is_gone_when_a_job_reaches_it_costs_the_job_neither_place_nor_attempt(
    desk: Desk,
) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    desk.executor.become(ExecutorState.UNAVAILABLE)
    desk.executor.fail(1, ExecutorUnavailable("/srv/model is gone."))
    await desk.told.holds((JobRequeued, 1))
    assert desk.last(JobRequeued).job.attempts == 0
    desk.executor.become(ExecutorState.READY)
    await desk.executor.started.until(lambda items: items == [1, 1])
    assert [job.attempts for job in desk.queue.running] == [1]


async def test_a_job_that_arrives_while_the_executor_is_away_waits_for_it(desk: Desk) -> None:
    desk.executor.become(ExecutorState.UNAVAILABLE)
    desk.submit(1)
    assert await desk.queue.cancel(1)
    desk.submit(2)
    assert desk.executor.started.items == []
    desk.executor.become(ExecutorState.READY)
    await desk.executor.started.holds(2)


async def test_cancelling_a_waiting_job_moves_the_others_up(desk: Desk) -> None:
    desk.submit(1, 2, 3)
    await desk.executor.started.holds(1)
    assert await desk.queue.cancel(2)
    assert desk.events[-1] == JobCancelled(desk.last(JobCancelled).job)
    assert desk.last(JobCancelled).job.status is JobStatus.CANCELLED
    assert desk.queue.position(2) is None
    assert desk.queue.position(3) == 1


async def test_cancelling_a_running_job_stops_it_and_the_next_one_starts(desk: Desk) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    assert await desk.queue.cancel(1)
    await desk.executor.started.holds(2)
    assert (JobCancelled, 1) in desk.told.items
    assert desk.executor.most_at_once == 1


async def test_a_job_cancelled_between_its_turn_and_its_start_never_reaches_the_executor(desk: Desk) -> None:
    release = desk.hold(JobStarted)
    desk.submit(1)
    await desk.held.holds((JobStarted, 1))
    assert await desk.queue.cancel(1)
    release.set()
    await desk.told.holds((JobCancelled, 1))
    assert desk.executor.started.items == []


async def test_a_cancel_that_was_promised_wins_over_pictures_that_came_meanwhile(desk: Desk) -> None:
    desk.executor.deaf = True
    desk.submit(1)
    await desk.executor.started.holds(1)
    assert await desk.queue.cancel(1)
    desk.executor.finish(1)
    await desk.told.holds((JobCancelled, 1))
    assert (JobSucceeded, 1) not in desk.told.items


async def test_a_cancelled_job_whose_executor_dies_does_not_go_back_into_the_line(desk: Desk) -> None:
    desk.executor.deaf = True
    desk.submit(1)
    await desk.executor.started.holds(1)
    assert await desk.queue.cancel(1)
    desk.executor.die(1)
    await desk.told.holds((JobCancelled, 1))
    assert desk.queue.position(1) is None
    assert desk.executor.started.items == [1]


async def test_a_job_can_be_cancelled_while_its_return_to_the_line_is_recorded(desk: Desk) -> None:
    release = desk.hold(JobRequeued)
    desk.submit(1)
    await desk.executor.started.holds(1)
    desk.executor.die(1)
    await desk.held.holds((JobRequeued, 1))
    assert await desk.queue.cancel(1)
    release.set()
    await desk.told.holds((JobCancelled, 1))
    assert desk.executor.started.items == [1]


async def test_a_job_whose_outcome_is_being_recorded_cannot_be_cancelled_any_more(desk: Desk) -> None:
    release = desk.hold(JobSucceeded)
    desk.submit(1)
    await desk.executor.started.holds(1)
    desk.executor.finish(1)
    await desk.held.holds((JobSucceeded, 1))
    assert not await desk.queue.cancel(1)
    release.set()
    await desk.told.holds((JobSucceeded, 1))
    assert not await desk.queue.cancel(1)


async def test_cancelling_twice_tells_it_once(desk: Desk) -> None:
    desk.executor.deaf = True
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    assert await desk.queue.cancel(1)
    assert await desk.queue.cancel(1)
    desk.executor.finish(1)
    await desk.executor.started.holds(2)
    assert desk.told.items.count((JobCancelled, 1)) == 1


async def test_an_unknown_job_cannot_be_cancelled(desk: Desk) -> None:
    assert not await desk.queue.cancel(99)


async def test_a_job_under_which_the_executor_died_is_first_in_line_again(desk: Desk) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    desk.executor.become(ExecutorState.RESTARTING)
    desk.executor.die(1)
    await desk.executor.asked.holds(ExecutorState.RESTARTING)
    assert (JobRequeued, 1) in desk.told.items
    assert [job.id for job in desk.queue.waiting] == [1, 2]
    desk.executor.become(ExecutorState.READY)
    await desk.executor.started.until(lambda items: items == [1, 1])
    assert desk.queue.running[0].attempts == 2


async def test_a_job_under_which_the_executor_died_twice_fails_with_the_reason(desk: Desk) -> None:
    desk.submit(1, 2)
    for attempt in (1, 2):
        await desk.executor.started.until(lambda items, attempt=attempt: items.count(1) == attempt)
        desk.executor.die(1)
    await desk.told.holds((JobFailed, 1))
    assert str(desk.last(JobFailed).job.error) == (
        "The process that makes the pictures stopped in the middle of the job. It happened twice, so the job was "
        "given up."
    )
    await desk.executor.started.holds(2)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OutOfMemory(), str(OutOfMemory())),
        (RuntimeError("tensor of wrong size"), str(GenerationFailed())),
    ],
)
async def test_a_job_that_fails_says_why_and_the_next_one_runs(desk: Desk, error: Exception, sentence: str) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    desk.executor.fail(1, error)
    await desk.executor.started.holds(2)
    job = desk.last(JobFailed).job
    assert (job.id, job.status, str(job.error)) == (1, JobStatus.FAILED, sentence)
    assert job.finished_at is not None


async def test_a_listener_that_fails_does_not_stop_the_queue() -> None:
    async def fail(event: QueueEvent) -> None:
        raise RuntimeError(type(event).__name__)

    async with open_desk() as desk:
        desk.queue.listen(fail, desk.progress.append)
        async with desk.queue:
            desk.submit(1, 2)
            await desk.executor.started.holds(1)
            desk.executor.finish(1)
            await desk.executor.started.holds(2)


async def test_stopping_the_bot_leaves_the_running_job_to_the_next_start() -> None:
    async with open_desk() as desk:
        async with desk.queue:
            desk.submit(1, 2)
            await desk.executor.started.holds(1)
        assert desk.executor.cancelled == [1]
        assert desk.told.items == [(JobStarted, 1), (JobInterrupted, 1)]
        assert desk.last(JobInterrupted).job.attempts == 0


async def test_a_stop_whose_time_is_over_starts_nothing_more_and_puts_back_what_ran() -> None:
    async with open_desk() as desk:
        async with desk.queue:
            desk.submit(1, 2)
            await desk.executor.started.holds(1)
            await desk.queue.drain(0)
            assert desk.last(JobInterrupted).job.attempts == 0
            with pytest.raises(BotStopping, match="The bot is being stopped and takes no new jobs"):
                desk.queue.check_admission(ALICE, channel_id=20)
            assert desk.executor.running == [1]
        assert [type(event) for event in desk.events] == [JobStarted, JobInterrupted, JobInterrupted]
        assert [job.id for job in desk.queue.waiting] == [2]
        assert desk.executor.started.items == [1]


async def test_stopping_the_bot_keeps_a_cancel_that_was_promised() -> None:
    async with open_desk() as desk:
        desk.executor.deaf = True
        async with desk.queue:
            desk.submit(1)
            await desk.executor.started.holds(1)
            assert await desk.queue.cancel(1)
        assert desk.told.items == [(JobStarted, 1), (JobCancelled, 1)]


@pytest.mark.parametrize("kind", [JobStarted, JobSucceeded])
async def test_stopping_the_bot_waits_until_what_happened_is_recorded(kind: type[QueueEvent]) -> None:
    async with open_desk() as desk:
        release = desk.hold(kind)
        async with desk.queue:
            desk.submit(1)
            if kind is JobSucceeded:
                await desk.executor.started.holds(1)
                desk.executor.finish(1)
            await desk.held.holds((kind, 1))
            asyncio.get_running_loop().call_soon(release.set)
        assert (kind, 1) in desk.told.items


async def test_somebody_with_as_many_jobs_as_allowed_is_told_which_they_are(desk: Desk) -> None:
    desk.submit(41, 42)
    await desk.executor.started.holds(41)
    desk.queue.check_admission(BOB, channel_id=20)
    with pytest.raises(TooManyJobs) as caught:
        desk.queue.check_admission(ALICE, channel_id=20)
    assert str(caught.value) == (
        "You may have 2 jobs at a time. Yours: #41 running, #42 next in line. Cancel one or wait."
    )


async def test_a_refusal_names_no_more_jobs_than_one_can_read() -> None:
    queue = JobQueue(ScriptedExecutor(), max_jobs=100, max_jobs_per_user=12)
    for job_id in range(1, 13):
        queue.submit(make_job(job_id, user_id=ALICE))
    with pytest.raises(TooManyJobs) as caught:
        queue.check_admission(ALICE, channel_id=20)
    assert str(caught.value) == (
        "You may have 12 jobs at a time. Yours: #1 next in line, #2 2nd in line, #3 3rd in line, #4 4th in line, "
        "#5 5th in line and 7 more. Cancel one or wait."
    )


async def test_a_full_queue_takes_no_more(desk: Desk) -> None:
    desk.executor.become(ExecutorState.LOADING)
    desk.submit(1, 2, 3)
    with pytest.raises(QueueFull, match="The queue is full: 3 jobs are waiting"):
        desk.queue.check_admission(BOB, channel_id=20)


async def test_what_is_known_of_a_job_can_be_amended_wherever_it_is(desk: Desk) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    for job_id in (1, 2, 3):
        desk.queue.amend(job_id, message_id=100 + job_id)
    assert [job.message_id for job in (*desk.queue.running, *desk.queue.waiting)] == [101, 102]
    desk.executor.die(1)
    await desk.executor.started.until(lambda items: items == [1, 1])
    assert desk.queue.running[0].message_id == 101


async def test_nothing_is_promised_before_anything_was_measured(desk: Desk) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    assert desk.queue.seconds_left().get(2) is None
    desk.executor.finish(1)
    await desk.executor.started.holds(2)
    seconds = desk.queue.seconds_left().get(2)
    assert seconds is not None
    assert 0 <= seconds < PATIENCE
    assert desk.queue.seconds_left().get(1) is None


async def test_nothing_is_promised_while_the_model_is_not_loaded(desk: Desk) -> None:
    desk.submit(1, 2)
    await desk.executor.started.holds(1)
    desk.executor.finish(1)
    await desk.executor.started.holds(2)
    assert desk.queue.seconds_left().keys() == {2}
    desk.executor.become(ExecutorState.RESTARTING)
    assert desk.queue.seconds_left() == {}
