"""How the bot is, at a glance and once an hour in the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bot import __version__
from bot.errors import BotError, StorageUnavailable
from bot.executors import ExecutorHealth
from bot.files import free_space
from bot.jobs import Job, JobStatus
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.pace import Kind, Pace
from bot.services.generation import GenerationService
from bot.storage import Storage

log = logging.getLogger(__name__)

HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """What goes out to Discord: messages that are kept current, and of these the ends that are not there yet.

    `refusals` are those for asking too often, since the start; `refused_at` is when the last came.
    """

    messages: int
    ends: int
    refusals: int
    refused_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """The bot at one moment. `usual_seconds` is what one picture takes by default, None before it is known.

    `memory` are the bytes that the device has left, once the model is loaded; `latency` the seconds until the database
    answered, None when it did not; `disk` the bytes that are free there.
    """

    executor: ExecutorHealth
    memory: int | None
    model: ModelInfo
    waiting: int
    running: tuple[int, ...]
    done_at: datetime | None
    usual_seconds: float | None
    database: str
    latency: float | None
    disk: int
    outgoing: Outgoing
    version: str
    started_at: datetime

    def line(self) -> str:
        """All of it in one line for the log."""
        executor, outgoing = self.executor, self.outgoing
        parts = [
            f"executor {executor.state}",
            *([f"on {executor.device}"] if executor.device else []),
            *([f"{gigabytes(self.memory)} of memory free"] if self.memory is not None else []),
            f"restarts {executor.restarts}",
            f"waiting {self.waiting}",
            f"running {', '.join(map(str, self.running)) or 'none'}",
            *([f"a picture takes {self.usual_seconds:.1f} s"] if self.usual_seconds is not None else []),
            f"{self.database} {'is away' if self.latency is None else f'{self.latency * 1000:.1f} ms'}",
            f"disk {gigabytes(self.disk)} free",
            f"messages {outgoing.messages}, ends to bring {outgoing.ends}, refused for haste {outgoing.refusals}",
            f"version {self.version}, up since {self.started_at:%Y-%m-%d %H:%M} UTC",
        ]
        return " · ".join(parts)


class HealthService:
    """Looks at everything that may be wrong."""

    def __init__(self, storage: Storage, generation: GenerationService, pace: Pace, data_dir: Path) -> None:
        self._storage = storage
        self._generation = generation
        self._pace = pace
        self._data_dir = data_dir
        self._started_at = datetime.now(UTC)
        self._usual = Kind.of(_usual_job(generation.model))

    async def look(self, outgoing: Outgoing) -> Health:
        """How everything is now; `outgoing` is what those know who speak with Discord."""
        generation = self._generation
        executor, line = generation.health(), generation.line()
        running = tuple(job.id for job in line if job.status is JobStatus.RUNNING)
        try:
            latency = await self._storage.ping()
        except StorageUnavailable:
            latency = None
        return Health(
            executor=executor,
            memory=None if executor.memory is None else executor.memory.available(),
            model=generation.model,
            waiting=len(line) - len(running),
            running=running,
            done_at=max(generation.expected_at().values(), default=None),
            usual_seconds=self._pace.seconds(self._usual, executor.device),
            database=self._storage.kind,
            latency=latency,
            disk=await asyncio.to_thread(free_space, self._data_dir),
            outgoing=outgoing,
            version=__version__,
            started_at=self._started_at,
        )


class HealthLog:
    """Writes a line into the log once in `every` seconds. An async context manager: inside it."""

    def __init__(self, health: HealthService, outgoing: Callable[[], Outgoing], every: float = HOUR_S) -> None:
        self._health = health
        self._outgoing = outgoing
        self._every = every
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write(), name="health log")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                health = await self._health.look(self._outgoing())
            except (BotError, OSError):
                log.exception("how the bot is cannot be seen")
            else:
                log.info("health: %s", health.line())


def gigabytes(size: int) -> str:
    """Bytes as disks and devices are sold."""
    return f"{size / 1e9:.1f} GB"


def _usual_job(model: ModelInfo) -> Job:
    """What somebody asks for who says a prompt and nothing else."""
    parameters = merge(model, {"prompt": "any"})
    return Job(id=0, guild_id=None, channel_id=0, user_id=0, parameters=parameters, created_at=datetime.now(UTC))
