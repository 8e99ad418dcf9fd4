"""The land and the neighborhoods of a city without polygons, from its incidents alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from csa.base.arrays import Cells, Floats, Ints
from csa.base.crs import LONLAT, equal_area, project
from csa.base.message import Message, msg
from csa.geo import cells as h3_cells
from csa.ingest.infer_columns import TextColumn, list_values
from csa.ingest.infer_words import is_kind

# ---- What people call a place: from how a file writes it.

SMALL = {"of", "the", "and", "at", "de", "da", "do", "das", "dos", "del", "la", "las", "los", "e"}
CORNERS = {"NE", "NW", "SE", "SW", "MLK", "JFK", "ZIP", "NPA"}
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
    if not re.search(r"[^\W\d_]{3}|\d(?:ST|ND|RD|TH)\b", text):
        return text  # a code such as D31 is no shout

    def lower(found: re.Match[str]) -> str:
        word = found[0]
        is_small = word.casefold() in SMALL and found.start()
        if is_small or text[: found.start()][-1:].isdigit():  # 5th
            return word.casefold()
        if ROMAN.fullmatch(word) or word in CORNERS:
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
FEW_NAMES, ROWS_A_NAME, MANY_NAMES, MANY_ROWS = 8, 3, 0.34, 0.5
"""Fewer names are of boroughs; fewer rows are a typing error, or another name for the same; so many
for each row are of streets; of the rows, so many must have a name."""
ALIKE = 0.5
"""Share of places whose nearest other place has the same name: of no column that is no place's."""


@dataclass(frozen=True)
class PlaceNames:
    """What a file calls the place of each row."""

    names: pd.Series  # by row; "" where it has none
    headers: tuple[str, ...] = ()  # the columns that they are from
    notes: tuple[Message, ...] = ()
    are_streets: bool = False


def infer_neighborhoods(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame, lines: gpd.GeoDataFrame | None = None
) -> PlaceNames:
    """Find what the file calls the neighborhood of each row.

    Columns of names go before streets (of addresses, else of a map's lines), and those before
    columns of numbers, which are told with what they number ("Precinct 75"). Where names are few,
    those of a finer column go before them ("Precinct 75, Brooklyn").
    """
    found, notes = [], list[Message]()
    for column in columns:
        rank = _rank(column)
        if rank is None or column.is_a("private"):
            continue
        names = _names(column, lonlat.index)
        n_names = names.nunique() - ("" in set(names))
        has_words = names.str.contains(r"[^\W\d_]{3}").mean() > MANY_ROWS
        if _are_places(names, lonlat):
            found.append((not has_words, rank, column.position, column, names, n_names))
        elif has_words and n_names > MANY_NAMES * len(names):
            notes.append(msg("start.names_many", column=column.header, n=n_names))
    found.sort(key=lambda one: one[:3])
    fine = [one for one in found if one[5] >= FEW_NAMES]
    if not fine or fine[0][0]:
        few = (one for one in found if one[5] < FEW_NAMES)
        notes += [msg("start.names_few", column=one[3].header, n=one[5]) for one in few][:1]
        found_streets = infer_streets(columns, lonlat, lines)
        if found_streets is not None:
            return replace(found_streets, notes=tuple(notes))
    if not found:
        return PlaceNames(pd.Series("", index=lonlat.index), notes=tuple(notes))
    is_number, _, _, column, names, _ = (fine or found)[0]
    if not is_number:
        return PlaceNames(names, (column.header,), (*notes, *_rare(column, names)))
    return replace(
        _numbered(column, names, [one[3:5] for one in found if not one[0]]), notes=tuple(notes)
    )


def _rare(column: TextColumn, names: pd.Series) -> Iterator[Message]:
    """Note names of too few rows, such as typing errors, which get no land."""
    rare = names[names.groupby(names).transform("size") < ROWS_A_NAME].unique().tolist()
    if rare:
        values = {"n": len(rare), "column": column.header, "names": list_values(rare)}
        yield msg("start.names_rare", **values)


def _numbered(
    column: TextColumn, names: pd.Series, named: Sequence[tuple[TextColumn, pd.Series]]
) -> PlaceNames:
    """Name numbers by what they number, and with the names that all of their rows have."""
    noun = plain_name(_noun(column.header))
    labels = (noun + " " + names.str.replace(r"\.0$", "", regex=True)).where(names != "", "")
    for coarse, others in named:
        if _is_within(names, others):
            inside = others.groupby(names).agg(lambda one: one.value_counts().index[0])
            labels = (labels + ", " + names.map(inside)).where(names != "", "")
            return PlaceNames(labels, (column.header, coarse.header))
    return PlaceNames(labels, (column.header,))


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
    plain = {
        value: "" if is_kind("no_neighborhood", value) else plain_name(value)
        for value in column.distinct
    }
    return _one_spelling(column.texts[rows].map(plain).fillna(""))


def _one_spelling(names: pd.Series) -> pd.Series:
    """Write names that differ in their spelling alone as most rows do."""
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


# ---- Streets, where no column names neighborhoods: those along which a place's incidents lie.

