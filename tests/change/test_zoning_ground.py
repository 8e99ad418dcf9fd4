"""Areas of two resolutions in one life: the same ground, the same counts, whoever else is there."""

from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from tests.towns import town_of

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_for_areas, locate_incidents
from csa.base.errors import SourceError
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.zoning import zone_counts
from csa.city.dataset import City
from csa.city.selection import AreaSelection, read_areas
from csa.geo.cells import as_text, refine

SINCE = Month(2019, 1)
PLACE, BESIDE = (-94.5752, 39.0201), (-94.5602, 39.0281)
OLD = frozenset(h3.grid_disk(h3.latlng_to_cell(PLACE[1], PLACE[0], 9), 1))
NEW = frozenset(h3.grid_disk(h3.latlng_to_cell(BESIDE[1], BESIDE[0], 10), 2))


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Five years of incidents strewn over and around two places."""
    rng = np.random.default_rng(11)
    lines = []
    for n, month in enumerate(pd.period_range("2015-01", "2019-12", freq="M").astype(str)):
        for k in range(12):
            lon, lat = (PLACE, BESIDE)[k % 3 == 0]
            lon, lat = lon + rng.normal(0, 0.004), lat + rng.normal(0, 0.003)
            number = 100 * n + k
            lines.append(f"{number},{number},{month}-{k + 3:02d},0,{lon:.6f},{lat:.6f},,")
    dataset, config = town_of(tmp_path_factory.mktemp("two"), lines)
    return City(config, dataset)


def chosen_of(*areas):
    finest = max(h3.get_resolution(min(area)) for area in areas)
    names = tuple("ABC"[: len(areas)])
    period = Period.before(SINCE, 36)
    return AreaSelection(names, names, areas, finest, period)


def follow(city, *areas):
    located = locate_for_areas(city, AreaSettings(), areas)
    displaced = analyze_displacement(located, chosen_of(*areas), SINCE)
    counts = zone_counts(located, displaced.places.zones, Period(SINCE, Month(2020, 1)))
    return counts, displaced


def counted_in(city, area):
    """Count an area's incidents since the start by its own cells, one by one."""
    table = city.dataset.incidents
    table = table[table["occurred_at"] >= pd.Timestamp(f"{SINCE}-01")]
    size = h3.get_resolution(min(area))
    return sum(h3.latlng_to_cell(*at, size) in area for at in table[["lat", "lon"]].to_numpy())


def test_a_served_area_at_9_and_a_candidate_at_10_are_followed_together_by_their_own_cells(city):
    (core, ring, rest), displaced = follow(city, OLD, NEW)
    assert displaced.chosen.resolution == 10
    assert core[0].sum() == counted_in(city, OLD) > 50
    assert core[1].sum() == counted_in(city, NEW) > 5
    # Each incident is counted once, wherever the edge of one resolution cuts the other.
    when = city.dataset.incidents["occurred_at"]
    of_months = when[when.dt.year == SINCE.year].dt.month.value_counts().sort_index()
    assert (core.sum(axis=0) + ring.sum(axis=0) + rest).tolist() == of_months.tolist()


def test_an_areas_count_does_not_change_because_a_finer_one_is_added(city):
    (alone, *_), _ = follow(city, OLD)
    (together, *_), _ = follow(city, OLD, NEW)
    assert alone[0].tolist() == together[0].tolist()
    # Its children alone would count other incidents at its edge: that is why they are moved.
    plain = locate_incidents(city, AreaSettings())
    before = plain.positions.copy()
    assert (plain.on_ground_of((OLD,)).positions != before).any()
    assert (plain.positions == before).all()  # what others hold does not move
    children = plain.grid.mask(refine(OLD, 10))[plain.positions]
    own = np.isin(
        [
            h3.latlng_to_cell(*at, 9)
            for at in zip(plain.column("lat"), plain.column("lon"), strict=True)
        ],
        list(OLD),
    )
    assert (children != own).any()
    moved = plain.on_ground_of((OLD,))
    assert (moved.grid.mask(refine(OLD, 10))[moved.positions] == own).all()
    assert (moved.cells == plain.cells)[children == own].all()
    assert (moved.on_ground_of((OLD,)).cells == moved.cells).all()


def test_a_ring_holds_nothing_of_a_coarser_area_beside_it(city):
    _, displaced = follow(city, OLD, NEW)
    zones = displaced.places.zones
    held = [*zones.cores, *zones.rings, zones.rest]
    assert sorted(np.concatenate(held).tolist()) == list(range(sum(map(len, held))))
    assert displaced.places.cells[0] <= refine(OLD, 10)


def test_a_file_may_hold_areas_of_two_resolutions_but_no_ground_twice(tmp_path):
    def write(*areas):
        rows = [
            f"{name},{' '.join(as_text(sorted(area)))}"
            for name, area in zip("AB", areas, strict=True)
        ]
        path = tmp_path / "areas.csv"
        path.write_text("\n".join(["area_id,cells", *rows]))
        return path

    found = read_areas(write(OLD, NEW))
    assert (found.cells, found.resolution) == ((OLD, NEW), 10)
    inside = frozenset(sorted(refine(OLD, 10))[:3])
    with pytest.raises(SourceError, match="A"):
        read_areas(write(OLD, inside))
    with pytest.raises(SourceError, match=r": area B has cells of several sizes \(resolutions"):
        read_areas(write(OLD, NEW | frozenset(h3.grid_disk(min(OLD), 0))))


def test_on_one_resolution_nothing_moves(city):
    plain = locate_incidents(city, AreaSettings(resolution=9))
    assert plain.on_ground_of((OLD,)) is plain
    assert replace(plain).on_ground_of(()).positions is plain.positions


def test_of_an_incident_at_the_edge_of_two_areas_the_finer_one_has_it(city):
    """Beside a coarse area one of the fine cells around it: no incident counts for both."""
    near = frozenset(h3.grid_ring(min(OLD), 0)) | OLD
    fine = frozenset(
        child
        for cell in h3.grid_disk(h3.latlng_to_cell(PLACE[1], PLACE[0], 9), 2)
        if cell not in near
        for child in h3.cell_to_children(cell, 10)
    )
    (core, ring, rest), displaced = follow(city, OLD, fine)
    assert core[1].sum() == counted_in(city, fine)
    assert core[0].sum() <= counted_in(city, OLD)
    assert core[0].sum() >= 0.9 * counted_in(city, OLD)
    when = city.dataset.incidents["occurred_at"]
    of_months = when[when.dt.year == SINCE.year].dt.month.value_counts().sort_index()
    assert (core.sum(axis=0) + ring.sum(axis=0) + rest).tolist() == of_months.tolist()
    assert displaced.chosen.resolution == 10
