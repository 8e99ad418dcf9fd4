"""The map: nothing from elsewhere, no stale picture, no script that a name could end."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from itertools import accumulate
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import folium
import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
import streamlit_folium
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.analysis.analysis import Analysis
from csa.areas.choices import AreaSettings
from csa.areas.locating import study_cells
from csa.areas.priority.area_counts import count_areas
from csa.base.params import Month
from csa.base.text import tr
from csa.geo.cell_time import CellTimeLayer, ground_map, ground_options, own_file, script_json
from csa.geo.cells import outline
from csa.program.registry import AreaStatus, CoreArea
from csa_app.shared import geometry, map_component, maps, theme
from csa_app.shared.maps import MapScene

STANDING = {
    "c-1": AreaStatus("c-1", "", "West End", "candidate", None),
    "c-2": AreaStatus("c-2", "B", "East Corner", "designated", date(2019, 9, 14)),
}
"""The eastern area of Testville is in service, under a name of its own."""


@pytest.fixture(autouse=True)
def light(monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)


@pytest.fixture
def base(static, city, tmp_path):
    return geometry.base_geometry(city.dataset, tmp_path / "absent")


@pytest.fixture
def cells(static, city):
    return geometry.cell_geometry(study_cells(city.dataset, 10).index.to_numpy())


@pytest.fixture
def sent(monkeypatch):
    """What reaches the component that draws in the browser, by way of st_folium itself."""
    arguments = {}
    monkeypatch.setattr(
        streamlit_folium, "_component_func", lambda **given: arguments.update(given)
    )
    return arguments


def scene(city, **changed):
    located = Analysis(city, AreaSettings()).on_cells(10)
    first = MapScene(city.proposal, located, "c-1")
    return replace(first, **changed)


def message(group):
    """Read what csaMap.paint is given."""
    (painting,) = [c for c in group._children.values() if isinstance(c, CellTimeLayer)]
    return json.loads(painting.message)


def unpacked(text):
    return np.frombuffer(base64.b64decode(text[1:]), dtype=f"<u{text[0]}").tolist()


def counted(time):
    """Count a message's cells in its span as the browser does: number in the file, count, area."""
    ends, steps = [*accumulate(unpacked(time["counts"]))], unpacked(time["steps"])
    first, end = time["span"]
    names = dict(enumerate(time["areas"]))
    places, n = unpacked(time["in_areas"]), accumulate(unpacked(time["gaps"]))
    rows = zip(n, [0, *ends], ends, places, strict=False)
    found = [
        [number, sum(first <= step < end for step in steps[start:until]), names.get(place, "")]
        for number, start, until, place in rows
    ]
    return [row for row in found if row[1]]


def ground(city, base, *, is_dark=False):
    return ground_map(
        ground_options(
            base.address,
            base.bounds,
            theme.DARK if is_dark else theme.LIGHT,
            units=city.config.city.units,
            is_dark=is_dark,
        ),
        map_component.links(),
    )


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("east", ["East End", "East Corner (B)"])
def test_the_message_holds_each_cell_with_its_count_and_what_its_area_is_called(city, cells, east):
    standing = {} if east == "East End" else STANDING
    told = message(maps.painting(scene(city, status=standing), cells))
    held = city.proposal.cells[city.proposal.cells["incidents"] > 0]
    number_of = {f"{cell:015x}": n for cell, n in cells.number_of.items()}
    called = {"c-1": "West End", "c-2": east, "": ""}
    wanted = held[["cell", "incidents", "area_id"]].itertuples(index=False, name=None)
    drawn = counted(told["time"])
    assert drawn == [[number_of[cell], n, called[area]] for cell, n, area in wanted]
    assert {area for _, _, area in drawn} == {*called.values()}
    assert sum(n for _, n, _ in drawn) == 16
    assert told["selected"] == "c-1"
    assert told["time"]["near"] == cells.address
    assert told["time"]["palette"] == list(theme.LIGHT.sequential)


