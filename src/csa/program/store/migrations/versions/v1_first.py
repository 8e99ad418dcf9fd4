"""The tables, a trail that cannot be changed, and the store's own id."""

from __future__ import annotations

import secrets

from alembic import op
from sqlalchemy import insert

from csa.program.store.audit import guard_trail
from csa.program.store.tables import METADATA, STORE_ID, AboutRow

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make them; a version that changes a table first writes here how this one made it."""
    METADATA.create_all(op.get_bind())
    op.execute(insert(AboutRow).values(key=STORE_ID, value=secrets.token_hex(16)))
    guard_trail(op.get_bind())
