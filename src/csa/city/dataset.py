"""A dataset: incidents, places and the report on how they were read, in one folder."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from csa.base.arrays import Floats
from csa.base.compact import BLOCK, find_fineness, give_back, in_blocks, to_categories, write_times
from csa.base.crs import LONLAT, parse_crs
from csa.base.errors import CrsError, CsaError, PeriodError, SourceError
from csa.base.io import csv_bytes, json_bytes, publish_version
from csa.base.params import Month, Period, complete_months, last_day
from csa.base.safe_parsing import parse_json
from csa.base.schema import check_incidents
from csa.city.config import CityConfig
from csa.city.loading import load_city
from csa.geo.neighborhoods import centroids

# ---- A dataset's tables: texts that repeat held once, hashed, written and read by blocks; shapes.


REPEATED = ("kind", "gun", "domestic", "neighborhood", "source", "flags")
"""Columns of incidents, beside the cells, in which few texts stand many times."""
ROW_GROUP = 200_000
TYPES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_timestamp,
)
"""Of the columns of all tables, beside their shapes."""
DEGREES = {"authority": "EPSG", "code": 4326}
"""As GeoParquet names `LONLAT`."""


def hold_repeated(incidents: pd.DataFrame) -> pd.DataFrame:
    """Hold each text that repeats once; a shooting then takes a third of the memory."""
    return incidents.assign(
        **{name: to_categories(incidents[name]) for name in _repeated(incidents)}
    )


def _repeated(names: Iterable[object]) -> list[str]:
    texts = map(str, names)
    return [name for name in texts if name in REPEATED or name.startswith("cell_r")]


def fingerprint(
    incidents: pd.DataFrame, neighborhoods: gpd.GeoDataFrame, study_area: shapely.Geometry
) -> str:
    """Hash the incidents and the places, never a file's bytes."""
    digest = hashlib.sha256()
    _hash_columns(digest, incidents)
    _hash_columns(digest, pd.DataFrame(neighborhoods.drop(columns="geometry")))
    _hash_shapes(digest, [*neighborhoods.geometry, study_area])
    return digest.hexdigest()


def layer_fingerprint(layer: gpd.GeoDataFrame) -> str:
    """Hash a layer: its columns and its shapes, never a file's bytes."""
    digest = hashlib.sha256()
    _hash_columns(digest, pd.DataFrame(layer.drop(columns="geometry")))
    _hash_shapes(digest, layer.geometry.to_numpy())
    return digest.hexdigest()


def _hash_shapes(digest: hashlib._Hash, shapes: Sequence[shapely.Geometry] | np.ndarray) -> None:
    """Hash shapes, a block at a time: one by one they take five times as long."""
    for start in range(0, len(shapes), BLOCK):
        block = np.array(shapes[start : start + BLOCK], dtype=object)
        digest.update(b"".join(shapely.to_wkb(shapely.normalize(block))))


def _hash_columns(digest: hashlib._Hash, table: pd.DataFrame) -> None:
    """Hash a table's columns, a block at a time: as one text they take ten times the memory."""
    for name, column in table.items():
        digest.update(f"\x1d{name}\x1e".encode())
        write = _writer(column)
        for start in range(0, len(column), BLOCK):
            texts = write(column.iloc[start : start + BLOCK])
            digest.update(("\x1f" * bool(start) + "\x1f".join(texts)).encode())


def _writer(column: pd.Series) -> Callable[[pd.Series], Iterable[str]]:
    """Return what writes a block of a column as texts."""
    if pd.api.types.is_float_dtype(column):
        return lambda block: map(repr, block.tolist())
    if pd.api.types.is_datetime64_dtype(column):  # days are written by the finest of them all
        fineness = find_fineness(column)
        return lambda block: map(str, write_times(block, fineness))
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.hasnans:
        known = column.cat.categories.astype("str").to_numpy(dtype=object)
        return lambda block: known[block.cat.codes]
    return lambda block: map(str, block.astype("str").to_numpy(dtype=object))


