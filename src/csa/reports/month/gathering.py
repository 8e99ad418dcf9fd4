"""Gather the facts of a month, once for all editions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pkgutil import resolve_name
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from csa.analysis.analysis import Analysis
from csa.areas.answer import describe_gaps, describe_unmapped
from csa.areas.city_scale import count_afar
from csa.areas.explanation import explain_area
from csa.areas.places import in_order, list_cells
from csa.areas.priority.area_counts import count_areas
from csa.areas.proposal import Proposal
from csa.areas.sheets import sheet_on
from csa.areas.year_to_date import city_year
from csa.base.crs import LONLAT, to_meters
from csa.base.errors import CsaError, PeriodError
from csa.base.extra import extras_of
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.schema import KINDS
from csa.base.text import day, month, natural_sort_key
from csa.city.config import DOMESTIC_COUNTED
from csa.city.dataset import City, Dataset
from csa.city.history import (
    DatasetVersion,
    describe_revisions,
    explain_left_out,
    list_revisions,
    load_history,
)
from csa.city.loading import EvidenceStudy
from csa.disclosure.texts import kinds_in
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, best_match
from csa.geo.neighborhoods import estimate_populations
from csa.geo.services import count_services, gaps
from csa.program.plan.items import Plan
from csa.program.store.records import Records
from csa.reports.briefing.lines import ActionLine, actions_for_area, plan_lines, work_plan
from csa.reports.briefing.measuring import (
    MeasureLine,
    measure_lines,
    measure_statuses,
    review_effects,
)
from csa.reports.briefing.meeting import prepare_review
from csa.reports.briefing.news import list_arrivals, list_news, list_unanswered
from csa.reports.briefing.places import areas_without_action
from csa.reports.month.facts import (
    AreaFacts,
    AreaServices,
    Facts,
    MapGround,
    PlanFacts,
    PublicPart,
    Service,
    TierMove,
    Unserved,
)
from csa.reports.month.month_end import (
    NOTHING_BESIDE,
    ReportInputs,
    follow,
    proposal_before,
    snapshot_for,
    stability_of,
    top_area_ids,
)
from csa.reports.public.gathering import gather_from
from csa.reports.public.texts import unquoted


def gather_month(
    analysis: Analysis, plan: Plan | None, month: Month, inputs: ReportInputs = NOTHING_BESIDE
) -> Facts:
    """Gather the facts of a month, once for all editions of its report.

    Nothing later than the month is looked at, except what was decided: it is shown as the analysis
    has it. `csa.reports.month.month_end.read_month` gives what stood at a past month's end.

    Parameters
    ----------
    analysis
        The city, how areas are proposed, and what was decided.
    plan
        The city's plan; None where there is none.
    month
        The month reported, included.
    inputs
        The map's background and all that was published before.

    Returns
    -------
    Facts
        What the editions say, without any of their sentences.

    Raises
    ------
    PeriodError
        If the data do not cover the month.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> few = replace(city.dataset, incidents=city.dataset.incidents.tail(6).reset_index(drop=True))
    >>> rejected = csa.ingest_city(config, "data/sample").rejected
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = csa.save_dataset(few, rejected, folder + "/ds")
    ...     analysis = csa.Analysis(
    ...         csa.City(city.config, few, Path(folder, "ds")), csa.AreaSettings()
    ...     )
    ...     facts = csa.gather_month(analysis, None, csa.Month(2020, 7))
    >>> facts.areas  # six shootings make no area
    ()
    """
    refuse_outside(analysis.city.dataset, month)
    snapshot = snapshot_for(analysis, plan, month, inputs)
    analysis.progress("cells")
    at, records = analysis.through(month), analysis.records
    city, now, before = at.city, at.proposal, proposal_before(at, month)
    judgement = at.assessment
    first = top_area_ids(judgement, city.config.priorities.capacity)
    seen = MonthContext(at, now, before, stability_of(judgement), first, inputs.studies)
    lines = () if plan is None else plan_lines(plan, records, snapshot.as_of)
    areas = gather_areas(seen, lines, snapshot.as_of)
    change = follow(at, int(now.summary["totals"]["silent_months"]))
    plan_facts = None
    if plan is not None:
        areas_now, found = at.core_areas, change.displaced
        unanswered = list_unanswered(areas_now, found, month.plus(1), change.why_not)
        more = list_news(city.config, records, snapshot.as_of)
        arrived = list_arrivals(areas_now, found, (*unanswered, *more))
        plan_facts = replace(_plan_facts(plan, lines, at, snapshot.as_of), arrived=arrived)
    measures = () if plan_facts is None else plan_facts.measures
    is_served = any(area.is_served for area in areas)
    editions = load_history(city.own_folder)
    through = date.fromisoformat(analysis.city.dataset.report["data_through"])
    is_past_known = at.backtest is not None and at.past(at.areas) is not None
    zones = [zone for zone in at.zones if zone.versions[0].since <= month and zone.ended is None]
    counts = at.count_zones(zones)
    return Facts(
        snapshot=snapshot,
        config=city.config,
        choices=at.settings,
        data_through=date.fromisoformat(city.dataset.report["data_through"]),
        areas=tuple(replace(area, change=change.by_area.get(area.letter)) for area in areas),
        is_served=is_served,
        unserved=tuple(not_served(areas, now, judgement.table)) if is_served else (),
        gone=_gone(areas, before, now),
        summary=now.summary,
        record=at.backtest,
        can_locate=judgement.answers["locate"],
        city_year=city_year(city, at.settings),
        change=change,
        ground=MapGround(
            city.dataset.study_area,
            city.dataset.neighborhoods,
            dict(inputs.layers),
            count_afar(now.counted),
        ),
        plan=plan_facts,
        services_per_1k=services_per_1k(city.dataset),
        notes=(
            *records_note(records),
            *data_notes(city, now.summary, month, editions, through),
            *tasks_withheld(records),
        ),
        missing=(
            *what_lacks(city, plan, records, measures),
            *(() if is_past_known else (msg("report.lacks_past"),)),
            *(() if inputs.layers else (msg("report.lacks_background"),)),
        ),
        public=_public(analysis, plan, month, inputs),
        added=tuple(
            said
            for extra in extras_of(city.config)
            if extra.sentences
            for said in resolve_name(extra.sentences)(at)
        ),
        zones=tuple((zone, counts[zone.key]) for zone in zones),
    )


def _gone(areas: Sequence[AreaFacts], before: Proposal | None, now: Proposal) -> tuple[str, ...]:
    """Name last month's candidates that are gone and match no area of the report."""
    if before is None:
        return ()
    left = set(unlike(areas, before))
    return tuple(name for name in lost_names(before, now) if name in left)


