"""The composition root: settings become storage, executor, queue, services, bot and delivery, in that order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.area import usual_area
from bot.client import ImagineBot
from bot.cogs.promise import all_answered
from bot.delivery.pace import EditPace
from bot.diffusion.assets import Assets
from bot.errors import StartupFailed
from bot.executors import Executor, create_executor
from bot.garbage import settled
from bot.heartbeat import heartbeat
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.model_info import ModelInfo, read_model_info
from bot.originals import OriginalFolder
from bot.pace import Pace
from bot.prompts import PromptReader
from bot.prompts.styles import load_styles
from bot.services.experience import Experience
from bot.services.generation import GenerationService
from bot.services.health import HealthLog, HealthService
from bot.services.history import History
from bot.services.pauses import Pauses
from bot.services.presets import Presets
from bot.services.remake import RemakeService
from bot.services.retention import Retention
from bot.services.standing import Standings
from bot.settings import Settings
from bot.storage import Storage, open_storage
from bot.storage.pictures import PictureFolder
from bot.timetable import Timetable

log = logging.getLogger(__name__)

#: Seconds that answers get which are still owed when the bot is stopped.
LAST_ANSWERS_S = 5.0


@dataclass(frozen=True)
class Application:
    """All parts of one running bot, wired."""

    settings: Settings
    model: ModelInfo
    storage: Storage
    executor: Executor
    queue: JobQueue
    generation: GenerationService
    remakes: RemakeService
    presets: Presets
    pauses: Pauses
    health: HealthService
    bot: ImagineBot

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Take jobs and deliver pictures. Enter it once the bot can send requests to Discord."""
        async with self.generation.recording, self.bot.delivery, self.queue:
            await self.pauses.load()
            await self.bot.delivery.resume(await self.generation.recording.recover())
            async with HealthLog(self.health, self.bot.outgoing):
                yield


@asynccontextmanager
async def open_application(
    settings: Settings, executor: Executor | None = None, pace: EditPace | None = None
) -> AsyncIterator[Application]:
    """Everything opened and wired, nothing taken on yet; the model loads in the background.

    `executor` and `pace` stand in for those that suit the device and Discord.
    Raises `StartupFailed` with a sentence for a model, database or folder that cannot be used.
    """
    model = _limited(read_model_info(settings.model_base, settings.model_refiner), settings.max_megapixels)
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings.resolved_database_url))
        executor = await stack.enter_async_context(executor or create_executor(settings, model))
        # By both models: with another refiner the same kinds of jobs take another time.
        experience = Pace(f"{model.name}+{model.refiner_name}")
        await stack.enter_async_context(Experience(storage, experience))
        queue = JobQueue(
            executor,
            max_jobs=settings.max_jobs,
            max_jobs_per_user=settings.max_jobs_per_user,
            max_jobs_per_channel=settings.max_jobs_per_channel,
            timetable=Timetable(experience),
        )
        pictures = PictureFolder(settings.data_dir / "pictures")
        inputs, assets = InputFolder(settings.inputs_dir), Assets.of(settings)
        prompts = PromptReader(model, load_styles(settings.data_dir / "styles.json"), settings.wildcards)
        originals = OriginalFolder(settings.data_dir / "originals")
        standings = Standings(
            role_weights=settings.role_weights,
            priority_roles=settings.priority_roles,
            role_max_jobs=settings.role_max_jobs,
            daily_images=settings.daily_images,
            role_daily_images=settings.role_daily_images,
            cooldown=timedelta(seconds=settings.cooldown_seconds),
        )
        generation = GenerationService(model, storage, pictures, inputs, queue, prompts, originals, assets, standings)
        retention = Retention(storage, pictures, inputs, originals, settings.retention_days)
        await stack.enter_async_context(retention)
        remakes = RemakeService(model, inputs, lambda: [lora.name for lora in assets.list_loras() if lora.fits(model)])
        history = History(storage, pictures, generation)
        presets = await stack.enter_async_context(Presets(storage, model, prompts.styles))
        pauses = Pauses(storage, queue)
        health = HealthService(storage, generation, experience, settings.data_dir)
        bot = ImagineBot(settings, storage, generation, remakes, history, presets, pauses, health, pace)
        yield Application(settings, model, storage, executor, queue, generation, remakes, presets, pauses, health, bot)


def _limited(model: ModelInfo, max_megapixels: float | None) -> ModelInfo:
    """The model with as many pixels as its pictures may have here."""
    return replace(model, max_pixels=usual_area(model) if max_megapixels is None else round(max_megapixels * 1e6))


async def run_bot(settings: Settings, executor: Executor | None = None, pace: EditPace | None = None) -> None:
    """Run the bot on Discord until it is stopped; with `executor` and `pace` as `open_application` takes them."""
    if settings.discord_token is None:
        raise StartupFailed("DISCORD_TOKEN is not set.")
    async with open_application(settings, executor, pace) as application, heartbeat(settings.data_dir):
        bot = application.bot
        async with bot:
            await bot.login(settings.discord_token.get_secret_value())
            async with application.working():
                with settled():
                    await _connected(application)


async def _connected(application: Application) -> None:
    """Stay connected; when it is stopped, until the running jobs have had their time to end."""
    connection = asyncio.create_task(application.bot.connect())
    try:
        await asyncio.shield(connection)
    except asyncio.CancelledError:
        grace = application.settings.shutdown_grace_seconds
        log.info("stopping: jobs that run have %s seconds to end", grace)
        # Connected all the while: progress goes on, and who asks for more is told.
        await application.queue.drain(grace)
        raise
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
        # Nothing more is heard from now on, but what was heard may wait for the database, and its promise is kept.
        await all_answered(LAST_ANSWERS_S)
