"""What an office takes: a workbook that computes nothing, layers that a GIS opens with their style."""

import io
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from datetime import date

import openpyxl
import pyogrio
import pytest
from tests.sentences import says

from csa.base.errors import ParamError
from csa.change.sentences import name_verdict
from csa.workflow.office_files import OfficeSheet, office_file, workbook

TODAY = date(2020, 8, 31)


@pytest.fixture(scope="module")
def analysis(sample_source, sample_records):
    return replace(sample_source, records=sample_records)


@pytest.fixture(scope="module")
def book(analysis, sample_plan):
    content = office_file("office.xlsx", analysis, sample_plan, TODAY)
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def layers(analysis, tmp_path_factory):
    path = tmp_path_factory.mktemp("gis") / "areas.gpkg"
    path.write_bytes(office_file(path.name, analysis, None, TODAY))
    return path


def table(book, name):
    """Rows by their columns' names in files."""
    header, *rows = book[name].iter_rows(values_only=True)
    known = book["Columns"].iter_rows(min_row=2, values_only=True)
    in_files = {head: column for sheet, head, column, _ in known if sheet == name}
    return [dict(zip([in_files[head] for head in header], row, strict=True)) for row in rows]


# ---- by hand -------------------------------------------------------------------------------


def test_a_sheet_a_table_with_the_numbers_of_the_analysis(book, analysis, sample_plan):
    names = ["About", "Core service areas", "Candidates", "Changes", "Plan", "Measures", "Columns"]
    assert book.sheetnames == names
    served = {row["area_id"]: row for row in table(book, "Core service areas")}
    assert {key: row["incidents"] for key, row in served.items()} == {
        key: counts.incidents for key, counts in analysis.counts.items()
    }
    candidates = table(book, "Candidates")
    assert [row["incidents"] for row in candidates] == [*analysis.assessment.table["incidents"]]
    together = table(book, "Changes")[0]
    pooled = analysis.change().displaced.pooled
    assert (together["area_id"], together["verdict"]) == (None, str(pooled.verdicts[-1]))
    assert together["incidents"] == pooled.core.counted[-1]
    assert len(table(book, "Plan")) == 66
    assert len(table(book, "Measures")) == len(sample_plan.measures)


def test_the_first_sheet_has_the_figures_that_a_meeting_asks_for(book, analysis):
    shown = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True) if row[0]}
    pooled = analysis.change().displaced.pooled
    assert shown[says("workbook.areas")] == len(analysis.core_areas)
    assert shown[says("workbook.expected")] == pytest.approx(
        pooled.core.expectation.mean[-1], rel=0.01
    )
    assert shown[says("workbook.finding")] == name_verdict(pooled.verdicts[-1])
    when = analysis.city.dataset.incidents["occurred_at"]
    now = int(when.between("2020-01-01", "2020-07-31 23:59:59").sum())
    [of_year] = [n for label, n in shown.items() if label.startswith("Citywide")]
    assert of_year == now
    assert any(str(label).startswith("For work inside the office") for label in shown)


def test_every_column_is_named_once_with_its_meaning_on_its_head_and_in_a_sheet(book):
    known = book["Columns"].iter_rows(min_row=2, values_only=True)
    listed = {(sheet, head): meaning for sheet, head, _, meaning in known}
    for sheet in book.worksheets[1:-1]:
        assert sheet.freeze_panes == "B2"
        for cell in sheet[1]:
            assert listed.pop((sheet.title, cell.value)) == cell.comment.text
            assert "_" not in cell.value
            assert cell.value[0].isupper()
    assert not listed


def test_a_gis_finds_layers_with_styles_and_the_outlines_of_the_analysis(layers, analysis):
    names = [name for name, _ in pyogrio.list_layers(layers)]
    assert names[:3] == ["core_areas", "candidates", "cells"]
    core = pyogrio.read_dataframe(layers, layer="core_areas").set_index("area_id")
    assert core.crs.to_epsg() == 4326
    assert sorted(core.index) == ["A", "D", "F"]
    assert core.loc["A", "incidents"] == analysis.counts["A"].incidents
    assert core.geometry.is_valid.all()
    with closing(sqlite3.connect(layers)) as database:
        styles = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles"))
        (fault,) = database.execute("PRAGMA integrity_check").fetchone()
    assert (set(styles), fault) == (set(names[:3]), "ok")
    trees = {name: ET.fromstring(style) for name, style in styles.items()}  # noqa: S314 - ours
    for name, tree in trees.items():  # a GIS finds a symbol by its name; of a single one it is 0
        asked = [one.get("symbol") for one in tree.findall(".//range")] or ["0"]
        assert [one.get("name") for one in tree.findall(".//symbol")] == asked, name
    ranges = trees["cells"].findall(".//range")
    counts = pyogrio.read_dataframe(layers, layer="cells")["incidents"]
    bounds = [(float(one.get("lower")), float(one.get("upper"))) for one in ranges]
    assert all(sum(low < n <= high for low, high in bounds) == 1 for n in counts[counts > 0])


# ---- at the edge and refused -------------------------------------------------------------------


def test_what_somebody_typed_is_never_computed():
    bad = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "{=1}", "https://x.example/", "\x0bx", "é😀"]
    content = workbook([OfficeSheet("T", {"a": "text"}, [{"a": text} for text in bad])], ["Title"])
    sheet = openpyxl.load_workbook(io.BytesIO(content))["T"]
    assert [cell.data_type for cell in sheet["A"]] == ["s"] * (len(bad) + 1)
    assert [cell.value for cell in sheet["A"]][1:4] == bad[:3]
    assert not [cell for cell in sheet["A"] if cell.hyperlink]


@pytest.mark.long
def test_a_city_without_areas_and_plan_has_empty_tables(sample_source):
    content = office_file("o.xlsx", sample_source, None, TODAY)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames[1:-1] == ["Core service areas", "Candidates", "Changes"]
    assert table(book, "Core service areas") == table(book, "Changes") == []


def test_the_same_results_are_the_same_bytes(analysis, layers):
    again = office_file("x.gpkg", analysis, None, TODAY)
    assert again == layers.read_bytes()
    one, other = (office_file("x.xlsx", analysis, None, TODAY) for _ in range(2))
    assert one == other


def test_another_ending_is_refused(analysis):
    with pytest.raises(ParamError) as refused:
        office_file("areas.docx", analysis, None, TODAY)
    assert says("workbook.ending", given="areas.docx") == str(refused.value)
