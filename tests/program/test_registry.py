"""The registry: which areas are in service, since when, on which cells; for every reader alike."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from tests.program.lives import life, records
from tests.sentences import refuses

from csa.base.errors import CsaError
from csa.base.io import csv_bytes
from csa.base.params import Month, Period
from csa.city.selection import first_month, read_areas
from csa.geo.cells import outline
from csa.program.registry import (
    all_services,
    core_area,
    core_areas,
    followed,
    match_statuses,
    served_as,
)
from csa.program.store.records import Records
from csa.program.store.tables import CorrectionRow
from csa.reports.briefing.areas import EXPORT_COLUMNS, export_areas, export_rows

ONE, TWO, THREE, FAR = ("8a2aa1060007fff", "8a2aa106000ffff", "8a2aa1060017fff", "892aa1061afffff")
PARAMS = {"params": {"start": "2016-09", "until": "2019-09"}}


# ---- by hand -------------------------------------------------------------------------------


def test_an_area_is_followed_from_the_first_whole_month_after_its_day():
    found = core_areas(records(life("B", ("designated", (2019, 9, 2), [ONE], PARAMS))))
    chosen = followed(found)
    assert chosen.area_ids == ("B",)
    assert [(str(one.since), one.cells) for one in chosen.versions[0]] == [
        ("2019-10", frozenset({int(ONE, 16)}))
    ]
    assert chosen.period == chosen.periods[0] == Period(Month(2016, 9), Month(2019, 9))


def test_neither_maintenance_nor_a_redraw_resets_its_day():
    steps = (
        ("candidate", (2018, 1, 1), [THREE]),
        ("designated", (2019, 9, 1), [ONE], PARAMS),
        ("designated", (2020, 1, 15), [ONE, TWO]),
        ("maintenance", (2020, 5, 1), [ONE, TWO]),
    )
    (area,) = core_areas(records(life("B", *steps)))
    found = (area.state, area.since, area.state_since)
    assert found == ("maintenance", date(2019, 9, 1), date(2020, 5, 1))
    assert [str(one.since) for one in area.versions] == ["2019-09", "2020-02"]
    assert area.chosen_from == Period(Month(2016, 9), Month(2019, 9))


def texts(*numbers):
    return [f"8926ad9{n:02x}0bffff" for n in numbers]


def proposal_of(*areas):
    """A proposal's table of areas by the numbers of their cells."""
    return pd.DataFrame(
        {
            "area_id": [f"c-{n}" for n in range(1, len(areas) + 1)],
            "place_name": [f"Place {n}" for n in range(1, len(areas) + 1)],
            "cells": [texts(*cells) for cells in areas],
        }
    )


def test_a_candidate_that_holds_half_of_an_area_is_that_area():
    first = (2020, 2, 10)
    served = core_areas(
        records(
            life("A", ("designated", first, texts(1, 2, 3, 4)), name="Oak"),
            life(
                "C",
                ("designated", first, texts(9, 10)),
                ("maintenance", (2020, 6, 1), texts(9, 10)),
                name="Oak",
            ),
            life("D", ("designated", first, texts(30, 31, 32)), name="Elm"),
        )
    )
    found = match_statuses(
        proposal_of((3, 4, 5, 6, 7, 8), (9, 10, 11), (30, 40, 41), (50,)), served
    )
    assert [(one.letter, one.display_name, one.state, one.since) for one in found.values()] == [
        ("A", "Oak (A)", "designated", date(*first)),
        ("C", "Oak (C)", "maintenance", date(2020, 6, 1)),
        ("", "Place 3", "candidate", None),  # a third of Elm is not Elm
        ("", "Place 4", "candidate", None),
    ]
    table = proposal_of((1, 2, 3, 4), (50,))
    assert served_as(table, match_statuses(table, served))["served_as"].tolist() == ["A", ""]
    assert "served_as" not in table


def test_a_candidate_that_lies_in_an_area_keeps_its_name_and_says_so():
    first = (2020, 2, 10)
    served = core_areas(records(life("A", ("designated", first, texts(*range(1, 11))), name="Oak")))
    inside, beside, apart = match_statuses(
        proposal_of((1, 2, 3, 40), (10, 50, 51), (60,)), served
    ).values()
    found = (inside.letter, inside.part_of, inside.display_name)
    assert found == ("", "Oak (A)", "Place 1 (part of A)")
    assert (beside.part_of, apart.part_of) == ("", "")
    table = proposal_of((60,)).assign(place_name=["Oak"])
    (one,) = match_statuses(table, served).values()
    assert one.display_name == "Oak, another part"  # one name is never two places


def test_of_several_areas_a_candidate_is_the_one_with_which_it_shares_most():
    first = (2020, 2, 10)
    served = core_areas(
        records(
            life("A", ("designated", first, texts(1, 2))),
            life("B", ("designated", first, texts(3, 4, 5, 6))),
        )
    )
    (one,) = match_statuses(proposal_of((1, 2, 3, 4, 5)), served).values()
    assert one.letter == "B"  # all of A, but three cells of B
    assert match_statuses(proposal_of(), served) == {}
    assert [one.letter for one in match_statuses(proposal_of((1,)), ()).values()] == [""]


