"""How Alembic runs: on the connection and in the transaction of `csa.program.store`."""

from __future__ import annotations

from alembic import context

from csa.program.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
