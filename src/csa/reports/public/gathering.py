"""Gather all public facts from data, plan and store, and nothing beyond them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.base.errors import ConfigError, CsaError, PeriodError, PrivacyError
from csa.base.params import Month
from csa.city.dataset import City
from csa.disclosure.keys import ROUNDED_TO, Secret
from csa.disclosure.published import (
    ALL,
    AREA,
    CELL,
    DISTRICT,
    Publication,
    class_of,
    span_name,
)
from csa.program.plan.items import Plan
from csa.program.plan.measures import Quarter
from csa.program.store.records import Records
from csa.reports.month.month_end import ReportInputs, snapshot_for
from csa.reports.month.snapshot import Snapshot, snapshot_of
from csa.reports.public.areas import PooledChange, areas_shown, change_in_all
from csa.reports.public.counts import CITY, UNKNOWN, UNLOCATED, count_all
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
