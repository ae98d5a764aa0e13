"""What a job compares on one sheet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; older jobs compare nothing."""
    op.add_column("jobs", sa.Column("comparison", sa.JSON().with_variant(JSONB, "postgresql")))
