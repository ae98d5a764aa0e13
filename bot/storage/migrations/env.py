"""Alembic's entry: runs the migrations on the connection that `bot.storage.database` hands over."""

from __future__ import annotations

from alembic import context

from bot.storage.tables import metadata

# Batches: SQLite alters a table only by copying it.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
