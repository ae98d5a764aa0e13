"""What else a job's author should know, and in which language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; older jobs have no remarks."""
    document = sa.JSON().with_variant(JSONB, "postgresql")
    op.add_column("jobs", sa.Column("remarks", document, nullable=False, server_default="[]"))
    op.add_column("jobs", sa.Column("locale", sa.String(20)))
