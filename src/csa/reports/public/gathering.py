"""Gather all public facts from data, plan and store, and nothing beyond them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.areas.window import month_index
from csa.base.arrays import Bools, Ints
from csa.base.errors import ConfigError, CsaError, PeriodError, PrivacyError
from csa.base.params import Month, Period
from csa.base.schema import UNASSIGNED
from csa.city.dataset import City, Dataset
from csa.disclosure.keys import (
    ROUNDED_TO,
    Keys,
    Secret,
    publish_counts,
    record_keys,
    sum_keys,
    suppression_lines,
)
from csa.disclosure.published import (
    ALL,
    AREA,
    CELL,
    DISTRICT,
    PLACES,
    TOGETHER,
    YEAR,
    Publication,
    class_of,
    span_name,
)
from csa.geo.cells import as_text, bin_points, cell_resolution, cover_study_area
from csa.program.plan.items import Plan
from csa.program.plan.measures import Quarter
from csa.program.store.records import Records
from csa.reports.month.month_end import ReportInputs, snapshot_for
from csa.reports.month.snapshot import Snapshot, snapshot_of
from csa.reports.public.areas import PooledChange, areas_shown, change_in_all
from csa.reports.public.facts import DensityClass, PublicArea, PublicCell, PublicFacts
from csa.reports.public.fairness import gather_fairness
from csa.reports.public.published_values import (
    actions_of,
    approved_titles,
    meetings_of,
    neighborhoods_by_area,
    public_answers,
    public_tasks,
    published_change,
    published_classes,
    published_neighborhoods,
    published_quarters,
    published_years,
    streets_by_neighborhood,
    unquoted_of,
    with_figures,
)
from csa.reports.public.texts import refuse_unread, written
from csa.reports.public.window import PublicWindow, last_quarter, resolve_window

STEPS = 6
"""Steps of `gather_from`, as `tell` is called."""


@dataclass(frozen=True)
class Suppressed:
    """How many places of a geography have a number over the whole period."""

    n_published: int  # published by number
    below: int  # published as fewer than 10


@dataclass(frozen=True)
class Published:
    """The published facts, and for the publisher a count of what is too small."""

    facts: PublicFacts  # all public facts
    publication: Publication  # its figures, for the ledger of everything ever published
    held_back: Mapping[str, Suppressed]  # by geography
    n_unknown: int  # located incidents whose source does not say whether they are domestic
    texts: tuple[str, ...] = ()  # every text written by hand


def gather_public(
    city: City,
    plan: Plan | None,
    records: Records,
    month: Month,
    earlier: Sequence[Publication] = (),
    secret: Secret | None = None,
) -> tuple[PublicFacts, Publication]:
    """Gather all that is published for a quarter, from a dataset alone.

    Each count is changed by a small number that the incidents in it and the secret decide; below
    ten it is published as fewer than 10.

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
        All that was ever published: what another secret changed stays as it was.
    secret
        The secret of the deployment; None for a trial, which must not be published.

    Returns
    -------
    PublicFacts
        What is published.
    Publication
        Its figures, for the ledger of all that was ever published.

    Raises
    ------
    PrivacyError
        If a text that would be published seems to name a person or an address.
    PeriodError
        If the data do not cover the quarter.

    Examples
    --------
    >>> from dataclasses import replace
    >>> few = replace(city.dataset, incidents=city.dataset.incidents.tail(3).reset_index(drop=True))
    >>> quiet, secret = csa.City(city.config, few), csa.Secret(bytes(32))
    >>> facts, publication = csa.gather_public(
    ...     quiet, None, csa.Records(), csa.Month(2020, 6), secret=secret
    ... )
    >>> facts.quarter, facts.n_incidents  # three shootings are fewer than 10
    ('2020-Q2', None)
    """
    choices = replace(city_choices(city.config), until=month.plus(1))
    snapshot = snapshot_of(city, month, records, choices)
    inputs = ReportInputs(earlier=tuple(earlier), secret=secret)
    made = gather_from(Analysis(city, choices, records), plan, month, inputs, snapshot)
    return made.facts, made.publication


def trial_secret(city: City) -> Secret:
    """Return a secret for previews, which nobody can guess without the data themselves."""
    return Secret(hashlib.sha256(f"preview\n{city.dataset.fingerprint}".encode()).digest())


def gather_from(
    analysis: Analysis,
    plan: Plan | None,
    month: Month,
    inputs: ReportInputs,
    snapshot: Snapshot | None = None,
) -> Published:
    """Gather all public facts, with what is stored beside the dataset, unless it has a snapshot."""
    secret = inputs.secret or trial_secret(analysis.city)
    analysis.progress("cells")
    window = resolve_window(analysis.city, month, inputs.earlier)
    texts = _read(analysis, plan, window.quarter)
    analysis.progress("areas")
    areas = areas_shown(window, analysis)
    change = change_in_all(window, analysis)
    analysis.progress("settle")
    made = count_all(window, areas, change, secret, inputs.earlier)
    while not all(_may_stand(area, window, made) for area in areas):
        areas = tuple(area for area in areas if _may_stand(area, window, made))
        made = count_all(window, areas, change, secret, inputs.earlier)
    if snapshot is None:  # published twice, the same figures have the same snapshot
        before = tuple(one for one in inputs.earlier if one != made)
        snapshot = snapshot_for(analysis, plan, month, replace(inputs, earlier=before))
    own = {
        "snapshot_id": secret.name_of(snapshot.id),
        "actions": actions_of(plan, analysis.records, snapshot.as_of),
        "streets": streets_by_neighborhood(inputs.layers, window.dataset.neighborhoods),
    }
    facts = _facts(analysis, window, areas, change, made, own)
    if inputs.with_fairness:
        choices = replace(analysis.settings, until=month.plus(1))
        found = gather_fairness(
            window, analysis.city, choices, areas, facts.districts, inputs.census
        )
        facts = facts.model_copy(update={"fairness": found})
    held_back = {}
    for name, places in ((AREA, facts.areas), (DISTRICT, facts.districts), (CELL, facts.cells)):
        below = sum(place.count is None for place in places)
        held_back[name] = Suppressed(len(places) - below, below)
    return Published(facts, made, held_back, window.n_unknown, texts)


def refused(analysis: Analysis, plan: Plan | None, month: Month) -> list[CsaError]:
    """Return why nothing may be published for a quarter, before anything is counted."""
    found: list[CsaError] = []
    try:
        quarter, _ = last_quarter(analysis.city.dataset, month)
    except PeriodError as error:
        return [error]
    try:
        resolve_window(analysis.city, month)
    except ConfigError as error:
        found.append(error)
    try:
        _read(analysis, plan, quarter)
    except PrivacyError as error:
        found.append(error)
    return found


def _read(analysis: Analysis, plan: Plan | None, quarter: Quarter) -> tuple[str, ...]:
    """Return every text written by hand that the public would read; refuse what nobody has read."""
    config, records = analysis.city.config, analysis.records
    letters = frozenset(area.key for area in analysis.core_areas)
    texts = written(
        public_tasks(records, letters),
        public_answers(records, letters),
        meetings_of(records, config.public, (), {}, quarter.last_day),  # listening sessions: none
        approved_titles(plan, records),
    )
    offices = {name for team in (plan.teams if plan else ()) for name in team.offices}
    refuse_unread([text for text in texts if text not in offices], records.confirmed)
    return texts


def _may_stand(area: PublicArea, window: PublicWindow, made: Publication) -> bool:
    """Return whether an area may be named: naming a candidate says that it has ten or more."""
    is_told = made.count(AREA, span_name(window.span), area.key) is not None
    return area.state != "candidate" or is_told


def _facts(
    analysis: Analysis,
    window: PublicWindow,
    areas: Sequence[PublicArea],
    change: PooledChange | None,
    made: Publication,
    own: Mapping[str, Any],
) -> PublicFacts:
    config, records = analysis.city.config, analysis.records
    city, public = config.city, config.public
    letters = frozenset(area.letter for area in areas if area.state != "candidate")
    span, touched = span_name(window.span), neighborhoods_by_area(window, areas)
    is_confirmed, classes = window.domestic != "left_out", published_classes(made, span)
    return PublicFacts(
        **own,
        quarter=made.id,
        start=str(window.span.start),
        until=str(window.span.until),
        city_id=city.id,
        city_name=city.name,
        units=city.units,
        is_synthetic=city.is_synthetic,
        is_proxy=city.nonfatal_is_proxy,
        source=public.source or city.name,
        n_incidents=made.count(CITY, span, ALL),
        n_unlocated=made.count(CITY, span, UNLOCATED),
        n_unknown=0 if window.counts_all else made.count(CITY, span, UNKNOWN),
        years=published_years(made, CITY, ALL),
        quarters=published_quarters(made, CITY, ALL),
        classes=tuple(DensityClass(low=low, high=high) for low, high in classes),
        cells=tuple(
            PublicCell(cell=cell, level=class_of(count, classes), count=count)
            for cell, count in sorted(made.counts[CELL][span].items())
        ),
        areas=tuple(with_figures(area, made, span, change) for area in areas),
        districts=published_neighborhoods(window, made, areas, touched),
        change=published_change(change, made),
        tasks=public_tasks(records, letters),
        answers=public_answers(records, letters),
        **unquoted_of(records, letters),
        domestic=window.domestic,
        domestic_office=public.domestic_office if is_confirmed else "",
        domestic_agency=public.domestic_agency if is_confirmed else "",
        domestic_on=public.domestic_on if is_confirmed else None,
        rounded_to=1 if window.counts_all else ROUNDED_TO,
        take_part=dict(public.take_part),
        spanish_office=public.spanish_office,
        meetings=meetings_of(records, public, areas, touched, window.quarter.last_day),
        decided_by=public.decided_by,
        address=public.address,
        contact=public.contact,
        email=public.email,
    )


# Every public count: by neighborhood, area, cell and city, by calendar year and quarter.

RESOLUTION = 8
"""H3 resolution of the cells with counts."""
CITY = "city"
"""A geography with published figures beside `PLACES`. The city's places are these:"""
UNLOCATED, UNKNOWN = "unlocated", "domestic unknown"
"""Beside `ALL`: those without a usable location, those whose source does not say whether they are
domestic."""
LARGE = 100
"""Incidents a year from which a place has figures by quarter the year after."""
QUARTER = 3