def incidents_parquet(incidents: pd.DataFrame) -> bytes:
    """Write incidents as GeoParquet, each text as a text, a group of rows at a time.

    The points are written beside `lon` and `lat` for other programs, and never read here.
    """
    names = dict.fromkeys(_repeated(incidents), "str")
    buffer = io.BytesIO()
    schema = pa.Schema.from_pandas(incidents.iloc[:0].astype(names), preserve_index=False)
    schema = schema.append(pa.field("geometry", pa.binary()))
    about = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": parse_crs(LONLAT).to_json_dict(),
    }
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": about}}
    schema = schema.with_metadata({**(schema.metadata or {}), b"geo": json.dumps(geo).encode()})
    with pq.ParquetWriter(buffer, schema) as writer:
        for start in range(0, max(len(incidents), 1), ROW_GROUP):
            group = incidents.iloc[start : start + ROW_GROUP].astype(names)
            lon, lat = (group[name].to_numpy(dtype=float) for name in ("lon", "lat"))
            points = np.array(shapely.to_wkb(shapely.points(lon, lat)), dtype=object)
            points[np.isnan(lon) | np.isnan(lat)] = None
            group = group.assign(geometry=points)
            writer.write_table(pa.Table.from_pandas(group, schema, preserve_index=False))
    return buffer.getvalue()


def _read_schema(path: Path) -> pa.Schema:
    """Read which columns a table has; refuse one of bytes or lists, as none is written."""
    schema = pq.read_schema(path)
    for one in schema:
        is_known = one.name == "geometry" or any(is_of(one.type) for is_of in TYPES)
        if not is_known:
            raise ValueError(f"{path}: {one}")
    return schema


def read_incidents(path: Path) -> pd.DataFrame:
    """Read a table of incidents, each text that repeats once.

    Raises
    ------
    ValueError
        If a column is of another type than those that are written.
    """
    names = [name for name in _read_schema(path).names if name != "geometry"]
    table = pq.read_table(path, columns=names, read_dictionary=_repeated(names))
    incidents = table.to_pandas(split_blocks=True, self_destruct=True)
    del table
    give_back()
    return hold_repeated(incidents)


def read_geometries(path: Path) -> gpd.GeoDataFrame:
    """Read a table of shapes in degrees, as each of a dataset is.

    Its coordinate system is known by its number; to build it from the file takes 20 ms each time.

    Raises
    ------
    ValueError
        If the file holds no shapes, broken ones, or some in another system.
    """
    try:
        about = parse_json(_read_schema(path).metadata[b"geo"].decode())["columns"]["geometry"]
        is_sound = about["encoding"] == "WKB" and about["crs"]["id"] == DEGREES
        rows = pd.read_parquet(path)
        shapes = shapely.from_wkb(rows["geometry"].to_numpy())
    except (KeyError, TypeError, shapely.errors.ShapelyError) as error:
        raise ValueError(path) from error
    if not is_sound or shapely.is_missing(shapes).any():
        raise ValueError(path)
    return gpd.GeoDataFrame(rows.assign(geometry=shapes), geometry="geometry", crs=LONLAT)


FORMAT_VERSION = 1
KIND = "dataset"
MARKER = "ingest.json"
INCIDENTS = "incidents.parquet"
NEIGHBORHOODS = "neighborhoods.parquet"
STUDY_AREA = "study_area.parquet"
REJECTED = "rejected.csv"
LAYERS = {key: f"{key}.parquet" for key in ("services", "vacant_land", "risk_terrain")}
"""Optional layers: key of `ingest.json` to file."""


