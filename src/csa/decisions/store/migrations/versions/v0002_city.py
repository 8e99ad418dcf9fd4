"""Which city's store it is, and its id; and actions without an update whose office is known."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from csa.decisions.store.tables import STORE_ID

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table that names the store's city, and allow an action without an update."""
    about = op.create_table(
        "about",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.bulk_insert(about, [{"key": STORE_ID, "value": secrets.token_hex(16)}])
    with op.batch_alter_table("action") as table:
        table.alter_column("updated_on", existing_type=sa.Date(), nullable=True)
