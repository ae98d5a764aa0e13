"""The process of one bot under test: `python -m benchmarks.bots CASE` runs it until stdin ends, then prints its turns.

The cases: `bot`, the bot as it is; `idle`, the bot with an executor that costs nothing; `naive`, its rival.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmarks.loop_delay import watched
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent
from bot.jobs import GeneratedImage, Job
from bot.settings import Settings, load_settings
from tests.wire.running import noise

#: As large as a picture of the embedded model.
SIDE = 64


class InstantExecutor:
    """Gives every job its steps and its pictures at once: what the gateway then costs, it costs by itself."""

    capacity = 1
    max_batch = 1

    def __init__(self, side: int = SIDE) -> None:
        self._png = noise(side)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def ready(self) -> None:
        """It always is."""

    def health(self) -> ExecutorHealth:
        """Ready."""
        return ExecutorHealth(ExecutorState.READY)

    def cancel(self, job_id: int) -> None:
        """Nothing lasts long enough to be cancelled."""

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[GeneratedImage]:
        """The same picture every time."""
        images = []
        for job in batch:
            steps = job.parameters.num_inference_steps
            for step in range(1, steps + 1):
                on_event(Progress(job.id, "base", step, steps))
            for index in range(job.parameters.num_images_per_prompt):
                parameters = job.parameters.of_image(index)
                images.append(
                    GeneratedImage(job_id=job.id, index=index, png=self._png, parameters=parameters, elapsed=0.0)
                )
        return images


async def _run(case: str, settings: Settings) -> None:
    if case == "naive":
        from benchmarks.naive_bot import run_naive_bot

        await run_naive_bot(settings)
        return
    from bot.app import run_bot

    await run_bot(settings, InstantExecutor() if case == "idle" else None)


async def _main(case: str) -> None:
    async with watched() as turns:
        bot = asyncio.create_task(_run(case, load_settings()))
        # Its end is also that of the benchmark, however that came about: no bot stays behind.
        asyncio.get_running_loop().add_reader(sys.stdin, bot.cancel)
        await asyncio.wait([bot])
    if not bot.cancelled():
        bot.result()
    print(json.dumps([dataclasses.astuple(turn) for turn in turns]))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
