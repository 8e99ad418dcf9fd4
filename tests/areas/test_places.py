"""What places are called: the same from month to month, and never another's number or name."""

import itertools
import json
import shutil
from dataclasses import replace

import h3.api.numpy_int as h3
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.areas.analysis import is_default, propose_areas
from csa.areas.choices import AreaSettings, city_choices
from csa.areas.places import (
    PART,
    PastCandidate,
    called,
    candidate_id,
    candidate_number,
    candidate_rows,
    in_order,
    load_places,
    match_areas,
    next_id,
    number_areas,
    recognize,
    save_places,
    see,
)
from csa.base.errors import OutputError
from csa.base.params import Month
from csa.city.dataset import open_city
from csa.city.loading import load_city

general = examples(2)
NOW = Month(2024, 1)
BASE = 0x8A26AD900907FFF


def ground(*numbers):
    return frozenset(BASE + (number << 15) for number in numbers)


def place(number, *cells, name=None, until=NOW):
    return PastCandidate(number, name or f"Place {number}", ground(*cells), until)


def numbered(areas, places, **how):
    return number_areas(recognize(areas, places), places, **how)


# ---- By hand --------------------------------------------------------------------------------


def test_a_place_that_grew_shrank_or_moved_by_less_than_half_keeps_its_number():
    known = (place(1, 1, 2, 3, 4), place(5, 11, 12, 13))
    areas = [ground(20, 21), ground(12, 13, 14, 15), ground(*range(1, 9)), ground(3)]
    assert numbered(areas, known) == (6, 5, 1, 7)
    assert [one and one.number for one in recognize(areas, known)] == [None, 5, 1, None]


def test_a_place_that_is_not_kept_takes_no_lasting_number():
    known = (place(1, 1, 2, 3, 4), place(5, 11, 12, 13))
    areas = [ground(20, 21), ground(11, 12), ground(30)]
    assert numbered(areas, known, is_kept=False) == (-1, 5, -2)
    assert [candidate_id(number) for number in (-1, 5)] == ["x-1", "c-5"]
    more = (*known, PastCandidate(-1, "Ash", ground(20), NOW))
    assert numbered([ground(20, 21), ground(40)], more, is_kept=False) == (-1, -2)
    assert [candidate_number(one) for one in ("c-5", "x-2")] == [5, -2]


def test_what_is_seen_is_added_and_what_is_not_seen_stays():
    known = (place(1, 1, 2), place(2, 5, 6, name="Oak"))
    seen = see([("c-3", "Elm", ground(8)), ("c-1", "Place 1", ground(1, 2, 3))], NOW.plus(1), known)
    assert [(one.number, one.name, len(one.cells)) for one in seen] == [
        (1, "Place 1", 3),
        (2, "Oak", 2),
        (3, "Elm", 1),
    ]
    assert [str(one.until) for one in seen] == ["2024-02", "2024-01", "2024-02"]


def test_a_candidate_is_called_by_its_name_and_an_area_in_service_with_its_letter():
    assert called("Oak", "c-12") == called("Oak", "") == "Oak"
    assert called("Oak", "B") == "Oak (B)"
    assert candidate_id(12) == "c-12"
    assert next_id(["A", "c-4", "x-2"])(1) == "x-4"
    assert next_id(["A"])(0) == "x-1"


def test_letters_come_before_names_and_names_are_sorted_as_readers_do():
    rows = [("c-1", "oak, 10.5 km"), ("AA", "x"), ("c-2", "Oak, 2 km"), ("B", "y"), ("", "Elm")]
    assert [one[0] for one in sorted(rows, key=lambda one: in_order(*one))] == [
        "B",
        "AA",
        "",
        "c-2",
        "c-1",
    ]


# ---- Beside a dataset -----------------------------------------------------------------------


@pytest.fixture
def city(root, sample_folder, tmp_path):
    """The sample city in a folder of its own, without names."""
    shutil.copytree(sample_folder, tmp_path / "ds")
    for path in (tmp_path / "ds" / "kept").glob("places-*"):
        path.unlink()
    return open_city(load_city(root / "config" / "sample.toml"), tmp_path / "ds")


