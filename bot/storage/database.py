"""Opening the database: its URL, its connections, its schema, and what stands in the way, said in sentences."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import DatabaseInUse, StartupFailed
from bot.files import can_write

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
#: How long a change waits for another program (a backup, a browser of databases) to let go of the file, unless the URL
#: says `?timeout=`.
BUSY_TIMEOUT_SECONDS = 5
#: The driver that this bot speaks to each kind of database with.
DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
EXAMPLE = "sqlite+aiosqlite:///data/imagine-bot.db"


class Schema(StrEnum):
    """How far a database is, before anything is done to it."""

    MISSING = "missing"  #: the first start makes it
    OLDER = "older"  #: the next start brings it up to date
    CURRENT = "current"


@asynccontextmanager
async def open_database(text: str) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """A database with the schema of this version: an engine for changes, and one for reading beside them.

    Raises `StartupFailed` with a sentence.
    """
    url = parse_url(text)
    async with AsyncExitStack() as stack:
        if url.get_backend_name() == "sqlite":
            engine, reader = _sqlite_engines(url, stack)
        else:
            engine = reader = _server_engine(url)
        for each in (engine, reader):
            stack.push_async_callback(each.dispose)
        try:
            await _to_its_end(_upgrade(engine))
            # Its connection, too, is there before anybody waits for an answer.
            await _to_its_end(_connect(reader))
        except CommandError as error:
            raise StartupFailed(f"The database {_shown(url)} cannot be brought up to date: {error}") from error
        except (SQLAlchemyError, OSError) as error:
            raise StartupFailed(_why_not(url, error)) from error
        yield engine, reader


async def look_at_database(text: str) -> Schema:
    """How the database is, without a change to it and without its lock. Raises `StartupFailed` as a start would."""
    url = parse_url(text)
    engine = _sqlite_reader(url) if url.get_backend_name() == "sqlite" else _server_engine(url)
    if engine is None:
        return Schema.MISSING
    try:
        async with engine.connect() as connection:
            current, steps = await connection.run_sync(_revisions)
    except (SQLAlchemyError, OSError) as error:
        raise StartupFailed(_why_not(url, error)) from error
    finally:
        await engine.dispose()
    if current is None:
        return Schema.MISSING
    if current not in steps:
        raise _too_new(url)
    return Schema.CURRENT if current == steps[0] else Schema.OLDER


def _revisions(connection: Connection) -> tuple[str | None, list[str]]:
    """The one that a database is at, and all that this version knows, newest first."""
    current = MigrationContext.configure(connection).get_current_revision()
    return current, [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _sqlite_reader(url: URL) -> AsyncEngine | None:
    """For looking only; None where there is no file yet."""
    file = Path(str(url.database)).absolute()
    _check_writable(file)
    if not file.exists():
        return None
    # As nobody's while no other has it open: to read beside a writer, SQLite would make files of its own.
    alone = {} if Path(f"{file}-wal").exists() else {"immutable": "1"}
    where = url.set(database=file.as_uri(), query={"mode": "ro", "uri": "true", **alone})
    return create_async_engine(where, poolclass=NullPool, hide_parameters=True)


def _check_writable(file: Path) -> None:
    """Raises `StartupFailed` where the file, or the nearest folder above it, is not to be written to."""
    there = next(path for path in (file, *file.parents) if path.exists())
    folder = there.parent if there == file else there
    if not os.access(there, os.W_OK) or not can_write(folder):
        raise StartupFailed(
            f"{there} cannot be written to. Make it writable, or name another one in DATA_DIR or DATABASE_URL."
        )


async def _upgrade(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


async def _connect(engine: AsyncEngine) -> None:
    async with engine.connect():
        pass


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Be cancelled after the work only: a connection that is left half open has a thread that outlives the loop."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def parse_url(text: str) -> URL:
    """The URL in `DATABASE_URL`, with this bot's driver. `StartupFailed` says what would be right."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # Not quoted: it may hold a password in a place where no parser finds it.
        raise StartupFailed(f"DATABASE_URL is not the URL of a database. An example: {EXAMPLE}") from error
    backend = url.drivername.partition("+")[0]
    backend = "postgresql" if backend == "postgres" else backend
    if backend not in DRIVERS:
        raise StartupFailed(
            f"DATABASE_URL names {backend}. This bot speaks sqlite and postgresql; an example: {EXAMPLE}"
        )
    url = url.set(drivername=f"{backend}+{DRIVERS[backend]}")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise StartupFailed(f"DATABASE_URL must name a file, so that no job is forgotten. An example: {EXAMPLE}")
    return url


