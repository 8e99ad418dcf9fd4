"""The words and the table of Find areas: ordered by name, in the city's units."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app import area_sheet, find, phrases
from csa.analysis import Choices, propose
from csa.params import Month


@pytest.fixture
def pages(monkeypatch):
    """What a page says: kind of element and its words."""
    said = []
    monkeypatch.setattr(
        find.panels, "answer", lambda *sentences: said.append(("answer", " ".join(sentences)))
    )
    monkeypatch.setattr(find.panels, "empty", lambda sentence: said.append(("empty", sentence)))
    return said


def with_summary(proposal, **changed):
    return replace(proposal, summary={**proposal.summary, **changed})


# ---- By hand --------------------------------------------------------------------------------


def test_areas_are_ordered_by_name_and_never_by_count(city):
    table = find.area_table(city.proposal, "metric")
    assert table.index.tolist() == ["B", "A"]  # East End, West End
    areas = city.proposal.areas.set_index("area_id").loc[table.index]
    assert table.iloc[:, 1].tolist() == areas["place_name"].tolist() == ["East End", "West End"]
    assert table.iloc[:, 2].tolist() == [9, 6]
    assert table.iloc[:, 4].tolist() == areas["incidents_per_km2"].round().tolist()


def test_in_square_miles_a_density_is_2_59_times_as_large(city):
    metric, us = (find.area_table(city.proposal, units) for units in ("metric", "us"))
    exact = city.proposal.areas.set_index("area_id").loc[us.index, "incidents_per_km2"]
    assert us.iloc[:, 4].tolist() == (exact * 2.589988).round().tolist()
    assert metric.columns[4] != us.columns[4]


def test_the_answer_says_the_areas_their_incidents_and_the_period(city, pages):
    find.answer(city.proposal)
    ((kind, text),) = pages
    assert kind == "answer"
    for words in ("15", "16", "April 1, 2020", "June 10, 2020"):
        assert words in text


def test_what_is_counted_is_called_what_it_is(city):
    assert phrases.what_is_counted(city.proposal) == "shootings"
    proxy = with_summary(city.proposal, nonfatal_is_proxy=True)
    assert phrases.what_is_counted(proxy) == "incidents"
    params = {**city.proposal.summary["params"], "kinds": ["homicide"]}
    assert phrases.what_is_counted(with_summary(proxy, params=params)) == "homicides"


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incident_no_group_and_no_fitting_area_each_say_so(city, pages):
    month = {"until": Month(2020, 7), "months": 3}
    dataset = replace(city.dataset, incidents=city.dataset.incidents.iloc[:0])
    for held, choices in (
        (dataset, Choices(**month)),
        (city.dataset, Choices(**month, min_samples=40, eps_m=200)),
    ):
        find.answer(propose(held, city.config, choices))
    fringe = {**city.proposal.summary["left_out_fringe"], "incidents": 9}
    none = replace(city.proposal, areas=city.proposal.areas.iloc[:0])
    find.answer(with_summary(none, left_out_fringe=fringe))
    assert [kind for kind, _ in pages] == ["empty"] * 3
    assert len({text for _, text in pages}) == 3


def test_a_table_without_areas_has_its_columns(city):
    none = replace(city.proposal, areas=city.proposal.areas.iloc[:0])
    table = find.area_table(none, "metric")
    assert table.columns.tolist() == find.area_table(city.proposal, "metric").columns.tolist()
    assert table.empty


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
    assert numbers == ["1", "not known", "2.6", "not known"]
    counted = {**area, "victims": 1234.0, "population": 5678.0, "population_year": 2020}
    numbers = area_sheet._numbers(opened, counted, has_homicides=True)
    assert [number for number, _ in numbers] == ["1", "1,234", "2.6", "about 5,700"]
    assert "2020" in numbers[3][1]


def test_incidents_on_no_map_are_told_of_and_none_are_not():
    assert "3" in find._unplaced({"unlocated": 2, "outside_study_area": 1})
    assert find._unplaced({"unlocated": 0, "outside_study_area": 0}) == ""


# ---- Refused --------------------------------------------------------------------------------


def test_a_name_from_a_file_is_no_picture_and_no_link(city, monkeypatch):
    """Markdown would fetch a picture from wherever a neighborhood's name says."""
    said = []
    for name in ("subheader", "markdown", "caption", "warning"):
        monkeypatch.setattr(area_sheet.st, name, lambda text, **_: said.append(text))
    monkeypatch.setattr(area_sheet.nearby, "of_area", lambda *_: None)
    bad = "![x](https://elsewhere.example/x.png)"
    area = city.proposal.areas.iloc[0].to_dict() | {"neighborhoods": {bad: 1.0}}
    area_sheet._places(city, Choices(), area)
    assert any("elsewhere" in text for text in said)
    assert not any("](" in text for text in said)
