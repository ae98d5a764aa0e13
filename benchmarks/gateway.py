"""How quickly the bot answers while the executor works: `python -m benchmarks.gateway`."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import percentile, print_json, ratio, show, spread
from benchmarks.subject import Act, Subject, started
from tests.loopback import Interaction

#: A person may have four jobs at a time, so nobody of these is ever refused.
JOBS_PER_USER = 4
CASES = {"bot": "the bot", "idle": "the bot, nothing to draw", "naive": "the naive rival"}
#: What people do in turns.
HABITS = ("draw", "complete", "queue", "complete", "press", "complete", "help", "complete")
COMPLETED = (("style", "pho"), ("scheduler", "dpm"), ("advanced", "eta"), ("style", "ink"))
NOTES = (
    "ack: from Discord's event to the arrival of the bot's answer. loop delay: how late the bot's event loop wakes.",
    "loop delay, loop computed p99, loop busy: while people act. Computed is what the loop's thread did itself in one",
    "turn, busy the share of a core that it had; what a delay is more than that, other processes had the cores.",
    "nothing to draw: the same bot and stream with an executor that has every picture ready.",
    "naive rival: of the stream only the pictures, as it has no more to offer; discord.py and the pipeline in one",
    "process, in asyncio.to_thread; it keeps and shows less.",
)


@dataclass(frozen=True)
class Load:
    """What people do: how many acts, how often, the steps of their pictures, and how long the last one may take."""

    acts: int
    interval: float
    steps: int
    drain: float


FULL = Load(acts=3000, interval=0.02, steps=4, drain=900)
QUICK = Load(acts=24, interval=0.05, steps=2, drain=60)


class Crowd:
    """Members who act one after the other; one in `len(HABITS)` asks for a picture."""

    def __init__(self, subject: Subject, load: Load) -> None:
        self._load = load
        pictures = -(-load.acts // len(HABITS))
        self._users = [subject.discord.world.add_user(f"member{n}") for n in range(-(-pictures // JOBS_PER_USER))]
        subject.prompts = [f"a red circle on a blue background, number {n}" for n in range(pictures)]

    def acts(self, *, draws_only: bool) -> list[Act]:
        """What they do, in order."""
        return [
            partial(self._act, number)
            for number in range(self._load.acts)
            if not draws_only or HABITS[number % len(HABITS)] == "draw"
        ]

    async def _act(self, number: int, subject: Subject) -> Interaction:
        discord, user = subject.discord, self._users[number % len(self._users)]
        match HABITS[number % len(HABITS)]:
            case "draw":
                at = number // len(HABITS)
                return await subject.draw(subject.prompts[at], self._users[at % len(self._users)], self._load.steps)
            case "complete":
                option, typed = COMPLETED[number % len(COMPLETED)]
                return await discord.complete("imagine", option, typed, user=user)
            case "press":
                assert subject.first is not None
                assert subject.first.original is not None
                return await discord.press(subject.first.original, "More", user=user)
            case command:
                return await discord.slash(command, user=user)


async def measure(load: Load) -> dict[str, dict[str, Any]]:
    """The figures of each case. All are started at once and measured one after the other."""
    subjects = {}
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            for case in CASES:
                subjects[case] = await stack.enter_async_context(started(case, Path(folder)))
            for subject in subjects.values():
                await subject.warm_up(subject.discord.alice, load.steps)
            for case, subject in subjects.items():
                acts = Crowd(subject, load).acts(draws_only=case == "naive")
                interval = load.interval * load.acts / len(acts)
                await subject.stream(acts, interval=interval, drain=load.drain)
        # Stopped by now, and only then known: how their loops fared.
        return {case: figures_of(subject) for case, subject in subjects.items()}


def figures_of(subject: Subject) -> dict[str, Any]:
    """What was measured of one bot."""
    turns = subject.turns_while_busy()
    asked = subject.turns_while_asked()
    computed = [turn.computed for turn in asked]
    return {
        "interactions": len(subject.acknowledged) + subject.unanswered,
        "jobs": len(subject.prompts),
        **spread("ack", [interaction.seconds_to_acknowledge for interaction in subject.acknowledged]),
        **spread("loop_delay", [turn.late for turn in asked]),
        "loop_computed_p99_ms": round(percentile(computed, 0.99) * 1000, 2),
        "loop_computed_max_ms": round(percentile([turn.computed for turn in turns], 1) * 1000, 2),
        "loop_busy": round(sum(computed) / (subject.sent_by - subject.began), 3),
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
    parser.add_argument("--quick", action="store_true", help="a few interactions only, to see that it runs")
    parser.add_argument("--acts", type=int, help=f"how many interactions; {FULL.acts} unless said, 50 a second")
    options = parser.parse_args()
    load = QUICK if options.quick else FULL
    if options.acts is not None:
        load = replace(load, acts=max(len(HABITS), options.acts))
    figures = asyncio.run(measure(load))
    compared = ratios(figures)
    show("Gateway", {CASES[case]: column for case, column in figures.items()}, NOTES)
    show("Ratios", {"": compared})
    if options.json:
        print_json({**figures["bot"], "idle": figures["idle"], "naive": figures["naive"], "ratios": compared})


if __name__ == "__main__":
    main()