def test_served_anew_it_begins_anew():
    steps = (
        ("designated", (2018, 1, 1), [ONE], PARAMS),
        ("retired", (2019, 1, 1), [ONE]),
        ("designated", (2020, 1, 1), [TWO]),
    )
    area = core_area(records(life("B", *steps)), "B")
    assert area.since == date(2020, 1, 1)
    assert area.cells == {int(TWO, 16)}
    assert area.chosen_from is None


def test_letters_come_in_their_order_and_only_those_in_service():
    found = records(
        life("AA", ("designated", (2020, 1, 1), [ONE])),
        life("B", ("designated", (2020, 1, 1), [TWO])),
        life("C", ("candidate", (2020, 1, 1), [THREE])),
        life("D", ("designated", (2019, 1, 1), [FAR]), ("retired", (2020, 1, 1), [FAR])),
    )
    assert [area.key for area in core_areas(found)] == ["B", "AA"]
    assert core_area(found, "C") is None
    assert followed(()) is None


@pytest.mark.parametrize("name", ["areas.csv", "areas.GeoJSON"])
def test_the_export_is_followed_to_the_digit(tmp_path, name):
    found = records(
        life(
            "B",
            ("designated", (2019, 9, 2), [ONE], PARAMS),
            ("designated", (2020, 3, 1), [ONE, TWO]),
            name="Oak; Elm: north",
        ),
        life("C", ("designated", (2020, 1, 1), [FAR])),
    )
    path = tmp_path / name
    path.write_bytes(export_areas(found, name))
    assert read_areas(path) == followed(core_areas(found))


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg"])
def test_a_map_of_the_areas_has_their_ground_and_the_columns_of_the_table(tmp_path, name):
    found = records(life("B", ("designated", (2019, 9, 2), [ONE, TWO], PARAMS)))
    path = tmp_path / name
    path.write_bytes(export_areas(found, name))
    table = gpd.read_file(path)
    assert table.crs.to_epsg() == 4326
    assert list(table.columns) == [*EXPORT_COLUMNS, "geometry"]
    assert table["cells"][0].split() == sorted([ONE, TWO])
    whole = outline({int(ONE, 16), int(TWO, 16)})
    assert shapely.equals_exact(table.geometry[0], whole, 1e-9, normalize=True)


def test_a_file_of_another_ending_is_not_written():
    with refuses("keep.export_ending", CsaError):
        export_areas(Records(), "areas.shp")
    for name in ("areas.csv", "areas.geojson", "areas.gpkg"):  # none in service is a result
        assert export_areas(Records(), name)


# ---- at the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "month"),
    [(date(2026, 3, 1), "2026-03"), (date(2026, 3, 2), "2026-04"), (date(2026, 12, 31), "2027-01")],
)
def test_the_first_month_is_whole(day, month):
    assert str(first_month(day)) == month


def test_of_two_redraws_before_one_month_the_last_counts():
    steps = (
        ("designated", (2019, 9, 2), [ONE]),
        ("designated", (2019, 9, 10), [TWO]),
        ("designated", (2019, 9, 20), [ONE, TWO]),
    )
    (area,) = core_areas(records(life("B", *steps)))
    assert [(str(one.since), len(one.cells)) for one in area.versions] == [("2019-10", 2)]


def test_an_area_that_has_not_begun_is_left_out():
    found = core_areas(
        records(
            life("B", ("designated", (2019, 9, 1), [ONE], PARAMS)),
            life("C", ("designated", (2020, 8, 2), [TWO])),
        )
    )
    chosen = followed(found)
    assert chosen.n_undated == 1
    begun = chosen.started_before(Month(2020, 9))
    assert begun == followed(found[:1])
    assert chosen.started_before(Month(2019, 9)) is None


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("since", "soon", "Export the areas again:"),
        ("chosen_from", "2016", "chosen_from, chosen_until and drawn must name months"),
        ("drawn", f"2019-10: {ONE}; 2020-03: {TWO}", "do not match its cells"),
        ("drawn", "2019-10", "has no cells|lists no cell|cell"),
    ],
)
def test_a_file_of_areas_in_service_that_contradicts_itself_gets_its_sentence(
    tmp_path, column, value, said
):
    (row,) = export_rows(records(life("B", ("designated", (2019, 9, 2), [ONE], PARAMS))))
    cells = dict(zip(EXPORT_COLUMNS, row, strict=True)) | {column: value}
    path = tmp_path / "areas.csv"
    path.write_bytes(csv_bytes(EXPORT_COLUMNS, [list(cells.values())]))
    with pytest.raises(CsaError, match=said):
        read_areas(path)


ONE, TWO, THREE = "8a2aa1060007fff", "8a2aa106000ffff", "8a2aa1060017fff"


