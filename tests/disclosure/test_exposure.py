"""What everything ever published gives away: by hand, and beside all tables of whole numbers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.errors import PrivacyError
from csa.base.params import Month
from csa.disclosure import exposure
from csa.disclosure.atoms import HIDDEN, LOWEST
from csa.disclosure.exposure import find_exposed
from csa.disclosure.published import Publication, Sum
from csa.disclosure.settle import fewest_figures, settle
from csa.reports.public.gathering import HeldBack, count_held_back
from tests.disclosure.cities import FIRST, city, draft_of, held_back, told
from tests.properties import examples


def steady(count, months=36):
    """Spread a count over months as evenly as whole numbers can be."""
    return [(count * (m + 1)) // months - (count * m) // months for m in range(months)]


def kinds(exposed):
    return {(e.kind, e.places, e.low, e.high) for e in exposed}


# ---- By hand --------------------------------------------------------------------------------


def test_a_district_of_25_and_an_area_of_23_inside_it_give_away_the_two_between_them():
    atoms = city(
        {("D", "A"): steady(23), ("D", ""): steady(2), ("E", ""): steady(40), ("F", ""): steady(30)}
    )
    found = find_exposed(atoms, [draft_of(atoms)], {})
    assert kinds(found) == {("piece", (("district", "D"), ("area", "A")), 2, 2)}
    settled = settle(atoms, draft_of(atoms), [], {})
    assert settled.counts == {"district": {"D": 25, "E": 40, "F": 30}, "area": {"A": None}}
    assert find_exposed(atoms, [settled], {}) == ()


def test_one_small_district_is_found_from_the_citys_total_so_a_second_is_held_back():
    atoms = city({("D", ""): steady(25), ("E", ""): steady(40), ("F", ""): steady(4)})
    alone = told(draft_of(atoms), {("district", "F")})
    assert ("period", (("district", "F"),), 4, 4) in kinds(find_exposed(atoms, [alone], {}))
    settled = settle(atoms, draft_of(atoms), [], {})
    assert settled.counts["district"] == {"D": None, "E": 40, "F": None}
    assert held_back(draft_of(atoms), settled) == (1, 1)


def test_two_districts_with_none_between_them_need_a_third():
    atoms = city(
        {("D", ""): steady(25), ("E", ""): steady(40), ("F", ""): [0] * 36, ("G", ""): [0] * 36}
    )
    alone = told(draft_of(atoms), {("district", "F"), ("district", "G")})
    assert ("period", (("district", "F"),), 0, 0) in kinds(find_exposed(atoms, [alone], {}))
    assert settle(atoms, draft_of(atoms), [], {}).counts["district"]["D"] is None


REMAINDERS = {
    "a district less the areas inside it": (
        {("D", "A"): 60, ("D", "B"): 38, ("D", ""): 2, ("E", ""): 45, ("F", ""): 33},
        2,
    ),
    "two districts less the area that lies in both": (
        {("D", "A"): 20, ("D", ""): 1, ("E", "A"): 25, ("E", ""): 2, ("F", ""): 40, ("G", ""): 40},
        3,
    ),
    "the city less the districts that are told": (
        {("D", ""): 40, ("E", ""): 35, ("F", ""): 1, ("G", ""): 3},
        4,
    ),
}


@pytest.mark.parametrize(("counts", "left"), REMAINDERS.values(), ids=REMAINDERS)
def test_several_exact_figures_taken_from_one_another_leave_nothing_small(counts, left):
    atoms = city({at: steady(n) for at, n in counts.items()})
    small = {("district", name) for name in "FG" if 0 < counts.get((name, ""), 10) < 10}
    found = find_exposed(atoms, [told(draft_of(atoms), small)], {})
    assert {(e.kind, e.low, e.high) for e in found} == {("piece", left, left)}
    settled = settle(atoms, draft_of(atoms), [], {})
    assert find_exposed(atoms, [settled], {}) == ()
    assert 1 <= held_back(draft_of(atoms), settled)[1] < len(counts)


def test_a_number_of_a_place_that_the_data_know_no_more_is_refused():
    atoms = city({("D", ""): steady(60), ("E", ""): steady(40)})
    draft = draft_of(atoms)
    before = replace(draft, id="2017-Q3", counts={**draft.counts, "district": {"Old D": 62}})
    with pytest.raises(PrivacyError, match="Old D"):
        settle(atoms, draft, [before], {})
    held = replace(before, counts={**draft.counts, "district": {"Old D": None}})
    assert settle(atoms, draft, [held], {}).counts == draft.counts


def test_what_a_longer_period_adds_to_a_piece_is_exact_too():
    """A city of less than three years of data: its periods begin in one month."""
    rows = {("D", "A"): [2] * 30 + [4, 4, 3], ("D", ""): [1] * 30 + [0, 0, 1]}
    atoms = city(rows | {(name, ""): [4] * 33 for name in "EFG"})
    first, second = draft_of(atoms, months=30), draft_of(atoms, months=33)
    assert find_exposed(atoms, [first], {}) == find_exposed(atoms, [second], {}) == ()
    found = find_exposed(atoms, [first, second], {})
    assert ("piece", (("district", "D"), ("area", "A")), 1, 1) in kinds(found)
    assert {e.when for e in found} == {"2017-Q3"}
    settled = settle(atoms, second, [first], {})
    assert find_exposed(atoms, [first, settled], {}) == ()


def test_all_held_back_is_a_result():
    rows = {
        (name, ""): bursts(36, *((3 * n + q, 1) for n in range(8))) for q, name in enumerate("DEF")
    }
    atoms = city(rows | {("G", ""): bursts(36, (25, 3), (28, 3), (31, 3))})
    settled = settle(atoms, draft_of(atoms), [], {})
    assert set(settled.counts["district"].values()) == {None}
    assert {e.kind for e in find_exposed(atoms, [settled], {})} <= {"quarter"}


def test_what_the_citys_own_totals_give_away_is_not_the_drafts_doing():
    atoms = city({("D", ""): [0] * 36, ("E", ""): [0] * 36})
    settled = settle(atoms, draft_of(atoms), [], {})
    assert settled.counts["district"] == {"D": None, "E": None}


def bursts(months, *at):
    counts = [0] * months
    for month, count in at:
        counts[month] += count
    return counts


def test_two_periods_that_overlap_fix_a_quarter_and_the_later_one_is_held_back():
    rows = {("D", ""): bursts(36, (5, 15), (20, 15), (34, 3))}
    atoms = city(rows | {(name, ""): [4] * 36 for name in "EFG"})
    first, second = draft_of(atoms, months=33), draft_of(atoms)
    found = find_exposed(atoms, [first, second], {})
    assert kinds(found) == {("quarter", (("district", "D"),), 3, 3)}
    assert [e.when for e in found] == ["2017-Q4"]
    settled = settle(atoms, second, [first], {})
    assert settled.counts["district"]["D"] is None
    assert find_exposed(atoms, [first, settled], {}) == ()
    assert settle(atoms, second, [], {}) == second  # a ledger that forgets would tell it


def test_two_periods_as_long_as_each_other_leave_a_quarter_open():
    rows = {("D", ""): bursts(39, (0, 14), (20, 10))} | {(name, ""): [4] * 39 for name in "EFGH"}
    atoms = city(rows)
    first, second = draft_of(atoms, 0), draft_of(atoms, 3)
    assert (first.counts["district"]["D"], second.counts["district"]["D"]) == (24, 10)
    assert find_exposed(atoms, [first, second], {}) == ()


def test_a_year_that_is_told_beside_the_three_years_it_ends_gives_no_quarter():
    atoms = city(
        {("D", ""): bursts(36, (0, 30), (35, 10)), ("E", ""): [3] * 36, ("F", ""): [3] * 36}
    )
    draft = draft_of(atoms)
    year = Sum("district", ("D",), Month(2017, 1), Month(2018, 1), 10)
    last = Sum("district", ("D",), Month(2017, 10), Month(2018, 1), 10)
    both = Publication(draft.id, draft.start, draft.until, {}, draft.counts, {}, {}, (year, last))
    assert {e.when for e in find_exposed(atoms, [both], {})} >= {"2017-Q1", "2017-Q2", "2017-Q3"}
    assert find_exposed(atoms, [draft], {}) == ()
    settled = settle(atoms, both, [], {})
    assert find_exposed(atoms, [settled], {}) == ()


def test_a_map_alone_gives_nothing_away_and_a_class_from_eight_on_does():
    rows = {("D", "", "c1"): steady(8), ("D", "", "c2"): steady(30), ("E", "", "c3"): steady(40)}
    rows |= {("E", "", "c4"): steady(2)}
    atoms = city(rows, ("district", "area", "cell"))
    draft = draft_of(atoms, geographies=("district",))
    honest = {"c1": (0, 9), "c2": (10, None), "c3": (10, None), "c4": (0, 9)}
    planted = honest | {"c1": (8, 9)}

    def with_classes(classes):
        return Publication(
            draft.id, draft.start, draft.until, {}, draft.counts, {"cell": classes}, {}
        )

    assert find_exposed(atoms, [with_classes(honest)], {}) == ()
    found = find_exposed(atoms, [with_classes(planted)], {})
    assert {e.places for e in found if e.kind == "period"} == {(("cell", "c1"),)}


def test_a_cell_is_hidden_where_the_map_and_the_citys_total_give_one_away():
    rows = {("D", "", "c1"): bursts(36, (2, 1)), ("D", "", "c2"): bursts(36, (2, 5), (30, 5))}
    atoms = city(rows, ("district", "area", "cell"))
    draft = draft_of(atoms, geographies=())
    classes = {"cell": {"c1": (0, 9), "c2": (10, None)}}
    shown = replace(draft, classes=classes)
    found = [e for e in find_exposed(atoms, [shown], {}) if e.kind == "period"]
    assert [(e.places, e.low, e.high) for e in found] == [((("cell", "c1"),), 0, 1)]
    hidden = settle(atoms, shown, [], {})
    assert hidden.classes == {"cell": dict.fromkeys(("c1", "c2"), HIDDEN)}


def test_no_more_of_the_map_is_hidden_than_helps():
    """The city's 51 less 10 and 40 leave 0 or 1 for c1: without c2's class there are eleven more."""
    rows = {
        ("D", "", "c1"): bursts(36, (2, 1)),
        ("D", "", "c2"): bursts(36, (2, 5), (30, 5)),
        ("E", "", "c3"): bursts(36, (2, 20), (30, 20)),
    }
    atoms = city(rows, ("district", "area", "cell"))
    classes = {"cell": {"c1": LOWEST, "c2": (10, 39), "c3": (40, None)}}
    shown = replace(draft_of(atoms, geographies=()), classes=classes)
    found = [e for e in find_exposed(atoms, [shown], {}) if e.kind == "period"]
    assert [(e.places, e.low, e.high) for e in found] == [((("cell", "c1"),), 0, 1)]
    settled = settle(atoms, shown, [], {})
    assert settled.classes == {"cell": {"c1": HIDDEN, "c2": HIDDEN, "c3": (40, None)}}
    assert not [e for e in find_exposed(atoms, [settled], {}) if e.kind == "period"]
    both = (replace(each, counts={"area": {}, "neighborhood": {}}) for each in (shown, settled))
    assert count_held_back(*both)["cell"] == HeldBack(1, 1, 1)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_the_fewest_that_help_are_those_that_are_needed(given):
    n, needed = given
    asked = []

    def helps(some):
        asked.append(some)
        return needed <= some

    found = fewest_figures(range(n), helps)
    assert found == (needed or {0})
    assert len(asked) <= 8 * (len(needed) + 1)


def test_an_area_that_grew_by_a_little_does_not_give_away_what_it_grew_by():
    small, large = ("89a",), ("89a", "89b")
    rows = {("D", "", "89a"): steady(30), ("D", "", "89b"): steady(3), ("E", "", "89c"): steady(40)}
    atoms = city(rows | {("D", "", "89d"): steady(20)}, ("district", "area", "fine"))
    draft = draft_of(atoms, geographies=("district",))

    def with_area(cells, count):
        places = {"area": {"A": cells}}
        counts = {**draft.counts, "area": {"A": count}}
        return Publication(draft.id, draft.start, draft.until, places, counts, {}, {})

    before, after = with_area(small, 30), with_area(large, 33)
    assert find_exposed(atoms, [before], {}) == ()
    assert find_exposed(atoms, [after], {}) == ()
    assert 3 in {e.low for e in find_exposed(atoms, [before, after], {})}
    settled = settle(atoms, after, [before], {})
    assert settled.counts["area"]["A"] is None
    assert (
        settle(atoms, after, [], {}).counts["area"]["A"] == 33
    )  # a ledger that forgets would tell it
    assert find_exposed(atoms, [before, settled], {}) == ()


def test_the_same_quarter_again_stands_as_it_was_told_whatever_was_corrected_since():
    atoms = city({("D", ""): steady(25), ("E", ""): steady(40), ("F", ""): steady(30)})
    first = settle(atoms, draft_of(atoms), [], {})
    corrected = city({("D", ""): steady(26), ("E", ""): steady(40), ("F", ""): steady(30)})
    assert settle(corrected, draft_of(corrected), [first], {}) == first


def test_a_figure_that_was_revised_since_is_compared_all_the_same():
    atoms = city({(name, ""): [2] * 39 for name in "DEFG"})
    first = draft_of(atoms, 0)
    more = city({("D", ""): [3, *[2] * 38]} | {(name, ""): [2] * 39 for name in "EFG"})
    settled = settle(more, draft_of(more, 3), [first], {str(FIRST): 8})
    assert settled.counts["district"]["D"] == 72
    assert find_exposed(more, [first, settled], {}) == ()


# ---- Refused --------------------------------------------------------------------------------


def test_a_place_that_the_data_do_not_know_is_refused():
    atoms = city({("D", ""): steady(25)})
    draft = draft_of(atoms)
    lost = Publication(draft.id, draft.start, draft.until, {}, {"ward": {"1": 25}}, {}, {})
    with pytest.raises(PrivacyError, match="ward"):
        find_exposed(atoms, [lost], {})
    lost = Publication(
        draft.id,
        draft.start,
        draft.until,
        {"area": {"A": ("88a", "88b")}},
        {"area": {"A": 25}},
        {},
        {},
    )
    with pytest.raises(PrivacyError, match="area"):
        find_exposed(atoms, [lost], {})


def test_a_period_outside_the_data_is_refused():
    atoms = city({("D", ""): steady(25)})
    late = Publication(
        "2018-Q1", Month(2015, 4), Month(2018, 4), {}, {"district": {"D": 25}}, {}, {}
    )
    with pytest.raises(PrivacyError, match="2018-Q1"):
        find_exposed(atoms, [late], {})


def test_nothing_published_gives_nothing_away():
    assert find_exposed(city({("D", ""): steady(25)}), [], {}) == ()


# ---- True in general: beside every table of whole numbers -----------------------------------

SPANS = [((0, 1), (0, 2)), ((0, 2),), ((0, 1), (1, 2))]
"""Quarters of the periods published: nested, one, one after the other."""
TINY = st.lists(st.integers(0, 3), min_size=6, max_size=6)


def tables_like(counts, rows):
    """List all tables (3 districts, 2 quarters) with the city's totals that agree with the rows."""
    by_quarter = counts.sum(axis=0)
    columns = [
        [c for c in product(range(int(total) + 1), repeat=len(counts)) if sum(c) == total]
        for total in by_quarter
    ]
    for one, two in product(*columns):
        table = np.array([one, two]).T
        if all(table[i, a:b].sum() == n for i, a, b, n in rows):
            yield table