def test_a_candidate_has_its_id_its_place_no_letter_and_both_of_its_numbers(city, cells):
    west, east = message(maps.painting(scene(city), cells))["areas"]
    assert (west["properties"]["area_id"], east["properties"]["area_id"]) == ("c-1", "c-2")
    assert (west["properties"]["letter"], east["properties"]["letter"]) == ("", "")
    assert west["properties"]["place"] == "West End"
    count, chance = east["properties"]["lines"]
    assert count.startswith("9 ")
    expected = city.proposal.areas.iloc[1]
    low, high = map(int, re.findall(r"\d+", chance)[:2])
    assert low <= expected["expected_low"] < low + 1
    assert high - 1 < expected["expected_high"] <= high
    lat, lon = west["properties"]["at"]
    assert 39.0 < lat < 39.05
    assert -94.6 < lon < -94.55


def test_an_area_in_service_has_its_letter_its_own_name_and_since_when(city, cells):
    shown = scene(city, status=STANDING, notes={"c-1": ("first",), "c-2": ("second",)})
    west, east = (one["properties"] for one in message(maps.painting(shown, cells))["areas"])
    assert (east["area_id"], east["letter"], east["place"]) == ("c-2", "B", "East Corner")
    assert (west["area_id"], west["letter"], west["place"]) == ("c-1", "", "West End")
    assert west["lines"][0] == says("label.candidate")
    assert east["lines"][0] == says("standing.core", day="September 2019")
    assert (west["lines"][1][:2], east["lines"][1][:2]) == ("6 ", "9 ")
    assert (west["lines"][-1], east["lines"][-1]) == ("first", "second")


def core_of(city, area_id, *, without=0):
    """The eastern area in service as B, with all of its cells or without some."""
    cells = city.proposal.areas.set_index("area_id").loc[area_id, "cells"]
    own = frozenset(int(cell, 16) for cell in cells[without:])
    day = date(2019, 9, 14)
    return CoreArea("B", "East Corner", "designated", day, day, ((day, own),), {})


@pytest.mark.parametrize("without", [0, 1])
def test_a_core_service_area_is_drawn_as_the_registry_has_it(city, cells, without):
    """Its candidate's own outline is beside it where the two differ, and has no label."""
    core = core_of(city, "c-2", without=without)
    grounds = [(core.key, core.place_name, core.cells)]
    counts = count_areas(city, grounds, city.proposal, Analysis(city, AreaSettings()).on_cells)
    shown = scene(city, status=STANDING, core=(core,), counts=counts)
    *candidates, drawn = message(maps.painting(shown, cells))["areas"]
    named = {one["properties"]["area_id"]: one["properties"]["named"] for one in candidates}
    assert named == ({"c-1": True, "c-2": False} if without else {"c-1": True})
    told = drawn["properties"]
    assert (told["area_id"], told["letter"], told["core"]) == ("c-2", "B", True)
    wanted = json.loads(shapely.to_geojson(shapely.set_precision(outline(core.cells), 1e-5)))
    assert drawn["geometry"] == wanted
    assert told["lines"][:2] == [
        says("standing.core", day="September 2019"),
        says("map.area_count", n=counts["B"].incidents, period="3 months"),
    ]
    inside = {name: n for _, n, name in counted(message(maps.painting(shown, cells))["time"])}
    assert ("East Corner (B)" in inside) == (counts["B"].incidents > 0)
    for one in candidates:
        is_outline = one["properties"]["area_id"] == "c-2"
        assert (says("map.outline_now") in one["properties"]["lines"]) == is_outline


