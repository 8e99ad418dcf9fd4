"""Why a task is late, in its office's words, and the day its office was told that it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add both to tasks."""
    op.add_column("task", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.add_column("task", sa.Column("told_on", sa.Date))
