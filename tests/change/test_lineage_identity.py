"""Which area is which: by hand on rows of cells, stable matches, and no order that counts."""

from string import ascii_uppercase

import pytest
from hypothesis import given, strategies as st

from csa.areas.places import PART, SAME, match_areas
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.change.lineage import ShapeChange, WindowAreas, carry_letters, track_ids
from csa.geo.cells import jaccard

START = Month(2020, 11)


def row(first, n):
    """Return n cells of a street, numbered from its west end."""
    return frozenset(range(first, first + n))


def windows(*months, start=START):
    """Make a window of each list of areas; an area's middle is that of its cells."""
    return [
        WindowAreas(
            start.plus(place),
            tuple(areas),
            tuple((sum(cells) / len(cells), 0.0) for cells in areas),
        )
        for place, areas in enumerate(months)
    ]


def told(*months):
    """Follow areas; tell of each sighting: months since the start, track, version, change."""
    return [
        (one.until.index - START.index, one.track, one.version, one.change.value)
        for one in track_ids(windows(*months))
    ]


def followed(*shapes):
    """Follow a single area; tell its version and change in each month after the first."""
    return [(version, change) for _, _, version, change in told(*([shape] for shape in shapes))][1:]


# ---- By hand --------------------------------------------------------------------------------


def test_an_area_grows_and_shrinks_by_more_than_a_fifth_since_its_version():
    assert followed(row(0, 10), row(0, 12)) == [(1, "persists")]
    assert followed(row(0, 20), row(0, 25)) == [(2, "grew")]  # Jaccard is still .8
    assert followed(row(0, 10), row(0, 8)) == [(1, "persists")]
    assert followed(row(0, 10), row(0, 7)) == [(2, "shrank")]
    assert followed(row(0, 20), row(0, 22), row(0, 24), row(0, 26)) == [
        (1, "persists"),
        (1, "persists"),
        (2, "grew"),
    ]


def test_an_area_that_wanders_a_cell_at_a_time_is_redrawn_in_the_end():
    assert followed(*(row(at, 10) for at in range(5))) == [
        (1, "persists"),  # 9 of 11 cells
        (2, "redrawn"),  # 8 of 12
        (2, "persists"),
        (3, "redrawn"),
    ]


def test_an_area_that_doubles_and_more_is_the_same_track_redrawn():
    assert followed(row(0, 4), row(0, 8)) == [(2, "grew")]
    assert followed(row(0, 4), row(0, 9)) == [(2, "redrawn")]
    assert followed(row(0, 9), row(0, 4)) == [(2, "redrawn")]
    assert followed(row(0, 10), row(3, 8)) == [(2, "redrawn")]  # a fifth smaller, no more


def test_an_area_is_split_and_its_larger_half_keeps_the_track():
    seen = track_ids(windows([row(0, 10)], [row(0, 4), row(5, 5)]))[1:]
    assert [(one.track, one.version, one.change, one.from_tracks) for one in seen] == [
        (1, 2, ShapeChange.SPLIT, (1,)),
        (2, 1, ShapeChange.SPLIT, (1,)),
    ]
    assert [one.cells for one in seen] == [row(5, 5), row(0, 4)]
    assert [one.former for one in seen] == [row(0, 10), frozenset()]
    assert [one.jaccard for one in seen] == [0.5, None]


def test_areas_merge_and_the_smaller_one_ends():
    seen = track_ids(windows([row(0, 4), row(5, 5)], [row(0, 10)], [row(0, 10)]))[2:]
    assert [(one.track, one.version, one.change, one.from_tracks) for one in seen] == [
        (1, 1, ShapeChange.MERGED, (1, 2)),
        (2, 2, ShapeChange.MERGED, (1, 2)),
        (2, 2, ShapeChange.PERSISTS, ()),
    ]
    assert [one.cells for one in seen] == [frozenset(), row(0, 10), row(0, 10)]


def test_a_crumb_is_no_part_and_a_crumb_swallowed_is_no_merger():
    assert told([row(0, 20)], [row(0, 16), row(17, 3)])[1:] == [
        (1, 1, 1, "persists"),
        (1, 2, 1, "new"),
    ]
    assert told([row(0, 16), row(17, 3)], [row(0, 20)])[2:] == [
        (1, 1, 2, "grew"),
        (1, 2, 1, "left"),
    ]


