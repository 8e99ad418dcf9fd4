"""From a dataset to a proposal: counts that add up, periods, and what other code would say."""

import json
from dataclasses import replace
from pathlib import Path

import h3
import pandas as pd
import pyproj
import pytest

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings, Suggestion
from csa.areas.locating import locate_incidents
from csa.areas.proposal import AREA_COLUMNS, CELL_COLUMNS, LABEL_COLUMNS, proposal_files
from csa.base.errors import CsaError, ParamError, PeriodError
from csa.base.params import Month
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

KNOT = (-94.5752, 39.0201)
OTHER_KNOT = (-94.5202, 39.0302)


def line(number, place, day="2020-05-01", fatal=0):
    lon, lat = place
    return f"{number},{number},{day},{fatal},{lon},{lat},,"


def knot(first, n, place, **more):
    """Make n incidents on one block: 20 m apart, west to east."""
    return [line(first + k, (round(place[0] + 0.00023 * k, 6), place[1]), **more) for k in range(n)]


@pytest.fixture
def made(town):
    def build(*lines):
        config = load_city(town.config)
        path = town.write("a.csv", *lines)
        return ingest_city(config, Inputs((path,), town.places)).dataset, config

    return build


def test_two_knots_are_two_areas_named_west_to_east(made):
    dataset, config = made(
        *knot(100, 6, OTHER_KNOT), *knot(200, 7, KNOT, fatal=1), line(1, (-94.55, 39.045))
    )
    proposal = propose_areas(City(config, dataset), AreaSettings(months=12, min_samples=5))
    areas = proposal.areas.set_index("area_id")
    assert areas["place_name"].to_dict() == {"c-1": "West End", "c-2": "East End"}
    assert areas["incidents"].to_dict() == {"c-1": 7, "c-2": 6}
    assert areas["homicides"].to_dict() == {"c-1": 7, "c-2": 0}
    assert areas["neighborhoods"]["c-1"] == {"West End": 1.0}
    assert proposal.summary["totals"]["located"] == 14
    assert proposal.summary["totals"]["noise"] == 1
    assert proposal.summary["share_of_incidents"] == round(13 / 14, 4)
    assert proposal.labels["cluster_id"].value_counts().to_dict() == {0: 7, 1: 6, -1: 1}


def test_counts_are_of_the_period_and_of_the_study_area_alone(made):
    outside = (-94.70, 39.02)
    dataset, config = made(
        *knot(100, 6, KNOT),
        line(1, KNOT, day="2020-04-30"),
        line(2, KNOT, day="2020-06-01"),
        line(3, outside),
        "4,4,2020-05-05,0,,,,",
    )
    proposal = propose_areas(
        City(config, dataset), AreaSettings(until=Month(2020, 6), months=1, min_samples=5)
    )
    totals = proposal.summary["totals"]
    assert (totals["incidents"], totals["located"]) == (8, 6)
    assert (totals["unlocated"], totals["outside_study_area"]) == (1, 1)
    assert proposal.areas["incidents"].tolist() == [6]
    assert proposal.summary["params"]["start"] == "2020-05"


def test_the_nonfatal_alone_leave_homicides_out_and_both_are_the_sum(made):
    dataset, config = made(*knot(100, 7, KNOT, fatal=1), *knot(200, 6, KNOT))
    period = {"until": Month(2020, 6), "months": 1, "min_samples": 5}
    one, other, both = (
        propose_areas(City(config, dataset), AreaSettings(**period, kinds=kinds))
        for kinds in (("homicide",), ("nonfatal",), ("nonfatal", "homicide"))
    )
    assert other.areas["homicides"].tolist() == [0]
    assert one.areas["incidents"].tolist() == [7]
    assert other.areas["incidents"].tolist() == [6]
    assert both.areas["incidents"].tolist() == [13]
    assert both.summary == propose_areas(City(config, dataset), AreaSettings(**period)).summary


