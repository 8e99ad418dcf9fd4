"""Files as portals and tables of many countries write them, each with the truth that was planted."""

import json
from collections import Counter
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from tests.sentences import refuses
from tests.workflow.layouts import shootings
from tests.workflow.truth import (
    N_KILLED,
    TRUTH,
    base,
    read,
    read_files,
    without,
    written,
)

from csa.base.errors import ParamError, SourceError
from csa.base.text import render
from csa.city.dataset import open_dataset
from csa.city.loading import load_city
from csa.ingest import excel
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow import setting_up
from csa.workflow.companion_files import CityFiles, name_column_of
from csa.workflow.new_city import understand

pytestmark = pytest.mark.long

KINDS = {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}


# ---- Who was killed -------------------------------------------------------------------------


def test_numbers_that_each_victims_row_repeats_are_counted_once(tmp_path):
    rows = [
        {**base(one), "Killed": 1, "Injured": one.n_victims - 1, "Age": 20 + person}
        for one in TRUTH
        for person in range(one.n_victims)
    ]
    _, dataset = read(tmp_path, [without(row, "Fatal") for row in rows])
    assert len(dataset.incidents) == len(TRUTH)
    assert dataset.report["victims"] == sum(one.n_victims for one in TRUTH)


@pytest.mark.parametrize("first", [0, 1])
def test_kinds_that_files_names_alone_tell_are_two_lists(tmp_path, first):
    names = ("homicides.csv", "nonfatal_shootings.csv")
    for name, is_homicide in zip(names, (True, False), strict=True):
        rows = [without(base(one), "Fatal") for one in TRUTH if one.is_homicide is is_homicide]
        pd.DataFrame(rows).to_csv(tmp_path / name, index=False)
    files = [tmp_path / name for name in (names if first == 0 else names[::-1])]
    city, dataset = read_files(tmp_path, *files)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert not {"start.homicides_only", "start.nonfatal_only"} & {one.key for one in city.notes}
    config, other = load_city(tmp_path / "c.toml"), tmp_path / "other.csv"
    other.write_bytes(files[0].read_bytes())
    with pytest.raises(SourceError, match=r"Put one of these in the name: .*homicid"):
        ingest_city(config, Inputs((other,), tmp_path / "land.geojson"))


def test_names_do_not_part_files_whose_columns_tell(tmp_path):
    for name in ("homicides.csv", "nonfatal.csv"):
        rows = TRUTH[:120] if name[0] == "h" else TRUTH[120:]
        pd.DataFrame([base(one) for one in rows]).to_csv(tmp_path / name, index=False)
    city, dataset = read_files(tmp_path, tmp_path / "homicides.csv", tmp_path / "nonfatal.csv")
    assert (len(city.lists), Counter(dataset.incidents["kind"])) == (1, KINDS)


