"""Everything that a public server holds: facts, tables, shapes, pictures and pages."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pyarrow.parquet as pq
import shapely
from pydantic import ValidationError

from csa.base.crs import LONLAT
from csa.base.errors import OutputError, PrivacyError, SourceError
from csa.base.io import csv_bytes, json_bytes, replace_folder, require_replaceable
from csa.base.safe_parsing import parse_json
from csa.base.text import ENGLISH, LANGUAGES
from csa.city.types import Frozen
from csa.disclosure.published import Publication
from csa.geo.cells import outline
from csa.reports.public.facts import FORMAT_VERSION, PublicFacts
from csa.reports.public.sections import public_title
from csa.reports.public.site import (
    CATALOG,
    FEED,
    FIELDS,
    PACKAGE,
    PAGES,
    catalog_bytes,
    feed_bytes,
    map_name,
    package_bytes,
    site_files,
)

KIND, MARKER = "public bundle", "bundle.json"
LEDGER_KIND, LEDGER = "published figures", "published.json"
LEDGER_VERSION = 1
NO_SHAPES: Mapping[str, shapely.Geometry] = MappingProxyType({})
NO_MAPS: Mapping[str, str] = MappingProxyType({})
SVG = b"<svg "


def publish_bundle(
    out: Path | str,
    facts: PublicFacts,
    ledger: Sequence[Publication],
    maps: Mapping[str, str] = NO_MAPS,
    shapes: Mapping[str, shapely.Geometry] = NO_SHAPES,
) -> tuple[str, ...]:
    """Publish a bundle whole, or not at all; an earlier one is replaced, anything else refused.

    Parameters
    ----------
    out
        The bundle's folder.
    facts
        What `gather_public` gathered.
    ledger
        All that was ever published, this quarter's figures included.
    maps
        Maps as SVG, by language; none where they were not drawn.
    shapes
        Outlines of the neighborhoods by name, WGS 84, for the download.

    Returns
    -------
    tuple of str
        The names of the files written.

    Raises
    ------
    OutputError
        If the folder cannot be written, holds something else, or holds figures that the ledger
        lacks.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import replace
    >>> few = replace(city.dataset, incidents=city.dataset.incidents.tail(6).reset_index(drop=True))
    >>> quiet = csa.City(city.config, few)
    >>> facts, publication = csa.gather_public(quiet, None, csa.Records(), csa.Month(2020, 6))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = csa.publish_bundle(f"{folder}/bundle", facts, [publication])
    >>> "areas.csv" in files and "published.json" in files
    True
    """
    files = bundle_files(facts, ledger, maps, shapes)
    refuse = partial(_refuse_lost, facts.city_id, ledger)
    replace_folder(Path(out), MARKER, files, _may_hold(), refuse)
    return tuple(files)


def publish_draft(draft: Path, out: Path) -> tuple[str, ...]:
    """Publish a bundle that was written elsewhere: the same bytes, by the same rules."""
    marker = _marker(draft)
    files = {name: _content(draft, name, marker["files"]) for name in marker["files"]}
    files = {MARKER: (draft / MARKER).read_bytes()} | files
    city = str(marker["facts"]["city_id"])
    refuse = partial(_refuse_lost, city, read_published(draft, city))
    replace_folder(out, MARKER, files, _may_hold(), refuse)
    return tuple(files)


def _refuse_lost(city: str, ledger: Sequence[Publication], place: Path) -> None:
    """Refuse to drop what someone else published meanwhile: published figures still count."""
    here = read_published(place, city) if (place / MARKER).exists() else ()
    if any(one not in ledger for one in here):
        raise OutputError("bundle.meanwhile", path=place)


def bundle_files(
    facts: PublicFacts,
    ledger: Sequence[Publication],
    maps: Mapping[str, str],
    shapes: Mapping[str, shapely.Geometry] = NO_SHAPES,
) -> dict[str, bytes]:
    """Write the files of a bundle: JSON, GeoJSON, CSV, HTML and SVG, the same bytes each time."""
    tables = table_files(facts, shapes)
    described = {PACKAGE: package_bytes(facts, tables, COLUMNS), FEED: feed_bytes(facts, ledger)}
    if facts.email:
        described[CATALOG] = catalog_bytes(facts, tables)
    tables |= described
    published = {
        "kind": LEDGER_KIND,
        "format_version": LEDGER_VERSION,
        "city": facts.city_id,
        "publications": [one.to_json() for one in carried_on(ledger)],
    }
    files = {LEDGER: json_bytes(published)} | tables
    files |= {map_name(language): svg.encode() for language, svg in maps.items()}
    files |= site_files(facts, maps, tables)
    marker = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "facts": facts.model_dump(mode="json"),
        "files": {name: _digest(content) for name, content in sorted(files.items())},
    }
    return {MARKER: json_bytes(marker)} | files


def read_bundle(folder: Path) -> tuple[PublicFacts, dict[str, str]]:
    """Read everything that a public server needs from a bundle."""
    marker = _marker(folder)
    try:
        facts = PublicFacts.model_validate_json(json.dumps(marker["facts"]))
    except (KeyError, ValidationError) as error:
        raise SourceError("bundle.damaged", path=folder, file=MARKER) from error
    told, maps = marker["files"], {}
    for language in LANGUAGES:
        name = map_name(language)
        if name in told:
            svg = _content(folder, name, told)
            if not svg.startswith(SVG):
                raise SourceError("bundle.damaged", path=folder, file=name)
            maps[language] = svg.decode()
    return facts, maps


def read_bundle_files(folder: Path) -> dict[str, bytes]:
    """Read every file of a bundle that a server may send; damaged is refused."""
    read_bundle(folder)  # its facts are whole too
    told = _marker(folder)["files"]
    return {MARKER: (folder / MARKER).read_bytes()} | {n: _content(folder, n, told) for n in told}


def read_published(folder: Path, city: str | None = None) -> tuple[Publication, ...]:
    """Read every publication in a bundle's ledger."""
    content = _content(folder, LEDGER, _marker(folder)["files"])
    try:
        ledger = parse_json(content)
        if ledger["kind"] != LEDGER_KIND:
            raise SourceError("bundle.damaged", path=folder, file=LEDGER)
        if ledger["format_version"] != LEDGER_VERSION:
            found = ledger["format_version"]
            raise SourceError("bundle.format", path=folder, found=found, known=LEDGER_VERSION)
        if city is not None and ledger["city"] != city:
            raise SourceError("bundle.other_city", path=folder, found=ledger["city"], wanted=city)
        return tuple(Publication.from_json(one) for one in ledger["publications"])
    except (ValueError, KeyError, TypeError, PrivacyError) as error:
        raise SourceError("bundle.damaged", path=folder, file=LEDGER) from error


