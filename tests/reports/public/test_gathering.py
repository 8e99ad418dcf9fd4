"""What the public is told: true where it is told, silent where it must be, whatever the data."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
from shapely import box
from tests.conftest import make_town
from tests.disclosure import by_hand
from tests.reports.conftest import INTERNAL
from tests.reports.told import replace_row
from tests.statements import statement

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.errors import ConfigError, PeriodError, PrivacyError
from csa.base.params import Month, Period
from csa.base.text import Translator
from csa.change.analyze import analyze_displacement
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.disclosure.keys import Secret
from csa.disclosure.published import Publication
from csa.disclosure.texts import code_of
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.program.registry import core_areas, followed
from csa.program.store.records import APPROVED, Records
from csa.program.store.tables import ChangeRow
from csa.reports.briefing.lines import plan_lines
from csa.reports.public.areas import PooledChange, areas_shown, change_doubts, change_in_all
from csa.reports.public.bundle import table_files
from csa.reports.public.facts import PublicChange
from csa.reports.public.gathering import (
    count_followed,
    gather_public,
    published_change,
    streets_by_neighborhood,
)
from csa.reports.public.window import resolve_window

SECRET = Secret(bytes(range(32)))
RULE = """
[public]
domestic_rule = "no field in the source"
domestic_office = "Testville Police"
domestic_on = 2020-01-02
"""
WITH_FIELD = 'domestic = { yes = [{ city = ["D"] }], no = [{ city = ["N"] }] }\n[sources.columns]'


def in_town(folder, lines, *, has_field=False, rule=RULE):
    """Read a town's rows: number, day, place; its column `city` says what is domestic."""
    town = make_town(folder)
    if has_field:
        town.edit_config("[sources.columns]", WITH_FIELD)
    town.config.write_text(town.config.read_text() + rule)
    config = load_city(town.config)
    path = town.write("a.csv", *lines)
    return ingest_city(config, Inputs((path,), town.places)).dataset, config


def gathered(config, dataset, month, earlier=()):
    return gather_public(City(config, dataset), None, Records(), month, earlier, SECRET)


def row(n, day, lon=-94.57, lat=39.02, domestic="N"):
    return f"{n},{n},{day},0,{lon},{lat},,{domestic}"


def spread(n, seed=20):
    """Give n places all over the town."""
    return (
        np.random.default_rng(seed).uniform((-94.598, 39.002), (-94.502, 39.048), (n, 2)).tolist()
    )


def some_each_month(months, n=4, **where):
    """Give n rows in each month, at one place; the last day is the last month's."""
    lines = [
        row(f"{month}{k}", f"{month}-{k + 1:02d}", **where)
        for month in map(str, months)
        for k in range(n)
    ]
    last = pd.Period(str(months[-1]), "M").end_time.date()
    return [*lines, row("end", last, **where)]


def months_from(first, n):
    return [Month.parse(first).plus(k) for k in range(n)]


def with_knots(folder, *knots, more=(), years=3):
    """A town to the end of 2019 where so many were shot around points, and the months it tells of."""
    rng = np.random.default_rng(4)
    at = [place for lon, lat, n in knots for place in rng.normal((lon, lat), 0.0003, (n, 2))]
    first = 2020 - years
    lines = [
        row(n, f"{first + n % years}-{1 + n % 12:02d}-03", *place)
        for n, place in enumerate([*at, *more])
    ]
    ends = [row("x", f"{first}-01-01"), row("y", "2019-12-31")]
    city = City(*in_town(folder, [*lines, *ends])[::-1])
    return city, resolve_window(city, Month(2019, 12))


# ---- by hand -------------------------------------------------------------------------------


def replace_change(counted, low, high):
    period = Period(Month(2019, 10), Month(2020, 7))
    return PooledChange(statement(period, counted, low, high), period, ())


def in_years(incidents, first="2017", after="2020"):
    when = incidents["occurred_at"]
    return incidents[(when >= f"{first}-01-01") & (when < f"{after}-01-01")]


def told(place, incidents):
    """Work out what is published of some incidents."""
    pairs = [*zip(incidents["incident_id"], incidents["domestic"], strict=True)]
    return by_hand.told(SECRET.value, place, pairs)


def told_without(place, incidents):
    """Work out what is published of them where domestic ones are left out."""
    pairs = [*zip(incidents["incident_id"], incidents["domestic"], strict=True)]
    return by_hand.told_without(SECRET.value, place, pairs)


