"""What the line costs the bot with thousands of jobs in it: `python -m benchmarks.queue`."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.figures import print_json, show, spread
from bot.diffusion.assets import Assets
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.jobs import Job
from bot.line import Line
from bot.originals import OriginalFolder
from bot.prompts import PromptReader
from bot.prompts.styles import Styles
from bot.services.generation import GenerationService
from bot.storage import Storage, open_storage
from bot.storage.pictures import PictureFolder
from tests.factories import ENSEMBLE, make_job, make_parameters
from tests.scripted import ScriptedExecutor

#: How many people share the line.
PEOPLE = 100
NOTES = (
    "push, pop, position: one operation each, with all the other jobs in line; the aim is 5 ms.",
    "recovery: from opening the database until all of its jobs are in line; the aim is 5 s.",
)


def timed(operation: Callable[..., object], *arguments: object) -> float:
    """The seconds that it takes."""
    began = time.perf_counter()
    operation(*arguments)
    return time.perf_counter() - began


def line_figures(jobs: int, samples: int) -> dict[str, float]:
    """Operations on a line of so many jobs, in milliseconds."""
    line, waiting = Line(), [_job(number) for number in range(1, jobs + 1)]
    for job in waiting:
        line.push(job)
    pushed, popped, cancelled, found = [], [], [], []
    for number in range(jobs + 1, jobs + samples + 1):
        job, middle = _job(number), number - jobs // 2
        pushed.append(timed(line.push, job))
        found.append(timed(line.position, middle))
        cancelled.append(timed(line.remove, middle))
        line.push(_job(number + samples))
        popped.append(timed(line.pop))
    return {
        **spread("push", pushed),
        **spread("pop", popped),
        **spread("position", found),
        **spread("cancel", cancelled),
        "one_pass_ms": round(timed(tuple, line) * 1000, 2),
    }


async def recovery_seconds(jobs: int, folder: Path) -> float:
    """How long a start takes to bring so many recorded jobs back into the line, from a real SQLite."""
    url = f"sqlite+aiosqlite:///{folder / 'jobs.db'}"
    async with open_storage(url) as storage:
        for number in range(PEOPLE):
            await storage.record_job(guild_id=1, channel_id=2, user_id=number, parameters=make_parameters(seed=number))
    multiply(folder / "jobs.db", jobs)
    began = time.perf_counter()
    async with open_storage(url) as storage:
        service = _service(storage, folder, jobs)
        await service.recording.recover()
        if len(service.line()) != jobs:
            raise RuntimeError("jobs are missing in the line")
        return time.perf_counter() - began


def multiply(database: Path, jobs: int) -> None:
    """Copy the recorded jobs until there are so many: each alone would have to reach the disk."""
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(jobs)") if row[1] != "id")
        copy = f"INSERT INTO jobs ({columns}) SELECT {columns} FROM jobs LIMIT ?"
        while left := jobs - connection.execute("SELECT count(*) FROM jobs").fetchone()[0]:
            connection.execute(copy, [left])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="a few jobs only, to see that it runs")
    parser.add_argument("--jobs", type=int, default=10_000, help="how many jobs are in line; 10000 unless said")
    options = parser.parse_args()
    jobs, samples = (200, 50) if options.quick else (options.jobs, 2_000)
    with tempfile.TemporaryDirectory() as folder:
        seconds = asyncio.run(recovery_seconds(jobs, Path(folder)))
    figures: dict[str, Any] = {"jobs": jobs, **line_figures(jobs, samples), "recovery_s": round(seconds, 2)}
    show("Queue", {f"{jobs} jobs in line": figures}, NOTES)
    if options.json:
        print_json(figures)


def _job(number: int) -> Job:
    return make_job(number, user_id=number % PEOPLE)


def _service(storage: Storage, folder: Path, jobs: int) -> GenerationService:
    queue = JobQueue(ScriptedExecutor(), max_jobs=jobs, max_jobs_per_user=jobs)
    prompts, inputs = PromptReader(ENSEMBLE, Styles(())), InputFolder(folder / "inputs")
    pictures, originals = PictureFolder(folder / "pictures"), OriginalFolder(folder / "originals")
    return GenerationService(ENSEMBLE, storage, pictures, inputs, queue, prompts, originals, Assets())


if __name__ == "__main__":
    main()
