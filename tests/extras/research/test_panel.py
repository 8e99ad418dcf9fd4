"""The tables of displacement: they add up to the city, and no control looks at what chose."""

import pytest
from tests.change.followed import (
    EAST,
    SINCE,
    WEST,
    cell_at,
    cells_of,
    chosen_of,
    counted_slowly,
    disk,
)
from tests.towns import KNOT, OTHER

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.controls import Controls, match_controls
from csa.change.quarters import build_quarters
from csa.change.zoning import Control
from csa.city.dataset import City
from csa.extras.research.panel import PANEL_COLUMNS, build_panel, panel_months

WINDOW = Period.before(SINCE, 36)
PARTS = ("core", "ring", "rest", "unlocated", "outside")


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(WEST, EAST, period=WINDOW))


@pytest.fixture(scope="module")
def quarters(located, displaced):
    return build_quarters(located, displaced)


@pytest.fixture(scope="module")
def panel(located, displaced, controls):
    return build_panel(located, displaced, controls)


def monthly(table):
    """Count a city's incidents and homicides by month, wherever they are."""
    when = table["occurred_at"].dt.strftime("%Y-%m")
    killed = when[table["kind"] == "homicide"]
    return when.value_counts().to_dict(), killed.value_counts().to_dict()


# ---- By hand -------------------------------------------------------------------------------


def test_the_panel_reaches_from_two_years_before_to_the_last_day_even_of_a_month_in_part(
    panel, located
):
    assert panel.columns.tolist() == list(PANEL_COLUMNS)
    assert panel_months(located, SINCE) == Period(Month(2017, 2), Month(2020, 3))
    months = [str(Month(2017, 2).plus(step)) for step in range(37)]
    for _, rows in panel.groupby(["zone", "area_id"]):
        assert rows["month"].tolist() == months
    assert panel.loc[panel["month"] == "2020-02", "incidents"].sum() > 0


def test_every_zone_is_there_once(panel):
    found = panel[["zone", "area_id"]].drop_duplicates().to_numpy().tolist()
    assert sorted(map(tuple, found)) == [
        ("control", ""), ("control", "A"), ("control", "B"), ("core", "A"), ("core", "B"),
        ("outside", ""), ("rest", ""), ("ring", "A"), ("ring", "B"), ("unlocated", ""),
    ]  # fmt: skip


def test_every_incident_of_a_month_is_counted_in_one_zone(panel, testville):
    incidents, homicides = monthly(testville[0].incidents)
    parts = panel[panel["zone"].isin(PARTS)].groupby("month")[["incidents", "homicides"]].sum()
    for month, row in parts.iterrows():
        assert row["incidents"] == incidents.get(month, 0)
        assert row["homicides"] == homicides.get(month, 0)
    assert parts.loc["2018-07"].tolist() == [0, 0]


def test_each_zones_rows_are_a_slow_count_of_its_cells(panel, displaced, located, controls):
    zones, period = displaced.places.zones, panel_months(located, SINCE)
    places = {
        ("core", "A"): zones.cores[0],
        ("core", "B"): zones.cores[1],
        ("ring", "A"): zones.rings[0],
        ("ring", "B"): zones.rings[1],
        ("rest", ""): zones.rest,
        ("control", "A"): controls.single[0].cells,
        ("control", "B"): controls.single[1].cells,
        ("control", ""): controls.pooled.cells,
    }
    for (zone, area_id), at in places.items():
        rows = panel[(panel["zone"] == zone) & (panel["area_id"] == area_id)]
        cells, dataset = cells_of(located, at), located.dataset
        assert rows["incidents"].tolist() == counted_slowly(dataset, cells, period)
        assert rows["homicides"].tolist() == counted_slowly(dataset, cells, period, ("homicide",))


def test_what_has_no_place_and_what_lies_outside_are_told_apart(panel, testville):
    table = testville[0].incidents
    has_place = table["lon"].notna()
    outside = table["flags"].str.contains("outside_study_area")
    for zone, rows in (("unlocated", table[~has_place]), ("outside", table[has_place & outside])):
        incidents, homicides = monthly(rows)
        told = panel[panel["zone"] == zone].set_index("month")
        assert told["incidents"].to_dict() == {m: incidents.get(m, 0) for m in told.index}
        assert told["homicides"].to_dict() == {m: homicides.get(m, 0) for m in told.index}
        assert told["incidents"].sum() > told["homicides"].sum() > 0


def test_each_quarter_adds_up_its_months_of_the_panel(quarters, panel):
    months = panel.assign(step=[Month.parse(m).index - SINCE.index for m in panel["month"]])
    months = months[(months["step"] < 12) & months["zone"].isin(["core", "ring"])]
    months = months.assign(quarter=[str(SINCE.plus(3 * (step // 3))) for step in months["step"]])
    single = months.groupby(["area_id", "zone", "quarter"])["incidents"].sum().to_dict()
    together = months.groupby(["zone", "quarter"])["incidents"].sum().to_dict()
    told = quarters.set_index(["area_id", "zone", "quarter"])["incidents"].to_dict()
    for (area_id, zone, quarter), incidents in told.items():
        wanted = single[area_id, zone, quarter] if area_id else together[zone, quarter]
        assert incidents == wanted


# ---- At the edge ---------------------------------------------------------------------------


def test_a_ring_without_a_cell_has_no_quarters_but_zeros_in_the_panel(located):
    inner = frozenset({cell_at(KNOT)})
    displaced = analyze_displacement(
        located, chosen_of(inner, disk(cell_at(KNOT), 3) - inner), SINCE
    )
    rows = build_quarters(located, displaced)
    heads = rows[["area_id", "zone"]].drop_duplicates().to_numpy().tolist()
    assert heads == [["", "core"], ["", "ring"], ["A", "core"], ["B", "core"], ["B", "ring"]]
    panel = build_panel(located, displaced, match_controls(located, displaced))
    assert panel.loc[(panel["zone"] == "ring") & (panel["area_id"] == "A"), "incidents"].sum() == 0


def test_where_no_ring_has_a_cell_no_ring_is_told_of(testville):
    coarse = locate_incidents(City(*testville[::-1]), AreaSettings(resolution=8))
    displaced = analyze_displacement(
        coarse, chosen_of(frozenset(coarse.grid.h3_cells.tolist())), SINCE
    )
    rows = build_quarters(coarse, displaced)
    assert set(rows["zone"]) == {"core"}
    controls = match_controls(coarse, displaced)
    assert len(controls.pooled.cells) == 0
    panel = build_panel(coarse, displaced, controls)
    parts = panel[panel["zone"].isin(PARTS)].groupby("month")["incidents"].sum()
    incidents, _ = monthly(testville[0].incidents)
    assert parts.to_dict() == {month: incidents.get(month, 0) for month in parts.index}


# ---- True in general -----------------------------------------------------------------------


def test_other_controls_change_only_their_own_rows(located, displaced, panel):
    at = located.grid.at([cell_at(OTHER)])
    one = Control(at, 1.0)
    other = build_panel(located, displaced, Controls(one, (one, one), is_known=True))
    is_control = panel["zone"] == "control"
    assert other[~is_control].equals(panel[~is_control])
    slow = counted_slowly(located.dataset, {cell_at(OTHER)}, panel_months(located, SINCE))
    for area_id in ("", "A", "B"):
        rows = other[is_control & (other["area_id"] == area_id)]
        assert rows["incidents"].tolist() == slow
