"""`imagine-bot doctor` as a process: a line for each thing, and an exit code that scripts can use."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import TINY_PAIR, imagine_bot
from tests.cli.test_run import TOKEN

SUBJECTS = ["token", "invite", "device", "base", "refiner", "memory", "database", "disk"]


def test_with_all_in_place_every_line_is_ok_or_a_note_and_the_exit_code_0(tmp_path: Path) -> None:
    ended = imagine_bot("doctor", "--offline", cwd=tmp_path, DISCORD_TOKEN=TOKEN, **TINY_PAIR)
    assert ended.code == 0, ended
    rows = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    assert [row.split()[0] for row in rows] == SUBJECTS
    assert {row.split()[1] for row in rows} <= {"ok", "note"}
    assert TOKEN not in ended.out


def test_a_problem_says_what_to_do_and_makes_the_exit_code_2(tmp_path: Path) -> None:
    ended = imagine_bot("doctor", "--offline", cwd=tmp_path, MODEL_BASE="nowhere", DEVICE="cpu")
    assert ended.code == 2
    assert not ended.err
    for line in ("token     to do  DISCORD_TOKEN is not set", "model     to do  There is no model folder nowhere"):
        assert line in ended.out, ended.out
