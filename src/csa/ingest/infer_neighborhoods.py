"""The land and the neighborhoods of a city without polygons, from its incidents alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from csa.base.arrays import Cells, Floats, Ints
from csa.base.crs import LONLAT, equal_area, project
from csa.geo import cells as h3_cells
from csa.ingest.infer_columns import TextColumn

# ---- What people call a place: from how a file writes it.

SMALL = {"of", "the", "and", "at", "de", "da", "do", "das", "dos", "del", "la", "las", "los", "e"}
NUMBERED = re.compile(r"\s*\(\d+\)$")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
ROMAN = re.compile(r"(?=[IVX])X{0,2}(?:IX|IV|V?I{0,3})")
SCOTS = re.compile(r"MC(?=[^\W\d_]{3})")
LOWERED = re.compile(r"\b(?:Mc[a-z](?=[a-z]{2})|(?:Ii{1,2}|Iv|Vi{1,3}|Ix|Xi{1,3})(?=\s*(?:\(|$)))")
"""What a program that lowered capitals wrote amiss: Mckinley, and Park Heights Ii."""


def plain_name(text: str) -> str:
    """Write a place's name as people say it: capitals are lowered, a number behind it is left out.

    >>> plain_name("ST. MARY'S PARK (25)"), plain_name("MCKINLEY HILL II"), plain_name("Le Roy")
    ("St. Mary's Park", 'McKinley Hill II', 'Le Roy')
    >>> plain_name("Park Heights Ii"), plain_name("Mckinley Park")
    ('Park Heights II', 'McKinley Park')
    """
    text = " ".join(NUMBERED.sub("", text).split())
    if text != text.upper():
        return LOWERED.sub(_raise, text)
    if not re.search(r"[^\W\d_]{3}", text):
        return text  # a code such as D31 is no shout

    def lower(found: re.Match[str]) -> str:
        word = found[0]
        if word.casefold() in SMALL and found.start():
            return word.casefold()
        if ROMAN.fullmatch(word):
            return word
        if SCOTS.match(word):
            return f"Mc{word[2:].capitalize()}"
        first, *rest = re.split("(['\u2019])", word)
        is_short = len(first) == 1  # O'Hare, but Mary's
        return first.capitalize() + "".join(p.capitalize() if is_short else p.lower() for p in rest)

    return WORD.sub(lower, text)


def _raise(found: re.Match[str]) -> str:
    text = found[0]
    return f"Mc{text[2:].upper()}" if text[:2] == "Mc" else text.upper()


# ---- The column that says in which neighborhood each incident lies.

RANKS = ("neighborhood", "district", "precinct", "tract")
"""Kinds of such columns, those whose places residents know best first."""
UNNAMED = re.compile(
    r"(?i)(?:0+|-?\d*[1-9]\d*\.\d{3,}|unk.*|other|null|nan?|n/?a|nsa|none|not .*|out ?side.*|-+|)$"
)
FEW_NAMES, ROWS_A_NAME, MANY_NAMES, MANY_ROWS = 8, 3, 0.34, 0.5
"""Fewer names are of boroughs; fewer rows are a typing error, or another name for the same; so many
for each row are of streets; of the rows, so many must have a name."""
ALIKE = 0.5
"""Share of places whose nearest other place has the same name: of no column that is no place's."""