def test_rows_that_stand_in_two_files_are_no_second_victims(tmp_path):
    for name, rows in (("a.csv", TRUTH[:150]), ("b.csv", TRUTH[130:])):
        pd.DataFrame([base(one) for one in rows]).to_csv(tmp_path / name, index=False)
    _, dataset = read_files(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv")
    assert dataset.report["rows_rejected"]["duplicate_row"] == 20
    assert len(dataset.incidents) == len(TRUTH)


# ---- When -----------------------------------------------------------------------------------


def test_day_first_is_likelier_outside_the_united_states(tmp_path):
    there = [*shootings((144.96, -37.81))]
    rows = [
        {**base(one), "Date": f"{one.when.replace(day=1):%d/%m/%Y}", "Longitude": one.lon}
        for one in there
    ]
    city, dataset = read(tmp_path, rows)
    assert [one.about for one in city.doubts if one.about == "order"] == ["order"]
    assert {one.day for one in dataset.incidents["occurred_at"]} == {1}


def test_files_with_days_in_two_orders_are_refused(tmp_path):
    for name, form, rows in (
        ("a.csv", "%m/%d/%Y", TRUTH[:200]),
        ("b.csv", "%d/%m/%Y", TRUTH[200:]),
    ):
        told = [{**base(one), "Date": f"{one.when:{form}}"} for one in rows]
        pd.DataFrame(told).to_csv(tmp_path / name, index=False)
    with refuses("start.two_orders", SourceError):
        understand([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_two_columns_of_one_name_are_refused_where_they_differ(tmp_path):
    table = pd.DataFrame([base(one) for one in TRUTH])
    table.insert(2, "Date ", "2024-05-05 10:00")
    table.columns = [name.strip() for name in table]
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        SourceError,
        match=r"have names with the same letters \(Date, Date\) but different values\. Rename them, because the city's file must be able to refer to each one\.",
    ):
        understand(tmp_path / "a.csv")


# ---- Where ----------------------------------------------------------------------------------


def test_a_home_is_no_address_of_a_shooting(tmp_path):
    city, _ = read(tmp_path, written({"Victim Home Address": "{at} SECRET LN"}))
    assert "address" not in city.lists[0].columns


@pytest.mark.parametrize(
    ("middle", "turn", "hint"),
    [
        (
            (18.52, -33.97),
            lambda x, y: (x, -y),
            "With a minus sign before the latitudes they would be in the time zone",
        ),
        (
            (-0.1, 51.5),
            lambda x, y: (y, x),
            "With the two columns swapped they would be in the time zone",
        ),
    ],
)
def test_a_city_in_the_open_sea_is_refused_and_told_what_may_help(tmp_path, middle, turn, hint):
    rows = []
    for one in shootings(middle):
        lon, lat = turn(one.lon, one.lat)
        rows.append({**base(one), "Longitude": lon, "Latitude": lat})
    with pytest.raises(SourceError) as refused:
        read(tmp_path, rows)
    assert refused.value.message.key == "start.at_sea"
    assert hint in str(refused.value)


def test_of_two_systems_with_one_grid_that_in_use_is_the_likelier(tmp_path):
    """UTM of a datum that Brazil gave up puts places 35 m away, and into the city as well."""
    there = [*shootings((-46.63, -23.55))]
    turn = Transformer.from_crs("EPSG:4326", "EPSG:31983", always_xy=True)
    rows = []
    for one in there:
        x, y = turn.transform(one.lon, one.lat)
        rows.append({**without(base(one), "Latitude", "Longitude"),
                     "COORD_X": f"{x:.2f}".replace(".", ","), "COORD_Y": f"{y:.2f}".replace(".", ",")})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "list.csv", index=False)
    land = shapely.box(-46.9, -23.8, -46.3, -23.3)
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[land], crs="EPSG:4326").to_file(
        tmp_path / "land.geojson"
    )
    where = understand(tmp_path / "list.csv", tmp_path / "land.geojson").lists[0].where
    true = np.array([(one.lon, one.lat) for one in there])
    assert where.lonlat.to_numpy() == pytest.approx(true, abs=1e-6)


# ---- Containers -----------------------------------------------------------------------------

