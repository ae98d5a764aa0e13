"""Pictures that members point at, kept as the files they are until a button is pressed or a job is done."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from bot.errors import PicturesGone
from bot.files import forget_files, translated, write_durably

#: All of them together; the oldest go first. Anybody may point at pictures, so that there must be an end.
ROOM = 2**30
ID_PATTERN = "[0-9a-f]{64}"


class OriginalFolder:
    """A folder of files named by the SHA-256 of their bytes, of at most `room` bytes in all."""

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self._folder = folder
        self._room = room

    async def keep(self, content: bytes) -> str:
        """Keep the file; on disk when this returns its id. Raises `StorageUnavailable`."""
        return await asyncio.to_thread(self._keep, content)

    async def load(self, original_id: str) -> bytes:
        """That file. Raises `PicturesGone`."""
        return await asyncio.to_thread(self._load, original_id)

    async def forget(self, before: datetime, kept: Collection[str]) -> int:
        """Remove what was last kept before that moment, but for the ids in `kept`; how many it were."""
        return await asyncio.to_thread(forget_files, self._folder, "*.file", before, lambda path: path.stem in kept)

    def _path(self, original_id: str) -> Path:
        return self._folder / f"{original_id}.file"

    def _keep(self, content: bytes) -> str:
        original_id = hashlib.sha256(content).hexdigest()
        path = self._path(original_id)
        with translated("The picture cannot be kept. The owner of this bot finds the reason in its log."):
            self._folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.touch()
            else:
                self._make_room(len(content))
                write_durably(path, content)
        return original_id

    def _make_room(self, needed: int) -> None:
        kept = sorted(((path, path.stat()) for path in self._folder.glob("*.file")), key=lambda each: each[1].st_mtime)
        used = sum(stat.st_size for _, stat in kept)
        for path, stat in kept:
            if used + needed <= self._room:
                return
            path.unlink(missing_ok=True)
            used -= stat.st_size

    def _load(self, original_id: str) -> bytes:
        gone = PicturesGone("This picture is not kept any more. Open the menu of its message and choose again.")
        # It comes back from people's clients, and must not lead out of the folder.
        if not re.fullmatch(ID_PATTERN, original_id):
            raise gone
        try:
            return self._path(original_id).read_bytes()
        except OSError:
            raise gone from None
