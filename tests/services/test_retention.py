"""What is old is removed, and nothing that somebody still waits for."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.errors import PicturesGone
from bot.inputs import InputFolder
from bot.jobs import JobStatus
from bot.originals import OriginalFolder
from bot.services.retention import Retention
from bot.storage.pictures import PictureFolder
from tests.factories import make_parameters
from tests.patience import PATIENCE
from tests.services.room import Room, opened

DAYS = 30


def age(*files: Path, days: int = DAYS + 1) -> None:
    """As if they had been written so many days ago."""
    then = time.time() - days * 24 * 3600
    for file in files:
        os.utime(file, (then, then))


class Folders:
    def __init__(self, folder: Path) -> None:
        self.pictures = PictureFolder(folder / "pictures")
        self.inputs = InputFolder(folder / "inputs")
        self.originals = OriginalFolder(folder / "originals")

    def retention(self, room: Room, days: int = DAYS) -> Retention:
        return Retention(room.storage, self.pictures, self.inputs, self.originals, days)


async def test_old_pictures_go_and_new_ones_stay(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        for job_id in (1, 2, 3):
            await room.submit()
            await room.finish(job_id)
            await room.service.recording.posted(job_id)
        foreign = room.pictures / "holiday.png"
        foreign.write_bytes(b"somebody's own")
        age(room.pictures / "1-0.png", foreign)
        age(room.pictures / "2-0.png", days=DAYS - 1)
        async with room.storage._engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE jobs SET created_at = '2020-01-01 00:00:00.000000'")
        await Folders(tmp_path).retention(room).sweep()
        with pytest.raises(PicturesGone, match="The pictures of job #1 are not kept any more"):
            await room.service.pictures_of(1)
        assert await room.service.pictures_of(2)
        assert await room.service.pictures_of(3)
        assert foreign.exists()
        assert (await room.service.get(1)).status is JobStatus.SUCCEEDED


async def test_a_job_that_is_not_over_keeps_its_pictures_however_old(tmp_path: Path) -> None:
    async with opened(tmp_path) as room:
        await room.submit()
        await room.finish(1)
        age(room.pictures / "1-0.png")
        async with room.storage._engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE jobs SET created_at = '2020-01-01 00:00:00.000000'")
        await Folders(tmp_path).retention(room).sweep()
        assert (await room.service.get(1)).status is JobStatus.POSTING
        assert await room.service.pictures_of(1)


async def test_what_jobs_work_on_or_make_again_stays_as_long_as_they_do(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    async with opened(tmp_path) as room:
        old, recent, mask, again = [
            await folders.inputs.save(Image.new(mode, (8, 8), shade))
            for shade, mode in enumerate(["RGB", "RGB", "L", "RGB"])
        ]
        unread, remade = [await folders.originals.keep(content) for content in (b"one", b"two")]
        await room.storage.record_job(
            guild_id=1,
            channel_id=2,
            user_id=3,
            parameters=make_parameters(image=recent, mask_image=mask, strength=0.5),
            original_id=remade,
        )
        age(*(tmp_path / "inputs").iterdir(), *(tmp_path / "originals").iterdir())
        # Given again, by somebody who has not asked for a job yet.
        assert await folders.inputs.save(Image.new("RGB", (8, 8), 3)) == again
        await folders.retention(room).sweep()
    assert {path.stem for path in (tmp_path / "inputs").iterdir()} == {recent, mask, again}
    assert {path.stem for path in (tmp_path / "originals").iterdir()} == {remade}
    assert old not in {recent, mask, again}
    assert unread != remade


@pytest.mark.parametrize("days", [0, DAYS])
async def test_a_start_removes_what_has_grown_old_unless_all_is_kept_for_ever(tmp_path: Path, days: int) -> None:
    folders = Folders(tmp_path)
    async with opened(tmp_path) as room:
        await folders.inputs.save(Image.new("RGB", (8, 8)))
        [file] = (tmp_path / "inputs").iterdir()
        age(file)
        async with folders.retention(room, days):
            if days:
                async with asyncio.timeout(PATIENCE):
                    while file.exists():  # noqa: ASYNC110 - nothing tells of a change
                        await asyncio.sleep(0.02)
        assert file.exists() is (days == 0)