def names_of(proposal):
    return {name: area_id for area_id, name, _ in candidate_rows(proposal.areas)}


@pytest.mark.long
def test_the_citys_own_proposal_names_its_places_and_others_call_them_so(city):
    first = propose_areas(city, keep=True)
    assert [one.name for one in load_places(city)] == list(names_of(first))
    assert list(names_of(first).values()) == [f"c-{n}" for n in range(1, 9)]
    then = propose_areas(city, AreaSettings(until=Month(2019, 9)))
    homicides = propose_areas(city, AreaSettings(kinds=("homicide",)))
    for other in (then, homicides):
        assert len(names_of(other)) > 3
        same = names_of(first).items() & names_of(other).items()
        assert len(same) >= len(names_of(other)) - 1
        new = {*names_of(other).values()} - {*names_of(first).values()}
        assert new <= {"x-1", "x-2"}
    assert [one.name for one in load_places(city)] == list(names_of(first))  # others name nothing


@pytest.mark.long
def test_newer_data_carry_names_and_numbers_on(city):
    """As if the data had ended in February 2020, when the eighth place was none yet."""
    known = propose_areas(city, AreaSettings(until=Month(2020, 3)))
    report = {**city.dataset.report, "fingerprint": "0" * 64}
    earlier = replace(city, dataset=replace(city.dataset, report=report))
    assert len(known.areas) == 7
    renamed = [
        (area_id, f"{name}, west", own) for area_id, name, own in candidate_rows(known.areas)
    ]
    save_places(earlier, renamed, Month(2020, 3))
    now = propose_areas(city, keep=True)
    kept = {area_id: name for area_id, name, _ in renamed}
    found = {area_id: name for area_id, name, _ in candidate_rows(now.areas)}
    assert {area_id: found[area_id] for area_id in kept} == kept
    assert {*found} - {*kept} == {"c-8"}
    assert [one.number for one in load_places(city)] == list(range(1, 9))


def test_a_place_that_drifts_out_of_its_neighborhood_is_named_anew(city):
    first = propose_areas(city, keep=True)
    (path,) = (city.folder / "kept").glob("places-*")
    kept = json.loads(path.read_text())
    kept["places"][0]["name"], kept["places"][1]["name"] = "Umberley, west", "Hadderley, west"
    path.write_text(json.dumps(kept))
    names = {area_id: name for name, area_id in names_of(propose_areas(city)).items()}
    assert names["c-1"] == "Ivorstead"  # nothing of it lies in Umberley
    assert names["c-2"] == "Hadderley, west"
    assert list(names) == list(names_of(first).values())


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept | {"format_version": 2},
        lambda kept: kept | {"places": [*kept["places"], kept["places"][0]]},
        lambda kept: kept | {"places": [{**kept["places"][0], "number": 0}]},
        lambda kept: kept | {"places": [{**kept["places"][0], "until": "soon"}]},
        lambda _: [],
    ],
)
def test_names_that_cannot_be_read_are_made_again(city, spoil):
    first = propose_areas(city, keep=True)
    (path,) = (city.folder / "kept").glob("places-*")
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    assert load_places(city) == ()
    assert names_of(propose_areas(city, keep=True)) == names_of(first)
    assert [one.number for one in load_places(city)] == list(range(1, 9))


def test_what_an_earlier_dataset_kept_stands_in_for_a_damaged_file(city):
    """Of two of one month the fuller one: each was made with what was known before."""
    first = propose_areas(city, keep=True)
    (path,) = (city.folder / "kept").glob("places-*")
    whole = json.loads(path.read_text())
    for code, n in (("0" * 16, 6), ("f" * 16, 8), ("8" * 16, 7)):
        fewer = whole | {"places": whole["places"][:n]}
        path.with_name(path.name.replace(path.name.split("-")[1], code)).write_text(
            json.dumps(fewer)
        )
    path.write_text("{")
    assert [one.name for one in load_places(city)] == list(names_of(first))