def test_each_area_says_what_was_counted_and_on_which_days(made, town):
    """A file of areas is passed on without its proposal.json."""
    dataset, config = made(
        *knot(100, 7, KNOT), *knot(200, 6, KNOT, fatal=1), line(1, KNOT, day="2020-06-10")
    )
    for kinds, named in (
        (("nonfatal", "homicide"), "homicide nonfatal"),
        (("nonfatal",), "nonfatal"),
        (("homicide",), "homicide"),
    ):
        choices = AreaSettings(until=Month(2020, 7), months=3, min_samples=5, kinds=kinds)
        area = propose_areas(City(config, dataset), choices).areas.iloc[0]
        assert area["kinds"] == named
        assert (area["first_day"], area["last_day"]) == ("2020-05-01", "2020-06-10")
        assert not area["is_synthetic"]
    town.edit_config('name = "Testville"', 'name = "Testville"\nis_synthetic = true')
    assert propose_areas(City(load_city(town.config), dataset), choices).areas["is_synthetic"].all()


def test_incidents_that_were_located_before_change_nothing_and_must_fit(made):
    another, _ = made(*knot(100, 8, KNOT))
    dataset, config = made(*knot(100, 7, KNOT), *knot(200, 5, OTHER_KNOT))
    for resolution in (8, 9):
        choices = AreaSettings(until=Month(2020, 6), months=1, resolution=resolution)
        city = City(config, dataset)
        located = locate_incidents(city, choices)
        given = [proposal_files(propose_areas(city, choices, located=located)) for _ in range(2)]
        assert given == [proposal_files(propose_areas(city, choices))] * 2
        opened_again = City(config, replace(dataset))  # another object, the same data
        assert given[0] == proposal_files(propose_areas(opened_again, choices, located=located))
        others = [
            (city, replace(choices, resolution=resolution - 1)),
            (city, replace(choices, kinds=("homicide",))),
            (City(config, another), choices),
        ]
        for other, asked in others:
            with pytest.raises(ParamError, match="were located for another city, other kinds or"):
                propose_areas(other, asked, located=located)


@pytest.mark.parametrize("kinds", [(), ("murder",), ("homicide", "murder"), ("Homicide",), ("",)])
def test_an_unknown_kind_and_none_at_all_are_refused(kinds):
    with pytest.raises(ParamError, match="homicide, nonfatal"):
        AreaSettings(kinds=kinds)


def test_an_area_tells_whether_homicides_alone_would_make_it_one(made):
    dataset, config = made(
        *knot(100, 9, KNOT, fatal=1),
        *knot(200, 20, OTHER_KNOT),
        *[line(300 + k, (OTHER_KNOT[0] + 0.004 * k, 39.01), fatal=1) for k in range(1)],
    )
    proposal = propose_areas(City(config, dataset), AreaSettings(months=12, min_samples=5))
    assert proposal.areas["also_on_homicides"].tolist() == ["yes", "too few"]


@pytest.mark.parametrize(("n_homicides", "said"), [(4, "too few"), (5, "yes")])
def test_five_homicides_are_enough_to_say_and_four_are_not(made, n_homicides, said):
    # 16 incidents for 100 at 5 scale to 1: the floor of 5 holds, and the radius doubles to 400 m.
    dataset, config = made(*knot(100, n_homicides, KNOT, fatal=1), *knot(200, 11, KNOT))
    proposal = propose_areas(
        City(config, dataset), AreaSettings(months=12, eps_m=200, min_samples=6)
    )
    assert proposal.areas["also_on_homicides"].tolist() == [said]


def test_homicides_alone_are_asked_with_the_values_that_are_suggested(made):
    dataset, config = made(*knot(100, 5, KNOT, fatal=1), *knot(200, 11, KNOT))
    asked = replace(config.areas.documented, min_samples_floor=6)
    for areas, said in ((config.areas.documented, "yes"), (asked, "too few")):
        proposal = propose_areas(
            City(config, dataset),
            AreaSettings(months=12, eps_m=200, min_samples=6),
            suggestion=Suggestion(areas, "past years"),
        )
        assert proposal.areas["also_on_homicides"].tolist() == [said]


def test_other_choices_for_all_incidents_do_not_change_what_homicides_alone_say(made):
    places = [(round(KNOT[0] + 0.0017 * k, 6), KNOT[1]) for k in range(6)]  # 150 m apart
    lines = [line(100 + k, place, fatal=1) for k, place in enumerate(places)]
    lines += [line(200 + 10 * k + n, place) for k, place in enumerate(places) for n in range(6)]
    dataset, config = made(*lines)
    # The homicides are close at the suggested 400 m, and each alone at the chosen 140 m.
    proposal = propose_areas(
        City(config, dataset), AreaSettings(months=12, eps_m=140, min_samples=5)
    )
    assert proposal.areas["homicides"].tolist() == [5]  # the last is in no area
    assert proposal.areas["also_on_homicides"].tolist() == ["yes"]