ROWS = [base(one) for one in TRUTH]
CELLS = [
    [*[*row.values()][:3], [None, row["Latitude"], row["Longitude"], None, False]] for row in ROWS
]
ANSWERS = {
    "a list under data": {"status": "ok", "data": ROWS},
    "CKAN's": {"success": True, "result": {"fields": [{"id": "Case"}], "records": ROWS}},
    "Socrata's rows": {
        "meta": {
            "view": {"columns": [{"name": name} for name in ("Case", "Date", "Fatal", "Place")]}
        },
        "data": CELLS,
    },
    "columns and rows": {"columns": [*ROWS[0]], "rows": [[*row.values()] for row in ROWS]},
    "a list by its own name, its days wrapped": {
        "homicides": [{**row, "Date": {"$date": row["Date"]}} for row in ROWS],
        "count": len(ROWS),
    },
    "records within records": {
        "payload": {
            "shootings": [
                {
                    "case": {"id": row["Case"], "at": {"date": row["Date"]}},
                    "died": row["Fatal"],
                    "location": {"coordinates": [row["Longitude"], row["Latitude"]]},
                }
                for row in ROWS
            ]
        }
    },
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_portals_answer_is_read_as_its_records(tmp_path, answer):
    path = tmp_path / "list.json"
    path.write_text(json.dumps(ANSWERS[answer]))
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert dataset.report["unlocated"] == 0


@pytest.mark.parametrize(
    "answer", [{"data": {"data": {"data": {"data": ROWS}}}}, {"data": [1, 2]}, {}]
)
def test_an_answer_without_records_is_refused(tmp_path, answer):
    (tmp_path / "list.json").write_text(json.dumps(answer))
    with pytest.raises(SourceError, match=r"Export the table as CSV or as a list of records\."):
        understand(tmp_path / "list.json")


def test_victims_in_a_list_of_their_own_are_not_taken_for_a_word(tmp_path):
    """Of one killed and one wounded the word for the wounded would be taken."""
    states = [["Dead"], ["Dead", "Wounded"], ["Wounded"]]
    rows = [
        {**without(row, "Fatal"), "victims": [{"situation": one} for one in states[at % 3]]}
        for at, row in enumerate(ROWS)
    ]
    (tmp_path / "list.json").write_text(json.dumps({"data": rows}))
    with pytest.raises(SourceError, match="does not look like a file of shootings:"):
        understand(tmp_path / "list.json")


@pytest.mark.parametrize("where", ["answer", "properties"])
def test_an_answer_that_is_a_part_says_so(tmp_path, where):
    flag = {"exceededTransferLimit": True}
    features = [{"attributes": without(row, "Latitude", "Longitude"),
                 "geometry": {"x": row["Longitude"], "y": row["Latitude"]}} for row in ROWS]  # fmt: skip
    whole = {"features": features} | (flag if where == "answer" else {"properties": flag})
    (tmp_path / "list.json").write_text(json.dumps(whole))
    city = understand(tmp_path / "list.json")
    assert "source.note_limit" in {note.key for note in city.notes}


HEADER = [*ROWS[0]]


def book(tmp_path, **sheets):
    """Write a workbook: sheets of rows, those whose name begins with `hidden` hidden."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name.replace("_", " "))
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "list.xlsx")
    return made, tmp_path / "list.xlsx"


def lines(rows):
    return [HEADER, *([*row.values()] for row in rows)]


def test_a_sheet_a_year_is_one_table(tmp_path):
    _, path = book(tmp_path, y2022=lines(ROWS[:100]), y2023=lines(ROWS[100:]), notes=[["none"]])
    city, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert (
        "read 2 sheets with the same columns, one after another: y2022, y2023; not read: notes"
        in (" ".join(map(render, city.notes)))
    )


def test_sheets_whose_names_say_kinds_are_not_joined(tmp_path):
    plain = [without(row, "Fatal") for row in ROWS]
    rows = [[*plain[0]], *([*row.values()] for row in plain)]
    _, path = book(tmp_path, Homicides=rows[:100], Nonfatal=[rows[0], *rows[100:]])
    table = excel.read_excel(path.read_bytes(), path)
    assert (len(table.rows), table.sheets, table.others) == (100, ["Homicides"], ["Nonfatal"])


def test_hidden_sheets_and_sums_before_the_shootings_are_passed_over(tmp_path):
    sums = [["Year", "Homicides"], [2022, 10], [2023, 20]]
    _, path = book(tmp_path, hidden_old=lines(ROWS[:50]), Summary=sums, Data=lines(ROWS))
    city, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert ": read the sheet Data; not read: hidden old, Summary" in render(city.notes[0])


def test_what_is_merged_over_several_rows_stands_in_each_of_them(tmp_path):
    """The first victim of each incident lived: a homicide is told by a later row alone."""
    made, path = book(tmp_path, Data=[["Case", "Date", "Age", "Fatal", "Latitude", "Longitude"]])
    sheet, row = made["Data"], 2
    for one in TRUTH:
        fatal = ["N", "Y" if one.is_homicide else "N"]
        for at, said in enumerate(fatal):
            sheet.append([f"C{one.number}", one.when, 20, said, one.lat, one.lon] if at == 0
                         else [None, None, 30, said, None, None])  # fmt: skip
        for column in (1, 2, 5, 6):
            sheet.merge_cells(
                start_row=row, end_row=row + 1, start_column=column, end_column=column
            )
        row += 2
    made.save(path)
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS
    assert dataset.report["victims"] == 2 * len(TRUTH)


def test_a_sheet_of_all_years_is_not_added_to_theirs(tmp_path):
    rows = lines([without(row, "Case") for row in ROWS])
    rows[0] = [name for name in HEADER if name != "Case"]
    years = {"y2022": [rows[0], *rows[1:100]], "y2023": [rows[0], *rows[100:]]}
    for order in ({"All": rows, **years}, {**years, "All": rows}):
        _, path = book(tmp_path, **order)
        assert understand(path).lists[0].table.n_rows == len(TRUTH)


def test_sheets_beyond_what_can_be_held_are_told_and_the_first_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "MAX_CELLS", len(HEADER) * 160)
    _, path = book(tmp_path, y2022=lines(ROWS[:100]), y2023=lines(ROWS[100:]))
    table = excel.read_excel(path.read_bytes(), path)
    assert (len(table.rows), table.sheets, table.others) == (101, ["y2022"], ["y2023"])


def test_a_small_table_is_not_passed_over_for_a_longer_list_of_words(tmp_path):
    words = [["Field", "Meaning"], *([f"f{n}", "..."] for n in range(60))]
    _, path = book(tmp_path, Shootings=lines(ROWS[:28]), Words=words)
    assert understand(path).lists[0].table.n_rows == 28


@pytest.mark.parametrize(
    "above",
    [
        [["Incident", None, None, "Place", None]],
        [["POLICE DEPARTMENT"], ["Prepared:", "3/1/2025"], []],
    ],
)
def test_lines_above_the_names_may_hold_more_than_one_cell(tmp_path, above):
    _, path = book(tmp_path, Data=[*above, *lines(ROWS), ["Total", None, N_KILLED]])
    _, dataset = read_files(tmp_path, path)
    assert Counter(dataset.incidents["kind"]) == KINDS


# ---- What is left ---------------------------------------------------------------------------


def listed(folder):
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def test_another_citys_file_of_the_same_name_is_not_overwritten(tmp_path, run):
    for name, rows in (("a", ROWS), ("b", ROWS[:100])):
        (tmp_path / name).mkdir()
        pd.DataFrame(rows).to_csv(tmp_path / name / "shootings.csv", index=False)
    words = ("--yes", "--root", tmp_path / "root", "--out")
    run("start", tmp_path / "a" / "shootings.csv", *words, tmp_path / "a.toml")
    before = listed(tmp_path)
    done = run("start", tmp_path / "b" / "shootings.csv", *words, tmp_path / "b.toml", check=False)
    assert done.returncode == 2
    assert "Give this city another name with --name, or move that folder." in " ".join(
        done.stderr.split()
    )
    assert listed(tmp_path) == before


@pytest.mark.parametrize("obstacle", ["out", "var", "proposal"])
def test_a_city_that_fails_late_leaves_nothing_behind(tmp_path, run, obstacle):
    root, out = tmp_path / "root", tmp_path / "c.toml"
    root.mkdir()
    if obstacle == "out":
        (root / "file").write_text("")
        out = root / "file" / "c.toml"
    elif obstacle == "var":
        (root / "var").write_text("")
    else:
        (root / "var" / "c" / "proposal").mkdir(parents=True)
        (root / "var" / "c" / "proposal" / "mine.txt").write_text("mine")
    pd.DataFrame(ROWS).to_csv(tmp_path / "list.csv", index=False)
    before = listed(tmp_path)
    words = ("start", tmp_path / "list.csv", "--yes", "--root", root, "--out", out)
    assert run(*words, check=False).returncode == 2
    assert listed(tmp_path) == before
    assert not (root / "data").exists()


def test_a_link_to_a_place_that_is_not_there_is_left_as_it_is(tmp_path, run):
    pd.DataFrame(ROWS).to_csv(tmp_path / "list.csv", index=False)
    root, out = tmp_path / "root", tmp_path / "c.toml"
    (root / "data").mkdir(parents=True)
    (root / "data" / "list").symlink_to(tmp_path / "unmounted")
    words = (
        "start",
        tmp_path / "list.csv",
        "--yes",
        "--name",
        "list",
        "--root",
        root,
        "--out",
        out,
    )
    assert run(*words, check=False).returncode == 2
    assert (root / "data" / "list").is_symlink()
    assert not out.exists()
    assert not (root / "var").exists()


def test_a_city_that_was_set_up_meanwhile_is_not_taken_back(tmp_path, monkeypatch):
    """Two browsers at once: the second fails, and the first one's city stays whole."""
    path = tmp_path / "list.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    city, out, root = understand(path), tmp_path / "c.toml", tmp_path / "root"
    read_really, is_second = setting_up.ingest_city, []

    def meanwhile(*given):
        if not is_second:
            is_second.append(True)
            setting_up.set_up(city, CityFiles(), out, root=root)
        return read_really(*given)

    monkeypatch.setattr(setting_up, "ingest_city", meanwhile)
    with pytest.raises(ParamError, match="already"):
        setting_up.set_up(city, CityFiles(), out, root=root)
    assert open_dataset(root / "var" / "c" / "dataset").report["incidents"] == len(TRUTH)
    assert (out.is_file(), len(list((root / "data").glob("*/list.csv")))) == (True, 1)


def test_what_was_made_of_another_city_is_not_written_over(tmp_path):
    path = tmp_path / "list.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    out, root = tmp_path / "c.toml", tmp_path / "root"
    setting_up.set_up(understand(path), CityFiles(), out, root=root)
    before = listed(root)
    out.unlink()
    with pytest.raises(
        ParamError, match=r"Give this city another name with --name, or move that folder\."
    ):
        setting_up.set_up(understand(path, name="Other"), CityFiles(), out, root=root)
    assert listed(root) == before


@pytest.mark.parametrize("name", ["land.geojson", "shots [2023].csv"])
def test_any_name_of_a_file_will_do(tmp_path, run, name):
    table = pd.DataFrame(ROWS)
    if name.endswith("csv"):
        table.to_csv(tmp_path / name, index=False)
    else:
        points = gpd.points_from_xy(table.pop("Longitude"), table.pop("Latitude"))
        gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_file(tmp_path / name)
    run("start", tmp_path / name, "--yes", "--name", "Here", cwd=tmp_path)
    done = run("ingest", "--city", "here", "--out", "again", cwd=tmp_path)
    assert "240 incidents" in " ".join(done.stdout.split())


# ---- What stands beside shootings -----------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 5])
def test_times_that_may_be_universal_are_noted(tmp_path, hours):
    rows = [base(one) for one in TRUTH]
    for one, row in zip(TRUTH, rows, strict=True):
        when = one.when.replace(hour=23) + pd.Timedelta(hours=one.number % 11 - 5 + hours)
        row["Date"] = f"{when:%Y-%m-%d %H:%M}"
    city, _ = read(tmp_path, rows)
    notes = [note.key for one in city.lists for note in one.rules.notes]
    assert ("start.maybe_universal" in notes) is (hours == 5)


def test_a_neighborhood_has_its_name_and_not_its_number(tmp_path):
    land = tmp_path / "land.geojson"
    shapes = [shapely.box(at, 0, at + 1, 1) for at in range(3)]
    about = {
        "objectid": list("123"),
        "Neighborhood_ID": list("456"),
        "label": ["Oak", "Elm", "Ash"],
    }
    gpd.GeoDataFrame({**about, "Name": ["Oak", "Elm", "Ash"]}, geometry=shapes, crs=4326).to_file(
        land
    )
    assert name_column_of(land) == "Name"
    gpd.GeoDataFrame(about, geometry=shapes, crs=4326).to_file(land)
    assert name_column_of(land) in {"label", "Neighborhood_ID"}


def test_a_city_without_an_incident_is_not_set_up(tmp_path, monkeypatch):
    really = setting_up.ingest_city

    def none_left(*given):
        intake = really(*given)
        lost = {"incidents": 0, "rows_rejected": {"other_role": 250, "bad_date": 0}}
        report = {**intake.dataset.report, **lost}
        return replace(intake, dataset=replace(intake.dataset, report=report))

    monkeypatch.setattr(setting_up, "ingest_city", none_left)
    path = tmp_path / "list.csv"
    pd.DataFrame(written({})).to_csv(path, index=False)
    out = tmp_path / "config" / "c.toml"
    with pytest.raises(
        SourceError, match=r"has no usable incidents: other role 250\. Nothing was set up\."
    ):
        setting_up.set_up(understand([path]), CityFiles(), out, root=tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["list.csv"]
