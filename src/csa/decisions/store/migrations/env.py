"""How Alembic runs: on a connection that `csa.decisions.store.migrating` gives, in its transaction."""

from __future__ import annotations

from alembic import context

from csa.decisions.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
