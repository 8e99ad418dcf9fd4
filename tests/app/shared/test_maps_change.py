"""The map of change: which cells, which colors, and nothing that remounts."""

import json
import re
from datetime import date

import h3
import numpy as np
import pytest
from tests.app.change_colors import drawn
from tests.sentences import says

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.base.params import Month
from csa.change.follow import candidates_since
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.geo.cell_time import CellTimeLayer
from csa.program.registry import CoreArea
from csa_app.shared import geometry, maps_change, theme
from csa_app.shared.following import levels, show_change
from csa_app.shared.maps_change import ChangeScene

SINCE = Month(2019, 8)


@pytest.fixture(scope="module")
def dataset(root, sample_folder):
    return load_city(root / "config" / "sample.toml"), open_dataset(sample_folder)


@pytest.fixture(scope="module")
def followed(dataset):
    config, read = dataset
    cover = study_cells(read, 10)
    city = City(config, read)
    located = locate_incidents(city, AreaSettings(), cover)
    proposal = propose_areas(city, AreaSettings(until=SINCE), located=located)
    named = proposal.areas[["area_id", "place_name"]].itertuples(index=False, name=None)
    names = [("Q", "Hadderley Square"), *list(named)[1:]]  # the westernmost is in service
    analysis = Analysis(city, AreaSettings(), locate=lambda _: located)
    return show_change(analysis.change(candidates_since(proposal, SINCE, names), SINCE))


