"""Testville, a city to follow areas in, as most tests here use it."""

import pytest

from csa.areas.choices import Choices
from csa.areas.locating import locate_incidents
from csa.dataset.versioned import City
from csa.displacement.panel import match_controls
from tests.displacement.followed import followed_city


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    """Its dataset and its city's file."""
    return followed_city(tmp_path_factory.mktemp("testville"))


@pytest.fixture(scope="module")
def located(testville):
    """Its incidents on cells."""
    return locate_incidents(City(*testville[::-1]), Choices())


@pytest.fixture(scope="module")
def controls(located, displaced):
    """What a module's own `displaced` is compared with."""
    return match_controls(located, displaced)
