"""How long a picture takes, and the first sight of it: `python -m benchmarks.generation`."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks.figures import print_json, ratio, show
from bot.events import Progress
from bot.executors import Executor, create_executor, generate_alone
from bot.jobs import Job
from bot.layers import merge
from bot.model_info import TINY, ModelInfo, read_model_info
from bot.settings import load_settings

PROMPT = "a red circle on a blue background"
NOTES = (
    "seconds: from the order to the pictures in the gateway's process, median of the runs, after one run to warm up.",
    "first preview: from the order to the first small picture of the unfinished latents.",
    "process overhead: what the way to the executor's process and back adds to the time in it.",
)


@dataclass
class Timing:
    """One case: the seconds of each run until the pictures, until the first preview, and in the executor itself."""

    images: int
    seconds: list[float] = field(default_factory=list)
    first_preview: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """The medians."""
        seconds = median(self.seconds)
        return {
            "runs": len(self.seconds),
            "seconds": round(seconds, 3),
            "seconds_a_picture": round(seconds / self.images, 3),
            "first_preview_s": round(median(self.first_preview), 3) if self.first_preview else None,
            "process_overhead_ms": round((seconds - median(self.inside)) * 1000, 2),
        }


async def measure(model: ModelInfo, executor: Executor, runs: int, steps: int | None) -> dict[str, dict[str, Any]]:
    """The figures of each case, run in turns, so that a slow minute of the machine is everybody's."""
    changes: dict[str, dict[str, Any]] = {"base alone": {"denoising_end": None}}
    if model.refiner is not None:
        changes["base + refiner"] = {}
    changes["four images"] = {"num_images_per_prompt": 4}
    begin = time.perf_counter()
    timings = {case: Timing(change.get("num_images_per_prompt", 1)) for case, change in changes.items()}
    async with executor:
        await executor.ready()
        cold_start = time.perf_counter() - begin
        for run in range(runs + 1):
            for case, change in changes.items():
                timing = Timing(1) if run == 0 else timings[case]
                await _draw(
                    executor,
                    _job(model, {**change, **({} if steps is None else {"num_inference_steps": steps})}),
                    timing,
                )
        device = executor.health().device
    figures = {case: timing.figures() for case, timing in timings.items()}
    figures["executor"] = {"cold_start_s": round(cold_start, 2), "device": device}
    return figures


def _job(model: ModelInfo, changes: dict[str, Any]) -> Job:
    parameters = merge(model, {"prompt": PROMPT, "seed": 7}, changes)
    return Job(id=1, guild_id=None, channel_id=0, user_id=0, parameters=parameters, created_at=datetime.now(UTC))


async def _draw(executor: Executor, job: Job, timing: Timing) -> None:
    previews: list[float] = []

    def on_event(event: Progress) -> None:
        if event.preview is not None:
            previews.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    images = await generate_alone(executor, job, on_event)
    timing.seconds.append(time.perf_counter() - begin)
    timing.first_preview += previews[:1]
    timing.inside.append(images[0].elapsed)


def ratios(figures: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """What this machine's speed cancels out of; the base alone is the baseline."""
    base, four = figures["base alone"], figures["four images"]
    one = figures.get("base + refiner", base)
    return {
        "refiner_to_base_alone": ratio(one["seconds"], base["seconds"]),
        "picture_of_four_to_one": ratio(four["seconds_a_picture"], one["seconds"]),
        "first_preview_to_picture": ratio(one["first_preview_s"] or 0.0, one["seconds"]),
        "cold_start_to_picture": ratio(figures["executor"]["cold_start_s"], one["seconds"]),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="one run of few steps, to see that it works")
    parser.add_argument("--runs", type=int, default=5, help="how often each case is measured")
    parser.add_argument("--model", default=TINY, help="the base: tiny, a folder, or a hub id")
    parser.add_argument("--refiner", default=None, help="the refiner; that of the embedded pair for tiny")
    options = parser.parse_args()
    refiner = options.refiner or (TINY if options.model == TINY else None)
    settings = load_settings(model_base=options.model, model_refiner=refiner)
    model = read_model_info(settings.model_base, settings.model_refiner)
    runs, steps = (1, 4) if options.quick else (max(1, options.runs), None)
    figures = asyncio.run(measure(model, create_executor(settings, model), runs, steps))
    compared = ratios(figures)
    show(f"Generation, {model.name}", figures, NOTES)
    show("Ratios", {"": compared})
    if options.json:
        print_json({**_flat(figures), "ratios": compared})


def _flat(figures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The cases as objects by names that programs like, and what a picture costs by default at the top."""
    cases = {case.replace(" + ", "_").replace(" ", "_"): column for case, column in figures.items()}
    default = figures.get("base + refiner", figures["base alone"])
    return {
        "seconds_a_picture": default["seconds_a_picture"],
        "first_preview_s": default["first_preview_s"],
        "cold_start_s": figures["executor"]["cold_start_s"],
        **cases,
    }


if __name__ == "__main__":
    main()
