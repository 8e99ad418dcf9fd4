"""A proposal: all candidate areas of one run, and the files it is written as."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.areas.forming import NOISE, AreaSet
from csa.areas.layer_files import MapResult, draw_areas, on_axes
from csa.areas.mixture import MapMixture
from csa.areas.places import PastCandidate, Places, candidate_id, number_areas, recognize
from csa.areas.shrinkage import Estimate
from csa.areas.window import (
    NOTHING_COUNTED,
    CountedCells,
    PeriodIncidents,
    month_index,
    take,
    uses_suggested,
)
from csa.base.arrays import Bools, Floats, Ints, Objects
from csa.base.compact import name_each
from csa.base.crs import LONLAT
from csa.base.errors import ParamError
from csa.base.io import FORMULA_STARTS, csv_bytes, json_bytes
from csa.base.params import LAND_SHARE, AreaParams, DbscanParams, DocumentedDbscan, Month, Period
from csa.base.text import tr
from csa.city.dataset import City
from csa.city.selection import AreaSelection
from csa.geo.cells import AFAR, CellSet, bin_points, draw_cells, from_text, parents
from csa.geo.grid import Grid
from csa.geo.palette import PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMAT_VERSION = 1
METHOD_VERSION = "2"
KIND = "proposal"
MARKER = "proposal.json"
ENOUGH = 0.75
"""Areas that cover so much of the land that was looked for need no word about it."""

STACK = "stack.json"

AREA_COLUMNS = {
    "area_id": "c- and the place's number, the same from month to month",
    "served_as": "letter of the core service area that it is (core_areas.csv counts that one's own "
    "ground); empty for another candidate",
    "place_name": "largest neighborhood when first seen, with a compass word or distance where "
    "places share it",
    "tier": "1 for the highest by the city's order; empty where it cannot be told apart from the "
    "city, or is doubtful",
    "incidents": "incidents in the area's cells, noise included",
    "expected": "in a period as long, adjusted for chance; empty where only chance differs",
    "expected_low": "90% interval",
    "expected_high": "its upper end",
    "homicides": "of them, homicides",
    "victims": "people hit; empty where a source cannot tell",
    "domestic": "incidents marked as domestic; empty where no row says yes or no",
    "suspect": "incidents at a point that may stand for unknown places",
    "area_km2": "land inside the study area",
    "incidents_per_km2": "over the whole period",
    "population": "people, by areal weighting; empty where unknown",
    "population_year": "year of the people's count",
    "neighborhoods": "JSON: name to share of the area's incidents, largest first",
    "also_on_homicides": "yes, no or too few: whether homicides alone would make it an area",
    "cells": "H3 cells, 15 hex digits, sorted",
    "resolution": "H3 resolution of the cells",
    "method_version": "changes when the same data would give other areas",
    "nonfatal_name": "what the nonfatal kind is called in this city",
    "kinds": "kinds of incident counted",
    "first_day": "first day counted",
    "last_day": "last day counted",
    "is_synthetic": "true for a made-up city",
}
WHOLE_COLUMNS = ("tier", "victims", "domestic", "population", "population_year")
CELL_COLUMNS = {
    "cell": "H3 cell, 15 hex digits",
    "incidents": "incidents in the period",
    "homicides": "of them, homicides",
    "area_km2": "land inside the study area",
    "incidents_per_km2": "over the whole period",
    "area_id": "the candidate area it belongs to, or empty",
}
LABEL_COLUMNS = {
    "incident_id": "as in incidents.parquet",
    "cluster_id": "cluster, numbered west to east; -1 for noise",
    "is_core": "true where enough incidents lie within eps_m",
    "area_id": "the candidate area that its cell belongs to, or empty",
}


@dataclass(frozen=True)
class Proposal(MapResult):
    """All candidate areas of one run; `cells` lists every cell of the study area.

    Fields: `areas`, `counted`, `labels`, `summary`, `stack`.
    """

    areas: gpd.GeoDataFrame  # a candidate area a row, west to east
    counted: CountedCells  # what the study area's cells hold
    labels: pd.DataFrame  # every incident that was clustered: `LABEL_COLUMNS`
    summary: Mapping[str, Any]  # what `proposal.json` holds
    stack: Mapping[str, Any] = field(default_factory=dict)  # what `stack.json` holds: the weights

    @property
    def is_empty(self) -> bool:
        """Whether no area was found."""
        return self.areas.empty

    @property
    def cells(self) -> gpd.GeoDataFrame:
        """Every cell of the study area with its hexagon, WGS 84: `CELL_COLUMNS`, made each time."""
        shapes = shapely.set_precision(draw_cells(self.counted.grid.h3_cells).to_numpy(), 1e-7)
        return gpd.GeoDataFrame(self.cell_table, geometry=shapes, crs=LONLAT)

    @property
    def incidents(self) -> gpd.GeoDataFrame:
        """Every incident that was clustered, with its point, WGS 84: never in an export."""
        points = gpd.points_from_xy(self.labels["lon"], self.labels["lat"])
        return gpd.GeoDataFrame(self.labels[list(LABEL_COLUMNS)], geometry=points, crs=LONLAT)

    @property
    def cell_table(self) -> pd.DataFrame:
        """Every cell without its hexagon: `CELL_COLUMNS`, made anew each time it is asked for."""
        ids, table = [*self.areas["area_id"], ""], self.counted.table()
        table["area_id"] = pd.Categorical.from_codes(self.area_of_cell, pd.Index(ids))
        return table[list(CELL_COLUMNS)]

    @property
    def area_of_cell(self) -> Ints:
        """(m,) the place in `areas` of the area that each cell is in; if in none, how many are."""
        return self.counted.grid.number(map(from_text, self.areas["cells"]), len(self.areas))

    def areas_alone(self) -> Proposal:
        """Leave out what was counted, and the table of incidents, which take most of the memory."""
        return replace(self, counted=NOTHING_COUNTED, labels=self.labels.iloc[[]])

    # ---- For notebooks and other programs: never a single incident.

    LAYERS = ("areas", "cells")
    SHOWN = (
        "area_id",
        "place_name",
        "tier",
        "incidents",
        "expected_low",
        "expected_high",
        "area_km2",
    )

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return the areas, lists and tables as texts, or the cells."""
        return self.plain_areas if name == "areas" else self.cells

    @property
    def title(self) -> str:
        """How many candidates there are, and of which months."""
        params = self.summary["params"]
        values = {"city": self.summary["city_name"], "n": len(self.areas)}
        return tr("proposal.title", **values, start=params["start"], until=params["until"])

    @property
    def plain_areas(self) -> gpd.GeoDataFrame:
        """The areas with lists and tables as texts, as formats of files need them."""
        rows = [
            record
            | {
                "neighborhoods": json.dumps(record["neighborhoods"], ensure_ascii=False),
                "cells": " ".join(record["cells"]),
            }
            for record in area_records(self.areas)
        ]
        table = pd.DataFrame(rows, columns=list(AREA_COLUMNS))
        return gpd.GeoDataFrame(table, geometry=self.areas.geometry.to_numpy(), crs=LONLAT)

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The areas as GeoJSON's values."""
        return _geojson(self)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the cells and areas with matplotlib: on given axes, else on a new figure."""
        return draw_areas(self.areas, self.cells, on_axes(axes))

    def time_message(self) -> dict[str, Any] | None:
        """Return the cells by month; None where the incidents were left out."""
        if self.labels.empty:
            return None
        from csa.geo.cell_time import CellTimes, pack_cells  # noqa: PLC0415 - folium loads late

        params, grid = self.summary["params"], self.counted.grid
        cells = bin_points(self.labels["lon"], self.labels["lat"], params["resolution"])
        span = Month.parse(params["start"]), Month.parse(params["until"])
        times = CellTimes.of(cells, self.labels["month"].to_numpy(), *span)
        sizes = [times.cells, *([parents(times.cells, AFAR)] * (params["resolution"] > AFAR))]
        drawn = [
            (pack_cells(one), dict(zip(one.tolist(), range(len(one)), strict=True)))
            for one in map(np.unique, sizes)
        ]
        areas = self.areas["place_name"].tolist(), self.area_of_cell[grid.at(times.cells)]
        through = date.fromisoformat(params["covered_through"])
        return times.to_message(drawn, PAPER, span, areas, through=through)

    @staticmethod
    def is_doubtful(n_suspect: int, n_incidents: int) -> bool:
        """Check whether a third or more of an area's incidents are at suspect points."""
        return bool(n_suspect * 3 >= n_incidents)

    @property
    def is_all_suspect(self) -> bool:
        """Whether no area was found, and half of the incidents or more find none.

        They lie at points that may stand for unknown places.
        """
        totals = self.summary["totals"]
        return self.is_empty and 0 < totals["located"] <= 2 * totals["located_suspect"]

    @property
    def covers_little(self) -> bool:
        """Whether areas cover so little land that something must be wrong, or too few data."""
        share = self.summary["share_of_study_area"] or 0.0
        least = ENOUGH if self.summary["params"]["suggested_by"] == "the data" else ENOUGH / 3
        return bool(self.summary["totals"]["located"]) and share < least * LAND_SHARE

    @property
    def suggested(self) -> DbscanParams:
        """The radius and minimum that fit this many incidents."""
        return DbscanParams(**self.summary["params"]["suggested"])


