"""What a person has asked for lately is found without reading everybody's jobs."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_jobs_user_id", "jobs", ["user_id", "created_at"])
