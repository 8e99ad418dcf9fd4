"""Make a public bundle, with its maps; and publish one that was made as a draft."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import shapely

from csa.analysis.analysis import Analysis
from csa.areas.locating import cached_cells
from csa.base.errors import CsaError, ParamError
from csa.base.message import Message
from csa.base.params import Month
from csa.base.text import ENGLISH, LANGUAGES
from csa.city.dataset import City
from csa.disclosure.published import Publication
from csa.program.handouts import EVERYONE, EditionFile, hand_out
from csa.program.plan.items import Plan
from csa.program.roles import Act, require_area_chair
from csa.program.store.engine import Store
from csa.reports.month.facts import MapGround
from csa.reports.month.month_end import ReportInputs
from csa.reports.public.bundle import (
    MARKER,
    carried_on,
    publish_bundle,
    publish_draft,
    read_bundle,
    read_published,
)
from csa.reports.public.facts import PublicFacts
from csa.reports.public.gathering import Published, gather_from
from csa.reports.public.map_sheet import public_map
from csa.reports.public.site import PAGE


@dataclass(frozen=True)
class MadeBundle:
    """A bundle before it is written."""

    published: Published  # what is published, and what is held back
    ledger: tuple[Publication, ...]  # all that was ever published, this quarter included
    maps: Mapping[str, str]  # SVG by language; none where they could not be drawn
    undrawn: Message | None  # why there are none
    shapes: Mapping[str, shapely.Geometry]  # outlines of the neighborhoods

    def write(self, out: Path) -> tuple[str, ...]:
        """Write the bundle whole, or not at all; an older quarter never replaces a newer one."""
        refuse_older(out, self.published.facts.quarter)
        return publish_bundle(out, self.published.facts, self.ledger, self.maps, self.shapes)


def make_bundle(
    analysis: Analysis, plan: Plan | None, month: Month, inputs: ReportInputs
) -> MadeBundle:
    """Make the bundle of the last quarter that is over by a month's end."""
    # Kept, so that the next is a second quicker.
    cached_cells(analysis.city, analysis.settings.resolution, keep=True)
    made = gather_from(analysis, plan, month, inputs)
    analysis.progress("maps")
    maps, undrawn = _draw(made.facts, analysis.city, inputs.layers)
    ledger = carried_on((*inputs.earlier, made.publication))
    dissolved = analysis.city.dataset.neighborhoods.dissolve("name").geometry
    shapes = dict(zip(dissolved.index, dissolved, strict=True))
    return MadeBundle(made, ledger, maps, undrawn, shapes)


def publish(draft: Path, out: Path) -> tuple[str, ...]:
    """Publish a bundle that was made as a draft: the same bytes, in the public's place."""
    refuse_older(out, read_bundle(draft)[0].quarter)
    return publish_draft(draft, out)


def figures_published(folder: Path, city: str) -> frozenset[str]:
    """Return the digests of all that a bundle's ledger holds; none where there is no bundle."""
    if not (folder / MARKER).is_file():
        return frozenset()
    return frozenset(one.digest for one in read_published(folder, city))


def record_publication(
    store: Store, act: Act, out: Path, month: Month, made_at: tuple[str, int]
) -> bool:
    """Write into the register of hand-outs that a bundle's page is published, and by whom.

    The first of a day stands: False says that it does already. `made_at` is the snapshot of its
    month's editions and the last decision in them.
    """
    require_area_chair(act.person)
    page = hashlib.sha256((out / PAGE).read_bytes()).hexdigest()
    edition = EditionFile(*made_at, str(month), "public", ENGLISH, "html", page)
    try:
        hand_out(store, act, edition, [EVERYONE])
    except ParamError as error:
        if error.message.key != "decide.handed":  # published again on the same day
            raise
        return False
    return True


def refuse_older(out: Path, quarter: str) -> None:
    """Refuse to replace a newer quarter by an older one."""
    if (out / MARKER).is_file():
        newer = read_bundle(out)[0].quarter
        if newer > quarter:
            raise ParamError("publish.older", out=out, newer=newer, quarter=quarter)


def _draw(
    facts: PublicFacts, city: City, layers: Mapping[str, str]
) -> tuple[dict[str, str], Message | None]:
    """Draw the map in each language; where one cannot be, the bundle says so and is whole."""
    dataset = city.dataset
    ground = MapGround(dataset.study_area, dataset.neighborhoods, layers, {})
    try:
        return {
            language: public_map(facts, ground, city.config, language) for language in LANGUAGES
        }, None
    except CsaError as error:
        return {}, error.message
