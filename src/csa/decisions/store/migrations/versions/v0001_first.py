"""The first tables, and a trail that cannot be changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from csa.decisions.store.guard import guard_trail

revision = "0001"
down_revision = None

TEXT = sa.Text()


def upgrade() -> None:
    """Make the tables."""
    _trail()
    _plan()
    _areas()
    _work()
    _measures()
    guard_trail(op.get_bind())


def _table(name: str, *columns: sa.Column[Any] | sa.Constraint) -> None:
    """Create a table of rows whose changes are recorded."""
    key = sa.Column("key", TEXT, primary_key=True)
    op.create_table(name, key, *columns, sa.Column("revision", sa.Integer, nullable=False))


def _needed(name: str, kind: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _area() -> sa.Column[Any]:
    return sa.Column("area", TEXT, sa.ForeignKey("area.key"), nullable=False)


def _trail() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        _needed("at_utc", sa.String(27)),
        _needed("by_office"),
        _needed("item"),
        sa.Column("old", TEXT),
        _needed("new"),
        _needed("why"),
        _needed("hash", sa.String(64)),
    )


def _plan() -> None:
    _table(
        "action",
        _needed("status"),
        _needed("reason"),
        _needed("office"),
        _needed("coordinator"),
        sa.Column("start", sa.Date),
        sa.Column("due", sa.Date),
        sa.Column("percent", sa.Integer),
        _needed("evidence"),
        _needed("areas", sa.JSON()),
        _needed("comment"),
        _needed("updated_on", sa.Date()),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
    )
    _table(
        "change",
        _needed("action"),
        _needed("values", sa.JSON()),
        _needed("state"),
        _needed("by_office"),
        _needed("team"),
        _needed("proposed_on", sa.Date()),
    )
    _table(
        "link",
        _needed("action"),
        _needed("needs"),
        _needed("source"),
        _needed("is_removed", sa.Boolean()),
    )
    op.create_table(
        "draft",
        sa.Column("key", TEXT, primary_key=True),
        _needed("values", sa.JSON()),
        _needed("at_utc", sa.String(27)),
    )


def _areas() -> None:
    _table(
        "area",
        _needed("place_name"),
        _needed("state"),
        _needed("since", sa.Date()),
        _needed("office"),
        sa.Column("execution_on", sa.Date),
    )
    _table(
        "area_step",
        _area(),
        _needed("state"),
        _needed("on_date", sa.Date()),
        _needed("by_office"),
        _needed("reasons"),
        _needed("evidence", sa.JSON()),
        _needed("cells", sa.JSON()),
    )
    _table("baseline", _area(), _needed("on_date", sa.Date()), _needed("values", sa.JSON()))


def _work() -> None:
    _table(
        "task",
        _area(),
        _needed("what"),
        _needed("agency"),
        sa.Column("due", sa.Date),
        _needed("status"),
        _needed("source"),
        _needed("is_public", sa.Boolean()),
        _needed("updated_on", sa.Date()),
    )
    _table(
        "meeting",
        _area(),
        _needed("kind"),
        _needed("on_date", sa.Date()),
        _needed("organisations"),
        _needed("note"),
    )
    _table(
        "asked",
        _area(),
        _needed("asked"),
        _needed("asked_on", sa.Date()),
        _needed("answered"),
        sa.Column("answered_on", sa.Date),
        _needed("is_public", sa.Boolean()),
    )
    _table("lesson", _area(), _needed("text"), _needed("on_date", sa.Date()))
    _table("stakeholder", _area(), _needed("organisation"), _needed("part"))


def _measures() -> None:
    _table(
        "measure",
        _needed("definition"),
        sa.Column("baseline", sa.Double),
        _needed("baseline_quarter"),
        sa.Column("target", sa.Double),
        _needed("target_quarter"),
        _needed("source"),
        _needed("owner"),
    )
    _table(
        "measure_value",
        _needed("measure"),
        _needed("quarter", sa.String(7)),
        _needed("place"),
        _needed("number", sa.Integer()),
        sa.Column("value", sa.Double),
        sa.Column("numerator", sa.Double),
        sa.Column("denominator", sa.Double),
        sa.Column("answers", sa.Integer),
        sa.Column("design_effect", sa.Double),
        _needed("basis"),
        _needed("note"),
    )
    for name in ("measure", "quarter"):
        op.create_index(f"ix_measure_value_{name}", "measure_value", [name])
    _table("quarter", _needed("is_approved", sa.Boolean()), sa.Column("approved_on", sa.Date))
    _table("minute", _needed("meeting_on", sa.Date()), _needed("about"), _needed("text"))
    op.create_index("ix_minute_meeting_on", "minute", ["meeting_on"])
