"""Wrong command lines, and what needs no model: answered at once, without torch, in one sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bot import __version__
from bot.cli import app
from bot.cli.wording import HERE
from tests.cli.command import assert_refused, imagine_bot
from tests.translatable import FIELD, Source

HEAVY = ("torch", "diffusers", "transformers", "discord", "sqlalchemy")
#: Of work, which a busy machine does not lengthen much. Measured at 0.4.
AT_ONCE_SECONDS = 4


def work_of_children() -> float:
    """The processor's seconds that ended processes of this one have had."""
    times = os.times()
    return times.children_user + times.children_system


def imported(report: str) -> set[str]:
    """The packages in a report of `-X importtime`."""
    lines = [line for line in report.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("generate", "--help"), ("run",)], ids=" ".join)
def test_what_needs_no_model_starts_at_once_and_imports_nothing_heavy(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = work_of_children()
    ended = imagine_bot(*arguments, cwd=tmp_path, command=(sys.executable, "-X", "importtime", "-m", "bot"))
    assert work_of_children() - before < AT_ONCE_SECONDS
    assert "typer" in imported(ended.err)
    assert not imported(ended.err).intersection(HEAVY)


def test_the_help_names_every_command_and_the_way_in(tmp_path: Path) -> None:
    ended = imagine_bot("--help", cwd=tmp_path)
    assert ended.code == 0
    for command in app.registered_commands:
        assert command.callback is not None
        assert f" {command.callback.__name__} " in ended.out
    assert "imagine-bot playground" in ended.out


def test_without_a_command_the_help_is_shown(tmp_path: Path) -> None:
    ended = imagine_bot(cwd=tmp_path)
    assert ended.out.split() == imagine_bot("--help", cwd=tmp_path).out.split()
    assert not ended.err


def test_the_version_is_the_package_s(tmp_path: Path) -> None:
    assert imagine_bot("--version", cwd=tmp_path).out == f"imagine-bot {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["generat"], ["“generat” is not a command", "generate"]),
        (["generate"], ["prompt is missing", "imagine-bot generate --help"]),
        (["generate", "a", "red", "circle"], ["red circle", "in quotes"]),
        (["generate", "x", "--seed", "seven"], ["--seed must be a whole number"]),
        (["generate", "x", "--guidance", "much"], ["--guidance must be a number"]),
        (["generate", "x", "--device", "tpu"], ["--device must be one of auto, cuda, mps, xpu, cpu", "tpu"]),
        (["download", "--precision", "foo"], ["--precision must be one of half, full, not foo."]),
        (["generate", "x", "--seed"], ["--seed needs a value"]),
        (["generate", "x", "--sead", "7"], ["--sead is not an option", "--seed"]),
        (["playground", "--port", "65536"], ["--port must be at most 65535"]),
        (["playground", "--port", "-1"], ["--port must be at least 0"]),
        (["run", "now"], ["now", "imagine-bot run --help"]),
    ],
)
def test_a_wrong_command_line_is_answered_with_one_sentence(
    tmp_path: Path, arguments: list[str], parts: list[str]
) -> None:
    assert_refused(imagine_bot(*arguments, cwd=tmp_path), *parts)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["", "--model", "tiny"], ["prompt is empty"]),
        (["x" * 6000, "--model", "tiny"], ["prompt has 6,000 characters", "2,000"]),
        (["x", "--model", "tiny", "--width", "100"], ["width must be divisible by 8", "96 or 104"]),
        (["x", "--model", "tiny", "--seed", "-1"], ["seed must be a whole number from 0 to 4294967295"]),
        (["x", "--model", "tiny", "--seed", "4294967296"], ["seed must be a whole number from 0 to 4294967295"]),
        (["x", "--model", "tiny", "--steps", "0"], ["steps must be a whole number from 1 to 150, not 0"]),
        (["x", "--model", "tiny", "--guidance", "nan"], ["guidance must be from 0 to 30"]),
        (["x", "--model", "tiny", "--scheduler", "Eulr"], ["scheduler “Eulr” is unknown", "Euler"]),
        (["x", "--model", "tiny", "--aspect-ratio", "5:5"], ["aspect ratio “5:5” is unknown", "16:9"]),
        (["x", "--model", "tiny", "--aspect-ratio", "1:1", "--width", "64"], ["either --aspect-ratio, or --size"]),
        (["x", "--model", "tiny", "--size", "64x64", "--height", "64"], ["or --size, or --width and --height"]),
        (["x", "--model", "tiny", "--no-refiner", "--refiner-from", "0.5"], ["either --no-refiner, or"]),
        (["x", "--model", "tiny", "-o", "picture.jpg"], ["“picture.jpg” must end in .png"]),
        (["x", "--model", "tiny", "-o", "nowhere/picture.png"], ["“nowhere/picture.png” cannot be written"]),
        (["x", "--model", "nowhere"], ["There is no model folder nowhere"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_a_wrong_parameter_is_named_with_what_would_be_right(
    tmp_path: Path, arguments: list[str], parts: list[str]
) -> None:
    assert_refused(imagine_bot("generate", *arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_in_other_words_here_is_said_in_discord_of_the_same_values() -> None:
    assert set(HERE) <= set(Source().templates())
    for theirs, ours in HERE.items():
        assert set(FIELD.findall(ours)) <= set(FIELD.findall(theirs))
        assert "/imagine" not in ours


def test_wrong_settings_are_named_all_at_once(tmp_path: Path) -> None:
    ended = imagine_bot("run", cwd=tmp_path, DEVICE="tpu", MAX_JOBS="many")
    assert_refused(ended, "DEVICE must be auto, cuda, mps, xpu or cpu, not 'tpu'.", "MAX_JOBS", sentences=2)
