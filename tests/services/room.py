"""Services without Discord: real database, real queue, real files, and an executor that does what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.diffusion.assets import Assets
from bot.events import JobCancelled, JobFailed, JobRequeued, JobStarted, JobSucceeded, Progress
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.jobs import Job
from bot.originals import OriginalFolder
from bot.prompts import PromptReader
from bot.prompts.styles import Styles
from bot.services.generation import GenerationService
from bot.storage import Storage, open_storage
from bot.storage.pictures import PictureFolder
from tests.factories import ENSEMBLE
from tests.pictures import PNG
from tests.scripted import ScriptedExecutor, Seen

ALICE, BOB = 30, 31


class Room:
    """The service with everything below it, and what it told."""

    def __init__(self, folder: Path, storage: Storage, max_jobs_per_user: int, floor: int) -> None:
        self.storage = storage
        self.pictures = folder / "pictures"
        self.executor = ScriptedExecutor()
        self.queue = JobQueue(self.executor, max_jobs=10, max_jobs_per_user=max_jobs_per_user)
        prompts = PromptReader(ENSEMBLE, Styles(()))
        inputs, originals = InputFolder(folder / "inputs"), OriginalFolder(folder / "originals")
        self.service = GenerationService(
            ENSEMBLE, storage, PictureFolder(self.pictures, floor), inputs, self.queue, prompts, originals, Assets()
        )
        self.told = Seen()
        self.service.recording.subscribe(self.told.add)

    async def submit(self, user_id: int = ALICE, prompt: str = "a fox") -> Job:
        return await self.service.submit(user_id=user_id, guild_id=1, channel_id=2, changes={"prompt": prompt})

    async def is_told(self, kind: type, job_id: int) -> Job:
        await self.told.until(lambda _: any(isinstance(each, kind) and each.job.id == job_id for each in self.jobs))
        return next(each.job for each in self.jobs if isinstance(each, kind) and each.job.id == job_id)

    @property
    def jobs(self) -> list[JobStarted | JobRequeued | JobSucceeded | JobFailed | JobCancelled]:
        return [each for each in self.told.items if not isinstance(each, Progress)]

    async def finish(self, job_id: int) -> Job:
        await self.executor.started.holds(job_id)
        self.executor.finish(job_id, [PNG])
        return await self.is_told(JobSucceeded, job_id)


@asynccontextmanager
async def opened(folder: Path, max_jobs_per_user: int = 5, floor: int = 0) -> AsyncIterator[Room]:
    async with open_storage(f"sqlite+aiosqlite:///{folder / 'test.db'}") as storage:
        room = Room(folder, storage, max_jobs_per_user, floor)
        async with room.queue:
            yield room