def infer_neighborhoods(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame
) -> tuple[pd.Series, tuple[str, ...]] | None:
    """Find what the file calls the neighborhood of each row; None where no column says it.

    Columns of names go before columns of numbers, which are told with what they number
    ("Precinct 75"). Where names are few, those of a finer column go before them ("Precinct 75,
    Brooklyn"). Returns the names by row, and the headers that they are from.
    """
    found = []
    for column in columns:
        rank = _rank(column)
        if rank is None or column.is_a("private"):
            continue
        names = _names(column, lonlat.index)
        if _are_places(names, lonlat):
            has_words = names.str.contains(r"[^\W\d_]{3}").mean() > MANY_ROWS
            found.append((not has_words, rank, column.position, column, names))
    if not found:
        return None
    found.sort(key=lambda one: one[:3])
    fine = [one for one in found if one[4].nunique() - ("" in set(one[4])) >= FEW_NAMES]
    is_number, _, _, column, names = (fine or found)[0]
    if not is_number:
        return names, (column.header,)
    noun = plain_name(_noun(column.header))
    labels = (noun + " " + names.str.replace(r"\.0$", "", regex=True)).where(names != "", "")
    for is_coarse_number, _, _, coarse, others in found:
        if not is_coarse_number and _is_within(names, others):
            inside = others.groupby(names).agg(lambda one: one.value_counts().index[0])
            labels = (labels + ", " + names.map(inside)).where(names != "", "")
            return labels, (column.header, coarse.header)
    return labels, (column.header,)


def _rank(column: TextColumn) -> int | None:
    """Return how well residents know a column's places, by its name; None for other columns."""
    if column.is_a("no_neighborhood"):
        return None
    return next((rank for rank, kind in enumerate(RANKS) if column.is_a(kind)), None)


def _noun(header: str) -> str:
    """Return what a column numbers: its name without `1`, `ID` and underscores."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", header).split()
    kept = [word for word in words if word.casefold() not in {"no", "num", "number", "nbr"}]
    return " ".join(kept).upper()


def _names(column: TextColumn, rows: pd.Index) -> pd.Series:
    """Return a column's names, "" where there is none; one spelling for those that differ in it."""
    plain = {value: "" if UNNAMED.match(value) else plain_name(value) for value in column.distinct}
    names = column.texts[rows].map(plain).fillna("")
    key = names.str.casefold().str.replace(r"[\W_]+", "", regex=True)
    usual = names.groupby(key).agg(lambda one: one.value_counts().index[0])
    return key.map(usual).fillna("")


def _are_places(names: pd.Series, lonlat: pd.DataFrame) -> bool:
    """Check that names are of places: several, each of several rows that lie beside one another."""
    counts = names[names != ""].value_counts()
    often = counts[counts >= ROWS_A_NAME]
    n_named = int(counts.sum())
    if len(often) < 2 or often.sum() < MANY_ROWS * len(names) or len(counts) > MANY_NAMES * n_named:
        return False
    is_often = names.isin(often.index)
    both = lonlat[is_often].assign(name=names[is_often]).drop_duplicates(["lon", "lat"])
    if len(both) < 2:
        return False
    near = _nearest(_project(both, both), None, 2)
    of_each = both["name"].to_numpy()
    by_chance = float(((often / often.sum()) ** 2).sum())
    is_alike = float((of_each[near[:, 1]] == of_each).mean())
    return is_alike >= ALIKE and is_alike >= by_chance + ALIKE * (1 - by_chance)


def _is_within(names: pd.Series, others: pd.Series) -> bool:
    """Check that nearly all rows of a name have one other name."""
    both = names[(names != "") & (others != "")]
    if both.empty:
        return False
    counts = others[both.index].groupby(both).agg(lambda one: one.value_counts().iloc[0])
    return bool(counts.sum() >= 0.9 * len(both))


# ---- Land: where incidents are, without the loneliest; and the part of it that each name holds.

LAND_RESOLUTION, FINE_RESOLUTION = 7, 9
LEAST_IN_CELL = 2
"""Without polygons, the land is the cells of 5 km2 with so many incidents and those around them, as
far as it lies within the hull of incidents and `AROUND_M` of it, where cells alone are 1.66 to 1.97
times four cities' true land. In fine cells, of a tenth of a km2."""
LONELIEST, NEIGHBORS = 0.01, 3
"""Share of incidents that stand too much alone for a city's outline, by their third neighbor."""
AROUND_M, SPACING = (500.0, 1000.0), 0.9
"""A hull of few incidents is too small, by about twice as much as nine tenths of them are apart."""
FAR_DEGREES = 0.6
VOTES = 5
"""So many incidents nearest to a cell say in which neighborhood it lies: one alone may err."""