def test_the_whole_city_is_told_of_its_years_and_quarters_domestic_cases_too(
    public_facts, sample_source
):
    incidents = sample_source.city.dataset.incidents
    three = in_years(incidents)
    no_place = three["lon"].isna() | three["flags"].str.contains("outside")
    assert (public_facts.quarter, public_facts.start) == ("2020-Q2", "2017-01")
    assert public_facts.until == "2020-01"
    assert public_facts.n_incidents == told("city\nall", three)
    assert public_facts.n_unlocated == told("city\nunlocated", three[no_place])
    assert public_facts.years == tuple(
        (year, told("city\nall", in_years(incidents, year, year + 1))) for year in range(2015, 2020)
    )
    assert [quarter for quarter, _ in public_facts.quarters][-2:] == ["2020-Q1", "2020-Q2"]


def test_places_are_counted_with_what_is_domestic_by_another_way(
    public_facts, public_made, sample_source
):
    """h3 itself finds the cells, and each count and its change are made in plain Python."""
    three = in_years(sample_source.city.dataset.incidents)
    three = three[three["lon"].notna() & ~three["flags"].str.contains("outside")].copy()
    points = [*zip(three["lat"], three["lon"], strict=True)]
    three["cell"] = [h3.latlng_to_cell(lat, lon, 8) for lat, lon in points]
    blocks = pd.Series([h3.latlng_to_cell(lat, lon, 10) for lat, lon in points], three.index)
    assert [area.count for area in public_facts.areas] == [
        told(f"area\n{area.letter}", three[blocks.isin(area.cells)]) for area in public_facts.areas
    ]
    for place in public_facts.districts:
        own = three[three["neighborhood"] == place.name]
        assert place.count == told(f"neighborhood\n{place.name}", own)
        assert [year for year, _ in place.years] == [2015, 2016, 2017, 2018, 2019]
        for year, count in place.years[2:]:
            own_year = in_years(own, year, year + 1)
            assert count == told(f"neighborhood\n{place.name}", own_year)
    for cell in public_facts.cells:
        assert cell.count == told(f"cell\n{cell.cell}", three[three["cell"] == cell.cell])
    held = public_made.held_back["neighborhood"]
    below = sum(place.count is None for place in public_facts.districts)
    assert (held.below, held.n_published) == (below, len(public_facts.districts) - below)


def test_no_class_has_a_bound_below_ten_and_each_place_has_the_class_of_its_own_number(
    public_facts,
):
    classes = [(one.low, one.high) for one in public_facts.classes]
    assert classes[0] == (0, 9)
    assert [low for low, _ in classes[1:]] == [high + 1 for _, high in classes[:-1]]
    seen = Counter()
    for place in (*public_facts.districts, *public_facts.cells):
        low, high = classes[place.level]
        assert low <= (place.count or 0)
        assert high is None or (place.count or 0) <= high
        seen[place.level] += 1
    assert len(seen) == len(classes)


def test_a_neighborhood_names_the_areas_that_lie_in_it(public_facts, sample_source):
    """The oracle looks where the middles of the areas' cells are."""
    places = sample_source.city.dataset.neighborhoods.dissolve("name").geometry
    for area in public_facts.areas:
        middles = [h3.cell_to_latlng(cell) for cell in area.cells]
        points = gpd.GeoSeries.from_xy([lon for _, lon in middles], [lat for lat, _ in middles])
        inside = {name for name, shape in places.items() if points.within(shape).any()}
        named = {one.name for one in public_facts.districts if area.key in one.areas}
        assert named == inside & set(places.index)


def test_what_changed_is_what_displacement_says_of_all_areas_by_the_quarters_end(
    public_facts, sample_source, sample_records
):
    data = sample_source.city.dataset
    is_told = data.incidents["occurred_at"] < "2020-07-01"
    until = replace(
        data,
        incidents=data.incidents[is_told].reset_index(drop=True),
        report={**data.report, "data_through": "2020-06-30"},
    )
    areas = followed(core_areas(sample_records))
    found = analyze_displacement(
        locate_incidents(City(sample_source.city.config, until), AreaSettings()), areas
    )
    core = found.pooled.core
    change = public_facts.change
    assert (change.since, change.through) == ("2019-10", "2020-06")
    assert change.verdict == str(found.pooled.verdicts[-1])
    assert abs(change.low - core.bound_low[-1]) <= 2
    assert abs(change.high - core.bound_high[-1]) <= 2
    assert (change.low % 5, change.high % 5) == (0, 0)
    for area in public_facts.areas:  # each area's own words
        judged = found.by_area[found.chosen.area_ids.index(area.letter)]
        assert area.verdict == str(judged.verdicts[-1])
    # The number is that of all incidents, changed by their keys as any other count of all.
    incidents = data.incidents[is_told & (data.incidents["occurred_at"] >= "2019-10-01")]
    has_place = incidents["lon"].notna() & ~incidents["flags"].str.contains("outside")
    incidents = incidents[has_place]
    points = zip(incidents["lat"], incidents["lon"], strict=True)
    blocks = [h3.str_to_int(h3.latlng_to_cell(lat, lon, 10)) for lat, lon in points]
    own = incidents[[any(cell in area for area in areas.cells) for cell in blocks]]
    assert len(own) == core.counted[-1]
    assert change.counted == told("all areas\nall", own)


