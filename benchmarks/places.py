"""How areas do in places nobody tuned them for: `python -m benchmarks.places`.

Each place of ../shared/data/usa is set up as `csa start --yes` does, from its file alone, and its
areas are proposed; those with 300 incidents or more are judged on one past January beside the other
ways of choosing land.
`--philadelphia` prints the same table for Philadelphia's own list and polygons.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import track

import csa
from csa.backtest.comparison import compare
from csa.backtest.origins import full_months
from csa.backtest.scoring import BASELINES
from csa.workflow.city_file import city_file
from csa.workflow.new_city import understand

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILE = DATA / "usa" / "gva_2014_2018_places_100_plus.csv.gz"
LEAST_INCIDENTS = 300
JANUARY = csa.Month(2017, 1)
SEED = 20170101


def places(least: int = LEAST_INCIDENTS) -> dict[str, pd.DataFrame]:
    """Read the places with enough incidents, by name, as the file has them."""
    rows = pd.read_csv(FILE, dtype={"incident_id": "str"})
    named = rows.groupby(rows["city_or_county"] + ", " + rows["state"])
    return {str(name): place for name, place in named if len(place) >= least}


def set_up(name: str, rows: pd.DataFrame, folder: Path) -> csa.City:
    """Set a place up as `csa start --yes` does: nothing is said but its file and its name."""
    rows.to_csv(folder / "list.csv", index=False)
    city = understand(folder / "list.csv", name=name)
    land = folder / "land.geojson"
    if city.places is not None:
        city.places.to_file(land)
    (folder / "city.toml").write_text(city_file(city, ["list.csv"], land.name, "name"))
    config = csa.load_city(folder / "city.toml")
    files = csa.Inputs((folder / "list.csv",), land)
    return csa.City(config, csa.ingest_city(config, files).dataset)


def judge(city: csa.City, januaries: tuple[csa.Month, ...]) -> dict[str, Any]:
    """Score the ways of choosing on past Januaries, and describe the areas of the last."""
    past = csa.backtest_areas(city, csa.BacktestQuestion(januaries))
    choices = csa.Choices(until=januaries[-1])
    areas = csa.propose_areas(city, choices).areas
    study_km2 = float(past.table["area_km2"].iloc[0] / past.table["area_share"].iloc[0])
    paired = compare(past.judged, "areas", "count_areas", seed=SEED)
    return {
        **past.table.groupby("method")["hit_share"].mean().to_dict(),
        "land_share": float(areas["area_km2"].sum()) / study_km2,
        "scored_share": float(past.table["area_share"].mean()),
        "n_areas": len(areas),
        "median_km2": float(areas["area_km2"].median()) if len(areas) else math.nan,
        "least_km2": float(areas["area_km2"].min()) if len(areas) else math.nan,
        "doubtful": _doubtful(areas),
        "versus_count_areas": paired.verdict,
    }


def judge_place(item: tuple[str, pd.DataFrame], *, is_judged: bool = True) -> dict[str, Any]:
    """Set one place up, propose its areas, and judge it where it has enough incidents."""
    name, rows = item
    found: dict[str, Any] = {"place": name, "rows": len(rows)}
    try:
        with tempfile.TemporaryDirectory() as folder:
            city = set_up(name, rows, Path(folder))
            found["incidents"] = len(city.dataset.incidents)
            areas = csa.propose_areas(city).areas
            found |= {"areas_now": len(areas), "doubtful_now": _doubtful(areas)}
            if is_judged and len(rows) >= LEAST_INCIDENTS:
                last = full_months(city.dataset).until.plus(-12)  # a list may end before the others
                found |= judge(city, (min(JANUARY, last),))
    except csa.CsaError as error:
        found["why_not"] = str(error)
    return found


def _doubtful(areas: pd.DataFrame) -> int:
    """Count areas of which a third or more lies at points that may stand for others."""
    return int((areas["suspect"] * 3 >= areas["incidents"]).sum()) if len(areas) else 0


def geometric(table: pd.DataFrame, one: str, other: str) -> float:
    """Return the geometric mean of one way's hit share over another's, where both caught any."""
    both = table[(table[one] > 0) & (table[other] > 0)]
    return float(np.exp(np.log(both[one] / both[other]).mean()))


def summarize_set_up(table: pd.DataFrame) -> dict[str, Any]:
    """Count the places that were set up without a hand, and why others were not."""
    with_areas = table["areas_now"].fillna(0) > 0
    is_doubtful = table["doubtful_now"] == table["areas_now"]
    return {
        "places": len(table),
        "set up without a hand": int(table["incidents"].notna().sum()),
        "with areas now": int(with_areas.sum()),
        "all areas at suspect points": int((with_areas & is_doubtful).sum()),
        "why not": sorted(set(table.get("why_not", pd.Series(dtype=str)).dropna())),
    }


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Summarize many places as the targets are put."""
    every, table = table, table[table["areas"].notna()]
    best = max(BASELINES, key=lambda name: table[name].mean())
    return {
        **summarize_set_up(every),
        "judged on a past January": len(table),
        "share with 1.5 to 2.2 % of the land": float(
            table["land_share"].between(0.015, 0.022).mean()
        ),
        "areas over count_all": geometric(table, "areas", "count_all"),
        "areas over count_areas": geometric(table, "areas", "count_areas"),
        "best single rival": best,
        "areas over the best rival": geometric(table, "areas", best),
        "blocks over the best rival": geometric(table, "blocks", best),
        "worse than count_areas": float((table["versus_count_areas"] == "worse").mean()),
        "median area km2": float(table["median_km2"].median()),
    }


