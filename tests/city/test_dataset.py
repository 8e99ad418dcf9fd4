"""What a dataset says of itself."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Polygon
from tests.sentences import refuses

from csa.base.errors import PeriodError
from csa.base.params import Month, Period
from csa.city.dataset import Dataset


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2019-03-07", "2019-05-31", Period(Month(2019, 3), Month(2019, 6))),
        ("2019-03-08", "2019-05-30", Period(Month(2019, 4), Month(2019, 5))),
    ],
)
def test_months_that_are_covered_from_end_to_end_are_whole(first, last, expected):
    dataset = between(first, last)
    assert dataset.complete_months == dataset.require_months() == expected


@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        ("2019-03-09", "2019-04-29", "backtest.no_month"),
        (None, None, "period.no_data"),
        ("2019-03-01", None, "period.no_data"),
    ],
)
def test_data_without_a_whole_month_are_refused(first, last, key):
    dataset = between(first, last)
    assert dataset.complete_months is None
    with refuses(key, PeriodError):
        dataset.require_months()


def between(first, last):
    report = {"data_from": first, "data_through": last}
    return Dataset(pd.DataFrame(), gpd.GeoDataFrame(), Polygon(), report)
