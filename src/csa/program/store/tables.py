"""The store's tables: what was decided, and the trail of every change.

Nothing is ever removed. A row that counts in a decision is `Audited`: writing it appends to the
trail by itself (`csa.program.store.audit`), so that no caller can forget to. Keys are texts that
a person can read aloud: `1.2.1`, `B`, `B/task-3`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, ForeignKey, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

# ---- What all tables of the store share: a row whose every change is in the trail.


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


PUBLIC_SECRET = "public secret"  # noqa: S105 - a name
"""The row of `about` with the secret that changes public counts. No page or command shows it."""
PHONE_SECRET = "phone secret"  # noqa: S105 - a name
"""The row of `about` with the secret that opens what phones have locked."""
STORE_ID = "store id"
"""The row of `about` with the place's own random id, which no backup takes along."""


class ActionRow(Audited):
    """The state of one of the plan's actions; the key is the plan's number."""

    __tablename__ = "action"

    status: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    office: Mapped[str] = mapped_column(default="")
    coordinator: Mapped[str] = mapped_column(default="")
    start: Mapped[date | None]
    due: Mapped[date | None]
    percent: Mapped[int | None] = mapped_column(
        CheckConstraint("percent BETWEEN 0 AND 100", "percent")
    )
    evidence: Mapped[str] = mapped_column(default="")
    areas: Mapped[list[str]] = mapped_column(default=list)
    comment: Mapped[str] = mapped_column(default="")
    updated_on: Mapped[date | None]


class ChangeRow(Audited):
    """A change that a coordinator proposes, and its state."""

    __tablename__ = "change"

    action: Mapped[str]
    values: Mapped[dict[str, Any]]
    state: Mapped[str]
    by_office: Mapped[str]
    team: Mapped[str]
    proposed_on: Mapped[date]


class LinkRow(Audited):
    """One action waits for another: added to the plan's own links, or removed from them."""

    __tablename__ = "link"
    prefix = "link "

    action: Mapped[str]
    needs: Mapped[str]
    source: Mapped[str]
    is_removed: Mapped[bool] = mapped_column(default=False)


CANDIDATE, DESIGNATED, MAINTENANCE, RETIRED = "candidate", "designated", "maintenance", "retired"
STATES = (CANDIDATE, DESIGNATED, MAINTENANCE, RETIRED)
ACTIVE = frozenset({DESIGNATED, MAINTENANCE})
REDRAWN = "redrawn"
"""In the evidence of a step: the area was given other cells, and nothing else changed."""


class AreaRow(Audited):
    """A core service area and its status: candidate, designated, maintenance, retired."""

    __tablename__ = "area"
    prefix = "area "

    place_name: Mapped[str]
    state: Mapped[str]
    since: Mapped[date]
    office: Mapped[str] = mapped_column(default="")
    execution_on: Mapped[date | None]


class StepRow(Audited):
    """One step of an area: when, by whom, why, on what evidence, and its exact cells then."""

    __tablename__ = "area_step"
    prefix = "area "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    state: Mapped[str]
    on_date: Mapped[date]
    by_office: Mapped[str]
    reasons: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    cells: Mapped[list[str]]


class BaselineRow(Audited):
    """An area's measures when work in it began."""

    __tablename__ = "baseline"
    prefix = "baseline "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    on_date: Mapped[date]
    values: Mapped[dict[str, Any]]


class TaskRow(Audited):
    """A task of an area's work plan: what, which agency, by when."""

    __tablename__ = "task"
    prefix = "task "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    what: Mapped[str]
    agency: Mapped[str]
    due: Mapped[date | None]
    status: Mapped[str]
    source: Mapped[str]
    is_public: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")  # why it is late, in its office's words
    told_on: Mapped[date | None]  # when its office was told that it is late
    updated_on: Mapped[date]


