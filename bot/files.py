"""Writing files that survive a power cut in the middle of the write, and what a disk has room for."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.errors import StorageUnavailable


def write_durably(path: Path, content: bytes) -> None:
    """Write the whole file or nothing; on disk when this returns."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync_folder(path.parent)


def forget_files(folder: Path, pattern: str, before: datetime, is_kept: Callable[[Path], bool]) -> int:
    """Remove the files of that pattern that were last written before that moment and are not kept; how many it were."""
    old = [path for path in folder.glob(pattern) if path.stat().st_mtime < before.timestamp() and not is_kept(path)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def existing_parent(path: Path) -> Path:
    """The nearest folder from `path` upwards that is there already."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def can_write(folder: Path) -> bool:
    """Whether files can be made in this folder, which is tried without a trace: root may write even where none can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def free_space(path: Path) -> int:
    """How many bytes are left on the disk where `path` is, or will be."""
    return shutil.disk_usage(existing_parent(path)).free


@contextmanager
def translated(sentence: str) -> Iterator[None]:
    """Say an `OSError` inside as `StorageUnavailable` with this sentence."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(sentence) from error


def _sync_folder(folder: Path) -> None:
    """Make the new names durable too, where the system has folders that can be synced (Windows has not)."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