@dataclass(frozen=True)
class Dataset:
    """Everything that a later step needs: no source file is read again.

    Incidents hold each text that repeats once: `kind`, `gun`, `domestic`, `neighborhood`,
    `source`, `flags` and the cells are categories. To write another text into such a column, or to
    compare two of them, take `.astype("str")` first; of some of the incidents, `value_counts`
    lists categories without a row too.

    Fields: `incidents`, `neighborhoods`, `study_area`, `report`, `services`,
    `vacant_land`, `risk_terrain`.
    """

    incidents: pd.DataFrame  # one a row, by `incident_id`; texts that repeat are categories
    neighborhoods: gpd.GeoDataFrame
    study_area: shapely.Geometry  # polygons, WGS 84
    report: Mapping[str, Any]  # what `ingest.json` holds
    services: gpd.GeoDataFrame | None = None  # `name`, `kind` and `geometry` (points, WGS 84)
    vacant_land: gpd.GeoDataFrame | None = None  # the same columns
    risk_terrain: gpd.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        """Hold each text that repeats once: columns of few texts, and the cells, are categories."""
        object.__setattr__(self, "incidents", hold_repeated(self.incidents))

    @property
    def fingerprint(self) -> str:
        """The sha256 of the incidents and places."""
        return str(self.report["fingerprint"])

    @property
    def complete_months(self) -> Period | None:
        """The whole months that the data cover; None where there is none."""
        first, last = self.report["data_from"], self.report["data_through"]
        if first is None or last is None:
            return None
        return complete_months(date.fromisoformat(first), date.fromisoformat(last))

    def require_months(self) -> Period:
        """Return the whole months that the data cover; refuse data without one."""
        covered = self.complete_months
        if covered is None:
            is_empty = None in (self.report["data_from"], self.report["data_through"])
            raise PeriodError("period.no_data" if is_empty else "backtest.no_month")
        return covered


def through_month(dataset: Dataset, month: Month) -> Dataset:
    """Return a dataset as it was known at a month's end."""
    end = last_day(month)
    if date.fromisoformat(dataset.report["data_through"]) <= end:
        return dataset
    kept = dataset.incidents["occurred_at"] < pd.Timestamp(f"{month.plus(1)}-01")
    report = {**dataset.report, "data_through": end.isoformat()}
    return replace(dataset, incidents=dataset.incidents[kept], report=report)


class CityReader(Protocol):
    """What makes a city of a table or of files: it is above this floor, and `csa` gives it."""

    def city_from_frame(
        self,
        frame: gpd.GeoDataFrame,
        date: str,
        killed: str | None,
        kind: str | None,
        number: str | None,
        city: str | None,
    ) -> City:
        """Understand a table of points."""

    def city_from_files(
        self, files: Sequence[Path], places: Path | None, name: str | None, crs: str | None
    ) -> City:
        """Understand files."""


def _no_reader() -> CityReader:
    raise RuntimeError("tables are read by csa.City, as the package gives it")