def _plan_facts(plan: Plan, lines: tuple[ActionLine, ...], at: Analysis, today: date) -> PlanFacts:
    every, records = replace(at.settings, kinds=KINDS), at.records
    measures = measure_lines(plan, records, city=city_year(at.city, every))
    review, statuses = (
        prepare_review(plan, lines, records, today),
        measure_statuses(measures, today),
    )
    effects = review_effects(plan, records, today)
    undone = areas_without_action(at.core_areas, lines)
    return PlanFacts(plan, lines, review, measures, statuses, undone, effects)


def _public(
    analysis: Analysis, plan: Plan | None, month: Month, inputs: ReportInputs
) -> PublicPart:
    if not inputs.with_public:
        return PublicPart(why_not=msg("report.public_not_asked"))
    try:
        made = gather_from(analysis, plan, month, inputs)
        is_known = made.publication in inputs.earlier
        caution = None if is_known else msg("report.unrecorded", quarter=made.facts.quarter)
        return PublicPart(made.facts, caution=caution, figures=made.publication.digest)
    except CsaError as error:
        return PublicPart(why_not=unquoted(error.message))


# The areas of a report, those in service or else the month's candidates, with their facts.

# ---- Match areas and candidates that are the same place, whatever their letters and cell sizes.


def unlike(areas: Sequence[AreaFacts], proposal: Proposal | None) -> tuple[str, ...]:
    """Name the candidates of a proposal that are none of some areas, and do not lie in one."""
    if proposal is None:
        return ()
    shapes = list_cells(proposal.areas)
    served = {best_match(area.cells, shapes) for area in areas}
    lost = _unmatched(proposal, [area.cells for area in areas])
    return tuple(name for name, at in lost if at not in served)


