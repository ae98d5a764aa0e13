"""The embedded pair with a folder of inputs and the LoRA that was trained for it."""

from __future__ import annotations

import pytest

from bot.diffusion.assets import Assets
from bot.diffusion.sdxl import StableDiffusionXL
from bot.model_info import TINY, read_model_info
from tests.diffusion.engine import LORAS, Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    inputs = tmp_path_factory.mktemp("inputs")
    model = read_model_info(TINY, TINY)
    return Engine(model, StableDiffusionXL.load(model, "cpu", assets=Assets(inputs, LORAS)), inputs)
