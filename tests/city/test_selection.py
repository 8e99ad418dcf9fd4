"""Areas that somebody chose come in as they were written, and what is no area is refused."""

import csv
import io
import json

import h3
import pytest
from hypothesis import given, strategies as st

from csa.base.errors import SourceError
from csa.base.params import Month, Period
from csa.city.selection import AreaSelection, read_areas

MIDDLE = h3.latlng_to_cell(39.02, -94.57, 9)
CELLS = sorted(h3.grid_disk(MIDDLE, 3))
DAYS = {"first_day": "2016-07-01", "last_day": "2019-06-30"}
CHOOSERS = Period(Month(2016, 7), Month(2019, 7))


def row(area_id, cells, name=None, **more):
    return {"area_id": area_id, "cells": cells, **({"place_name": name} if name else {}), **more}


def as_csv(rows, columns=("area_id", "place_name", "cells", "first_day", "last_day")):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for one in rows:
        cells = one.get("cells")
        writer.writerow({**one, "cells": " ".join(cells) if isinstance(cells, list) else cells})
    return out.getvalue()


def as_json(rows):
    return json.dumps(
        {"type": "FeatureCollection", "features": [{"properties": one} for one in rows]}
    )


@pytest.fixture
def load(tmp_path):
    """Read areas from a file of this text."""

    def call(text, name="areas.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_areas(path)

    return call


def numbers(cells):
    return frozenset(int(cell, 16) for cell in cells)


def said(load, text, name="areas.csv"):
    with pytest.raises(SourceError) as refused:
        load(text, name)
    return str(refused.value)


TWO = [row("A", CELLS[:3], "West End", **DAYS), row("B", CELLS[5:7], "East End", **DAYS)]
CHOSEN = AreaSelection(
    ("A", "B"), ("West End", "East End"), (numbers(CELLS[:3]), numbers(CELLS[5:7])), 9, CHOOSERS
)

# ---- By hand -------------------------------------------------------------------------------


def test_two_areas_come_in_with_letter_name_cells_and_the_months_that_chose_them(load):
    assert load(as_csv(TWO)) == CHOSEN


def test_a_table_a_map_and_a_folder_give_the_same_areas(load, tmp_path):
    for name in ("areas.geojson", "areas.json", "AREAS.GEOJSON"):
        assert load(as_json(TWO), name) == CHOSEN
    assert read_areas(tmp_path) == CHOSEN


def test_in_a_map_cells_may_also_be_one_text(load):
    texts = [{**one, "cells": " ".join(one["cells"])} for one in TWO]
    assert load(as_json(texts), "areas.geojson") == CHOSEN


def test_the_months_run_from_the_first_day_of_any_area_to_the_last_of_any(load):
    rows = [
        row("A", CELLS[:1], first_day="2018-03-15", last_day="2019-11-30"),
        row("B", CELLS[1:2], first_day="2017-12-01", last_day="2019-12-02"),
    ]
    for some in (rows, rows[::-1]):
        assert load(as_csv(some)).period == Period(Month(2017, 12), Month(2020, 1))


@pytest.mark.parametrize(
    ("kinds", "read"),
    [("homicide", ("homicide",)), ("nonfatal homicide", ("homicide", "nonfatal")), ("", ())],
)
def test_the_kinds_that_chose_the_areas_are_read(load, kinds, read):
    rows = [{**one, "kinds": kinds} for one in TWO]
    assert load(as_json(rows), "areas.geojson").kinds == read
    columns = ("area_id", "place_name", "cells", "first_day", "last_day", "kinds")
    assert load(as_csv(rows, columns)).kinds == read


@pytest.mark.parametrize(
    "kinds", [("homicide", "nonfatal"), ("murder", "murder"), ("", "homicide")]
)
def test_kinds_that_differ_or_that_nobody_knows_are_refused(load, kinds):
    rows = [{**one, "kinds": kind} for one, kind in zip(TWO, kinds, strict=True)]
    assert "has areas with different or unknown kinds" in said(load, as_json(rows), "areas.geojson")


# ---- At the edge ---------------------------------------------------------------------------


def test_a_header_alone_is_no_area(load):
    assert load("area_id,cells\n") == AreaSelection((), (), (), 9, None)
    assert load("area_id,place_name,cells") == AreaSelection((), (), (), 9, None)


def test_a_map_without_a_feature_is_no_area(load):
    assert load('{"type": "FeatureCollection", "features": []}', "areas.geojson").cells == ()


def test_a_byte_order_mark_and_windows_lines_do_no_harm(load, tmp_path):
    assert load("\ufeff" + as_csv(TWO)) == CHOSEN
    assert load("\ufeff" + as_json(TWO), "areas.geojson") == CHOSEN
    (tmp_path / "w.csv").write_bytes(as_csv(TWO).replace("\n", "\r\n").encode())
    assert read_areas(tmp_path / "w.csv") == CHOSEN


def test_without_a_name_the_letter_is_the_name(load):
    assert load(as_csv([row("A", CELLS[:1])])).place_names == ("A",)
    assert load(as_json([row("A", CELLS[:1])]), "a.geojson").place_names == ("A",)


def test_blanks_around_a_letter_are_no_part_of_it_and_a_number_is_a_letter(load):
    assert load(as_csv([row(" A ", CELLS[:1])])).area_ids == ("A",)
    assert load(as_json([row(7, CELLS[:1])]), "a.geojson").area_ids == ("7",)


def test_a_cell_twice_in_one_area_is_one_cell(load):
    assert load(as_csv([row("A", [*CELLS[:2], CELLS[0]])])).cells == (numbers(CELLS[:2]),)


def test_the_months_are_those_of_the_areas_that_name_both_days_and_the_others_are_counted(load):
    bare = [row("A", CELLS[:1]), row("B", CELLS[1:2])]
    dated = load(as_csv([{**bare[0], **DAYS}, {**bare[1], **DAYS}]))
    for rows, n_undated in (
        (bare, 2),
        ([{**bare[0], "first_day": "2016-07-01"}], 1),
        ([{**bare[0], "last_day": "2016-07-01"}], 1),
    ):
        found = load(as_csv(rows))
        assert (found.period, found.n_undated) == (None, n_undated)
    partly = load(as_csv([{**bare[0], **DAYS}, bare[1]]))
    assert (partly.period, partly.n_undated) == (dated.period, 1)
    assert dated.n_undated == 0


def proposal_beside(folder, **params):
    own = {"eps_m": 250.0, "min_samples": 16, "max_area_km2": 2.0} | params
    own["suggested"] = {"eps_m": 250.0, "min_samples": 16}
    (folder / "proposal.json").write_text(json.dumps({"params": own}), encoding="utf-8")


@pytest.mark.parametrize(
    ("params", "way"),
    [
        ({}, (True, 2.0)),
        ({"eps_m": 300.0}, (False, 2.0)),
        ({"min_samples": 9}, (False, 2.0)),
        ({"max_area_km2": 0}, (True, 0.0)),
        (None, (None, None)),
    ],
)
def test_the_proposal_beside_a_file_says_how_its_areas_were_found(load, tmp_path, params, way):
    if params is not None:
        proposal_beside(tmp_path, **params)
    found = load(as_csv([row("A", CELLS[:1])]))
    assert (found.is_suggested, found.max_area_km2) == way


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"params": 3}', '{"params": {"suggested": {}}}'])
def test_a_proposal_that_cannot_be_read_says_nothing(load, tmp_path, text):
    (tmp_path / "proposal.json").write_text(text, encoding="utf-8")
    found = load(as_csv([row("A", CELLS[:1])]))
    assert (found.is_suggested, found.max_area_km2) == (None, None)