def test_domestic_is_unknown_where_no_row_says_and_a_number_where_one_does(made):
    dataset, config = made(*knot(100, 6, KNOT))
    choices = AreaSettings(months=12, min_samples=5)
    assert propose_areas(City(config, dataset), choices).areas["domestic"].tolist() == [None]
    for said, found in (("no", 0), ("yes", 1)):
        domestic = [said, *["unknown"] * (len(dataset.incidents) - 1)]
        one = replace(dataset, incidents=dataset.incidents.assign(domestic=domestic))
        assert propose_areas(City(config, one), choices).areas["domestic"].tolist() == [found]


def test_victims_are_unknown_where_any_incident_of_the_area_does_not_tell(made):
    dataset, config = made(*knot(100, 6, KNOT))
    proposal = propose_areas(City(config, dataset), AreaSettings(months=12, min_samples=5))
    assert proposal.areas["victims"].tolist() == [6]
    dataset.incidents.loc[0, "victims"] = pd.NA
    proposal = propose_areas(City(config, dataset), AreaSettings(months=12, min_samples=5))
    assert proposal.areas["victims"].tolist() == [None]


def test_no_area_and_no_incident_are_results(made):
    dataset, config = made(*knot(100, 3, KNOT), line(1, KNOT, day="2020-12-31"))
    none = propose_areas(City(config, dataset), AreaSettings(months=12, min_samples=5))
    assert none.is_empty
    assert none.summary["totals"]["noise"] == 4
    empty = propose_areas(City(config, dataset), AreaSettings(until=Month(2020, 8), months=1))
    assert empty.is_empty
    assert empty.summary["totals"]["located"] == 0
    assert empty.summary["share_of_incidents"] is None
    for proposal in (none, empty):
        files = proposal_files(proposal)
        assert json.loads(files["areas.geojson"])["features"] == []
        assert list(proposal.areas[list(AREA_COLUMNS)].columns) == list(AREA_COLUMNS)
        assert len(proposal.cells) > 100


def test_a_dataset_without_a_date_or_of_another_city_is_refused(made, root):
    dataset, config = made("1,1,never,0,,,,")
    with pytest.raises(PeriodError, match="has a readable date"):
        propose_areas(City(config, dataset), AreaSettings())
    with pytest.raises(
        CsaError, match="The dataset is for 'testville', but the city file is for '"
    ):
        propose_areas(
            City(load_city(root / "config" / "philadelphia.toml"), dataset), AreaSettings()
        )


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (
            {"resolution": 16},
            "The H3 resolution must be 6 to 11, not 16. 10 is about a block",
        ),
        ({"eps_m": -1.0}, "eps_m must be above 0"),
        ({"min_samples": 1}, "min_samples must be 2 or more"),
        ({"max_area_km2": -1.0}, "must be 0"),
        ({"months": 0}, "months must be 1 to 1200"),
        ({"resolution": 7}, "more than the size limit"),
    ],
)
def test_a_choice_outside_its_range_is_refused(made, choice, sentence):
    dataset, config = made(*knot(100, 6, KNOT))
    with pytest.raises(ParamError, match=sentence):
        propose_areas(City(config, dataset), AreaSettings(**{"months": 12, **choice}))


def test_files_without_any_shooting_give_an_empty_proposal(made):
    dataset, config = made("1,1,2020-01-01,9,,,,", "2,2,2020-03-01,9,,,,")
    proposal = propose_areas(City(config, dataset), AreaSettings())
    assert proposal.is_empty
    assert proposal.summary["params"]["months_covered"] == 3
    assert proposal.summary["totals"]["incidents"] == 0
    with pytest.raises(PeriodError, match="2020-01 to 2020-03"):
        propose_areas(City(config, dataset), AreaSettings(until=Month(2019, 1)))


def test_the_row_order_changes_no_byte(made):
    lines = [*knot(100, 8, KNOT), *knot(200, 8, OTHER_KNOT), *knot(300, 8, (-94.574, 39.021))]
    choices = AreaSettings(months=12, min_samples=5)
    one = proposal_files(propose_areas(City(*made(*lines)[::-1]), choices))
    other = proposal_files(propose_areas(City(*made(*reversed(lines))[::-1]), choices))
    assert one == other


