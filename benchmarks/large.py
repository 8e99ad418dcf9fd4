"""Four large cities, made up, in the headers of four publishers: nothing of a real list is in them.

Each has its own outline, hot places that last and places that come and go, incidents at the
middles of blocks, and a quarter that may happen anywhere. What is true of them is known: every
incident, and the land.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from tests.workflow import layouts
from tests.workflow.layouts import Shooting

from benchmarks.synthetic import BLOCK_DEGREES

FIRST_YEAR, N_YEARS = 2012, 7
KM_A_DEGREE = 111.2
ANYWHERE, PLACES_A_KM2 = 0.25, 0.5
LASTS, VARIES = 0.75, 0.9
"""How much of a place's heat, in logarithms, is there a year later; its standard deviation."""


@dataclass(frozen=True)
class LargeCity:
    """A made-up city and how its publisher writes."""

    name: str
    layout: str  # of tests.workflow.layouts
    width_km: float  # of an ellipse, from which a bay is cut in the southeast
    height_km: float
    n_a_year: int
    named: str  # the column of neighborhoods, "" where the publisher has none
    seed: int

    @property
    def land(self) -> shapely.Geometry:
        """The true land, degrees."""
        lon, lat = self.middle
        ellipse = shapely.Point(0, 0).buffer(1, quad_segs=32)
        water = shapely.box(0.15, -1, 1, -0.1)
        scale = np.array(
            [self.width_km / 2 / KM_A_DEGREE / np.cos(np.radians(lat)),
             self.height_km / 2 / KM_A_DEGREE]
        )  # fmt: skip
        return shapely.transform(ellipse - water, lambda xy: xy * scale + (lon, lat))

    @property
    def middle(self) -> tuple[float, float]:
        """Where the ellipse is, degrees."""
        middle: tuple[float, float] = layouts.LAYOUTS[self.layout].middle
        return middle

    @property
    def land_km2(self) -> float:
        """The true land, km2."""
        meters = self.land.area * KM_A_DEGREE**2 * np.cos(np.radians(self.middle[1]))
        return float(meters)


LARGE = (
    LargeCity("made up, New York's header", "New York", 34, 38, 1500, "", 1),
    LargeCity("made up, Chicago's header", "Chicago", 22, 40, 2600, "COMMUNITY_AREA", 2),
    LargeCity("made up, Baltimore's header", "Baltimore", 17, 18, 800, "Neighborhood", 3),
    LargeCity("made up, Toronto's header", "Toronto", 40, 24, 400, "NEIGHBOURHOOD_158", 4),
)


def shootings(city: LargeCity) -> list[Shooting]:
    """Draw a city's shootings of all years, as they truly were."""
    random = np.random.default_rng(city.seed)
    spots = _inside(city, random, int(PLACES_A_KM2 * city.land_km2))
    heat, found = random.normal(0, 1.2, len(spots)), []
    for year in range(FIRST_YEAR, FIRST_YEAR + N_YEARS):
        n = int(random.poisson(city.n_a_year))
        weights = np.exp(heat)
        at = spots[random.choice(len(spots), n, p=weights / weights.sum())]
        at = at + random.normal(0, 0.0022, (n, 2))
        away = random.random(n) < ANYWHERE
        at[away] = _inside(city, random, int(away.sum()))
        at = at[shapely.contains_xy(city.land, *at.T)]
        block = np.array(BLOCK_DEGREES)
        at = ((np.floor(at / block) + 0.5) * block).round(6)
        found += [(year, *place) for place in at.tolist()]
        heat = LASTS * heat + random.normal(0, VARIES * np.sqrt(1 - LASTS**2), len(heat))
    hours = random.choice([*range(18, 24), *range(5), *range(5), 9, 13, 16], len(found))
    days, minutes = random.integers(0, 365, len(found)), random.integers(1, 60, len(found))
    dead, people = random.random(len(found)) < 0.2, random.choice([1, 1, 1, 2, 3], len(found))
    return [
        Shooting(
            100_000 + at,
            (pd.Timestamp(year, 1, 1) + pd.Timedelta(f"{d}D {h}h {m}min")).to_pydatetime(),
            lon,
            lat,
            bool(killed),
            int(n),
        )
        for at, ((year, lon, lat), d, h, m, killed, n) in enumerate(
            zip(found, days, hours, minutes, dead, people, strict=True)
        )
    ]


def rows(city: LargeCity, every: list[Shooting]) -> pd.DataFrame:
    """Write shootings as the publisher does, the neighborhood by squares of two kilometers."""
    write: Callable[[Shooting], Iterator[dict[str, Any]]] = layouts.LAYOUTS[city.layout].write
    own = {city.named: ""} if city.named else {}
    return pd.DataFrame(
        [row | {name: _square(one) for name in own} for one in every for row in write(one)]
    )


def _square(one: Shooting) -> str:
    east, north = int(one.lon * 40) % 26, int(one.lat * 50) % 26
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[east]}ORTON {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[north]}ILL"


def _inside(city: LargeCity, random: np.random.Generator, n: int) -> np.ndarray:
    low, high = np.array(city.land.bounds).reshape(2, 2)
    drawn = low + (high - low) * random.random((6 * n + 50, 2))
    return drawn[shapely.contains_xy(city.land, *drawn.T)][:n]
