"""How wrong the estimates are that people are given when they ask: `python -m benchmarks.eta`.

The bot's own queue before the real model; both ways to estimate see the same jobs at the same moments. Its clock is a
virtual one, which goes on by the seconds that the model computed: what else the machine does is nobody's error.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.figures import percentile, print_json, ratio, show
from benchmarks.virtual_time import run
from bot.diffusion.assets import Assets
from bot.diffusion.engine import SDXLEngine
from bot.diffusion.hub import HubAccess
from bot.events import JobSucceeded, QueueEvent
from bot.executors import Executor, OnEvent
from bot.job_queue import JobQueue
from bot.jobs import Job
from bot.layers import merge
from bot.model_info import TINY, ModelInfo, read_model_info
from bot.pace import Kind, Pace, together
from bot.settings import load_settings
from bot.timetable import Place, Timetable
from tests.scripted import ScriptedExecutor

#: Of the model's own size: the shares of width and height.
SHAPES = ((1.0, 1.0), (1.0, 1.0), (1.25, 0.75), (0.75, 1.25), (1.5, 1.5))
STEPS = (8, 15, 20, 30, 30, 50)
#: To see that it runs: so many steps, of so many jobs.
FEW_STEPS, FEWEST = (2, 4), 12
IMAGES = (1, 1, 1, 2, 4)
SCHEDULERS = ("Euler", "Euler", "DPM++ 2M Karras", "Heun")
PEOPLE = 8
#: As the executor does it on a processor.
MAX_BATCH = 4
#: So many jobs are in line or in the executor, more or less; whoever asks comes behind them.
IN_LINE = 6
#: What the single average is made of, as it was before kinds of jobs were told apart.
NEWEST = 0.3
NOTES = (
    "error: |predicted - real| / real, of the seconds from the request to the picture, predicted at the request.",
    "Whoever comes later and goes before, as is fair, is in it. batch error: of what the model takes for a batch.",
    "single average: seconds per megapixel-step over all jobs, the newest counting most; one job after the other.",
)


class Judged(Pace):
    """The bot's own, and how wrong it was about each batch before it learned of it."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[float] = []

    def learn(self, kind: Kind, seconds: float, device: str = "") -> None:
        """Judged first."""
        expected = self.seconds(kind, device)
        if expected is not None:
            self.errors.append(abs(expected - seconds) / seconds)
        self.take(kind, seconds, device)

    def take(self, kind: Kind, seconds: float, device: str) -> None:
        """Learn it."""
        super().learn(kind, seconds, device)


class SingleAverage(Judged):
    """Seconds per unit of work, whatever the job."""

    def __init__(self) -> None:
        super().__init__()
        self._average: float | None = None

    def take(self, kind: Kind, seconds: float, device: str) -> None:
        """The newest counts most."""
        measured = seconds / kind.work
        self._average = measured if self._average is None else self._average + NEWEST * (measured - self._average)

    def seconds(self, kind: Kind, device: str = "") -> float | None:
        """In proportion to the work."""
        return None if self._average is None else self._average * kind.work


class Rivals(Timetable):
    """The queue's timetable, and one by the single average that sees the same and learns nothing else."""

    def __init__(self) -> None:
        self.paces = Judged(), SingleAverage()
        super().__init__(self.paces[0])
        self.single = Timetable(self.paces[1])
        self._began: dict[int, float] = {}

    def begin(self, batch: Sequence[Job], now: float) -> None:
        """Both hear it."""
        super().begin(batch, now)
        self.single.begin(batch, now)
        self._began[batch[0].id] = now

    def learn(self, batch: Sequence[Job], now: float, device: str) -> None:
        """Both hear it."""
        super().learn(batch, now, device)
        self.paces[1].learn(together([Kind.of(job) for job in batch]), now - self._began[batch[0].id], device)

    def end(self, job_id: int) -> None:
        """Both hear it."""
        super().end(job_id)
        self.single.end(job_id)

    def single_left(self, line: Iterable[Job], now: float, executor: Executor) -> dict[int, float]:
        """What the single average would say, which knows no batches."""
        return self.single.seconds_left(line, now, Place(executor.capacity, 1, ""))


class MeasuredExecutor(ScriptedExecutor):
    """Draws in this very process, and lets as much virtual time go by as that took."""

    def __init__(self, engine: SDXLEngine) -> None:
        super().__init__(max_batch=MAX_BATCH)
        self._engine = engine
        # All that the processor did; a device of its own is waited for, by the clock on the wall.
        self._clock = time.process_time if engine.device == "cpu" else time.perf_counter

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> Any:
        """As long as the model takes. The pictures are of no interest."""
        began = self._clock()
        made = self._engine.make(batch, lambda _: None, lambda *_: None)
        seconds = self._clock() - began
        assert not any(isinstance(pngs, Exception) for pngs in made)
        for job in batch:
            asyncio.get_running_loop().call_later(seconds, self.finish, job.id)
        return await super().generate(batch, on_event)