def staggered(records, day=date(2020, 2, 1), fewer=5):
    """The three areas, the second designated later and the third redrawn in March."""
    later = [replace_row(one, on_date=day) if one.area == "D" else one for one in records.steps]
    (last,) = [step for step in records.steps if step.area == "F"]
    left = sorted(last.cells)[:-fewer]
    steps = [*later, replace_row(last, key="F/2", on_date=date(2020, 3, 1), cells=left)]
    return replace(records, steps=tuple(steps))


def test_areas_are_counted_together_each_in_the_months_and_cells_it_is_followed_in(
    sample_source, sample_records
):
    window = resolve_window(sample_source.city, Month(2020, 8))
    change = change_in_all(window, replace(sample_source, records=staggered(sample_records)))
    spans = sorted((str(months.start), str(months.until)) for _, months in change.grounds)
    # The redraw takes no ground out.
    assert spans == [("2019-10", "2020-07"), ("2019-10", "2020-07"), ("2020-02", "2020-07")]
    (true,), _ = count_followed(window.dataset, change, SECRET)
    assert true == change.exact.value  # what the verdict rests on is what is published, changed
    whole = change_in_all(window, replace(sample_source, records=sample_records))
    assert change.exact.value < whole.exact.value


@pytest.mark.long
def test_nothing_that_is_exact_knows_which_incidents_are_domestic(sample_source, sample_records):
    """Outlines, verdict and range are open code on the city's points: whoever runs it learns."""
    city, rng = sample_source.city, np.random.default_rng(8)
    kinds = city.dataset.incidents["domestic"].to_numpy(copy=True)
    for records in (Records(), staggered(sample_records)):
        told_of = []
        for _ in range(3):
            rng.shuffle(kinds)
            incidents = city.dataset.incidents.assign(domestic=kinds)
            other = replace(city, dataset=replace(city.dataset, incidents=incidents))
            window = resolve_window(other, Month(2020, 8))
            analysis = Analysis(other, AreaSettings(), records)
            areas = areas_shown(window, analysis)
            told_of.append((areas, change_in_all(window, analysis)))
        assert told_of[0][0]
        assert told_of == [told_of[0]] * 3


def test_what_is_done_is_told_without_a_comment_a_reason_or_a_name(public_facts):
    by_number = {action.number: action for action in public_facts.actions}
    first = by_number["1.2.1"]
    assert (first.status, first.due) == ("at-risk", date(2020, 12, 1))
    assert by_number["1.2.2"].status == "no-update"
    assert all(action.title for action in public_facts.actions)
    assert [task.area for task in public_facts.tasks] == ["A", "D", "F"]
    assert {task.what for task in public_facts.tasks} == {"Mend the street lights"}
    assert {answer.asked for answer in public_facts.answers} == {"Mend the street lights?"}
    assert (public_facts.n_unquoted, public_facts.n_unquoted_open) == (3, 3)  # who did not agree
    assert INTERNAL not in public_facts.model_dump_json()


AGREED = """
[public]
domestic_rule = "agreed"
domestic_office = "Testville Police"
domestic_agency = "Testville Shelter"
domestic_on = 2020-01-02
"""


def half_domestic(folder, rule, years=("2019",)):
    """A town with 100 incidents a year that are not domestic, and 40 that are."""
    lines = []
    for year in years:
        lines += [
            row(f"{year}-{n}", f"{year}-{1 + n % 12:02d}-05", *at)
            for n, at in enumerate(spread(100))
        ]
        lines += [
            row(f"{year}-d{n}", f"{year}-05-05", *at, domestic="D")
            for n, at in enumerate(spread(40, 1))
        ]
    ends = [row("x", f"{years[0]}-01-01"), row("y", f"{years[-1]}-12-31")]
    return in_town(folder, [*lines, *ends], has_field=True, rule=rule)


def test_where_no_one_agreed_domestic_incidents_are_in_no_place_and_its_number_is_rounded(tmp_path):
    dataset, config = half_domestic(tmp_path, "")
    facts, publication = gathered(config, dataset, Month(2019, 12))
    assert (facts.domestic, facts.rounded_to, publication.counts_all) == ("left_out", 5, False)
    assert facts.n_incidents == told("city\nall", dataset.incidents)
    counts = publication.counts["neighborhood"]["2019"]
    for name, count in counts.items():
        own = dataset.incidents[dataset.incidents["neighborhood"] == name]
        assert count == told_without(f"neighborhood\n{name}", own)
        assert count is None or count % 5 == 0
    assert sum(counts.values()) < 125  # of 102, not of 142


