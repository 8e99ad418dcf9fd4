"""From a city's files to a dataset: combines reading incidents and places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.compact import give_back, in_blocks, stack
from csa.base.crs import made_for
from csa.base.errors import SourceError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.schema import FLAGS, INCIDENT_COLUMNS, KINDS, YES_NO_UNKNOWN
from csa.base.text import day, listed
from csa.city.config import CityConfig
from csa.city.dataset import FORMAT_VERSION, KIND, LAYERS, Dataset, fingerprint, hold_repeated
from csa.geo import cells as h3_cells
from csa.geo.neighborhoods import assign_neighborhoods, is_inside
from csa.ingest.columns import FileLayout, match_layout
from csa.ingest.incidents import (
    ROW_COLUMNS,
    find_data_start,
    find_lists,
    fold_incidents,
    reconcile_files,
)
from csa.ingest.job import in_own_process
from csa.ingest.layers import Layer, add_population, read_all_services, read_risk_terrain
from csa.ingest.polygons import join_polygons, read_neighborhoods, read_study_area, require_zone
from csa.ingest.positions import check_positions, find_suspect_points
from csa.ingest.records import open_records
from csa.ingest.rules import count_unnamed, unnamed_notes
from csa.ingest.sources import FileTrial, Inputs, add_layers, find_inputs
from csa.ingest.validate import REASON, REASONS, ValidatedFile, validate_file

# ---- The report on a run: what was read and lost, by reason, and what a reader should know.


COUNTED = "counted"
"""Where in an account the counts of incidents will stand."""
WARN_UNLOCATED_SHARE = 0.03
WARN_OUTSIDE_SHARE = 0.05


def account(
    files: Sequence[ValidatedFile], rows: pd.DataFrame, config: CityConfig
) -> dict[str, Any]:
    """Count what was read and lost."""
    return {
        "inputs": [
            {
                "name": file.summary.name,
                "sha256": file.summary.sha256,
                "source": file.source.name,
                "rows_read": file.summary.n_read,
            }
            for file in files
        ],
        **count_rows(files, rows),
        COUNTED: {},
        "data_from": _data_from(files, rows),
        "months": {},
        "rules": _rules(files, rows, config),
        "unnamed": count_unnamed(
            [(file.source.name, each) for file in files for each in file.unnamed]
        ),
    }


def find_warnings(incidents: pd.DataFrame) -> tuple[Message, ...]:
    """Warn if so many incidents have no place, or lie outside, that areas mislead."""
    warnings = []
    is_unlocated, is_outside = (
        _has_flag(incidents, name) for name in ("unlocated", "outside_study_area")
    )
    if is_unlocated.mean() > WARN_UNLOCATED_SHARE:
        years = incidents.loc[is_unlocated, "occurred_at"].dt.year.value_counts()
        year = int(years.index[years == years.max()].min())
        values = {"percent": 100 * is_unlocated.mean(), "n": int(is_unlocated.sum())}
        warnings.append(msg("source.note_unlocated", year=year, **values))
    if is_outside.mean() > WARN_OUTSIDE_SHARE:
        values = {"percent": 100 * is_outside.mean(), "n": int(is_outside.sum())}
        warnings.append(msg("source.note_outside", **values))
    return tuple(warnings)


def _data_from(files: Sequence[ValidatedFile], rows: pd.DataFrame) -> str | None:
    """Return the first day of the rows that are used; if none is, of all."""
    days = rows.loc[rows["reason"] == "", "occurred_at"]
    if days.empty:
        days = pd.concat([rows["occurred_at"], *(file.aside["occurred_at"] for file in files)])
    start = find_data_start(days)
    return None if start is None else start.date().isoformat()


def count_rows(files: Sequence[ValidatedFile], rows: pd.DataFrame) -> dict[str, Any]:
    """Count what became of the rows."""
    counted = Counter(rows["reason"].value_counts().to_dict())
    for file in files:
        counted.update(file.aside["reason"].value_counts().to_dict())
    rejected = {reason: int(counted[reason]) for reason in REASONS}
    rejected["unreadable"] = sum(len(file.summary.unreadable) for file in files)
    is_used = rows["reason"] == ""
    # A number that begins anew each year numbers incidents together with the day.
    numbered = {one.source.name for one in files if "incident_id" in one.source.incident_from[:-1]}
    is_alone = is_used & ~(rows["has_number"].astype(bool) | rows["source"].isin(numbered))
    unnumbered = rows.loc[is_alone, "incident_id"]
    return {
        "rows_read": sum(file.summary.n_read for file in files),
        "rows_used": int(is_used.sum()),
        "rows_rejected": rejected,
        "identical_rows": int((is_used & rows["is_identical"] & (rows["row_id"] == "")).sum()),
        "merged_rows": len(unnumbered) - unnumbered.nunique(),
    }


def with_incidents(accounted: Mapping[str, Any], incidents: pd.DataFrame) -> dict[str, Any]:
    """Fill in what is counted of incidents, where an account has a place for it."""
    filled: dict[str, Any] = {}
    for name, value in accounted.items():
        filled |= _incident_counts(incidents) if name == COUNTED else {name: value}
    return filled | {"months": _months(incidents)}


def _incident_counts(incidents: pd.DataFrame) -> dict[str, Any]:
    homicides = incidents.loc[incidents["kind"] == "homicide", ["gun"]]
    times = incidents["occurred_at"]
    is_unknown = incidents["victims"].isna()
    known = incidents["victims"].dropna()
    return {
        "incidents": len(incidents),
        "homicides": len(homicides),
        "nonfatal": len(incidents) - len(homicides),
        "homicides_by_gun": {
            word: int((homicides["gun"] == word).sum()) for word in YES_NO_UNKNOWN
        },
        "domestic": {word: int((incidents["domestic"] == word).sum()) for word in YES_NO_UNKNOWN},
        "victims": int(known.sum()) if len(known) or incidents.empty else None,
        "incidents_without_victim_count": int(is_unknown.sum()),
        **{name: int(_has_flag(incidents, name).sum()) for name in FLAGS},
        "first_date": None if times.empty else times.min().date().isoformat(),
        "last_date": None if times.empty else times.max().date().isoformat(),
        "incidents_in_several_sources": int(incidents["source"].str.contains("; ").sum()),
    }


def _has_flag(incidents: pd.DataFrame, name: str) -> pd.Series:
    return incidents["flags"].str.contains(name, regex=False).astype(bool)


def _months(incidents: pd.DataFrame) -> dict[str, dict[str, int]]:
    if incidents.empty:
        return {}
    months = incidents["occurred_at"].to_numpy(dtype="datetime64[M]")
    first, numbers = months.min(), (months - months.min()).astype("int64")
    n_months = int(numbers.max()) + 1
    of_kind = (numbers[incidents["kind"] == kind] for kind in KINDS)
    by_kind = [np.bincount(found, minlength=n_months) for found in of_kind]
    return {
        str(first + number): dict(zip(KINDS, map(int, counts), strict=True))
        for number, counts in enumerate(zip(*by_kind, strict=True))
    }


def _rules(
    files: Sequence[ValidatedFile], rows: pd.DataFrame, config: CityConfig
) -> list[dict[str, Any]]:
    """List each rule of the city's file with what it left out, zero included."""
    left_out = rows[rows["reason"] == "excluded_by_rule"]
    rules = {rule.name: rule.why for file in files for rule in file.source.exclude}
    rules |= {point.name: point.why for point in config.points if point.exclude}
    return [
        {
            "name": name,
            "why": why,
            "rows": int((left_out["rule"] == name).sum()),
            "incidents": int(left_out.loc[left_out["rule"] == name, "incident_id"].nunique()),
        }
        for name, why in rules.items()
    ]


