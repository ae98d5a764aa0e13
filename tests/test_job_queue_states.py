"""Any order of arrivals, cancels, ends, deaths and loop turns: no job is lost, doubled, or out of place."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.batching import compatible, images_of
from bot.errors import BotError, OutOfMemory, QueueFull, TooManyJobs
from bot.events import JobCancelled, JobFailed, JobInterrupted, JobRequeued, JobStarted, JobSucceeded, QueueEvent
from bot.executors import ExecutorState
from bot.job_queue import JobQueue
from bot.jobs import Job
from bot.outcomes import MAX_ATTEMPTS
from tests.factories import make_job, make_parameters
from tests.scripted import ScriptedExecutor

MAX_JOBS, MAX_JOBS_PER_USER = 6, 3
#: Enough turns of the loop for everything that can happen to have happened.
ALL_TURNS = 60
ENDS = (JobSucceeded, JobFailed, JobCancelled)

some_turns = st.integers(0, 4)
a_choice = st.integers(0, 1000)


class QueueMachine(RuleBasedStateMachine):
    """A queue, a scripted executor, and a listener that takes some turns of the loop for everything it records."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.told: dict[int, list[type[QueueEvent]]] = {}
        self.promised: set[int] = set()
        self.asked: dict[int, Job] = {}

    @initialize(capacity=st.integers(1, 3), max_batch=st.integers(1, 4), slowness=some_turns)
    def start(self, capacity: int, max_batch: int, slowness: int) -> None:
        self.slowness = slowness
        self.runner.run(self.open(capacity, max_batch))

    async def open(self, capacity: int, max_batch: int) -> None:
        self.executor = ScriptedExecutor(capacity, max_batch)
        self.queue = JobQueue(self.executor, max_jobs=MAX_JOBS, max_jobs_per_user=MAX_JOBS_PER_USER, pause=0)
        self.queue.listen(self.on_event, lambda _: None)
        await self.queue.__aenter__()

    async def on_event(self, event: QueueEvent) -> None:
        await self.turn(self.slowness)
        self.told[event.job.id].append(type(event))

    @staticmethod
    async def turn(times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    @rule(user_id=st.integers(1, 4), steps=st.sampled_from([9, 9, 20]), images=st.sampled_from([1, 1, 2]))
    def ask(self, user_id: int, steps: int, images: int) -> None:
        async def ask() -> None:
            own = [job for job in (*self.queue.running, *self.queue.waiting) if job.user_id == user_id]
            try:
                self.queue.check_admission(user_id, channel_id=20)
            except TooManyJobs:
                assert len(own) >= MAX_JOBS_PER_USER
            except QueueFull:
                assert len(self.queue.waiting) >= MAX_JOBS
            except BotError:
                assert self.executor.state is ExecutorState.UNAVAILABLE
            else:
                assert len(own) < MAX_JOBS_PER_USER
                job_id = len(self.told) + 1
                self.told[job_id] = []
                parameters = make_parameters(num_inference_steps=steps, num_images_per_prompt=images)
                self.asked[job_id] = make_job(job_id, user_id=user_id, parameters=parameters)
                self.queue.submit(self.asked[job_id])

        self.runner.run(ask())

    @precondition(lambda self: self.told)
    @rule(choice=a_choice, turns=some_turns)
    def cancel(self, choice: int, turns: int) -> None:
        async def cancel() -> None:
            job_id = choice % len(self.told) + 1
            over = any(kind in ENDS for kind in self.told[job_id])
            if await self.queue.cancel(job_id):
                assert not over
                self.promised.add(job_id)
            await self.turn(turns)

        self.runner.run(cancel())

    @precondition(lambda self: self.executor.running)
    @rule(choice=a_choice, turns=some_turns, how=st.sampled_from(["finish", "fail", "die", "crash"]))
    def end(self, choice: int, turns: int, how: str) -> None:
        async def end() -> None:
            job_id = self.executor.running[choice % len(self.executor.running)]
            match how:
                case "finish":
                    self.executor.finish(job_id)
                case "fail":
                    self.executor.fail(job_id, OutOfMemory())
                case "die":
                    self.executor.die(job_id)
                case "crash":
                    self.executor.fail(job_id, RuntimeError("nobody foresaw this"))
            await self.turn(turns)

        self.runner.run(end())

    @rule(
        state=st.sampled_from(
            [ExecutorState.READY, ExecutorState.READY, ExecutorState.LOADING, ExecutorState.UNAVAILABLE]
        )
    )
    def become(self, state: ExecutorState) -> None:
        async def become() -> None:
            self.executor.become(state, "The device is gone.")

        self.runner.run(become())

    @rule(deaf=st.booleans())
    def hear(self, deaf: bool) -> None:
        self.executor.deaf = deaf

    @rule(turns=some_turns)
    def wait(self, turns: int) -> None:
        self.runner.run(self.turn(turns))

    @rule()
    def settle(self) -> None:
        """With all the time in the world, a ready executor has as many jobs as it can take."""
        self.runner.run(self.turn(ALL_TURNS))
        if self.executor.state is ExecutorState.READY:
            assert self.executor.calls == self.executor.capacity or not self.queue.waiting
        for job_id in self.promised:
            assert self.told[job_id][-1] is JobCancelled or job_id in self.executor.running

    @invariant()
    def no_more_than_its_places_run(self) -> None:
        if self.told:
            assert self.executor.most_at_once <= self.executor.capacity
            assert len(self.queue.running) <= self.executor.capacity * self.executor.max_batch

    @invariant()
    def what_is_drawn_together_fits_together(self) -> None:
        for batch in self.executor.batches if self.told else ():
            first, *others = [self.asked[job_id] for job_id in batch]
            assert all(compatible(first, other) for other in others)
            assert not others or sum(map(images_of, [first, *others])) <= self.executor.max_batch

    @invariant()
    def positions_count_the_waiting_jobs(self) -> None:
        if self.told:
            positions = [self.queue.position(job.id) for job in self.queue.waiting]
            assert positions == list(range(1, len(positions) + 1))
            assert all(self.queue.position(job.id) == 0 for job in self.queue.running)

    @invariant()
    def every_job_ends_at_most_once_and_says_nothing_after_it(self) -> None:
        for kinds in self.told.values():
            assert not any(kind in ENDS for kind in kinds[:-1])
            counts = Counter(kinds)
            assert counts[JobStarted] <= MAX_ATTEMPTS
            assert counts[JobRequeued] < MAX_ATTEMPTS

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            self.runner.run(self.close())
        self.runner.close()

    async def close(self) -> None:
        await self.turn(self.slowness * 3)
        before = {job.id for job in self.queue.waiting}
        await self.queue.__aexit__(None, None, None)
        for job_id, kinds in self.told.items():
            # Every job ended, or waits for the next start of the bot: in line, or interrupted while it ran.
            kept = job_id in before or job_id in {job.id for job in self.queue.waiting}
            assert kept or kinds[-1] in (*ENDS, JobInterrupted), (job_id, kinds)
            if job_id in self.promised:
                assert kinds[-1] is JobCancelled


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