def test_a_folder_that_cannot_be_written_costs_the_names_alone(city, monkeypatch):
    def full(*_):
        raise OutputError("files.cannot_write", path="kept", why="Read-only file system")

    for module in ("places", "analysis"):
        monkeypatch.setattr(f"csa.areas.{module}.save_result", full)
    assert len(propose_areas(city, keep=True).areas) == 8
    assert load_places(city) == ()


def test_only_the_citys_own_choices_up_to_the_end_name_places(city):
    own = city_choices(city.config)
    assert is_default(city, own)
    assert is_default(city, replace(own, until=Month(2020, 9)))
    for other in (
        replace(own, until=Month(2020, 8)),
        replace(own, months=24),
        replace(own, kinds=("homicide",)),
        replace(own, eps_m=300.0, min_samples=9),
    ):
        assert not is_default(city, other)


# ---- True in general ------------------------------------------------------------------------

shapes = st.lists(st.sets(st.integers(0, 40), min_size=1, max_size=9), max_size=6)


def apart(sets):
    """Sets without what an earlier one has; empty ones are left out."""
    taken, found = set(), []
    for one in sets:
        if one - taken:
            found.append(ground(*(one - taken)))
        taken |= one
    return found


@general
@given(known=shapes, areas=shapes)
def test_no_number_is_given_twice_and_what_is_known_is_half_the_same(known, areas):
    places = tuple(
        PastCandidate(3 * n + 1, f"Place {n}", cells, NOW) for n, cells in enumerate(apart(known))
    )
    areas = apart(areas)
    numbers = numbered(areas, places)
    assert len(set(numbers)) == len(areas)
    by_number = {one.number: one.cells for one in places}
    for number, cells in zip(numbers, areas, strict=True):
        if number in by_number:
            shared = len(by_number[number] & cells)
            assert 2 * shared >= min(len(by_number[number]), len(cells))
        else:
            assert number > max(by_number, default=0)
    again = see([(f"c-{n}", str(n), own) for n, own in zip(numbers, areas, strict=True)], NOW, ())
    assert numbered(areas, again) == numbers


def near_cells(resolution):
    middle = h3.cell_to_parent(BASE, resolution)
    return sorted(int(cell) for cell in h3.grid_disk(middle, 3 if resolution == 10 else 1))


mixed = st.sampled_from([9, 10]).flatmap(
    lambda resolution: st.frozensets(st.sampled_from(near_cells(resolution)), min_size=1)
)


@general
@given(
    former=st.dictionaries(st.sampled_from("ABCDE"), mixed, max_size=5),
    areas=st.dictionaries(st.integers(0, 9), mixed, max_size=5),
    at_least=st.sampled_from([None, 0.01, 0.5, 1.0]),
)
def test_areas_are_matched_as_by_looking_at_every_pair(former, areas, at_least):
    pairs = []
    for name, number in itertools.product(former, areas):
        one, other = (
            {child for cell in area for child in h3.cell_to_children(cell, 10)}
            for area in (former[name], areas[number])
        )
        n, alike = len(one & other), len(one & other) / len(one | other)
        if alike >= at_least if at_least is not None else n >= PART * min(len(one), len(other)):
            pairs.append((-alike, name, number))
    matched = {}
    for _, name, number in sorted(pairs):
        if name not in matched.values():
            matched.setdefault(number, name)
    found = match_areas(former, areas, at_least=at_least)
    assert found == matched


def test_a_name_of_polygons_that_are_no_more_is_given_anew(city):
    first = propose_areas(city, keep=True)
    neighborhoods = city.dataset.neighborhoods
    other = neighborhoods.assign(name="New " + neighborhoods["name"])
    incidents = city.dataset.incidents.assign(
        neighborhood="New " + city.dataset.incidents["neighborhood"].astype("str")
    )
    dataset = replace(city.dataset, neighborhoods=other, incidents=incidents)
    again = propose_areas(replace(city, dataset=dataset))
    assert names_of(again) == {f"New {name}": one for name, one in names_of(first).items()}