def choose_areas(proposal: Proposal, area_ids: Iterable[str] | None = None) -> AreaSelection:
    """Choose areas of a proposal, to be followed.

    Parameters
    ----------
    proposal
        All candidates of one run.
    area_ids
        Their ids; None takes all.

    Returns
    -------
    Chosen
        The areas, west to east, with the months and kinds of incident that chose them.

    Raises
    ------
    ParamError
        If the proposal has no area of such an id.

    Examples
    --------
    >>> chosen = csa.choose_areas(proposal, ["c-2", "c-5"])
    >>> chosen.area_ids, chosen.resolution
    (('c-2', 'c-5'), 10)
    """
    known = proposal.areas["area_id"].tolist()
    wanted = known if area_ids is None else list(area_ids)
    unknown = [area_id for area_id in wanted if area_id not in known]
    if unknown:
        raise ParamError("chosen.unknown", given=", ".join(unknown), known=", ".join(known))
    areas = proposal.areas[proposal.areas["area_id"].isin(wanted)]
    params = proposal.summary["params"]
    return AreaSelection(
        tuple(areas["area_id"]),
        tuple(areas["place_name"]),
        tuple(frozenset(int(cell, 16) for cell in cells) for cells in areas["cells"]),
        int(params["resolution"]),
        Period(Month.parse(params["start"]), Month.parse(params["until"])),
        tuple(params["kinds"]),
        is_suggested=uses_suggested(params),
        max_area_km2=float(params["max_area_km2"]),
    )


