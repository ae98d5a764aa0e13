"""What the bot has learned of its own speed survives a stop, and costs nobody anything where it cannot be kept."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.pace import Kind, Pace
from bot.services.experience import PACE, Experience
from bot.storage import open_storage
from tests.factories import make_job
from tests.patience import PATIENCE

KIND = Kind.of(make_job())


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'bot.db'}"


async def test_it_is_there_again_after_a_stop(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        async with Experience(storage, first := Pace()):
            first.learn(KIND, 5.0)
        async with Experience(storage, second := Pace()):
            assert second.seconds(KIND) == first.seconds(KIND) is not None


async def test_it_is_written_now_and_then_and_not_where_nothing_is_new(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path)) as storage:
        pace = Pace()
        async with Experience(storage, pace, pause=0.01):
            pace.learn(KIND, 5.0)
            async with asyncio.timeout(PATIENCE):
                kept = None
                while kept is None:
                    kept = await storage.get_state(PACE)
            await storage.set_state(PACE, "somebody else's")
        assert kept == pace.dump()
        assert await storage.get_state(PACE) == "somebody else's"


async def test_what_cannot_be_read_is_learned_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_storage(url(tmp_path)) as storage:
        await storage.set_state(PACE, "not JSON")
        async with Experience(storage, pace := Pace()):
            assert pace.seconds(KIND) is None
            pace.learn(KIND, 5.0)
        assert await storage.get_state(PACE) == pace.dump()
    assert "learned anew" in caplog.text


async def test_a_database_that_is_away_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_storage(url(tmp_path)) as storage:
        async with Experience(storage, pace := Pace()):
            pace.learn(KIND, 5.0)
            with closing(sqlite3.connect(tmp_path / "bot.db")) as other:
                other.execute("ALTER TABLE state RENAME TO away")
        assert "could not be kept" in caplog.text
        async with Experience(storage, Pace()):
            pass
        assert "learned anew" in caplog.text
