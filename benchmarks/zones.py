"""How far counts by cells differ from counts by the polygon that people drew.

`python -m benchmarks.zones CITY=DATASET` adds its table to benchmarks/results/watch.md: circles and
long boxes of several sizes at random places, with the incidents of the last 36 months.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import shapely

from benchmarks.process import ROOT
from csa.base.errors import ParamError
from csa.city.dataset import open_city
from csa.city.loading import find_city_file, load_city
from csa.geo.cells import bin_points, fit_cells

SIZES_KM2, N_ZONES, MONTHS = (0.1, 0.3, 1.0, 4.0), 60, 36
KM_A_DEGREE = 111.2
OUT = ROOT / "benchmarks" / "results" / "watch.md"


def draw(size_km2: float, lon: float, lat: float, rng: np.random.Generator) -> shapely.Geometry:
    """Draw a circle, or a box four times as long as wide at some angle."""
    scale = 1 / np.cos(np.radians(lat))
    if rng.random() < 0.5:
        shape = shapely.Point(0, 0).buffer(np.sqrt(size_km2 / np.pi) / KM_A_DEGREE)
    else:
        half = np.sqrt(size_km2 / 4) / KM_A_DEGREE / 2
        turn = rng.uniform(0, np.pi)
        corners = np.array([(-4, -1), (4, -1), (4, 1), (-4, 1)]) * half
        turned = corners @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
        shape = shapely.Polygon(turned)
    return shapely.transform(shape, lambda xy: xy * [scale, 1] + [lon, lat])


def main() -> None:
    """Measure one city."""
    name, _, folder = sys.argv[1].partition("=")
    city = open_city(load_city(find_city_file(name)), Path(folder))
    data, rng = city.dataset, np.random.default_rng(58)
    resolution = city.config.areas.resolution
    until = data.require_months().until
    every = data.incidents
    recent = every[(every["occurred_at"] >= f"{until.plus(-MONTHS)}-01") & every["lon"].notna()]
    lon, lat = recent["lon"].to_numpy(), recent["lat"].to_numpy()
    cells = bin_points(lon, lat, resolution)
    about = f"{name}, {MONTHS} months, {N_ZONES} zones a size"
    lines = [
        "",
        f"## Zones: counts by cells and by the polygon ({about})",
        "",
        "| km2 | refused | missed, median (95%) | added | by polygon | by cells | differ by |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in SIZES_KM2:
        missed, extra, pairs, refused = [], [], [], 0
        for _ in range(N_ZONES):
            at = rng.integers(len(lon))
            shape = draw(size, lon[at], lat[at], rng)
            try:
                found = fit_cells(shape, data.study_area, resolution)
            except ParamError:
                refused += 1
                continue
            missed.append(found.missed_share)
            extra.append(found.extra_share)
            inside = int(shapely.contains_xy(shape, lon, lat).sum())
            pairs.append((inside, int(np.isin(cells, [*found.cells]).sum())))
        counts = np.array(pairs)
        apart = np.abs(counts[:, 1] - counts[:, 0])
        shares = [f"{np.median(one):.0%} ({np.quantile(one, 0.95):.0%})" for one in (missed, extra)]
        lines.append(
            f"| {size:g} | {refused} | {shares[0]} | {shares[1]} | {counts[:, 0].sum():,} "
            f"| {counts[:, 1].sum():,} | {np.median(apart):.0f} ({np.quantile(apart, 0.95):.0f}) |"
        )
    text = OUT.read_text(encoding="utf-8").partition("\n## Zones")[0].rstrip("\n")
    OUT.write_text(text + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
