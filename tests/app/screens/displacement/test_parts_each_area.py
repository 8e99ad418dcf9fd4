"""Each area's line, table and file: the same numbers as the map's, by letter."""

import csv
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm, poisson
from tests.sentences import says

from csa.base.params import Month
from csa.change.expectation import Expectation
from csa.change.verdict import AreaResult, CumulativeCounts
from csa.city.preregistration import Verdict
from csa_app.screens.displacement import parts

MONTHS = ["2020-01", "2020-02", "2020-03"]


def track(counted, mean):
    """Three months of sums, the last as given."""
    many = np.array([counted // 3, counted // 2, counted])
    expectation = Expectation(np.array([mean / 3, mean / 2, mean]), np.zeros(3), 1.0)
    return CumulativeCounts(many, expectation, np.full(3, 2.9), np.ones(3, dtype=bool))


def bounds(mean):
    """Return the ends of the boundary at 2.9 deviations of chance alone."""
    return tuple(int(end(norm.sf(2.9), mean)) for end in (poisson.ppf, poisson.isf))


def judged(verdict, ring=None):
    return AreaResult(track(9, 38.0), ring, 2.9, (verdict,) * 3)


def following(**areas):
    """Areas by letter, as the page follows them."""
    names = {name: f"Row {name}" for name in areas}
    return SimpleNamespace(
        area_ids=tuple(areas),
        by_letter=sorted(areas, key=lambda name: (len(name), name)),
        months=MONTHS,
        results=areas.__getitem__,
        is_early=lambda at: areas["A"].verdicts[at] is Verdict.TOO_EARLY,
        late=lambda _: 0,
        place_name=lambda name: f"{names[name]} ({name})",
        displaced=SimpleNamespace(
            since=Month(2020, 1),
            chosen=SimpleNamespace(area_ids=tuple(areas), place_names=tuple(names.values())),
        ),
    )


FEWER, SAME, FEW = (judged(one) for one in (Verdict.FEWER, Verdict.NO_CHANGE, Verdict.TOO_FEW))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        ({"A": SAME, "B": SAME}, "No single area shows a change. No clear change in 2."),
        (
            {"A": FEWER, "B": FEW, "C": SAME},
            (
                "One area shows a change: Row A (A), fewer here, even within half a mile. "
                "No clear change in 1. Too small to tell in 1."
            ),
        ),
        ({"A": FEW, "B": FEW}, "No single area shows a change. Too small to tell in 2."),
    ],
)
def test_the_line_names_areas_that_differ_and_counts_the_others(areas, said):
    assert parts.describe_areas(following(**areas), 2) == said


def cells(areas, at):
    """The table's cells as they are read, without what is drawn."""
    rows = parts.table(areas, at).to_numpy().tolist()
    return [[" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in row] for row in rows]


def test_a_row_has_what_is_here_and_next_door_with_what_was_expected():
    alone, ringed = SAME, judged(Verdict.MORE_NEXT, track(35, 14.0))
    (low, high), (ring_low, ring_high) = bounds(38), bounds(14)
    here = f"9 {says('change_page.of_expected', low=low, high=high)}"
    first, second = cells(following(AA=alone, B=ringed), 2)
    verdict = says("displacement.more_next")
    said = says("change_page.verdict_since", verdict=verdict, since="Jan 2020")
    next_door = f"35 {says('change_page.of_expected', low=ring_low, high=ring_high)}"
    assert first == [f"Row B (B) {said}", here, next_door]
    assert second[1:] == [here, ""]


def test_a_bar_s_ends_tick_and_dot_are_where_the_numbers_say():
    """On a scale from 0 to the largest number of all rows, here the upper end of what is expected."""
    low, top = bounds(38)
    (row,) = parts.table(following(A=SAME), 2).to_numpy().tolist()
    places = {name: float(share) for name, share in re.findall(r"--(\w+):([\d.]+)%", row[1])}
    wanted = {"low": low, "high": top, "at": 38, "n": 9}
    assert places == {name: round(100 * n / top, 1) for name, n in wanted.items()}


def test_the_file_has_the_same_numbers_a_row_an_area():
    ringed = judged(Verdict.FEWER_MOVED, track(35, 14.256))
    made = parts.as_csv(following(AA=SAME, B=ringed), 2, is_synthetic=True)
    first, second = csv.DictReader(io.StringIO(made.decode()))
    assert list(first) == list(parts.COLUMNS)
    told = ",".join(first.values())
    (low, high), (ring_low, ring_high) = bounds(38), bounds(14.256)
    assert told == (
        "B,Row B,2020-01,2020-03,fewer here, more nearby,"
        f"9,38.0,{low},{high},35,14.26,{ring_low},{ring_high},True"
    )
    assert second["area_id"] == "AA"
    assert [second[name] for name in parts.COLUMNS[9:13]] == [""] * 4


# ---- At the edge ----------------------------------------------------------------------------


def test_one_area_alone_and_too_few_months_have_no_line():
    assert parts.describe_areas(following(A=FEWER), 2) == ""
    early = following(A=FEWER.withheld_early(), B=SAME.withheld_early())
    assert parts.describe_areas(early, 1) == ""


def test_too_early_is_in_the_table_and_the_file_too():
    areas = following(A=FEWER.withheld_early(), B=SAME.withheld_early())
    assert all(says("displacement.too_early") in row[0] for row in cells(areas, 1))
    rows = list(csv.DictReader(io.StringIO(parts.as_csv(areas, 1, is_synthetic=False).decode())))
    assert {row["verdict"] for row in rows} == {Verdict.TOO_EARLY}
    assert {row["through"] for row in rows} == {"2020-02"}


def test_many_that_differ_are_named_up_to_six_and_the_rest_counted():
    many = dict.fromkeys("ABCDEFGH", FEWER)
    said = parts.describe_areas(following(**many), 2)
    assert said.startswith(
        "8 areas show a change: Row A (A), fewer here, even within half a mile; Row B (B), "
    )
    assert said.endswith("Row F (F), fewer here, even within half a mile; 2 more.")


# ---- Refused --------------------------------------------------------------------------------


def test_a_name_like_a_formula_is_no_formula_in_a_spreadsheet():
    areas = following(A=SAME, B=SAME)
    areas.displaced.chosen.place_names = ("=1+1", "Row B")
    made = parts.as_csv(areas, 2, is_synthetic=False)
    assert b",'=1+1," in made
