"""How areas do in places nobody tuned them for: `python -m benchmarks.places`.

Each place of ../shared/data/usa is set up as `csa start --yes` does, from its file alone, its areas
are proposed, and they are judged on one past January beside the other ways of choosing land. Four
large made-up cities in publishers' headers are too, on three Januaries; one table shows all.
`--docs` writes benchmarks/results/places.md, and the table of docs/PERFORMANCE.md.
`--philadelphia` prints the ways of choosing for Philadelphia's own list and polygons.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import track

import csa
from benchmarks.large import LARGE, LargeCity, rows, shootings
from benchmarks.tables import RESULTS, between, keep
from csa.areas.backtest.comparison import compare
from csa.areas.backtest.scoring import BASELINES, METHODS
from csa.base.text import method_phrase
from csa.ingest.job import shared_process
from csa.workflow.city_file import city_file
from csa.workflow.new_city import understand

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILE = DATA / "usa" / "gva_2014_2018_places_100_plus.csv.gz"
LEAST_ROWS = 100
JANUARY = csa.Month(2017, 1)
JANUARIES = tuple(csa.Month(year, 1) for year in (2015, 2016, 2017))
SEED = 20170101
SIZES = ((100, 200), (200, 300), (300, 600), (600, 10_000))
PAGE, PICTURE = RESULTS / "places.md", RESULTS / "places.png"
BEGIN, END = "<!-- places: begin -->", "<!-- places: end -->"
RESAMPLED = 2000
FLOOR_ROUNDING = 0.01
"""Incidents a year: what an area is expected to hold is rounded in files."""
HEAD = (
    "| in the list | places | with areas | areas | floor, a year | under it | 1.5-2.2% of land "  # noqa: ISC004
    "| estimated land over true | areas over blocks | over counts | over areas from counts |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)
RIVALS = ("blocks", "count_36", "count_areas")
WAY_HEAD = (
    "| way of choosing 2% of the land | caught | areas over it | blocks over it |",
    "|---|---|---|---|",
)


def places(least: int = LEAST_ROWS) -> dict[str, pd.DataFrame]:
    """Read the places with enough incidents, by name, as the file has them."""
    rows = pd.read_csv(FILE, dtype={"incident_id": "str"})
    named = rows.groupby(rows["city_or_county"] + ", " + rows["state"])
    return {str(name): place for name, place in named if len(place) >= least}


@shared_process("csa.workflow.companion_files")
def set_up(name: str, rows: pd.DataFrame, folder: Path) -> csa.City:
    """Set a place up as `csa start --yes` does: nothing is said but its file and its name."""
    rows.to_csv(folder / "list.csv", index=False)
    city = understand(folder / "list.csv", name=name)
    land = folder / "land.geojson"
    if city.places is not None:
        city.places.to_file(land)
    (folder / "city.toml").write_text(city_file(city, land.name, "name"))
    config = csa.load_city(folder / "city.toml")
    files = csa.Inputs((folder / "list.csv",), land)
    return csa.City(config, csa.ingest_city(config, files).dataset)


def judge(city: csa.City, januaries: tuple[csa.Month, ...]) -> dict[str, Any]:
    """Score the ways of choosing on past Januaries, and describe the areas of the last."""
    past = csa.backtest_areas(city, csa.BacktestSpec(januaries))
    if past.table.empty or not past.table["n_future"].max():
        return {"why_not_judged": "no year after three that has incidents"}
    proposal = csa.propose_areas(city, csa.AreaSettings(until=januaries[-1]))
    areas, params = proposal.areas, proposal.summary["params"]
    a_year = areas["expected"].astype("float64") * 12 / params["months_covered"]
    study_km2 = float(proposal.summary["totals"]["study_area_km2"])
    paired = compare(past.scores, "areas", "count_areas", seed=SEED)
    return {
        **past.table.groupby("method")["hit_share"].mean().to_dict(),
        "n_future": int(past.table["n_future"].iloc[-1]),
        "land_share": float(areas["area_km2"].sum()) / study_km2,
        "study_km2": study_km2,
        "n_areas": len(areas),
        "floor": params["least_a_year"],
        "under_floor": int((a_year < params["least_a_year"] - FLOOR_ROUNDING).sum()),
        "corners": proposal.summary["corners"]["n"],
        "median_km2": float(areas["area_km2"].median()) if len(areas) else math.nan,
        "versus_count_areas": paired.verdict,
    }


def judge_place(item: tuple[str, pd.DataFrame], *, is_judged: bool = True) -> dict[str, Any]:
    """Set one place up, propose its areas, and judge it."""
    name, rows = item
    found: dict[str, Any] = {"place": name, "rows": len(rows)}
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            city = set_up(name, rows, Path(folder))
            found["incidents"] = len(city.dataset.incidents)
            areas = csa.propose_areas(city).areas
            found |= {"areas_now": len(areas), "doubtful_now": _doubtful(areas)}
            found["set_up_s"] = time.perf_counter() - start
            if is_judged:
                # A list may end before the others.
                last = city.dataset.require_months().until.plus(-12)
                found |= judge(city, (min(JANUARY, last),))
    except csa.CsaError as error:
        found["why_not"] = str(error)
    return found


def judge_large(made_up: LargeCity) -> dict[str, Any]:
    """Set a large made-up city up from its publisher's rows, check each row, and judge it."""
    every = shootings(made_up)
    table = rows(made_up, every)
    with tempfile.TemporaryDirectory() as folder:
        city = set_up("Made up", table, Path(folder))
    kinds, report = city.dataset.incidents["kind"], city.dataset.report
    true = len(every), sum(one.is_homicide for one in every)
    if (len(kinds), int((kinds == "homicide").sum())) != true:
        raise ValueError(f"{made_up.name}: {report['homicides']} of {len(kinds)}, not {true}")
    proposal = csa.propose_areas(city)
    found = judge(city, JANUARIES)
    areas = {"areas_now": len(proposal.areas), "doubtful_now": _doubtful(proposal.areas)}
    over = found["study_km2"] / made_up.land_km2
    return {"place": made_up.name, "rows": len(table), **areas, "land_over_true": over, **found}