@given(TINY, st.lists(st.booleans(), min_size=6, max_size=6), st.sampled_from(SPANS), st.booleans())
def test_what_is_exposed_is_what_all_tables_agree_on(numbers, is_told, spans, is_large):
    counts = np.array(numbers).reshape(3, 2)
    monthly = np.zeros((3, 6), dtype=int)
    monthly[:, [0, 3]] = counts
    atoms = city({(name, ""): row.tolist() for name, row in zip("DEF", monthly, strict=True)})
    rows, published = [], []
    for number, (a, b) in enumerate(spans):
        shown = {}
        for i, name in enumerate("DEF"):
            true = int(counts[i, a:b].sum())
            shown[name] = true if is_told[3 * number + i] else None
            if shown[name] is not None:
                rows.append((i, a, b, true))
        published.append(
            Publication(
                f"p{number}", FIRST.plus(3 * a), FIRST.plus(3 * b), {}, {"district": shown}, {}, {}
            )
        )
    with pytest.MonkeyPatch.context() as patch:  # the ways of large cities, and of small ones
        patch.setattr(exposure, "SMALL", 0 if is_large else exposure.SMALL)
        exposed = find_exposed(atoms, published, {})
    found = {(e.when, e.places[0][1]) for e in exposed if e.kind != "piece"}
    tables = list(tables_like(counts, rows))
    names = {(0, 1): "2015-Q1", (1, 2): "2015-Q2"} | {span: f"p{n}" for n, span in enumerate(spans)}
    expected = set()
    for (a, b), when in names.items():
        for i, name in enumerate("DEF"):
            values = {int(t[i, a:b].sum()) for t in tables}
            if max(values) - min(values) < 2:
                expected.add((when, name))
    assert found == expected


