"""Which picture a job makes again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; older jobs make none again."""
    op.add_column("jobs", sa.Column("original_id", sa.String(64)))
