"""The made-up city's files: everything that `csa sample` writes, as bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from csa.base.errors import ParamError
from csa.base.io import csv_bytes, json_bytes
from csa.base.message import say
from csa.base.text import render
from csa.synthetic.ground import DIGITS, CityGround, lay_ground, place, place_shapes
from csa.synthetic.names import CITY, INSTITUTION
from csa.synthetic.neighborhoods import PEOPLE, Neighborhood, lay_neighborhoods
from csa.synthetic.planted import (
    BACKGROUND,
    FEATURES,
    FIRST_DAY,
    HOMICIDES,
    LAST_DAY,
    NONFATAL,
    PUBLISHED,
    TURN_MONTH,
    YEARS,
    Feature,
)
from csa.synthetic.shootings import N_DUPLICATES, Incident, draw_incidents, ease
from csa.synthetic.story import program_truth
from csa.synthetic.streets import Streets, lay_streets
from csa.synthetic.tables import (
    FAR_KINDS,
    GAP_FEATURE,
    GAP_M,
    SERVICE_COLUMNS,
    SHOOTING_COLUMNS,
    VACANT,
    VACANT_COLUMNS,
    risk_squares,
    service_rows,
    shooting_rows,
    vacant_rows,
    with_programs,
)
from csa.synthetic.told import told_by

SEED = 20200821
MARKER = "truth.json"
LOST = {"officer": "excluded_by_rule", "elsewhere": "other_city", "bad_date": "bad_date"}
"""Faults for which an incident's only row is rejected."""

YES_NO_UNKNOWN = {"Y": "yes", "N": "no", "": "unknown"}


def make_sample(seed: int = SEED) -> dict[str, bytes]:
    """Make the files of a made-up city, with the truth that was planted in it.

    Parameters
    ----------
    seed
        Not negative; the same seed gives the same bytes.

    Returns
    -------
    dict of str to bytes
        Name of file to content, as in data/sample.

    Raises
    ------
    ParamError
        If the seed is negative.

    Examples
    --------
    >>> from pathlib import Path
    >>> files = csa.make_sample()
    >>> files["shootings.csv"] == Path("data/sample/shootings.csv").read_bytes()
    True
    """
    if seed < 0:
        raise ParamError("sample.seed", given=seed)
    # A random stream for each part: a change in one leaves the others as they are.
    streams = [np.random.default_rng([seed, part]) for part in range(8)]
    ground = lay_ground()
    streets = lay_streets(ground, streams[0])
    neighborhoods = lay_neighborhoods(ground, streams[1])
    incidents = ease(draw_incidents(ground, streets, streams[2]), streams[6])
    rows = shooting_rows(incidents, streams[3])
    services = service_rows(ground, streets, streams[4])
    risk = risk_squares(ground, streams[5])
    return {
        "README.md": (render(say("sample.readme", city=CITY, seed=seed)) + "\n").encode(),
        "shootings.csv": csv_bytes(SHOOTING_COLUMNS, rows),
        **_people_files(neighborhoods),
        **_land_files(ground, streets),
        "services.csv": csv_bytes(SERVICE_COLUMNS, with_programs(services)),
        "vacant_places.csv": csv_bytes(VACANT_COLUMNS, vacant_rows(streets, streams[7])),
        "risk_terrain.geojson": _features(({"score": score}, square) for score, square in risk),
        MARKER: json_bytes(_truth(seed, incidents, len(rows), neighborhoods)),
    }


def _people_files(neighborhoods: Sequence[Neighborhood]) -> dict[str, bytes]:
    people = [(one.name, one.people) for one in neighborhoods]
    return {
        "neighborhoods.geojson": _features(
            ({"name": one.name}, one.shape) for one in neighborhoods
        ),
        "population.csv": csv_bytes(("neighborhood", "people"), people),
    }


def _land_files(ground: CityGround, streets: Streets) -> dict[str, bytes]:
    return {
        "streets.geojson": _features(
            zip(
                ({"name": name, "class": kind} for name, kind, _ in streets.lines),
                place_shapes(line for _, _, line in streets.lines),
                strict=True,
            )
        ),
        "water.geojson": _named(ground.water),
        "parks.geojson": _named(ground.parks),
    }


