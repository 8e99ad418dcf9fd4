"""The map of a risk terrain: each block in the class of its score, and none without a factor."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from csa.base.params import Month, Period
from csa.extras.risk.sheet import risk_sheet
from csa.geo.cells import bin_points, disk

HERE = np.array(sorted(disk(int(bin_points([-94.55], [39.02], 10)[0]), 1)), dtype=np.uint64)
THREE_YEARS = Period(Month(2015, 1), Month(2018, 1))


@pytest.fixture
def sheet():
    def make(score, learned=THREE_YEARS):
        city = SimpleNamespace(is_synthetic=True, units="us", metric_crs="EPSG:32615")
        places = gpd.GeoDataFrame(
            {"name": ["Town"]}, geometry=[shapely.box(-94.6, 39, -94.5, 39.05)], crs="EPSG:4326"
        )
        return risk_sheet(
            SimpleNamespace(
                city=SimpleNamespace(
                    config=SimpleNamespace(city=city, public=SimpleNamespace(source="the police")),
                    dataset=SimpleNamespace(
                        study_area=places.geometry.iloc[0], neighborhoods=places
                    ),
                ),
                model=SimpleNamespace(score=np.array(score), cells=HERE),
                learned=learned,
            )
        )

    return make


def test_blocks_are_in_the_class_of_their_score(sheet):
    drawn = sheet([1.0, 1.2, 1.5, 1.6, 2.5, 3.0, np.nan])
    areas = {level: shapely.area(shape) for shape, level in drawn.shaded}
    one = shapely.area(drawn.shaded[0][0])
    assert {level: round(area / one) for level, area in areas.items()} == {0: 1, 1: 2, 2: 1, 3: 1}
    found = drawn.class_words
    assert found == ("under 1.5 times as high", "1.5 to 2 times", "2 to 3 times", "3 to 5 times")
    assert drawn.date_line == "January 2015 to December 2017"
    assert drawn.is_synthetic


def test_without_factors_nothing_is_colored_and_no_class_is_listed(sheet):
    drawn = sheet([1.0] * 7, learned=None)
    assert (drawn.shaded, drawn.class_words, drawn.date_line) == ((), (), "")
