"""The finished pictures on disk, named by the job's id and the picture's index and by nothing a user typed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from bot.errors import DiskFull, PicturesGone
from bot.files import forget_files, free_space, translated, write_durably
from bot.jobs import GeneratedImage
from bot.parameters import MAX_IMAGES

#: Bytes that must be left on the disk for a job to be taken: the pictures of those in line, and the database's own.
FLOOR = 250_000_000
#: Seconds that a look at the disk serves for.
FRESH = 3.0


class PictureFolder:
    """A folder of PNG files that survives a power cut in the middle of a write; jobs are for a disk with `floor`."""

    def __init__(self, folder: Path, floor: int = FLOOR) -> None:
        self._folder = folder
        self._floor = floor
        self._looked_at = -math.inf
        self._free = 0

    async def check_room(self) -> None:
        """Raises `DiskFull` where there is no room for the pictures of one more job."""
        if time.monotonic() - self._looked_at > FRESH:
            self._free = await asyncio.to_thread(free_space, self._folder)
            self._looked_at = time.monotonic()
        if self._free < self._floor:
            raise DiskFull

    async def save(self, images: Sequence[GeneratedImage]) -> None:
        """Write the pictures; on disk, each whole, when this returns. Raises `StorageUnavailable`."""
        await asyncio.to_thread(self._save, images)

    async def load(self, job_id: int) -> list[bytes]:
        """The PNGs of that job in order. Raises `PicturesGone` when they were deleted."""
        return await asyncio.to_thread(self._load, job_id)

    async def load_first(self, job_id: int) -> bytes:
        """The first PNG of that job. Raises `PicturesGone`."""
        return (await asyncio.to_thread(self._load, job_id, 1))[0]

    async def delete(self, job_id: int) -> None:
        """Remove the pictures of that job, if there are any."""
        await asyncio.to_thread(self._delete, job_id)

    async def forget(self, before: datetime, kept: Collection[int]) -> int:
        """Remove what was written before that moment, but for the pictures of the jobs in `kept`; how many it were."""
        heads = {str(job_id) for job_id in kept}
        return await asyncio.to_thread(
            forget_files, self._folder, "[0-9]*-[0-9]*.png", before, lambda path: path.stem.partition("-")[0] in heads
        )

    def _path(self, job_id: int, index: int) -> Path:
        return self._folder / f"{job_id}-{index}.png"

    def _save(self, images: Sequence[GeneratedImage]) -> None:
        with translated("The pictures cannot be written to disk. The owner of this bot finds the reason in its log."):
            self._folder.mkdir(parents=True, exist_ok=True)
            for image in images:
                write_durably(self._path(image.job_id, image.index), image.png)

    def _load(self, job_id: int, most: int = MAX_IMAGES) -> list[bytes]:
        with translated("The pictures cannot be read from disk. The owner of this bot finds the reason in its log."):
            pictures = [path.read_bytes() for path in self._existing(job_id)[:most]]
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
