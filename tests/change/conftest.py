"""Testville, a city to follow areas in, as most tests here use it."""

import pytest
from tests.change.followed import followed_city

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.change.controls import match_controls
from csa.city.dataset import City


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    """Its dataset and its city's file."""
    return followed_city(tmp_path_factory.mktemp("testville"))


@pytest.fixture(scope="module")
def located(testville):
    """Its incidents on cells."""
    return locate_incidents(City(*testville[::-1]), AreaSettings())


@pytest.fixture(scope="module")
def controls(located, displaced):
    """What a module's own `displaced` is compared with."""
    return match_controls(located, displaced)