def test_one_day_is_its_month_and_december_ends_with_the_year(load):
    one = row("A", CELLS[:1], first_day="2019-12-31", last_day="2019-12-31")
    assert load(as_csv([one])).period == Period(Month(2019, 12), Month(2020, 1))


# ---- Refused -------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_named_and_so_is_the_one_a_folder_lacks(tmp_path):
    for given_path, named in ((tmp_path / "no.csv", "no.csv"), (tmp_path, "areas.geojson")):
        with pytest.raises(SourceError) as refused:
            read_areas(given_path)
        assert str(refused.value) == (
            f"File not found: {tmp_path / named}. Name a file of areas, such as the areas.geojson that csa propose writes, or its folder."
        )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\xff\xfe\x00area_id"),
        ("a.csv", b'area_id,cells\nA,"8926'),
        ("a.geojson", b""),
        ("a.geojson", b"{"),
        ("a.geojson", b"[]"),
        ("a.geojson", b"5"),
        ("a.geojson", b"{}"),
        ("a.geojson", b'{"features": 5}'),
        ("a.geojson", b'{"features": [5]}'),
        ("a.geojson", b'{"features": [{}]}'),
        ("a.geojson", b'{"features": [{"properties": null}]}'),
        ("a.geojson", b"[" * 99999),
    ],
)
def test_what_cannot_be_read_as_areas_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        read_areas(path)
    assert str(refused.value) == (
        f"{path} can't be read as areas, or is larger than 20 MB. Give the areas.csv or "
        "areas.geojson that csa propose writes."
    )


