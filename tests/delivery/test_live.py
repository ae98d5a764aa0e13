"""What a job's message shows at one moment goes together, whatever happens to the job meanwhile."""

from __future__ import annotations

import discord

from bot.delivery.live import Forecast, LiveJob
from bot.events import JobRequeued, JobStarted, Progress
from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import JobStatus
from bot.ui.cards import PREVIEW_NAME
from tests.factories import make_job
from tests.pictures import WEBP

FORECAST = Forecast({1: 0}, {}, ExecutorHealth(ExecutorState.BUSY))


async def test_a_card_keeps_its_preview_although_the_job_starts_again_before_discord_has_it() -> None:
    job = make_job(1)
    live = LiveJob(discord.Client(intents=discord.Intents.none()), job, _forgotten)
    live.take(JobStarted(job.evolve(status=JobStatus.RUNNING)))
    live.take(Progress(1, "base", 3, 24, WEBP))
    assert live.moves(FORECAST)
    card, files = live.card(), live.files()
    live.take(JobRequeued(job))
    # By one way and then by another: fresh files each time.
    for _ in range(2):
        assert [file.filename for file in files()] == [PREVIEW_NAME]
    assert f"attachment://{PREVIEW_NAME}" in str(card.to_components())  # type: ignore[no-untyped-call]
    assert live.moves(FORECAST)
    assert live.files()() == []


async def _forgotten(job_id: int, message_id: int, channel_id: int) -> None:
    raise AssertionError("nothing is posted here")