def test_an_area_that_takes_cells_of_its_neighbour_is_neither_split_nor_merged():
    assert told([row(0, 10), row(10, 10)], [row(0, 8), row(8, 12)])[2:] == [
        (1, 1, 1, "persists"),
        (1, 2, 1, "persists"),
    ]
    assert told([row(0, 10), row(10, 10)], [row(0, 7), row(7, 13)])[2:] == [
        (1, 1, 2, "shrank"),
        (1, 2, 2, "grew"),
    ]


def test_an_area_that_comes_back_takes_its_track_up_again():
    assert told([row(0, 5)], [], [row(0, 5)], [row(0, 5)]) == [
        (0, 1, 1, "first"),
        (1, 1, 1, "left"),
        (2, 1, 1, "back"),
        (3, 1, 1, "persists"),
    ]
    assert told([row(0, 6)], [], [row(0, 4)])[2:] == [(2, 1, 2, "back")]
    assert told([row(0, 6)], [], [row(4, 6)])[2:] == [(2, 2, 1, "new")]


def test_what_merged_and_is_split_again_has_its_old_track():
    assert told([row(0, 5), row(5, 6)], [row(0, 11)], [row(0, 5), row(5, 6)])[2:] == [
        (1, 1, 1, "merged"),
        (1, 2, 2, "merged"),
        (2, 1, 2, "split"),
        (2, 2, 3, "split"),
    ]


def test_a_part_of_a_split_area_that_took_in_another_is_called_merged():
    seen = track_ids(windows([row(0, 10), row(10, 3)], [row(0, 3), row(3, 10)]))[2:]
    assert [(one.track, one.change, one.from_tracks) for one in seen] == [
        (1, ShapeChange.MERGED, (1, 2)),
        (2, ShapeChange.MERGED, (1, 2)),
        (3, ShapeChange.SPLIT, (1,)),
    ]


def test_an_area_that_is_followed_already_is_not_taken_for_one_that_came_back():
    months = [[row(0, 4)], [], [row(0, 1)], [row(0, 2), row(2, 2)]]
    assert told(*months)[2:] == [(2, 2, 1, "new"), (3, 1, 2, "back"), (3, 2, 2, "grew")]


def test_new_tracks_are_numbered_west_to_east():
    one, two = row(50, 2), row(3, 2)
    first = WindowAreas(START, (one, two), ((-7.0, 0.0), (8.0, 0.0)))
    assert {one.track: one.cells for one in track_ids([first])} == {1: one, 2: two}


def test_an_area_made_of_parts_of_two_that_were_split_names_both():
    seen = track_ids(windows([row(0, 10), row(10, 10)], [row(0, 7), row(7, 6), row(13, 7)]))[2:]
    assert {one.track: one.from_tracks for one in seen} == {1: (1,), 2: (2,), 3: (1, 2)}


def test_letters_go_with_the_cells_and_new_ones_were_never_used():
    known = {"A": row(0, 5), "C": row(10, 5), "D": row(90, 5)}
    tracks = {4: row(11, 5), 5: row(20, 5), 6: row(1, 5), 8: row(30, 5)}
    letters = carry_letters(tracks, known, lambda number: ascii_uppercase[number])
    assert letters == {4: "C", 5: "B", 6: "A", 8: "E"}
    assert list(letters) == [4, 5, 6, 8]
    moved = carry_letters({1: row(3, 5)}, {"A": row(0, 5)}, lambda number: ascii_uppercase[number])
    assert moved == {1: "B"}  # a few cells in common are not the same area
    assert carry_letters(tracks, {}, lambda number: ascii_uppercase[number]) == {
        4: "A",
        5: "B",
        6: "C",
        8: "D",
    }


# ---- At the edge ----------------------------------------------------------------------------


def test_no_windows_no_areas_and_no_tracks():
    assert track_ids([]) == []
    assert track_ids(windows([], [])) == []
    assert told([], [row(0, 2)]) == [(1, 1, 1, "new")]
    assert carry_letters({}, {"A": row(0, 1)}, str) == {}


@pytest.mark.parametrize(("absent", "track"), [(12, 1), (13, 2)])
def test_a_track_is_remembered_for_a_year(absent, track):
    months = [[row(0, 5)], *[[] for _ in range(absent)], [row(0, 5)]]
    assert told(*months)[-1][1] == track


def test_a_track_that_left_twice_is_remembered_from_the_second_time():
    months = [[row(0, 5)], [], [row(0, 5)], *[[] for _ in range(12)], [row(0, 5)]]
    assert told(*months)[-1] == (15, 1, 1, "back")
    assert told([row(0, 5)], [], [row(2, 3)], [], [row(3, 2)])[-1] == (4, 1, 3, "back")


