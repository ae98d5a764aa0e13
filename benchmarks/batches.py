"""What drawing compatible jobs together gains over drawing them one by one: `python -m benchmarks.batches`."""

from __future__ import annotations

import argparse
import asyncio
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.figures import print_json, ratio, show
from bot.errors import GenerationFailed
from bot.executors import Executor, create_executor
from bot.jobs import GeneratedImage, Job
from bot.layers import merge
from bot.model_info import TINY, ModelInfo, read_model_info
from bot.settings import load_settings

#: One beyond the window of 77 tokens, and one with weights: what a batch has to pad, and to keep apart.
PROMPTS = (
    "a red circle on a blue background",
    "a (yellow:1.3) star on a [green] background",
    "a white triangle on a black background, " + "with a thin line of gold around it, " * 10,
    "a green square on a white background",
)
NOTES = (
    "Four jobs, of different prompts and seeds, by the base and the refiner where there is one.",
    "images_per_second: from the order to the pictures in the gateway's process, median of the runs, taken in turns.",
    "largest_difference: between the pictures of both ways, in levels of 256, over all pixels and runs.",
)


@dataclass
class Way:
    """One way to draw the four: the seconds of each run, and the pictures of the last one."""

    seconds: list[float] = field(default_factory=list)
    pictures: list[GeneratedImage] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """The median."""
        seconds = median(self.seconds)
        return {
            "runs": len(self.seconds),
            "seconds": round(seconds, 3),
            "images_per_second": round(len(self.pictures) / seconds, 3),
        }


async def measure(model: ModelInfo, executor: Executor, runs: int, steps: int | None) -> dict[str, Any]:
    """The figures of both ways, after one run of each to warm up."""
    jobs = [_job(model, number, steps) for number in range(len(PROMPTS))]
    alone, together = Way(), Way()
    largest = 0
    async with executor:
        await executor.ready()
        for run in range(runs + 1):
            for way, batches in ((alone, [[job] for job in jobs]), (together, [jobs])):
                begin = time.perf_counter()
                way.pictures = [image for batch in batches for image in await _draw(executor, batch)]
                if run:
                    way.seconds.append(time.perf_counter() - begin)
            largest = max(largest, _difference(alone.pictures, together.pictures))
        device = executor.health().device
    return {
        "one by one": alone.figures(),
        "together": together.figures() | {"largest_difference": largest},
        "executor": {"device": device, "max_batch": executor.max_batch},
    }


def _job(model: ModelInfo, number: int, steps: int | None) -> Job:
    changes = {} if steps is None else {"num_inference_steps": steps}
    parameters = merge(model, {"prompt": PROMPTS[number], "seed": number}, changes)
    return Job(
        id=number + 1, guild_id=None, channel_id=0, user_id=0, parameters=parameters, created_at=datetime.now(UTC)
    )


async def _draw(executor: Executor, batch: Sequence[Job]) -> list[GeneratedImage]:
    images: list[GeneratedImage] = []
    for outcome in await executor.generate(batch, lambda event: None):
        if isinstance(outcome, GenerationFailed):
            raise outcome
        images += outcome
    return images


def _difference(some: Sequence[GeneratedImage], others: Sequence[GeneratedImage]) -> int:
    pairs = [(_pixels(one), _pixels(other)) for one, other in zip(some, others, strict=True)]
    return max(int(np.abs(one - other).max()) for one, other in pairs)


def _pixels(image: GeneratedImage) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(io.BytesIO(image.png)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.int16)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batches", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="one run of few steps, to see that it works")
    parser.add_argument("--runs", type=int, default=5, help="how often each way is measured")
    parser.add_argument("--model", default=TINY, help="the base: tiny, a folder, or a hub id")
    parser.add_argument("--refiner", default=None, help="the refiner; that of the embedded pair for tiny")
    options = parser.parse_args()
    refiner = options.refiner or (TINY if options.model == TINY else None)
    settings = load_settings(model_base=options.model, model_refiner=refiner)
    model = read_model_info(settings.model_base, settings.model_refiner)
    runs, steps = (1, 4) if options.quick else (max(1, options.runs), None)
    figures = asyncio.run(measure(model, create_executor(settings, model), runs, steps))
    alone, together = figures["one by one"], figures["together"]
    compared = {"together_to_one_by_one": ratio(together["images_per_second"], alone["images_per_second"])}
    show(f"Batches, {model.name}", figures, NOTES)
    show("Ratios", {"": compared})
    if options.json:
        print_json(
            {
                "one_by_one": alone,
                "together": together,
                "largest_difference": together["largest_difference"],
                "ratios": compared,
            }
        )


if __name__ == "__main__":
    main()
