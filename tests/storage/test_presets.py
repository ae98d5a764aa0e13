"""Presets in a real SQLite file: versions, names, codes, and two who change the same one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.parameters import Lora
from bot.presets import Owner, OwnerKind, Preset
from bot.presets.names import skeleton
from bot.storage import Storage, open_storage
from bot.storage.presets import NameTaken, TooMany, preset_from_row

ALICE, SERVER = Owner(OwnerKind.USER, 2**62 + 3), Owner(OwnerKind.GUILD, 2**62 + 3)
VALUES = {"num_inference_steps": 12, "loras": (Lora(name="ink", weight=0.5),), "denoising_end": None}


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'bot.db'}"


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(url(tmp_path)) as opened:
        yield opened


async def create(storage: Storage, name: str = "ink", owner: Owner = ALICE, most: int = 25, **values: Any) -> Preset:
    return await storage.presets.create(owner, name, skeleton(name), values or VALUES, frozenset(values), most)


async def all_of(storage: Storage) -> list[Preset]:
    return [preset_from_row(row) for row in await storage.presets.everything()]


async def test_a_preset_is_still_there_after_a_restart(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        preset = await create(storage)
        await storage.presets.set_default(ALICE, preset.id)
        await storage.presets.count_use(preset.id)
    async with open_storage(url(tmp_path)) as storage:
        [kept] = await all_of(storage)
        assert (kept.name, kept.owner, kept.version, kept.values, kept.uses) == ("ink", ALICE, 1, VALUES, 1)
        assert await storage.presets.defaults() == {ALICE: preset.id}


async def test_of_any_number_of_edits_at_once_one_wins(storage: Storage) -> None:
    preset = await create(storage)
    edits = [
        storage.presets.replace(preset.id, 1, {"num_inference_steps": steps}, frozenset()) for steps in range(1, 9)
    ]
    [winner] = filter(None, await asyncio.gather(*edits))
    assert winner.version == 2
    [newest] = await all_of(storage)
    assert newest == winner


async def test_what_was_shared_stays_what_it_was(storage: Storage) -> None:
    preset = await create(storage)
    await storage.presets.add_code("0" * 12, preset)
    await storage.presets.replace(preset.id, 1, {"num_inference_steps": 40}, frozenset({"num_inference_steps"}))
    found, is_revoked = await storage.presets.find_code("0" * 12)
    assert (found.version, found.values, found.locked, is_revoked) == (1, VALUES, frozenset(), False)
    assert await storage.presets.revoke_codes(preset.id) == 1
    assert await storage.presets.revoke_codes(preset.id) == 0
    assert (await storage.presets.find_code("0" * 12))[1] is True
    assert await storage.presets.find_code("1" * 12) is None


async def test_with_a_preset_its_codes_and_its_being_a_default_go(storage: Storage) -> None:
    preset = await create(storage)
    await storage.presets.add_code("0" * 12, preset)
    await storage.presets.set_default(ALICE, preset.id)
    await storage.presets.delete(preset.id)
    assert await all_of(storage) == []
    assert await storage.presets.find_code("0" * 12) is None
    assert await storage.presets.defaults() == {}
    assert await storage.presets.replace(preset.id, 1, VALUES, frozenset()) is None
    # Its number is on old cards, and is never another's.
    assert (await create(storage)).id > preset.id


async def test_a_name_is_an_owner_s_once_however_many_ask_for_it_at_once(storage: Storage) -> None:
    outcomes = await asyncio.gather(*(create(storage) for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in outcomes].count(NameTaken) == 4
    # A server may have the same name, and the same number.
    paper = await create(storage, "paper", SERVER)
    await create(storage, "ink", SERVER)
    with pytest.raises(NameTaken):
        await storage.presets.rename(paper, "INK", skeleton("INK"))
    assert await storage.presets.rename(paper, "Paper", skeleton("Paper"))
    assert [each.name for each in await all_of(storage)] == ["ink", "Paper", "ink"]


async def test_no_more_than_there_may_be_are_created_at_once(storage: Storage) -> None:
    names = [create(storage, name, most=3) for name in ("a", "b", "c", "d", "e")]
    outcomes = await asyncio.gather(*names, return_exceptions=True)
    assert [type(each) for each in outcomes].count(TooMany) == 2
    assert len(await all_of(storage)) == 3


async def test_what_another_version_wrote_is_left_out_and_the_rest_is_read(storage: Storage) -> None:
    await create(storage)
    async with storage._engine.begin() as connection:
        await connection.exec_driver_sql(
            """UPDATE preset_versions
            SET parameters = '{"guidance_scale": 6, "sharpness": 3}', locked = '["sharpness"]'"""
        )
    [kept] = await all_of(storage)
    assert (kept.values, kept.locked) == ({"guidance_scale": 6.0}, frozenset())
