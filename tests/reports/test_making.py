"""From facts to files: every edition in every form, each map drawn once, the same bytes."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.reports.documents import picture

from csa.base.errors import MachineError, OutputError, ParamError
from csa.reports import making
from csa.reports.editions.all import AUDIENCES, EXTRAS, FOR_RESIDENTS
from csa.reports.making import (
    EDITIONS,
    Drawer,
    format_from_path,
    make_all,
    make_report,
    marker_of,
    names_of,
    paper_size,
)
from csa.reports.maps import cartography


def drawn(_sheet):
    return picture(3, 2)


@pytest.fixture(scope="module")
def files(month_facts):
    steps = []
    made = make_all(month_facts, "en", with_docx=True, draw=drawn, progress=steps.append)
    assert steps == ["edition"] * len(EDITIONS)
    return made


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.long
def test_all_is_each_edition_as_pdf_and_html_and_with_docx_if_it_is_asked_for(files, month_facts):
    names = [f"2020-07_{name}_en" for name in (*AUDIENCES, *EXTRAS)]
    assert set(files) == {f"{name}.{form}" for name in names for form in ("pdf", "html", "docx")}
    assert set(files) == set(names_of(month_facts.month, "en"))
    assert marker_of(month_facts.month, "en") in files
    starts = {"pdf": b"%PDF", "html": b"<!DOCTYPE html>", "docx": b"PK"}
    for name, content in files.items():
        assert content.startswith(starts[name.rpartition(".")[2]])


def test_without_the_package_for_pdfs_all_is_each_edition_as_html(month_facts, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    made = make_all(month_facts, "en", with_pdf=False, draw=drawn)
    assert {name.rpartition(".")[2] for name in made} == {"html"}


def test_a_map_that_several_editions_show_is_drawn_once(month_facts, monkeypatch):
    sizes = []

    def draw(sheet, size_px):
        sizes.append((size_px, sheet.focus is None))
        return picture(3, 2)

    monkeypatch.setattr(cartography, "draw_map", draw)
    drawer = Drawer()
    for audience in ("executive", "enforcement", "prevention-walks"):
        make_report(month_facts, audience, "en", "html", drawer)
    n_areas = len(month_facts.areas)
    assert sizes[0] == (making.CITY_PX, True)
    assert sizes[1:] == [(making.WALK_PX, False)] * n_areas


def test_paper_is_letter_where_miles_are_and_a4_elsewhere(month_facts):
    assert paper_size(month_facts.config) == "letter"
    city = month_facts.config.city.model_copy(update={"units": "metric"})
    config = month_facts.config.model_copy(update={"city": city})
    assert paper_size(config) == "a4"


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.long
def test_all_editions_are_those_for_offices_where_nothing_may_be_published(
    bare_facts, month_facts, monkeypatch
):
    monkeypatch.setattr(making, "render_document", lambda *_: {"pdf": b"", "html": b""})
    of_none = make_all(bare_facts, "en", draw=drawn)
    assert {name.split("_")[1] for name in of_none} == set(EDITIONS) - FOR_RESIDENTS
    untold = replace(month_facts, public=bare_facts.public)
    of_served = make_all(untold, "en", draw=drawn)
    assert {name.split("_")[1] for name in of_served} == set(EDITIONS) - {"public"}


def test_a_map_that_cannot_be_drawn_is_told_in_its_place_in_each_form(month_facts):
    def fail(_sheet):
        raise OutputError("files.cannot_write", path="map", why="no room")

    made = {
        form: make_report(month_facts, "executive", "en", form, fail)[1]
        for form in ("pdf", "html", "docx")
    }
    assert all(made.values())
    assert b'class="missing"' in made["html"]
    assert made["html"].count(b"<img") == 1  # the chart


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "language", "form", "told"),
    [
        ("mayor", "en", "pdf", "audience must be one of executive, prevention"),
        ("public", "fr", "pdf", "language must be one of en, es, not 'fr'"),
        ("public", "en", "odt", "form must be one of pdf, html, docx, not 'odt'"),
    ],
)
def test_what_there_is_no_edition_of_is_refused(month_facts, audience, language, form, told):
    with pytest.raises(ParamError, match=told):
        make_report(month_facts, audience, language, form)


def test_the_ending_of_a_name_says_what_the_file_is_to_be():
    for form in ("pdf", "HTML", "docx"):
        assert format_from_path(Path(f"a.{form}")) == form.lower()
    for name in ("report", "a.doc", ".pdf", "a.pdf.txt"):
        with pytest.raises(ParamError, match=re.escape(name)):
            format_from_path(Path(name))


def test_all_editions_are_refused_at_once_where_no_pdf_can_be_made(month_facts, monkeypatch):
    def absent():
        raise MachineError("report_file.no_pdf")

    monkeypatch.setattr(making, "require_pdf", absent)
    with pytest.raises(MachineError, match="libpango"):
        make_all(month_facts, "en", draw=drawn)
    assert make_report(month_facts, "public", "en", "html", drawn)[1]