def all_published(out: Path, earlier: Iterable[Path], city: str) -> tuple[Publication, ...]:
    """Read all earlier publications: from the folder being replaced, and from others."""
    require_replaceable(out, MARKER, (LEDGER, *TABLES, *_may_hold()))
    folders = [out, *earlier] if (out / MARKER).exists() else [*earlier]
    return carried_on(one for folder in folders for one in read_published(folder, city))


def carried_on(publications: Iterable[Publication]) -> tuple[Publication, ...]:
    """Sort publications, each once; a quarter appears twice if they differ."""
    found = {(one.id, json.dumps(one.to_json(), sort_keys=True)): one for one in publications}
    return tuple(found[key] for key in sorted(found))


def _marker(folder: Path) -> Mapping[str, Any]:
    try:
        marker = parse_json((folder / MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError("bundle.absent", path=folder) from error
    except (OSError, ValueError) as error:
        raise SourceError("bundle.damaged", path=folder, file=MARKER) from error
    if not isinstance(marker, dict) or marker.get("kind") != KIND:
        raise SourceError("bundle.absent", path=folder)
    version = marker.get("format_version")
    if version != FORMAT_VERSION:
        raise SourceError("bundle.format", path=folder, found=version, known=FORMAT_VERSION)
    if not isinstance(marker.get("files"), dict):
        raise SourceError("bundle.damaged", path=folder, file=MARKER)
    return marker


def _content(folder: Path, name: str, told: Mapping[str, Any]) -> bytes:
    """Read a file listed in the marker, and refuse a bundle with a truncated copy."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise SourceError("bundle.damaged", path=folder, file=name) from error
    if _digest(content) != told.get(name):
        raise SourceError("bundle.damaged", path=folder, file=name)
    return content


def _may_hold() -> tuple[str, ...]:
    """List the optional files of a bundle: maps, and the site's pages."""
    folders = ["" if language == ENGLISH else f"{language}/" for language in LANGUAGES]
    pages = [f"{folder}{page}" for folder in folders for page in PAGES]
    return (*map(map_name, LANGUAGES), *pages, SHAPES, SHAPES_PARQUET, CATALOG)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


DIGITS = 1e-6
"""Degrees, about ten centimeters."""

COLUMNS = {
    "cells.csv": ("cell", "level", "low", "high", "count"),
    "areas.csv": ("letter", "place_name", "state", "since", "count", "cells"),
    "neighborhoods.csv": ("name", "count", "level", "low", "high"),
    "counts.csv": ("geography", "place", "period", "count"),
    "years.csv": ("year", "incidents"),
    "actions.csv": ("number", "title", "status", "due"),
}
"""An empty `count` means fewer than 10; an empty `high` means no upper bound."""

SHAPES, SHAPES_PARQUET = "neighborhoods.geojson", "neighborhoods.parquet"
MAPS = ("cells.geojson", "areas.geojson", "cells.parquet", "areas.parquet")
TABLES = (*COLUMNS, *MAPS, PACKAGE, FEED)


def table_files(
    facts: PublicFacts, shapes: Mapping[str, shapely.Geometry] = NO_SHAPES
) -> dict[str, bytes]:
    """Write the tables, and the shapes of cells, areas and neighborhoods."""
    levels = facts.classes
    cells = [_row("cells.csv", cell, levels[cell.level]) for cell in facts.cells]
    areas = [_row("areas.csv", area) for area in facts.areas]
    places = [_row("neighborhoods.csv", one, levels[one.level]) for one in facts.districts]
    rows: dict[str, Iterable[Iterable[object]]] = {
        "cells.csv": (row.values() for row in cells),
        "areas.csv": ((row | {"cells": " ".join(row["cells"])}).values() for row in areas),
        "neighborhoods.csv": (row.values() for row in places),
        "counts.csv": _counts(facts),
        "years.csv": facts.years,
        "actions.csv": (_row("actions.csv", one).values() for one in facts.actions),
    }
    tables = {name: csv_bytes(COLUMNS[name], map(tuple, rows[name])) for name in COLUMNS}
    shaped = {
        "cells": [(_shape((row["cell"],)), row) for row in cells],
        "areas": [(_shape(row["cells"]), row) for row in areas],
        "neighborhoods": [
            (_geometry(shapes[row["name"]]), row) for row in places if row["name"] in shapes
        ],
    }
    drawn = {name: own for name, own in shaped.items() if own or name != "neighborhoods"}
    tables |= {f"{name}.geojson": _geojson(name, facts, own) for name, own in drawn.items()}
    return tables | {f"{name}.parquet": _parquet(name, facts, own) for name, own in drawn.items()}


def _row(file: str, *parts: Frozen) -> dict[str, Any]:
    """Return the values of a table's columns, each from the part that has it."""
    values = {name: value for part in parts for name, value in part.model_dump(mode="json").items()}
    return {name: values[name] for name in COLUMNS[file]}


def _counts(facts: PublicFacts) -> Iterator[tuple[str, str, str, int | None]]:
    """Yield every count of a year or quarter: of the city, then by neighborhood, then by area."""
    places = [("city", facts.city_name, facts.years, facts.quarters)]
    places += [("neighborhood", one.name, one.years, one.quarters) for one in facts.districts]
    places += [("area", one.key, one.years, ()) for one in facts.areas]
    for geography, name, years, quarters in places:
        yield from ((geography, name, str(year), count) for year, count in years)
        yield from ((geography, name, quarter, count) for quarter, count in quarters)


def _geojson(name: str, facts: PublicFacts, rows: Iterable[tuple[Any, dict[str, Any]]]) -> bytes:
    features = [{"type": "Feature", "properties": told, "geometry": shape} for shape, told in rows]
    head = {
        "type": "FeatureCollection",
        "name": name,
        "city_name": facts.city_name,
        "is_synthetic": facts.is_synthetic,
        "quarter": facts.quarter,
        "start": facts.start,
        "until": facts.until,
        "source": facts.source,
    }
    return (json.dumps(head | {"features": features}, ensure_ascii=False) + "\n").encode()


def _parquet(name: str, facts: PublicFacts, rows: Sequence[tuple[Any, dict[str, Any]]]) -> bytes:
    """Write the same as GeoParquet, which says of itself what it is, and of each column."""
    columns = COLUMNS[f"{name}.csv"]
    plain = [
        {key: " ".join(v) if isinstance(v, (list, tuple)) else v for key, v in row.items()}
        for _, row in rows
    ]
    shapes = shapely.from_geojson([json.dumps(shape) for shape, _ in rows])
    table = gpd.GeoDataFrame(plain, columns=list(columns), geometry=shapes, crs=LONLAT)
    for column in {"level", "low", "high", "count"} & {*columns}:
        table[column] = table[column].astype("Int64")
    buffer, out = io.BytesIO(), io.BytesIO()
    table.to_parquet(buffer, index=False)
    written = pq.read_table(buffer)
    about = {"title": public_title(facts), "source": facts.source, "quarter": facts.quarter}
    about |= {f"column:{column}": FIELDS[column][1] for column in columns}
    geo = {k: v for k, v in parse_json(written.schema.metadata[b"geo"]).items() if k != "creator"}
    # What wrote it, and with which version, is nobody's business.
    plain_table = written.replace_schema_metadata(None)
    with pq.ParquetWriter(out, plain_table.schema, store_schema=False) as writer:
        writer.write_table(plain_table)
        writer.add_key_value_metadata({"geo": json.dumps(geo), **about})
    return out.getvalue()


def _shape(cells: Iterable[str]) -> Any:
    return _geometry(outline(int(cell, 16) for cell in cells))


def _geometry(drawn: shapely.Geometry) -> Any:
    return parse_json(shapely.to_geojson(shapely.set_precision(drawn, DIGITS)))
