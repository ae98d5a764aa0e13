"""Plain data for tests: each factory makes something ordinary, and takes what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.jobs import Job
from bot.layers import merge
from bot.model_info import SDXL_BASE, SDXL_REFINER, ModelInfo
from bot.parameters import Parameters

ENSEMBLE = ModelInfo(SDXL_BASE, SDXL_REFINER)
BASE_ALONE = ModelInfo(SDXL_BASE, None)


def make_parameters(**overrides: Any) -> Parameters:
    return merge(ENSEMBLE, {"prompt": "a red fox in the snow", "seed": 7}, overrides)


def make_job(job_id: int = 1, **overrides: Any) -> Job:
    ordinary: dict[str, Any] = {
        "guild_id": 10,
        "channel_id": 20,
        "user_id": 30,
        "parameters": make_parameters(),
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Job(id=job_id, **{**ordinary, **overrides})
