"""Classes of the map, what was published as a file, and the joint finest partition."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from csa.base.errors import ParamError, PrivacyError
from csa.base.params import Month
from csa.disclosure.atoms import CLASSES, LOWEST, atoms_of, class_of, classes_up_to
from csa.disclosure.published import Publication, Sum

PUBLISHED = Publication(
    "2017-Q4",
    Month(2015, 1),
    Month(2018, 1),
    {"area": {"A": ("892a", "892b")}},
    {"district": {"West End": 25, "East End": None}, "area": {"A": 23}},
    {"cell": {"882a": (0, 9), "882b": (10, None)}},
    {"2017": 40, "window": 110},
    (Sum("area", ("A",), Month(2017, 1), Month(2018, 1), 12),),
)


def test_classes_double_from_ten_on_and_are_the_same_for_every_city():
    assert CLASSES == ((0, 9), (10, 19), (20, 39), (40, 79), (80, None))
    for n, at in ((0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (39, 2), (79, 3), (80, 4), (999, 4)):
        assert class_of(n, CLASSES) == at


def test_the_classes_of_a_map_end_with_that_of_its_busiest_cell():
    assert classes_up_to(0) == classes_up_to(9) == (LOWEST,)
    assert classes_up_to(10) == classes_up_to(19) == CLASSES[:2]
    assert classes_up_to(80) == CLASSES


def test_a_count_of_no_class_is_refused():
    with pytest.raises(ParamError, match="12"):
        class_of(12, (LOWEST,))


def test_no_class_leaves_a_gap_and_none_tells_a_count():
    assert all(one[1] + 1 == other[0] for one, other in pairwise(CLASSES))
    assert all(high is None or high - low >= 9 for low, high in CLASSES)


def test_what_was_published_is_read_as_it_was_written():
    assert Publication.from_json(PUBLISHED.to_json()) == PUBLISHED


def test_another_version_is_refused():
    with pytest.raises(PrivacyError, match="format 2"):
        Publication.from_json({**PUBLISHED.to_json(), "format_version": 2})


@pytest.mark.parametrize(
    "fault",
    [
        {"counts": {"area": {"A": "23"}}},
        {"counts": {"area": {"A": -1}}},
        {"counts": {"area": {"A": True}}},
        {"counts": None},
        {"start": "2015"},
        {"until": "2015-01"},
        {"classes": {"cell": {"882a": [9, 0]}}},
        {"places": {"area": {"A": "892a"}}},
        {"id": 4},
        {"format_version": None},
    ],
)
def test_a_damaged_one_is_refused(fault):
    with pytest.raises(PrivacyError, match="damaged"):
        Publication.from_json({**PUBLISHED.to_json(), **fault})


def test_a_list_is_no_publication():
    with pytest.raises(PrivacyError, match="damaged"):
        Publication.from_json([])


TABLE = pd.DataFrame(
    {
        "district": ["W", "W", "E", None, "E"],
        "cell": ["c1", "c1", "c2", None, "c3"],
        "month": [
            Month(2015, 1).index,
            Month(2015, 3).index,
            Month(2015, 1).index,
            Month(2015, 2).index,
            -1,
        ],
    }
)


def test_atoms_by_hand_and_land_without_an_incident():
    atoms = atoms_of(TABLE, ["district", "cell"], Month(2015, 1), 3)
    assert [*zip(*atoms.members.values(), strict=True)] == [
        ("", ""),
        ("E", "c2"),
        ("E", "c3"),
        ("W", "c1"),
    ]
    assert atoms.counts.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1]]
    assert atoms.until == Month(2015, 4)


def test_no_incident_gives_no_atom():
    atoms = atoms_of(TABLE.iloc[:0], ["district"], Month(2015, 1), 3)
    assert atoms.counts.shape == (0, 3)


def test_the_order_of_rows_is_of_no_matter():
    turned = atoms_of(TABLE.iloc[::-1], ["district", "cell"], Month(2015, 1), 3)
    assert np.array_equal(
        turned.counts, atoms_of(TABLE, ["district", "cell"], Month(2015, 1), 3).counts
    )


def test_publications_are_values():
    assert replace(PUBLISHED, id="2018-Q1") != PUBLISHED