def upgrade(connection: Connection) -> None:
    """Apply the migrations that this database has not seen. Raises `StartupFailed` when it has seen newer ones."""
    config = _config()
    config.attributes["connection"] = connection
    current, known = _revisions(connection)
    if current is not None and current not in known:
        raise _too_new(connection.engine.url)
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _too_new(url: URL) -> StartupFailed:
    return StartupFailed(
        f"The database {_shown(url)} was written by a newer version of imagine-bot. "
        "Update the bot, or name another database in DATABASE_URL."
    )


def _sqlite_engines(url: URL, stack: AsyncExitStack) -> tuple[AsyncEngine, AsyncEngine]:
    file = Path(str(url.database)).absolute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # A second bot on this file would take the jobs of the first for its own. The system lets go of the lock
        # when the process ends, however it ends.
        stack.enter_context(FileLock(f"{file}.lock", timeout=0))
    except Timeout as error:
        raise DatabaseInUse(
            f"Another imagine-bot is running on the database {file}. Stop it, or name another one in DATABASE_URL."
        ) from error
    except OSError as error:
        raise StartupFailed(
            f"The folder {file.parent} cannot be written to: {error.strerror}. "
            "Make it writable, or name another one in DATA_DIR or DATABASE_URL."
        ) from error
    # FULL: what was acknowledged survives a power cut, at one fsync a commit.
    writing = ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"]
    # By itself the driver begins no transaction before DDL, and a migration that fails half way would leave its half.
    engine = _sqlite_engine(url, file, writing, "BEGIN IMMEDIATE")
    # With the log of WAL, who reads waits for no lock of who writes, be it this bot or another program.
    reader = _sqlite_engine(url, file, ["PRAGMA query_only = ON"], "BEGIN")
    return engine, reader


def _sqlite_engine(url: URL, file: Path, pragmas: Sequence[str], begin: str) -> AsyncEngine:
    # One connection: statements take milliseconds, and writers that never meet never wait for each other's locks.
    engine = create_async_engine(
        url.set(database=str(file), query={"timeout": str(BUSY_TIMEOUT_SECONDS), **url.query}),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,  # errors end up in logs, and a prompt is nobody's business there
        connect_args={"isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()
        # SQLite's own knows ASCII alone, and people search for “Äpfel”.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _server_engine(url: URL) -> AsyncEngine:
    try:
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise StartupFailed(
            f"DATABASE_URL asks for the driver {url.get_driver_name()}, which is not installed. "
            f"Install it: pip install {url.get_driver_name()}"
        ) from error


def _why_not(url: URL, error: Exception) -> str:
    shown = _shown(url)
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        code = (getattr(cause, "sqlite_errorname", None) or "").split("_")
        if "NOTADB" in code or "CORRUPT" in code:
            return f"{shown} is not a SQLite database, or a damaged one. Move it away, or name another in DATABASE_URL."
        if "BUSY" in code or "LOCKED" in code:
            return f"The database {shown} is locked by another program. Close that program and start again."
        if "CANTOPEN" in code or "READONLY" in code or "PERM" in code:
            return f"The database {shown} cannot be opened for writing. Make the file and its folder writable."
    return f"The database {shown} cannot be opened: {cause}"


def _shown(url: URL) -> str:
    """The URL for people: a file by its path, a server without its password."""
    if url.get_backend_name() == "sqlite":
        return str(Path(str(url.database)).absolute())
    return url.render_as_string(hide_password=True)
