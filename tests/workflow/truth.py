"""Shootings as they truly were, rows that tell of them, and the whole way from a file to incidents."""

import pandas as pd
from tests.workflow.layouts import shootings

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file
from csa.workflow.new_city import understand

MIDDLE = (-85.78, 38.23)
TRUTH = list(shootings(MIDDLE))
N_KILLED = sum(one.is_homicide for one in TRUTH)


def base(one):
    return {
        "Case": f"C{one.number}",
        "Date": f"{one.when:%Y-%m-%d %H:%M}",
        "Fatal": "Y" if one.is_homicide else "N",
        "Latitude": one.lat,
        "Longitude": one.lon,
    }


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def changed(change, *gone):
    def rows():
        for at, one in enumerate(TRUTH):
            yield {**without(base(one), *gone), **change(at, one)}

    return rows


def read_files(tmp_path, *files, **how):
    """Set a city up from files and read them by its file, as `csa start` does."""
    city = understand([*files], **how)
    land = tmp_path / "land.geojson"
    city.places.to_file(land)
    (tmp_path / "c.toml").write_text(city_file(city, land.name, "name"))
    return city, ingest_city(load_city(tmp_path / "c.toml"), Inputs(tuple(files), land)).dataset


def read(tmp_path, rows, **how):
    path = tmp_path / "list.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return read_files(tmp_path, path, **how)


def whens(dataset):
    return {f"{when:%Y-%m-%d %H:%M}" for when in dataset.incidents["occurred_at"]}


TRUE_WHENS = {f"{one.when:%Y-%m-%d %H:%M}" for one in TRUTH}
