"""What the executors' diary says: whether two ever owned the device, and in which order people had their turns."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.batching import MAX_IMAGES_WITHOUT_A_DEVICE
from tests.chaos.model import DIARY


def entries(folder: Path) -> list[dict[str, Any]]:
    """All of it, in order."""
    with (folder / DIARY).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def device_clashes(folder: Path) -> list[str]:
    """Executors that found the device in another's hands."""
    return [f"two executors at a time: {entry}" for entry in entries(folder) if entry["what"].startswith("clashes")]


def unfair_turns(folder: Path, rows: Mapping[int, Any], in_line_since: Mapping[int, float]) -> Iterator[str]:
    """Turns that fair order does not allow, within the life of each executor.

    Every job costs as many units as it has images. Between two turns of one person who waits all the while, another one
    gets at most what the first turn cost, the largest job of their own (theorem 1 of start-time fair queueing), and
    what went along with a batch.
    """
    turns: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries(folder):
        if entry["what"] == "draws":
            turns[entry["pid"]].append(entry)
    for batches in turns.values():
        yield from _unfair(batches, rows, in_line_since)


def _unfair(
    batches: Sequence[Mapping[str, Any]], rows: Mapping[int, Any], in_line_since: Mapping[int, float]
) -> Iterator[str]:
    last: dict[int, tuple[int, float]] = {}
    for at, batch in enumerate(batches):
        fresh = [job for job, attempt in zip(batch["jobs"], batch["attempts"], strict=True) if attempt == 1]
        for job in fresh:
            user = rows[job]["user_id"]
            if user in last and in_line_since.get(job, float("inf")) < batches[last[user][0]]["at"]:
                began, cost = last[user]
                for other, got, largest in _served(batches[began + 1 : at], rows, user):
                    if got > cost + largest + MAX_IMAGES_WITHOUT_A_DEVICE - 1:
                        yield f"before job {job}, user {other} got {got} images in a row, {cost} were this user's last"
        for job in fresh:
            last[rows[job]["user_id"]] = at, images_of(rows[job])


def _served(batches: Sequence[Mapping[str, Any]], rows: Mapping[int, Any], but: int) -> Iterator[tuple[int, int, int]]:
    """Everybody else's images in these batches: of whom, how many, and how many the largest job had."""
    got: Counter[int] = Counter()
    largest: Counter[int] = Counter()
    for batch in batches:
        for job, attempt in zip(batch["jobs"], batch["attempts"], strict=True):
            user, images = rows[job]["user_id"], images_of(rows[job])
            if attempt == 1 and user != but:
                got[user] += images
                largest[user] = max(largest[user], images)
    for user, count in got.items():
        yield user, count, largest[user]


def images_of(row: Mapping[str, Any]) -> int:
    """How many pictures a job makes."""
    return int(json.loads(row["parameters"])["num_images_per_prompt"])