def estimate_land(lonlat: pd.DataFrame) -> Cells:
    """Estimate a city's land from its incidents: the fine cells that it is made of."""
    away = (lonlat - lonlat.median()).abs().max(axis=1)
    lonlat = lonlat[away <= FAR_DEGREES]  # a place beyond is another city's, or an error
    cells = h3_cells.bin_points(lonlat["lon"], lonlat["lat"], LAND_RESOLUTION)
    busy, counts = np.unique(cells, return_counts=True)
    kept = busy[counts >= LEAST_IN_CELL]
    coarse = {
        near for cell in (kept if len(kept) else busy).tolist() for near in h3_cells.disk(cell)
    }
    fine = np.array(sorted(h3_cells.refine(frozenset(coarse), FINE_RESOLUTION)), dtype=np.uint64)
    places, around_m = np.unique(_project(lonlat, lonlat), axis=0), AROUND_M[1]
    if len(places) > NEIGHBORS:
        alone = np.asarray(cKDTree(places).query(places, k=NEIGHBORS + 1)[0])[:, -1]
        places = places[alone <= np.quantile(alone, 1 - LONELIEST)]
        around_m = float(np.clip(2 * np.quantile(alone, SPACING), *AROUND_M))
    hull = shapely.MultiPoint(places).convex_hull.buffer(around_m)
    xy = _project(h3_cells.centres(fine), lonlat)
    return fine[shapely.contains_xy(hull, xy[:, 0], xy[:, 1])]


def outline_neighborhoods(
    land: Cells, lonlat: pd.DataFrame, names: pd.Series, rest: str
) -> gpd.GeoDataFrame:
    """Draw the land of each name: each fine cell's is what the incidents nearest to it have.

    Names of too few rows, such as typing errors, get no land; without any name all is `rest`.
    """
    counts = names[names != ""].value_counts()
    often = sorted(counts.index[counts >= ROWS_A_NAME])
    is_known = names.isin(often)
    if not is_known.any():
        return _drawn({rest: land})
    xy = _project(lonlat[is_known], lonlat)
    codes = pd.Categorical(names[is_known], categories=often).codes.astype(np.int64)
    n_votes = min(VOTES, len(xy))
    near = _nearest(xy, _project(h3_cells.centres(land), lonlat), n_votes)
    votes = codes[near.reshape(len(land), n_votes)]
    # Of as many votes the nearest decides.
    n_same = (votes[:, :, None] == votes[:, None, :]).sum(axis=2) - np.arange(n_votes) / n_votes
    winner = votes[np.arange(len(land)), n_same.argmax(axis=1)]
    return _drawn({name: land[winner == code] for code, name in enumerate(often)})


def _drawn(cells: dict[str, Cells]) -> gpd.GeoDataFrame:
    some = {name: one for name, one in cells.items() if len(one)}
    shapes = [h3_cells.outline(one.tolist()) for one in some.values()]
    return gpd.GeoDataFrame({"name": [*some]}, geometry=gpd.GeoSeries(shapes, crs=LONLAT))


def _nearest(xy: Floats, at: Floats | None, n: int) -> Ints:
    """Return which places lie nearest to others, or to each other: (m, n)."""
    _, near = cKDTree(xy).query(xy if at is None else at, k=n)
    return np.asarray(near, dtype=np.int64)


def _project(places: pd.DataFrame, around: pd.DataFrame) -> Floats:
    """Project places into meters around the middle of others: (n, 2)."""
    lon, lat = around[["lon", "lat"]].mean()
    return project(places["lon"].to_numpy(), places["lat"].to_numpy(), equal_area(lon, lat))