def list_rejected(files: Sequence[ValidatedFile], rows: pd.DataFrame) -> pd.DataFrame:
    """List every row that was not used, by its position, never its content."""
    names = list(dict.fromkeys(file.summary.name for file in files))
    parts = [rows.loc[rows["reason"] != "", ["file", "line", "reason"]]]
    for number, file in enumerate(files):
        broken = pd.DataFrame({"line": file.summary.unreadable, "reason": "unreadable"})
        parts += [one.assign(file=number) for one in (file.aside[["line", "reason"]], broken)]
    # A police file has millions of them: each name and each reason is held once.
    table = pd.concat([part.astype({"line": "int64", "reason": REASON}) for part in parts])
    table = table.sort_values(["file", "line"], ignore_index=True)
    codes = np.array([names.index(file.summary.name) for file in files])
    taken = codes[table["file"].to_numpy()]
    table["reason"] = table["reason"].cat.remove_unused_categories()
    return table.assign(file=pd.Categorical.from_codes(taken, pd.Index(names)))


MAX_SUSPECTS_LISTED = 200


@dataclass(frozen=True)
class Intake:
    """What a run of ingest gives.

    Fields: `dataset`, `rejected`, `messages`.
    """

    dataset: Dataset  # incidents, places and the report
    rejected: pd.DataFrame  # `file`, `line`, `reason` of each row not used; texts as categories
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class _Places:
    neighborhoods: gpd.GeoDataFrame
    study_area: shapely.Geometry
    notes: tuple[Message, ...]


