"""Pictures of change: what is drawn is what was counted, less what was expected."""

import re
from inspect import unwrap

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, poisson

from csa.base.params import Month
from csa.change.expectation import Expectation
from csa.change.lineage_windows import TRACE_COLUMNS
from csa.change.quarters import QUARTER_COLUMNS
from csa.change.verdict import AreaResult, CumulativeCounts
from csa.city.preregistration import Verdict
from csa_app.screens.displacement import charts_change, quarterly
from csa_app.shared import theme

MONTHS = ["2020-01", "2020-02", "2020-03", "2020-04"]


@pytest.fixture(autouse=True)
def light(monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)


def track(counted, mean, told):
    expectation = Expectation(np.array(mean, dtype=float), np.zeros(len(mean)), 1.0)
    line = np.full(len(mean), 2.9)
    return CumulativeCounts(np.array(counted), expectation, line, np.array(told, dtype=bool))


@pytest.fixture
def core():
    return track([5, 9, 30, 45], [6, 12, 20, 25], [0, 1, 1, 1])


@pytest.fixture
def judged(core):
    ring = track([1, 2, 3, 4], [2, 4, 6, 8], [0, 0, 0, 0])
    return AreaResult(core, ring, 2.9, (Verdict.NO_CHANGE,) * 4)


def lines(figure, axis, dash):
    return [t for t in figure.data if t.yaxis == axis and t.line.dash == dash]


def quarters(**changed):
    rows = {name: [0, 0, 0] for name in QUARTER_COLUMNS}
    rows |= {
        "area_id": ["A"] * 3,
        "zone": ["core"] * 3,
        "quarter": ["2019-10", "2020-01", "2020-04"],
        "months": [3, 3, 2],
        "incidents": [4, 9, 2],
        "low": [1, 2, 0],
        "high": [8, 11, 7],
        "is_after": [False, True, True],
    }
    return pd.DataFrame(rows | changed)


def traced(*rows):
    """Rows of (month, letter or id, event, cells)."""
    table = pd.DataFrame({name: [None] * len(rows) for name in TRACE_COLUMNS})
    for place, name in enumerate(("month", "area_id", "event", "n_cells")):
        table[name] = [row[place] for row in rows]
    table["place_name"] = "A street with quite a long name, north"
    return table


def letter_of(row):
    """The letter at the end of a row's name."""
    return re.search(r"\(([A-Z]+)\)$", row)[1]


# ---- By hand --------------------------------------------------------------------------------


def test_a_line_is_counted_less_expected_and_its_band_the_boundary_less_expected(judged):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, 3)
    low, high = [t for t in figure.data if t.yaxis == "y"][:2]
    tail = norm.sf(2.9)  # of Poisson's law about 6, 12, 20 and 25
    assert list(low.y) == [poisson.ppf(tail, mean) - mean for mean in (6, 12, 20, 25)]
    assert list(high.y) == [poisson.isf(tail, mean) - mean for mean in (6, 12, 20, 25)]
    assert high.fill == "tonexty"
    (solid,) = lines(figure, "y", "solid")
    assert (list(solid.x), list(solid.y)) == (MONTHS[1:], [-3, 10, 20])


def test_months_with_too_little_to_say_are_dotted(judged):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, 3)
    (dotted,) = lines(figure, "y", "dot")
    assert list(dotted.y) == [-1, -3]
    (around,) = lines(figure, "y2", "dot")
    assert list(around.y) == [-1, -2, -3, -4]
    (none,) = lines(figure, "y2", "solid")
    assert list(none.y) == []


@pytest.mark.parametrize(("at", "number"), [(0, "<b>-1</b>"), (3, "<b>+20</b>")])
def test_the_month_on_screen_is_marked_with_its_number(judged, at, number):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, at)
    marked = [t for t in figure.data if t.mode == "markers+text" and t.yaxis == "y"]
    assert [(list(t.x), list(t.text)) for t in marked] == [([MONTHS[at]], [number])]
    rules = [shape for shape in figure.layout.shapes if shape.x0 == at == shape.x1]
    assert len(rules) == 2  # one a panel


@pytest.mark.parametrize(("at", "side"), [(0, "right"), (1, "right"), (2, "left"), (3, "left")])
def test_the_number_stands_beside_the_dotted_line_and_inside_the_picture(judged, at, side):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, at)
    marked = [t for t in figure.data if t.mode == "markers+text"]
    assert [t.textposition.split()[1] for t in marked] == [side, side]


