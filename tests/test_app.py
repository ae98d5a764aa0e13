"""The composition: what is opened is closed again in reverse, and what cannot be opened is said in a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import open_application
from bot.errors import StartupFailed
from bot.executors import ExecutorState
from bot.settings import Settings
from tests.scripted import ScriptedExecutor

NO_TORCH = """
import sys, bot.app, bot.client, bot.delivery, bot.executors.local
heavy = {"torch", "diffusers", "transformers", "simcord"} & set(sys.modules)
sys.exit(f"the gateway's process has imported {heavy}" if heavy else 0)
"""


class OpenedExecutor(ScriptedExecutor):
    """Remembers whether it is open."""

    is_open = False

    async def __aenter__(self):
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False


def settings(folder: Path, **changes: object) -> Settings:
    return Settings(_env_file=None, **{"data_dir": folder, "model_base": "some/base", **changes})


async def test_everything_is_open_inside_and_closed_after(tmp_path: Path) -> None:
    executor = OpenedExecutor()
    async with open_application(settings(tmp_path), executor) as application:
        assert executor.is_open
        assert application.generation.health().state is ExecutorState.READY
        assert await application.storage.get_state("unknown") is None
    assert not executor.is_open
    async with open_application(settings(tmp_path), executor) as application:
        assert await application.storage.get_state("unknown") is None


async def test_two_bots_do_not_share_a_database(tmp_path: Path) -> None:
    async with open_application(settings(tmp_path), ScriptedExecutor()):
        with pytest.raises(StartupFailed, match="Another imagine-bot is running on the database"):
            async with open_application(settings(tmp_path), ScriptedExecutor()):
                pytest.fail("opened twice")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_base": "/nowhere"}, "There is no model folder /nowhere"),
        ({"database_url": "mysql://there/db"}, "DATABASE_URL names mysql. This bot speaks sqlite and postgresql"),
    ],
)
async def test_what_cannot_be_opened_is_said_and_no_executor_is_started(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    executor = OpenedExecutor()
    with pytest.raises(StartupFailed, match=sentence):
        async with open_application(settings(tmp_path, **changes), executor):
            pytest.fail("opened")
    assert not executor.is_open


def test_the_process_that_talks_to_discord_never_imports_torch() -> None:
    subprocess.run([sys.executable, "-c", NO_TORCH], check=True, capture_output=True, text=True)
