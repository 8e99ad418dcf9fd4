"""Verdicts of zones by the cells that stand for them, where what changed is the ground as drawn.

`python -m benchmarks.zone_verdicts CITY=DATASET` adds its table to benchmarks/results/watch.md. In
each zone so many of its incidents since a start are taken away: those inside the boundary, or, as a
comparison, those inside its cells. The first is what a program that works a zone would change. They
are drawn around past incidents, and followed as if these had chosen them; in the made-up city none
is near a place whose course was planted.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from benchmarks.zones import OUT, draw
from csa.areas.choices import city_choices
from csa.areas.locating import locate_for_areas
from csa.base.errors import ParamError
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.city.dataset import City, open_city
from csa.city.loading import find_city_file, load_city
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection
from csa.geo.cells import bin_points, fit_cells
from csa.synthetic.landscape import FEATURES, place

SIZES_KM2, N_ZONES, GONE, MONTHS = (0.3, 1.0), 24, (0.0, 0.6), 12
LEAST = 30
"""Incidents in the 36 months before the start: of fewer, no fall is told."""
TITLE = "\n## Zones: verdicts"
HEAD = ("km2", "zones", "taken away", "fewer: inside the boundary", "inside the cells", "more")
CHANGING = ("easing", "cooling", "ring", "appearing")
AWAY = 0.02
"""Degrees from a place whose course was planted."""


def find_verdict(city: City, area: AreaSelection, since: Month, gone: pd.Series) -> Verdict:
    """Judge an area with some incidents taken away."""
    data = replace(city.dataset, incidents=city.dataset.incidents[~gone].reset_index(drop=True))
    thinned = City(city.config, data)
    located = locate_for_areas(thinned, city_choices(city.config), area.all_cells)
    return analyze_displacement(located, area, since).by_area[0].verdicts[-1]


def main() -> None:
    """Measure one city."""
    name, _, folder = sys.argv[1].partition("=")
    city = open_city(load_city(find_city_file(name)), Path(folder))
    data, rng, resolution = city.dataset, np.random.default_rng(58), city.config.areas.resolution
    every, since = data.incidents, data.require_months().until.plus(-MONTHS)
    is_after = every["occurred_at"] >= f"{since}-01"
    known = Period.before(since, 36)
    is_before = (every["occurred_at"] >= f"{since.plus(-36)}-01") & ~is_after
    lon, lat = every["lon"].to_numpy(), every["lat"].to_numpy()
    cells = bin_points(lon, lat, resolution)
    rows = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    changed = [f.middle for f in FEATURES if f.kind in CHANGING and city.config.city.is_synthetic]
    planted = place(np.array(changed)) if changed else np.empty((0, 2))
    middles = np.flatnonzero(~np.isnan(lon) & is_before.to_numpy())
    for size in SIZES_KM2:
        zones: list[tuple[pd.Series, pd.Series, AreaSelection]] = []
        while len(zones) < N_ZONES:
            at = rng.choice(middles)
            if (np.abs(planted - (lon[at], lat[at])).max(axis=1) < AWAY).any():
                continue
            shape = draw(size, lon[at], lat[at], rng)
            try:
                fitted = fit_cells(shape, data.study_area, resolution).cells
            except ParamError:
                continue
            drawn = pd.Series(shapely.contains_xy(shape, lon, lat), index=every.index)
            held = pd.Series(np.isin(cells, [*fitted]), index=every.index)
            if (drawn & is_before).sum() >= LEAST:
                chosen = AreaSelection(("z",), ("z",), (fitted,), resolution, known)
                zones.append((drawn, held, chosen))
        for share in GONE:
            told = {True: [0, 0], False: [0, 0]}
            for drawn, held, chosen in zones:
                is_gone = pd.Series(rng.random(len(every)) < share, index=every.index) & is_after
                for is_boundary, ground in ((True, drawn), (False, held)):
                    verdict = find_verdict(city, chosen, since, is_gone & ground)
                    told[is_boundary][0] += str(verdict).startswith("fewer")
                    told[is_boundary][1] += str(verdict).startswith("more")
            fewer = (f"{told[way][0] / N_ZONES:.0%}" for way in (True, False))
            more = sum(told[way][1] for way in (True, False))
            rows.append(f"| {size:g} | {N_ZONES} | {share:.0%} | {' | '.join(fewer)} | {more} |")
            print(rows[-1], flush=True)
    title = f"{TITLE} where the boundary's ground changed, or the cells' ({name}, {MONTHS} months)"
    text = OUT.read_text(encoding="utf-8").partition(TITLE)[0].rstrip("\n")
    OUT.write_text("\n".join((text, title, "", *rows)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
