"""The facts of a month: of that month and none later, and complete where something is missing."""

from collections import Counter
from dataclasses import replace
from datetime import date

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from tests.reports.told import replace_row

from csa.base.errors import PeriodError
from csa.base.params import Month, Period
from csa.city.dataset import City, through_month
from csa.city.preregistration import Verdict
from csa.geo import cells as h3_cells
from csa.geo.cells import parents
from csa.program.plan.measures import Quarter, Value
from csa.program.store.records import Records
from csa.program.store.tables import StepRow, TaskRow
from csa.reports.briefing.measuring import measure_lines
from csa.reports.month.facts import TierMove
from csa.reports.month.gathering import (
    MonthContext,
    data_notes,
    gather_areas,
    gather_month,
    refuse_outside,
    services_by_area,
    services_per_1k,
    tasks_withheld,
    unlike,
    what_lacks,
)
from csa.reports.month.month_end import ReportInputs, follow, snapshot_for

JULY = Month(2020, 7)
ALONE = ReportInputs(with_public=False)


@pytest.fixture(scope="module")
def july(sample_source):
    """The sample city's proposal of July 2020, and the place from which it is told."""
    analysis = sample_source.through(JULY)
    return MonthContext(analysis, analysis.proposal, analysis.proposal, {}, frozenset())


@pytest.fixture(scope="module")
def look(sample_source, decided_records):
    return replace(sample_source, records=decided_records).through(JULY)


def _keys(messages):
    return {message.key for message in messages}


def _with_since(records, day):
    """Let all areas be designated on another day."""
    areas = tuple(replace_row(area, since=day) for area in records.areas)
    steps = tuple(replace_row(step, on_date=day) for step in records.steps)
    return replace(records, areas=areas, steps=steps)


def _since(look, day):
    return replace(look, records=_with_since(look.records, day))


def _decided(seen, records):
    return replace(seen, analysis=replace(seen.analysis, records=records))


def _renamed(proposal, at, **values):
    """Change a candidate of a proposal."""
    areas = proposal.areas.copy()
    for name, value in values.items():
        areas[name] = areas[name].astype(object)
        areas.loc[areas.index[at], name] = value
    return replace(proposal, areas=areas)


# ---- By hand --------------------------------------------------------------------------------


def test_an_areas_counts_are_those_of_its_cells_in_the_period(month_facts, sample_source):
    """The oracle counts rows by the text of their cell and by their day, with pandas alone."""
    incidents = sample_source.city.dataset.incidents
    inside = ~incidents["flags"].str.contains("outside_study_area")
    for area in month_facts.areas:
        at = inside & incidents["cell_r10"].isin(h3_cells.as_text(area.cells))
        when = incidents.loc[at, "occurred_at"]
        in_36 = (when >= "2017-08-01") & (when < "2020-08-01")
        in_12 = (when >= "2019-08-01") & (when < "2020-08-01")
        assert (area.incidents, area.recent_12) == (int(in_36.sum()), int(in_12.sum()))
        assert area.times.by_month["incidents"].sum() == area.incidents
        assert len(area.times.by_month) == 36


def test_without_a_store_the_areas_are_the_months_candidates(bare_facts):
    assert not bare_facts.is_served
    assert len(bare_facts.areas) == bare_facts.summary["totals"]["areas"]
    assert {area.state for area in bare_facts.areas} == {"candidate"}
    inside = sum(area.incidents for area in bare_facts.areas)
    assert inside == bare_facts.summary["totals"]["in_areas"]
    assert bare_facts.change.are_earlier
    assert str(bare_facts.change.displaced.since) == "2019-08"


def test_services_are_numbered_from_the_nearest(month_facts, sample_source):
    services = sample_source.city.dataset.services
    for area in month_facts.areas:
        near = area.help.near
        assert [one.number for one in near] == list(range(1, len(near) + 1))
        assert [one.meters for one in near] == sorted(one.meters for one in near)
        assert all(one.meters <= sample_source.city.config.services.near_m for one in near)
        kinds = set(services["kind"]) - {one.kind for one in near}
        assert set(area.help.lacking) == kinds