@dataclass(frozen=True)
class CountedIncidents:
    """The incidents behind the public's counts."""

    places: pd.DataFrame  # n rows: the place in each geography, `""` outside all
    month: Ints  # (n,) months since the year 0
    is_counted: Bools  # (n,) whether it is counted: all are, unless domestic ones are left out
    keys: Keys  # (n,) record keys, of all

    def count(self, names: Ints, n: int, period: Period) -> tuple[Ints, Keys]:
        """Count incidents, and add up their keys, by the position of their place; -1 for none.

        Where domestic incidents are left out, their keys still belong to the count: two places
        whose incidents differ by one that is domestic have different changes too, so that nobody
        sees in equal numbers that it was.
        """
        is_in = (names >= 0) & period.contains(self.month)
        at = names[is_in]
        true = np.bincount(at[self.is_counted[is_in]], minlength=n).astype(np.int64)
        return true, sum_keys(self.keys[is_in], at, n)

    def inside(self, key: str) -> Ints:
        """Return 0 for each incident in an area, and -1 for the others."""
        return np.where(self.places[_shape(key)], 0, -1)


def count_all(
    window: PublicWindow,
    areas: Sequence[PublicArea],
    change: PooledChange | None,
    secret: Secret,
    earlier: Sequence[Publication],
) -> Publication:
    """Make every figure of a quarter, with what was published under another secret as it stands."""
    shapes = {area.key: area.ground for area in areas}
    located = located_records(window.dataset, secret, shapes, counts_all=window.counts_all)
    every = all_records(window, secret)
    span = span_name(window.span)
    spans = complete_years(window.covered) | {span: window.span}
    quarters = complete_quarters(window.covered)
    rounded_to = 1 if window.counts_all else ROUNDED_TO
    dataset = window.dataset
    names = sorted(set(dataset.neighborhoods["name"].astype(str)) - {"", UNASSIGNED})
    cells = as_text(cover_study_area(dataset.study_area, RESOLUTION).index)
    counts: dict[str, dict[str, dict[str, int | None]]] = {g: {} for g in (CITY, DISTRICT, AREA)}

    def add(geography: str, period: str, places: Sequence[str], made: tuple[Ints, Keys]) -> None:
        lines = suppression_lines(secret, (f"{geography}\n{place}" for place in places))
        shown = publish_counts(*made, lines, rounded_to if geography in PLACES else 1)
        of_period = counts.setdefault(geography, {}).setdefault(period, {})
        of_period.update(zip(places, shown, strict=True))

    at = {CITY: positions(every.places[CITY], [ALL])}
    at[DISTRICT] = positions(located.places[DISTRICT], names)
    for name, period in (spans | quarters).items():
        add(CITY, name, [ALL], every.count(at[CITY], 1, period))
    for name, period in window.at_places(spans):
        add(DISTRICT, name, names, located.count(at[DISTRICT], len(names), period))
        for key in shapes:
            add(AREA, name, [key], located.count(located.inside(key), 1, period))
    in_cells = positions(located.places[CELL], cells)
    add(CELL, span, cells, located.count(in_cells, len(cells), window.span))
    for place in (UNLOCATED, *(() if window.counts_all else (UNKNOWN,))):
        own = positions(every.places[place], [place])
        add(CITY, span, [place], every.count(own, 1, window.span))
    for name, period in window.at_places(quarters):
        for place in _large(DISTRICT, name, names, counts, earlier):
            own = np.where(at[DISTRICT] == names.index(place), 0, -1)
            add(DISTRICT, name, [place], located.count(own, 1, period))
        for key in _large(AREA, name, shapes, counts, earlier):
            add(AREA, name, [key], located.count(located.inside(key), 1, period))
    members = {AREA: {key: tuple(as_text(sorted(own))) for key, own in shapes.items()}}
    if change is not None and change.exact is not None:
        followed = [(as_text(sorted(cells)), months) for cells, months in change.grounds]
        ground = [f"{cell} {span_name(months)}" for cells, months in followed for cell in cells]
        members[TOGETHER] = {ALL: tuple(ground)}
        since_then = span_name(change.exact.period)
        add(TOGETHER, since_then, [ALL], count_followed(window.dataset, change, secret))
    made = Publication(str(window.quarter), secret.id, members, counts, window.counts_all)
    return made.with_earlier(earlier)