def _doubtful(areas: pd.DataFrame) -> int:
    """Count areas of which a third or more lies at points that may stand for others."""
    return int((areas["suspect"] * 3 >= areas["incidents"]).sum()) if len(areas) else 0


def pooled(table: pd.DataFrame, method: str) -> float:
    """Return the share of all places' incidents to come that a way caught."""
    return float((table[method] * table["n_future"]).sum() / table["n_future"].sum())


def ratio(table: pd.DataFrame, one: str, other: str) -> tuple[float, float, float]:
    """Return what one way caught over another, with the 95% interval of places drawn again."""
    random = np.random.default_rng(SEED)
    caught = table[[one, other]].to_numpy() * table[["n_future"]].to_numpy()  # (places, 2)
    drawn = random.integers(0, len(table), (RESAMPLED, len(table)))
    sums = caught[drawn].sum(axis=1)
    sums = sums[sums[:, 1] > 0]  # places drawn again may all have caught nothing
    low, high = np.percentile(sums[:, 0] / sums[:, 1], [2.5, 97.5])
    first, second = caught.sum(axis=0)
    return float(first / second), float(low), float(high)


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Count what was set up without a hand, and why others were not; compare the ways."""
    with_areas = table["areas_now"].fillna(0) > 0
    told: dict[str, Any] = {
        "places": len(table),
        "set up without a hand": int(table["incidents"].notna().sum()),
        "with areas now": int(with_areas.sum()),
        "all areas at suspect points": int(
            (with_areas & (table["doubtful_now"] == table["areas_now"])).sum()
        ),
        "why not": sorted(set(table.get("why_not", pd.Series(dtype=str)).dropna())),
    }
    if "areas" not in table:
        return told
    judged = table[table["areas"].notna()]
    return told | {
        "judged on a past January": len(judged),
        "why not judged": sorted(set(table.get("why_not_judged", pd.Series(dtype=str)).dropna())),
        "1.5 to 2.2% of the land": int(judged["land_share"].between(0.015, 0.022).sum()),
        "caught": {name: round(pooled(judged, name), 4) for name in METHODS},
        "areas over rivals": {name: ratio(judged, "areas", name) for name in BASELINES},
        "blocks over rivals": {name: ratio(judged, "blocks", name) for name in BASELINES},
        "areas over blocks": ratio(judged, "areas", "blocks"),
        "areas": int(judged["n_areas"].sum()),
        "areas that expect under the floor": int(judged["under_floor"].sum()),
        "corners to watch": int(judged["corners"].sum()),
        "share of land, median": round(float(judged["land_share"].median()), 4),
        "better than count_areas": int((judged["versus_count_areas"] == "better").sum()),
        "worse than count_areas": int((judged["versus_count_areas"] == "worse").sum()),
    }


def one_table(table: pd.DataFrame) -> list[str]:
    """Write all places by the length of their list, and each large made-up city."""
    is_made_up = table["land_over_true"].notna()
    places, lines = table[~is_made_up], [*HEAD]
    for least, most in (*SIZES, (0, 10**9)) if len(places) else ():
        size = f"{least} to {most - 1}" if most < 10_000 else f"{least} or more"
        some = places[places["rows"].between(least, most - 1)]
        lines += [_line(size if least else "all places", some)] if len(some) else []
    return lines + [
        _line(str(one["place"]), one.to_frame().T) for _, one in table[is_made_up].iterrows()
    ]


def _line(name: str, some: pd.DataFrame) -> str:
    """Write a line of the table: numbers of areas are medians, ratios of all together."""
    judged = some[some["areas"].notna()].infer_objects()
    over = [ratio(judged, "areas", rival) for rival in RIVALS]
    spans = [f"{o:.2f}" if len(some) == 1 else f"{o:.2f} ({a:.2f} to {b:.2f})" for o, a, b in over]
    n_land = int(judged["land_share"].between(0.015, 0.022).sum())
    known = some["land_over_true"].notna().all()
    cells = (
        name, len(some), int((some["areas_now"] > 0).sum()), f"{some['areas_now'].median():.0f}",
        f"{judged['floor'].median():.1f}", int(judged["under_floor"].sum()),
        f"{n_land} of {len(judged)}", f"{some['land_over_true'].iloc[0]:.2f}" if known else "",
        *spans,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def write_docs(table: pd.DataFrame) -> None:
    """Put the tables between their marks, draw the picture, and keep what the docs say."""
    table, lines = table[table["land_over_true"].isna()], one_table(table)
    told, judged = summarize(table), table[table["areas"].notna()]
    lines += ["", *WAY_HEAD]
    for name in sorted(METHODS, key=lambda one: -told["caught"][one]):
        over = told["areas over rivals"].get(name), told["blocks over rivals"].get(name)
        shown = ["" if one is None else "{:.2f} ({:.2f} to {:.2f})".format(*one) for one in over]
        caught = f"{100 * told['caught'][name]:.1f}%"
        lines.append(f"| {method_phrase(name)} | {caught} | {shown[0]} | {shown[1]} |")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(between(text, BEGIN, END, "\n".join(lines)), encoding="utf-8")
    draw(judged, told)
    n_areas, n_land = int((table["areas_now"] > 0).sum()), told["1.5 to 2.2% of the land"]
    over, low, high = ratio(judged, "areas", "count_36")
    land = f"{n_areas} with areas; areas on 1.5 to 2.2% of the land in {n_land} of {len(judged)}"
    said = [
        (f"{len(table)} places of the USA, set up without a hand", land, "all"),
        (
            "what their areas caught over cells by count",
            f"{over:.2f} ({low:.2f} to {high:.2f})",
            "",
        ),
    ]
    keep("places", "PERFORMANCE", "make bench-cities", said)


def draw(judged: pd.DataFrame, told: dict[str, Any]) -> None:
    """Draw the land that areas cover by the list's length, and what each way caught."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - loads late

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    left.axhspan(1.5, 2.2, color="#e3ebe6")
    left.scatter(judged["incidents"], 100 * judged["land_share"], s=14, color="#1f5f4a", alpha=0.7)
    left.set(xscale="log", ylim=(0, 3), xlabel="Incidents in the list")
    left.set(ylabel="Land in areas, % of the city's", title="180 places, none set up by hand")
    left.set_xticks([100, 200, 500, 1000, 2000], ["100", "200", "500", "1,000", "2,000"])
    left.minorticks_off()
    ways = [name for name in METHODS if name != "ceiling"]
    ways.sort(key=lambda name: told["caught"][name])
    colors = ["#1f5f4a" if name in {"areas", "blocks"} else "#9aa5a0" for name in ways]
    caught = [100 * told["caught"][name] for name in ways]
    bars = right.barh([method_phrase(name) for name in ways], caught, color=colors)
    right.bar_label(bars, fmt="%.0f", padding=3)
    right.set(xlim=(0, 36), xlabel="Caught in the next year, %", title="On 2% of the land")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=120, metadata={"Software": None})