# ---- on Philadelphia: what other code says -------------------------------------------------


@pytest.fixture(scope="session")
def proposed(philadelphia):
    return propose_areas(City(*philadelphia[::-1]), AreaSettings(until=Month(2024, 1)))


def window(dataset):
    table = dataset.incidents
    when = table["occurred_at"]
    return table[(when >= "2021-01-01") & (when < "2024-01-01") & table["lon"].notna()]


def test_philadelphias_three_years_to_2024_hold_5139_incidents(proposed, philadelphia):
    assert proposed.summary["totals"]["located"] == 5139 == len(window(philadelphia[0]))
    params = proposed.summary["params"]
    assert (params["min_samples"], params["eps_m"], params["resolution"]) == (12, 200, 10)


def test_each_count_is_what_h3_and_pandas_alone_would_count(proposed, philadelphia):
    table = window(philadelphia[0])
    cells = [
        h3.latlng_to_cell(lat, lon, 10) for lat, lon in zip(table["lat"], table["lon"], strict=True)
    ]
    counts = pd.Series(cells).value_counts()
    for area in proposed.areas.to_dict("records"):
        assert area["incidents"] == sum(counts.get(cell, 0) for cell in area["cells"])
        assert area["cells"] == sorted(area["cells"])
        whole = sum(h3.cell_area(cell, unit="km^2") for cell in area["cells"])
        assert area["area_km2"] <= whole * 1.005
        assert area["area_km2"] <= 2.0
    by_cell = proposed.cells.set_index("cell")["incidents"]
    assert by_cell.sum() == 5139
    assert (by_cell[counts.index] == counts).all()


def test_cells_labels_areas_and_totals_agree(proposed):
    areas, cells, labels = proposed.areas, proposed.cells, proposed.labels
    totals = proposed.summary["totals"]
    by_area = areas.set_index("area_id")["incidents"].to_dict()
    assert cells[cells["area_id"] != ""].groupby("area_id")["incidents"].sum().to_dict() == by_area
    assert labels[labels["area_id"] != ""]["area_id"].value_counts().to_dict() == by_area
    assert totals["in_areas"] == sum(by_area.values())
    assert cells["area_km2"].sum() == pytest.approx(totals["study_area_km2"], abs=0.01)
    assert areas["area_km2"].sum() == pytest.approx(totals["areas_km2"], abs=0.01)
    assert labels["incident_id"].is_monotonic_increasing
    assert list(cells.columns.intersection(list(CELL_COLUMNS))) != []
    assert set(LABEL_COLUMNS) <= set(labels.columns)
    assert areas["place_name"].is_unique
    fringe = proposed.summary["left_out_fringe"]
    in_fringe = cells["cell"].isin(fringe["cells"])
    assert fringe["incidents"] == cells.loc[in_fringe, "incidents"].sum() > 0


def test_the_study_area_is_as_large_as_on_the_ellipsoid(proposed, philadelphia):
    area_m2, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(philadelphia[0].study_area)
    assert proposed.summary["totals"]["study_area_km2"] == pytest.approx(
        abs(area_m2) / 1e6, rel=1e-3
    )


@pytest.mark.long
def test_the_project_holds_no_file_of_the_real_data(root, shared_data):
    held = {path.name for path in Path(root).rglob("*.csv") if ".venv" not in path.parts}
    real = {path.name for path in shared_data.rglob("*.csv")}
    assert not held & real


def test_a_month_of_which_no_file_tells_is_silent_whatever_kind_is_counted(made):
    months = ["2020-01", "2020-02", "2020-04", "2020-05"]
    lines = [
        line(100 * n + k, KNOT, day=f"{month}-{k + 1:02d}", fatal=k % 2)
        for n, month in enumerate(months)
        for k in range(10)
    ]
    dataset, config = made(*lines)
    for kinds in (("homicide", "nonfatal"), ("homicide",)):
        proposal = propose_areas(
            City(config, dataset), AreaSettings(months=5, min_samples=5, kinds=kinds)
        )
        assert proposal.summary["totals"]["silent_months"] == 1
        assert proposal.summary["silent"] == ["2020-03"]
    proposal = propose_areas(
        City(config, dataset), AreaSettings(until=Month(2020, 3), months=2, min_samples=5)
    )
    assert proposal.summary["totals"]["silent_months"] == 0
