"""Testville, as most tests here use it."""

import pytest
from tests.towns import history, town_of

from csa.areas.backtest.origins import BacktestSpec, run_backtest
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.city.dataset import City


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    """Its dataset and its city's file."""
    return town_of(tmp_path_factory.mktemp("testville"), history())


@pytest.fixture(scope="module")
def located(testville):
    """Its incidents on cells."""
    return locate_incidents(City(*testville[::-1]), AreaSettings())


@pytest.fixture(scope="module")
def backtest(testville):
    """Tests past days of some incidents by the usual choices and the city's values."""
    areas = testville[1].areas.documented
    return lambda here, *how: run_backtest(here, AreaSettings(), areas, BacktestSpec(*how))