@pytest.mark.parametrize("rule", [AGREED, AGREED.replace("agreed", "points are public")])
def test_where_it_was_agreed_all_count_and_no_number_depends_on_the_marks(tmp_path, rule):
    if "agreed" not in rule:
        rule = rule.replace('domestic_agency = "Testville Shelter"\n', "")
    dataset, config = half_domestic(tmp_path, rule)
    facts, publication = gathered(config, dataset, Month(2019, 12))
    assert (facts.domestic, facts.rounded_to, publication.counts_all) == ("counted", 1, True)
    for name, count in publication.counts["neighborhood"]["2019"].items():
        own = dataset.incidents[dataset.incidents["neighborhood"] == name]
        assert count == told(f"neighborhood\n{name}", own)
    kinds = np.random.default_rng(2).permutation(dataset.incidents["domestic"].to_numpy(str))
    other = replace(dataset, incidents=dataset.incidents.assign(domestic=kinds))
    assert gathered(config, other, Month(2019, 12))[1] == publication


@pytest.mark.long
def test_years_once_published_without_domestic_cases_are_never_published_with_them(new_town):
    """Nor the other way: whoever subtracts would have what is domestic."""
    years = ("2016", "2017", "2018", "2019")
    apart, together = (half_domestic(new_town().folder, rule, years) for rule in ("", AGREED))

    def published(month, first, then):
        before = gathered(first[1], first[0], Month.parse("2017-12"))[1]
        facts, made = gathered(then[1], then[0], Month.parse(month), [before])
        return facts, {p for g in ("neighborhood", "cell") for p in made.counts[g]}, made.counts_all

    for first, then, is_all in ((apart, together, True), (together, apart, False)):
        # Until a year is whole that was not, all stays as it was.
        facts, periods, counts_all = published("2018-09", first, then)
        assert (periods, counts_all) == ({"2016", "2017", "2016/2017"}, not is_all)
        assert len(facts.years) == 2
        # From then on no figure of a place reaches back.
        facts, periods, counts_all = published("2019-12", first, then)
        assert counts_all is is_all
        assert {one for one in periods if "Q" not in one} == {"2018", "2019", "2018/2019"}
        assert not {one for one in periods if one < "2018"}
        assert (facts.start, facts.until) == ("2018-01", "2020-01")
        assert [str(year) for year, _ in facts.years] == [*years]  # the city's are of all


def test_a_rounded_number_stands_when_late_reports_come_in(new_town):
    dataset, config = half_domestic(new_town().folder, "")
    known = dataset.incidents.drop(index=range(0, 90, 2)).reset_index(drop=True)
    facts, first = gathered(config, replace(dataset, incidents=known), Month(2019, 12))
    _, then = gathered(config, dataset, Month(2019, 12), [first])
    _, anew = gathered(config, dataset, Month(2019, 12))
    for geography in ("neighborhood", "cell"):
        assert then.counts[geography] == first.counts[geography]
    assert then.counts["neighborhood"] != anew.counts["neighborhood"]
    assert then.counts["city"] == anew.counts["city"]
    assert facts.rounded_to == 5


@pytest.mark.long
def test_without_a_whole_year_rounded_numbers_are_of_other_months_once_a_year_only(new_town):
    """Of numbers that grow each quarter the difference is a quarter's."""
    months = [str(month) for month in months_from("2018-02", 23)]
    lines = [
        row(f"{month}-{n}", f"{month}-{1 + n:02d}", *at, domestic="DN"[n % 2])
        for month in months
        for n, at in enumerate(spread(6, 3))
    ]
    ends = [row("x", "2018-02-01"), row("y", "2019-12-31")]

    def published(rule):
        dataset, config = in_town(new_town().folder, [*lines, *ends], has_field=True, rule=rule)
        spans, earlier = [], []
        for month in ("2018-06", "2018-09", "2019-03", "2019-06", "2019-09", "2019-12"):
            facts, made = gathered(config, dataset, Month.parse(month), earlier)
            again, same = gathered(config, dataset, Month.parse(month), [*earlier, made])
            assert (again, same) == (facts, made)
            earlier.append(made)
            last = str(Month.parse(facts.until).plus(-1))
            span = "2019" if last == "2019-12" else f"{facts.start}/{last}"
            assert {p for g in ("neighborhood", "cell") for p in made.counts[g]} == {span}
            spans.append(facts.until)
        return spans

    assert published("") == ["2018-07"] * 3 + ["2019-07"] * 2 + ["2020-01"]
    # Of all incidents no number gives a mark away.
    assert published(AGREED)[:3] == ["2018-07", "2018-10", "2019-04"]


# ---- at the edge ---------------------------------------------------------------------------