def test_a_rate_is_of_the_services_inside(sample_source):
    """Two services inside, one near, among 2,000 residents of a square: 1.0 per 1,000."""
    source = sample_source
    cells = frozenset(h3_cells.disk(int(source.city.dataset.incidents["cell_r9"].iloc[0], 16), 3))
    shape = h3_cells.outline(cells)
    middle = shapely.centroid(shape)
    around = gpd.GeoDataFrame(
        {"name": ["Here"], "place_id": ["1"], "population": [2000.0]},
        geometry=[shape],
        crs="EPSG:4326",
    )
    points = [middle, middle, shapely.Point(shape.bounds[2] + 0.004, middle.y)]
    services = gpd.GeoDataFrame(
        {"name": ["b", "a", "c"], "kind": ["clinic", "clinic", "school"]},
        geometry=points,
        crs="EPSG:4326",
    )
    dataset = replace(source.city.dataset, neighborhoods=around, services=services)
    (found,) = services_by_area(City(source.city.config, dataset), [cells])
    assert (found.n_inside, len(found.near), found.lacking) == (2, 3, ())
    assert [one.name for one in found.near] == ["a", "b", "c"]
    assert found.per_1k == pytest.approx(1.0, rel=1e-6)
    assert services_by_area(City(source.city.config, dataset), []) == []


def test_what_became_of_an_area_since_the_month_before(july):
    """One is new, one was of a lower tier, one of a higher, one had none; the others are the same."""
    tiers = july.now.areas["tier"].tolist()
    highest, second, third = (tiers.index(tier) for tier in (1, 2, 3))
    before = _renamed(july.now, highest, tier=3)
    before = _renamed(before, second, tier=None)
    before = _renamed(before, third, tier=1)
    gone = next(n for n in range(len(tiers)) if n not in {highest, second, third})
    before = replace(before, areas=before.areas.drop(before.areas.index[gone]))
    found = gather_areas(replace(july, before=before), (), date(2020, 7, 31))
    order = july.now.areas["area_id"].tolist()
    moves = {order.index(area.area_id): area.move for area in found}
    assert moves.pop(highest) is TierMove.HIGHER
    assert moves.pop(second) is TierMove.HIGHER
    assert moves.pop(third) is TierMove.LOWER
    assert moves.pop(gone) is TierMove.NEW
    assert set(moves.values()) == {TierMove.SAME}


def test_a_served_area_that_is_no_candidate_any_more_is_off_the_list(july, sample_records):
    cells = frozenset(int(cell, 16) for cell in sample_records.steps_of("A")[-1].cells)
    kept = [not cells & set(h3_cells.from_text(own)) for own in july.now.areas["cells"]]
    now = replace(july.now, areas=july.now.areas[kept])
    found = gather_areas(replace(_decided(july, sample_records), now=now), (), date(2020, 7, 31))
    (area,) = [area for area in found if area.letter == "A"]
    assert (area.move, area.tier) == (TierMove.GONE, None)
    assert area.incidents > 0
    assert len(unlike(found, now)) == len(now.areas) - 2


def test_the_snapshot_is_the_one_that_is_named_before(sample_source, month_facts, request):
    plan, records = (request.getfixturevalue(f"{n}") for n in ("sample_plan", "decided_records"))
    found = snapshot_for(replace(sample_source, records=records), plan, JULY, ALONE)
    assert found == month_facts.snapshot


# ---- At the edge ----------------------------------------------------------------------------


def test_too_few_months_since_the_designation_say_nothing(look, decided_records):
    found = follow(_since(look, date(2020, 6, 1)))
    assert found.statement.verdict == Verdict.TOO_EARLY
    assert found.statement.sentence.key == "displacement.said_too_early"
    assert len(found.displaced.pooled.verdicts) == 2
    assert not found.by_area


def test_a_designation_after_the_month_is_said(look, decided_records):
    found = follow(_since(look, date(2020, 7, 2)))
    assert found.statement is None
    assert found.why_not.key == "report.not_begun"


