"""What was wrong on record, and what is right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table of corrections."""
    op.create_table(
        "correction",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("carried", sa.Integer, nullable=False),
        sa.Column("was", sa.JSON, nullable=False),
        sa.Column("now", sa.JSON, nullable=False),
        sa.Column("on_date", sa.Date, nullable=False),
        sa.Column("by_office", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
