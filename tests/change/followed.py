"""A city to follow areas in, and its incidents counted the slow way."""

import h3
import numpy as np
from tests.areas.backtest.records import of_days
from tests.towns import KNOT, OTHER, history, line, town_of

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.params import DocumentedDbscan, Month, Period
from csa.change.expectation import Baseline
from csa.change.past import PastCohort, PastYear
from csa.city.dataset import City
from csa.city.selection import AreaSelection, in_service

SINCE = Month(2019, 2)
CORNER = (-94.5995, 39.0005)
EMPTY_MONTH = "2018-07"
RESOLUTION = 10


def cell_at(place):
    return int(h3.latlng_to_cell(place[1], place[0], RESOLUTION), 16)


def disk(cell, steps):
    return frozenset(int(one, 16) for one in h3.grid_disk(f"{cell:x}", steps))


WEST, EAST = disk(cell_at(KNOT), 1), disk(cell_at(OTHER), 1)


def other_rows():
    """Rows without a place, rows outside, a leap day, a year's turn, and a month in part."""
    months = [f"20{15 + n // 12}-{n % 12 + 1:02d}" for n in range(60)] + ["2020-01", "2020-02"]
    months.remove(EMPTY_MONTH)
    lines = [f"{8000 + n},{8000 + n},{month}-05,{n % 2},,,," for n, month in enumerate(months)]
    outside = [
        line(7000 + n, (-94.7, 39.02), f"{m}-09", int(n % 3 == 0)) for n, m in enumerate(months)
    ]
    days = ["2016-02-29", "2018-12-31 23:59", "2019-01-01 00:00", "2020-01-31", "2020-02-14"]
    days += [f"2020-{month}-{day}" for month in ("01", "02") for day in ("03", "07", "11")]
    return [*lines, *outside, *(line(6000 + n, KNOT, day) for n, day in enumerate(days))]


def followed_city(folder):
    """A city to follow areas in: to the middle of a leap year's February, one month empty."""
    kept = [row for row in history() if not row.split(",")[2].startswith(EMPTY_MONTH)]
    return town_of(folder, [*kept, *other_rows()])


def counted_slowly(dataset, cells, period, kinds=("homicide", "nonfatal")):
    """Count a list of incidents by month: those whose own cell is one of these."""
    table = dataset.incidents.dropna(subset=["lon", "lat"])
    table = table[~table["flags"].str.contains("outside_study_area") & table["kind"].isin(kinds)]
    where = [int(h3.latlng_to_cell(lat, lon, RESOLUTION), 16) for lon, lat in zip(table["lon"], table["lat"], strict=True)]  # fmt: skip
    here = table[[cell in cells for cell in where]]
    found = here["occurred_at"].dt.strftime("%Y-%m").value_counts().to_dict()
    return [found.get(str(period.start.plus(step)), 0) for step in range(period.months)]


def ring_slowly(located, area, areas):
    """List the cells less than 750 m from an area's that are in the city and in no area."""
    xy = dict(zip(located.grid.h3_cells.tolist(), located.grid.center_xy.tolist(), strict=True))
    own = np.array([xy[cell] for cell in area if cell in xy])
    near = {cell for cell, one in xy.items() if np.hypot(*(own - one).T).min() < 750}
    return near - frozenset().union(*areas)


def cells_of(located, places):
    return set(located.grid.area_km2.index[places].tolist())


START = Month(2018, 1)
FAR = (-94.5902, 39.0403), (-94.5452, 39.0403), (-94.5103, 39.0052)
JUST_BEFORE = Period.before(SINCE, 36)


def chosen_of(*areas, period=JUST_BEFORE, **changed):
    """Areas that the months before a start chose, unless another period, or none, is given."""
    letters = tuple("ABCDEFGH"[: len(areas)])
    return AreaSelection(
        letters, tuple(f"Place {one}" for one in letters), areas, RESOLUTION, period, **changed
    )


def middles(cells):
    return [h3.cell_to_latlng(f"{cell:x}")[::-1] for cell in sorted(cells)]


def steady(core, ring, rest=(24, 24)):
    """Six years of months that are all alike, but that a start changes each number."""
    west = disk(cell_at(KNOT), 1)
    where = {
        "core": middles(west),
        "ring": middles(disk(cell_at(KNOT), 3) - west),
        "rest": [spot for place in FAR for spot in middles(disk(cell_at(place), 1))],
    }
    numbers, lines = dict(zip(where, (core, ring, rest), strict=True)), []
    for month in range(72):
        is_after = month >= 48
        for zone, places in where.items():
            for n in range(numbers[zone][is_after]):
                day = f"20{14 + month // 12}-{month % 12 + 1:02d}-{n % 28 + 1:02d}"
                place = places[(n + 7 * month) % len(places)]
                lines.append(line(len(lines), place, day))
    return [*lines, line(9001, FAR[0], "2014-01-01"), line(9002, FAR[0], "2019-12-31")]


def past_year(origin, ratio, n_months=24):
    """A past year in which areas fell to a share of what was expected of them."""
    monthly, rest = np.full(n_months, round(20 * ratio)), np.full(n_months, 100)
    core = PastYear(origin, Baseline(20.0 * 36, 40.0), 3600, monthly, rest)
    ring = PastYear(origin, Baseline(30.0 * 36, 40.0), 3600, np.full(n_months, 30), rest)
    return PastCohort(core, ring, 5, 700, 2400)


SMALLER = frozenset(sorted(WEST)[: len(WEST) // 2])


def served(*lives, names="ABCDEFGH"):
    """Areas in service, chosen by the three years before each one's first month."""
    periods = [Period.before(life[0].since, 36) for life in lives]
    letters = list(names[: len(lives)])
    return in_service(letters, [f"Place {one}" for one in letters], lives, periods)


def alike(one, other, n_months=None):
    """Two verdicts are the same in every number, of the first months where others began later."""
    until = slice(n_months)
    assert one.verdicts[until] == other.verdicts[until]
    assert one.looks[until] == other.looks[until]
    assert one.boundary_z == other.boundary_z
    for name in ("core", "ring", "net"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        if a is not None:
            for part in ("counted", "boundary_z", "bound_low", "bound_high", "has_enough"):
                np.testing.assert_array_equal(getattr(a, part)[until], getattr(b, part)[until])
            np.testing.assert_allclose(a.expectation.mean, b.expectation.mean, rtol=1e-12)


AREAS = DocumentedDbscan(200, 3, 100, 3)
"""Asks of Testville as little as both places always hold."""


def short_of(testville, first, last):
    """Locate a city's incidents of some days."""
    dataset, config = testville
    return locate_incidents(City(config, of_days(dataset, first, last)), AreaSettings())