@dataclass(frozen=True)
class City:
    """A city: its file, and the dataset that its incidents and places are in.

    Fields: `config`, `dataset`, `folder`.
    """

    config: CityConfig  # the city's file
    dataset: Dataset  # its incidents and places
    folder: Path | None = None  # the dataset's, where results are stored beside it; None for none

    reader = staticmethod(_no_reader)

    def __post_init__(self) -> None:
        """Refuse a dataset of another city."""
        found, wanted = self.dataset.report["city"], self.config.city.id
        if found != wanted:
            raise CsaError("dataset.other_city", found=found, wanted=wanted)

    @classmethod
    def from_frame(
        cls,
        frame: gpd.GeoDataFrame,
        *,
        date: str = "date",
        killed: str | None = None,
        kind: str | None = None,
        id: str | None = None,  # noqa: A002 - as a user would say it
        city: str | None = None,
    ) -> City:
        """Make a city of a table of points, in memory alone.

        Rows are read as `csa start` reads a file's: the same rows are one incident, and the land is
        made from the points. What is not said of the columns is understood from their names and
        values, in the likeliest way: the incident's number too, without which rows of one time and
        place are one incident. `dataset.report` says what became of each row.

        Parameters
        ----------
        frame
            An incident, victim or person a row, n rows, with a point in any known system.
        date
            Column of the day, with or without a time, in the city's own time.
        killed
            Column that says whether somebody was killed: true or false, yes or no, or a number.
        kind
            Column of words that say what each row is, such as homicide.
        id
            Column of the incident's number.
        city
            What the city is called.

        Returns
        -------
        City
            The file that was understood, and the dataset.

        Raises
        ------
        TableError
            If there is no row, or a row has no point or no day, or a column is missing.
        CrsError
            If the points have no system, or do not lie where it says.
        SourceError
            If nothing says what a row is.

        Examples
        --------
        >>> table = proposal.incidents.merge(city.dataset.incidents, on="incident_id")
        >>> own = csa.City.from_frame(table, date="occurred_at", kind="kind", city="Orrinvale")
        >>> own.config.city.name, own.dataset.report["incidents"] == len(table)
        ('Orrinvale', True)
        """
        return cls.reader().city_from_frame(frame, date, killed, kind, id, city)

    @classmethod
    def from_file(
        cls,
        path: Path | str | Sequence[Path | str],
        *,
        places: Path | str | None = None,
        city: str | None = None,
        crs: str | None = None,
    ) -> City:
        """Make a city of a file of shootings or several, in memory alone, as `csa start` reads it.

        Parameters
        ----------
        path
            A file, or several: CSV, JSON, Excel, Parquet or a map of points.
        places
            Polygons of neighborhoods; without them the land is made from the incidents.
        city
            What the city is called; else what a column, the file or the time zone says.
        crs
            The system of x and y, such as EPSG:2263, where the file has no degrees.

        Returns
        -------
        City
            The file that was understood, and the dataset.

        Raises
        ------
        SourceError
            If a file cannot be read, or says no day, no place, or not what a row is.

        Examples
        --------
        >>> own = csa.City.from_file("data/sample/shootings.csv", city="Orrinvale")
        >>> own.config.city.name, own.dataset.report["incidents"]
        ('Orrinvale', 3533)
        """
        files = [Path(path)] if isinstance(path, Path | str) else [Path(one) for one in path]
        polygons = None if places is None else Path(places)
        return cls.reader().city_from_files(files, polygons, city, crs)

    @property
    def own_folder(self) -> Path:
        """The dataset's folder; refused for a city that is in memory alone."""
        if self.folder is None:
            raise CsaError("dataset.no_folder")
        return self.folder

    def middles(self, names: Collection[str]) -> dict[str, Floats]:
        """Return where neighborhoods have their middle, (2,) meters each; each is found once."""
        listed = self.dataset.neighborhoods
        new = listed["name"].isin({*names} - self._middles.keys())
        self._middles.update(centroids(listed[new], self.config.city.metric_crs))
        return {name: self._middles[name] for name in names if name in self._middles}

    @cached_property
    def _middles(self) -> dict[str, Floats]:
        return {}


def save_dataset(dataset: Dataset, rejected: pd.DataFrame, out: Path | str) -> str:
    """Write a dataset as a new version of a folder; readers never see half of two versions.

    Parameters
    ----------
    dataset
        What `ingest_city` made.
    rejected
        Rows that were not used: columns `file`, `line` and `reason`.
    out
        The folder. It is made, or gets another version beside those it holds.

    Returns
    -------
    str
        The version's number, such as `0001`.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds something else.
    CrsError
        If shapes are in another system than degrees of WGS 84.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     intake = csa.ingest_city(config, "data/sample")
    ...     csa.save_dataset(intake.dataset, intake.rejected, f"{folder}/dataset")
    '0001'
    """
    check_incidents(dataset.incidents)
    area = gpd.GeoDataFrame({"name": ["study area"]}, geometry=[dataset.study_area], crs=LONLAT)
    files = {
        INCIDENTS: incidents_parquet(dataset.incidents),
        NEIGHBORHOODS: _geo_parquet(dataset.neighborhoods),
        STUDY_AREA: _geo_parquet(area),
        REJECTED: csv_bytes(["file", "line", "reason"], _lines(rejected)),
        MARKER: json_bytes(dataset.report),
    }
    for key, file in LAYERS.items():
        layer = getattr(dataset, key)
        if layer is not None:
            files[file] = _geo_parquet(layer)
    version = publish_version(Path(out), MARKER, files, optional=tuple(LAYERS.values()))
    del files  # of ten million incidents they are half a gigabyte
    give_back()
    return version


