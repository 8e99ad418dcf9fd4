"""What of a new month cannot be made, and what to do: known before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from csa.base.errors import CsaError, PeriodError, PrivacyError
from csa.base.io import require_writable
from csa.base.message import Message, say
from csa.base.params import Month
from csa.base.text import Speaker, month, render, speak
from csa.dataset.versioned import City
from csa.decisions.registry import all_services, core_areas, followed
from csa.decisions.store.records import Records
from csa.disclosure.published import Publication
from csa.displacement.zoning import LEAST_BEFORE, base_months
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.ingest.basemap import load_basemap
from csa.plan import Plan
from csa.reports.editions.naming import audience_name
from csa.reports.making import for_residents
from csa.reports.pdf import require_pdf
from csa.reports.public.bundle import MARKER as BUNDLE_MARKER
from csa.reports.public.bundle import carried_on, read_published
from csa.reports.public.gathering import refused
from csa.reports.public.texts import unquoted
from csa.workflow.month_place import MonthPlace

QUARTERS_END = (3, 6, 9, 12)
RECORD, PROPOSAL, FOLLOWED, PUBLIC, EDITIONS = (
    "past-years",
    "proposal",
    "displacement",
    "public",
    "editions",
)
BACKGROUND = "basemap"
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
    city: City,
    plan: Plan | None,
    records: Records,
    reported: Month,
    place: MonthPlace,
    confirmed: Collection[str] = (),
) -> MonthAhead:
    """Find what of a month will be left out, from its data, its settings and what was decided.

    `confirmed` are codes of public texts that will be confirmed before it is made.
    """
    records = replace(records, confirmed=records.confirmed | frozenset(confirmed))
    left, errors = list[LeftOut](), list[CsaError]()
    why = _not_followed(city, records, reported)
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
    errors += refused(city, plan, records, reported)
    of_public = public_products(reported, is_served=bool(core_areas(records)))
    left += [LeftOut(of_public, error.message) for error in errors]
    texts = [text for one in errors if isinstance(one, PrivacyError) for text in one.texts]
    return MonthAhead(tuple(left), tuple(texts), tuple(_faults(place.home)), layers, earlier)


def public_products(reported: Month, *, is_served: bool) -> tuple[str, ...]:
    """Name what of a month shows what is public, and nothing else."""
    bundle = (PUBLIC,) if reported.number in QUARTERS_END else ()
    return (*bundle, *(f"{EDITIONS}/{name}" for name in for_residents(is_served=is_served)))


def _not_followed(city: City, records: Records, reported: Month) -> Message | None:
    """Return why areas in service cannot be followed yet; None if they can, or there is none."""
    areas = followed(all_services(records))
    if areas is None:
        return None
    begun = areas.begun(reported.plus(1))
    if begun is None:
        first = min(life[0].since for life in areas.lives)
        return say("month.not_begun", since=month(str(first)))
    since = min(ground.versions[0].since for ground in begun.designated)
    try:
        base_months(city, since)
    except PeriodError:  # later data would not help, as its own sentence says
        start = month(str(city.dataset.require_months().start))
        few = {"since": month(str(since)), "least": LEAST_BEFORE, "start": start}
        return say("month.few_before", **few)
    return None


def _faults(home: Path) -> Iterator[CsaError]:
    """Yield what would stop the making after minutes: a place, a library."""
    try:
        require_writable(home)
        require_pdf()
    except CsaError as error:
        yield error


def ahead_sentences(found: MonthAhead) -> Iterator[str]:
    """Describe what keeps the month from being made, then what will be left out."""
    for error in found.faults:
        yield speak("month.blocked", why=render(error.message))
    for one in found.left_out:
        yield left_out_sentence(one.products, render(one.why))


def left_out_sentence(products: Collection[str], why: str) -> str:
    """Name what is left out, and why."""
    names = [*map(product_name, products)]
    return speak("month.left_out", products=Speaker().listed(names), why=why)


def product_name(product: str) -> str:
    """Return what people call a product of a month."""
    names = {
        RECORD: speak("month.product_record"),
        PROPOSAL: speak("month.product_proposal"),
        FOLLOWED: speak("month.product_followed"),
        PUBLIC: speak("month.product_public"),
        EDITIONS: speak("month.product_editions"),
        BACKGROUND: speak("month.product_background"),
    }
    edition = audience_name(product.rpartition("/")[2])
    return names.get(product) or speak("month.product_edition", edition=edition)