def test_exactly_half_the_same_is_the_same_and_the_lower_number_goes_first():
    assert match_areas({7: row(0, 4)}, {1: row(0, 2), 2: row(2, 2)}, at_least=SAME) == {1: 7}
    assert match_areas({7: row(0, 5)}, {1: row(0, 2)}, at_least=SAME) == {}
    assert match_areas({"B": row(0, 2), "A": row(2, 2)}, {1: row(0, 4)}, at_least=SAME) == {1: "A"}


def test_exactly_a_fifth_is_a_part():
    assert [change for *_, change in told([row(0, 10)], [row(0, 8), row(8, 2)])[1:]] == [
        "split",
        "split",
    ]
    assert [change for *_, change in told([row(0, 8), row(8, 2)], [row(0, 10)])[2:]] == [
        "merged",
        "merged",
    ]
    assert match_areas({1: row(0, 10)}, {1: row(8, 30)}) == {1: 1}
    assert match_areas({1: row(0, 10)}, {1: row(9, 30)}) == {}


def test_the_most_alike_are_matched_first_not_the_first():
    assert match_areas({1: row(0, 10), 2: row(0, 4)}, {1: row(0, 5)}) == {1: 2}
    assert match_areas({1: row(0, 4), 2: row(4, 8)}, {1: row(2, 8), 2: row(0, 2)}) == {1: 2, 2: 1}


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [-1, 0, 2])
def test_windows_that_do_not_step_by_a_month_are_refused(step):
    one = windows([row(0, 5)])
    with pytest.raises(ParamError, match="oldest first"):
        track_ids([*one, *windows([row(0, 5)], start=START.plus(step))])


def test_areas_that_share_cells_or_have_none_are_refused():
    for areas in ((row(0, 5), row(4, 5)), (row(0, 5), frozenset())):
        with pytest.raises(TableError, match="areas of 2020-11"):
            WindowAreas(START, areas, ((0.0, 0.0), (1.0, 0.0)))


def test_a_middle_for_each_area_is_asked_for():
    with pytest.raises(TableError, match="2 areas, but 1 midpoints"):
        WindowAreas(START, (row(0, 5), row(9, 5)), ((0.0, 0.0),))


# ---- True in general ------------------------------------------------------------------------


@st.composite
def streets(draw):
    """Cut a street of 24 cells into areas and gaps, anew each month."""
    months = []
    for _ in range(draw(st.integers(2, 5))):
        at, areas = 0, []
        for gap, n in draw(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), max_size=5)):
            if at + gap + n <= 24:
                areas.append(row(at + gap, n))
                at += gap + n
        months.append(areas)
    return months


@given(months=streets())
def test_each_area_has_one_track_and_each_track_one_area(months):
    seen = track_ids(windows(*months))
    for place, areas in enumerate(months):
        here = [one for one in seen if one.until == START.plus(place)]
        assert sorted(map(sorted, areas)) == sorted(sorted(one.cells) for one in here if one.cells)
        assert len({one.track for one in here}) == len(here)
        before = {one.track for one in seen if one.until == START.plus(place - 1) and one.cells}
        assert before <= {one.track for one in here}
    for number in {one.track for one in seen}:
        track = [one for one in seen if one.track == number]
        shapes = [one.cells for one in track]
        assert [one.version for one in track] == sorted(one.version for one in track)
        last = frozenset()
        for one, cells in zip(track, shapes, strict=True):
            assert one.former == last
            last = cells or last


@given(months=streets(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_areas_are_listed_changes_nothing(months, order):
    mixed = [order.sample(areas, len(areas)) for areas in months]
    assert track_ids(windows(*months)) == track_ids(windows(*mixed))


@given(months=streets(), floor=st.sampled_from([None, SAME]))
def test_no_two_would_rather_be_matched_with_each_other(months, floor):
    former, areas = dict(enumerate(months[0])), dict(enumerate(months[1]))
    matched = match_areas(former, areas, at_least=floor)
    assert len(set(matched.values())) == len(matched)

    def is_match(one, other):
        if floor is not None:
            return jaccard(one, other) >= floor
        return len(one & other) >= PART * min(len(one), len(other))

    kept = {number: jaccard(former[name], areas[number]) for number, name in matched.items()}
    held = {name: kept[number] for number, name in matched.items()}
    for name, one in former.items():
        for number, other in areas.items():
            if is_match(one, other):
                assert max(kept.get(number, -1), held.get(name, -1)) >= jaccard(one, other)
            else:
                assert matched.get(number) != name