def proposal_files(proposal: Proposal) -> dict[str, bytes]:
    """Write a proposal as files, the same bytes for the same proposal."""
    return {
        "areas.geojson": json_bytes(_geojson(proposal)),
        "areas.csv": csv_bytes(list(AREA_COLUMNS), _area_rows(proposal.areas)),
        "cells.csv": _table_bytes(proposal.cell_table[list(CELL_COLUMNS)]),
        "incidents_labels.csv": _table_bytes(proposal.labels[list(LABEL_COLUMNS)]),
        STACK: json_bytes(proposal.stack),
        MARKER: json_bytes(proposal.summary),
    }


def _geojson(proposal: Proposal) -> dict[str, Any]:
    features = []
    for properties, shape in zip(
        area_records(proposal.areas), proposal.areas.geometry, strict=True
    ):
        # RFC 7946: seven decimals are a centimeter, outer rings run counterclockwise.
        drawn = shapely.orient_polygons(shapely.set_precision(shape, 1e-7))
        geometry = json.loads(shapely.to_geojson(drawn))
        features.append(
            {
                "type": "Feature",
                "id": properties["area_id"],
                "properties": properties,
                "geometry": geometry,
            }
        )
    return {
        "type": "FeatureCollection",
        "name": "areas",
        "format_version": FORMAT_VERSION,
        "nonfatal_name": proposal.summary["nonfatal_name"],
        "is_synthetic": proposal.summary["is_synthetic"],
        "features": features,
    }