def _named(shapes: Mapping[str, shapely.Geometry]) -> bytes:
    names = ({"name": name} for name in shapes)
    return _features(zip(names, place_shapes(shapes.values()), strict=True))


def _features(shapes: Iterable[tuple[Mapping[str, Any], shapely.Geometry]]) -> bytes:
    """Write GeoJSON, one feature per line, so that diffs are readable."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": properties, "geometry": _geometry(shape)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, shape in shapes
    ]
    body = ",\n".join(lines)
    return ('{"type":"FeatureCollection","features":[\n' + body + "\n]}\n").encode()


def _geometry(shape: shapely.Geometry) -> dict[str, Any]:
    # Outer rings run counterclockwise, as RFC 7946 wants them.
    turned = shapely.orient_polygons(shape)
    if isinstance(turned, shapely.LineString):
        return {"type": "LineString", "coordinates": _ring(turned)}
    parts = [
        [_ring(part.exterior), *(_ring(hole) for hole in part.interiors)]
        for part in shapely.get_parts(turned)
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _ring(line: shapely.LineString) -> list[list[float]]:
    return [[round(float(x), DIGITS), round(float(y), DIGITS)] for x, y in line.coords]


def _truth(
    seed: int,
    incidents: Sequence[Incident],
    n_rows: int,
    neighborhoods: Sequence[Neighborhood],
) -> dict[str, Any]:
    used = [one for one in incidents if one.fault not in LOST]
    return {
        "kind": "truth",
        "format_version": 1,
        "city": CITY,
        "is_synthetic": True,
        "seed": seed,
        "first_day": FIRST_DAY.isoformat(),
        "last_day": LAST_DAY.isoformat(),
        "homicides_by_year": _by_year(HOMICIDES),
        "nonfatal_by_year": _by_year(NONFATAL),
        "published": list(PUBLISHED),
        "rows_read": n_rows,
        **_account(incidents, used),
        "neighborhoods": len(neighborhoods),
        "people": PEOPLE,
        "institution": {"block": INSTITUTION, "is_in_city_file": False},
        "service_gap": {"feature": GAP_FEATURE, "kinds": list(FAR_KINDS), "within_m": GAP_M},
        "vacant_land": {
            name: {"lots": n_lots, "buildings": n_buildings}
            for name, (n_lots, n_buildings) in VACANT.items()
        },
        "background_by_year": _planted_by_year(BACKGROUND, used),
        "displacement": {
            "feature": "cooling",
            "ring": "ring of cooling",
            "since": TURN_MONTH,
            "told_by": told_by(),
        },
        "program": program_truth(),
        "features": [_feature(feature, used) for feature in FEATURES],
    }


def _account(incidents: Sequence[Incident], used: Sequence[Incident]) -> dict[str, Any]:
    faults = Counter(one.fault for one in incidents)
    domestic = Counter(YES_NO_UNKNOWN[one.domestic] for one in used)
    rejected = {reason: faults[fault] for fault, reason in LOST.items()}
    return {
        "rows_rejected": {**rejected, "duplicate_row": N_DUPLICATES},
        "incidents": len(used),
        "victims": sum(one.victims for one in used),
        "unlocated": faults["blank"] + faults["zero"],
        "at_zero": faults["zero"],
        "outside_study_area": faults["outside"],
        "domestic": {word: domestic[word] for word in YES_NO_UNKNOWN.values()},
    }


def _by_year(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(year): count for year, count in counts.items()}


def _planted_by_year(name: str, used: Sequence[Incident]) -> dict[str, int]:
    counts = Counter(one.when.year for one in used if one.feature == name)
    return {str(year): counts[year] for year in YEARS}


def _feature(feature: Feature, used: Sequence[Incident]) -> dict[str, Any]:
    lon, lat = place(np.array([feature.middle]))[0]
    by_year = _planted_by_year(feature.name, used)
    return {
        "name": feature.name,
        "kind": feature.kind,
        "lon": float(lon),
        "lat": float(lat),
        "radius_m": feature.outer_m,
        "inner_radius_m": feature.inner_m,
        "first_month": feature.first_month,
        "last_month": feature.last_month,
        "incidents": sum(by_year.values()),
        "incidents_by_year": by_year,
    }
