"""What ordering areas by relative risk would have gained: on the same land, blind to what came."""

from dataclasses import replace

import numpy as np
import pytest
from tests.towns import history, town_of

from csa.areas.backtest import by_risk
from csa.areas.backtest.by_risk import RiskOrderGain, describe_risk_order, measure_risk_order
from csa.areas.backtest.origins import BacktestSpec
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.areas.risk_score import FittedRisk
from csa.base.errors import TableError
from csa.base.params import Month, Period
from csa.city.dataset import City

YEARS = (Month(2017, 1), Month(2018, 1), Month(2019, 1))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A town that serves one area first, of a busy place and one that is less so."""
    dataset, config = town_of(
        tmp_path_factory.mktemp("by_risk"), history(n_knot=300, n_other=250, n_strays=100)
    )
    one = config.model_copy(
        update={"priorities": config.priorities.model_copy(update={"capacity": 1})}
    )
    return City(one, dataset)


@pytest.fixture(scope="module")
def located(place):
    return locate_incidents(place, AreaSettings())


@pytest.fixture(scope="module")
def areas(place, located):
    """The areas of 2017, the busier first."""
    period = Period.before(YEARS[0], 36)
    documented = place.config.areas.documented
    found = find_areas(
        located, period, resolve_params(located, period, AreaSettings(), documented)
    ).areas
    n = [int(np.isin(located.cells, np.fromiter(area, np.uint64)).sum()) for area in found]
    return [found[at] for at in np.argsort(n)[::-1]]


@pytest.fixture
def measure(place, located, monkeypatch):
    def call(scores, until=YEARS[0], origins=YEARS):
        cells = np.array(sorted(scores), dtype=np.uint64)
        worth = np.array([scores[cell] for cell in cells.tolist()])
        values = np.unique(worth)
        fitted = FittedRisk(
            cells, worth[:, None] == values, np.log(values), np.zeros(len(values)), until
        )
        monkeypatch.setattr(by_risk, "load_fitted", lambda _: fitted if scores else None)
        question = BacktestSpec(origins)
        return measure_risk_order(
            place, located, AreaSettings(), place.config.areas.documented, question
        )

    return call


def marked(areas, *scores):
    return {cell: score for area, score in zip(areas, scores, strict=False) for cell in area}


# ---- By hand --------------------------------------------------------------------------------


def test_the_same_order_gains_nothing_and_that_is_said(measure, areas):
    gain = measure(marked(areas, 3.0, 2.0))
    assert gain.origins == ("2017-01", "2018-01", "2019-01")
    assert (gain.comparison.difference, gain.comparison.verdict) == (0.0, "as good")
    assert "% for the same land ordered by expected incidents (90% range of the difference:" in str(
        describe_risk_order(gain)
    )


def test_a_worse_order_catches_fewer_on_the_same_land(measure, areas):
    gain = measure(marked(areas, 1.0, 2.0))
    assert 0 < gain.comparison.hit_share < gain.comparison.baseline_hit_share
    assert gain.comparison.difference < 0
    worse = replace(gain, comparison=replace(gain.comparison, low=-0.2, high=-0.1))
    assert "caught fewer" in str(describe_risk_order(worse))
    better = replace(gain, comparison=replace(gain.comparison, low=0.1, high=0.2))
    assert "caught more" in str(describe_risk_order(better))


# ---- At the edge ----------------------------------------------------------------------------


def test_only_years_after_those_that_taught_are_asked(measure, areas):
    scores = marked(areas, 1.0, 2.0)
    assert measure(scores, until=Month(2018, 1)).origins == ("2018-01", "2019-01")
    assert measure(scores, until=Month(2018, 2)).origins == ("2019-01",)
    assert measure(scores, until=Month(2020, 1)) is None
    assert measure(scores, until=None) is None
    assert measure({}) is None
    assert measure(scores, origins=()) is None


def test_what_is_stored_is_read_again_and_what_is_damaged_refused(measure, areas):
    gain = measure(marked(areas, 1.0, 2.0))
    assert RiskOrderGain.of(gain.to_dict()) == gain
    for damaged in ({}, {**gain.to_dict(), "more": 1}, {**gain.to_dict(), "comparison": {}}):
        with pytest.raises(TableError):
            RiskOrderGain.of(damaged)