def numbers(*texts):
    return frozenset(int(text, 16) for text in texts)


def designated(chosen):
    """All ground that counts for all areas together: each version's month and cells."""
    return [
        [(str(version.since), version.cells) for version in ground.versions]
        for ground in chosen.designated
    ]


def test_a_retired_area_is_followed_on_and_named_as_retired():
    kept = life("A", ("designated", (2019, 1, 1), [ONE]))
    ended = life("B", ("designated", (2019, 3, 1), [TWO]), ("retired", (2019, 9, 15), [TWO]))
    known = records(kept, ended)
    assert [area.key for area in core_areas(known)] == ["A"]
    service = core_area(known, "B")
    assert (service.state, service.ended) == ("retired", date(2019, 9, 15))
    chosen = followed(all_services(known))
    assert (chosen.area_ids, chosen.retired) == (("A", "B"), ("B",))
    assert designated(chosen) == [[("2019-01", numbers(ONE))], [("2019-03", numbers(TWO))]]


def test_ground_that_a_redraw_leaves_counts_on_and_what_it_adds_counts_from_then():
    redrawn = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("designated", (2020, 1, 1), [TWO, THREE])
    )
    chosen = followed(all_services(records(redrawn)))
    assert chosen.has_former_cells
    assert designated(chosen) == [
        [("2019-01", numbers(ONE, TWO)), ("2020-01", numbers(ONE, TWO, THREE))]
    ]
    assert chosen.cells == (numbers(TWO, THREE),)


def test_ground_that_is_designated_again_under_another_letter_counts_once_from_the_first_month():
    first = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("retired", (2019, 9, 1), [ONE, TWO])
    )
    again = life("B", ("designated", (2020, 1, 1), [ONE, TWO, THREE]))
    chosen = followed(all_services(records(first, again)))
    assert (chosen.area_ids, chosen.retired) == (("B",), ("A",))
    assert designated(chosen) == [[("2019-01", numbers(ONE, TWO))], [("2020-01", numbers(THREE))]]


def test_of_a_retired_area_what_another_serves_by_now_is_no_longer_its_present_ground():
    first = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("retired", (2019, 9, 1), [ONE, TWO])
    )
    again = life("B", ("designated", (2020, 1, 1), [TWO, THREE]))
    chosen = followed(all_services(records(first, again)))
    assert chosen.cells == (numbers(ONE), numbers(TWO, THREE))
    assert chosen.versions[0][0].cells == numbers(ONE, TWO)  # what is said of it alone is its own


def test_an_area_that_serves_again_is_followed_since_then_and_its_first_service_counts_for_all():
    twice = life(
        "A",
        ("designated", (2018, 1, 1), [ONE]),
        ("retired", (2018, 9, 1), [ONE]),
        ("designated", (2020, 1, 1), [ONE, TWO]),
    )
    chosen = followed(all_services(records(twice)))
    assert [str(one.since) for one in chosen.versions[0]] == ["2020-01"]
    assert chosen.retired == ()
    assert designated(chosen) == [[("2018-01", numbers(ONE))], [("2020-01", numbers(TWO))]]


def test_a_split_and_a_merger_take_no_ground_out():
    split = life("A", ("designated", (2019, 1, 1), [ONE, TWO]), ("designated", (2020, 1, 1), [ONE]))
    part = life("B", ("designated", (2020, 1, 1), [TWO]), ("retired", (2020, 6, 1), [TWO]))
    merged = life(
        "A", ("designated", (2019, 1, 1), [ONE]), ("designated", (2020, 6, 1), [ONE, TWO])
    )
    whole = [("2019-01", numbers(ONE, TWO))]
    assert designated(followed(all_services(records(split, part)))) == [whole]
    before = life("B", ("designated", (2019, 1, 1), [TWO]), ("retired", (2020, 6, 1), [TWO]))
    found = designated(followed(all_services(records(merged, before))))
    assert found == [[("2019-01", numbers(ONE))], [("2019-01", numbers(TWO))]]


def test_what_has_not_begun_by_a_month_is_left_out_of_all_together_too():
    early = life("A", ("designated", (2019, 1, 1), [ONE]), ("retired", (2019, 9, 1), [ONE]))
    late = life("B", ("designated", (2020, 1, 1), [TWO]))
    begun = followed(all_services(records(early, late))).started_before(Month(2019, 12))
    assert (begun.area_ids, begun.retired) == (("A",), ("A",))
    assert designated(begun) == [[("2019-01", numbers(ONE))]]


def test_a_day_that_was_corrected_later_is_said():
    known = records(
        life("A", ("designated", (2019, 1, 1), [ONE])),
        life("B", ("designated", (2019, 1, 1), [TWO])),
    )
    row = CorrectionRow(key="area B/1/1", subject="area B/1")
    chosen = followed(all_services(replace(known, corrections=(row,))))
    assert chosen.corrected == ("B",)
    assert chosen.started_before(Month(2020, 1)).corrected == ("B",)
    assert followed(all_services(known)).corrected == ()
