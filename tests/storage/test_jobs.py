"""Jobs in a real SQLite file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import JobNotFound, StartupFailed
from bot.jobs import JobStatus
from bot.layers import merge
from bot.model_info import SDXL_BASE, ModelInfo
from bot.sentences import Sentence
from bot.storage import open_storage

PARAMETERS = merge(ModelInfo(SDXL_BASE, None), {"prompt": "a fox", "seed": 7})


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'bot.db'}"


async def test_a_recorded_job_is_still_there_after_a_restart(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        job = await storage.record_job(
            guild_id=1, channel_id=2**60 + 1, user_id=2**62 + 3, parameters=PARAMETERS, parent_id=None
        )
    async with open_storage(url(tmp_path)) as storage:
        assert await storage.unfinished_jobs() == [job]
        assert (await storage.get_job(job.id)).parameters == PARAMETERS


async def test_only_the_first_of_two_transitions_wins(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        job = await storage.record_job(guild_id=None, channel_id=2, user_id=3, parameters=PARAMETERS)
        first = await storage.transition(job.id, {JobStatus.QUEUED}, JobStatus.CANCELLED)
        second = await storage.transition(job.id, {JobStatus.QUEUED}, JobStatus.RUNNING, attempts=1)
    assert first is not None
    assert first.status is JobStatus.CANCELLED
    assert second is None


async def test_why_a_job_failed_is_kept_as_a_sentence_that_can_be_translated(tmp_path: Path) -> None:
    reason = Sentence.joined([Sentence.of("{lora} does not fit.", lora="“ink”"), Sentence("Take another.")])
    async with open_storage(url(tmp_path)) as storage:
        job = await storage.record_job(guild_id=None, channel_id=2, user_id=3, parameters=PARAMETERS)
        await storage.transition(job.id, {JobStatus.QUEUED}, JobStatus.FAILED, error=reason)
        assert (await storage.get_job(job.id)).error == reason
        assert str(reason) == "“ink” does not fit. Take another."


async def test_the_plain_english_of_earlier_versions_is_read_as_it_stands(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        job = await storage.record_job(guild_id=None, channel_id=2, user_id=3, parameters=PARAMETERS)
        async with storage._engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE jobs SET error = '[sic] It {failed}.'")
        error = (await storage.get_job(job.id)).error
        assert error == Sentence("[sic] It {failed}.")
        assert str(error) == "[sic] It {failed}."


async def test_an_unknown_job_is_named(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        with pytest.raises(JobNotFound, match="There is no job #41"):
            await storage.get_job(41)


async def test_small_facts_outlive_the_process(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        await storage.set_state("tree", "one")
        await storage.set_state("tree", "two")
    async with open_storage(url(tmp_path)) as storage:
        assert await storage.get_state("tree") == "two"
        assert await storage.get_state("nothing") is None


async def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"this is a letter, not a database" * 200)
    with pytest.raises(StartupFailed):
        async with open_storage(url(tmp_path)):
            pass
