"""What all tables of the store share: a row whose every change is in the trail."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables of the store."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


class Audit(Base):
    """One change: who, when, what it was, what it became, why; chained by its hash."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_utc: Mapped[str] = mapped_column(String(27))
    by_office: Mapped[str]
    item: Mapped[str]
    old: Mapped[str | None]
    new: Mapped[str]
    why: Mapped[str]
    hash: Mapped[str] = mapped_column(String(64))


class AboutRow(Base):
    """Facts about the store: which city's it is, and the secret of its public counts."""

    __tablename__ = "about"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Audited(Base):
    """A row whose every change is recorded in the trail.

    Of two who read the same `revision`, the second to write is refused.
    """

    __abstract__ = True

    key: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    revision: Mapped[int] = mapped_column(sort_order=90)
    prefix: ClassVar[str] = ""

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Make the database compare the revision too."""
        return {"version_id_col": cls.revision}

    @property
    def item(self) -> str:
        """The name of this row in the trail."""
        return f"{self.prefix}{self.key}"