@pytest.mark.parametrize(
    ("text", "name", "lacking"),
    [
        (f"area_id,cell\nA,{MIDDLE}\n", "a.csv", "cells"),
        (f"area,cells\nA,{MIDDLE}\n", "a.csv", "area_id"),
        ("name,count\nA,3\n", "a.csv", "area_id, cells"),
        ("area_id,cell\n", "a.csv", "area_id, cells"),
        (as_json([{"area_id": "A"}]), "a.geojson", "cells"),
        (as_json([row("A", CELLS[:1]), {"area_id": "B"}]), "a.geojson", "cells"),
        (as_json([row("A", CELLS[:1]), {"cells": CELLS[1:2]}]), "a.geojson", "area_id"),
    ],
)
def test_a_column_that_is_lacking_is_named_though_only_one_area_lacks_it(
    load, tmp_path, text, name, lacking
):
    named = ", ".join(f"`{one}`" for one in lacking.split(", "))
    assert said(load, text, name) == (
        f"{tmp_path / name} has no column {named}. Each area needs `area_id` and `cells` (15-digit "
        "H3 cells, separated by spaces), as in the areas.csv or areas.geojson that csa propose "
        "writes."
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (as_csv([row("A", CELLS[:1]), row("B", [])]), "a.csv"),
        (as_csv([row("A", CELLS[:1]), row("B", "  ")]), "a.csv"),
        (f"area_id,cells\nA,{MIDDLE}\nB\n", "a.csv"),
        (as_json([row("A", CELLS[:1]), row("B", [])]), "a.geojson"),
        (as_json([row("A", CELLS[:1]), row("B", None)]), "a.geojson"),
    ],
)
def test_an_area_without_a_cell_is_refused_by_its_letter(load, tmp_path, text, name):
    assert said(load, text, name) == (
        f"Area B in {tmp_path / name} has no cells. Add its H3 cells, or leave the area out."
    )


@pytest.mark.parametrize(
    "wrong", ["8926", MIDDLE + "0", MIDDLE.upper(), "9" + MIDDLE[1:], MIDDLE[:-1] + "g", "none"]
)
def test_what_is_no_cell_is_shown(load, tmp_path, wrong):
    sentence = said(load, as_csv([row("B", [MIDDLE, wrong])]))
    assert sentence == (
        f"Area B in {tmp_path / 'areas.csv'} names {wrong!r}, which is not an H3 cell. A cell has "
        "15 digits, 0 to 9 and a to f, starting with 8."
    )


