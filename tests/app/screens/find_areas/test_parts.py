"""The words and the list of Find areas: from west to east."""

import csv
import io
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import h3.api.numpy_int as h3
import pytest
from tests.sentences import says
from tests.stores import act, lettered

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.answer import describe_no_area
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.priority.area_counts import count_areas
from csa.city.dataset import City
from csa.program.areas import designate
from csa.program.registry import CoreArea, match_statuses
from csa.program.store.engine import open_store
from csa_app.screens.find_areas import parts
from csa_app.shared import area_sheet, area_status, cache, cache_store, person, phrases
from csa_app.shared.area_status import AreaView


@pytest.fixture
def pages(monkeypatch):
    """What a page says: kind of element and its words."""
    said = []
    monkeypatch.setattr(
        parts.panels, "answer", lambda *sentences: said.append(("answer", " ".join(sentences)))
    )
    monkeypatch.setattr(parts.panels, "empty", lambda sentence: said.append(("empty", sentence)))
    return said


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


def answer(proposal):
    parts.answer(proposal, None)
    parts.reasons(proposal, None, match_statuses(proposal.areas, ()))


@pytest.fixture
def opened(city, tmp_path, monkeypatch):
    """Testville, whose eastern area is in service as B, under the name that it had then."""
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    found = SimpleNamespace(config=city.config)
    store = open_store(cache_store.address(found), make=True)
    then = replace(lettered(city.proposal, "B"), place_name="Zion Corner")
    designate(store, act(on=date(2020, 7, 2)), then)
    store.engine.dispose()
    return found


def with_summary(proposal, **changed):
    return replace(proposal, summary={**proposal.summary, **changed})


# ---- By hand --------------------------------------------------------------------------------


def test_areas_are_listed_from_west_to_east_and_never_by_count(city):
    assert listed(city) == [("c-1", "West End", 6, 3), ("c-2", "East End", 9, 4)]


def test_a_row_says_its_name_its_count_and_how_it_stands(city):
    (west, _) = parts.rows(view_of(city))
    said = parts.label(west, "shootings", has_homicides=True)
    assert said == "**West End** *6 shootings* :small[candidate] :small[3 homicides]"
    assert "homicides" not in parts.label(west, "shootings", has_homicides=False)


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


def test_the_answer_says_the_areas_their_incidents_and_the_period(city, pages):
    answer(city.proposal)
    (_, brief), (_, text) = pages  # above the map, and below it
    assert "16 mapped" in brief
    assert says("find.candidates") in text
    assert says("find.candidates") not in brief
    for words in ("2 candidate areas", "16 mapped", "April 1, 2020", "June 10, 2020"):
        assert words in text


def test_an_area_in_service_stands_with_its_letter_in_the_list_and_in_the_answer(
    city, opened, pages
):
    stands = area_status.area_statuses(opened, city.proposal)
    view = view_of(city)
    vars(view).update(statuses=stands)
    west, east = parts.rows(view)
    assert [west.stands.display_name, east.stands.display_name] == ["West End", "Zion Corner (B)"]
    state = area_status.state_words(east.stands)
    assert state == says("standing.core", day="July 2020")
    assert state in parts.label(east, "shootings", has_homicides=True)
    parts.reasons(city.proposal, None, stands)
    ((_, text),) = pages
    assert "One of them is already a core service area: Zion Corner (B)." in text
    assert says("find.candidates") not in text


def test_a_downloaded_table_says_which_area_in_service_each_is(city, opened):
    written = cache.download(area_status.served_as(opened, city.proposal), "areas.csv")().decode()
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [(row["area_id"], row["served_as"]) for row in rows] == [("c-1", ""), ("c-2", "B")]
    assert [row["place_name"] for row in rows] == ["West End", "East End"]


def test_what_is_counted_is_called_what_it_is(city):
    assert phrases.what_is_counted(city.proposal) == "shootings"
    proxy = with_summary(city.proposal, nonfatal_is_proxy=True)
    assert phrases.what_is_counted(proxy) == "incidents"
    params = {**city.proposal.summary["params"], "kinds": ["homicide"]}
    assert phrases.what_is_counted(with_summary(proxy, params=params)) == "homicides"


