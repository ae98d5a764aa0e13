"""What all tests share: torch works with one thread, here and in child processes, and the embedded pair loads once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest

from bot.model_info import TINY, ModelInfo, read_model_info

if TYPE_CHECKING:
    from bot.diffusion.sdxl import StableDiffusionXL

# Read when torch is imported: the cores are shared with executors' processes, and pictures must not depend on them.
os.environ["OMP_NUM_THREADS"] = "1"
# How long an example takes says how busy the machine is; a test as a whole has its limit.
hypothesis.settings.register_profile("imagine-bot", deadline=None)
hypothesis.settings.load_profile("imagine-bot")


@pytest.fixture(scope="session")
def tiny() -> ModelInfo:
    """The embedded pair."""
    return read_model_info(TINY, TINY)


@pytest.fixture(scope="session")
def sdxl(tiny: ModelInfo) -> StableDiffusionXL:
    """The embedded pair, loaded in this process."""
    from bot.diffusion.sdxl import StableDiffusionXL

    return StableDiffusionXL.load(tiny, "cpu")
