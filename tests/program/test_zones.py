"""A program's own zones: who may enter them, days, versions, and what can be sealed."""

import json
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
import shapely
from tests.sentences import refuses
from tests.stores import TODAY, act, trail, verified

from csa.base.errors import ParamError, RoleError
from csa.base.message import msg
from csa.base.params import Month, Period
from csa.base.schema import KINDS
from csa.city.preregistration import SEALED, is_intact
from csa.city.selection import read_areas
from csa.geo.cells import fit_cells
from csa.program.registry import all_zones, find_zone, is_before
from csa.program.roles import Person
from csa.program.store.records import as_of, read_records
from csa.program.zones import (
    add_zone,
    count_zone,
    describe_boundary,
    end_zone,
    follow_zone,
    redraw_zone,
    zone_rows,
    zones_geojson,
)

TOWN = shapely.box(-94.60, 39.00, -94.50, 39.05)
DRAWN = fit_cells(shapely.box(-94.58, 39.01, -94.56, 39.02), TOWN, 9)
OTHER = fit_cells(shapely.box(-94.58, 39.01, -94.55, 39.02), TOWN, 9)
NEXT = date(2026, 4, 1)


def as_role(role):
    return replace(act(), person=Person("Aim4Peace", role))


def zones_of(store):
    return all_zones(read_records(store))


def test_a_zone_stands_in_the_trail_with_its_polygons_cells_and_reasons(store):
    assert add_zone(store, act(), "Elm grant", DRAWN, kind="grant") == "z-1"
    assert [row["item"] for row in trail(store)] == ["zone z-1", "zone z-1/1"]
    [zone] = zones_of(store)
    assert (zone.place_name, zone.kind, zone.since, zone.ended) == (
        "Elm grant",
        "grant",
        TODAY,
        None,
    )
    assert zone.cells == DRAWN.cells
    assert zone.shape.equals(DRAWN.shape)
    assert zone.by_counts  # unless its form says otherwise
    assert zone.evidence["area_km2"] == pytest.approx(DRAWN.area_km2, abs=1e-3)
    assert read_records(store).zone_versions[0].reasons == "Neighbors named these blocks."
    assert verified(store).is_intact


def test_only_a_zone_entered_before_its_first_counted_month_is_sealed(store):
    add_zone(store, act(), "Before", DRAWN)  # entered on March 5: April counts first
    add_zone(store, act(), "After", DRAWN, starts_on=TODAY.replace(day=1))  # March counts first
    add_zone(store, act(), "Long after", DRAWN, starts_on=date(2020, 1, 15))
    before, after, long_after = zones_of(store)
    assert (before.is_sealed, after.is_sealed, long_after.is_sealed) == (True, False, False)
    seal = before.evidence[SEALED]
    assert is_intact(seal)
    assert seal["since"] == "2026-04"
    assert SEALED not in after.evidence
    assert SEALED not in long_after.evidence


def test_the_first_of_the_month_itself_is_too_late():
    assert is_before(date(2026, 3, 31), date(2026, 4, 1))
    assert not is_before(date(2026, 4, 1), date(2026, 4, 1))


def test_new_boundaries_leave_the_months_before_as_they_were(store):
    add_zone(store, act(), "Elm", DRAWN)
    redraw_zone(store, act(), "z-1", OTHER, date(2026, 6, 10))
    [zone] = zones_of(store)
    found = [(str(one.since), one.cells) for one in zone.versions]
    assert found == [("2026-04", DRAWN.cells), ("2026-07", OTHER.cells)]
    assert zone.cells == OTHER.cells
    assert zone.is_sealed
    with refuses("zone.earlier"):
        redraw_zone(store, act(), "z-1", DRAWN, date(2026, 6, 10))


def test_each_month_is_counted_on_the_ground_it_had_then_by_the_exact_boundary(store):
    """One to the east of the first boundary and inside the second, each month; from July that counts."""
    add_zone(store, act(), "Elm", DRAWN)
    redraw_zone(store, act(), "z-1", OTHER, date(2026, 6, 10))
    [zone] = zones_of(store)
    west, east, away = (-94.57, 39.015), (-94.555, 39.015), (-94.51, 39.04)
    months = [Month(2025, 9).plus(n) for n in range(12)]
    rows = [(f"{month}-07", *place) for month in months for place in (west, east, away)]
    table = pd.DataFrame(rows, columns=["occurred_at", "lon", "lat"])
    table = table.assign(occurred_at=pd.to_datetime(table["occurred_at"]), kind="nonfatal")
    covered = Period(months[0], months[-1].plus(1))
    data = SimpleNamespace(incidents=table, require_months=lambda: covered)
    counted = count_zone(data, zone, covered.until, KINDS)
    assert (counted.incidents, counted.since) == (12 + 2, 5 + 2)  # July and August; from April on
    assert counted.by_cells == 12 + 2
    said = SimpleNamespace(period=Period(Month(2026, 4), Month(2026, 9)), value=8)
    as_many = SimpleNamespace(period=said.period, value=7)
    told = describe_boundary(data, zone, [said, as_many], KINDS)
    assert told == [msg("zone.by_boundary", n=7, blocks=8)]