def _unmatched(proposal: Proposal, grounds: Sequence[CellSet]) -> list[tuple[str, int]]:
    """List the candidates that are the same place as none of some grounds, with their rows."""
    named = enumerate(zip(proposal.areas["place_name"], list_cells(proposal.areas), strict=True))
    found = [(str(name), at) for at, (name, own) in named if best_match(own, grounds) is None]
    return sorted(found, key=lambda one: natural_sort_key(one[0]))


def not_served(areas: Sequence[AreaFacts], now: Proposal, table: pd.DataFrame) -> list[Unserved]:
    """List a month's candidates that are not in service, with how certain they are."""
    rows = table.set_index("place_name", drop=False).loc[list(unlike(areas, now))]
    tiers = [None if pd.isna(tier) else int(tier) for tier in rows["tier"].tolist()]
    doubtful = rows["is_doubtful"].astype(bool).tolist()
    shapes = now.areas.set_index("place_name").geometry.loc[rows["place_name"]].tolist()
    return list(map(Unserved, map(str, rows["place_name"]), tiers, doubtful, shapes))


def lost_names(before: Proposal, now: Proposal) -> tuple[str, ...]:
    """Name the candidates of one month that are gone a month later."""
    return tuple(name for name, _ in _unmatched(before, list_cells(now.areas)))


def match(cells: CellSet, proposal: Proposal | None) -> int | None:
    """Return the position of the candidate that is the same place as an area."""
    return None if proposal is None else best_match(cells, list_cells(proposal.areas))


# ---- Services in and near areas: how many, which kinds are missing, and where they are.


MIN_PEOPLE = 500
"""Residents below which no rate is given: one service more or less would double it."""


def services_by_area(city: City, areas: Sequence[CellSet]) -> list[AreaServices | None]:
    """Return the services of each area; None if the city has no list."""
    services, near = city.dataset.services, city.config.services
    if services is None or near is None:
        return [None] * len(areas)
    shapes = [h3_cells.outline(cells) for cells in areas]
    names = [str(at) for at in range(len(areas))]
    outlined = gpd.GeoDataFrame({"area_id": names}, geometry=shapes, crs=LONLAT)
    crs = city.config.city.metric_crs
    lacking = gaps(count_services(outlined, services, near.near_m, crs))
    points = to_meters(services.geometry, crs).to_numpy()
    outlines = to_meters(outlined.geometry, crs).to_numpy()
    found: list[AreaServices | None] = []
    populations = estimate_populations(shapes, city.dataset.neighborhoods)
    for name, outline, people in zip(names, outlines, populations, strict=True):
        away_m = np.asarray(shapely.distance(outline, points), dtype=np.float64).round(1)
        close = _near(services, away_m, near.near_m)
        n_inside = sum(one.meters == 0 for one in close)
        rate = None if people is None or people < MIN_PEOPLE else n_inside / (people / 1000)
        found.append(AreaServices(close, n_inside, lacking.get(name, ()), rate))
    return found


