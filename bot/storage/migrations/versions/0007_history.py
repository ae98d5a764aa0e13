"""What a person has deleted from their history, and their jobs and what was made out of them found quickly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and both indexes; nothing so far is hidden."""
    op.add_column("jobs", sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_jobs_user_id_id", "jobs", ["user_id", "id"])
    op.create_index("ix_jobs_parent_id", "jobs", ["parent_id"])