def test_the_first_of_a_month_is_that_months_designation(look, decided_records):
    found = follow(_since(look, date(2020, 7, 1)))
    assert len(found.displaced.pooled.verdicts) == 1


def test_with_months_missing_from_the_files_no_change_is_told():
    assert follow(None, n_silent=3).why_not.key == "report.silent_months"


def test_an_area_of_larger_cells_is_counted_by_them_and_followed_with_the_others(
    july, look, decided_records
):
    """A served area of cells one size larger: its own cells count, alone and with the others."""
    cells = [int(cell, 16) for cell in decided_records.steps_of("A")[-1].cells]
    inside = Counter(int(parents([cell], 9)[0]) for cell in cells)
    larger = sorted(f"{cell:015x}" for cell, n in inside.items() if n > 1)
    step = StepRow(key="A/1", area="A", state="designated", on_date=date(2019, 10, 1))
    step.cells, step.evidence = larger, {}
    steps = (step, *(row for row in decided_records.steps if row.area != "A"))
    records = replace(decided_records, steps=steps)
    (area, *_) = gather_areas(_decided(july, records), (), date(2020, 7, 31))
    assert area.incidents > 50
    table = july.analysis.city.dataset.incidents.dropna(subset=["lon"])
    months = Period.before(JULY.plus(1), 36)
    start, until = (str(month) + "-01" for month in (months.start, months.until))
    table = table[(table["occurred_at"] >= start) & (table["occurred_at"] < until)]
    own = [h3.latlng_to_cell(*at, 9) in larger for at in table[["lat", "lon"]].to_numpy()]
    assert area.incidents == sum(own)
    found = follow(replace(look, records=records))
    assert found.displaced.chosen.area_ids == ("A", "D", "F")
    assert set(found.by_area) == {"A", "D", "F"}


def test_a_month_that_is_not_over_is_provisional(sample_source, month_facts):
    dataset, config = sample_source.city.dataset, sample_source.city.config
    summary = month_facts.summary

    def noted(reported, through):
        return _keys(data_notes(City(config, dataset), summary, reported, (), through))

    either = {"change_page.provisional", "briefing.partial"}
    assert noted(JULY, date(2020, 7, 31)) & either == {"change_page.provisional"}
    assert noted(JULY, date(2020, 8, 30)) & either == {"change_page.provisional"}
    assert noted(JULY, date(2020, 7, 30)) & either == {"briefing.partial"}
    assert noted(JULY, date(2020, 8, 31)) & either == set()  # told for a month
    assert "change_page.provisional" in _keys(month_facts.notes)


def test_what_the_count_leaves_out_is_said_where_there_is_any(sample_source, month_facts):
    whole = month_facts.summary

    def left_out(silent=(), **totals):
        none = {"unlocated": 0, "outside_study_area": 0}
        summary = {**whole, "totals": {**whole["totals"], **none, **totals}, "silent": silent}
        notes = data_notes(sample_source.city, summary, JULY, (), date(2020, 7, 31))
        return [note.key for note in notes if note.key.startswith("find.")]

    assert left_out() == []
    assert left_out(["2020-05"], unlocated=2) == ["find.unmapped", "find.silent"]


def test_a_public_task_with_an_address_is_named_by_its_area_alone(decided_records):
    first, *others = decided_records.tasks
    assert first.is_public
    assert list(tasks_withheld(decided_records)) == []
    for is_public, areas in ((True, [first.area]), (False, [])):
        task = TaskRow(key=first.key, area=first.area, what="Mend the lamp at 1200 Main Street")
        task.agency, task.is_public = "Works", is_public
        said = list(tasks_withheld(replace(decided_records, tasks=(task, *others))))
        assert [dict(one.values)["areas"] for one in said] == areas


