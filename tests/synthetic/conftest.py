"""The made-up city, made afresh, and the tool's answers to it."""

import json
from functools import cache

import numpy as np
import pytest

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.io import replace_folder
from csa.base.params import Month
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import find_inputs
from csa.synthetic.sample import MARKER, make_sample


@pytest.fixture(scope="session")
def files():
    return make_sample()


@pytest.fixture(scope="session")
def truth(files):
    return json.loads(files[MARKER])


@pytest.fixture(scope="session")
def city(root):
    return load_city(root / "config" / "sample.toml")


@pytest.fixture(scope="session")
def take_in(tmp_path_factory, city):
    """Write a city's files and read them as any other city's."""

    def read(made):
        folder = tmp_path_factory.mktemp("city") / "sample"
        replace_folder(folder, MARKER, made)
        return ingest_city(city, find_inputs(city, folder, ())).dataset

    return read


@pytest.fixture(scope="session")
def dataset(take_in, files):
    return take_in(files)


@pytest.fixture(scope="session")
def proposal_of(dataset, city):
    """Propose areas for the months before one, as the city's file suggests."""

    @cache
    def ask(until, months):
        return propose_areas(
            City(city, dataset), AreaSettings(until=Month.parse(until), months=months)
        )

    return ask


@pytest.fixture(scope="session")
def meters_between():
    """Measure on a sphere, which shares no code with what is tested."""

    def measure(lon, lat, to_lon, to_lat):
        lon, lat, to_lon, to_lat = (np.radians(part) for part in (lon, lat, to_lon, to_lat))
        half = np.sin((to_lat - lat) / 2) ** 2
        half += np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
        return 2 * 6_371_000 * np.arcsin(np.sqrt(half))

    return measure