@pytest.mark.parametrize(
    ("number", "text"), [(0.4, "0"), (-0.4, "0"), (-9.3, "-9"), (1234.0, "+1,234")]
)
def test_a_difference_has_a_sign_and_nothing_has_none(number, text):
    assert charts_change.signed(number) == text


def test_sums_after_the_month_on_screen_are_faint(judged):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, 1)
    faint = [t for t in figure.data if t.opacity == charts_change.LATER_OPACITY]
    assert [list(t.x) for t in faint] == [MONTHS[1:]] * 2
    assert list(faint[0].y) == [-3, 10, 20]
    drawn = [t for t in figure.data if t.line.dash and t not in faint]
    assert {name for t in drawn for name in t.x} == set(MONTHS[:2])
    last = unwrap(charts_change.since_start)(judged, MONTHS, 3)
    assert not [t for t in last.data if t.opacity == charts_change.LATER_OPACITY]


def test_both_panels_have_one_scale_that_holds_all(judged):
    figure = unwrap(charts_change.since_start)(judged, MONTHS, 3)
    first, second = figure.layout.yaxis.range, figure.layout.yaxis2.range
    assert first == second
    assert first[0] == -first[1]
    assert first[1] > 20  # the farthest sum


def test_quarters_are_bars_over_their_range_those_since_the_start_in_color():
    figure = unwrap(charts_change.by_quarter)(quarters(), 12)
    band, bars = figure.data
    assert list(bars.y) == [4, 9, 2]
    assert list(band.base) == [1, 2, 0]
    assert [b + h for b, h in zip(band.base, band.y, strict=True)] == [8, 11, 7]
    assert bars.marker.color[0] != bars.marker.color[1] == bars.marker.color[2]
    assert figure.layout.yaxis.range[1] >= 12


def test_an_unfinished_quarter_is_hatched_and_said_to_be_provisional():
    bars = unwrap(charts_change.by_quarter)(quarters(), 12).data[1]
    assert list(bars.marker.pattern.shape) == ["", "", "/"]
    assert [("provisional" in text) for text in bars.text] == [False, False, True]
    assert bars.text[2].startswith("Apr 2020 to May 2020: 2;")


def test_an_area_is_a_bar_for_each_run_of_months_and_a_mark_for_each_event():
    rows = [
        ("2020-01", "B", "first", 4),
        ("2020-02", "B", "persists", 4),
        ("2020-03", "B", "gone", 0),
        ("2020-04", "B", "redrawn", 5),
        ("2020-04", "A", "appeared", 3),
    ]
    figure = unwrap(quarterly.timeline)(traced(*rows))
    bars = [t for t in figure.data if t.type == "bar"]
    assert sorted((letter_of(b.y[0]), b.base[0], b.x[0]) for b in bars) == [
        ("A", 2.5, 1),
        ("B", -0.5, 2),
        ("B", 2.5, 1),
    ]
    marks = {t.name: (list(t.x), [*map(letter_of, t.y)]) for t in figure.data if t.name}
    assert marks == {"appeared": ([3], ["A"]), "gone": ([2], ["B"]), "redrawn": ([3], ["B"])}
    assert [*map(letter_of, figure.layout.yaxis.categoryarray)] == ["B", "A"]  # A on top


def test_candidates_stand_below_letters_by_their_names_alone():
    named = {"c-1": "Yew", "AA": "Ash", "c-10": "Elm", "B": "Oak", "c-9": "Fir, north"}
    table = traced(*[("2020-01", name, "persists", 4) for name in named])
    table["place_name"] = list(named.values())
    rows = unwrap(quarterly.timeline)(table).layout.yaxis.categoryarray
    assert list(rows)[::-1] == ["Oak (B)", "Ash (AA)", "Elm", "Fir, north", "Yew"]


def test_a_window_is_named_by_its_last_month():
    figure = unwrap(quarterly.timeline)(traced(("2020-01", "A", "appeared", 3)))
    (mark,) = [t for t in figure.data if t.name]
    assert mark.text[0].endswith("appeared, December 2019")
    assert list(figure.layout.xaxis.ticktext) == ["Dec<br>2019"]


