"""Of which city a file's rows are, where it holds several, and what that city is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from csa.base.crs import distance_m
from csa.base.message import msg
from csa.base.text import tr
from csa.ingest.infer_columns import Interpretation, Questions, TextColumn
from csa.ingest.infer_neighborhoods import plain_name
from csa.ingest.infer_words import is_kind

SEVERAL, MOST_CITIES = 0.1, 9
"""Share of rows from which on another city is one to ask about; so many are asked about at most."""
APART_DEGREES = 0.5
"""Places so far from all others are of another city."""
ZONE_CITY_M = 60_000.0


def choose_city(
    columns: Sequence[TextColumn],
    lonlat: pd.DataFrame,
    area: shapely.Geometry | None,
    questions: Questions,
) -> tuple[pd.DataFrame, TextColumn | None, tuple[str, ...]]:
    """Ask which city is meant where a file holds several: by a column, else by where they lie.

    That with the most rows is the likeliest, within polygons if there are any. Returns the places
    of its rows, and the column with the values that are this city's.
    """
    for column in columns:
        if not column.is_a("city") or column.is_a("private"):
            continue
        folded = column.texts[lonlat.index].str.casefold()
        counts = folded[folded.str.contains(r"[^\W\d_]{2}")].value_counts()
        large = counts.index[counts >= max(2, SEVERAL * len(folded))][:MOST_CITIES]
        if len(large) > 1:
            inside = folded
            if area is not None:
                inside = folded[shapely.contains_xy(area, lonlat["lon"], lonlat["lat"])]
            order = sorted(large, key=lambda one: -int((inside == one).sum()))
            readings = [
                Interpretation(
                    msg("start.is_city", city=plain_name(one.upper()), n=counts[one]), one
                )
                for one in order
            ]
            question = msg("start.which_city", column=column.header)
            chosen = str(questions.resolve("city", question, readings))
            return lonlat.loc[folded == chosen], column, (chosen,)
    return lonlat if area is not None else _choose_place(lonlat, questions), None, ()


def _choose_place(lonlat: pd.DataFrame, questions: Questions) -> pd.DataFrame:
    """Ask which of several groups of places far apart is the city's."""
    spots, spot = np.unique(lonlat.round(1).to_numpy(), axis=0, return_inverse=True)
    near = cKDTree(spots).sparse_distance_matrix(cKDTree(spots), APART_DEGREES)
    group = connected_components(near)[1][spot.ravel()]
    counts = np.bincount(group)
    large = [
        int(g) for g in np.argsort(-counts, kind="stable") if counts[g] >= SEVERAL * len(group)
    ]
    if len(large) < 2:
        return lonlat
    readings = []
    for number in large[:MOST_CITIES]:
        lon, lat = lonlat[group == number].median()
        words = msg("start.is_place", lon=round(lon, 2), lat=round(lat, 2), n=int(counts[number]))
        readings.append(Interpretation(words, number))
    chosen = questions.resolve("city", msg("start.which_place"), readings)
    chosen_rows: pd.DataFrame = lonlat.loc[lonlat.index[group == chosen]]
    return chosen_rows


def name_city(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame, stem: str, zone: str
) -> tuple[str, str]:
    """Guess what a city is called: by a column, by its file's name without what it is a file of.

    A file's name that says nothing gives the name of the time zone's own city, where that is near;
    else there is none. Returns the name, and what it is from: `column`, `file`, `zone`, `nowhere`.
    """
    for column in columns:
        if column.is_a("city") and not column.is_a("private"):
            counts = column.texts[lonlat.index].str.casefold().value_counts()
            counts = counts[counts.index.str.contains(r"[^\W\d_]{2}")]
            if len(counts) and counts.iloc[0] > len(lonlat) / 2:
                return plain_name(str(counts.index[0]).upper()), "column"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", stem).split()
    words = [word for word in words if len(word) > 1 and not is_kind("file_word", word)]
    if not all(is_kind("part_of_city", word) for word in words):
        return plain_name(" ".join(words).upper()), "file"
    lon, lat = lonlat[["lon", "lat"]].median()
    there = _zone_place(zone)
    if there is not None and float(distance_m(lon, lat, *there)) <= ZONE_CITY_M:
        return zone.rsplit("/", 1)[-1].replace("_", " "), "zone"
    return tr("start.unnamed_city"), "nowhere"


def _zone_place(zone: str) -> tuple[float, float] | None:
    """Return where the city is that a time zone is named after, in degrees, nearly."""
    listed = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in listed.splitlines():
        parts = line.split("\t")
        if len(parts) > 2 and parts[2] == zone:
            (south, lat), (west, lon) = re.findall(r"([+-])(\d+)", parts[1])
            degrees = int(lon[:3]) + int(lon[3:5]) / 60, int(lat[:2]) + int(lat[2:4]) / 60
            return degrees[0] * (1 - 2 * (west == "-")), degrees[1] * (1 - 2 * (south == "-"))
    return None