STREET_RESOLUTION = 8
"""Cells of .74 km2 are named after streets of their own and of the cells around them."""
UNIT = re.compile(r"(?i)\s*(?:[,;(#\n]|\b(?:apt|unit|suite|ste|bldg|lot)\b).*|\b1/2\b", re.DOTALL)
CROSSING = re.compile(r"(?i)\s*(?:&|/|@|\band\b|\bat\b)\s*")
BLOCK = re.compile(
    r"(?i)^\W*(?:(?:\d[\dx]*|x+)(?:-\d+)?\s+)?(?:bl(?:oc)?k\.?\s+)?(?:of\s+)?"
    r"(?!(?:st|street|ave?|avenue|rd|road|pl|place)\b\.?$)(?=.*[^\W\d_]{2})"
)
"""What stands before a street's name: never a number of a house, but that of 42 Street."""
BESIDE_M = 60.0
"""An incident is on the nearest street of a map, as far as this."""
LEAST_LONG_M, MOST_BENT, LEAST_CROSSED, NEAR_M = 100.0, 0.03, 0.5, 800.0
"""A street's incidents lie in a line: their spread along it, and of that across, squared. Two cross
at an angle of 30 degrees at least, near the cell."""


def street_names(address: str) -> list[str]:
    """Return the streets of an address, without its number: two of a corner.

    >>> street_names("6300 BLOCK FRANKFORD AVE"), street_names("E 55TH ST & WOODLAND AV")
    (['Frankford Ave'], ['E 55th St', 'Woodland Av'])
    """
    parts = CROSSING.split(UNIT.sub("", address))[:2]
    return [plain_name(name.upper()) for part in parts if (name := BLOCK.sub("", part).strip())]


def infer_streets(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame, lines: gpd.GeoDataFrame | None = None
) -> PlaceNames | None:
    """Name places after the streets of most incidents there, by a column of addresses, or by lines.

    A street is named where its incidents lie in a line of some blocks: an address never is.
    """
    xy = pd.DataFrame(_project(lonlat, lonlat), lonlat.index, ["x", "y"])
    own = h3_cells.bin_points(lonlat["lon"], lonlat["lat"], STREET_RESOLUTION)
    cells = pd.Series(own, lonlat.index)
    for header, listed in _streets_of_rows(columns, lonlat, lines):
        named = _one_spelling(listed.astype("str")).astype("category")
        places, streets = xy.loc[named.index].to_numpy().round(), named.cat.codes.to_numpy()
        at = pd.Series(cells[named.index].to_numpy()).groupby(cells[named.index].to_numpy()).indices
        called = {}
        for cell in cells.unique().tolist():
            near = np.concatenate([at.get(one, np.empty(0, int)) for one in h3_cells.disk(cell)])
            ways = _lines_of(streets[near], places[near])
            corner = _corner(ways, xy[(cells == cell).to_numpy()].mean().to_numpy())
            called[cell] = " & ".join(sorted(str(named.cat.categories[one]) for one in corner))
        names = cells.map(called)
        if (names != "").mean() > MANY_ROWS:
            return PlaceNames(names, (header,), are_streets=True)
    return None


def _streets_of_rows(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame, lines: gpd.GeoDataFrame | None
) -> Iterator[tuple[str, pd.Series]]:
    """Yield the streets of each row, and what says them: addresses, then a map's nearest lines."""
    for column in columns:
        is_other = column.is_a("private") or column.is_number or _rank(column) is not None
        if column.is_a("address") and not is_other and not column.formats:
            texts = column.texts[lonlat.index]
            streets = {one: street_names(one) for one in texts.unique()}
            yield column.header, texts.map(streets).explode().dropna()
    if lines is not None:
        places = shapely.points(_project(lonlat, lonlat))
        middle = equal_area(*lonlat[["lon", "lat"]].mean())
        on_plane = shapely.transform(
            lines.geometry.to_numpy(), lambda xy: project(xy[:, 0], xy[:, 1], middle)
        )
        row, line = shapely.STRtree(on_plane).query_nearest(places, BESIDE_M, all_matches=False)
        yield lines.attrs["file"], pd.Series(lines["name"].to_numpy()[line], lonlat.index[row])


def _lines_of(streets: Ints, places: Floats) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield streets along which incidents lie, that of most first: its middle and its way."""
    counts = np.bincount(streets, minlength=1)
    for street in np.argsort(-counts, kind="stable")[: np.count_nonzero(counts >= ROWS_A_NAME)]:
        spots = np.unique(places[streets == street], axis=0)
        if len(spots) < ROWS_A_NAME:
            continue
        (across, along), ways = np.linalg.eigh(np.cov(spots.T))
        if along >= LEAST_LONG_M**2 and across <= MOST_BENT * along:
            yield int(street), spots.mean(axis=0), ways[:, 1]


def _corner(lines: Iterator[tuple[int, Floats, Floats]], middle: Floats) -> list[int]:
    """Return the first street, and the next that crosses it near a place."""
    for first, at, way in lines:
        for other, other_at, other_way in lines:
            turn = way[0] * other_way[1] - way[1] * other_way[0]
            apart = other_at - at
            if abs(turn) >= LEAST_CROSSED:
                corner = at + way * (apart[0] * other_way[1] - apart[1] * other_way[0]) / turn
                if np.hypot(*(corner - middle)) <= NEAR_M:
                    return [first, other]
        return [first]
    return []


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
    xy = _project(h3_cells.centers(fine), lonlat)
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
    near = _nearest(xy, _project(h3_cells.centers(land), lonlat), n_votes)
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