def only(city, *kinds):
    choices = replace(city.choices, min_samples=3, kinds=kinds)
    return propose_areas(City(city.config, city.dataset), choices)


def test_where_only_the_nonfatal_are_counted_no_homicides_are_told_of(city):
    """Zero homicides in each area would be read as a fact."""
    proposal = only(city, "nonfatal")
    assert not proposal.is_empty
    assert phrases.what_is_counted(proposal) == "nonfatal incidents"
    area = proposal.areas.iloc[0]
    units = [
        unit
        for _, unit in area_sheet._numbers(
            SimpleNamespace(config=city.config), area, has_homicides=False
        )
    ]
    assert len(units) == 3
    assert not any("homicide" in unit for unit in units)


def test_a_download_is_named_by_its_city_its_days_and_its_only_kind(city):
    days = "2020-04-01-to-2020-06-10"
    assert parts.file_stem("testville", city.proposal) == f"testville-{days}"
    assert parts.file_stem("testville", only(city, "nonfatal")) == f"testville-{days}-nonfatal"
    assert parts.file_stem("x", only(city, "homicide")) == f"x-{days}-homicide"


def test_a_sheet_says_how_sure_its_count_is_or_that_it_cannot_be_told(city, monkeypatch):
    said = []
    monkeypatch.setattr(area_sheet.st, "html", said.append)
    area = city.proposal.areas.iloc[0].to_dict()
    for usual in ((12, 26), None):
        area_sheet._answer(city.proposal, SimpleNamespace(area=area, usual=usual))
    assert "12 to 26 (90% range)." in said[0]
    assert all(f"<b>{area['incidents']:,}</b> shootings in" in text for text in said)
    assert "Counts differ between places no more than chance explains" in said[1]


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


def test_whether_homicides_alone_would_do_is_said_only_where_all_are_counted(sheet_words):
    for also in ("yes", "no", "too few"):
        assert "omicides" in sheet_words(also_on_homicides=also)
        for kind in ("homicide", "nonfatal"):
            assert "omicides" not in sheet_words(
                AreaSettings(kinds=(kind,)), also_on_homicides=also
            )


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (0.0, "fewer than 100"),
        (49.9, "fewer than 100"),
        (50.1, "about 100"),
        (149.0, "about 100"),
        (12345.0, "about 12,300"),
    ],
)
def test_people_are_said_to_the_nearest_hundred(city, people, words):
    area = city.proposal.areas.iloc[0].to_dict() | {"population": people, "population_year": 2020}
    numbers = area_sheet._numbers(SimpleNamespace(config=city.config), area, has_homicides=True)
    assert numbers[-1][0] == words


def test_no_area_says_why_in_the_answers_place(city, pages):
    none = replace(city.proposal, areas=city.proposal.areas.iloc[:0])
    answer(none)
    assert pages == [("empty", str(describe_no_area(none)))]


def test_a_next_year_that_is_not_known_has_no_row():
    assert area_sheet._ahead(None, "in its outline") == []
    ((number, words, _),) = area_sheet._ahead([12.0, 8.0, 17.0], "in its outline")
    assert (number, "8 to 17" in words) == ("about 12", True)


def test_people_and_victims_that_nobody_counted_are_not_known(city):
    area = {
        "homicides": 1,
        "victims": None,
        "area_km2": 2.59,
        "population": float("nan"),
        "population_year": None,
    }
    opened = SimpleNamespace(config=city.config)
    numbers = [number for number, _ in area_sheet._numbers(opened, area, has_homicides=True)]
    assert numbers == ["1", "unknown", "2.6", "unknown"]
    counted = {**area, "victims": 1234.0, "population": 5678.0, "population_year": 2020}
    numbers = area_sheet._numbers(opened, counted, has_homicides=True)
    assert [number for number, _ in numbers] == ["1", "1,234", "2.6", "about 5,700"]
    assert "2020" in numbers[3][1]


# ---- Refused --------------------------------------------------------------------------------


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
