"""Shootings as they truly were, rows that tell of them, and the whole way from a file to incidents."""

import pandas as pd
from tests.workflow.layouts import row_of, shootings

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file
from csa.workflow.new_city import understand

MIDDLE = (-85.78, 38.23)
TRUTH = list(shootings(MIDDLE))
N_KILLED = sum(one.is_homicide for one in TRUTH)
KINDS = {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}
COLUMNS = {
    "Case": "C{number}",
    "Date": "{when:%Y-%m-%d %H:%M}",
    "Fatal": "Y || N",
    "Latitude": "{lat}",
    "Longitude": "{lon}",
}


def base(one):
    return row_of(COLUMNS, one, one.number - 100_000, killed=one.is_homicide)


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def written(columns, *gone, crs="", of=TRUTH):
    """Write a row of each shooting: the usual columns, but for those that are gone or told anew."""
    columns = {**without(COLUMNS, *gone), **columns}
    return [row_of(columns, one, at, killed=one.is_homicide, crs=crs) for at, one in enumerate(of)]


def read_files(tmp_path, *files, **how):
    """Set a city up from files and read them by its file, as `csa start` does."""
    city = understand([*files], **how)
    land = tmp_path / "land.geojson"
    city.places.to_file(land)
    (tmp_path / "c.toml").write_text(city_file(city, land.name, "name"))
    return city, ingest_city(load_city(tmp_path / "c.toml"), Inputs(tuple(files), land)).dataset


def read(tmp_path, rows, name="list.csv", **how):
    path = tmp_path / name
    pd.DataFrame(rows).to_csv(path, index=False)
    return read_files(tmp_path, path, **how)
