"""A process with an executor, for tests that kill it: prints the child's id at the moment that was asked for."""

from __future__ import annotations

import asyncio
import os
import sys

from bot.executors import ExecutorHealth
from bot.executors.local import LocalExecutor
from bot.layers import merge
from bot.model_info import TINY, read_model_info
from tests.executors.watching import healths
from tests.factories import make_job


async def main(moment: str) -> None:
    model = read_model_info(TINY, TINY)
    reached = asyncio.Event()
    async with LocalExecutor(model, "cpu") as executor:
        if moment == "drawing":
            parameters = merge(
                model, {"prompt": "a red circle", "num_inference_steps": 150, "num_images_per_prompt": 4}
            )
            drawing = asyncio.create_task(
                executor.generate([make_job(1, parameters=parameters)], lambda step: reached.set())
            )
            await reached.wait()
            assert not drawing.done()
        else:
            async for health in healths(executor):
                if _is_at(moment, health):
                    break
        sys.stdout.write(f"{executor.health().pid}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _is_at(moment: str, health: ExecutorHealth) -> bool:
    return health.pid is not None and (moment == "starting" or health.detail.startswith("loading "))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    asyncio.run(main(sys.argv[1]))
