"""How quickly presets are found while somebody types: `python -m benchmarks.presets`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import print_json, show, spread
from bot.cogs.preset_people import complete_preset
from bot.model_info import SDXL_BASE, ModelInfo
from bot.presets import Owner, OwnerKind
from bot.presets.names import skeleton
from bot.prompts.styles import Styles
from bot.services.presets import Person, Presets
from bot.storage import open_storage
from bot.translation import ENGLISH

GUILD, MEMBER = 1, 2
FULL, QUICK = 10_000, 100
LETTERS = "bcdfghjkmpqstvwxz"
VALUES = {"num_inference_steps": 30, "guidance_scale": 6.0, "negative_prompt": "text, blurry"}
NOTES = (
    "All presets are one server's, which is far more than the bot lets one have: a search goes over every one of them.",
    "found: all that an autocomplete costs in the bot, while another process keeps a core busy.",
    "computed: what of that the bot itself computed; the rest, other processes had the CPU.",
)


def name_of(number: int) -> str:
    """A name like no other's: three syllables, and its number in letters."""
    syllables = [LETTERS[number // 17**place % 17] + "aeou"[(number + place) % 4] for place in range(4)]
    return " ".join(("".join(syllables[:2]), "".join(syllables[2:])))


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Another process computes, as the executor does."""
    worker = subprocess.Popen([sys.executable, "-c", "while True: sum(range(100000))"])
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


@contextlib.asynccontextmanager
async def kept(folder: Path, count: int) -> AsyncIterator[tuple[Presets, float]]:
    """So many presets from a real database, and the seconds that it took to load them."""
    async with open_storage(f"sqlite+aiosqlite:///{folder / 'presets.db'}") as storage:
        owner = Owner(OwnerKind.GUILD, GUILD)
        for number in range(count):
            name = name_of(number)
            await storage.presets.create(owner, name, skeleton(name), VALUES, frozenset(), count)
        began = time.perf_counter()
        async with Presets(storage, ModelInfo(SDXL_BASE, None), Styles(())) as presets:
            yield presets, time.perf_counter() - began


def typed(count: int, searches: int) -> list[str]:
    """What people type: nothing, beginnings, parts, and names with a slip."""
    draw = random.Random(7)
    names = [name_of(draw.randrange(count)) for _ in range(searches)]
    slips = [name[:2] + name[3:] for name in names]
    return [draw.choice(("", name[:2], name[1:4], name, slip)) for name, slip in zip(names, slips, strict=True)]


async def measure(count: int, searches: int) -> dict[str, Any]:
    """The figures."""
    person = Person(MEMBER, GUILD)
    with tempfile.TemporaryDirectory() as folder:
        async with kept(Path(folder), count) as (presets, load_seconds):
            with busy():
                seconds, computed = [], []
                for text in typed(count, searches):
                    began, began_computing = time.perf_counter(), time.thread_time()
                    complete_preset(text, presets, person, ENGLISH)
                    seconds.append(time.perf_counter() - began)
                    computed.append(time.thread_time() - began_computing)
    figures = {**spread("found", seconds), **spread("computed", computed)}
    return {"presets": count, "searches": searches, **figures, "load_s": round(load_seconds, 3)}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.presets", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--quick", action="store_true", help="a few presets only, to see that it runs")
    options = parser.parse_args()
    figures = asyncio.run(measure(QUICK, 20) if options.quick else measure(FULL, 500))
    show("Presets", {"": figures}, NOTES)
    if options.json:
        print_json(figures)


if __name__ == "__main__":
    main()
