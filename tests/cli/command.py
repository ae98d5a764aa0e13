"""Runs `imagine-bot` as a process that knows none of the settings of whoever runs the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.settings import Settings
from tests.patience import PATIENCE

#: The same as `imagine-bot`, from the interpreter that runs the tests.
COMMAND = (sys.executable, "-m", "bot")
TINY_PAIR = {"MODEL_BASE": "tiny", "MODEL_REFINER": "tiny", "DEVICE": "cpu"}
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and its two outputs."""

    code: int
    out: str
    err: str


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in names}
    # A terminal of one width, wherever the tests run.
    return {**kept, "COLUMNS": "100", "OMP_NUM_THREADS": "1", **settings}


def imagine_bot(*arguments: str, cwd: Path, command: tuple[str, ...] = COMMAND, **settings: str) -> Ended:
    """Run the command to its end."""
    ended = subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def started(*arguments: str, cwd: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The command while it runs; it does not outlive the test."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str], number: signal.Signals) -> Ended:
    """Stop a running command as a person or a service manager does. Nothing that it started may be left."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    _gone, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert not alive, f"outlived the command: {alive}"
    return Ended(process.returncode, out, err)


def assert_refused(ended: Ended, *parts: str, sentences: int = 1) -> None:
    """Fail unless the command said just that, on stderr, in so many lines, with exit code 2."""
    assert ended.code == 2, ended
    assert not ended.out, ended
    assert len(ended.err.splitlines()) == sentences, ended.err
    assert TRACEBACK not in ended.err
    for part in parts:
        assert part in ended.err, ended.err