@in_own_process
def ingest_city(
    config: CityConfig, inputs: Inputs | Path | str, progress: ProgressCallback = no_progress
) -> Intake:
    """Read a city's files, judge every row, and build a dataset.

    Parameters
    ----------
    config
        The city.
    inputs
        Its files, or the folder in which the city's file says they are.
    progress
        Called with the name of each step as it begins.

    Returns
    -------
    Intake
        The dataset, the rejected rows with their reasons, and messages. A file whose rows are
        all rejected gives a dataset without incidents.

    Raises
    ------
    SourceError
        If a file is absent, unreadable, empty, or not of this city.
    CrsError
        If polygons name no coordinate system.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> intake = csa.ingest_city(config, "data/sample")
    >>> truth = json.loads(Path("data/sample/truth.json").read_text())
    >>> len(intake.dataset.incidents) == truth["incidents"]
    True
    >>> int((intake.rejected["reason"] == "duplicate_row").sum())
    6
    """
    if not isinstance(inputs, Inputs):
        folder = Path(inputs)
        inputs = add_layers(find_inputs(config, folder, ()), config, folder)
    progress("places")
    places = _read_places(config, inputs)
    files: list[ValidatedFile] = []
    for path in inputs.incidents:
        progress("read")
        files.append(_read_file(path, config, places.study_area, config.city.name)[1])
    seen: dict[str, Path] = {}
    for file, path in zip(files, inputs.incidents, strict=True):
        if (other := seen.setdefault(file.summary.sha256, path)) is not path:
            raise SourceError("source.twice", path=path, other=other)
    progress("fold")
    rows, data_through = reconcile_files(files, inputs.as_of)
    give_back()
    accounted = account(files, rows, config)
    rejected = list_rejected(files, rows)
    is_used = rows["reason"] == ""
    for column in set(rows) - set(ROW_COLUMNS):
        del rows[column]
    rows = rows[is_used]
    list_of, overlap = find_lists(rows)
    folded = fold_incidents(rows, list_of)
    del rows  # ten million of them are a gigabyte
    give_back()
    progress("locate")
    suspects, is_suspect = find_suspect_points(folded, config.points, config.city.metric_crs)
    incidents = _locate(folded.assign(is_suspect=is_suspect), places, config)
    give_back()
    layers, layer_notes = _read_layers(config, inputs, places.study_area, progress)
    merged = accounted["merged_rows"]
    messages = (
        *overlap,
        *([msg("source.note_merged", n=merged)] if merged else []),
        *find_warnings(incidents),
        *unnamed_notes(accounted["unnamed"]),
        *places.notes,
        *layer_notes,
        *(note for file in files for note in file.notes),
    )
    report = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": config.city.id,
        "city_name": config.city.name,
        "nonfatal_name": config.city.nonfatal_name,
        "nonfatal_is_proxy": config.city.nonfatal_is_proxy,
        "fingerprint": fingerprint(incidents, places.neighborhoods, places.study_area),
        **with_incidents(accounted, incidents),
        "suspect_points": suspects.round({"lon": 6, "lat": 6, "expected": 2}).to_dict("records")[
            :MAX_SUSPECTS_LISTED
        ],
        "suspect_points_total": len(suspects),
        "data_through": None if data_through is None else data_through.isoformat(),
        **_people(places, config, inputs),
        **{key: None if layer is None else layer[1] for key, layer in layers.items()},
        "notes": [{"key": note.key, "text": str(note)} for note in messages],
    }
    tables = {key: None if layer is None else layer[0] for key, layer in layers.items()}
    dataset = Dataset(incidents, places.neighborhoods, places.study_area, report, **tables)
    return Intake(dataset, rejected, messages)


