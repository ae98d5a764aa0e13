"""Presets in the database: each version for ever, the newest by its name, codes and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import InvalidParameters
from bot.presets import Owner, OwnerKind, Preset
from bot.presets.partial import checked, readable, to_json
from bot.storage.tables import preset_codes, preset_defaults, preset_versions, presets

Connected = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class NameTaken(Exception):
    """The owner has a preset already whose name is, or looks like, that one."""


class TooMany(Exception):
    """The owner has as many as one may have."""


class PresetRecords:
    """What is known of presets. Every method is one transaction."""

    def __init__(self, transaction: Connected, reading: Connected) -> None:
        self._transaction = transaction
        self._reading = reading

    async def everything(self) -> Sequence[RowMapping]:
        """The newest versions, as rows for `preset_from_row`: there may be thousands to read."""
        async with self._reading() as connection:
            return (await connection.execute(_newest())).mappings().all()

    async def defaults(self) -> dict[Owner, int]:
        """The ids of the presets that are used where none is named."""
        async with self._reading() as connection:
            rows = (await connection.execute(select(preset_defaults))).mappings().all()
        return {_owner(row): row["preset_id"] for row in rows}

    async def create(
        self, owner: Owner, name: str, skeleton: str, values: Mapping[str, Any], locked: frozenset[str], most: int
    ) -> Preset:
        """A new preset in its first version. Raises `NameTaken`, and `TooMany` where the owner has `most` already."""
        async with self._transaction() as connection:
            mine = and_(presets.c.owner_kind == owner.kind, presets.c.owner_id == owner.id)
            counted = select(func.count()).select_from(presets).where(mine)
            if (await connection.execute(counted)).scalar_one() >= most:
                raise TooMany
            await _check_free(connection, owner, skeleton)
            statement = insert(presets).values(
                owner_kind=owner.kind, owner_id=owner.id, name=name, skeleton=skeleton, version=1, uses=0
            )
            preset_id = await _executed(connection, statement.returning(presets.c.id))
            await _keep_version(connection, preset_id, 1, values, locked)
        return Preset(id=preset_id, owner=owner, name=name, version=1, values=values, locked=locked)

    async def replace(
        self, preset_id: int, version: int, values: Mapping[str, Any], locked: frozenset[str]
    ) -> Preset | None:
        """The next version of that preset, if `version` is its newest; None when it is not, or the preset is gone."""
        statement = (
            update(presets)
            .where(presets.c.id == preset_id, presets.c.version == version)
            .values(version=version + 1)
            .returning(presets.c.id)
        )
        async with self._transaction() as connection:
            if (await connection.execute(statement)).scalar_one_or_none() is None:
                return None
            await _keep_version(connection, preset_id, version + 1, values, locked)
            row = (await connection.execute(_newest().where(presets.c.id == preset_id))).mappings().one()
        return preset_from_row(row)

    async def rename(self, preset: Preset, name: str, skeleton: str) -> bool:
        """Whether that preset is there and now has that name. Raises `NameTaken`."""
        async with self._transaction() as connection:
            await _check_free(connection, preset.owner, skeleton, besides=preset.id)
            statement = update(presets).where(presets.c.id == preset.id).values(name=name, skeleton=skeleton)
            return await _executed(connection, statement.returning(presets.c.id)) is not None

    async def delete(self, preset_id: int) -> None:
        """That preset is gone, with its versions and codes."""
        async with self._transaction() as connection:
            await connection.execute(delete(presets).where(presets.c.id == preset_id))

    async def count_use(self, preset_id: int) -> None:
        """One more picture was asked for with it."""
        async with self._transaction() as connection:
            await connection.execute(update(presets).where(presets.c.id == preset_id).values(uses=presets.c.uses + 1))

    async def set_default(self, owner: Owner, preset_id: int | None) -> None:
        """Use that preset where none is named; None is none."""
        mine = and_(preset_defaults.c.owner_kind == owner.kind, preset_defaults.c.owner_id == owner.id)
        async with self._transaction() as connection:
            await connection.execute(delete(preset_defaults).where(mine))
            if preset_id is not None:
                statement = insert(preset_defaults)
                await connection.execute(
                    statement.values(owner_kind=owner.kind, owner_id=owner.id, preset_id=preset_id)
                )

    async def add_code(self, code: str, preset: Preset) -> None:
        """That code now stands for this version of the preset."""
        values = {"code": code, "preset_id": preset.id, "version": preset.version, "created_at": datetime.now(UTC)}
        async with self._transaction() as connection:
            await connection.execute(insert(preset_codes).values(**values))

    async def revoke_codes(self, preset_id: int) -> int:
        """All codes of that preset stand for nothing any more; how many there were."""
        statement = update(preset_codes).where(
            preset_codes.c.preset_id == preset_id, preset_codes.c.revoked_at.is_(None)
        )
        async with self._transaction() as connection:
            return (await connection.execute(statement.values(revoked_at=datetime.now(UTC)))).rowcount

    async def find_code(self, code: str) -> tuple[Preset, bool] | None:
        """What that code stands for, and whether it was revoked; None for one that is unknown."""
        statement = (
            select(*_COLUMNS, preset_codes.c.revoked_at)
            .select_from(preset_codes)
            .join(presets, presets.c.id == preset_codes.c.preset_id)
            .join(
                preset_versions,
                and_(
                    preset_versions.c.preset_id == preset_codes.c.preset_id,
                    preset_versions.c.version == preset_codes.c.version,
                ),
            )
            .where(preset_codes.c.code == code)
        )
        async with self._reading() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        return None if row is None else (preset_from_row(row), row["revoked_at"] is not None)


_COLUMNS = (
    presets.c.id,
    presets.c.owner_kind,
    presets.c.owner_id,
    presets.c.name,
    presets.c.uses,
    preset_versions.c.version,
    preset_versions.c.parameters,
    preset_versions.c.locked,
)


def preset_from_row(row: RowMapping) -> Preset:
    """The preset of one row. What this version does not know of its parameters is left out."""
    said = row["parameters"]
    try:
        values = checked(said)[0]
    except InvalidParameters:
        values = readable(said)[0]
    return Preset(
        id=row["id"],
        owner=_owner(row),
        name=row["name"],
        version=row["version"],
        values=values,
        locked=frozenset(row["locked"]) & values.keys(),
        uses=row["uses"],
    )


def _newest() -> Any:
    both = and_(preset_versions.c.preset_id == presets.c.id, preset_versions.c.version == presets.c.version)
    return select(*_COLUMNS).select_from(presets).join(preset_versions, both).order_by(presets.c.id)


async def _check_free(connection: AsyncConnection, owner: Owner, skeleton: str, besides: int = 0) -> None:
    alike = select(presets.c.id).where(
        presets.c.owner_kind == owner.kind,
        presets.c.owner_id == owner.id,
        presets.c.skeleton == skeleton,
        presets.c.id != besides,
    )
    if (await connection.execute(alike)).first() is not None:
        raise NameTaken


async def _executed(connection: AsyncConnection, statement: Any) -> Any:
    try:
        return (await connection.execute(statement)).scalar_one_or_none()
    except IntegrityError as error:
        # Somebody else was quicker, on a database where two may write at once.
        raise NameTaken from error


async def _keep_version(
    connection: AsyncConnection, preset_id: int, version: int, values: Mapping[str, Any], locked: frozenset[str]
) -> None:
    await connection.execute(
        insert(preset_versions).values(
            preset_id=preset_id,
            version=version,
            parameters=to_json(values),
            locked=sorted(locked),
            created_at=datetime.now(UTC),
        )
    )


def _owner(row: RowMapping) -> Owner:
    return Owner(OwnerKind(row["owner_kind"]), row["owner_id"])
