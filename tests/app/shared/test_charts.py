"""Charts as HTML: bars that add up, an unfinished month hatched, each box with its number."""

import html
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from csa.areas.sheets import PARTS
from csa_app.shared import charts


@pytest.fixture
def draw(monkeypatch):
    """Draw a chart and give its HTML."""
    shown = []
    monkeypatch.setattr(charts.st, "html", shown.append)

    def run(chart, counts, *, is_synthetic=False):
        city = SimpleNamespace(is_synthetic=is_synthetic)
        chart(SimpleNamespace(config=SimpleNamespace(city=city)), counts, "Bars <here>")
        return shown[-1]

    return run


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


BAR = re.compile(r'<i( class="csa-part")? style="--n:([\d.]+)%;--h:([\d.]+)%" title="(.*?)">')


# ---- By hand --------------------------------------------------------------------------------


def test_homicides_stand_at_the_foot_of_each_month_and_what_is_under_the_hand_adds_up(draw):
    bars = BAR.findall(draw(charts.by_month, table([5, 0, 12], [2, 0, 3])))
    assert [(n, h) for _, n, h, _ in bars] == [("41.7", "16.7"), ("0.0", "0.0"), ("100.0", "25.0")]
    assert [said for *_, said in bars] == [
        "November 2019 · Homicides: 2 · Nonfatal: 3",
        "December 2019 · Homicides: 0 · Nonfatal: 0",
        "January 2020 · Homicides: 3 · Nonfatal: 9",
    ]


def test_the_month_in_which_the_data_end_is_hatched_and_says_so(draw):
    first, last = BAR.findall(draw(charts.by_month, table([5, 6], [0, 1], is_last_partial=True)))
    assert [bool(first[0]), bool(last[0])] == [False, True]
    assert last[3].endswith(" (month not complete, provisional)")


def test_months_that_the_data_do_not_reach_are_not_drawn_as_zero(draw):
    assert len(BAR.findall(draw(charts.by_month, table([5, 6, 0, 0], [0] * 4, n_covered=2)))) == 2


def test_each_box_of_day_and_part_has_its_number(draw):
    counts = pd.DataFrame([[day * 3 + part for part in range(3)] for day in range(7)])
    counts.columns = list(PARTS)
    made = draw(charts.by_part, counts)
    boxes = re.findall(r'<td style="--n:(\d+)%">(\d+)</td>', made)
    assert [int(n) for _, n in boxes] == list(range(21))
    assert (boxes[0][0], boxes[20][0]) == ("0", "100")
    assert re.findall(r"<tr><th>(\w+)</th>", made)[::6] == ["Monday", "Sunday"]


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_a_chart_of_a_made_up_city_says_so_and_each_has_its_words(draw, is_synthetic):
    parts = pd.DataFrame([[0] * 3] * 7, columns=list(PARTS))
    for chart, counts in ((charts.by_month, table([5], [1])), (charts.by_part, parts)):
        made = draw(chart, counts, is_synthetic=is_synthetic)
        assert ("SAMPLE: synthetic city" in made) is is_synthetic
        assert 'role="img" aria-label="Bars &lt;here&gt;"' in made


# ---- At the edge ----------------------------------------------------------------------------


def test_no_month_at_all_and_no_incident_at_all_are_charts_all_the_same(draw):
    assert not BAR.findall(draw(charts.by_month, table([0], [0], n_covered=0)))
    made = draw(charts.by_month, table([0, 0], [0, 0]))
    assert len(BAR.findall(made)) == 2
    assert "0 to 4" in made


# ---- True in general ------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=72))
def test_whatever_the_counts_no_bar_is_over_the_top_and_few_months_are_named(draw, pairs):
    made = draw(charts.by_month, table([a + b for a, b in pairs], [a for a, _ in pairs]))
    bars = BAR.findall(made)
    assert all(float(h) <= float(n) <= 100 for _, n, h, _ in bars)
    said = [html.unescape(words).replace(",", "") for *_, words in bars]
    totals = [sum(map(int, re.findall(r"[HN]\w+: (\d+)", words))) for words in said]
    assert totals == [a + b for a, b in pairs]
    assert len(re.findall(r"<span>[^<]+<br>", made)) <= 6
