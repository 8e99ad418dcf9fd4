"""Small made-up cities for a fleet: the busiest neighborhoods of samples with other seeds."""

import csv
import io
import json
from functools import cache

import shapely

from csa.synthetic.sample import make_sample

N_NEIGHBORHOODS = 6


@cache
def _sample(seed):
    made = make_sample(seed)
    rows = list(csv.DictReader(io.StringIO(made["shootings.csv"].decode())))
    return json.loads(made["neighborhoods.geojson"]), [row for row in rows if row["lon"]]


def write_city(folder, seed, since="2018"):
    """Write a city's shootings since a year, and its polygons beside them; return the first."""
    polygons, rows = _sample(seed)
    xy = list(zip(*((float(row["lon"]), float(row["lat"])) for row in rows), strict=True))
    shapes = [shapely.geometry.shape(one["geometry"]) for one in polygons["features"]]
    held = [shapely.contains_xy(shape, *xy) for shape in shapes]
    busiest = sorted(range(len(shapes)), key=lambda at: held[at].sum())[-N_NEIGHBORHOODS:]
    inside = [any(held[at][row] for at in busiest) for row in range(len(rows))]
    folder.mkdir(parents=True)
    chosen = {**polygons, "features": [polygons["features"][at] for at in busiest]}
    (folder / "neighborhoods.geojson").write_text(json.dumps(chosen))
    path = folder / "shootings.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        kept = zip(rows, inside, strict=True)
        writer.writerows(row for row, is_in in kept if is_in and row["date"] >= since)
    return path


def write_broken(folder):
    """Write a list of shootings that says no place."""
    folder.mkdir(parents=True)
    path = folder / "shootings.csv"
    rows = [f"{number},2020-01-{1 + number % 28:02d},{number % 2}" for number in range(200)]
    path.write_text("\n".join(["number,date,fatal", *rows]) + "\n")
    return path
