"""The files that members point at: kept by what is in them, and not without end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import PicturesGone, StorageUnavailable
from bot.originals import OriginalFolder


async def test_the_same_file_is_kept_once_and_another_process_finds_it(tmp_path: Path) -> None:
    folder = OriginalFolder(tmp_path / "new")
    kept = await folder.keep(b"fox")
    assert await folder.keep(b"fox") == kept
    assert len(list((tmp_path / "new").iterdir())) == 1
    assert await OriginalFolder(tmp_path / "new").load(kept) == b"fox"


async def test_the_oldest_make_room_and_what_is_pointed_at_again_is_young(tmp_path: Path) -> None:
    folder = OriginalFolder(tmp_path, room=25)
    first, second = await folder.keep(b"1" * 10), await folder.keep(b"2" * 10)
    for age, kept in enumerate((second, first)):
        os.utime(tmp_path / f"{kept}.file", (age, age))
    os.utime(tmp_path / f"{first}.file", (0, 0))
    assert await folder.keep(b"1" * 10) == first
    third = await folder.keep(b"3" * 10)
    assert (await folder.load(first), await folder.load(third)) == (b"1" * 10, b"3" * 10)
    with pytest.raises(PicturesGone, match="not kept any more"):
        await folder.load(second)


@pytest.mark.parametrize("name", ["../secret", "", "secret", "0" * 63, f"../{'0' * 64}"])
async def test_an_id_that_is_none_leads_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.file").write_bytes(b"secret")
    (tmp_path / f"{'0' * 64}.file").write_bytes(b"secret")
    folder = OriginalFolder(tmp_path / "originals")
    await folder.keep(b"fox")
    with pytest.raises(PicturesGone):
        await folder.load(name)


async def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="cannot be kept"):
        await OriginalFolder(tmp_path / "file").keep(b"fox")
