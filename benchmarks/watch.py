"""Early word: false runs held by simulation, and how often a planted run is told.

`python -m benchmarks.watch CITY=DATASET ...` writes benchmarks/results/watch.md: the limit is found
on some deals of a city's days; false runs are counted on other deals, and runs of 3 to 6 shootings
within seven days are planted in an area on days drawn at random.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.process import ROOT
from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.areas.places import list_cells
from csa.base.schema import KINDS
from csa.city.dataset import open_city
from csa.city.loading import find_city_file, load_city
from csa.extras.early_word.runs import (
    BASE_DAYS,
    LAGS_DAYS,
    NEWEST_DAYS,
    AreaDays,
    count_runs,
    days_in_areas,
    deal_days,
    draw_lags,
    hold_false_words,
    scan,
)
from csa.geo.cells import bin_points, cell_resolution

SIZES, N_FRESH, N_PLANTED, LAG = (3, 4, 5, 6), 30, 60, 2.0
OUT = ROOT / "benchmarks" / "results" / "watch.md"


def areas_of(city: str, dataset: Path) -> AreaDays:
    """Take the candidates of today as the areas that are watched."""
    opened = open_city(load_city(find_city_file(city)), dataset)
    proposal = Analysis(opened, city_choices(opened.config)).proposal
    every = opened.dataset.incidents
    inside = {}
    for area_id, cells in zip(proposal.areas["area_id"], list_cells(proposal.areas), strict=True):
        binned = bin_points(every["lon"], every["lat"], cell_resolution(min(cells)))
        inside[str(area_id)] = np.isin(binned, [*cells])
    through = date.fromisoformat(opened.dataset.report["data_through"])
    return days_in_areas(opened.dataset, inside, through, KINDS)


def measure(found: AreaDays) -> list[str]:
    """Return a row: areas, their shootings a year, limit, fresh false runs, runs told by size."""
    limit, rng = hold_false_words(found), np.random.default_rng(99)
    years = (found.n_days - BASE_DAYS) / 365.25
    fresh = []
    for mean_days in LAGS_DAYS:
        n = 0
        for _ in range(N_FRESH):
            dealt = deal_days(found, rng)
            chance = scan(dealt, draw_lags(len(dealt.day), mean_days, rng))[0]
            n += count_runs(chance[:, BASE_DAYS:], limit.chance)
        fresh.append(n / N_FRESH / years)
    told = []
    for size in SIZES:
        hits = 0
        for _ in range(N_PLANTED):
            place = int(rng.integers(len(found.area_ids)))
            start = int(rng.integers(BASE_DAYS, found.n_days - 2 * NEWEST_DAYS))
            dealt = deal_days(found, rng)
            more = AreaDays(
                found.area_ids,
                np.append(dealt.area, np.full(size, place)),
                np.append(dealt.day, start + rng.integers(0, 7, size)),
                found.first,
                found.n_days,
            )
            chance, _ = scan(more, draw_lags(len(more.day), LAG, rng))
            hits += bool((chance[place, start : start + NEWEST_DAYS] < limit.chance).any())
        told.append(f"{hits / N_PLANTED:.0%}")
    a_year = [
        (found.area == place).sum() / found.n_days * 365.25 for place in range(len(found.area_ids))
    ]
    real = count_runs(scan(found, np.zeros(len(found.day), int))[0][:, BASE_DAYS:], limit.chance)
    return [
        str(len(found.area_ids)),
        f"{min(a_year):.0f} to {max(a_year):.0f}",
        f"{limit.chance:.1e}",
        f"{limit.years:,.0f}",
        *(f"{one:.2f}" for one in fresh),
        f"{real / years:.1f}",
        *told,
    ]


def main() -> None:
    """Measure each city that is named as NAME=DATASET."""
    head = [
        "city", "areas", "shootings a year in each", "limit", "years simulated",
        *(f"false runs a year, {lag:g} days late" for lag in LAGS_DAYS),
        "runs a year in the file",
        *(f"{size} planted in 7 days: told" for size in SIZES),
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for given in sys.argv[1:]:
        name, _, folder = given.partition("=")
        lines.append("| " + " | ".join([name, *measure(areas_of(name, Path(folder)))]) + " |")
        print(lines[-1], flush=True)
    about = OUT.read_text(encoding="utf-8").partition("| city |")[0] if OUT.is_file() else ABOUT
    OUT.write_text(about + "\n".join(lines) + "\n", encoding="utf-8")


ABOUT = """# Early word: false runs, and planted runs reported

`python -m benchmarks.watch sample=DATASET philadelphia=DATASET`. Areas are today's candidates.
The limit is found on 30 deals of each city's days at each of three delays; the false runs here are
of 30 other deals (aim: at most 2 a year over all areas). Planted: so many shootings in one area on
days of one week, each in the file two days late on average, told within 14 days of the first.

"""

if __name__ == "__main__":
    main()
