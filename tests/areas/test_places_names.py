"""Letters and place names: different, right on a compass, and blind to counts."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.areas.places import COMPASS, compass_words, letter, name_places

general = examples(3)

middles = st.lists(
    st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000)), min_size=2, max_size=30
).map(lambda xy: np.array(sorted(xy), dtype=float))


def words(*xy):
    return compass_words(np.array(xy, dtype=float))


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"), [(26, "AA"), (27, "AB"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_after_z_come_two_letters_and_after_zz_three(number, text):
    assert letter(number) == text


def test_an_area_alone_in_its_neighborhood_has_its_bare_name():
    names = name_places(["Ivanhoe", "Oak Park"], np.array([[0.0, 0.0], [900.0, 0.0]]))
    assert names == ["Ivanhoe", "Oak Park"]


def test_nine_places_in_a_square_are_all_winds_and_the_center():
    square = [(x, y) for x in (0, 500, 1000) for y in (0, 500, 1000)]
    assert words(*square) == [
        "southwest",
        "west",
        "northwest",
        "south",
        "center",
        "north",
        "southeast",
        "east",
        "northeast",
    ]


def test_ten_places_are_told_by_distance_from_the_middle_of_their_neighborhood():
    row = np.array([(1000.0 * place, 0.0) for place in range(-5, 6) if place])
    assert words(*row) == []
    middle = {"Brooklyn": np.array([0.0, 0.0])}
    assert name_places(["Brooklyn"] * 10, row, (), middle)[3:6] == [
        "Brooklyn, 2.0 km west of its center",
        "Brooklyn, 1.0 km west of its center",
        "Brooklyn, 1.0 km east of its center",
    ]
    assert name_places(["Brooklyn"] * 10, row, (), middle, "us")[9] == (
        "Brooklyn, 3.1 mi east of its center"
    )
    near = np.vstack([row, [(1020.0, 0.0)]])
    assert name_places(["Brooklyn"] * 11, near, (), middle)[-1] == (
        "Brooklyn, 1.02 km east of its center"
    )


def test_places_that_no_distance_tells_apart_are_numbered_and_no_number_is_taken():
    spot = np.zeros((2, 2))
    told = name_places(["Oak", "Oak"], spot, {"Oak, west", "Oak, east"}, {"Oak": spot[0]})
    assert len(set(told)) == 2
    again = name_places(["Oak"], spot[:1], {"Oak", "Oak, east", *told}, {"Oak": spot[0]})
    assert not {*again} & {*told}


def test_a_new_place_takes_no_name_that_another_has():
    middle = {"Oak": np.array([0.0, 0.0])}
    north = np.array([[0.0, 700.0]])
    assert name_places(["Oak"], north, {"Oak"}, middle) == ["Oak, north"]
    taken = {"Oak", "Oak, north"}
    assert name_places(["Oak"], north, taken, middle) == ["Oak, 0.7 km north of its center"]
    assert name_places(["Oak"], north, {"Oak, south"}, middle) == ["Oak, north"]
    assert name_places(["Oak"], north, {"Oak Park", "Elm"}, middle) == ["Oak"]


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(2, 10))
def test_places_on_one_spot_still_have_different_words(n):
    assert len(set(words(*[(3, 3)] * n))) == n


def test_a_neighborhood_already_called_west_takes_no_name_from_another():
    xy = np.array([[0.0, 0.0], [1000.0, 0.0], [5000.0, 0.0]])
    assert len(set(name_places(["Oak", "Oak", "Oak, west"], xy))) == 3


# ---- Refused -------------------------------------------------------------------------------


def test_names_and_middles_must_be_as_many():
    with pytest.raises(IndexError):
        name_places(["Ivanhoe", "Ivanhoe"], np.zeros((1, 2)))


# ---- True in general -----------------------------------------------------------------------


@general
@given(number=st.integers(0, 20_000))
def test_letters_count_in_twenty_sixes_without_a_zero(number):
    value = 0
    for sign in letter(number):
        value = value * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(sign) + 1
    assert value == number + 1


@general
@given(xy=middles, chosen=st.lists(st.sampled_from(["Ivanhoe", "Oak Park", ""]), min_size=30))
def test_names_are_all_different_and_begin_with_their_neighborhood(xy, chosen):
    neighborhoods = chosen[: len(xy)]
    names = name_places(neighborhoods, xy)
    assert len(set(names)) == len(names) == len(xy)
    for name, neighborhood in zip(names, neighborhoods, strict=True):
        assert name.startswith(neighborhood)
        assert (name == neighborhood) == (neighborhoods.count(neighborhood) == 1)


@general
@given(xy=middles, moved=st.integers(-9000, 9000), scale=st.sampled_from([0.5, 2.0, 8.0]))
def test_words_stay_when_the_map_is_moved_or_drawn_larger(xy, moved, scale):
    xy = xy[:9]
    if len(xy) == 2:
        assert set(compass_words(xy)) <= set(COMPASS)
    corner = np.round(xy - xy[0])
    # a hair off the symmetric places, where two words fit equally well
    corner = corner + np.random.default_rng(0).uniform(0, 0.3, corner.shape)
    assert compass_words(corner * scale + moved) == compass_words(corner)


@general
@given(
    angle=st.integers(0, 359).filter(lambda degrees: degrees % 45 not in {22, 23}),
    reach=st.integers(50, 5000),
)
def test_two_places_have_the_wind_nearest_to_their_direction(angle, reach):
    turn = np.radians(angle)
    there = reach * np.array([np.cos(turn), np.sin(turn)])
    nearest = min(
        range(8), key=lambda wind: min(abs(angle - 45 * wind), 360 - abs(angle - 45 * wind))
    )
    assert words(tuple(-there), tuple(there)) == [COMPASS[(nearest + 4) % 8], COMPASS[nearest]]