def _near(
    services: gpd.GeoDataFrame, away_m: npt.NDArray[np.float64], near_m: float
) -> tuple[Service, ...]:
    names, kinds = services["name"].tolist(), services["kind"].tolist()
    lon, lat = services.geometry.x.tolist(), services.geometry.y.tolist()
    order = sorted(
        np.flatnonzero(away_m <= near_m).tolist(), key=lambda at: (away_m[at], names[at], kinds[at])
    )
    return tuple(
        Service(number, names[at], kinds[at], lon[at], lat[at], float(away_m[at]))
        for number, at in enumerate(order, start=1)
    )


def services_per_1k(dataset: Dataset) -> float | None:
    """Return the whole city's services per 1,000 residents; None if unknown."""
    people = dataset.report.get("population")
    if dataset.services is None or people is None or people < MIN_PEOPLE:
        return None
    return int(dataset.services.intersects(dataset.study_area).sum()) / (float(people) / 1000)


@dataclass(frozen=True)
class MonthContext:
    """A month's proposals and answers, from which the facts of areas are gathered."""

    analysis: Analysis  # nothing in its dataset is later than the month
    now: Proposal  # the month's proposal
    before: Proposal | None  # the proposal a month earlier
    stability: Mapping[str, float]
    first: frozenset[str]  # ids of the month's candidates that come first
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


def gather_areas(
    seen: MonthContext, lines: Sequence[ActionLine], today: date
) -> tuple[AreaFacts, ...]:
    """Gather the facts of a month's areas: those in service, else its candidates."""
    analysis, proposed = seen.analysis, seen.now.areas
    services = {area.key: area for area in analysis.core_areas}
    areas = [(area.key, area.place_name, area.cells) for area in services.values()] or list(
        zip(proposed["area_id"], proposed["place_name"], list_cells(proposed), strict=True)
    )
    counts = count_areas(analysis.city, areas, seen.now, analysis.on_cells, analysis.backtest)
    helps = services_by_area(analysis.city, [cells for *_, cells in areas])
    found = []
    for own, helped in zip(counts.values(), helps, strict=True):
        key, is_served = own.area_id, own.area_id in services
        at_now, at_before = match(own.cells, seen.now), match(own.cells, seen.before)
        tier, tier_before = _tier(seen.now, at_now), _tier(seen.before, at_before)
        candidate = "" if at_now is None else str(proposed["area_id"].iloc[at_now])
        next12 = None if own.next12 is None else (round(own.next12[0]), *own.next12[1:])
        area = AreaFacts(
            **vars(own) | {"next12": next12},
            service=services.get(key),
            shape=h3_cells.outline(own.cells),
            tier=tier,
            is_first=candidate in seen.first,
            tier_before=tier_before,
            move=_move(seen, (at_now, at_before), (tier, tier_before)),
            stability=seen.stability.get(candidate),
            times=sheet_on(analysis.city.dataset, seen.now, vars(own), own.rows),
            help=helped,
            why=explain_area(analysis.city, own.cells, analysis.risk, seen.studies),
            lines=actions_for_area(lines, key) if is_served else (),
            work=work_plan(analysis.records, key, lines, today) if is_served else None,
        )
        found.append(area)
    return tuple(sorted(found, key=lambda area: in_order(area.area_id, area.place_name)))


def _tier(proposal: Proposal | None, at: int | None) -> int | None:
    if proposal is None or at is None:
        return None
    tier = proposal.areas["tier"].iloc[at]
    return None if tier is None or math.isnan(tier) else int(tier)


def _move(
    seen: MonthContext, at: tuple[int | None, int | None], tiers: tuple[int | None, int | None]
) -> TierMove:
    if seen.before is None:
        return TierMove.UNKNOWN
    at_now, at_before = at
    if at_now is None:
        return TierMove.ABSENT if at_before is None else TierMove.GONE
    if at_before is None:
        return TierMove.NEW
    # Having no tier ranks below every tier: the area cannot be told apart from the city.
    now, before = (math.inf if tier is None else tier for tier in tiers)
    if now == before:
        return TierMove.SAME
    return TierMove.HIGHER if now < before else TierMove.LOWER


