"""Where an area's label may stand: just outside its shape, nearest first."""

import numpy as np
import pytest
import shapely

from csa.reports.maps.labels import REACHES, WAYS, AreaLabel, _around

SHAPE = shapely.box(100, 200, 180, 240)


@pytest.mark.parametrize("label", [AreaLabel("A", ("Ash",), 12), AreaLabel("", ("Old", "Mill"), 9)])
def test_each_place_clears_the_shape_by_its_reach(label):
    boxes = list(_around(label, SHAPE))
    assert len(boxes) == len(REACHES) * len(WAYS)
    left, top, right, bottom = shapely.bounds(np.array(boxes)).T
    apart_x = np.maximum(100 - right, left - 180)
    apart_y = np.maximum(200 - bottom, top - 240)
    reach = np.repeat(REACHES, len(WAYS)) * label.size
    assert np.maximum(apart_x, apart_y) == pytest.approx(reach)
    assert right - left == pytest.approx(label.badge_px + label.name_px)
    assert bottom - top == pytest.approx(label.height_px)
