"""The process of one bot under test: `python -m benchmarks.bots CASE` runs it until stdin ends, then prints its turns.

The cases: `bot`, the bot as it is; `idle`, the bot with an executor that costs nothing; `naive`, its rival.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from PIL import Image

from benchmarks.loop_delay import watched
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, OnEvent, Outcome
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo, read_model_info
from bot.settings import Settings, load_settings
from tests.wire.running import noise

#: As large as the executor's previews, in pixels.
PREVIEW_SIDE = 128


class InstantExecutor:
    """Gives every job its steps and its pictures at once: what the gateway then costs, it costs by itself.

    They are as large as those of the model that it stands for, and every step has its preview.
    """

    capacity = 1
    max_batch = 1

    def __init__(self, model: ModelInfo) -> None:
        self._png = noise(model.native_size)
        self._preview = _as_preview(self._png)

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

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> list[Outcome]:
        """The same picture every time."""
        return [self._pictures(job, on_event) for job in batch]

    def _pictures(self, job: Job, on_event: OnEvent) -> list[GeneratedImage]:
        steps = job.parameters.num_inference_steps
        for step in range(1, steps + 1):
            on_event(Progress(job.id, "base", step, steps, self._preview))
        return [
            GeneratedImage(
                job_id=job.id, index=index, png=self._png, parameters=job.parameters.of_image(index), elapsed=0.0
            )
            for index in range(job.parameters.num_images_per_prompt)
        ]


def _as_preview(png: bytes) -> bytes:
    """The picture as the executor would show it before it is finished."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        image.save(buffer, "WEBP")
    return buffer.getvalue()


async def _run(case: str, settings: Settings) -> None:
    if case == "naive":
        from benchmarks.naive_bot import run_naive_bot

        await run_naive_bot(settings)
        return
    from bot.app import run_bot

    model = read_model_info(settings.model_base, settings.model_refiner)
    await run_bot(settings, InstantExecutor(model) if case == "idle" else None)


async def _main(case: str) -> None:
    async with watched() as turns:
        bot = asyncio.create_task(_run(case, load_settings()))
        # Its end is also that of the benchmark, however that came about: no bot stays behind.
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # Once: an end stays readable, and a bot that is cancelled again and again never gets to its own end.
            loop.remove_reader(sys.stdin)
            bot.cancel()

        loop.add_reader(sys.stdin, stop)
        await asyncio.wait([bot])
    if not bot.cancelled():
        bot.result()
    print(json.dumps([dataclasses.astuple(turn) for turn in turns]))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
