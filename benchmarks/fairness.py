"""What one person who floods the queue takes from the others: `python -m benchmarks.fairness`.

The bot's own queue on a virtual clock: fair, first come first served, and without the one who floods it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from benchmarks.figures import percentile, print_json, ratio, show
from benchmarks.virtual_time import run
from bot.events import JobStarted, JobSucceeded, QueueEvent
from bot.executors import OnEvent
from bot.job_queue import JobQueue
from bot.jobs import Job
from bot.line import Line
from tests.factories import make_job, make_parameters
from tests.scripted import ScriptedExecutor

START = datetime(2026, 1, 1, tzinfo=UTC)
FLOODER, FLOOD = 0, 200
LIGHT_USERS = range(1, 10)
#: How many jobs each of the others has, and how many seconds after the flood they come at the latest.
FEW, LATEST = (4, 8), 5.0
STEPS = (20, 25, 30)
SECONDS_PER_COST = 0.05
NOTES = (
    "jain: the evenness of what each person was served of their fair share while they had jobs here; 1 is even.",
    "light: how long a job of the nine others waits until it starts, in virtual seconds.",
    "p95_bound_s: what the p95 may be: 1.25 times that without the flood, and one job (batch).",
)


class FirstCome(Line):
    """First come, first served: the line as if all were one person's."""

    def _enter(self, job: Job) -> None:
        super()._enter(job.evolve(user_id=FLOODER))


class TimedExecutor(ScriptedExecutor):
    """Takes as long as its jobs cost."""

    async def generate(self, batch: Sequence[Job], on_event: OnEvent) -> Any:
        for job in batch:
            asyncio.get_running_loop().call_later(seconds_of(batch), self.finish, job.id)
        return await super().generate(batch, on_event)


@dataclass
class Course:
    """What happened to the jobs, in virtual seconds."""

    jobs: dict[int, Job]
    came: dict[int, float] = field(default_factory=dict)
    started: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_event(self, event: QueueEvent) -> None:
        """The queue's listener."""
        times = {JobStarted: self.started, JobSucceeded: self.ended}.get(type(event))
        if times is not None:
            times[event.job.id] = asyncio.get_running_loop().time()
        if len(self.ended) == len(self.jobs):
            self.is_over.set()

    def waits(self) -> list[float]:
        """How long each job of the others waited for its start."""
        light = (job.id for job in self.jobs.values() if job.user_id != FLOODER)
        return [self.started[job_id] - self.came[job_id] for job_id in light]

    def jain(self) -> float:
        """Jain's index over what each person was served of their fair share, for as long as they had jobs here."""
        here = {
            user_id: (min(map(self.came.__getitem__, ids)), max(map(self.ended.__getitem__, ids)))
            for user_id, ids in self._by_user().items()
        }
        served, fair = defaultdict[int, float](float), defaultdict[int, float](float)
        moments = sorted({moment for span in here.values() for moment in span})
        for begin, end in pairwise(moments):
            present = [user for user, (came, left) in here.items() if came <= begin and end <= left]
            for user in present:
                fair[user] += (end - begin) / len(present)
        for job in self.jobs.values():
            served[job.user_id] += self.ended[job.id] - self.started[job.id]
        shares = [served[user] / fair[user] for user in here]
        return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))

    def _by_user(self) -> dict[int, list[int]]:
        found = defaultdict(list)
        for job in self.jobs.values():
            found[job.user_id].append(job.id)
        return found


def seconds_of(batch: Sequence[Job]) -> float:
    """How long the executor takes for them."""
    return sum(job.cost for job in batch) * SECONDS_PER_COST


def requests(seed: int, *, flooded: bool) -> list[tuple[float, Job]]:
    """Who asks for what, and when: the same people with the same wishes, with or without the flood before them."""
    chance = random.Random(seed)
    wishes = [(0.0, FLOODER)] * FLOOD
    for user_id in LIGHT_USERS:
        wishes += [(chance.uniform(0, LATEST), user_id)] * chance.randint(*FEW)
    parameters = {steps: make_parameters(num_inference_steps=steps) for steps in STEPS}
    found = []
    for job_id, (moment, user_id) in enumerate(sorted(wishes), start=1):
        created_at = START + timedelta(seconds=moment)
        chosen = parameters[chance.choice(STEPS)]
        found.append((moment, make_job(job_id, user_id=user_id, parameters=chosen, created_at=created_at)))
    return [(moment, job) for moment, job in found if flooded or job.user_id != FLOODER]


async def course_of(asked: Sequence[tuple[float, Job]], line: Callable[[Callable[[], datetime]], Line]) -> Course:
    """Run the queue until all is done."""
    loop = asyncio.get_running_loop()
    course = Course({job.id: job for _, job in asked})
    queue = JobQueue(
        TimedExecutor(),
        max_jobs=len(asked),
        max_jobs_per_user=len(asked),
        line=line(lambda: START + timedelta(seconds=loop.time())),
    )
    queue.listen(course.on_event, lambda _: None)
    async with queue:
        for moment, job in asked:
            if moment > loop.time():
                await asyncio.sleep(moment - loop.time())
            course.came[job.id] = loop.time()
            queue.submit(job)
        await course.is_over.wait()
    return course


def figures_of(courses: Sequence[Course]) -> dict[str, Any]:
    """Over several courses: the least even, and all waits together."""
    waits = [wait for course in courses for wait in course.waits()]
    return {
        "jain": round(min(course.jain() for course in courses), 4),
        "light_p50_s": round(percentile(waits, 0.5), 2),
        "light_p95_s": round(percentile(waits, 0.95), 2),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="one course only, to see that it runs")
    parser.add_argument("--seeds", type=int, default=20, help="how many courses; 20 unless said")
    options = parser.parse_args()
    seeds = range(1 if options.quick else options.seeds)
    cases = {"fair": (Line, True), "fifo": (FirstCome, True), "alone": (Line, False)}
    found = {
        case: figures_of([run(course_of(requests(seed, flooded=flooded), line)) for seed in seeds])
        for case, (line, flooded) in cases.items()
    }
    batch = max(seconds_of([job]) for _, job in requests(0, flooded=True))
    fair, fifo, alone = found["fair"], found["fifo"], found["alone"]
    fair["p95_bound_s"] = round(1.25 * alone["light_p95_s"] + batch, 2)
    ratios = {
        "light_p95_fair_to_alone": ratio(fair["light_p95_s"], alone["light_p95_s"]),
        "light_p95_fifo_to_fair": ratio(fifo["light_p95_s"], fair["light_p95_s"]),
    }
    names = {"the queue": fair, "first come, first served": fifo, "without the flood": alone}
    show("Fairness", names, NOTES)
    show("Ratios", {"": ratios})
    if options.json:
        print_json({**fair, "batch_s": round(batch, 2), "fifo": fifo, "alone": alone, "ratios": ratios})


if __name__ == "__main__":
    main()