def test_domestic_incidents_are_counted_or_said_to_be_unknown(sample_source, month_facts):
    dataset, config = through_month(sample_source.city.dataset, JULY), sample_source.city.config
    (said,) = [dict(n.values) for n in month_facts.notes if n.key == "report.domestic_counted"]
    incidents = dataset.incidents[dataset.incidents["occurred_at"] >= "2017-08-01"]
    assert said["n"] == int((incidents["domestic"] == "yes").sum())
    assert said["of"] == len(incidents) == month_facts.summary["totals"]["incidents"]
    unknown = replace(dataset, incidents=dataset.incidents.assign(domestic="unknown"))
    notes = data_notes(City(config, unknown), month_facts.summary, JULY, (), date(2020, 7, 31))
    assert "report.domestic_unknown" in _keys(notes)
    public = config.public.model_copy(update={"domestic_rule": ""})
    city = City(config.model_copy(update={"public": public}), dataset)
    notes = data_notes(city, month_facts.summary, JULY, (), date(2020, 7, 31))
    assert "report.domestic" in _keys(notes)


def test_each_thing_that_is_missing_is_said(sample_source, bare_facts, month_facts):
    assert _keys(bare_facts.missing) == {
        "report.lacks_plan",
        "report.lacks_store",
        "report.lacks_past",
        "report.lacks_background",
    }
    found = _keys(month_facts.missing)
    assert found == {"report.lacks_measures", "report.lacks_past", "report.lacks_background"}
    bare = replace(
        sample_source.city.dataset,
        services=None,
        report={**sample_source.city.dataset.report, "population_year": None},
    )
    lacks = _keys(what_lacks(City(sample_source.city.config, bare), None, Records(), ()))
    assert {"report.lacks_services", "report.lacks_people"} <= lacks
    assert services_per_1k(bare) is None
    assert services_by_area(City(sample_source.city.config, bare), [frozenset()]) == [None]


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("month", [Month(2014, 12), Month(2020, 9)], ids=str)
def test_a_month_outside_the_data_is_refused_with_those_they_hold(sample_source, month):
    with pytest.raises(PeriodError, match=r"\(2015-01 to 2020-08\), not 20") as refused:
        refuse_outside(sample_source.city.dataset, month)
    assert refused.value.message.key == "report.month"
    with pytest.raises(PeriodError):
        gather_month(sample_source, None, month, ALONE)


def test_data_without_a_day_are_refused(sample_source):
    empty = replace(
        sample_source.city.dataset,
        report={**sample_source.city.dataset.report, "data_through": None},
    )
    with pytest.raises(PeriodError):
        refuse_outside(empty, JULY)


# ---- True in general ------------------------------------------------------------------------


def test_nothing_later_than_the_month_is_looked_at(sample_source, bare_facts):
    """Whatever the days after the month hold, its facts are the same."""
    dataset = sample_source.city.dataset
    later = dataset.incidents["occurred_at"] >= pd.Timestamp("2020-08-01")
    incidents = dataset.incidents[~later | (np.arange(len(later)) % 2 == 0)]
    held = replace(dataset, incidents=incidents)
    other = replace(sample_source, city=replace(sample_source.city, dataset=held))
    found = gather_month(other, None, JULY, ALONE)
    assert later.sum() > 10
    assert found.areas == bare_facts.areas
    for one, other in zip(found.areas, bare_facts.areas, strict=True):
        pd.testing.assert_frame_equal(one.times.by_month, other.times.by_month)
    assert found.change == bare_facts.change
    assert found.city_year == bare_facts.city_year
    assert found.summary == bare_facts.summary
    assert found.notes == bare_facts.notes
    assert dict(found.ground.counts) == dict(bare_facts.ground.counts)


def test_a_dataset_that_ends_within_the_month_is_taken_whole(sample_source):
    assert through_month(sample_source.city.dataset, Month(2020, 8)) is sample_source.city.dataset
    cut = through_month(sample_source.city.dataset, JULY)
    assert cut.incidents["occurred_at"].max() < pd.Timestamp("2020-08-01")
    assert cut.report["data_through"] == "2020-07-31"


def test_measures_with_a_value_are_no_more_missing(sample_source, sample_plan):
    value = Value("clearance", Quarter(2020, 1), value=0.4)
    lines = measure_lines(sample_plan, Records(values=(value,)))
    found = what_lacks(sample_source.city, sample_plan, Records(), lines)
    assert "report.lacks_measures" not in _keys(found)
