"""How quickly the bot answers while the executor works: `python -m benchmarks.gateway`."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.figures import percentile, print_json, ratio, show, spread
from benchmarks.subject import Subject, started

#: A person may have four jobs at a time, so nobody of these is ever refused.
JOBS_PER_USER = 4
CASES = {"bot": "the bot", "idle": "the bot, nothing to draw", "naive": "the naive rival"}
NOTES = (
    "ack: from Discord's event to the arrival of the bot's answer. loop delay: how late the bot's event loop wakes.",
    "loop computed: the longest that the loop's thread computed in one turn; delays beyond it are other processes.",
    "nothing to draw: the same bot and stream with an executor that has every picture ready.",
    "naive rival: discord.py and the same pipeline in one process, in asyncio.to_thread; it keeps and shows less.",
)


@dataclass(frozen=True)
class Load:
    """The stream of commands: how many, how often, of how many steps, and how long the last picture may take."""

    jobs: int
    interval: float
    steps: int
    drain: float


FULL = Load(jobs=200, interval=0.1, steps=4, drain=300)
QUICK = Load(jobs=12, interval=0.05, steps=2, drain=60)


async def measure(load: Load) -> dict[str, dict[str, Any]]:
    """The figures of each case. All are started at once and measured one after the other."""
    subjects = {}
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            for case in CASES:
                subjects[case] = await stack.enter_async_context(started(case, Path(folder)))
            for subject in subjects.values():
                await subject.warm_up(subject.discord.alice, load.steps)
            for subject in subjects.values():
                users = [subject.discord.world.add_user(f"member{n}") for n in range(-(-load.jobs // JOBS_PER_USER))]
                await subject.stream(users, jobs=load.jobs, interval=load.interval, steps=load.steps, drain=load.drain)
        # Stopped by now, and only then known: how their loops fared.
        return {case: figures_of(subject) for case, subject in subjects.items()}


def figures_of(subject: Subject) -> dict[str, Any]:
    """What was measured of one bot."""
    turns = subject.turns_while_busy()
    return {
        "jobs": len(subject.prompts),
        **spread("ack", [interaction.seconds_to_acknowledge for interaction in subject.acknowledged]),
        **spread("loop_delay", [turn.late for turn in turns]),
        "loop_computed_max_ms": round(percentile([turn.computed for turn in turns], 1) * 1000, 2),
        "start_loop_computed_max_ms": _longest_of_start(subject),
        "rss_mib": round(max(subject.rss), 1),
        "executor_rss_mib": round(max(subject.children_rss), 1),
        "seconds": round(subject.ended - subject.began, 2),
        "unanswered": subject.unanswered,
        "lost": subject.lost,
        "duplicates": subject.duplicates,
    }


def _longest_of_start(subject: Subject) -> float:
    return round(max(turn.computed for turn in subject.turns if turn.at < subject.began) * 1000, 2)


def ratios(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """What this machine's speed cancels out of."""
    bot, idle, naive = (figures[case] for case in CASES)
    return {
        "ack_p99_busy_to_idle": ratio(bot["ack_p99_ms"], idle["ack_p99_ms"]),
        "loop_delay_p99_busy_to_idle": ratio(bot["loop_delay_p99_ms"], idle["loop_delay_p99_ms"]),
        "ack_p99_naive_to_bot": ratio(naive["ack_p99_ms"], bot["ack_p99_ms"]),
        "loop_delay_p99_naive_to_bot": ratio(naive["loop_delay_p99_ms"], bot["loop_delay_p99_ms"]),
        "rss_naive_to_bot": ratio(naive["rss_mib"], bot["rss_mib"]),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="a few commands only, to see that it runs")
    parser.add_argument("--jobs", type=int, help=f"how many commands; {FULL.jobs} unless said")
    options = parser.parse_args()
    load = QUICK if options.quick else FULL
    if options.jobs is not None:
        load = replace(load, jobs=max(1, options.jobs))
    figures = asyncio.run(measure(load))
    compared = ratios(figures)
    show("Gateway", {CASES[case]: column for case, column in figures.items()}, NOTES)
    show("Ratios", {"": compared})
    if options.json:
        print_json({**figures["bot"], "idle": figures["idle"], "naive": figures["naive"], "ratios": compared})


if __name__ == "__main__":
    main()