@in_own_process
def try_files(
    config: CityConfig, files: Sequence[Path], places: Path | None, folder: Path
) -> list[FileTrial]:
    """Read a city's files as a run of ingest would, shootings file by file, without writing."""
    if places is not None:
        inputs = add_layers(find_inputs(config, folder, files, places), config, folder)
        area = _read_places(config, inputs).study_area
        _read_layers(config, inputs, area, no_progress)
        return [_try_file(path, config, area, config.city.name) for path in files]
    crs = config.city.metric_crs
    world = shapely.box(*(made_for(crs) or (-180.0, -90.0, 180.0, 90.0)))
    name = str(msg("check.made_for", crs=crs))
    return [_try_file(path, config, world, name) for path in files]


def _try_file(path: Path, config: CityConfig, area: shapely.Geometry, name: str) -> FileTrial:
    layout, judged = _read_file(path, config, area, name)
    rows, _ = reconcile_files([judged], None)
    used = rows[rows["reason"] == ""]
    counted = count_rows([judged], rows)
    unnamed = count_unnamed([(layout.source.name, each) for each in judged.unnamed])
    days = used["occurred_at"].dt.date
    told = {
        "file": str(path),
        "source": layout.source.name,
        "fields": sorted(layout.positions),
        **counted,
        "incidents": int(used["incident_id"].nunique()),
        "first_date": None if used.empty else days.min().isoformat(),
        "last_date": None if used.empty else days.max().isoformat(),
        "unnamed": unnamed,
    }
    lacking = tuple(name for name in layout.source.columns if name not in layout.positions)
    notes = (*judged.notes, *unnamed_notes(unnamed))
    return FileTrial(tuple(layout.positions), lacking, told, notes)


def _read_file(
    path: Path, config: CityConfig, area: shapely.Geometry, name: str
) -> tuple[FileLayout, ValidatedFile]:
    with open_records(path) as reading:
        layout = match_layout(reading.header, config, path)
        judged = validate_file(reading, layout, config, path)
    places = [rows.loc[rows["reason"] == "", ["lon", "lat"]] for rows in judged.blocks]
    check_positions(pd.concat(places), area, path, name, judged.source)
    return layout, judged


def _read_places(config: CityConfig, inputs: Inputs) -> _Places:
    neighborhoods, notes = read_neighborhoods(inputs.places, config.places)
    require_zone(neighborhoods, config.city)
    if inputs.population is not None and config.population is not None:
        neighborhoods, more = add_population(neighborhoods, inputs.population, config.population)
        notes += more
    if inputs.study_area is not None:
        area = read_study_area(inputs.study_area, config.places.crs)
    else:
        area = join_polygons(neighborhoods.geometry, inputs.places)
    return _Places(neighborhoods, shapely.normalize(area), notes)


