"""Charts: bars that add up, an unfinished month hatched, each box with its number."""

from inspect import unwrap

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.areas.sheets import PARTS
from csa_app.shared import charts, theme


@pytest.fixture(autouse=True)
def light(monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)


def table(incidents, homicides, n_covered=None, is_last_partial=False):
    n = len(incidents)
    n_covered = n if n_covered is None else n_covered
    return pd.DataFrame(
        {
            "month": [str(month) for month in pd.period_range("2019-11", periods=n, freq="M")],
            "incidents": incidents,
            "homicides": homicides,
            "is_partial": [is_last_partial and k == n_covered - 1 for k in range(n)],
            "is_covered": [k < n_covered for k in range(n)],
        }
    )


# ---- By hand --------------------------------------------------------------------------------


def test_homicides_and_the_rest_stand_on_one_another_and_add_up():
    figure = unwrap(charts.by_month)(table([5, 0, 12], [2, 0, 3]))
    foot, top = figure.data
    assert (foot.name, top.name) == ("Homicides", "Nonfatal")
    assert list(foot.x) == ["2019-11", "2019-12", "2020-01"]
    assert (list(foot.y), list(top.y)) == ([2, 0, 3], [3, 0, 9])
    assert figure.layout.barmode == "stack"
    assert foot.marker.color != top.marker.color
    assert figure.layout.yaxis.range[0] == 0
    assert figure.layout.yaxis.range[1] >= 12


def test_the_month_in_which_the_data_end_is_hatched_and_says_so():
    figure = unwrap(charts.by_month)(table([5, 6], [0, 1], is_last_partial=True))
    for bars in figure.data:
        assert list(bars.marker.pattern.shape) == ["", "/"]
        (name, note), (last, last_note) = bars.customdata
        assert (name, last) == ("November 2019", "December 2019")
        assert note == ""
        assert len(last_note) > 10


def test_months_that_the_data_do_not_reach_are_not_drawn_as_zero():
    figure = unwrap(charts.by_month)(table([5, 6, 0, 0], [0, 0, 0, 0], n_covered=2))
    assert [list(bars.x) for bars in figure.data] == [["2019-11", "2019-12"]] * 2


def test_each_box_of_day_and_part_has_its_number():
    counts = pd.DataFrame([[day * 3 + part for part in range(3)] for day in range(7)])
    counts.columns = list(PARTS)
    (boxes,) = unwrap(charts.by_part)(counts).data
    assert boxes.z.tolist() == counts.to_numpy().tolist()
    assert list(boxes.y) == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]  # fmt: skip
    assert len(set(boxes.x)) == 3
    assert boxes.texttemplate == "%{z}"


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_a_chart_of_a_made_up_city_says_so_on_the_picture(is_synthetic):
    parts = pd.DataFrame([[0] * 3] * 7, columns=list(PARTS))
    for figure in (
        unwrap(charts.by_month)(table([5], [1]), is_synthetic=is_synthetic),
        unwrap(charts.by_part)(parts, is_synthetic=is_synthetic),
    ):
        said = [note.text for note in figure.layout.annotations]
        assert said == ["SAMPLE: synthetic city"] * is_synthetic


# ---- At the edge ----------------------------------------------------------------------------


def test_no_month_at_all_and_no_incident_at_all_are_charts_all_the_same():
    assert [len(bars.x) for bars in unwrap(charts.by_month)(table([0], [0], n_covered=0)).data] == [
        0,
        0,
    ]
    figure = unwrap(charts.by_month)(table([0, 0], [0, 0]))
    assert figure.layout.yaxis.range[1] == 4


def test_in_the_dark_the_colors_are_others(monkeypatch):
    light = unwrap(charts.by_month)(table([5], [1]))
    monkeypatch.setattr(theme, "is_dark", lambda: True)
    dark = unwrap(charts.by_month)(table([5], [1]))
    for one, other in zip(light.data, dark.data, strict=True):
        assert one.marker.color in theme.LIGHT.sequential
        assert other.marker.color in theme.DARK.sequential


# ---- True in general ------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=72))
def test_whatever_the_counts_the_bars_add_up_and_few_months_are_named(pairs):
    counts = table([a + b for a, b in pairs], [a for a, _ in pairs])
    figure = unwrap(charts.by_month)(counts)
    foot, top = figure.data
    assert [a + b for a, b in zip(foot.y, top.y, strict=True)] == counts["incidents"].tolist()
    assert len(figure.layout.xaxis.tickvals or ()) <= 6
    highest = max(counts["incidents"], default=0)
    assert figure.layout.yaxis.range[1] >= highest
    assert highest / figure.layout.yaxis.dtick <= 18
