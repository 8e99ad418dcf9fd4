"""The words and the list of Find areas: from west to east."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import h3.api.numpy_int as h3
import pytest
from tests.sentences import says

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.priority.area_counts import count_areas
from csa.city.dataset import City
from csa.program.registry import CoreArea, match_statuses
from csa_app.screens.find_areas import parts
from csa_app.shared import area_sheet, person
from csa_app.shared.area_status import AreaView


def counted(city, core):
    """What areas in service hold on their own ground."""
    grounds = [(area.key, area.place_name, area.cells) for area in core]
    return count_areas(city, grounds, city.proposal, Analysis(city, AreaSettings()).on_cells)


def view_of(city, core=()):
    """What the page shows of the areas, by these in service."""
    view = AreaView(city, city.choices)
    vars(view).update(proposal=city.proposal, core=core, counts=counted(city, core))
    vars(view).update(statuses=match_statuses(city.proposal.areas, core))
    return view


def listed(city, core=()):
    """The list beside the map: each area's id, name and counts."""
    return [
        (row.stands.area_id, row.stands.display_name, row.incidents, row.homicides)
        for row in parts.rows(view_of(city, core))
    ]


def core_of(cells):
    """An area in service on these cells."""
    return CoreArea(
        "A", "Old Mill", "designated", date(2020, 7, 2), date(2020, 7, 2),
        ((date(2020, 7, 2), frozenset(cells)),), {},
    )  # fmt: skip


def test_an_area_in_service_that_is_no_candidate_is_listed_where_it_lies(city):
    """It has the count of its own cells, of whatever size: here between the candidates."""
    (cell,) = city.proposal.cells.query("incidents > 0 and area_id == ''")["cell"]
    core = core_of([int(cell, 16)])
    assert listed(city, (core,))[1] == ("A", "Old Mill (A)", 1, 0)
    coarse = core_of([h3.cell_to_parent(int(cell, 16), 9)])
    assert listed(city, (coarse,))[1] == ("A", "Old Mill (A)", 1, 0)


def test_an_area_in_service_has_the_count_of_its_ground_beside_that_of_todays_outline(city):
    areas = city.proposal.areas.set_index("area_id")
    named = areas.loc["c-2", "cells"]
    held = [int(cell, 16) for cell in (named.split() if isinstance(named, str) else named)]
    (far,) = city.proposal.cells.query("incidents > 0 and area_id == ''")["cell"]
    core = core_of([*held, int(far, 16)])
    assert listed(city, (core,))[-1] == ("c-2", "Old Mill (A)", 10, 4)
    view = view_of(city, (core,))
    (row,) = (one for one in parts.rows(view) if one.stands.letter)
    assert says("find.list_now", n=9) in parts.label(row, "shootings", has_homicides=True)
    assert view.outlines == {"A": 9}
    same = core_of(held)  # no other outline, nothing to say of one
    assert listed(city, (same,))[-1] == ("c-2", "Old Mill (A)", 9, 4)
    assert view_of(city, (same,)).outlines == {}


def only(city, *kinds):
    choices = replace(city.choices, min_samples=3, kinds=kinds)
    return propose_areas(City(city.config, city.dataset), choices)


def test_a_download_is_named_by_its_city_its_days_and_its_only_kind(city):
    days = "2020-04-01-to-2020-06-10"
    assert parts.file_stem("testville", city.proposal) == f"testville-{days}"
    assert parts.file_stem("testville", only(city, "nonfatal")) == f"testville-{days}-nonfatal"
    assert parts.file_stem("x", only(city, "homicide")) == f"x-{days}-homicide"


@pytest.fixture
def sheet_words(city, monkeypatch):
    """What an area's sheet says of its places."""

    def tell(choices=None, **changed):
        said = []
        for name in ("markdown", "caption", "warning"):
            monkeypatch.setattr(area_sheet.st, name, lambda text, **_: said.append(text))
        monkeypatch.setattr(area_sheet.panels, "link", lambda _: None)
        area = city.proposal.areas.iloc[0].to_dict() | changed
        area_sheet._places(choices or AreaSettings(), area)
        return " ".join(said)

    return tell


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "Fewer than 5 are"),
        (4, "Fewer than 5 are"),
        (5, "5 are"),
        (1234, "1,234 are"),
    ],
)
def test_few_domestic_incidents_are_not_told_apart(sheet_words, n, words):
    said = sheet_words(domestic=n)
    assert f"{words} marked as domestic" in said
    assert ("Fewer" in said) is words.startswith("Fewer")


def test_a_name_from_a_file_is_no_picture_and_no_link(city, monkeypatch):
    """Markdown would fetch a picture from wherever a neighborhood's name says."""
    said = []
    for name in ("header", "markdown", "caption", "warning"):
        monkeypatch.setattr(area_sheet.st, name, lambda text, **_: said.append(text))
    monkeypatch.setattr(area_sheet.panels, "link", lambda _: None)
    bad = "![x](https://elsewhere.example/x.png)"
    area = city.proposal.areas.iloc[0].to_dict() | {"neighborhoods": {bad: 1.0}}
    area_sheet._places(AreaSettings(), area)
    assert any("elsewhere" in text for text in said)
    assert not any("](" in text for text in said)


@pytest.mark.parametrize(
    ("role", "is_shown"),
    [("viewer", 0), ("member", 0), ("editor", 1), ("chair", 1), ("public", 0)],
)
def test_a_cell_opens_its_cases_to_editors_and_chairs_alone_and_no_address(
    city, monkeypatch, role, is_shown
):
    access = person.PUBLIC if role == "public" else person.SIGNED_IN
    monkeypatch.setattr(person, "access", lambda _: access)
    monkeypatch.setattr(person, "person", lambda _: SimpleNamespace(role=role))
    table = city.dataset.incidents
    places = table[["lat", "lon"]].to_numpy()
    resolution = city.choices.resolution
    own = [h3.latlng_to_cell(lat, lon, resolution) for lat, lon in places]
    busiest = max(own, key=own.count)
    numbers = {cell: n for n, cell in enumerate(sorted(set(own)))}
    made = None, SimpleNamespace(number_of=numbers)
    study = locate_incidents(city, city.choices, study_cells(city.dataset, resolution))
    monkeypatch.setattr(parts.cache, "geometry", lambda *_: made)
    monkeypatch.setattr(parts.cache, "located", lambda *_: study)
    found = parts.cases(view_of(city), numbers[busiest])
    wanted = {one for one, cell in zip(table["incident_id"], own, strict=True) if cell == busiest}
    assert len(wanted) > 1
    if not is_shown:
        assert found.empty
        return
    number, month, kind = found.columns
    assert set(found[number]) == wanted
    when = table.set_index("incident_id")["occurred_at"]
    assert list(found[month]) == [f"{when[one]:%B %Y}" for one in found[number]]
    assert list(when[found[number]]) == sorted(when[found[number]], reverse=True)
    assert set(found[kind]) <= {
        parts.kind_label(one, city.config) for one in ("homicide", "nonfatal")
    }
    assert parts.cases(view_of(city), 10**6).empty  # a number that no map has