class MeetingRow(Audited):
    """A walk, a listening session, a group or a progress meeting in an area."""

    __tablename__ = "meeting"
    prefix = "meeting "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    kind: Mapped[str]
    on_date: Mapped[date]
    organisations: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class QuestionRow(Audited):
    """What residents asked for, and the answer: you said, we did."""

    __tablename__ = "asked"
    prefix = "asked "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    asked: Mapped[str]
    asked_on: Mapped[date]
    answered: Mapped[str] = mapped_column(default="")
    answered_on: Mapped[date | None]
    is_public: Mapped[bool] = mapped_column(default=False)  # whether who asked agreed to that


class LessonRow(Audited):
    """What was learned in an area, for the next one."""

    __tablename__ = "lesson"
    prefix = "lesson "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    text: Mapped[str]
    on_date: Mapped[date]


class StakeholderRow(Audited):
    """An organization that takes part in an area; never a private person."""

    __tablename__ = "stakeholder"
    prefix = "stakeholder "

    area: Mapped[str] = mapped_column(ForeignKey("area.key"))
    organisation: Mapped[str]
    part: Mapped[str] = mapped_column(default="")


class MeasureRow(Audited):
    """What was decided about one of the plan's measures: definition, baseline, target, owner."""

    __tablename__ = "measure"
    prefix = "measure "

    definition: Mapped[str] = mapped_column(default="")
    baseline: Mapped[float | None]
    baseline_quarter: Mapped[str] = mapped_column(default="")
    target: Mapped[float | None]
    target_quarter: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    owner: Mapped[str] = mapped_column(default="")


class ValueRow(Audited):
    """A measure's value in one quarter and place; a later revision is added beside the earlier."""

    __tablename__ = "measure_value"
    prefix = "measure "

    measure: Mapped[str] = mapped_column(index=True)
    quarter: Mapped[str] = mapped_column(String(7), index=True)
    place: Mapped[str] = mapped_column(default="")
    number: Mapped[int]
    value: Mapped[float | None]
    numerator: Mapped[float | None]
    denominator: Mapped[float | None]
    answers: Mapped[int | None]
    design_effect: Mapped[float | None]
    basis: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class QuarterRow(Audited):
    """A quarter of measures that was approved: later changes are revisions that show."""

    __tablename__ = "quarter"
    prefix = "quarter "

    is_approved: Mapped[bool]
    approved_on: Mapped[date | None]


class MinuteRow(Audited):
    """A decision of a quarterly review, recorded as it was made."""

    __tablename__ = "minute"
    prefix = "decision "

    meeting_on: Mapped[date] = mapped_column(index=True)
    about: Mapped[str] = mapped_column(default="")
    text: Mapped[str]


class HandoutRow(Audited):
    """An edition of a month's report that an office or a group received; it changes no report."""

    __tablename__ = "handout"
    prefix = "handout "

    snapshot_id: Mapped[str] = mapped_column(String(64))
    month: Mapped[str] = mapped_column(String(7), index=True)
    audience: Mapped[str]
    language: Mapped[str]
    form: Mapped[str]
    recipient: Mapped[str]
    handed_on: Mapped[date]
    sha256: Mapped[str] = mapped_column(String(64))
    audit_n: Mapped[int]


class DrawRow(Audited):
    """A draw of who starts when: its list, closed first, then drawn by a seed said in public."""

    __tablename__ = "draw"

    state: Mapped[str]
    seed_source: Mapped[str]
    closed_on: Mapped[date]
    drawn_on: Mapped[date | None]
    record: Mapped[dict[str, Any]]  # draw.json
    areas: Mapped[str]  # areas.csv: the listed areas with their cells


class CorrectionRow(Audited):
    """Values on record that were wrong, at one of the trail's entries, and what is right."""

    __tablename__ = "correction"
    prefix = "correction "

    subject: Mapped[str]  # the item corrected, by its name in the trail
    entry: Mapped[int]  # the entry that was wrong
    carried: Mapped[int]  # the entry by which its row changed too; 0 if others had changed it since
    was: Mapped[dict[str, Any]]
    now: Mapped[dict[str, Any]]
    on_date: Mapped[date]
    by_office: Mapped[str]
    reasons: Mapped[str]