def philadelphia() -> None:
    """Print the ways of choosing, January by January."""
    folder = DATA / "philadelphia"
    config = csa.load_city(Path(__file__).parent.parent / "config" / "philadelphia.toml")
    files = csa.Inputs(
        (folder / "philly_shooting_victims_2015_2025.csv",), folder / "neighborhoods.geojson"
    )
    city = csa.City(config, csa.ingest_city(config, files).dataset)
    januaries = tuple(csa.Month(year, 1) for year in range(2018, 2025))
    past = csa.backtest_areas(city, csa.BacktestSpec(januaries))
    shares = past.table.pivot_table(index="method", columns="origin", values="hit_share")
    shares["mean"] = shares.mean(axis=1)
    shares["2022-24"] = shares[[f"{year}-01" for year in (2022, 2023, 2024)]].mean(axis=1)
    sys.stdout.write(shares.sort_values("2022-24").round(4).to_string() + "\n")
    land = past.table[past.table["method"] == "areas"].set_index("origin")
    sys.stdout.write(land[["area_share", "filled_share"]].round(4).to_string() + "\n")
    for january in januaries:
        areas = csa.propose_areas(city, csa.AreaSettings(until=january)).areas
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
    parser.add_argument("--least", type=int, default=LEAST_ROWS, help="fewest rows of a place")
    parser.add_argument("--read", type=Path, help="take the rows that --out wrote")
    parser.add_argument("--docs", action="store_true", help="write the docs' tables")
    parser.add_argument("--set-up-only", action="store_true", help="set up and propose, no past")
    parser.add_argument("--out", type=Path, help="write a row a place here (CSV)")
    given = parser.parse_args()
    if not FILE.is_file():
        sys.exit(f"{FILE} is absent: these files are not part of the project.")
    if given.philadelphia:
        philadelphia()
        return
    if given.read:
        table = pd.read_csv(given.read)
    else:
        items = list(places(given.least).items())[:: given.every]
        with ProcessPoolExecutor(2) as pool:
            ask = partial(judge_place, is_judged=not given.set_up_only)
            judged = list(track(pool.map(ask, items), total=len(items)))
            large = [] if given.set_up_only else [*map(judge_large, LARGE)]
        table = pd.DataFrame([*judged, *large])
    if given.out:
        table.to_csv(given.out, index=False)
    is_made_up = table.get("land_over_true", pd.Series(math.nan, table.index)).notna()
    sys.stdout.write(json.dumps(summarize(table[~is_made_up]), indent=1) + "\n")
    if "areas" in table:
        sys.stdout.write("\n".join(one_table(table)) + "\n")
    if given.docs:
        write_docs(table)


if __name__ == "__main__":
    main()
