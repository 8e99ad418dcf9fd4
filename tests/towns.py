"""Six made-up years of Testville, and Philadelphia's real ones, as many tests ask them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from tests.conftest import HEADER, make_town

KNOT, OTHER, NEW = (-94.5752, 39.0201), (-94.5202, 39.0302), (-94.5402, 39.0103)


def line(number, place, day, fatal=0):
    return f"{number},{number},{day},{fatal},{place[0]:.6f},{place[1]:.6f},,"


def days(rng, n, first=2014, last=2019):
    return [
        f"{rng.integers(first, last + 1)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
        for _ in range(n)
    ]


def history(seed=5, *, n_knot=90, n_other=60, n_strays=300):
    """Six years: two places where it goes on, and strays; the last day is the year's last."""
    rng = np.random.default_rng(seed)
    places = [(KNOT[0] + x, KNOT[1] + y) for x, y in rng.normal(0, 0.0006, (n_knot, 2))]
    places += [(OTHER[0] + x, OTHER[1] + y) for x, y in rng.normal(0, 0.0006, (n_other, 2))]
    strays = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (n_strays, 2))
    places += [tuple(place) for place in strays]
    when = days(rng, len(places))
    first_and_last = [line(9001, KNOT, "2014-01-01"), line(9002, KNOT, "2019-12-31")]
    lines = [
        line(n, place, day, int(n % 4 == 0))
        for n, (place, day) in enumerate(zip(places, when, strict=True))
    ]
    return [*lines, *first_and_last]


def town_of(folder, lines):
    town = make_town(folder)
    config = load_city(town.config)
    path = town.write("a.csv", *lines, header=HEADER)
    return ingest_city(config, Inputs((path,), town.places)).dataset, config


def with_other_future(dataset, origin, way):
    """Take away what came from a month on, or move it all to one place, or let it come three times."""
    table = dataset.incidents
    is_future = table["occurred_at"] >= pd.Timestamp(f"{origin}-01")
    past, future = table[~is_future], table[is_future]
    if way == "gone":
        changed = [past]
    elif way == "moved":
        changed = [past, future.assign(lon=NEW[0], lat=NEW[1])]
    else:
        changed = [past, future, future, future]
    return replace(dataset, incidents=pd.concat(changed, ignore_index=True))
