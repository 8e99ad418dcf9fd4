"""What new files would change, before anything is changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.base.errors import CsaError, PeriodError, PrivacyError
from csa.base.io import require_writable
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import Translator, day as day_words, month, month as month_words, render, tr
from csa.change.zoning import LEAST_BEFORE, base_months
from csa.city.dataset import Dataset
from csa.disclosure.published import Publication
from csa.ingest.basemap_files import MARKER as BASEMAP_MARKER, load_basemap
from csa.ingest.intake import Intake
from csa.program.plan.items import Plan
from csa.reports.editions.phrases import audience_name
from csa.reports.making import for_residents
from csa.reports.pdf import require_pdf
from csa.reports.public.bundle import MARKER as BUNDLE_MARKER, carried_on, read_published
from csa.reports.public.gathering import refused
from csa.reports.public.texts import unquoted
from csa.workflow.month_place import MonthPlace

MOST_MONTHS = 4
"""Months whose count changed that a sentence names."""
GONE_SHARE = 0.1
"""Of what was known: with more gone, the files are hardly the whole list."""


@dataclass(frozen=True)
class MonthPreview:
    """What a new reading of a city's files differs in from the dataset that is served."""

    month: str  # the month that would be reported, the last that the data cover to its end
    data_through: str  # last day of the data
    was_through: str | None  # last day of the dataset that is served; None for the first
    incidents: int  # in the new reading
    before: int  # in the dataset that is served
    new: int  # incidents that were not known
    late: int  # of those, in days that the dataset covered already
    gone: int  # incidents that are no longer in the files
    now_homicides: int  # incidents that were nonfatal and are homicides now
    moved: int  # incidents with another day or place
    counts: tuple[tuple[str, int, int], ...]  # month, count it had, count it has; oldest first
    suspect_points: int  # points that may stand for others
    in_month: int  # incidents of the month that would be reported
    homicides_in_month: int  # homicides among them

    @property
    def is_first(self) -> bool:
        """Whether there was no dataset before."""
        return self.was_through is None

    @property
    def is_same(self) -> bool:
        """Whether the files tell nothing new."""
        differs = self.new or self.gone or self.now_homicides or self.moved
        return not differs and self.was_through == self.data_through

    @property
    def loses_much(self) -> bool:
        """Whether so much is gone that the files are hardly the whole list."""
        return self.gone > GONE_SHARE * self.before

    def to_json(self) -> dict[str, Any]:
        """Return the preview as JSON can hold it."""
        return asdict(self)


def preview(intake: Intake, served: Dataset | None) -> MonthPreview:
    """Compare a new reading with the dataset that is served.

    Raises
    ------
    PeriodError
        If the new reading covers no month to its end.
    """
    new = intake.dataset
    if new.complete_months is None:
        raise PeriodError("month.no_month")
    month = new.complete_months.until.plus(-1)
    now = _by_id(new.incidents)
    was = _by_id(served.incidents) if served is not None else now.head(0)
    through = served.report["data_through"] if served is not None else None
    fresh, both = now.index.difference(was.index), now.index.intersection(was.index)
    is_late = now.loc[fresh, "day"] <= pd.Timestamp(through) if through else pd.Series(dtype=bool)
    before, after = was.loc[both], now.loc[both]
    is_moved = (before["day"] != after["day"]) | (before["place"] != after["place"])
    is_in = now["day"].dt.strftime("%Y-%m") == str(month)
    return MonthPreview(
        month=str(month),
        data_through=str(new.report["data_through"]),
        was_through=through,
        incidents=len(now),
        before=len(was),
        new=len(fresh),
        late=int(is_late.sum()),
        gone=len(was.index.difference(now.index)),
        now_homicides=int(((before["kind"] == "nonfatal") & (after["kind"] == "homicide")).sum()),
        moved=int(is_moved.sum()),
        counts=tuple(_changed_months(was, now, through)),
        suspect_points=int(new.report["suspect_points_total"]),
        in_month=int(is_in.sum()),
        homicides_in_month=int((now["kind"][is_in] == "homicide").sum()),
    )


