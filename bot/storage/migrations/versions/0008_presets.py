"""Presets with their versions, the codes by which they are passed on, and those that are used where none is named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    identifier = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    document = sa.JSON().with_variant(JSONB, "postgresql")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "presets",
        sa.Column("id", identifier, autoincrement=True),
        sa.Column("owner_kind", sa.String(8), nullable=False),
        sa.Column("owner_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("skeleton", sa.String(600), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_presets"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_presets_skeleton", "presets", ["owner_kind", "owner_id", "skeleton"], unique=True)
    op.create_table(
        "preset_versions",
        sa.Column("preset_id", identifier, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("parameters", document, nullable=False),
        sa.Column("locked", document, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("preset_id", "version", name="pk_preset_versions"),
        _of_preset("preset_versions"),
    )
    op.create_table(
        "preset_codes",
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("preset_id", identifier, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.PrimaryKeyConstraint("code", name="pk_preset_codes"),
        _of_preset("preset_codes"),
    )
    op.create_index("ix_preset_codes_preset_id", "preset_codes", ["preset_id"])
    op.create_table(
        "preset_defaults",
        sa.Column("owner_kind", sa.String(8), nullable=False),
        sa.Column("owner_id", sa.BigInteger, nullable=False),
        sa.Column("preset_id", identifier, nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", name="pk_preset_defaults"),
        _of_preset("preset_defaults"),
    )


def _of_preset(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["preset_id"], ["presets.id"], name=f"fk_{table}_preset_id", ondelete="CASCADE")