ZONE_KINDS = ("grant", "site", "beat", "other")


class ZoneRow(Audited):
    """A program's own zone: a grant's area, a site, a beat; its polygons are its versions'."""

    __tablename__ = "zone"
    prefix = "zone "

    name: Mapped[str]
    kind: Mapped[str]
    starts_on: Mapped[date]  # from which day it counts
    ends_on: Mapped[date | None]  # its last day
    by_counts: Mapped[bool]  # whether shootings played a part in drawing it


class ZoneVersionRow(Audited):
    """The polygons of a zone from a day on: as drawn, and the cells that stand for them."""

    __tablename__ = "zone_version"
    prefix = "zone "

    zone: Mapped[str] = mapped_column(ForeignKey("zone.key"))
    starts_on: Mapped[date]
    entered_on: Mapped[date]  # never changed: it decides whether the zone can be sealed
    by_office: Mapped[str]
    reasons: Mapped[str]
    polygons: Mapped[dict[str, Any]]  # GeoJSON, WGS 84
    cells: Mapped[list[str]]
    evidence: Mapped[dict[str, Any]]


class WatchRow(Audited):
    """Who receives early word; nobody does until the Committee has named them."""

    __tablename__ = "watch"
    prefix = "watch "

    is_on: Mapped[bool]
    areas: Mapped[list[str]]  # letters and zones; none for all
    quiet_from: Mapped[int]  # hours in which no mail is sent; equal for none
    quiet_until: Mapped[int]


class WordRow(Audited):
    """Early word of an area: shootings new in the file, or a run of them; each once."""

    __tablename__ = "word"
    prefix = "word "

    area: Mapped[str]
    kind: Mapped[str]
    n: Mapped[int]  # shootings
    first: Mapped[date]  # the days on which they were
    last: Mapped[date]
    marks: Mapped[list[str]]  # of incidents, one-way: the same is never word twice
    receipts: Mapped[dict[str, Any]]  # by office: when its mail was sent
    done: Mapped[str] = mapped_column(default="")  # what was done, in an office's words


class CountTableRow(Audited):
    """Counts without points that others made, or of other cities; the key is the table's name."""

    __tablename__ = "count_table"
    prefix = "counts "

    kind: Mapped[str]
    located: Mapped[str]
    counts: Mapped[dict[str, Any]]  # who counted, place, month: the least and the most it can be
    chosen_on: Mapped[date | None]  # when other cities were chosen


class DraftRow(Base):
    """A draft, which survives a reload; it decides nothing and is not in the trail."""

    __tablename__ = "draft"

    key: Mapped[str] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]]
    at_utc: Mapped[str] = mapped_column(String(27))


class ActivityRow(Base):
    """What an organization did: in no trail, which others read, and a row for 90 days only."""

    __tablename__ = "activity"

    key: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(index=True)
    place: Mapped[str]
    kind: Mapped[str]
    on_date: Mapped[date] = mapped_column(index=True)
    contacts: Mapped[int | None]
    reached: Mapped[int | None]
    hours: Mapped[float | None]
    staff: Mapped[int | None]


class ActivityMonthRow(Base):
    """What an organization did of a kind in a month and place, once its rows are gone."""

    __tablename__ = "activity_month"

    office: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    n: Mapped[int]
    contacts: Mapped[int | None]
    reached: Mapped[int | None]
    hours: Mapped[float | None]
    staff: Mapped[int | None]


class PhoneRow(Base):
    """A phone on which an organization counts without a network, until it is revoked."""

    __tablename__ = "phone"

    key: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str]
    given_on: Mapped[date]
    revoked_on: Mapped[date | None]


AUDITED: tuple[type[Audited], ...] = tuple(Audited.__subclasses__())

METADATA = Base.metadata
"""All tables, once this module is loaded."""