def test_a_street_is_in_each_neighborhood_that_it_runs_through_and_one_without_a_name_in_none():
    halves = gpd.GeoDataFrame(
        {"name": ["West", "East"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326
    )
    lines = [({"name": "Elm"}, [[0.2, 0.5], [1.8, 0.5]]), ({}, [[0.1, 0.1], [0.2, 0.1]])]
    lines.append(({"name": "Oak"}, [[0.1, 0.2], [0.1, 0.3]]))
    shapes = [({"type": "LineString", "coordinates": at}, of) for of, at in lines]
    features = [{"type": "Feature", "properties": of, "geometry": at} for at, of in shapes]
    layers = {"streets": json.dumps({"features": features[:2]})}
    layers["main_streets"] = json.dumps({"features": features[2:]})
    found = (("Elm", ("East", "West")), ("Oak", ("West",)))
    assert streets_by_neighborhood(layers, halves) == found
    assert streets_by_neighborhood({}, halves) == ()
    unnamed = {"streets": json.dumps({"features": features[1:2]})}
    assert streets_by_neighborhood(unnamed, halves) == ()


@pytest.mark.parametrize(
    ("month", "quarter", "start"),
    [
        ("2019-12", "2019-Q4", "2017-01"),
        ("2020-02", "2019-Q4", "2017-01"),  # data end in 2019
        ("2019-11", "2019-Q3", "2016-10"),
        ("2019-09", "2019-Q3", "2016-10"),
        ("2016-04", "2016-Q1", "2016-01"),  # fewer months than 36
        ("2016-03", "2016-Q1", "2016-01"),
    ],
)
def test_the_quarter_is_the_last_whole_one_that_is_over(tmp_path, month, quarter, start):
    dataset, config = in_town(tmp_path, some_each_month(months_from("2016-01", 48), 1))
    window = resolve_window(City(config, dataset), Month.parse(month))
    assert (str(window.quarter), str(window.period.start)) == (quarter, start)


def test_months_that_no_file_covers_are_no_quiet_months(tmp_path):
    """As in a city with a file of 2017 and one of 2020 alone."""
    lines = [
        *some_each_month(months_from("2017-01", 12))[:-1],
        *some_each_month(months_from("2020-01", 6)),
    ]
    dataset, config = in_town(tmp_path, lines)
    now = resolve_window(City(config, dataset), Month(2020, 6))
    assert (str(now.quarter), str(now.period.start), now.period.months) == ("2020-Q2", "2020-01", 6)
    then = resolve_window(City(config, dataset), Month(2019, 5))
    assert (str(then.quarter), then.period.months) == ("2017-Q4", 12)
    assert then.dataset.report["data_through"] == "2017-12-31"
    assert str(then.dataset.incidents["occurred_at"].max()) < "2018"
    assert str(now.dataset.incidents["occurred_at"].min()) >= "2020"


def test_a_town_where_months_pass_without_a_shooting_keeps_its_window(tmp_path):
    lines = [row(n, f"{2016 + n}-0{1 + n}-05") for n in range(4)] + [row(9, "2019-12-31")]
    dataset, config = in_town(tmp_path, [row(8, "2016-01-01"), *lines])
    assert resolve_window(City(config, dataset), Month(2019, 12)).period.months == 36


def test_without_an_area_and_without_a_plan_the_public_is_told_the_rest(tmp_path):
    lines = [row(n, f"2019-{1 + n % 12:02d}-05", *at) for n, at in enumerate(spread(40))]
    lines += [row("x", "2019-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, lines)
    facts, _ = gathered(config, dataset, Month(2019, 12))
    assert (facts.areas, facts.change, facts.actions, facts.tasks) == ((), None, (), ())
    assert facts.n_incidents == told("city\nall", dataset.incidents)
    assert (facts.domestic, facts.domestic_office) == ("confirmed", "Testville Police")
    assert facts.domestic_on == date(2020, 1, 2)


def test_candidates_stand_where_no_area_is_served(tmp_path):
    near = np.random.default_rng(20).normal((-94.57, 39.02), 0.0005, (60, 2)).tolist()
    lines = [
        row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *at)
        for n, at in enumerate([*near, *spread(90)])
    ]
    dataset, config = in_town(tmp_path, [*lines, row("x", "2017-01-01"), row("y", "2019-12-31")])
    facts, publication = gathered(config, dataset, Month(2019, 12))
    assert [area.state for area in facts.areas] == ["candidate"]
    assert facts.areas[0].since is None
    assert facts.change is None
    assert facts.areas[0].letter == ""
    assert publication.places["area"] == {facts.areas[0].place_name: facts.areas[0].cells}


def test_areas_without_a_whole_month_since_have_no_verdict(sample_source, sample_records):
    late = date(2020, 7, 1)
    steps = tuple(replace_row(step, on_date=late) for step in sample_records.steps)
    records = replace(sample_records, steps=steps)
    window = resolve_window(sample_source.city, Month(2020, 8))
    change = change_in_all(window, replace(sample_source, records=records))
    assert (change.exact, change.period.start) == (None, Month(2020, 7))


def test_the_order_of_rows_is_of_no_matter(public_made, sample_source, sample_records, sample_plan):
    incidents = sample_source.city.dataset.incidents.sample(frac=1, random_state=3)
    shuffled = City(
        sample_source.city.config, replace(sample_source.city.dataset, incidents=incidents)
    )
    _, again = gather_public(shuffled, sample_plan, sample_records, Month(2020, 8), (), SECRET)
    assert again == public_made.publication


def test_a_range_stands_only_where_the_changed_count_lies_on_its_side_of_it(public_made):
    """Else two numbers on the page would say the opposite of the sentence above them."""
    change = replace_change(counted=58, low=44, high=77)
    stands = Publication("2020-Q2", "s", {}, {"all areas": {"2019-10/2020-06": {"all": 57}}})
    told = published_change(change, stands)
    assert (told.counted, told.low, told.high) == (57, 45, 75)
    moved = Publication("2020-Q2", "s", {}, {"all areas": {"2019-10/2020-06": {"all": 79}}})
    told = published_change(change, moved)
    assert (told.counted, told.low, told.high) == (79, None, None)


def test_maintenance_begins_no_new_comparison_and_no_old_count_stands_under_new_months(
    public_made, sample_source, sample_plan, sample_records
):
    areas = tuple(
        replace_row(area, state="maintenance", since=date(2020, 3, 1))
        for area in sample_records.areas
    )
    steps = tuple(
        replace_row(step, key=f"{step.area}/2", state="maintenance", on_date=date(2020, 3, 1))
        for step in sample_records.steps
    )
    cared = replace(sample_records, areas=areas, steps=(*sample_records.steps, *steps))
    before = [public_made.publication]
    told, _ = gather_public(sample_source.city, sample_plan, cared, Month(2020, 8), before, SECRET)
    assert told.change == public_made.facts.change
    ended = tuple(replace_row(step, state="retired", on_date=date(2020, 2, 15)) for step in steps)
    again = tuple(
        replace_row(step, key=f"{step.area}/3", state="designated", on_date=date(2020, 3, 1))
        for step in steps
    )
    anew = replace(sample_records, steps=(*sample_records.steps, *ended, *again))
    facts, _ = gather_public(sample_source.city, sample_plan, anew, Month(2020, 8), before, SECRET)
    # Of all together ground that is served again counts on: once, and since the first time.
    assert facts.change == told.change


# ---- refused -------------------------------------------------------------------------------


def test_a_source_without_a_domestic_field_needs_an_offices_word(tmp_path):
    dataset, config = in_town(tmp_path, some_each_month(months_from("2019-01", 6)), rule="")
    with pytest.raises(ConfigError, match=r"Testville.*list.*domestic_rule = .no field in"):
        gathered(config, dataset, Month(2019, 6))


def test_incidents_without_a_place_need_no_word_on_what_is_domestic(tmp_path):
    lines = some_each_month(months_from("2019-01", 6), lon="", lat="")
    dataset, config = in_town(tmp_path, lines, rule="")
    facts, publication = gathered(config, dataset, Month(2019, 6))
    assert facts.n_unlocated == facts.n_incidents  # the same incidents
    assert abs(facts.n_incidents - 25) < 10
    assert {cell.level for cell in facts.cells} == {0}
    assert set(publication.counts["neighborhood"]["2019-01/2019-06"].values()) == {None}


@pytest.mark.parametrize("month", ["2018-12", "2019-02"])
def test_a_month_before_any_whole_quarter_is_refused(tmp_path, month):
    dataset, config = in_town(tmp_path, some_each_month(months_from("2019-01", 6)))
    with pytest.raises(PeriodError, match=r"gap \(they cover 2019-01 to 2019-06\)\."):
        resolve_window(City(config, dataset), Month.parse(month))


@pytest.mark.parametrize(
    "public",
    [
        'domestic_rule = "no field in the source"',
        'domestic_office = "Police"\ndomestic_on = 2020-01-02',
        'domestic_rule = "agreed"\ndomestic_office = "Police"\ndomestic_on = 2020-01-02',
        'domestic_agency = "Shelter"',
        'spanish_office = "Library"',
        'domestic_rule = "we would rather not"\ndomestic_office = "P"\ndomestic_on = 2020-01-02',
        'language = "fr"',
        "[public.take_part]\nen = []",
    ],
)
def test_half_a_confirmation_in_the_citys_file_is_refused(tmp_path, public):
    town = make_town(tmp_path)
    town.config.write_text(f"{town.config.read_text()}\n[public]\n{public}\n")
    with pytest.raises(ConfigError, match="public"):
        load_city(town.config)


# ---- true in general -----------------------------------------------------------------------


def test_a_quarter_published_again_with_the_same_data_is_the_same(new_town):
    lines = some_each_month(months_from("2017-01", 36))
    dataset, config = in_town(new_town().folder, lines)
    facts, first = gathered(config, dataset, Month(2019, 12))
    assert gathered(config, dataset, Month(2019, 12), [first]) == (facts, first)
    fewer, _ = in_town(new_town().folder, lines[1:])
    assert gathered(config, fewer, Month(2019, 12), [first])[1] != first


def test_a_year_below_ten_is_fewer_than_ten_in_the_citys_table_too(tmp_path):
    lines = [row(k, f"2018-{1 + k % 12:02d}-05", *at) for k, at in enumerate(spread(40, 1))]
    lines += [row(f"b{k}", "2019-03-05", *at) for k, at in enumerate(spread(2, 2))]
    ends = [row("x", "2018-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, [*lines, *ends])
    facts, publication = gathered(config, dataset, Month(2019, 12))
    ((_, n_2018), (_, n_2019)) = facts.years
    assert n_2018 == told("city\nall", in_years(dataset.incidents, 2018, 2019))
    assert n_2019 is None
    assert Publication.from_json(publication.to_json()) == publication
    lines = table_files(facts)["years.csv"].decode().split()
    assert lines == ["year,incidents", f"2018,{n_2018}", "2019,"]


@pytest.mark.slow
def test_philadelphia_is_published_on_the_word_in_its_file(philadelphia, tmp_path):
    dataset, config = philadelphia
    facts, _ = gathered(config, dataset, Month(2024, 12))
    assert facts.domestic == "confirmed"
    assert (facts.quarter, facts.start, facts.until) == ("2024-Q4", "2022-01", "2025-01")
    assert sum(one.count is not None for one in facts.districts) > 40


# ---- what was written by hand --------------------------------------------------------------


def caught_in(sample_source, records, plan=None):
    with pytest.raises(PrivacyError) as refused:
        gather_public(sample_source.city, plan, records, Month(2020, 7), (), SECRET)
    assert refused.value.message.key == "publish.caught"
    return refused.value.texts


def test_a_task_that_names_a_home_stops_the_bundle_until_somebody_has_read_it_again(
    sample_source, sample_records
):
    what = "Visit 4123 Prospect Ave"
    task = replace_row(sample_records.tasks[0], what=what, is_public=True)
    records = replace(sample_records, tasks=(task,))
    assert caught_in(sample_source, records) == (what,)
    why = replace_row(sample_records.tasks[0], reason=what)
    assert caught_in(sample_source, replace(sample_records, tasks=(why,))) == (what,)
    read = replace(records, confirmed=frozenset([code_of(what)]))
    facts, _ = gather_public(sample_source.city, None, read, Month(2020, 7), (), SECRET)
    assert [one.what for one in facts.tasks] == [what]


def test_an_answer_and_an_approved_title_stop_it_too_and_all_are_named_at_once(
    sample_source, sample_plan, sample_records
):
    title, asked = "Visit the family at 4123 Prospect Ave", "Help Keisha Thompson move"
    change = ChangeRow(key="change-1", action="1.2.1", values={"title": title}, state=APPROVED)
    first = replace_row(sample_records.asked[0], asked=asked, is_public=True)
    records = replace(sample_records, changes=(change,), asked=(first,))
    assert title in [line.title for line in plan_lines(sample_plan, records, date(2020, 8, 31))]
    assert set(caught_in(sample_source, records, sample_plan)) == {asked, title}


def test_a_source_that_stopped_to_mark_domestic_cases_needs_an_offices_word(tmp_path):
    marked = [row(n, f"2015-{1 + n % 12:02d}-03", domestic="N") for n in range(30)]
    lines = [row(f"l{n}", f"2019-{1 + n % 12:02d}-05", domestic="") for n in range(30)]
    ends = [row("x", "2015-01-01"), row("y", "2019-12-31", domestic="")]
    dataset, config = in_town(tmp_path, [*marked, *lines, *ends], has_field=True, rule="")
    with pytest.raises(ConfigError, match="domestic"):
        gathered(config, dataset, Month(2019, 12))


def test_a_candidate_whose_number_is_held_back_is_not_shown_at_all(public_facts, new_town):
    """That it is listed would tell that it had ten or more."""
    knot = np.random.default_rng(3).normal((-94.57, 39.02), 0.0008, (60, 2)).tolist()
    lines = [row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *at) for n, at in enumerate(knot)]
    lines += [row(f"s{n}", "2018-11-11", *at) for n, at in enumerate(spread(80, 5))]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(new_town().folder, lines)
    facts, publication = gathered(config, dataset, Month(2019, 12))
    assert all(area.count for area in facts.areas)
    assert set(publication.places["area"]) == {area.place_name for area in facts.areas}


@pytest.mark.parametrize("middle", [8, 14])
def test_a_candidate_is_called_as_on_all_pages_and_one_withheld_is_not_named(tmp_path, middle):
    """None has a letter, which would promise a choice."""
    knots = ((-94.59, 39.02, 30), (-94.585, 39.045, middle), (-94.58, 39.02, 30))
    city, window = with_knots(tmp_path, *knots)
    choices = AreaSettings(until=Month(2020, 1), months=36, max_area_km2=2.0, resolution=9)
    all_of_them = propose_areas(City(city.config, window.dataset), choices).areas
    assert len(all_of_them) == 3
    told = areas_shown(window, Analysis(city, choices))
    is_told = all_of_them["incidents"] >= 10
    assert [area.letter for area in told] == [""] * is_told.sum()
    assert is_told.sum() == (2 if middle < 10 else 3)
    assert [area.place_name for area in told] == all_of_them["place_name"][is_told].tolist()


@pytest.mark.parametrize(("years", "n_told"), [(1, 0), (2, 3)])
def test_no_outline_is_told_where_the_months_are_too_few_to_say_where(tmp_path, years, n_told):
    knots = ((-94.59, 39.02, 30), (-94.585, 39.045, 30), (-94.58, 39.02, 30))
    city, window = with_knots(tmp_path, *knots, years=years)
    choices = AreaSettings(until=window.period.until)
    assert len(propose_areas(City(city.config, window.dataset), choices).areas) == 3
    assert len(areas_shown(window, Analysis(city, choices))) == n_told


def test_the_false_hot_spot_of_the_made_up_city_is_told_to_nobody_outside(sample_source):
    """By DBSCAN alone it is an area; what a team walks is not found by such a point at all."""
    window = resolve_window(sample_source.city, Month(2020, 8))
    walkable = AreaSettings(until=window.period.until)
    told = areas_shown(window, Analysis(sample_source.city, walkable))
    assert "Kestrelby" not in {area.place_name for area in told}
    assert len(told) == 8
    choices = replace(walkable, max_area_km2=0.0, resolution=9)
    every = propose_areas(City(sample_source.city.config, window.dataset), choices).areas.set_index(
        "place_name"
    )
    assert tuple(every.loc["Kestrelby", ["suspect", "incidents"]]) == (23, 24)
    told = areas_shown(window, Analysis(sample_source.city, choices))
    assert {area.place_name for area in told} == set(every.index) - {"Kestrelby"}


@pytest.mark.parametrize(("at_hospital", "n_told"), [(14, 3), (15, 2)])
def test_a_candidate_that_owes_a_third_to_points_for_unknown_places_is_not_told(
    tmp_path, at_hospital, n_told
):
    knots = ((-94.59, 39.02, 30), (-94.585, 39.045, 30), (-94.52, 39.02, 30))
    city, window = with_knots(tmp_path, *knots, more=[(-94.585, 39.045)] * at_hospital)
    suspects = city.dataset.report["suspect_points"]
    assert [point["incidents"] for point in suspects] == [at_hospital]
    told = areas_shown(window, Analysis(city, AreaSettings(until=window.period.until)))
    assert len(told) == n_told
    hospital = int(h3.latlng_to_cell(39.045, -94.585, 10), 16)
    assert any(hospital in area.ground for area in told) == (n_told == 3)


@pytest.mark.parametrize(("through", "key"), [("2018-12", 20), ("2020-12", 10)])
def test_the_chance_of_a_false_word_is_told_as_it_is(through, key):
    numbers = {"counted": 40, "low": 50, "high": 90, "verdict": "fewer here and within 750 m"}
    change = PublicChange(since="2018-01", through=through, **numbers)
    said = change_doubts(change, Translator())
    assert any(f"a 1 in {key} chance" in sentence for sentence in said)
    assumed = change_doubts(change.model_copy(update={"is_usual_known": False}), Translator())
    assert any("no past years" in sentence for sentence in assumed)


@pytest.mark.parametrize("n_before", [98, 100])
def test_a_place_has_quarters_from_a_hundred_in_the_year_before_on(new_town, n_before):
    def of_2018(n):
        lines = [row(f"a{i}", f"2018-{1 + i % 12:02d}-05") for i in range(n)]
        after = [row(f"b{i}", f"2019-{1 + i % 12:02d}-28") for i in range(60)]
        ends = [row("x", "2017-01-01"), row("y", "2019-12-31")]
        return in_town(new_town().folder, [*lines, *after, *ends], has_field=True, rule=AGREED)

    def published(n):
        return told("neighborhood\nWest End", in_years(of_2018(n)[0].incidents, 2018, 2019))

    dataset, config = of_2018(next(n for n in range(94, 106) if published(n) == n_before))
    counts = gathered(config, dataset, Month(2019, 12))[1].counts["neighborhood"]
    assert counts["2018"]["West End"] == n_before
    assert ("West End" in counts.get("2019-Q1", {})) == (n_before == 100)