def _by_id(incidents: pd.DataFrame) -> pd.DataFrame:
    lon, lat = (incidents[axis].round(6).map(str).astype("str") for axis in ("lon", "lat"))
    day = incidents["occurred_at"].dt.normalize()
    table = pd.DataFrame({"day": day, "kind": incidents["kind"], "place": lon + " " + lat})
    table.index = pd.Index(incidents["incident_id"].astype("str"), name="incident_id")
    return table


def _changed_months(
    was: pd.DataFrame, now: pd.DataFrame, through: str | None
) -> Iterator[tuple[str, int, int]]:
    """Yield the months, known before to their end, whose count changed."""
    if through is None:
        return
    after = pd.Timestamp(through) + pd.Timedelta(days=1)
    counts = pd.DataFrame(
        {
            name: table["day"].dt.strftime("%Y-%m").value_counts()
            for name, table in (("was", was), ("now", now))
        }
    ).fillna(0)
    for name, row in counts.sort_index().iterrows():
        is_complete = pd.Timestamp(f"{name}-01") + pd.offsets.MonthBegin(1) <= after
        if is_complete and row["was"] != row["now"]:
            yield str(name), int(row["was"]), int(row["now"])


def preview_sentences(found: MonthPreview) -> Iterator[Message]:
    """Describe what would change, one sentence a matter."""
    through = day_words(date.fromisoformat(found.data_through))
    counts = {"n": found.in_month, "homicides": found.homicides_in_month}
    yield msg("month.in_month", month=month_words(found.month), **counts)
    if found.was_through is None:
        yield msg("month.first", n=found.incidents, through=through)
    else:
        was = day_words(date.fromisoformat(found.was_through))
        if found.is_same:
            yield msg("month.same", through=through)
            return
        yield msg("month.new", n=found.new, through=through, was=was)
        if found.late:
            yield msg("month.late", n=found.late, was=was)
        if found.gone:
            yield msg("month.gone", n=found.gone)
        if found.now_homicides:
            yield msg("month.now_homicides", n=found.now_homicides)
        if found.moved:
            yield msg("month.moved", n=found.moved)
        yield from _count_sentences(found)
    if found.suspect_points:
        yield msg("month.suspect", n=found.suspect_points)
    if found.loses_much:
        yield msg("month.loses_much", n=found.gone, before=found.before)


def _count_sentences(found: MonthPreview) -> Iterator[Message]:
    newest = found.counts[-MOST_MONTHS:]
    if newest:
        listed = "; ".join(
            str(msg("label.was_now", month=month_words(month), was=was, now=now))
            for month, was, now in newest
        )
        n_more = len(found.counts) - len(newest)
        more = str(msg("month.more_months", n=n_more)) if n_more else ""
        yield msg("month.counts", listed=listed, more=more)


# ---- What of a new month cannot be made, and what to do: known before anything is computed.


QUARTERS_END = (3, 6, 9, 12)
RECORD, PROPOSAL, FOLLOWED, PUBLIC, EDITIONS = (
    "past-years",
    "proposal",
    "displacement",
    "public",
    "editions",
)
BACKGROUND = "basemap"
PDFS = f"{EDITIONS}/*.pdf"
"""Products of a month, by their folders; an edition by its own name within its folder."""


@dataclass(frozen=True)
class LeftOut:
    """What of a month is left out, and why."""

    products: tuple[str, ...]  # by their folders
    why: Message  # with what to do

    def to_json(self) -> dict[str, Any]:
        """Return it as month.json holds it: a text that was caught is not quoted."""
        why = render(unquoted(self.why))
        return {"products": list(self.products), "key": self.why.key, "why": why}


@dataclass(frozen=True)
class MonthAhead:
    """What of a month will be left out, and what keeps it from being made at all."""

    left_out: tuple[LeftOut, ...]
    texts: tuple[str, ...]  # public texts that somebody has to read again
    faults: tuple[CsaError, ...]  # why the month cannot be made at all
    layers: Mapping[str, str]  # the maps' background
    earlier: tuple[Publication, ...]  # all that was published

    @property
    def lost(self) -> frozenset[str]:
        """The products that are left out."""
        return frozenset(name for one in self.left_out for name in one.products)

    def to_json(self) -> dict[str, Any]:
        """Return what the preview tells machines."""
        return {
            "left_out": [one.to_json() for one in self.left_out],
            "blocked_by": [render(error.message) for error in self.faults],
        }