@pytest.fixture
def cells(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(geometry, "PLACE", tmp_path / "geometry")
    return geometry.cell_geometry(study_cells(dataset[1], 10).index.to_numpy())


@pytest.fixture(autouse=True)
def light(monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)


def told(scene, cells):
    """Read what csaMap.paint is given."""
    children = maps_change.painting(scene, cells)._children.values()
    (painted,) = [child for child in children if isinstance(child, CellTimeLayer)]
    return drawn(json.loads(painted.message))


def test_the_maps_frame_holds_every_corner_of_areas_and_rings_and_no_more(followed):
    drawn = followed.displaced.places.zones
    at = np.concatenate([*drawn.cores, *drawn.rings])
    corners = [
        corner
        for cell in followed.grid.h3_cells[at]
        for corner in h3.cell_to_boundary(h3.int_to_str(int(cell)))
    ]
    lat, lon = zip(*corners, strict=True)
    (south, west), (north, east) = followed.frame
    assert (south, west) == pytest.approx((min(lat), min(lon)), abs=1e-5)
    assert (north, east) == pytest.approx((max(lat), max(lon)), abs=1e-5)


def zones(message, *, is_core):
    return {z["area"]: z for z in message["zones"] if z["area"] and bool(z["lines"]) != is_core}


# ---- By hand --------------------------------------------------------------------------------


def test_an_area_in_service_keeps_its_letter_and_name_and_candidates_have_a_name_alone(followed):
    assert followed.area_ids == ("Q", "c-2", "c-3", "c-4", "c-5", "c-6", "c-7")
    assert followed.by_letter == ["Q", "c-7", "c-3", "c-2", "c-6", "c-4", "c-5"]
    assert followed.place_name("Q") == "Hadderley Square (Q)"
    assert followed.place_name("c-7") == "Brindlemoor"
    assert followed.place_name("") == "the 7 areas together"


def test_a_letter_is_drawn_for_an_area_in_service_and_for_no_candidate(followed, cells):
    message = told(ChangeScene(followed, 11, "", has_alike=False), cells)
    drawn = [one["properties"] for one in message["areas"]]
    assert [(one["area_id"], one["letter"], one["place"]) for one in drawn] == [
        ("Q", "Q", "Hadderley Square"),
        ("c-2", "", "Kindlewood"),
        ("c-3", "", "Ferrymans End"),
        ("c-4", "", "Silverbeck"),
        ("c-5", "", "Umberley"),
        ("c-6", "", "Osierbank"),
        ("c-7", "", "Brindlemoor"),
    ]


def test_a_core_service_area_that_is_not_followed_is_on_the_map_all_the_same(followed, cells):
    day = date(2019, 6, 3)
    own = frozenset([int(followed.grid.h3_cells[0])])
    core = CoreArea("B", "Old Mill", "designated", day, day, ((day, own),), {})
    scene = ChangeScene(followed, 11, "", has_alike=False, others=(core,))
    *areas, last = (one["properties"] for one in told(scene, cells)["areas"])
    assert [one["letter"] for one in areas if one["core"]] == ["Q"]
    assert (last["area_id"], last["letter"], last["place"]) == ("B", "B", "Old Mill")
    assert last["core"]
    assert last["lines"] == [says("standing.core", day="June 2019")]  # and no verdict


def test_cores_are_the_areas_own_cells_and_no_ring_holds_one(followed, cells):
    message = told(ChangeScene(followed, 11, "", has_alike=False), cells)
    cores, rings = zones(message, is_core=True), zones(message, is_core=False)
    chosen = followed.displaced.chosen
    for area_id, ground in zip(chosen.area_ids, chosen.cells, strict=True):
        own = {cells.number_of[cell] for cell in ground}
        assert set(cores[area_id]["cells"]) == own
        assert not own & {n for ring in rings.values() for n in ring["cells"]}
    order = [bool(zone["lines"]) for zone in message["zones"]]
    assert order == sorted(order, reverse=True)  # rings first: no core is hidden


def test_colors_are_of_what_came_and_too_few_have_a_dashed_edge_alone(followed, cells):
    message = told(ChangeScene(followed, 10, "", has_alike=False), cells)
    fewer, _, middle, _, more = theme.LIGHT.diverging
    cores, rings = zones(message, is_core=True), zones(message, is_core=False)
    # In the sample shootings of Brindlemoor (c-7) move next door in 2019.
    assert (cores["c-7"]["fill"], rings["c-7"]["fill"], cores["Q"]["fill"]) == (fewer, more, middle)
    assert (cores["c-7"]["dash"], rings["c-7"]["dash"]) == (None, None)
    assert rings["Q"]["opacity"] < cores["Q"]["opacity"]
    # In three months too few are expected in and around Kindlewood (c-2) to say anything.
    message = told(ChangeScene(followed, 2, "", has_alike=False), cells)
    for is_core in (True, False):
        found = zones(message, is_core=is_core)
        assert (found["c-2"]["fill"], found["c-2"]["dash"]) == (None, maps_change.DASH)


def test_the_outline_of_an_area_with_too_few_is_dashed_and_no_other(followed, cells):
    for at, wanted in ((1, followed.area_ids), (2, {"c-2", "c-3"}), (3, ()), (11, ())):
        message = told(ChangeScene(followed, at, "", has_alike=False), cells)
        dashed = [one["properties"] for one in message["areas"] if one["properties"].get("dash")]
        assert {one["area_id"] for one in dashed} == set(wanted)
        why = "too_early" if at < 2 else "too_few"
        assert {one["lines"][0] for one in dashed} <= {says(f"displacement.{why}")}


def test_the_frame_holds_all_areas_and_what_is_around_them_and_no_more(followed, cells):
    (south, west), (north, east) = told(ChangeScene(followed, 11, "", False), cells)["frame"]
    zones = followed.displaced.places.zones
    corners = [
        corner
        for places in (*zones.cores, *zones.rings)
        for cell in followed.grid.h3_cells[places].tolist()
        for corner in h3.cell_to_boundary(h3.int_to_str(cell))
    ]
    lats, lons = zip(*corners, strict=True)
    assert [south, west] == pytest.approx([min(lats), min(lons)], abs=1e-5)
    assert [north, east] == pytest.approx([max(lats), max(lons)], abs=1e-5)


def test_before_three_months_are_over_nothing_is_colored_and_no_verdict_is_said(followed, cells):
    for at, is_early in ((0, True), (1, True), (11, False)):
        message = told(ChangeScene(followed, at, "", has_alike=False), cells)
        assert all(zone["fill"] is None for zone in message["zones"]) == is_early
        bands = [zone for zone in message["zones"] if not zone["area"]]
        assert [zone["fill"] is None for zone in bands] == [is_early, is_early]
        said = {one["properties"]["lines"][0] for one in message["areas"]}
        assert (said == {says("displacement.too_early")}) == is_early


def test_an_area_tells_its_verdict_and_its_numbers(followed, cells):
    message = told(ChangeScene(followed, 10, "c-7", has_alike=False), cells)
    assert message["selected"] == "c-7"
    features = {one["properties"]["area_id"]: one["properties"] for one in message["areas"]}
    verdict, inside, around = features["c-7"]["lines"]
    assert verdict == says("displacement.fewer_moved")
    assert re.match(r"Here: 8, about \d+ expected, ", inside)
    assert re.match(r"Around it: \d+, about \d+ expected, ", around)


def test_classes_are_named_fewer_to_more():
    named = maps_change.classes()
    assert len(named.words) == len(theme.LIGHT.diverging) == len(theme.DARK.diverging)
    assert named.words[0] == says("label.fewer_than_chance")
    assert named.words[-1] == says("label.more_than_chance")


# ---- At the edge ----------------------------------------------------------------------------


def test_an_earlier_month_has_its_own_colors_on_the_same_cells(followed, cells):
    first = told(ChangeScene(followed, 0, "", has_alike=False), cells)
    last = told(ChangeScene(followed, 11, "", has_alike=False), cells)
    assert [z["cells"] for z in first["zones"]] == [z["cells"] for z in last["zones"]]
    assert first["cells"] == last["cells"]
    assert all(zone["fill"] is None for zone in zones(first, is_core=True).values())
    assert levels(followed.results("c-7").core)[0] is None


def test_places_that_are_not_like_the_areas_are_not_outlined(followed, cells):
    """The sample begins too late: nothing is known of earlier years."""
    assert not followed.controls.is_known
    plain = told(ChangeScene(followed, 11, "c-7", has_alike=False), cells)
    asked = told(ChangeScene(followed, 11, "c-7", has_alike=True), cells)
    assert plain == asked


def test_places_most_like_the_chosen_area_are_outlined_and_only_when_asked(
    followed, cells, monkeypatch
):
    class Alike:
        cells = followed.displaced.places.zones.rest[:5]
        is_close = True

    asked = []
    monkeypatch.setattr(
        type(followed), "control", lambda _, area_id: asked.append(area_id) or Alike
    )

    def outlines(*, has_alike):
        zones = told(ChangeScene(followed, 11, "c-7", has_alike), cells)["zones"]
        return [zone for zone in zones if not zone["area"] and not zone["lines"]]

    assert outlines(has_alike=False) == []
    (outline,) = outlines(has_alike=True)
    assert asked[-1] == "c-7"
    wanted = [cells.number_of[int(cell)] for cell in followed.grid.h3_cells[Alike.cells]]
    assert (outline["cells"], outline["fill"], outline["lines"]) == (wanted, None, [])
    assert outline["weight"] > 0