def area_records(areas: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    """Give each area's columns as plain values, as every file has them."""
    for record in areas[list(AREA_COLUMNS)].to_dict("records"):
        values = {str(name): plain(value) for name, value in record.items()}
        # A column with unknown values holds floats; people are whole numbers all the same.
        yield values | {n: int(values[n]) for n in WHOLE_COLUMNS if values[n] is not None}


def _area_rows(areas: gpd.GeoDataFrame) -> Iterator[list[object]]:
    for record in area_records(areas):
        values = dict(record)
        values["neighborhoods"] = json.dumps(values["neighborhoods"], ensure_ascii=False)
        values["cells"] = " ".join(values["cells"])
        yield list(values.values())


def _table_bytes(table: pd.DataFrame) -> bytes:
    """Write numbers, truths and texts as `csv_bytes` does; by column, as value by value is slow."""
    return table.apply(_as_written).to_csv(index=False, lineterminator="\n").encode()


def _as_written(column: pd.Series) -> pd.Series:
    if column.dtype == bool:
        return column.map({True: "true", False: "false"})
    if column.dtype.kind in "iuf":
        return column
    text = column.astype("str").str.replace("\r\n?", "\n", regex=True)
    return text.mask(column.str.startswith(FORMULA_STARTS, na=False), "'" + text)


def plain(value: Any) -> Any:
    """Turn a table's value into one that JSON can hold; NA and NaN become None."""
    if hasattr(value, "item"):
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


# ---- All that one proposal was made from, and what is reported of its incidents.


@dataclass(frozen=True)
class AreaIncidents:
    """What is reported of the k incidents in areas, as arrays: a table is slow for many areas."""

    area: Ints  # (k,) the place in `found.areas` of the area of each
    month: Ints  # (k,) months since the year 0
    is_homicide: Bools
    victims: Floats  # NaN where unknown
    domestic: Objects  # texts
    neighborhood: Objects  # texts
    is_suspect: Bools  # whether each lies at a point that may stand for others
    lonlat: Floats  # (k, 2) degrees

    @classmethod
    def of(cls, window: PeriodIncidents, area_of: Ints) -> AreaIncidents:
        """Take the window's incidents that are in an area; (n,) `NOISE` where one is in none."""
        inside = np.flatnonzero(area_of != NOISE)
        of_areas = partial(take, window.table, rows=window.rows[inside])
        return cls(
            area_of[inside],
            month_index(of_areas("occurred_at")),
            of_areas("kind").eq("homicide").to_numpy(dtype=bool),
            of_areas("victims").to_numpy(dtype="float64", na_value=np.nan),
            name_each(of_areas("domestic")),
            name_each(of_areas("neighborhood")),
            window.is_suspect[inside],
            np.column_stack([of_areas(name).to_numpy(dtype="float64") for name in ("lon", "lat")]),
        )


@dataclass(frozen=True)
class Run:
    """All that one proposal was made from."""

    city: City  # the city's file, its incidents and its places
    period: Period  # the months asked for
    kinds: tuple[str, ...]  # the kinds of incident counted
    window: PeriodIncidents  # the period's incidents
    documented: DocumentedDbscan  # the values suggested, whatever the count
    suggested_by: str  # where they come from, as `csa.areas.choices.Suggestion`
    suggested: DbscanParams  # the suggested choices of DBSCAN for this count
    params: AreaParams  # the choices made
    grid: Grid  # the study area's cells
    found: AreaSet  # the areas, and what became of each incident
    estimates: tuple[Estimate, ...]  # what is expected in each area
    places: Places  # the city's places known before
    is_default: bool  # whether the choices are the city file's, so that new places are kept
    stack: MapMixture  # how the past's maps are combined in what each cell is expected to hold
    corners: tuple[CellSet, ...] = ()  # as dense as areas, and expected to hold too little
    least: float = 0.0  # incidents that an area must be expected to hold in the period

    @cached_property
    def recognized(self) -> tuple[PastCandidate | None, ...]:
        """The known place that each area is; None for one that was never seen."""
        return recognize(self.found.areas, self.places)

    @cached_property
    def area_ids(self) -> tuple[str, ...]:
        """The id of each area: its place's number, whatever the month."""
        is_kept = self.is_default or not self.places  # where none is kept, no number is another's
        numbers = number_areas(self.recognized, self.places, is_kept=is_kept)
        return tuple(map(candidate_id, numbers))

    @cached_property
    def area_of_cell(self) -> Ints:
        """(m,) the place in `found.areas` of the area that each cell is in; `NOISE`: none."""
        return self.grid.number(self.found.areas, NOISE)

    @cached_property
    def area_of(self) -> Ints:
        """(n,) the place in `found.areas` of the area that each incident lies in; `NOISE`: none."""
        return self.area_of_cell[self.window.at]

    @cached_property
    def is_homicide(self) -> Bools:
        """Which of the window's incidents are homicides."""
        return (self.window.column("kind") == "homicide").to_numpy(dtype=bool)

    @cached_property
    def reported(self) -> AreaIncidents:
        """What is reported of the incidents in areas, in the order of the window's."""
        return AreaIncidents.of(self.window, self.area_of)