def test_only_an_outline_nearly_that_of_a_core_area_is_its_twin_and_each_has_its_count(city, cells):
    n_cells = len(core_of(city, "c-2").cells)
    for without, is_twin in ((1, (n_cells - 1) / n_cells >= maps.ALIKE), (n_cells // 2, False)):
        core = core_of(city, "c-2", without=without)
        shown = scene(city, status=STANDING, core=(core,))
        told = {
            one["properties"]["area_id"]: one["properties"]
            for one in message(maps.painting(shown, cells))["areas"][:-1]
        }
        assert (told["c-1"]["twin"], told["c-2"]["twin"]) == (False, is_twin)
        assert (told["c-1"]["n"], told["c-2"]["n"]) == (6, 9)
    assert n_cells >= 5  # so that one of them is a twin


def test_one_that_no_candidate_is_has_its_letter(city, cells):
    own = frozenset(h3.cell_to_parent(cell, 9) for cell in core_of(city, "c-1").cells)
    core = replace(core_of(city, "c-1"), key="C", cell_history=((date(2019, 9, 14), own),))
    *candidates, drawn = message(maps.painting(scene(city, core=(core,)), cells))["areas"]
    assert [one["properties"]["named"] for one in candidates] == [True, True]
    assert drawn["properties"]["area_id"] == "C"
    assert drawn["properties"]["lines"] == [says("standing.core", day="September 2019")]


def test_layers_are_sent_as_they_are_and_an_areas_number_is_its_names(city, cells):
    layer = {"name": "services", "spots": [[39.02, -94.57, "Cl", "Mercy", "clinic"]]}
    core = core_of(city, "c-2", without=1)
    told = message(maps.painting(scene(city, layers=[layer], status=STANDING, core=(core,)), cells))
    assert told["layers"] == [layer]
    named = {one["properties"]["number"]: one["properties"]["place"] for one in told["areas"]}
    assert [named[0], named[2]] == ["West End", core.place_name]
    assert told["time"]["areas"][0] == "West End"
    assert told["time"]["areas"][2] == "East Corner (B)"


def test_the_base_says_its_theme_and_its_own_colors(city, base):
    options = {}
    for is_dark in (False, True):
        made = ground(city, base, is_dark=is_dark)
        (start,) = [c for c in made._children.values() if isinstance(c, CellTimeLayer)]
        options[is_dark] = json.loads(start.message)
    assert options[False]["colors"]["land"] == theme.LIGHT.land
    assert options[True]["colors"]["land"] == theme.DARK.land
    assert options[True]["dark"] is True
    assert options[False]["base"] == base.address


@pytest.mark.parametrize("step", [0, 1])
def test_a_brush_of_months_agrees_with_the_page_and_reaches_the_last_in_part(city, cells, step):
    plain = message(maps.painting(scene(city), cells))["time"]
    time = message(maps.painting(scene(city, months_in_step=step), cells))["time"]
    assert counted(time) == counted(plain)
    assert [*map(len, (plain["names"], time["names"]))] == [1, 3 if step else 1]  # April to June 10
    assert time["partial"]


def test_before_the_first_whole_quarter_a_map_of_quarters_counts_nothing(city, cells):
    """Testville's data are of April to June 10: no quarter is over."""
    assert message(maps.painting(scene(city, months_in_step=3), cells))["time"] is None


months = st.integers(24000, 24200).map(lambda index: Month(index // 12, index % 12 + 1))


@given(months, st.integers(1, 60), st.integers(0, 80), months, st.integers(1, 28))
def test_quarters_are_the_calendars_and_over_whatever_months_the_page_counts(
    begin, length, later, until, on
):
    through = begin.plus(later)
    day_through, span = date(through.year, through.number, on), (until.plus(-length), until)
    (first, end), (start, shown_until) = maps.brush_months(span, (begin, day_through), 3)
    assert {month.number % 3 for month in (first, end, shown_until)} == {1}
    assert shown_until.index - start.index == length
    assert max(shown_until.index - until.index, shown_until.index - end.index) <= 0
    assert begin.index <= first.index < begin.index + 3
    assert end.index <= through.index < end.index + 3 + 1  # what is not over is left out
    other = maps.brush_months((until, until.plus(5)), (begin, day_through), 3)
    assert other[0] == (first, end)


def test_a_click_tells_the_area_and_a_cell_outside_tells_none(monkeypatch):
    def clicked(answer):
        monkeypatch.setattr(map_component.st, "session_state", {"map": answer})
        return map_component.clicked_area("map")

    assert clicked({"last_active_drawing": {"properties": {"area_id": "c-2"}}}) == "c-2"
    assert clicked({"last_active_drawing": {"properties": {"area_id": ""}}}) == ""


def test_the_script_is_told_what_to_say_where_nothing_else_loads(static):
    (own, leaflet), styles = map_component.links()
    assert parse_qs(urlsplit(own).query)["words"] == [tr("map.no_library")]
    assert leaflet == f"{geometry.ADDRESS}/{geometry.LEAFLET}/leaflet.js"
    for link, name in ((own, "cell_time.js"), (styles[1], "cell_time.css")):
        place = static / link.partition("?")[0].removeprefix(geometry.ADDRESS + "/")
        sent = place.read_bytes()
        assert sent.endswith(own_file(name))
        assert hashlib.sha256(sent).hexdigest()[:20] == place.parent.name


def test_the_frame_s_font_is_the_one_that_streamlit_serves(static):
    style = map_component.links()[1][1].removeprefix(geometry.ADDRESS + "/")
    (address,) = re.findall(r"src:url\('([^']*)'\)", (static / style).read_text("utf-8"))
    path = "/" + "/".join(address.split("/")[4:])  # above app/static/geometry/<content>
    assert (Path(map_component.st.__file__).parent / "static" / path[1:]).is_file()


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"last_active_drawing": None},
        {"last_active_drawing": {}},
        {"last_active_drawing": {"properties": {}}},
        {"last_active_drawing": {"properties": {"area_id": 3}}},
    ],
)
def test_an_answer_without_an_area_is_no_click(monkeypatch, answer):
    monkeypatch.setattr(map_component.st, "session_state", {"map": answer})
    assert map_component.clicked_area("map") is None
    assert map_component.clicked_area("other") is None


def test_maps_that_differ_only_after_an_underscore_have_other_names():
    """The component's own hash takes `_1` and `_2` for one map, and would show the first."""
    one, other = "tiles/tier_1/{z}.png", "tiles/tier_2/{z}.png"
    hashed = {streamlit_folium.generate_js_hash(f"L.map('{path}')", "map") for path in (one, other)}
    assert len(hashed) == 1
    assert map_component.key_of(one) != map_component.key_of(other)
    named = {
        streamlit_folium.generate_js_hash(f"L.map('{path}')", map_component.key_of(path))
        for path in (one, other)
    }
    assert len(named) == 2


def test_a_maps_name_stays_while_its_base_stays(base):
    assert map_component.key_of(base, True) == map_component.key_of(replace(base), True)
    assert map_component.key_of(base, True) != map_component.key_of(base, False)
    other = replace(base, bounds=((39.0, -94.6), (39.05, -94.4)))
    assert map_component.key_of(base, True) != map_component.key_of(other, True)
    assert "_" not in map_component.key_of(base)


# ---- True in general ------------------------------------------------------------------------


def test_nothing_that_is_sent_names_another_host(city, base, cells, sent):
    map_component.show(
        ground(city, base),
        "map",
        maps.painting(scene(city), cells),
        lambda: None,
    )
    scripts, styles = map_component.links()
    assert (sent["js_links"], sent["css_links"]) == (scripts, styles)
    assert len({*folium.Map.default_js, *folium.Map.default_css}) > 8  # of which none is sent
    told = " ".join(repr(value) for name, value in sent.items() if name != "on_change")
    assert "csaMap.start" in told
    assert "csaMap.paint" in told
    assert "://" not in told
    assert not re.search(r"""(src|href)\s*=|["'(]//""", told)


def test_a_changed_choice_sends_another_message_and_the_same_base(city, base, cells, sent):
    def hashed(**changed):
        streamlit_folium.st_folium(
            ground(city, base),
            key=map_component.key_of(base),
            feature_group_to_add=maps.painting(scene(city, **changed), cells),
        )
        return sent["key"], sent["script"], sent["feature_group"]

    one, other = hashed(), hashed(selected="c-2")
    assert one[:2] == other[:2]  # not remounted
    assert one[2] != other[2]
    assert hashed() == one


def test_no_message_holds_a_single_incident(city, cells):
    group = maps.painting(scene(city), cells)
    (painting,) = group._children.values()
    for row in city.dataset.incidents.itertuples():
        assert str(row.lat) not in painting.message
        assert str(row.lon) not in painting.message


texts = st.text() | st.sampled_from(
    ["</script>", "<!--<script>", "\u2028", "\u2029", "{{ 'x' }}", "'\"\\", "</ScRiPt "]
)


@given(st.recursive(texts | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=4)))
def test_no_text_ends_the_script_or_a_line_of_it(value):
    written = script_json(value)
    assert "</" not in written
    assert not {"\n", "\r", "\u2028", "\u2029"} & set(written)
    assert json.loads(written) == value