def look_ahead(
    analysis: Analysis,
    plan: Plan | None,
    reported: Month,
    place: MonthPlace,
    confirmed: Collection[str] = (),
) -> MonthAhead:
    """Find what of a month will be left out, from its data, its settings and what was decided.

    `confirmed` are codes of public texts that will be confirmed before it is made.
    """
    city, records = analysis.city, analysis.records
    records = replace(records, confirmed=records.confirmed | frozenset(confirmed))
    analysis = analysis.deciding(records)
    left, errors = list[LeftOut](), list[CsaError]()
    why = _not_followed(analysis, reported)
    if why is not None:
        left.append(LeftOut((FOLLOWED,), why))
    layers: Mapping[str, str] = {}
    try:
        if (place.basemap / BASEMAP_MARKER).is_file():
            layers = load_basemap(place.basemap).layers
    except CsaError as error:
        left.append(LeftOut((BACKGROUND,), error.message))
    earlier: tuple[Publication, ...] = ()
    try:
        if (place.bundle / BUNDLE_MARKER).is_file():
            earlier = carried_on(read_published(place.bundle, city.config.city.id))
    except CsaError as error:  # without it, a count could be published twice, changed otherwise
        errors.append(error)
    errors += refused(analysis, plan, reported)
    of_public = public_products(reported, is_served=bool(analysis.core_areas))
    left += [LeftOut(of_public, error.message) for error in errors]
    texts = [text for one in errors if isinstance(one, PrivacyError) for text in one.texts]
    faults = list(_faults(place.home))
    optional = [error for error in faults if error.message.key == "report_file.no_weasyprint"]
    left += [LeftOut((PDFS,), error.message) for error in optional]  # the same as HTML is made
    faults = [error for error in faults if error not in optional]
    return MonthAhead(tuple(left), tuple(texts), tuple(faults), layers, earlier)


def public_products(reported: Month, *, is_served: bool) -> tuple[str, ...]:
    """Name what of a month shows what is public, and nothing else."""
    bundle = (PUBLIC,) if reported.number in QUARTERS_END else ()
    return (*bundle, *(f"{EDITIONS}/{name}" for name in for_residents(is_served=is_served)))


def _not_followed(analysis: Analysis, reported: Month) -> Message | None:
    """Return why areas in service cannot be followed yet; None if they can, or there is none."""
    areas = analysis.areas
    if areas is None:
        return None
    begun = areas.started_before(reported.plus(1))
    if begun is None:
        first = min(life[0].since for life in areas.versions)
        return msg("month.not_begun", since=month(str(first)))
    since = min(ground.versions[0].since for ground in begun.designated)
    try:
        base_months(analysis.city, since)
    except PeriodError:  # later data would not help, as its own sentence says
        start = month(str(analysis.city.dataset.require_months().start))
        few = {"since": month(str(since)), "least": LEAST_BEFORE, "start": start}
        return msg("month.few_before", **few)
    return None


def _faults(home: Path) -> Iterator[CsaError]:
    """Yield what would stop the making after minutes: a place, a library."""
    for require in (partial(require_writable, home), require_pdf):
        try:
            require()
        except CsaError as error:
            yield error


def ahead_sentences(found: MonthAhead) -> Iterator[str]:
    """Describe what keeps the month from being made, then what will be left out."""
    for error in found.faults:
        yield tr("month.blocked", why=render(error.message))
    for one in found.left_out:
        yield left_out_sentence(one.products, render(one.why))


def left_out_sentence(products: Collection[str], why: str) -> str:
    """Name what is left out, and why."""
    names = [*map(product_name, products)]
    return tr("month.left_out", products=Translator().listed(names), why=why)


def product_name(product: str) -> str:
    """Return what people call a product of a month."""
    names = {
        RECORD: tr("month.product_record"),
        PROPOSAL: tr("month.product_proposal"),
        FOLLOWED: tr("month.product_followed"),
        PUBLIC: tr("month.product_public"),
        EDITIONS: tr("month.product_editions"),
        BACKGROUND: tr("month.product_background"),
    }
    edition = audience_name(product.rpartition("/")[2])
    return names.get(product) or tr("month.product_edition", edition=edition)
