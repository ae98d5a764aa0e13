"""A Discord, and the bot connected to it with an executor that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.loopback import LoopbackDiscord
from tests.scripted import ScriptedExecutor
from tests.wire.running import running, settings_for


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as server:
        yield server
        server.assert_contract()


@pytest.fixture
def settings(loopback: LoopbackDiscord, tmp_path: Path) -> Settings:
    return settings_for(loopback, tmp_path)


@pytest.fixture
async def executor(loopback: LoopbackDiscord, settings: Settings) -> AsyncIterator[ScriptedExecutor]:
    """The executor of the bot that is connected meanwhile."""
    executor = ScriptedExecutor(capacity=2)
    async with running(loopback, settings, executor):
        yield executor
