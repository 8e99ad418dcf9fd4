"""How do we know? What stands there beside each number, and when it is said."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, poisson
from tests.sentences import says

from csa.base.params import Month
from csa.base.text import percent, tr
from csa.change.expectation import Baseline, Expectation
from csa.change.past import PastChange, PastCohort, PastYear
from csa.change.verdict import AreaResult, CumulativeCounts
from csa_app.screens.displacement import evidence as change_known
from csa_app.shared import panels


@pytest.fixture
def said(monkeypatch):
    """What is written, and which code is shown."""
    texts, codes, tables = [], [], []
    page = SimpleNamespace(markdown=texts.append, text=codes.append)
    monkeypatch.setattr(change_known, "st", page)
    monkeypatch.setattr(panels, "table", lambda table, _: tables.append(pd.DataFrame(table)))
    return SimpleNamespace(
        text=lambda: " ".join(texts).replace("\\", ""), codes=codes, tables=tables
    )


def power_of(mean):
    """An area of which so many were expected by now, and nothing is known but chance."""
    law = Expectation(np.array([1.0, mean]), np.zeros(2))
    return AreaResult(
        CumulativeCounts(np.array([1, 9]), law, np.full(2, 2.9), np.ones(2, bool)), None, 2.9, ()
    )


def followed(past=(), **areas):
    """Areas by their letters, each with its verdicts, and past starts that were known."""
    usual = PastChange(np.array([0.9, 0.88]), np.array([0.02, 0.04]), len(past), 1.75)
    return SimpleNamespace(
        months=["2020-01", "2020-02"],
        area_ids=tuple(areas),
        by_letter=sorted(areas),
        results=lambda area_id: areas.get(area_id, power_of(200.0)),
        place_name=lambda area_id: f"Row {area_id}" if area_id else "all",
        displaced=SimpleNamespace(
            past=past,
            usual_core=usual,
            dispersion=SimpleNamespace(value=1.0),
            chosen=None,
        ),
    )


def past_start(origin, n_known):
    """A past start after which 9 came a month, of 10 expected, and of 12 in each month before."""
    monthly, rest = np.full(n_known, 9), np.full(n_known, 100)
    core = PastYear(origin, Baseline(360.0, 1.0), 3600, monthly, rest)
    return PastCohort(core, core, 5, 12 * 24, 2400)


# ---- By hand --------------------------------------------------------------------------------


def shown_of(mean, fall):
    """Return how often such a fall is shown at 2.9 deviations, by Poisson's own law."""
    low = poisson.ppf(norm.sf(2.9), mean)
    return percent(poisson.cdf(low - 1, (1 - fall) * mean))


def test_how_often_falls_would_be_shown_is_told_of_all_and_of_each_area(said):
    change_known._power(followed(B=power_of(40.0), A=power_of(90.0)))
    (table,) = said.tables
    falls = ["10% fewer", "20% fewer", "30% fewer", "40% fewer", "60% fewer"]
    assert table.columns.tolist() == [tr("term.area"), *falls]
    assert table.iloc[:, 0].tolist() == ["all", "Row A", "Row B"]
    for row, mean in zip(table.iloc[:, 1:].to_numpy().tolist(), (200, 90, 40), strict=True):
        assert row == [shown_of(mean, fall) for fall in (0.1, 0.2, 0.3, 0.4, 0.6)]
    assert "drops of 7% to 23%." in said.text()


def test_of_one_area_alone_there_is_one_row(said):
    change_known._power(followed(A=power_of(90.0)))
    assert said.tables[0].iloc[:, 0].tolist() == ["all"]


def test_past_starts_are_told_with_their_spans_and_one_of_each_year_is_listed(said):
    """Starts each second month of a year and a half: of ten the first and the seventh."""
    origins = [str(Month(2017, 1).plus(2 * step)) for step in range(10)]
    past = tuple(past_start(origin, 24 if origin == "2017-01" else 1) for origin in origins)
    change_known._past(None, None, followed(past))
    assert (
        says("change_page.how_past", n=10, ratio=0.88, error="4%", spans=1.75, months=2)
        in said.text()
    )
    (table,) = said.tables
    year, areas, months, change, ratio = (table.iloc[:, at].tolist() for at in range(5))
    assert year == ["January 2017", "January 2018"]
    assert (areas, months, ratio) == ([5, 5], [2, 1], ["0.90", "0.90"])
    assert change == [tr("change_page.less", share="25%")] * 2  # 9 a month after 12


def test_without_a_past_start_the_command_that_measures_them_is_shown_as_code(said, monkeypatch):
    monkeypatch.setattr(change_known, "analysis", lambda *_: SimpleNamespace(past=lambda _: None))
    monkeypatch.setattr(change_known, "command", lambda *_: "csa backtest --city sample")
    change_known._past(None, None, followed())
    assert said.codes == ["csa backtest --city sample"]
    assert says("change_page.how_no_past") in said.text()
    assert "csa backtest" not in said.text()


# ---- At the edge ----------------------------------------------------------------------------


def test_where_past_starts_are_kept_and_none_was_known_no_command_is_shown(said, monkeypatch):
    monkeypatch.setattr(change_known, "analysis", lambda *_: SimpleNamespace(past=lambda _: ()))
    change_known._past(None, None, followed())
    assert said.codes == []
    assert "To measure it on past years" not in said.text()
