"""The bot's process, started anew whenever it has ended, however that came about; and what the database says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.loopback import LoopbackDiscord

DATABASE = "imagine-bot.db"
LOG = "gateway.log"
#: Seconds that the bot waits for a database that another program has locked.
DATABASE_TIMEOUT = 1
MAX_JOBS, MAX_JOBS_PER_USER, MAX_JOBS_PER_CHANNEL = 40, 4, 14
SHUTDOWN_GRACE = 2
#: The database may be locked just when it starts; so often in a row it is something else.
MAX_FAILED_STARTS = 5
TWICE = "SIGTERM, twice"
#: What a program says only when something was forgotten in it.
SLIPS = re.compile(
    r"never retrieved|was destroyed but|never awaited|nobody foresaw|was given up$|could not be looked after|"
    r"could not be told"
)


@dataclass
class Life:
    """One process from its start to its end; times are those of `time.time`."""

    process: asyncio.subprocess.Process
    began: float
    ended: float | None = None
    #: How it was ended from outside.
    by: str = ""
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    reading: asyncio.Task[None] | None = None

    @property
    def is_killed(self) -> bool:
        """Whether it was ended without a moment for anything; a second SIGTERM does that, too."""
        return self.by in ("SIGKILL", TWICE)


class Bot:
    """The process and its data folder."""

    def __init__(self, discord: LoopbackDiscord, folder: Path) -> None:
        self._discord = discord
        self.folder = folder
        self.lives: list[Life] = []
        self.slips: list[str] = []
        self._log = (folder / LOG).open("ab")

    @property
    def life(self) -> Life:
        """The newest."""
        return self.lives[-1]

    @property
    def is_alive(self) -> bool:
        """Whether there is a process."""
        return bool(self.lives) and self.life.process.returncode is None

    @property
    def is_connected(self) -> bool:
        """Whether what happens on Discord reaches the bot now, or after a resume."""
        return self.is_alive and self._discord.gateway.connected.is_set()

    async def start(self) -> None:
        """Start it; `is_connected` says when it is there. Raises `AssertionError` where it does not stay."""
        discord = self._discord
        failed = self.lives[-MAX_FAILED_STARTS:]
        if len(failed) == MAX_FAILED_STARTS and not any(life.by for life in failed):
            raise AssertionError(f"the bot does not start: {list(failed[-1].last_words)}")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.gateway",
            stderr=asyncio.subprocess.PIPE,
            limit=2**24,
            env={
                **os.environ,
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_URL": discord.api_url,
                "DISCORD_GATEWAY_URL": discord.gateway_url,
                "MODEL_BASE": "tiny",
                "MODEL_REFINER": "",
                "DEVICE": "cpu",
                "DATA_DIR": str(self.folder),
                "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder / DATABASE}?timeout={DATABASE_TIMEOUT}",
                "MAX_JOBS": str(MAX_JOBS),
                "MAX_JOBS_PER_USER": str(MAX_JOBS_PER_USER),
                "MAX_JOBS_PER_CHANNEL": str(MAX_JOBS_PER_CHANNEL),
                "SHUTDOWN_GRACE_SECONDS": str(SHUTDOWN_GRACE),
            },
        )
        life = Life(process, time.time())
        life.reading = asyncio.create_task(self._read(life))
        self.lives.append(life)

    def kill(self) -> None:
        """SIGKILL."""
        self.life.by = "SIGKILL"
        self.life.process.kill()

    def stop(self) -> None:
        """SIGTERM."""
        self.life.by = TWICE if self.life.by else "SIGTERM"
        self.life.process.terminate()

    async def end(self) -> None:
        """Wait for the end of the newest process, and of its log."""
        if self.lives:
            await self.life.process.wait()
            if self.life.reading is not None:
                await self.life.reading

    async def clean_up(self) -> None:
        """Leave no process behind, whatever happened."""
        if self.is_alive:
            self.kill()
        await self.end()
        self._log.close()

    def kill_executor(self) -> None:
        """SIGKILL for the process that makes the pictures, if there is one."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.life.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if "spawn_main" in " ".join(child.cmdline()):
                        child.kill()

    def rows(self, query: str, *values: object) -> list[Any]:
        """What the database says; nothing before there is one."""
        file = self.folder / DATABASE
        if not file.exists():
            return []
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.row_factory = sqlite3.Row
            try:
                return database.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                return []

    async def _read(self, life: Life) -> None:
        assert life.process.stderr is not None
        async for raw in life.process.stderr:
            self._log.write(raw)
            line = raw.decode(errors="replace").rstrip()
            life.last_words.append(line)
            if SLIPS.search(line):
                self.slips.append(line)
        self._log.flush()
        await life.process.wait()
        life.ended = time.time()
        await self._discord.world.tell()
