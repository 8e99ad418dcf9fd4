"""Who received which edition of a month's report."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table of editions handed out."""
    op.create_table(
        "handout",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("handed_on", sa.Date, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("audit_n", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("ix_handout_month", "handout", ["month"])