def count_followed(dataset: Dataset, change: PooledChange, secret: Secret) -> tuple[Ints, Keys]:
    """Count all incidents, domestic ones too, in areas together, while they are followed."""
    grounds = {str(at): cells for at, (cells, _) in enumerate(change.grounds)}
    located = located_records(dataset, secret, grounds, counts_all=True)
    is_in = np.zeros(len(located.month), dtype=np.bool_)
    for at, (_, months) in enumerate(change.grounds):
        is_in |= (located.inside(str(at)) == 0) & months.contains(located.month)
    n_in = int(is_in.sum())
    total = sum_keys(located.keys[is_in], np.zeros(n_in, dtype=np.int64), 1)
    return np.array([n_in], dtype=np.int64), total


def complete_years(covered: Period) -> dict[str, Period]:
    """Return the whole calendar years in a period."""
    first, after = -(-covered.start.index // YEAR), covered.until.index // YEAR
    return {
        f"{year:04d}": Period(Month(year, 1), Month(year + 1, 1)) for year in range(first, after)
    }


def complete_quarters(covered: Period) -> dict[str, Period]:
    """Return the whole quarters in a period."""
    first, after = -(-covered.start.index // QUARTER), covered.until.index // QUARTER
    starts = (Month(1, 1).plus(QUARTER * n - YEAR) for n in range(first, after))
    return {
        f"{start.year:04d}-Q{start.number // QUARTER + 1}": Period(start, start.plus(QUARTER))
        for start in starts
    }


def _large(
    geography: str,
    quarter: str,
    places: Iterable[str],
    counts: Mapping[str, Mapping[str, Mapping[str, int | None]]],
    earlier: Sequence[Publication],
) -> list[str]:
    """List the places with figures by quarter; a place that had one once keeps it."""
    before = counts[geography].get(f"{int(quarter[:4]) - 1:04d}", {})
    had = {p for one in earlier for p in one.counts.get(geography, {}).get(quarter, {})}
    return [place for place in places if (before.get(place) or 0) >= LARGE or place in had]


def located_records(
    dataset: Dataset,
    secret: Secret,
    shapes: Mapping[str, Collection[int]] = MappingProxyType({}),
    *,
    counts_all: bool,
) -> CountedIncidents:
    """Return the incidents with a usable location in the city."""
    incidents = dataset.incidents[~_has_no_place(dataset.incidents)].reset_index(drop=True)
    places = pd.DataFrame(
        {CELL: as_text(bin_points(incidents["lon"], incidents["lat"], RESOLUTION))}, dtype=object
    )
    districts = incidents["neighborhood"].astype("str")
    places[DISTRICT] = districts.replace(UNASSIGNED, "").to_numpy(dtype=object)
    sizes = {cell_resolution(cell) for cells in shapes.values() for cell in cells}
    binned = {size: bin_points(incidents["lon"], incidents["lat"], size) for size in sizes}
    for key, cells in shapes.items():
        own = np.array(sorted(cells), dtype=np.uint64)
        is_in = [np.isin(at, own) for at in binned.values()]  # a cell's number has its size
        places[_shape(key)] = np.any(is_in, axis=0) if is_in else False
    ids, month = incidents["incident_id"].astype(str), month_index(incidents["occurred_at"])
    if counts_all:
        every = np.ones(len(incidents), dtype=np.bool_)
        return CountedIncidents(places, month, every, record_keys(secret, ids))
    is_counted = (incidents["domestic"] != "yes").to_numpy(bool)
    keys = record_keys(secret, ids, incidents["domestic"])
    return CountedIncidents(places, month, is_counted, keys)


def all_records(window: PublicWindow, secret: Secret) -> CountedIncidents:
    """Return the whole city's incidents: those without a location and domestic ones too."""
    incidents = window.dataset.incidents
    has_none = _has_no_place(incidents)
    is_unknown = ~has_none & (incidents["domestic"] == "unknown").to_numpy(bool)
    is_unknown &= ~incidents["source"].isin(window.silent).to_numpy(bool)
    places = pd.DataFrame({CITY: ALL}, index=incidents.index)
    places[UNLOCATED] = np.where(has_none, UNLOCATED, "")
    places[UNKNOWN] = np.where(is_unknown, UNKNOWN, "")
    keys = record_keys(secret, incidents["incident_id"].astype(str))
    every = np.ones(len(incidents), dtype=np.bool_)
    return CountedIncidents(places, month_index(incidents["occurred_at"]), every, keys)


def positions(names: pd.Series, places: Sequence[str]) -> Ints:
    """Return the position of each name in a list; -1 where it is not there."""
    return np.asarray(pd.Index(list(places)).get_indexer_for(pd.Index(names)), dtype=np.int64)


def _shape(key: str) -> str:
    return f"area {key}"


def _has_no_place(incidents: pd.DataFrame) -> Bools:
    is_outside = incidents["flags"].str.contains("outside_study_area").to_numpy(dtype=bool)
    return is_outside | incidents[["lon", "lat"]].isna().any(axis=1).to_numpy(bool)
