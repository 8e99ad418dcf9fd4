"""What the tool finds in the made-up city is what was planted there, and little else."""

import pytest
import shapely

MAX_AREAS_ELSEWHERE = 1
STEADY = ("west side", "south of the middle", "east side", "south side", "north bank")


@pytest.fixture(scope="session")
def planted(truth):
    return {one["name"]: one for one in truth["features"]}


def within(feature, incidents, meters_between):
    """Tell which incidents lie in a planted circle, or ring."""
    meters = meters_between(
        feature["lon"], feature["lat"], incidents["lon"].to_numpy(), incidents["lat"].to_numpy()
    )
    return (meters <= feature["radius_m"] + 1) & (meters >= feature["inner_radius_m"] - 1)


def between(incidents, start, until):
    when = incidents["occurred_at"]
    return incidents[(when >= f"{start}-01") & (when < f"{until}-01")]


def areas_at(feature, areas):
    return areas[areas.intersects(shapely.Point(feature["lon"], feature["lat"]))]


def areas_near(feature, areas, meters_between):
    """List the areas that reach into a planted circle, by their outline's points."""

    def reaches(outline):
        lon, lat = shapely.get_coordinates(outline).T
        meters = meters_between(feature["lon"], feature["lat"], lon, lat)
        return meters.min() <= max(feature["radius_m"], 300)

    is_near = areas.geometry.map(reaches) | areas.index.isin(areas_at(feature, areas).index)
    return areas[is_near]


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("name", STEADY)
def test_the_last_36_months_find_each_steady_area(
    name, planted, proposal_of, dataset, meters_between
):
    feature = planted[name]
    areas = proposal_of("2020-09", 36).areas
    (found,) = areas_at(feature, areas).itertuples()
    recent = between(dataset.incidents, "2017-09", "2020-09").dropna(subset=["lon"])
    inside = recent[within(feature, recent, meters_between)]
    in_area = shapely.intersects_xy(found.geometry, inside["lon"], inside["lat"])
    assert in_area.mean() > 0.65


def test_no_more_than_one_area_lies_where_nothing_was_planted(planted, proposal_of, meters_between):
    areas = proposal_of("2020-09", 36).areas
    near = set()
    for feature in planted.values():
        near |= set(areas_near(feature, areas, meters_between)["area_id"])
    assert len(set(areas["area_id"]) - near) <= MAX_AREAS_ELSEWHERE


def test_the_institution_a_point_that_stands_for_others_is_no_area(planted, proposal_of):
    proposal = proposal_of("2020-09", 36)
    assert areas_at(planted["institution"], proposal.areas).empty
    assert (3 * proposal.areas["suspect"] < proposal.areas["incidents"]).all()


@pytest.mark.long
def test_the_appearing_area_is_found_in_2020_and_not_before(
    planted, proposal_of, dataset, meters_between
):
    feature = planted["appearing"]
    incidents = between(dataset.incidents, "2020-02", "2020-09").dropna(subset=["lon"])
    inside = incidents[within(feature, incidents, meters_between)]
    for months in (8, 36):
        areas = areas_near(feature, proposal_of("2020-09", months).areas, meters_between)
        (found,) = areas.itertuples()
        in_area = shapely.intersects_xy(found.geometry, inside["lon"], inside["lat"])
        assert in_area.mean() > 0.65
    for until, months in (("2020-01", 36), ("2020-01", 12), ("2019-01", 36)):
        assert areas_near(feature, proposal_of(until, months).areas, meters_between).empty


def test_the_cooling_area_falls_and_its_ring_rises(planted, dataset, meters_between):
    incidents = dataset.incidents.dropna(subset=["lon"])
    counts = {}
    for name in ("cooling", "ring of cooling"):
        here = incidents[within(planted[name], incidents, meters_between)]
        counts[name] = [
            len(between(here, *span)) for span in (("2018-07", "2019-07"), ("2019-07", "2020-07"))
        ]
    before, after = counts["cooling"]
    assert after < 0.5 * before
    before, after = counts["ring of cooling"]
    assert after > 2 * before


# ---- At the edge ---------------------------------------------------------------------------


# ---- True in general -----------------------------------------------------------------------
