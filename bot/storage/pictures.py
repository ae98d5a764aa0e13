"""The finished pictures on disk, named by the job's id and the picture's index and by nothing a user typed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.errors import PicturesGone
from bot.files import translated, write_durably
from bot.jobs import GeneratedImage
from bot.parameters import MAX_IMAGES


class PictureFolder:
    """A folder of PNG files that survives a power cut in the middle of a write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def save(self, images: Sequence[GeneratedImage]) -> None:
        """Write the pictures; on disk, each whole, when this returns. Raises `StorageUnavailable`."""
        await asyncio.to_thread(self._save, images)

    async def load(self, job_id: int) -> list[bytes]:
        """The PNGs of that job in order. Raises `PicturesGone` when they were deleted."""
        return await asyncio.to_thread(self._load, job_id)

    async def delete(self, job_id: int) -> None:
        """Remove the pictures of that job, if there are any."""
        await asyncio.to_thread(self._delete, job_id)

    def _path(self, job_id: int, index: int) -> Path:
        return self._folder / f"{job_id}-{index}.png"

    def _save(self, images: Sequence[GeneratedImage]) -> None:
        with translated("The pictures cannot be written to disk. The owner of this bot finds the reason in its log."):
            self._folder.mkdir(parents=True, exist_ok=True)
            for image in images:
                write_durably(self._path(image.job_id, image.index), image.png)

    def _load(self, job_id: int) -> list[bytes]:
        with translated("The pictures cannot be read from disk. The owner of this bot finds the reason in its log."):
            pictures = [path.read_bytes() for path in self._existing(job_id)]
        if not pictures:
            raise PicturesGone("The pictures of job #{job} are not kept any more.", job=job_id)
        return pictures

    def _delete(self, job_id: int) -> None:
        with translated("The pictures cannot be deleted. The owner of this bot finds the reason in its log."):
            for path in self._existing(job_id):
                path.unlink(missing_ok=True)

    def _existing(self, job_id: int) -> list[Path]:
        paths = (self._path(job_id, index) for index in range(MAX_IMAGES))
        return [path for path in paths if path.exists()]