def test_the_start_is_a_line_between_the_months_that_chose_areas_and_those_after():
    rows = [(f"2020-0{n}", "A", "persists", 4) for n in range(1, 5)]
    figure = unwrap(quarterly.timeline)(traced(*rows), Month(2020, 3))
    (line,) = figure.layout.shapes
    # The window to March 1 is shown as February, the third month drawn is March itself.
    assert list(figure.layout.xaxis.ticktext)[2] == "Feb<br>2020"
    assert line.x0 == line.x1 == 2.5
    assert not unwrap(quarterly.timeline)(traced(*rows), Month(2019, 3)).layout.shapes
    assert not unwrap(quarterly.timeline)(traced(*rows)).layout.shapes


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (("A", "T", "B", "AF"), ["Logan (2) (A)", "Logan (T)", "Ridge (B)", "Logan (3) (AF)"]),
        (("c-9", "c-20", "c-3", "c-10"), ["Logan (2)", "Logan", "Ridge", "Logan (3)"]),
    ],
)
def test_names_alike_are_numbered_and_areas_of_the_start_keep_theirs(ids, told):
    table = traced(*[(month, name, "persists", 4) for month, name in zip(MONTHS, ids, strict=True)])
    table["place_name"] = ["Logan", "Logan", "Ridge", "Logan"]
    figure = unwrap(quarterly.timeline)(table, None, ids[1:3])
    rows = {bar.base[0] + 0.5: bar.y[0] for bar in figure.data if bar.type == "bar"}
    assert [rows[month] for month in range(4)] == told
    assert sorted(figure.layout.yaxis.categoryarray) == sorted(told)


def test_a_mark_of_the_last_month_is_drawn_whole():
    figure = unwrap(quarterly.timeline)(traced(("2020-01", "A", "appeared", 3)))
    (mark,) = [t for t in figure.data if t.name]
    assert mark.cliponaxis is False
    assert figure.layout.margin.r >= mark.marker.size


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("most", [4.4, 5.0, 10.0, 13.2, 29.9, 47.0, 99.0, 130.0, 700.0])
def test_an_axis_has_round_numbers_either_side_of_zero_and_few(most):
    steps = charts_change._steps(most)
    assert steps == [-one for one in reversed(steps)]
    assert 3 <= len(steps) <= 5
    assert max(steps) <= most < 3 * min(one for one in steps if one > 0)
    assert all(str(abs(one)).rstrip("0") in {"", "1", "2", "4", "5"} for one in steps)


def test_an_area_without_a_ring_has_one_panel(core):
    alone = AreaResult(core, None, 2.9, (Verdict.NO_CHANGE,) * 4)
    figure = unwrap(charts_change.since_start)(alone, MONTHS, 3)
    assert {t.yaxis for t in figure.data} == {"y"}


def test_a_single_month_is_a_mark_and_not_an_empty_picture():
    one = AreaResult(track([30], [20], [1]), None, 2.9, (Verdict.NO_CHANGE,))
    figure = unwrap(charts_change.since_start)(one, MONTHS[:1], 0)
    (solid,) = lines(figure, "y", "solid")
    assert solid.mode == "lines+markers"
    assert figure.layout.xaxis.range[1] > 0


@pytest.mark.parametrize(("area_id", "behind"), [("AB", " (AB)"), ("c-28", "")])
def test_long_names_are_broken_into_lines_and_none_of_them_is_cut(area_id, behind):
    table = traced(("2020-01", area_id, "first", 3))
    (lines,) = unwrap(quarterly.timeline)(table).layout.yaxis.categoryarray
    assert " ".join(lines.split("<br>")) == table["place_name"][0] + behind
    assert max(len(line) for line in lines.split("<br>")) <= quarterly.MAX_NAME
    assert "<br>" in lines


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_a_made_up_city_is_marked_on_each_picture(judged, is_synthetic):
    figures = (
        unwrap(charts_change.since_start)(judged, MONTHS, 3, is_synthetic=is_synthetic),
        unwrap(charts_change.by_quarter)(quarters(), 12, is_synthetic=is_synthetic),
        unwrap(quarterly.timeline)(traced(("2020-01", "A", "first", 3)), is_synthetic=is_synthetic),
    )
    for figure in figures:
        texts = [note.text for note in figure.layout.annotations]
        assert ("SAMPLE: synthetic city" in texts) == is_synthetic
