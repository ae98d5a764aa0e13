"""What a job weighs in the line, and whether its author knows its end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; every job so far is as heavy as any other, and its end was told."""
    op.add_column("jobs", sa.Column("weight", sa.Float(), nullable=False, server_default=sa.text("1.0")))
    op.add_column("jobs", sa.Column("tier", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("jobs", sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.true()))
