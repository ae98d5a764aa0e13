"""A person's own jobs in a real SQLite file, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.jobs import JobStatus
from bot.storage import Storage, open_storage
from tests.factories import make_parameters

ALICE, BOB = 1, 2


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}") as opened:
        yield opened


async def record(storage: Storage, user_id: int = ALICE, parent_id: int | None = None, **fields: Any) -> int:
    job = await storage.record_job(
        guild_id=None, channel_id=3, user_id=user_id, parent_id=parent_id, parameters=make_parameters(**fields)
    )
    return job.id


async def page(storage: Storage, first: int = 0, **wanted: Any) -> tuple[list[int], int | None, int | None]:
    found = await storage.history(ALICE, **{"statuses": tuple(JobStatus), "first": first, "count": 2, **wanted})
    return [job.id for job in found.jobs], found.earlier, found.later


async def test_pages_lead_from_the_newest_to_the_oldest_and_back(storage: Storage) -> None:
    for number in range(10):
        await record(storage, (ALICE, BOB)[number % 2])
    assert await page(storage) == ([9, 7], 5, None)
    assert await page(storage, 5) == ([5, 3], 1, 9)
    assert await page(storage, 1) == ([1], None, 5)


async def test_what_is_newer_than_a_page_but_less_than_a_page_is_the_newest_page(storage: Storage) -> None:
    for _ in range(4):
        await record(storage)
    assert await page(storage, 3) == ([3, 2], 1, 0)


async def test_a_page_may_begin_at_a_job_that_has_gone(storage: Storage) -> None:
    for _ in range(4):
        await record(storage)
    await storage.update_job(3, is_hidden=True)
    assert await page(storage, 3) == ([2, 1], None, 0)
    assert await page(storage) == ([4, 2], 1, None)


async def test_only_jobs_in_these_states_are_found(storage: Storage) -> None:
    for _ in range(3):
        await record(storage)
    await storage.update_job(2, status=JobStatus.FAILED)
    assert await page(storage, statuses=(JobStatus.FAILED,)) == ([2], None, None)


@pytest.mark.parametrize("search", ["äpfel", "ÄPFEL", "Äpf", "{grüne|rote}", "rote Ä"])
async def test_words_are_found_in_what_was_typed_and_in_what_was_drawn_from_it(storage: Storage, search: str) -> None:
    await record(storage, prompt="rote Äpfel", raw_prompt="{grüne|rote} Äpfel")
    await record(storage, prompt="a fox")
    await record(storage, BOB, prompt="rote Äpfel", raw_prompt="{grüne|rote} Äpfel")
    assert await page(storage, search=search) == ([1], None, None)


@pytest.mark.parametrize("search", ["%", "_", "a%x", "\\", "/", "' OR 1=1 --"])
async def test_what_is_searched_for_is_only_text(storage: Storage, search: str) -> None:
    await record(storage, prompt="a fox")
    assert await page(storage, search=search) == ([], None, None)
    await record(storage, prompt=f"this {search} that")
    assert await page(storage, search=search) == ([2], None, None)


async def test_children_are_those_that_the_same_person_has_and_keeps(storage: Storage) -> None:
    await record(storage)
    for user_id in (ALICE, BOB, ALICE, ALICE):
        await record(storage, user_id, parent_id=1)
    await storage.update_job(4, is_hidden=True)
    assert await storage.children_of(ALICE, 1) == [2, 5]
    assert await storage.children_of(ALICE, 2) == ()
    found = await storage.history(ALICE, statuses=tuple(JobStatus), first=1, count=2)
    assert found.children == {1: [2, 5]}


async def test_a_page_is_found_without_reading_everybodys_jobs(storage: Storage) -> None:
    async with storage._reader.begin() as connection:
        for statement in (
            "SELECT id FROM jobs WHERE user_id = 1 AND is_hidden = 0 AND id <= 5 ORDER BY id DESC LIMIT 6",
            "SELECT id FROM jobs WHERE user_id = 1 AND parent_id IN (1, 2) ORDER BY id",
        ):
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")).all()
            assert [row.detail.split(" ")[0] for row in plan] == ["SEARCH"], plan
