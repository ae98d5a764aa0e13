"""The command in a terminal, as a person sees it: what it shows, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.command import COMMAND, environment
from tests.patience import PATIENCE

CTRL_C = b"\x03"


class Terminal:
    """A running command, and all that it has shown so far."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self.shown = ""
        self._screen = screen

    def until(self, words: str) -> None:
        """Read on until the command has shown these words."""
        while words not in self.shown:
            assert self._read(), f"never shown: {words!r}\n{self.shown}"

    def press(self, keys: bytes) -> None:
        os.write(self._screen, keys)

    def end(self) -> int:
        """Read the rest, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._screen], [], [], PATIENCE)
        assert ready, f"nothing new for {PATIENCE} s\n{self.shown}"
        try:
            chunk = os.read(self._screen, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self.shown += chunk.decode(errors="replace")
        return bool(chunk)


@contextmanager
def terminal(*arguments: str, cwd: Path, **settings: str) -> Iterator[Terminal]:
    """Run the command with a terminal of its own; it does not outlive the test."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(TERM="xterm", **settings),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_the_terminal,  # noqa: PLW1509 - runs between fork and exec, where it belongs
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_the_terminal() -> None:
    # The terminal opened first becomes the one whose Ctrl-C reaches the whole group of processes.
    os.close(os.open(os.ttyname(0), os.O_RDWR))