def philadelphia() -> None:
    """Print the ways of choosing, January by January."""
    folder = DATA / "philadelphia"
    config = csa.load_city(Path(__file__).parent.parent / "config" / "philadelphia.toml")
    files = csa.Inputs(
        (folder / "philly_shooting_victims_2015_2025.csv",), folder / "neighborhoods.geojson"
    )
    city = csa.City(config, csa.ingest_city(config, files).dataset)
    januaries = tuple(csa.Month(year, 1) for year in range(2018, 2025))
    past = csa.backtest_areas(city, csa.BacktestQuestion(januaries))
    shares = past.table.pivot_table(index="method", columns="origin", values="hit_share")
    shares["mean"] = shares.mean(axis=1)
    shares["2022-24"] = shares[[f"{year}-01" for year in (2022, 2023, 2024)]].mean(axis=1)
    sys.stdout.write(shares.sort_values("2022-24").round(4).to_string() + "\n")
    land = past.table[past.table["method"] == "areas"].set_index("origin")
    sys.stdout.write(land[["area_share", "filled_share"]].round(4).to_string() + "\n")
    for january in januaries:
        areas = csa.propose_areas(city, csa.Choices(until=january)).areas
        sys.stdout.write(
            f"{january}: {len(areas)} areas, {areas['area_km2'].min():.3f} to "
            f"{areas['area_km2'].max():.3f} km2, median {areas['area_km2'].median():.3f}, together "
            f"{areas['area_km2'].sum():.2f} km2\n"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--philadelphia", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="only each n-th place")
    parser.add_argument("--least", type=int, default=100, help="only places with so many rows")
    parser.add_argument("--set-up-only", action="store_true", help="set up and propose, no past")
    parser.add_argument("--out", type=Path, help="write a row a place here (CSV)")
    given = parser.parse_args()
    if not FILE.is_file():
        sys.exit(f"{FILE} is absent: these files are not part of the project.")
    if given.philadelphia:
        philadelphia()
        return
    items = list(places(given.least).items())[:: given.every]
    with ProcessPoolExecutor(2) as pool:
        ask = partial(judge_place, is_judged=not given.set_up_only)
        judged = list(track(pool.map(ask, items), total=len(items)))
    table = pd.DataFrame(judged)
    if given.out:
        table.to_csv(given.out, index=False)
    summed = summarize_set_up(table) if given.set_up_only else summarize(table)
    sys.stdout.write(json.dumps(summed, indent=1) + "\n")


if __name__ == "__main__":
    main()