@dataclass
class Course:
    """What was predicted for each job, and what came of it, in seconds."""

    learned: dict[int, float] = field(default_factory=dict)
    single: dict[int, float] = field(default_factory=dict)
    asked: dict[int, float] = field(default_factory=dict)
    real: dict[int, float] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_event(self, event: QueueEvent) -> None:
        """The queue's listener."""
        job_id = event.job.id
        if isinstance(event, JobSucceeded):
            self.real[job_id] = asyncio.get_running_loop().time() - self.asked[job_id]
        self.moved.set()

    def figures(self, predicted: dict[int, float], pace: Judged) -> dict[str, Any]:
        """The error of these predictions, and of that pace."""
        errors = [abs(predicted[job_id] - real) / real for job_id, real in self.real.items() if job_id in predicted]
        return {
            "predictions": len(errors),
            "error_p50": round(percentile(errors, 0.5), 3),
            "error_p90": round(percentile(errors, 0.9), 3),
            "batches": len(pace.errors),
            "batch_error_p50": round(percentile(pace.errors, 0.5), 3),
            "batch_error_p90": round(percentile(pace.errors, 0.9), 3),
        }


async def measure(executor: Executor, jobs: Sequence[Job]) -> dict[str, dict[str, Any]]:
    """The figures of both, while all of them are drawn: one more is asked for whenever the line is short enough."""
    loop, course, rivals = asyncio.get_running_loop(), Course(), Rivals()
    queue = JobQueue(executor, max_jobs=len(jobs), max_jobs_per_user=len(jobs), timetable=rivals)
    queue.listen(course.on_event, lambda _: None)
    async with executor, queue:
        for job in jobs:
            while len(queue.running) + len(queue.waiting) >= IN_LINE:
                course.moved.clear()
                await course.moved.wait()
            course.asked[job.id] = loop.time()
            queue.submit(job)
            learned = queue.seconds_left()
            single = rivals.single_left(queue.waiting, loop.time(), executor)
            if job.id in learned and job.id in single:
                course.learned[job.id], course.single[job.id] = learned[job.id], single[job.id]
        while len(course.real) < len(jobs):
            course.moved.clear()
            await course.moved.wait()
    own, average = rivals.paces
    return {"learned": course.figures(course.learned, own), "single": course.figures(course.single, average)}


def requests(model: ModelInfo, count: int, choices: Sequence[int] = STEPS, seed: int = 0) -> list[Job]:
    """A mixed stream: sizes, steps, images, schedulers, with the refiner and without, with guidance and without."""
    chance = random.Random(seed)
    found = []
    for number in range(1, count + 1):
        wide, high = chance.choice(SHAPES)
        wish = {
            "prompt": f"a red circle on a blue background, number {number}",
            "seed": number,
            "width": _side(model, wide),
            "height": _side(model, high),
            "num_inference_steps": chance.choice(choices),
            "num_images_per_prompt": chance.choice(IMAGES),
            "scheduler": chance.choice(SCHEDULERS),
            "guidance_scale": chance.choice((1.0, 5.0, 5.0, 7.5)),
        }
        if chance.random() < 0.5:
            wish["denoising_end"] = None
        found.append(
            Job(
                id=number,
                guild_id=None,
                channel_id=0,
                user_id=number % PEOPLE,
                parameters=merge(model, wish),
                created_at=datetime.now(UTC),
            )
        )
    return found


def _side(model: ModelInfo, share: float) -> int:
    return round(model.native_size * share / 8) * 8


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eta", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="a few jobs only, to see that it runs")
    parser.add_argument("--jobs", type=int, default=120, help="how many jobs; 120 unless said")
    parser.add_argument("--model", default=TINY, help="the base: tiny, a folder, or a hub id")
    parser.add_argument("--refiner", default=None, help="the refiner; that of the embedded pair for tiny")
    options = parser.parse_args()
    refiner = options.refiner or (TINY if options.model == TINY else None)
    settings = load_settings(model_base=options.model, model_refiner=refiner)
    model = read_model_info(settings.model_base, settings.model_refiner)
    jobs = requests(model, FEWEST, FEW_STEPS) if options.quick else requests(model, max(FEWEST, options.jobs))
    engine = SDXLEngine.load(model, settings.device, HubAccess.of(settings), Assets.of(settings), lambda *_: None)
    figures = run(measure(MeasuredExecutor(engine), jobs))
    learned, single = figures["learned"], figures["single"]
    ratios = {name: ratio(learned[name], single[name]) for name in learned if "error" in name}
    show(f"Estimates, {model.name}", {"learned by kind": learned, "single average": single}, NOTES)
    show("Ratios", {"": ratios})
    if options.json:
        print_json({**learned, "single_average": single, "ratios": ratios})


if __name__ == "__main__":
    main()
