"""Draws of who starts when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table of draws."""
    op.create_table(
        "draw",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("seed_source", sa.Text, nullable=False),
        sa.Column("closed_on", sa.Date, nullable=False),
        sa.Column("drawn_on", sa.Date),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("areas", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
