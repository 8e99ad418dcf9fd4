"""The map of change: which cells, which colors, and nothing that remounts."""

import json

import pytest
from tests.app.change_colors import drawn

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.base.params import Month
from csa.change.follow import candidates_since
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.geo.cell_time import CellTimeLayer
from csa_app.shared import geometry, maps_change, theme
from csa_app.shared.following import show_change
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


def zones(message, *, is_core):
    return {z["area"]: z for z in message["zones"] if z["area"] and bool(z["lines"]) != is_core}


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
