"""How areas do in places nobody tuned them for: `python -m benchmarks.places`.

Each place of ../shared/data/usa with 300 incidents or more is set up as a new city, with a city
file that says nothing of areas, and judged on one past January beside the other ways of choosing
land. Its land is the H3 cells of resolution 7 with two incidents or more, and their neighbors.
`--philadelphia` prints the same table for Philadelphia's own list and polygons.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from rich.progress import track

import csa
from csa.backtest.comparison import compare
from csa.backtest.origins import full_months
from csa.backtest.scoring import BASELINES
from csa.geo import cells as h3_cells

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILE = DATA / "usa" / "gva_2014_2018_places_100_plus.csv.gz"
LEAST_INCIDENTS = 300
JANUARY = csa.Month(2017, 1)
SEED = 20170101
CITY = """
format_version = 1
[city]
id = "place"
name = "{name}"
time_zone = "America/Chicago"
metric_crs = "{crs}"
[places]
file = "places.geojson"
name_column = "name"
[[sources]]
name = "list"
rows_are = "incidents"
incident_from = ["incident_id"]
row_id_from = ["incident_id"]
homicide = [{{ fatal = ["1"] }}]
nonfatal = [{{ fatal = ["0"] }}]
gun = {{ yes = [{{}}] }}
date_formats = ["%Y-%m-%d"]
[sources.columns]
incident_id = "incident_id"
date = "date"
fatal = "fatal"
lon = "longitude"
lat = "latitude"
"""


def places() -> dict[str, pd.DataFrame]:
    """Read the places with enough incidents, by name."""
    rows = pd.read_csv(FILE, dtype={"incident_id": "str"})
    rows["fatal"] = (rows["n_killed"] > 0).astype(int)
    named = rows.groupby(rows["city_or_county"] + ", " + rows["state"])
    return {str(name): place for name, place in named if len(place) >= LEAST_INCIDENTS}


def set_up(name: str, rows: pd.DataFrame, folder: Path) -> csa.City:
    """Set a place up as a new city: files, a city file, a dataset."""
    located = rows.dropna(subset=["longitude", "latitude"])
    cells = h3_cells.bin_points(located["longitude"], located["latitude"], 7)
    busy, counts = np.unique(cells, return_counts=True)
    land = {near for cell in busy[counts >= 2].tolist() for near in h3_cells.disk(cell)}
    shape = gpd.GeoSeries([h3_cells.outline(land)], crs="EPSG:4326")
    gpd.GeoDataFrame({"name": [name]}, geometry=shape).to_file(folder / "places.geojson")
    rows.to_csv(folder / "list.csv", index=False)
    crs = shape.estimate_utm_crs().to_string()
    (folder / "city.toml").write_text(CITY.format(name=name, crs=crs), encoding="utf-8")
    config = csa.load_city(folder / "city.toml")
    files = csa.Inputs((folder / "list.csv",), folder / "places.geojson")
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
        "doubtful": int((areas["suspect"] * 3 >= areas["incidents"]).sum()) if len(areas) else 0,
        "versus_count_areas": paired.verdict,
    }


def judge_place(item: tuple[str, pd.DataFrame]) -> dict[str, Any]:
    """Set one place up, and judge it."""
    name, rows = item
    with tempfile.TemporaryDirectory() as folder:
        city = set_up(name, rows, Path(folder))
        last = full_months(city.dataset).until.plus(-12)  # a list may end before the others
        return {"place": name, "incidents": len(rows), **judge(city, (min(JANUARY, last),))}


def geometric(table: pd.DataFrame, one: str, other: str) -> float:
    """Return the geometric mean of one way's hit share over another's, where both caught any."""
    both = table[(table[one] > 0) & (table[other] > 0)]
    return float(np.exp(np.log(both[one] / both[other]).mean()))


def summarize(table: pd.DataFrame) -> dict[str, float | str]:
    """Summarize many places as the targets are put."""
    best = max(BASELINES, key=lambda name: table[name].mean())
    return {
        "places": len(table),
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
    parser.add_argument("--out", type=Path, help="write a row a place here (CSV)")
    given = parser.parse_args()
    if not FILE.is_file():
        sys.exit(f"{FILE} is absent: these files are not part of the project.")
    if given.philadelphia:
        philadelphia()
        return
    items = list(places().items())[:: given.every]
    with ProcessPoolExecutor(2) as pool:
        judged = list(track(pool.map(judge_place, items), total=len(items)))
    table = pd.DataFrame(judged)
    if given.out:
        table.to_csv(given.out, index=False)
    sys.stdout.write(json.dumps(summarize(table), indent=1) + "\n")


if __name__ == "__main__":
    main()