@examples(0.1)
@given(st.lists(st.integers(0, 14), min_size=5, max_size=5), st.integers(0, 2))
def test_what_is_settled_gives_nothing_away_that_could_be_kept(numbers, areas):
    rows = {("ABCDE"[i], "x" if i < areas else ""): steady(n) for i, n in enumerate(numbers)}
    rows[("A", "")] = steady(11)
    rows[("F", "")] = steady(60)
    atoms = city(rows)
    draft = draft_of(atoms)
    settled = settle(atoms, draft, [], {})
    nothing = told(draft, {(g, p) for g, inner in draft.counts.items() for p in inner})
    anyway = kinds(find_exposed(atoms, [nothing], {}))
    assert kinds(find_exposed(atoms, [settled], {})) <= anyway
    assert settle(atoms, draft, [], {}) == settled
    assert all(n is None or n >= 10 for inner in settled.counts.values() for n in inner.values())


def test_a_sum_over_other_months_gives_away_what_it_leaves_of_the_period():
    """Three areas had 33 each in 36 months, and 92 together since month 27: 7 before."""
    before, since = [1, 1, *[0] * 25], [4, 3, 3, 3, 3, 3, 4, 4, 4]
    rows = {("D", name): [*before, *since] for name in "ABC"}
    rows["D", "A"] = [1, 1, 1, *[0] * 24, *since]
    rows["E", ""] = steady(60)
    atoms = city(rows)
    draft = draft_of(atoms)
    total = 3 * sum(since)
    together = Sum("area", ("A", "B", "C"), FIRST.plus(27), FIRST.plus(36), total)
    told_both = replace(draft, sums=(together,))
    derived = sum(draft.counts["area"].values()) - total
    assert derived == 7
    found = find_exposed(atoms, [told_both], {})
    assert (7, 7) in {(one.low, one.high) for one in found}
    assert f"{FIRST}/{FIRST.plus(27)}" in {one.when for one in found}
    settled = settle(atoms, told_both, [], {})
    assert settled.sums[0].count is None or None in settled.counts["area"].values()
    assert find_exposed(atoms, [settled], {}) == ()


def test_the_same_quarter_with_other_areas_keeps_what_was_told_of_all_else():
    rows = {("D", "A"): steady(25), ("E", ""): steady(40), ("F", "B"): steady(30)}
    first = settle(city(rows), draft_of(city(rows)), [], {})
    late = city({**rows, ("D", "A"): steady(26)})
    drawn = draft_of(late)
    counts = {**drawn.counts, "area": {"B": 30, "C": 26}}
    other = replace(drawn, counts=counts, places={"area": {"B": ("B",), "C": ("A",)}})
    again = settle(late, other, [first], {})
    assert again.counts["district"] == first.counts["district"]
    assert again.counts["area"]["B"] == first.counts["area"]["B"]
    assert again.totals == first.totals
