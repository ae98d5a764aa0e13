"""A short chaos with every fault once, and a judge who sees what is wrong: he is shown what the bot did not do.

The long one: `python -m tests.chaos`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.model import DIARY
from tests.chaos.oracle import Evidence, Played, judge
from tests.chaos.orders import device_clashes, unfair_turns
from tests.chaos.plan import Fault, Strike, plan
from tests.chaos.play import play
from tests.loopback import Message

SEED, JOBS = 1, 60
ALICE, BOB = 1, 2


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return asyncio.run(play(SEED, JOBS, tmp_path_factory.mktemp("chaos")))


@pytest.fixture
def picture(played: Played) -> Message:
    """A message that shows pictures."""
    evidence = Evidence(played)
    return next(each for messages in evidence.shown.values() for each in messages if not each.is_deleted)


def test_nothing_is_lost_nothing_is_posted_twice_and_nothing_is_stuck(played: Played) -> None:
    verdict = judge(played)
    assert list(verdict.complaints()) == []
    assert verdict.jobs >= JOBS
    assert verdict.ends["succeeded"] > verdict.jobs / 2
    assert set(verdict.faults) == set(Fault)
    assert {"SIGKILL", "SIGTERM"} <= {life.by for life in played.bot.lives}


def test_the_judge_misses_pictures(played: Played, picture: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "attachments", [])
    (lost,) = judge(played).lost
    assert lost.endswith("nobody saw it")


def test_the_judge_sees_pictures_twice(played: Played, picture: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(played.discord.world.messages, 1, replace(picture, id=1))
    monkeypatch.setattr(played.crowd.faults, "closed", {})
    (double,) = judge(played).double
    assert double.endswith("in 2 messages")


def test_the_judge_knows_whose_pictures_they_are(
    played: Played, picture: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = Evidence(played)
    others = [each for messages in evidence.shown.values() for each in messages if each.text != picture.text]
    foreign = [replace(mine, content=others[0].attachments[0].content) for mine in picture.attachments]
    monkeypatch.setattr(picture, "attachments", foreign)
    (wrong,) = judge(played).wrong
    assert "not its own" in wrong


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("stuck", "status", "running"),
        ("stuck", "is_told", 0),
        ("wrong", "user_id", None),
        ("double", "parameters", None),
    ],
)
def test_the_judge_reads_the_database(
    played: Played, monkeypatch: pytest.MonkeyPatch, kind: str, column: str, value: object
) -> None:
    rows = [dict(row) for row in played.bot.rows("SELECT * FROM jobs ORDER BY id")]
    assert getattr(judge(played), kind) == []
    # Of all, where a single one says nothing; None is what the first one has.
    for row in rows if column in ("user_id", "parameters") else rows[:1]:
        row[column] = rows[0][column] if value is None else value
    monkeypatch.setattr(played.bot, "rows", lambda query: rows)
    assert getattr(judge(played), kind) != []


def test_the_judge_reads_what_people_read(played: Played, picture: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "content", "Traceback (most recent call last):")
    (wrong,) = judge(played).wrong
    assert wrong.startswith("somebody read:")


def diary(folder: Path, *entries: dict[str, Any]) -> None:
    (folder / DIARY).write_text("".join(f"{json.dumps({'pid': 1, **entry})}\n" for entry in entries))


def test_two_executors_at_a_time_are_noticed(tmp_path: Path) -> None:
    diary(tmp_path, {"what": "owns the device"})
    assert device_clashes(tmp_path) == []
    diary(tmp_path, {"what": "owns the device"}, {"what": "clashes with another", "pid": 2})
    assert len(device_clashes(tmp_path)) == 1


@pytest.mark.parametrize(("of_bob", "is_fair"), [(5, True), (6, False)])
def test_a_turn_that_comes_too_late_is_noticed(tmp_path: Path, of_bob: int, is_fair: bool) -> None:
    jobs = [1, *range(3, 3 + of_bob), 2]
    rows = {job: {"user_id": ALICE if job < 3 else BOB, "parameters": '{"num_images_per_prompt": 1}'} for job in jobs}
    diary(tmp_path, *({"what": "draws", "jobs": [job], "attempts": [1], "at": at} for at, job in enumerate(jobs, 10)))
    assert (list(unfair_turns(tmp_path, rows, dict.fromkeys(jobs, 0.0))) == []) is is_fair
    # Who came later has not waited.
    assert list(unfair_turns(tmp_path, rows, {2: 11.0})) == []


def test_a_seed_says_all_that_is_done_and_every_fault_is_in_it() -> None:
    acts, again, others = (list(islice(plan(seed, JOBS), 3 * JOBS)) for seed in (SEED, SEED, SEED + 1))
    assert acts == again
    assert acts != others
    assert {act.fault for act in acts if isinstance(act, Strike)} == set(Fault)
