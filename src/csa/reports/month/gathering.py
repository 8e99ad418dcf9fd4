"""Gather the facts of a month, once for all editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from csa.analysis.analysis import Analysis
from csa.areas.city_scale import count_afar
from csa.areas.proposal import Proposal
from csa.areas.year_to_date import city_year
from csa.base.errors import CsaError
from csa.base.message import msg
from csa.base.params import Month
from csa.base.schema import KINDS
from csa.city.history import load_history
from csa.program.plan.items import Plan
from csa.reports.briefing.lines import ActionLine, plan_lines
from csa.reports.briefing.measuring import measure_lines, measure_statuses
from csa.reports.briefing.meeting import prepare_review
from csa.reports.briefing.news import list_arrivals
from csa.reports.briefing.places import live_by_area
from csa.reports.briefing.shoot_review import review_effects
from csa.reports.month.area_gathering import (
    MonthContext,
    gather_areas,
    lost_names,
    not_served,
    services_per_1k,
    unlike,
)
from csa.reports.month.data_notes import (
    data_notes,
    records_note,
    refuse_outside,
    tasks_withheld,
    what_lacks,
)
from csa.reports.month.facts import AreaFacts, Facts, MapGround, PlanFacts, PublicPart
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
        arrived = list_arrivals(at.core_areas, records.draws, change.displaced, snapshot.as_of)
        plan_facts = replace(_plan_facts(plan, lines, at, snapshot.as_of, areas), arrived=arrived)
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
            *records_note(records, snapshot),
            *data_notes(city, now.summary, month, editions, through),
            *tasks_withheld(records),
        ),
        missing=(
            *what_lacks(city, plan, records, measures),
            *(() if is_past_known else (msg("report.lacks_past"),)),
            *(() if inputs.layers else (msg("report.lacks_background"),)),
        ),
        public=_public(analysis, plan, month, inputs),
        peers=at.peers,
        zones=tuple((zone, counts[zone.key]) for zone in zones),
    )


def _gone(areas: Sequence[AreaFacts], before: Proposal | None, now: Proposal) -> tuple[str, ...]:
    """Name last month's candidates that are gone and match no area of the report."""
    if before is None:
        return ()
    left = set(unlike(areas, before))
    return tuple(name for name in lost_names(before, now) if name in left)


def _plan_facts(
    plan: Plan, lines: tuple[ActionLine, ...], at: Analysis, today: date, areas: Sequence[AreaFacts]
) -> PlanFacts:
    every, records = replace(at.settings, kinds=KINDS), at.records
    measures = measure_lines(plan, records, city=city_year(at.city, every))
    live = live_by_area(lines)
    undone = [
        area.letter
        for area in areas
        if area.is_served
        and (area.incidents if area.recent_12 is None else area.recent_12)
        and not live.get(area.letter)
    ]
    review, statuses = (
        prepare_review(plan, lines, records, today),
        measure_statuses(measures, today),
    )
    effects = review_effects(plan, records, today)
    return PlanFacts(plan, lines, review, measures, statuses, tuple(undone), effects)


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