def _read_layers(
    config: CityConfig, inputs: Inputs, area: shapely.Geometry, progress: ProgressCallback
) -> tuple[dict[str, Layer | None], tuple[Message, ...]]:
    """Read the layers that the city has, and report what is absent or was lost."""
    layers: dict[str, Layer | None] = dict.fromkeys(LAYERS)
    notes: list[Message] = []
    if inputs.services or inputs.vacant_land or inputs.risk_terrain:
        progress("layers")
    for key, described, files in (
        ("services", config.services, inputs.services),
        ("vacant_land", config.vacant_land, inputs.vacant_land),
    ):
        if files:
            layers[key] = read_all_services(files, area, key)
        there = [one.file for _, one in files]
        notes += (
            msg("layers.note_absent", file=one.file, section=key)
            for one in (described.each if described else ())
            if one.file not in there
        )
    if config.risk_terrain and inputs.risk_terrain:
        layer = read_risk_terrain(inputs.risk_terrain, config.risk_terrain, area)
        layers["risk_terrain"] = layer
    elif config.risk_terrain:
        file = config.risk_terrain.file
        notes.append(msg("layers.note_absent", file=file, section="risk_terrain"))
    read = (layer[1] for layer in layers.values() if layer is not None)
    notes += (
        msg(
            "layers.note_read",
            n=account["n"],
            rows_read=account["rows_read"],
            name=account["name"],
            as_of=day(date.fromisoformat(account["as_of"])),
            lost=listed(account["lost"]),
        )
        for account in read
    )
    return layers, tuple(notes)


def _locate(folded: pd.DataFrame, places: _Places, config: CityConfig) -> pd.DataFrame:
    """Add each incident's cells, neighborhood and flags."""
    parts = in_blocks(folded)
    added = stack([hold_repeated(_locate_part(part, places, config)) for part in parts])
    known = (name for name in INCIDENT_COLUMNS if name in folded and name != "source")
    flags = added.pop("flags")
    columns = {**{name: folded[name] for name in known}, **added}
    return pd.DataFrame({**columns, "source": folded["source"], "flags": flags}, copy=False)


def _locate_part(folded: pd.DataFrame, places: _Places, config: CityConfig) -> pd.DataFrame:
    """Find the cells, the neighborhood and the flags of some incidents."""
    lon, lat = folded["lon"], folded["lat"]
    is_located = lon.notna() & lat.notna()
    flagged = {
        "unlocated": ~is_located,
        "outside_study_area": is_located & ~is_inside(lon, lat, places.study_area),
        "suspect_point": folded["is_suspect"],
        "reported_time": folded["is_reported"].astype(bool),
        "no_time": ~folded["has_time"].astype(bool),
        "no_number": ~folded["has_number"].astype(bool),
    }
    columns: dict[str, Any] = {}
    for resolution in config.city.resolutions:
        cells = h3_cells.bin_points(lon, lat, resolution)
        columns[f"cell_r{resolution}"] = pd.array(h3_cells.as_text(cells), dtype="str")
    columns["neighborhood"] = assign_neighborhoods(lon, lat, places.neighborhoods)
    text = pd.Series("", index=folded.index, dtype="str")
    for name in FLAGS:
        joined = text.str.cat([name] * len(text), sep=";").str.lstrip(";")
        text = text.where(~flagged[name], joined)
    columns["flags"] = text
    return pd.DataFrame(columns, index=folded.index)


def _people(places: _Places, config: CityConfig, inputs: Inputs) -> dict[str, Any]:
    if inputs.population is None or config.population is None:
        return {"population": None, "population_year": None, "population_method": None}
    return {
        "population": float(places.neighborhoods["population"].sum()),
        "population_year": config.population.year,
        "population_source": config.population.source,
        "population_method": str(msg("places.population_method")),
    }