def test_an_end_is_a_day_that_stays_in_the_records_and_removes_nothing(store):
    add_zone(store, act(), "Elm", DRAWN)
    end_zone(store, act(), "z-1", TODAY + timedelta(days=200))
    [zone] = zones_of(store)
    assert zone.is_on(TODAY + timedelta(days=200))
    assert not zone.is_on(TODAY + timedelta(days=201))
    assert not zone.is_on(TODAY - timedelta(days=1))
    with refuses("zone.days"):
        end_zone(store, act(), "z-1", TODAY - timedelta(days=1))


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_a_viewer_and_a_member_may_not_enter_redraw_or_end_a_zone(store, role):
    add_zone(store, act(), "Elm", DRAWN)
    for change in (
        lambda: add_zone(store, as_role(role), "Oak", DRAWN),
        lambda: redraw_zone(store, as_role(role), "z-1", OTHER, NEXT),
        lambda: end_zone(store, as_role(role), "z-1", NEXT),
    ):
        with pytest.raises(RoleError):
            change()
    assert len(trail(store)) == 2


@pytest.mark.parametrize("role", ["editor", "chair"])
def test_an_editor_and_a_chair_may(store, role):
    assert add_zone(store, as_role(role), "Elm", DRAWN) == "z-1"


def test_a_name_that_a_zone_has_an_unknown_kind_and_no_reason_are_refused(store):
    add_zone(store, act(), "Elm", DRAWN)
    for change, key in (
        (lambda: add_zone(store, act(), "ELM", DRAWN), "zone.same_name"),
        (lambda: add_zone(store, act(), "z-1", DRAWN), "zone.same_name"),
        (lambda: add_zone(store, act(), "Oak", DRAWN, kind="turf"), "param.one_of"),
        (lambda: add_zone(store, act(why="no"), "Oak", DRAWN), "decide.text"),
        (lambda: add_zone(store, act(), "Oak", DRAWN, ends_on=date(2026, 1, 1)), "zone.days"),
    ):
        with refuses(key):
            change()
    assert len(zones_of(store)) == 1
    with pytest.raises(ParamError):
        find_zone(zones_of(store), "Oak")
    assert find_zone(zones_of(store), " elm ").key == find_zone(zones_of(store), "z-1").key == "z-1"


def test_what_is_usual_for_chosen_areas_is_left_out_only_where_both_conditions_hold(store):
    add_zone(store, act(), "Blind", DRAWN, by_counts=False)
    add_zone(store, act(), "By counts", DRAWN)
    blind, by_counts = zones_of(store)
    cells = sorted(DRAWN.cells)
    third = -(-len(cells) // 3)
    few, many = frozenset(cells[: third - 1]), frozenset(cells[:third])
    assert follow_zone(blind, few, 36).is_drawn
    assert follow_zone(blind, few, 36).period is None
    for zone, candidates in ((blind, many), (by_counts, few), (by_counts, frozenset())):
        chosen = follow_zone(zone, candidates, 36)
        assert not chosen.is_drawn
        assert str(chosen.period.until) == "2026-04"
    assert not follow_zone(blind, few, 36).is_exploratory


def test_an_exploratory_zone_says_so_wherever_it_is_followed(store):
    add_zone(store, act(), "Late", DRAWN, starts_on=date(2019, 1, 1))
    [zone] = zones_of(store)
    chosen = follow_zone(zone, frozenset(), 36)
    assert chosen.is_exploratory
    assert chosen.started_before(Month(2020, 1)).is_exploratory


def test_an_export_is_read_as_areas_that_began_on_their_own_days(store, tmp_path):
    add_zone(store, act(), "Elm", DRAWN, kind="site")
    redraw_zone(store, act(), "z-1", OTHER, date(2026, 6, 10))
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps(zones_geojson(zones_of(store), 36)))
    chosen = read_areas(path)
    assert chosen.area_ids == ("z-1",)
    assert chosen.place_names == ("Elm",)
    assert [str(one.since) for one in chosen.versions[0]] == ["2026-04", "2026-07"]
    assert str(chosen.periods[0].until) == "2026-04"
    assert zone_rows(zones_of(store))[0]["is_sealed"] is True


def test_a_past_day_knows_the_zones_entered_by_then(store):
    add_zone(store, act(), "Elm", DRAWN)
    end_zone(store, act(on=TODAY), "z-1", TODAY + timedelta(days=5))
    records, entries = read_records(store), trail(store)
    then = as_of(records, entries, TODAY - timedelta(days=1), "America/Chicago")
    assert all_zones(then) == ()
    now = as_of(records, entries, TODAY, "America/Chicago")
    assert [zone.key for zone in all_zones(now)] == ["z-1"]
