"""Classes of counts: by hand, equal values together, and none lost."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from csa.geo.palette import PAPER, count_bounds


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        (range(1, 21), (8, 13, 17, 19, 20)),  # the percentile p lies at 1 + 19 p: 8.6, 13.35, ...
        ([*[1] * 90, *[2] * 8, 3, 40], (1, 2, 40)),
        ([3, 3, 3], (3,)),
        ([], (1,)),
    ],
)
def test_classes_end_at_the_named_percentiles_and_equal_counts_share_one(counts, wanted):
    assert count_bounds(np.array(counts, dtype=np.int64)) == wanted


@given(st.lists(st.integers(1, 500), min_size=1, max_size=200))
def test_every_count_is_in_one_of_at_most_five_classes(counts):
    bounds = count_bounds(np.array(counts))
    assert 1 <= len(bounds) <= 5
    assert list(bounds) == sorted(set(bounds))
    assert bounds[-1] == max(counts)


@pytest.mark.parametrize(
    "file",
    [
        "app/csa_app/static/icon.svg",
        "src/csa/reports/templates/charts.js",
        "src/csa/reports/templates/embed.css",
    ],
)
def test_a_copy_of_a_class_color_is_of_the_scale(root, file):
    assert PAPER.sequential[3] in (root / file).read_text(encoding="utf-8")