# Notes on what a month's data and its report lack, and what to do about it.


def data_notes(
    city: City,
    summary: Mapping[str, Any],
    reported: Month,
    editions: Sequence[DatasetVersion],
    data_through: date,
) -> tuple[Message, ...]:
    """List what the count leaves out, what may still change, and what changed."""
    basics, people_of = city.config.city, city.dataset.report.get("population_year")
    return (
        *describe_unmapped(summary),
        *describe_gaps(summary),
        *_provisional(data_through, reported),
        *describe_revisions(list_revisions(editions), reported),
        *explain_left_out(editions),
        *([msg("briefing.proxy", name=basics.nonfatal_name)] if basics.nonfatal_is_proxy else []),
        _domestic(city, summary),
        *([] if people_of is None else [msg("report.people_of", year=str(people_of))]),
    )


def records_note(records: Records) -> Iterator[Message]:
    """Note that the plan and the areas are those of the month's end."""
    if records.on is not None:
        yield msg("report.stood_then", day=day(records.on))


def _provisional(through: date, reported: Month) -> Iterator[Message]:
    """Note that the newest whole month, or a month under way, may still grow."""
    after = through + timedelta(days=1)
    under_way = Month(after.year, after.month)
    if reported == under_way:
        yield msg("briefing.partial", month=month(str(reported)))
    elif reported == under_way.plus(-1):
        yield msg("change_page.provisional", month=month(str(reported)))


def _domestic(city: City, summary: Mapping[str, Any]) -> Message:
    """Count the domestic incidents, and those whose field is empty."""
    dataset, params = city.dataset, summary["params"]
    is_in = dataset.incidents["occurred_at"] >= pd.Timestamp(params["covered_from"])
    incidents = dataset.incidents[is_in & dataset.incidents["kind"].isin(params["kinds"])]
    answers = incidents["domestic"].value_counts()
    n_unknown = int(answers.get("unknown", 0))
    if n_unknown == len(incidents):
        return msg("report.domestic_unknown")
    counts = {"n": int(answers.get("yes", 0)), "of": len(incidents), "unknown": n_unknown}
    is_counted = city.config.public.domestic_rule in DOMESTIC_COUNTED
    return msg("report.domestic_counted" if is_counted else "report.domestic", **counts)


def what_lacks(
    city: City, plan: Plan | None, records: Records, measures: Sequence[MeasureLine]
) -> tuple[Message, ...]:
    """List what the report lacks, and what to do."""
    dataset = city.dataset
    has_services = dataset.services is not None and city.config.services is not None
    said = (
        (plan is not None, msg("report.lacks_plan")),
        (bool(records.decided.n), msg("report.lacks_store")),
        (bool(records.areas) or not records.decided.n, msg("report.lacks_area")),
        (has_services, msg("report.lacks_services")),
        (plan is None or any(one.history for one in measures), msg("report.lacks_measures")),
        (dataset.report.get("population_year") is not None, msg("report.lacks_people")),
    )
    return tuple(message for is_there, message in said if not is_there)


def refuse_outside(dataset: Dataset, reported: Month) -> None:
    """Refuse a month outside the data."""
    report = dataset.report
    if report["data_from"] is None or report["data_through"] is None:
        raise PeriodError("period.no_data")
    first, last = (Month.parse(report[name][:7]) for name in ("data_from", "data_through"))
    if not first <= reported <= last:
        raise PeriodError("report.month", given=reported, first=first, last=last)


def tasks_withheld(records: Records) -> Iterator[Message]:
    """Name the areas whose sheet leaves out a public task that seems to hold an address."""
    public = [task for task in records.tasks if task.is_public]
    caught = {task.area for task in public if kinds_in(f"{task.what}. {task.agency}")}
    if caught:
        yield msg("report.task_withheld", areas=", ".join(sorted(caught)))
