"""Gather all public facts from data, plan and store, and nothing beyond them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from csa.areas.choices import Choices, Suggestion, city_choices
from csa.backtest.recording import suggestion_of
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.dataset.versioned import City
from csa.decisions.store.records import Records
from csa.disclosure.atoms import LOWEST, THRESHOLD
from csa.disclosure.published import Publication
from csa.disclosure.settle import settle
from csa.displacement.follow import FollowSource
from csa.displacement.past import PastCohort
from csa.plan import Plan
from csa.reports.month.looking import Beside, kept_of, snapshot_for
from csa.reports.month.snapshot import Snapshot, snapshot_of
from csa.reports.public.areas import (
    PooledChange,
    PublicAreaGround,
    areas_shown,
    change_in_all,
    named_anew,
)
from csa.reports.public.counts import (
    AREA,
    CELL,
    DISTRICT,
    PERIOD,
    UNKNOWN,
    UNLOCATED,
    atoms_for,
    draft_of,
)
from csa.reports.public.facts import (
    DensityClass,
    PublicCell,
    PublicFacts,
)
from csa.reports.public.told import (
    actions_of,
    answers_of,
    approved_titles,
    area_told,
    change_told,
    classes_told,
    districts_told,
    level_of,
    tasks_of,
)
from csa.reports.public.window import PublicWindow, settle_window

STEPS = 6
"""Steps of `gather_from`, as `tell` is called."""


@dataclass(frozen=True)
class Published:
    """The published facts, and for the publisher a count of what was held back."""

    facts: PublicFacts  # all public facts
    publication: Publication  # its figures, for the ledger of everything ever published
    held_back: Mapping[str, HeldBack]  # by geography
    n_unknown: int  # located incidents whose source does not say whether they are domestic
    titles: tuple[str, ...] = ()  # action titles written by hand since the plan


@dataclass(frozen=True)
class _Asked:
    """Everything that facts are gathered from."""

    city: City
    plan: Plan | None
    records: Records
    month: Month
    earlier: tuple[Publication, ...]
    choices: Choices
    snapshot: Callable[[Publication], Snapshot]
    suggestion: Suggestion | None = None
    past: tuple[PastCohort, ...] = ()
    tell: Tell = field(default=silent)


def gather_public(
    city: City,
    plan: Plan | None,
    records: Records,
    month: Month,
    earlier: Sequence[Publication] = (),
) -> tuple[PublicFacts, Publication]:
    """Gather all that the public is told of a quarter, from a dataset alone.

    Counts below ten are held back, and so is whatever would give one away.

    Parameters
    ----------
    city
        A city's file, its incidents and its places.
    plan
        The city's plan; None where there is none.
    records
        What was decided; `Records()` where nothing was.
    month
        The quarter's last month.
    earlier
        All that was ever published: what was held back stays so.

    Returns
    -------
    PublicFacts
        What is published.
    Publication
        Its figures, for the ledger of all that was ever published.

    Raises
    ------
    PrivacyError
        If no way is found to hold back enough.
    PeriodError
        If the data do not cover the quarter.

    Examples
    --------
    >>> from dataclasses import replace
    >>> few = replace(city.dataset, incidents=city.dataset.incidents.tail(6).reset_index(drop=True))
    >>> quiet = csa.City(city.config, few)
    >>> facts, publication = csa.gather_public(quiet, None, csa.Records(), csa.Month(2020, 6))
    >>> facts.quarter, facts.n_incidents  # six shootings are too few to be told
    ('2020-Q2', None)
    """
    choices = replace(city_choices(city.config), until=month.plus(1))
    snapshot = snapshot_of(city, month, records, choices)
    before = tuple(earlier)
    asked = _Asked(city, plan, records, month, before, choices, lambda _: snapshot)
    made = _publish(asked)
    return made.facts, made.publication


def gather_from(
    source: FollowSource,
    plan: Plan | None,
    records: Records,
    month: Month,
    beside: Beside,
    tell: Tell = silent,
) -> Published:
    """Gather all public facts, with what is stored beside the dataset."""

    def snapshot(settled: Publication) -> Snapshot:
        # Published twice, the same figures have the same snapshot.
        before = tuple(one for one in beside.earlier if one != settled)
        return snapshot_for(source, plan, records, month, replace(beside, earlier=before))

    choices = replace(source.choices, until=month.plus(1))
    record, past = kept_of(source, records, choices)
    return _publish(
        _Asked(
            source.city,
            plan,
            records,
            month,
            beside.earlier,
            choices,
            snapshot,
            suggestion_of(source.city.config, record),
            past or (),
            tell,
        )
    )


def _publish(asked: _Asked) -> Published:
    asked.tell("cells")
    window = settle_window(asked.city, asked.month)
    asked.tell("areas")
    areas = areas_shown(window, asked.city, asked.records, asked.choices, asked.suggestion)
    change = change_in_all(window, asked.city, asked.records, asked.past, asked.tell, asked.choices)
    asked.tell("settle")
    draft = draft_of(window, areas, change)
    settled = _settle(window, areas, draft, asked.earlier)
    while not all(_may_stand(area, settled) for area in areas):
        left = (area for area in areas if _may_stand(area, settled))
        areas = named_anew(left, asked.city.config.city.metric_crs)
        draft = draft_of(window, areas, change)
        settled = _settle(window, areas, draft, asked.earlier)
    # A bundle of an earlier version had fewer totals; what it published stands.
    settled = replace(settled, totals={**draft.totals, **settled.totals})
    facts = _facts(asked, window, areas, change, settled)
    held_back = count_held_back(draft, settled)
    titles = approved_titles(asked.plan, asked.records)
    return Published(facts, settled, held_back, window.n_unknown, titles)


def _may_stand(area: PublicAreaGround, settled: Publication) -> bool:
    """Return whether an area may be named: naming a candidate reveals a count of ten or more."""
    return area.state != "candidate" or settled.counts[AREA][area.letter] is not None


def _settle(
    window: PublicWindow,
    areas: Sequence[PublicAreaGround],
    draft: Publication,
    earlier: tuple[Publication, ...],
) -> Publication:
    counts = [count for inner in draft.counts.values() for count in inner.values()]
    figures = [*(n or 0 for n in counts), *(one.count or 0 for one in draft.sums)]
    is_flat = set(draft.classes[CELL].values()) <= {LOWEST}
    if earlier or not is_flat or max(figures, default=0) >= THRESHOLD:
        return settle(atoms_for(window, areas, earlier), draft, earlier, {})
    # No figure reaches ten, so all are held back and nothing more needs hiding.
    none = {geography: dict.fromkeys(inner) for geography, inner in draft.counts.items()}
    return replace(draft, counts=none, sums=tuple(replace(one, count=None) for one in draft.sums))


def _facts(
    asked: _Asked,
    window: PublicWindow,
    areas: Sequence[PublicAreaGround],
    change: PooledChange | None,
    settled: Publication,
) -> PublicFacts:
    city, public = asked.city.config.city, asked.city.config.public
    snapshot = asked.snapshot(settled)
    letters = frozenset(area.letter for area in areas if area.state != "candidate")
    classes = classes_told(settled)
    is_confirmed = window.domestic == "confirmed"
    return PublicFacts(
        snapshot_id=snapshot.id,
        quarter=settled.id,
        start=str(settled.start),
        until=str(settled.until),
        city_id=city.id,
        city_name=city.name,
        units=city.units,
        is_synthetic=city.is_synthetic,
        is_proxy=city.nonfatal_is_proxy,
        source=public.source or city.name,
        n_incidents=settled.totals[PERIOD],
        n_unlocated=settled.totals[UNLOCATED],
        n_unknown=settled.totals.get(UNKNOWN, 0),
        years=tuple((int(y), n) for y, n in sorted(settled.totals.items()) if y.isdigit()),
        classes=tuple(DensityClass(low=low, high=high) for low, high in classes),
        cells=tuple(
            PublicCell(cell=cell, level=level_of(bounds, classes))
            for cell, bounds in sorted(settled.classes[CELL].items())
        ),
        areas=tuple(area_told(area, settled) for area in areas),
        districts=districts_told(window, settled, classes),
        change=change_told(change, settled),
        actions=actions_of(asked.plan, asked.records, snapshot.as_of),
        tasks=tasks_of(asked.records, letters),
        answers=answers_of(asked.records, letters),
        domestic=window.domestic,
        domestic_office=public.domestic_office if is_confirmed else "",
        domestic_on=public.domestic_on if is_confirmed else None,
        take_part=dict(public.take_part),
        spanish_office=public.spanish_office,
    )


@dataclass(frozen=True)
class HeldBack:
    """How many figures of a geography are published, and why the others are not."""

    told: int  # published, by number or class
    below: int  # fewer than 10
    beyond: int  # ten or more, but they would reveal another


def count_held_back(draft: Publication, settled: Publication) -> dict[str, HeldBack]:
    """Count the figures published and held back, for the publisher."""
    found = {}
    for geography in (AREA, DISTRICT):
        true, told = draft.counts[geography], settled.counts[geography]
        hidden = [true[place] for place, count in told.items() if count is None]
        below = sum(count is not None and count < THRESHOLD for count in hidden)
        found[geography] = HeldBack(len(told) - len(hidden), below, len(hidden) - below)
    true_classes, shown = draft.classes[CELL], settled.classes[CELL]
    below = sum(bounds == LOWEST for bounds in true_classes.values())
    lowered = sum(shown[c] != bounds != LOWEST for c, bounds in true_classes.items())
    found[CELL] = HeldBack(len(shown) - below - lowered, below, lowered)
    return found
