"""What was typed into a modal and refused, kept on disk for a while, so that nobody has to type it again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.errors import UnsentGone
from bot.files import translated, write_durably

KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Unsent:
    """A modal's id, and what stood in its inputs by their ids."""

    custom_id: str
    inputs: Mapping[str, str]


class UnsentFolder:
    """A folder of them, named by numbers that nobody can guess."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(self, unsent: Unsent) -> str:
        """Keep it; on disk when this returns its id. Raises `StorageUnavailable`."""
        return await asyncio.to_thread(self._save, unsent)

    async def load(self, unsent_id: str) -> Unsent:
        """That one. Raises `UnsentGone`."""
        return await asyncio.to_thread(self._load, unsent_id)

    def _save(self, unsent: Unsent) -> str:
        unsent_id = secrets.token_hex(16)
        with translated("What you typed cannot be kept. The owner of this bot finds the reason in its log."):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._forget_old()
            write_durably(self._path(unsent_id), json.dumps(asdict(unsent)).encode())
        return unsent_id

    def _load(self, unsent_id: str) -> Unsent:
        try:
            return Unsent(**json.loads(self._path(unsent_id).read_bytes()))
        except (OSError, ValueError, TypeError):
            raise UnsentGone from None

    def _forget_old(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _path(self, unsent_id: str) -> Path:
        return self._folder / f"{unsent_id}.json"
