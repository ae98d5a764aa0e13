"""The tables, and how one row becomes one frozen job."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.comparison import Comparison
from bot.errors import JobUnreadable
from bot.jobs import Job, JobStatus
from bot.parameters import Parameters
from bot.sentences import Sentence

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

#: SQLite numbers rows by itself only in a column of the very type INTEGER, which holds 64 bits there.
Identifier = BigInteger().with_variant(Integer, "sqlite")
Document = JSON().with_variant(JSONB, "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; SQLite keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, naive where the database knows no zones."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SentenceText(TypeDecorator[Sentence]):
    """A sentence as JSON. Older versions kept its English alone, which is read as it stands."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sentence | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value.to_json(), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sentence | None:
        """From the database."""
        if value is None:
            return None
        return Sentence.from_json(json.loads(value)) if value.startswith('["') else Sentence(value)


jobs = Table(
    "jobs",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("parent_id", Identifier, ForeignKey("jobs.id", ondelete="SET NULL")),
    Column("parameters", Document, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", SentenceText),
    Column("remarks", Document, nullable=False),
    Column("locale", String(20)),
    Column("original_id", String(64)),
    Column("comparison", Document),
    Column("weight", Float, nullable=False, server_default=text("1.0")),
    Column("tier", Integer, nullable=False, server_default=text("0")),
    Column("is_told", Boolean, nullable=False, server_default=true()),
    Column("is_hidden", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index(None, "status"),
    Index(None, "user_id", "created_at"),
    Index("ix_jobs_user_id_id", "user_id", "id"),
    Index(None, "parent_id"),
    # Pictures on disk and buttons in old messages bear the id, so it is never given out twice.
    sqlite_autoincrement=True,
)

state = Table(
    "state",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

presets = Table(
    "presets",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("owner_kind", String(8), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("skeleton", String(600), nullable=False),
    Column("version", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    # Names that look alike are one name.
    Index("ix_presets_skeleton", "owner_kind", "owner_id", "skeleton", unique=True),
    sqlite_autoincrement=True,
)
#: A version never changes: old results say what they used.
preset_versions = Table(
    "preset_versions",
    metadata,
    Column("preset_id", Identifier, ForeignKey("presets.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("parameters", Document, nullable=False),
    Column("locked", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
preset_codes = Table(
    "preset_codes",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("preset_id", Identifier, ForeignKey("presets.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index(None, "preset_id"),
)
preset_defaults = Table(
    "preset_defaults",
    metadata,
    Column("owner_kind", String(8), primary_key=True),
    Column("owner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("preset_id", Identifier, ForeignKey("presets.id", ondelete="CASCADE"), nullable=False),
)


def job_from_row(row: RowMapping) -> Job:
    """The job of one row of `jobs`. Raises `JobUnreadable` for parameters that this version does not know."""
    values = dict(row)
    try:
        parameters = Parameters.model_validate(values.pop("parameters"))
        status = JobStatus(values.pop("status"))
        remarks = tuple(map(Sentence.from_json, values.pop("remarks")))
        compared = values.pop("comparison")
        comparison = None if compared is None else Comparison.from_json(compared, parameters)
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        raise JobUnreadable(
            "Job #{job} was recorded by another version of this bot and cannot be read any more.", job=row["id"]
        ) from error
    return Job(parameters=parameters, status=status, remarks=remarks, comparison=comparison, **values)