def open_dataset(folder: Path | str) -> Dataset:
    """Open a dataset that `save_dataset` or `csa ingest` wrote: its current version.

    Parameters
    ----------
    folder
        The dataset's folder.

    Returns
    -------
    Dataset
        Incidents, neighborhoods, study area and the account of what was read.

    Raises
    ------
    SourceError
        If the folder holds no dataset, is damaged, or has an unknown format.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nothing_rejected = csa.ingest_city(config, "data/sample").rejected.head(0)
    ...     _ = csa.save_dataset(city.dataset, nothing_rejected, folder + "/dataset")
    ...     again = csa.open_dataset(folder + "/dataset")
    >>> again.fingerprint == city.dataset.fingerprint
    True
    """
    folder = Path(folder)
    if not (folder / MARKER).is_file():
        raise SourceError("dataset.absent", path=folder)
    # One version throughout, even while another is being published.
    place = (folder / "current").resolve() if (folder / "current").exists() else folder
    try:
        report = parse_json((place / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("dataset.damaged", path=folder) from error
    if not isinstance(report, dict) or report.get("kind") != KIND:
        raise SourceError("dataset.absent", path=folder)
    version = report.get("format_version")
    if version != FORMAT_VERSION:
        raise SourceError("dataset.format", path=folder, found=version, known=FORMAT_VERSION)
    try:
        incidents = read_incidents(place / INCIDENTS)
        neighborhoods = read_geometries(place / NEIGHBORHOODS)
        study_area = read_geometries(place / STUDY_AREA).geometry.iloc[0]
        layers = {key: _load_layer(place, key, report) for key in LAYERS}
    except (OSError, ValueError, TypeError, IndexError, pa.ArrowException) as error:
        raise SourceError("dataset.damaged", path=folder) from error
    # What was written had been checked: with the same fingerprint it is the same table.
    if fingerprint(incidents, neighborhoods, study_area) != report.get("fingerprint"):
        check_incidents(incidents)  # says what is wrong with it
        raise SourceError("dataset.damaged", path=folder)
    return Dataset(incidents, neighborhoods, study_area, report, **layers)


def open_city(config: CityConfig | Path | str, folder: Path | str) -> City:
    """Open a city's dataset together with the city's file.

    Parameters
    ----------
    config
        The city's file, or where it is.
    folder
        The dataset's folder.

    Returns
    -------
    City
        The file, the dataset, and the folder where results are stored beside it.

    Raises
    ------
    SourceError
        If the folder holds no dataset, is damaged, or has an unknown format.
    ConfigError
        If the city's file can't be read.
    CsaError
        If the dataset is another city's.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     intake = csa.ingest_city(config, "data/sample")
    ...     _ = csa.save_dataset(intake.dataset, intake.rejected, folder + "/dataset")
    ...     again = csa.open_city("config/sample.toml", folder + "/dataset")
    >>> again.dataset.fingerprint == city.dataset.fingerprint
    True
    """
    config = config if isinstance(config, CityConfig) else load_city(config)
    return City(config, open_dataset(folder), Path(folder))


def _load_layer(place: Path, key: str, report: Mapping[str, Any]) -> gpd.GeoDataFrame | None:
    """Read a layer named in the report; None where the city has none."""
    account = report.get(key)
    if account is None:
        return None
    layer = read_geometries(place / LAYERS[key])
    if not isinstance(account, dict) or layer_fingerprint(layer) != account.get("fingerprint"):
        raise ValueError(key)
    return layer


def _lines(rejected: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Yield the rows that were not used, a block at a time."""
    for block in in_blocks(rejected[["file", "line", "reason"]]):
        yield from block.itertuples(index=False, name=None)


def _geo_parquet(table: gpd.GeoDataFrame) -> bytes:
    if table.crs != LONLAT:
        raise CrsError("crs.not_degrees", given=table.crs.name if table.crs else "no system")
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
