"""What the last run of the bot left comes back into the line in a fair order, not in the order of its numbers."""

from __future__ import annotations

from pathlib import Path

from bot.diffusion.assets import Assets
from bot.executors import ExecutorState
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.jobs import JobStatus
from bot.originals import OriginalFolder
from bot.prompts import PromptReader
from bot.prompts.styles import Styles
from bot.services.generation import GenerationService
from bot.storage import Storage, open_storage
from bot.storage.pictures import PictureFolder
from tests.factories import ENSEMBLE, make_parameters
from tests.scripted import ScriptedExecutor

ALICE, BOB, CAROL = 30, 31, 32


async def record(storage: Storage, user_id: int, **standing: float) -> int:
    job = await storage.record_job(guild_id=1, channel_id=2, user_id=user_id, parameters=make_parameters(), **standing)
    return job.id


async def recovered(storage: Storage, folder: Path) -> list[int]:
    """The line of a bot that starts on this database."""
    executor = ScriptedExecutor()
    executor.become(ExecutorState.LOADING)
    service = GenerationService(
        ENSEMBLE,
        storage,
        PictureFolder(folder / "pictures"),
        InputFolder(folder / "inputs"),
        JobQueue(executor, max_jobs=10, max_jobs_per_user=10),
        PromptReader(ENSEMBLE, Styles(())),
        OriginalFolder(folder / "originals"),
        Assets(),
    )
    await service.recording.recover()
    return [job.id for job in service.line()]


async def test_after_a_restart_people_take_turns_and_who_was_interrupted_is_first(tmp_path: Path) -> None:
    async with open_storage(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}") as storage:
        flood = [await record(storage, ALICE) for _ in range(4)]
        light = [await record(storage, BOB) for _ in range(2)]
        await storage.transition(flood[2], [JobStatus.QUEUED], JobStatus.RUNNING, attempts=1)
        line = await recovered(storage, tmp_path)
    # The one that ran was a turn of hers, so the next one is his.
    assert line == [flood[2], light[0], flood[0], light[1], flood[1], flood[3]]


async def test_weight_and_tier_are_kept_over_a_restart(tmp_path: Path) -> None:
    async with open_storage(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}") as storage:
        plain = [await record(storage, ALICE) for _ in range(3)]
        heavy = [await record(storage, BOB, weight=2.0) for _ in range(3)]
        first = await record(storage, CAROL, tier=1)
        line = await recovered(storage, tmp_path)
    assert line == [first, plain[0], heavy[0], heavy[1], plain[1], heavy[2], plain[2]]
