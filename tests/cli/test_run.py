"""`imagine-bot run`: what it says when it cannot start, how a health check sees it, and how it stops."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest

from tests.cli.command import TINY_PAIR, TRACEBACK, Ended, assert_refused, imagine_bot, started, stop
from tests.dockerfile import healthcheck
from tests.loopback import LoopbackDiscord

#: A token by its form; its first part is the id 123456789012345678.
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abc.def"
NOBODY_LISTENS = "http://127.0.0.1:9/api/v10"


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord:
        yield discord
        discord.assert_contract()


def settings_for(loopback: LoopbackDiscord) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": loopback.token,
        "DISCORD_API_URL": loopback.api_url,
        "DISCORD_GATEWAY_URL": loopback.gateway_url,
        **TINY_PAIR,
    }


def last_line(ended: Ended) -> Ended:
    """What it said at the end, without the log before it."""
    return Ended(ended.code, ended.out, ended.err.splitlines()[-1])


def lines_with(process: subprocess.Popen[str], words: str, count: int) -> list[str]:
    """The first lines of its log that hold these words; waits for them, and whatever stands between them is read."""
    assert process.stderr is not None
    return list(islice((line.rstrip() for line in process.stderr if words in line), count))


def is_healthy(folder: Path) -> bool:
    """What Docker would say, by the Dockerfile's own command."""
    return subprocess.run(["sh", "-c", healthcheck()], cwd=folder, capture_output=True).returncode == 0


def test_without_a_token_it_says_how_to_get_one_and_what_works_without(tmp_path: Path) -> None:
    ended = imagine_bot("run", cwd=tmp_path)
    assert_refused(ended, "DISCORD_TOKEN is not set", "https://discord.com/developers/applications", ".env")
    assert ended.err.rstrip().endswith("To try the bot without a token: imagine-bot playground")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_token_is_told_from_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=my-bot\n")
    assert_refused(imagine_bot("run", cwd=tmp_path), "DISCORD_TOKEN is not a bot's token", "three parts")


async def test_a_token_that_discord_refuses_is_named_with_the_remedy(tmp_path: Path, loopback: LoopbackDiscord) -> None:
    settings = settings_for(loopback) | {"DISCORD_TOKEN": TOKEN}
    ended = await asyncio.to_thread(lambda: imagine_bot("run", cwd=tmp_path, **settings))
    assert_refused(last_line(ended), "Discord refuses DISCORD_TOKEN", "https://discord.com/developers/applications")
    assert TRACEBACK not in ended.err
    assert TOKEN not in ended.err


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"DISCORD_API_URL": NOBODY_LISTENS}, [f"Discord cannot be reached at {NOBODY_LISTENS}", "DISCORD_API_URL"]),
        ({"MODEL_BASE": "model"}, ["model is not a diffusers model folder", "model_index.json"]),
        ({"DATA_DIR": "file/data"}, ["file/data cannot be written to", "DATA_DIR"]),
        ({"DATABASE_URL": "sqlite:///file"}, ["file is not a SQLite database", "DATABASE_URL"]),
        ({"DATABASE_URL": "mysql://somewhere/bot"}, ["DATABASE_URL names mysql", "sqlite"]),
        ({"DATABASE_URL": "somewhere"}, ["DATABASE_URL is not the URL of a database", "sqlite+aiosqlite:///"]),
    ],
    ids=" ".join,
)
def test_what_it_cannot_start_with_is_one_sentence(tmp_path: Path, settings: dict[str, str], parts: list[str]) -> None:
    (tmp_path / "file").write_text("no database and no folder, but a text that is long enough to be looked at\n" * 9)
    (tmp_path / "model").mkdir()
    ended = imagine_bot("run", cwd=tmp_path, DISCORD_TOKEN=TOKEN, **{**TINY_PAIR, **settings})
    assert_refused(last_line(ended), *parts)
    assert TRACEBACK not in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_is_healthy_while_it_runs_and_stops_when_it_is_told_to(
    tmp_path: Path, loopback: LoopbackDiscord, number: signal.Signals
) -> None:
    assert not is_healthy(tmp_path)
    with started("run", cwd=tmp_path, **settings_for(loopback)) as process:
        await loopback.wait_for(loopback.gateway.connected.is_set, "the bot")
        assert is_healthy(tmp_path)
        ended = await asyncio.to_thread(stop, process, number)
    assert ended.code == 0, ended
    assert TRACEBACK not in ended.err
    assert "leaked" not in ended.err
    assert not is_healthy(tmp_path)


async def test_where_the_database_is_elsewhere_it_is_healthy_all_the_same(
    tmp_path: Path, loopback: LoopbackDiscord
) -> None:
    settings = settings_for(loopback) | {"DATABASE_URL": "sqlite:///elsewhere/bot.db"}
    with started("run", cwd=tmp_path, **settings) as process:
        await loopback.wait_for(loopback.gateway.connected.is_set, "the bot")
        assert is_healthy(tmp_path)
        assert (await asyncio.to_thread(stop, process, signal.SIGTERM)).code == 0
    assert (tmp_path / "elsewhere" / "bot.db").is_file()


async def test_a_second_bot_on_the_same_database_does_not_start(tmp_path: Path, loopback: LoopbackDiscord) -> None:
    settings = settings_for(loopback)
    with started("run", cwd=tmp_path, **settings) as process:
        await loopback.wait_for(loopback.gateway.connected.is_set, "the bot")
        second = await asyncio.to_thread(lambda: imagine_bot("run", cwd=tmp_path, **settings))
        assert_refused(last_line(second), "Another imagine-bot is running on the database")
        assert is_healthy(tmp_path), "the second one took the first one's sign of life away"
        await asyncio.to_thread(stop, process, signal.SIGTERM)


async def test_while_discord_is_away_each_try_to_reach_it_is_one_line(
    tmp_path: Path, loopback: LoopbackDiscord
) -> None:
    with started("run", cwd=tmp_path, **settings_for(loopback)) as process:
        await loopback.wait_for(loopback.gateway.connected.is_set, "the bot")
        await loopback.server.stop()
        tries = await asyncio.to_thread(lines_with, process, "no connection to Discord", 2)
        ended = await asyncio.to_thread(stop, process, signal.SIGTERM)
    assert all(" WARNING discord.client: " in line and line.endswith(" s") for line in tries), tries
    assert TRACEBACK not in ended.err
    assert "ERROR" not in ended.err
