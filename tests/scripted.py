"""An executor without a model, which does what a test tells it to; and a record of events that can be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent, Outcome
from bot.jobs import GeneratedImage, Job
from bot.memory import Memory
from tests.patience import PATIENCE


class Seen:
    """What came in, in order."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._changed = asyncio.Event()

    def add(self, item: Any) -> None:
        self.items.append(item)
        self._changed.set()

    async def until(self, condition: Callable[[list[Any]], object]) -> None:
        """Wait until what was seen meets the condition."""
        async with asyncio.timeout(PATIENCE):
            while not condition(self.items):
                self._changed.clear()
                await self._changed.wait()

    async def holds(self, *expected: Any) -> None:
        """Wait until all of these were seen."""
        await self.until(lambda items: all(each in items for each in expected))


class ScriptedExecutor:
    """Runs a job until the test ends it with `finish`, `fail` or `die`, or somebody cancels it."""

    def __init__(self, capacity: int = 1, max_batch: int = 1) -> None:
        self.capacity = capacity
        self.max_batch = max_batch
        self.state = ExecutorState.READY
        self.detail = ""
        self.memory: Memory | None = None
        self.deaf = False  # a cancel comes too late to be heard
        self.asked = Seen()  # the state at each call of `ready`
        self.started = Seen()
        self.batches: list[list[int]] = []  # the ids of all that were started, together or alone
        self.cancelled: list[int] = []
        self.calls = 0  # of `generate` that have not ended
        self.most_at_once = 0  # of them
        self._running: dict[int, tuple[Job, OnEvent, asyncio.Future[list[GeneratedImage]]]] = {}
        self._state_changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def become(self, state: ExecutorState, detail: str = "") -> None:
        self.state, self.detail = state, detail
        self._state_changed.set()

    def health(self) -> ExecutorHealth:
        return ExecutorHealth(self.state, self.detail, memory=self.memory)

    async def ready(self) -> None:
        self.asked.add(self.state)
        while self.state is not ExecutorState.READY:
            if self.state is ExecutorState.UNAVAILABLE:
                raise ExecutorUnavailable(self.detail)
            self._state_changed.clear()
            await self._state_changed.wait()

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[Outcome]:
        futures = []
        for job in batch:
            future: asyncio.Future[list[GeneratedImage]] = asyncio.get_running_loop().create_future()
            self._running[job.id] = (job, on_event, future)
            futures.append(future)
        self.batches.append([job.id for job in batch])
        self.calls += 1
        self.most_at_once = max(self.most_at_once, self.calls)
        for job in batch:
            self.started.add(job.id)
        try:
            outcomes: list[Outcome] = []
            for outcome in await asyncio.gather(*futures, return_exceptions=True):
                if isinstance(outcome, ExecutorDied) or not isinstance(outcome, list | GenerationFailed):
                    raise outcome
                outcomes.append(outcome)
            return outcomes
        finally:
            self.calls -= 1
            for job in batch:
                del self._running[job.id]

    def cancel(self, job_id: int) -> None:
        self.cancelled.append(job_id)
        if not self.deaf:
            self._end(job_id, GenerationCancelled())

    @property
    def running(self) -> list[int]:
        return [job_id for job_id, (_, _, future) in self._running.items() if not future.done()]

    def step(self, job_id: int, step: int, preview: bytes | None = None) -> None:
        job, on_event, _ = self._running[job_id]
        steps = job.parameters.num_inference_steps if job.comparison is None else job.comparison.steps
        on_event(Progress(job_id, "base", step, steps, preview))

    def finish(self, job_id: int, pngs: Sequence[bytes] | None = None) -> None:
        job, _, future = self._running[job_id]
        images = [
            GeneratedImage(
                job_id=job.id,
                index=index,
                png=f"picture {index} of {job.id}".encode() if pngs is None else pngs[index],
                parameters=job.parameters.of_image(index),
                elapsed=1.0,
            )
            for index in range(job.parameters.num_images_per_prompt)
        ]
        future.set_result(images)

    def fail(self, job_id: int, error: Exception) -> None:
        self._end(job_id, error)

    def die(self, job_id: int) -> None:
        """With all of its batch."""
        for each in next(batch for batch in reversed(self.batches) if job_id in batch):
            self._end(each, ExecutorDied())

    def _end(self, job_id: int, error: Exception) -> None:
        if job_id in self._running and not self._running[job_id][2].done():
            self._running[job_id][2].set_exception(error)
