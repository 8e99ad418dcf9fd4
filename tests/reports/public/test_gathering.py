"""What the public is told: true where it is told, silent where it must be, whatever the data."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import h3
import numpy as np
import pandas as pd
import pytest
import shapely

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.study_area import locate_incidents
from csa.base.errors import ConfigError, PeriodError, PrivacyError
from csa.base.params import Month
from csa.base.text import Speaker
from csa.config.loading import load_city
from csa.dataset.versioned import City
from csa.decisions.registry import core_areas, followed
from csa.decisions.store.records import APPROVED, Records
from csa.decisions.store.tables import ChangeRow
from csa.disclosure.exposure import find_exposed
from csa.disclosure.published import Publication
from csa.displacement.analyze import analyze_displacement
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.reports.briefing.lines import plan_lines
from csa.reports.public.areas import areas_shown, change_in_all
from csa.reports.public.bundle import table_files
from csa.reports.public.change import change_doubts
from csa.reports.public.counts import atoms_for
from csa.reports.public.facts import PublicChange
from csa.reports.public.gathering import gather_public
from csa.reports.public.told import ADDRESS
from csa.reports.public.window import settle_window
from tests.conftest import make_town
from tests.reports.conftest import INTERNAL
from tests.reports.told import replace_row

FEW = 10
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


# ---- by hand -------------------------------------------------------------------------------


def in_period(incidents):
    when = incidents["occurred_at"]
    return incidents[(when >= "2017-07-01") & (when < "2020-07-01")]


def test_the_whole_city_is_told_of_the_last_whole_quarter_and_three_years(
    public_facts, sample_source
):
    incidents = in_period(sample_source.city.dataset.incidents)
    no_place = incidents["lon"].isna() | incidents["flags"].str.contains("outside")
    assert (public_facts.quarter, public_facts.start, public_facts.until) == (
        "2020-Q2",
        "2017-07",
        "2020-07",
    )
    assert public_facts.n_incidents == len(incidents)
    assert public_facts.n_unlocated == no_place.sum()
    years = sample_source.city.dataset.incidents["occurred_at"].dt.year.value_counts()
    assert public_facts.years == tuple((year, years[year]) for year in range(2015, 2020))


def test_places_are_counted_without_what_is_domestic_by_another_way(
    public_facts, public_made, sample_source
):
    """h3 itself finds the cells, and places are counted one incident after the other."""
    incidents = in_period(sample_source.city.dataset.incidents)
    told = incidents[(incidents["domestic"] != "yes") & incidents["lon"].notna()]
    told = told[~told["flags"].str.contains("outside")]
    areas, cells = Counter(), Counter()
    letters = {cell: area.letter for area in public_facts.areas for cell in area.cells}
    for lon, lat in zip(told["lon"], told["lat"], strict=True):
        areas[letters.get(h3.latlng_to_cell(lat, lon, 10))] += 1
        cells[h3.latlng_to_cell(lat, lon, 8)] += 1
    districts = Counter(told["neighborhood"])
    assert [area.count for area in public_facts.areas] == [areas[letter] for letter in "ADF"]
    assert {cell.cell for cell in public_facts.cells} >= set(cells)
    for place in public_facts.districts:
        true = districts[place.name]
        assert place.count in ({None} if true < FEW else {None, true})
    below = sum(districts[place.name] < FEW for place in public_facts.districts)
    held = public_made.held_back["neighborhood"]
    assert (held.below, held.below + held.beyond) == (
        below,
        sum(place.count is None for place in public_facts.districts),
    )
    for cell in public_facts.cells:
        bounds = public_facts.classes[cell.level]
        assert bounds.low <= cells[cell.cell]
        assert bounds.high is None or cells[cell.cell] <= bounds.high


def test_no_class_has_a_bound_below_ten_and_the_lowest_ends_at_nine(public_facts):
    classes = [(one.low, one.high) for one in public_facts.classes]
    assert classes[0] == (0, 9)
    assert all(low >= FEW for low, _ in classes[1:])
    assert [high for _, high in classes][-1] is None
    assert [low for low, _ in classes[1:]] == [high + 1 for _, high in classes[:-1]]


def test_the_list_says_of_each_neighborhood_what_the_map_shows_there(public_facts, sample_source):
    """The oracle cuts the cells' polygons, as h3 draws them, at the neighborhoods' own."""
    hexagons = {
        one.cell: shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(one.cell)])
        for one in public_facts.cells
    }
    levels = {one.cell: one.level for one in public_facts.cells}
    places = sample_source.city.dataset.neighborhoods.dissolve("name").geometry
    seen = Counter()
    for district in public_facts.districts:
        own = places[district.name]
        shares = {cell: own.intersection(each).area / each.area for cell, each in hexagons.items()}
        touching = [levels[cell] for cell, share in shares.items() if share > 0]
        mostly = [levels[cell] for cell, share in shares.items() if share > 0.15]
        assert max(mostly, default=0) <= district.level <= max(touching)
        seen[district.level] += 1
    assert len(seen) == len(public_facts.classes)


def test_what_changed_is_what_displacement_says_of_all_areas_by_the_quarters_end(
    public_facts, sample_source, sample_records
):
    data = sample_source.city.dataset
    is_told = (data.incidents["domestic"] != "yes") & (data.incidents["occurred_at"] < "2020-07-01")
    until = replace(
        data,
        incidents=data.incidents[is_told].reset_index(drop=True),
        report={**data.report, "data_through": "2020-06-30"},
    )
    areas = followed(core_areas(sample_records))
    found = analyze_displacement(
        locate_incidents(City(sample_source.city.config, until), Choices()), areas
    )
    core = found.pooled.core
    change = public_facts.change
    assert (change.since, change.through) == ("2019-10", "2020-06")
    assert change.verdict == str(found.pooled.verdicts[-1])
    assert (change.counted, change.low, change.high) == (
        core.counted[-1],
        core.low[-1],
        core.high[-1],
    )


def test_what_is_done_is_told_without_a_comment_a_reason_or_a_name(public_facts):
    by_number = {action.number: action for action in public_facts.actions}
    first = by_number["1.2.1"]
    assert (first.status, first.due) == ("at-risk", date(2020, 12, 1))
    assert by_number["1.2.2"].status == "no-update"
    assert all(action.title for action in public_facts.actions)
    assert [task.area for task in public_facts.tasks] == ["A", "D", "F"]
    assert {task.what for task in public_facts.tasks} == {"Mend the street lights"}
    assert {answer.asked for answer in public_facts.answers} == {"Mend the street lights?"}
    assert INTERNAL not in public_facts.model_dump_json()


def test_nothing_can_be_derived_from_what_was_told(public_made, sample_source, sample_records):
    window = settle_window(sample_source.city, Month(2020, 8))
    areas = areas_shown(window, sample_source.city, sample_records, Choices())
    assert find_exposed(atoms_for(window, areas, ()), [public_made.publication], {}) == ()


def test_a_domestic_incident_counts_in_the_city_and_in_no_place(tmp_path):
    lines = [row(n, f"2019-{1 + n % 12:02d}-05", *at) for n, at in enumerate(spread(100))]
    lines += [row("x", "2019-01-01"), row("y", "2019-12-31")]
    hidden = [row(f"d{n}", "2019-05-05", *at, domestic="D") for n, at in enumerate(spread(40, 1))]
    dataset, config = in_town(tmp_path, [*lines, *hidden], has_field=True, rule="")
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    is_shown = dataset.incidents["domestic"] == "no"
    true = dataset.incidents[is_shown]["neighborhood"].value_counts()
    assert (facts.domestic, facts.n_incidents, is_shown.sum()) == ("left_out", 142, 102)
    assert publication.counts["neighborhood"] == dict(true)


# ---- at the edge ---------------------------------------------------------------------------


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
    window = settle_window(City(config, dataset), Month.parse(month))
    assert (str(window.quarter), str(window.period.start)) == (quarter, start)


def test_months_that_no_file_covers_are_no_quiet_months(tmp_path):
    """As in a city with a file of 2017 and one of 2020 alone."""
    lines = [
        *some_each_month(months_from("2017-01", 12))[:-1],
        *some_each_month(months_from("2020-01", 6)),
    ]
    dataset, config = in_town(tmp_path, lines)
    now = settle_window(City(config, dataset), Month(2020, 6))
    assert (str(now.quarter), str(now.period.start), now.period.months) == ("2020-Q2", "2020-01", 6)
    then = settle_window(City(config, dataset), Month(2019, 5))
    assert (str(then.quarter), then.period.months) == ("2017-Q4", 12)
    assert then.dataset.report["data_through"] == "2017-12-31"
    assert str(then.dataset.incidents["occurred_at"].max()) < "2018"
    assert str(now.placed.incidents["occurred_at"].min()) >= "2020"


def test_a_town_where_months_pass_without_a_shooting_keeps_its_window(tmp_path):
    lines = [row(n, f"{2016 + n}-0{1 + n}-05") for n in range(4)] + [row(9, "2019-12-31")]
    dataset, config = in_town(tmp_path, [row(8, "2016-01-01"), *lines])
    assert settle_window(City(config, dataset), Month(2019, 12)).period.months == 36


def test_without_an_area_and_without_a_plan_the_public_is_told_the_rest(tmp_path):
    lines = [row(n, f"2019-{1 + n % 12:02d}-05", *at) for n, at in enumerate(spread(40))]
    lines += [row("x", "2019-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, lines)
    facts, _ = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    assert (facts.areas, facts.change, facts.actions, facts.tasks) == ((), None, (), ())
    assert facts.n_incidents == 42
    assert (facts.domestic, facts.domestic_office) == ("confirmed", "Testville Police")
    assert facts.domestic_on == date(2020, 1, 2)


def test_candidates_stand_where_no_area_is_served(tmp_path):
    near = np.random.default_rng(20).normal((-94.57, 39.02), 0.0005, (60, 2)).tolist()
    lines = [
        row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *at)
        for n, at in enumerate([*near, *spread(90)])
    ]
    dataset, config = in_town(tmp_path, [*lines, row("x", "2017-01-01"), row("y", "2019-12-31")])
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    assert [area.state for area in facts.areas] == ["candidate"]
    assert facts.areas[0].since is None
    assert facts.change is None
    assert publication.places["area"]["A"] == facts.areas[0].cells


def test_areas_without_a_whole_month_since_have_no_verdict(sample_source, sample_records):
    late = date(2020, 7, 1)
    steps = tuple(replace_row(step, on_date=late) for step in sample_records.steps)
    records = replace(sample_records, steps=steps)
    window = settle_window(sample_source.city, Month(2020, 8))
    change = change_in_all(window, sample_source.city, records)
    assert (change.verdict, change.counted, str(change.since)) == ("unknown", None, "2020-07")


def test_the_order_of_rows_is_of_no_matter(sample_source, sample_records):
    window = settle_window(sample_source.city, Month(2020, 8))
    areas = areas_shown(window, sample_source.city, sample_records, Choices())
    shuffled = replace(
        sample_source.city.dataset,
        incidents=sample_source.city.dataset.incidents.sample(frac=1, random_state=3),
    )
    other = settle_window(City(sample_source.city.config, shuffled), Month(2020, 8))
    one, two = atoms_for(window, areas, ()), atoms_for(other, areas, ())
    assert np.array_equal(one.counts, two.counts)


def test_an_earlier_count_of_all_areas_stands_without_a_range_of_other_data(
    public_made, sample_source, sample_plan, sample_records
):
    """The quarter was told before, and its data were corrected since: the count stays as told."""
    told = public_made.publication
    (both,) = told.sums
    before = replace(told, sums=(replace(both, count=both.count + 1),))
    made = gather_public(
        sample_source.city,
        sample_plan,
        sample_records,
        Month(2020, 8),
        [before],
    )
    change = made[0].change
    assert (change.counted, change.low, change.high) == (both.count + 1, None, None)


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
    told, _ = gather_public(
        sample_source.city, sample_plan, cared, Month(2020, 8), [public_made.publication]
    )
    assert told.change == public_made.facts.change
    # Served anew, the comparison does begin again: the count of then is of other months.
    ended = tuple(replace_row(step, state="retired", on_date=date(2020, 2, 15)) for step in steps)
    again = tuple(
        replace_row(step, key=f"{step.area}/3", state="designated", on_date=date(2020, 3, 1))
        for step in steps
    )
    anew = replace(sample_records, steps=(*sample_records.steps, *ended, *again))
    change = gather_public(
        sample_source.city, sample_plan, anew, Month(2020, 8), [public_made.publication]
    )[0].change
    assert change.since == "2020-03"
    assert change.counted is None


# ---- refused -------------------------------------------------------------------------------


def test_a_source_without_a_domestic_field_needs_an_offices_word(tmp_path):
    dataset, config = in_town(tmp_path, some_each_month(months_from("2019-01", 6)), rule="")
    with pytest.raises(ConfigError, match=r"Testville.*list.*domestic_rule = .no field in"):
        gather_public(City(config, dataset), None, Records(), Month(2019, 6))


def test_incidents_without_a_place_need_no_word_on_what_is_domestic(tmp_path):
    lines = some_each_month(months_from("2019-01", 6), lon="", lat="")
    dataset, config = in_town(tmp_path, lines, rule="")
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 6))
    assert facts.n_unlocated == facts.n_incidents == 25
    assert {cell.level for cell in facts.cells} == {0}
    assert set(publication.counts["neighborhood"].values()) == {None}


@pytest.mark.parametrize("month", ["2018-12", "2019-02"])
def test_a_month_before_any_whole_quarter_is_refused(tmp_path, month):
    dataset, config = in_town(tmp_path, some_each_month(months_from("2019-01", 6)))
    with pytest.raises(PeriodError, match=r"no whole quarter.*2019-01 to 2019-06"):
        settle_window(City(config, dataset), Month.parse(month))


@pytest.mark.parametrize(
    "public",
    [
        'domestic_rule = "no field in the source"',
        'domestic_office = "Police"\ndomestic_on = 2020-01-02',
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


def test_a_second_quarter_gives_away_nothing_and_a_corrected_one_stands_as_it_was(new_town):
    """A correction comes with the next quarter: no difference between two tells of one event."""
    knot = np.random.default_rng(8).normal((-94.57, 39.02), 0.0012, (60, 2)).tolist()
    lines = [
        row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *at)
        for n, at in enumerate([*spread(120, 7), *knot])
    ]
    lines += [row(f"k{n}", "2019-11-11", *at) for n, at in enumerate(spread(12, 9))]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(new_town().folder, lines)
    first = gather_public(City(config, dataset), None, Records(), Month(2019, 9))[1]
    second = gather_public(City(config, dataset), None, Records(), Month(2019, 12), [first])[1]
    window = settle_window(City(config, dataset), Month(2019, 12))
    areas = areas_shown(window, City(config, dataset), Records(), Choices())
    atoms = atoms_for(window, areas, [first])
    assert first.places["area"] != second.places["area"]
    told = {
        cell for one in (first, second) for area in one.places["area"].values() for cell in area
    }
    assert told <= set(atoms.members["cell of size 10"])
    assert find_exposed(atoms, [first, second], {}) == ()
    assert (first.id, second.id) == ("2019-Q3", "2019-Q4")
    later, _ = in_town(new_town().folder, lines[1:])
    facts, again = gather_public(
        City(config, later), None, Records(), Month(2019, 9), [first, second]
    )
    assert again == first
    assert facts.n_incidents == first.totals["period"]


def test_a_total_of_the_city_below_ten_is_not_told_either(tmp_path):
    lines = [row(k, f"2018-{1 + k % 12:02d}-05", *at) for k, at in enumerate(spread(12, 1))]
    lines += [row(f"b{k}", "2019-03-05", *at) for k, at in enumerate(spread(7, 2))]
    ends = [row("x", "2018-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, [*lines, *ends])
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    assert facts.years == ((2018, 13), (2019, None))
    assert facts.n_incidents == 21
    assert publication.totals == {"2018": 13, "2019": None, "period": 21, "unlocated": None}
    assert Publication.from_json(publication.to_json()) == publication
    assert table_files(facts)["years.csv"].decode().split() == [
        "year,incidents",
        "2018,13",
        "2019,",
    ]


@pytest.mark.parametrize(("n", "seed"), [(12, 1), (60, 2), (150, 3)])
def test_what_is_told_is_true_and_nothing_below_ten_is_told(tmp_path, n, seed):
    lines = [row(k, f"2019-{1 + k % 12:02d}-05", *at) for k, at in enumerate(spread(n, seed))]
    ends = [row("x", "2019-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, [*lines, *ends])
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    true = dataset.incidents["neighborhood"].value_counts()
    for place in facts.districts:
        assert place.count is None or place.count == true.get(place.name, 0) >= FEW
    window = settle_window(City(config, dataset), Month(2019, 12))
    areas = areas_shown(window, City(config, dataset), Records(), Choices())
    assert find_exposed(atoms_for(window, areas, ()), [publication], {}) == ()
    assert json.loads(facts.model_dump_json())["quarter"] == "2019-Q4"


@pytest.mark.slow
def test_philadelphia_is_published_on_the_word_in_its_file(root, shared_data, tmp_path):
    config = load_city(root / "config" / "philadelphia.toml")
    folder = shared_data / "philadelphia"
    inputs = Inputs(
        (folder / "philly_shooting_victims_2015_2025.csv",), folder / "neighborhoods.geojson"
    )
    dataset = ingest_city(config, inputs).dataset
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2024, 12))
    assert facts.domestic == "confirmed"
    assert facts.quarter == "2024-Q4"
    window = settle_window(City(config, dataset), Month(2024, 12))
    areas = areas_shown(window, City(config, dataset), Records(), Choices())
    assert find_exposed(atoms_for(window, areas, ()), [publication], {}) == ()


# ---- what was written by hand --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_address"),
    [
        ("Check on the family at 4123 Prospect Ave", True),
        ("Lights at 12 N. Main Street", True),
        ("Mend 3700 Martin Luther King Blvd, please", True),
        ("1420 Dr. Martin Luther King Jr. Blvd", True),
        ("visit 1420 east lehigh ave", True),
        ("4123-A prospect ave", True),
        ("4123 Prospect Trafficway", True),
        ("Visitar la casa de la calle Prospect 4123", True),
        ("avenida Troost núm. 39", True),
        ("The corner at 39.0997, -94.5786", True),
        ("Open the park until 8 on the way home", False),
        ("30 days to find a way", False),
        ("40 lights for the streets near the school, by 9.30", False),
        ("12 walks each month on Main Street", False),
        ("Mejorar la luz en la calle Main", False),
        ("Two walks in 2020 and 3 new lights", False),
        ("Meet at the corner of Main Street and 31st Street", False),
    ],
)
def test_a_text_with_a_house_number_is_not_published(text, is_address):
    assert bool(ADDRESS.search(text)) is is_address


def test_a_task_with_an_address_stops_the_bundle(sample_source, sample_plan, sample_records):
    task = replace_row(sample_records.tasks[0], what="Visit 4123 Prospect Ave", is_public=True)
    records = replace(sample_records, tasks=(task,))
    with pytest.raises(PrivacyError, match="4123 Prospect Ave"):
        gather_public(sample_source.city, None, records, Month(2020, 7))


def test_an_approved_title_with_an_address_stops_the_bundle_too(
    sample_source, sample_plan, sample_records
):
    title = "Visit the family at 4123 Prospect Ave"
    change = ChangeRow(key="change-1", action="1.2.1", values={"title": title}, state=APPROVED)
    records = replace(sample_records, changes=(change,))
    assert title in [line.title for line in plan_lines(sample_plan, records, date(2020, 8, 31))]
    with pytest.raises(PrivacyError, match="4123 Prospect Ave"):
        gather_public(sample_source.city, sample_plan, records, Month(2020, 7))


def test_a_source_that_stopped_to_mark_domestic_cases_needs_an_offices_word(tmp_path):
    marked = [row(n, f"2015-{1 + n % 12:02d}-03", domestic="N") for n in range(30)]
    lines = [row(f"l{n}", f"2019-{1 + n % 12:02d}-05", domestic="") for n in range(30)]
    ends = [row("x", "2015-01-01"), row("y", "2019-12-31", domestic="")]
    dataset, config = in_town(tmp_path, [*marked, *lines, *ends], has_field=True, rule="")
    with pytest.raises(ConfigError, match="domestic"):
        gather_public(City(config, dataset), None, Records(), Month(2019, 12))


def test_a_candidate_whose_number_is_held_back_is_not_shown_at_all(public_facts, new_town):
    """That it is listed would tell that it had ten or more."""
    knot = np.random.default_rng(3).normal((-94.57, 39.02), 0.0008, (60, 2)).tolist()
    lines = [row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *at) for n, at in enumerate(knot)]
    lines += [row(f"s{n}", "2018-11-11", *at) for n, at in enumerate(spread(80, 5))]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(new_town().folder, lines)
    facts, publication = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    assert all(area.count for area in facts.areas)
    assert set(publication.places["area"]) == {area.letter for area in facts.areas}


@pytest.mark.parametrize("middle", [8, 14])
def test_neither_a_letter_nor_a_name_tells_of_a_candidate_that_is_withheld(tmp_path, middle):
    """Letters run west to east, and two candidates of a neighborhood tell each other apart."""
    rng = np.random.default_rng(4)
    knots = ((-94.59, 39.02, 30), (-94.585, 39.045, middle), (-94.58, 39.02, 30))
    at = [place for lon, lat, n in knots for place in rng.normal((lon, lat), 0.0003, (n, 2))]
    lines = [row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *place) for n, place in enumerate(at)]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, lines)
    window = settle_window(City(config, dataset), Month(2019, 12))
    choices = Choices(until=Month(2020, 1), months=36, max_area_km2=2.0, resolution=9)
    all_of_them = propose_areas(City(config, window.placed), choices).areas
    assert list(all_of_them["area_id"]) == ["A", "B", "C"]
    told = areas_shown(window, City(config, dataset), Records(), choices)
    is_told = all_of_them["incidents"] >= 10
    assert [area.letter for area in told] == ["A", "B", "C"][: is_told.sum()]
    words = [area.place_name.removeprefix("West End, ") for area in told]
    assert words == (["west", "east"] if middle < 10 else ["southwest", "north", "southeast"])


def test_the_false_hot_spot_of_the_made_up_city_is_told_to_nobody_outside(sample_source):
    """By DBSCAN alone it is an area; what a team walks is not found by such a point at all."""
    window = settle_window(sample_source.city, Month(2020, 8))
    walkable = Choices(until=window.period.until)
    told = areas_shown(window, sample_source.city, Records(), walkable)
    assert "Kestrelby" not in {area.place_name for area in told}
    assert [area.letter for area in told] == list("ABCDEFGH")
    choices = replace(walkable, max_area_km2=0.0, resolution=9)
    every = propose_areas(City(sample_source.city.config, window.placed), choices).areas.set_index(
        "place_name"
    )
    assert tuple(every.loc["Kestrelby", ["suspect", "incidents"]]) == (21, 22)
    told = areas_shown(window, sample_source.city, Records(), choices)
    assert {area.place_name for area in told} == set(every.index) - {"Kestrelby"}
    assert [area.letter for area in told] == list("ABCDEFGH")


@pytest.mark.parametrize(("at_hospital", "letters"), [(14, "ABC"), (15, "AB")])
def test_a_candidate_that_owes_a_third_to_points_for_unknown_places_is_not_told(
    tmp_path, at_hospital, letters
):
    rng = np.random.default_rng(4)
    knots = ((-94.59, 39.02, 30), (-94.585, 39.045, 30), (-94.52, 39.02, 30))
    at = [place for lon, lat, n in knots for place in rng.normal((lon, lat), 0.0003, (n, 2))]
    at += [(-94.585, 39.045)] * at_hospital
    lines = [row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *place) for n, place in enumerate(at)]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(tmp_path, lines)
    assert [point["incidents"] for point in dataset.report["suspect_points"]] == [at_hospital]
    window = settle_window(City(config, dataset), Month(2019, 12))
    told = areas_shown(window, City(config, dataset), Records(), Choices(until=window.period.until))
    assert [area.letter for area in told] == list(letters)
    hospital = int(h3.latlng_to_cell(39.045, -94.585, 10), 16)
    assert any(hospital in area.cells for area in told) == (letters == "ABC")


def test_a_quarter_told_again_keeps_its_counts_though_letters_moved_up(new_town):
    """A candidate that fell below ten is told no more; what was told of the others stands."""
    rng = np.random.default_rng(4)
    knots = ((-94.59, 39.02, 11), (-94.585, 39.045, 22), (-94.52, 39.02, 22))
    at = [place for lon, lat, n in knots for place in rng.normal((lon, lat), 0.0002, (n, 2))]
    lines = [row(n, f"{2017 + n % 3}-{1 + n % 12:02d}-03", *place) for n, place in enumerate(at)]
    lines += [row(f"s{n}", "2018-11-11", *place) for n, place in enumerate(spread(43, 5))]
    lines += [row("x", "2017-01-01"), row("y", "2019-12-31")]
    dataset, config = in_town(new_town().folder, lines)
    facts, first = gather_public(City(config, dataset), None, Records(), Month(2019, 12))
    fewer = [line for n, line in enumerate(lines) if n not in {0, 1, 2, 15, 40}]
    dataset, config = in_town(new_town().folder, fewer)
    facts_again, _ = gather_public(City(config, dataset), None, Records(), Month(2019, 12), [first])
    then = {area.cells: area.count for area in facts.areas}
    assert {area.cells: area.count for area in facts_again.areas}.items() <= then.items()
    assert [area.letter for area in facts.areas] == ["A", "B", "C"]
    assert [area.letter for area in facts_again.areas] == ["A", "B"]


@pytest.mark.parametrize(("through", "key"), [("2018-12", "20."), ("2020-12", "10.")])
def test_the_chance_of_a_false_word_is_told_as_it_is(through, key):
    change = PublicChange(
        verdict="fewer here", since="2018-01", through=through, counted=40, low=50, high=90
    )
    said = change_doubts(change, Speaker())
    assert any(sentence.endswith(f"1 time in {key}") for sentence in said)
    assumed = change_doubts(change.model_copy(update={"is_usual_known": False}), Speaker())
    assert any("no past years" in sentence for sentence in assumed)