@pytest.mark.parametrize("wrong", [5, True, {"cell": 1}, 1.5])
def test_a_number_is_no_cell_alone_or_in_a_list(load, wrong):
    for cells in (wrong, [MIDDLE, wrong]):
        sentence = said(load, as_json([row("B", cells)]), "a.geojson")
        assert f"names {wrong!r}, which is not an H3 cell." in sentence


@pytest.mark.parametrize("letters", [("A", "A"), ("", "B"), ("A", " A "), ("B", " ")])
def test_a_letter_twice_or_none_is_refused(load, tmp_path, letters):
    rows = [row(letter, [CELLS[n]]) for n, letter in enumerate(letters)]
    wrong = letters[1].strip() if letters[0] else ""
    assert said(load, as_csv(rows)) == (
        f"{tmp_path / 'areas.csv'} uses the area_id {wrong!r} twice, or leaves it empty. Give "
        "each area a different letter."
    )


def test_no_value_is_no_letter(load):
    assert "uses the area_id '' twice" in said(load, as_json([row(None, CELLS[:1])]), "a.geojson")


def test_a_cell_of_two_areas_is_refused_with_both_letters(load, tmp_path):
    rows = [row("A", CELLS[:2]), row("B", CELLS[2:4]), row("C", [CELLS[6], CELLS[3], CELLS[2]])]
    assert said(load, as_csv(rows)) == (
        f"Areas B and C in {tmp_path / 'areas.csv'} share the cell {CELLS[2]}, so an incident "
        "would count twice. Give the cell to one of them."
    )


def test_cells_of_two_sizes_are_refused_in_one_area_and_read_in_two(load, tmp_path):
    fine = h3.latlng_to_cell(39.09, -94.57, 10)
    assert said(load, as_csv([row("A", [MIDDLE, fine])])) == (
        f"{tmp_path / 'areas.csv'}: area A has cells of several sizes (resolutions 9, 10). Use "
        "one resolution per area."
    )
    found = load(as_csv([row("A", [fine]), row("B", [MIDDLE])]))
    assert found.resolution == 10


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2016-7-1", "2019-06-30"),
        ("2016-07-01", "June 2019"),
        ("2019-02-29", "2019-06-30"),
        ("2019-07-01", "2019-06-30"),
        ("2019-06-30", "2019-06-01"),
    ],
)
def test_days_that_are_no_dates_or_the_wrong_way_round_are_refused(load, tmp_path, first, last):
    good = row("A", CELLS[:1], **DAYS)
    wrong = row("B", CELLS[1:2], first_day=first, last_day=last)
    for rows in ([wrong], [good, wrong]):
        assert said(load, as_csv(rows)) == (
            f"{tmp_path / 'areas.csv'} has a first_day or last_day that is not a date, or they "
            "are in the wrong order. Write YYYY-MM-DD, or leave both out."
        )


# ---- True in general -----------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 5), min_size=len(CELLS), max_size=len(CELLS)),
    st.lists(st.text("aB '\",;|é=-", max_size=8), min_size=6, max_size=6),
)
def test_any_areas_written_as_a_table_or_a_map_come_back(tmp_path_factory, owners, names):
    areas = [
        [cell for cell, owner in zip(CELLS, owners, strict=True) if owner == n] for n in range(6)
    ]
    rows = [row(f"N{n}", cells, names[n]) for n, cells in enumerate(areas) if cells]
    folder = tmp_path_factory.mktemp("areas")
    (folder / "a.csv").write_text(as_csv(rows), encoding="utf-8")
    (folder / "a.geojson").write_text(as_json(rows), encoding="utf-8")
    found = read_areas(folder / "a.csv")
    assert found == read_areas(folder / "a.geojson")
    assert found.area_ids == tuple(one["area_id"] for one in rows)
    assert found.place_names == tuple(one.get("place_name") or one["area_id"] for one in rows)
    assert found.cells == tuple(numbers(one["cells"]) for one in rows)
