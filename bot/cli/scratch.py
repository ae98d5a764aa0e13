"""Folders that are thrown away when their process ends, and those of processes that could not."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "imagine-bot-playground-"
LOCK = "lock"
#: Seconds in which a new folder gets its lock; one without a lock that is younger may be another process's.
YOUNG = 60


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder for as long as this lasts; what is left of killed processes is removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_unheld(left)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, FileLock(Path(name) / LOCK):
        yield Path(name)


def _remove_unheld(folder: Path) -> None:
    """Remove the folder unless a process holds it. The system drops the lock of a process that is killed."""
    # What belongs to somebody else stays.
    with contextlib.suppress(OSError):
        if folder.is_symlink() or not ((folder / LOCK).exists() or time.time() - folder.stat().st_mtime > YOUNG):
            return
        with contextlib.suppress(Timeout), FileLock(folder / LOCK, timeout=0):
            shutil.rmtree(folder)
