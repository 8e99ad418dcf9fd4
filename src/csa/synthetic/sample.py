"""The made-up city's files: everything that `csa sample` writes, as bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from csa.base.arrays import Floats
from csa.base.errors import ParamError
from csa.base.io import csv_bytes, json_bytes
from csa.base.message import msg
from csa.base.text import render
from csa.synthetic.landscape import (
    BACKGROUND,
    DIGITS,
    FEATURES,
    FIRST_DAY,
    HOMICIDES,
    LAST_DAY,
    MIDDLE,
    NONFATAL,
    PEOPLE,
    PUBLISHED,
    TURN_MONTH,
    YEARS,
    Feature,
    Landscape,
    Neighborhood,
    Streets,
    is_within,
    lay_neighborhoods,
    lay_streets,
    make_landscape,
    place,
    place_shapes,
)
from csa.synthetic.names import CITY, INSTITUTION, SERVICE_WORDS
from csa.synthetic.shootings import (
    N_DUPLICATES,
    Incident,
    city_of,
    detectable_by,
    draw_incidents,
    ease,
)
from csa.synthetic.story import program_truth

# What the made-up city's hospitals and other made-up cities counted, with its truth.

HOSPITAL_FILE, PEER_FILE = "hospital_counts.csv", "peer_cities.csv"
HOSPITAL_COLUMNS = ("source", "place", "month", "count")
HOSPITALS = {"St. Aurelia Hospital": 0.6, "Northbank Medical": 0.25, "Ferry Clinic": 0.15}
"""The share of the injured that each takes in."""
SEEN = 0.85
AREAS_SEEN = {"cooling": "A", "southeast": "B"}
"""A planted place's letter in the program's story."""
HIDES, HIDES_BELOW = "Northbank Medical", 3
STOPPED, STOPPED_AFTER = "Ferry Clinic", "2019-12"
HOSPITAL_MONTHS = tuple(f"{y}-{m:02d}" for y in range(2016, 2021) for m in range(1, 13))[:54]
"""January 2016 to June 2020."""

PEER_COLUMNS = (
    *("Month", "Year", "Date", "Agency", "State", "Agency_State", "Murder", "Aggravated Assault"),
    *("FBI.Population.Covered", "Number.of.Agencies"),
)
PEERS = (
    *("Ashmarrow", "Bellhaven Falls", "Corrowdale", "Dunmere", "Eastwillow", "Farrowgate"),
    *("Grendel Springs", "Hallowbrook", "Iverness Point", "Jarrowfield", "Kelderport", "Lowmarch"),
)
PEER_RISE = 1.25
PEER_MONTHS = tuple((y, m) for y in range(2018, 2021) for m in range(1, 13))[:31]
SKIPPED = ("Lowmarch", (2020, 3))
FULL_SAMPLE = "Full Sample"


def hospital_rows(
    incidents: Sequence[Incident], random: np.random.Generator
) -> Iterator[tuple[str, str, str, str]]:
    """Yield who counted, where, when and how many: injured people by the place of the injury."""
    seen = Counter[tuple[str, str, str]]()
    names, chances = list(HOSPITALS), list(HOSPITALS.values())
    for incident in incidents:
        month, place = f"{incident.when:%Y-%m}", AREAS_SEEN.get(incident.feature)
        for _ in range(incident.victims - incident.is_homicide):
            name = names[int(random.choice(len(names), p=chances))]
            if random.random() < SEEN:
                for where in {"", place or ""}:
                    seen[name, where, month] += 1
    for name in names:
        for where in ("", *AREAS_SEEN.values()):
            for month in HOSPITAL_MONTHS:
                if name == STOPPED and month > STOPPED_AFTER:
                    continue
                n = seen[name, where, month]
                is_hidden = name == HIDES and 0 < n < HIDES_BELOW
                yield name, where or "city", month, f"<{HIDES_BELOW}" if is_hidden else str(n)


def peer_rows(random: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Yield other cities' months, and their sum as the index has it, in the index's layout."""
    people = random.integers(15, 90, len(PEERS)) * 10_000
    all_of = dict.fromkeys(PEER_MONTHS, 0)
    for name, n in zip(PEERS, people, strict=True):
        for year, month in PEER_MONTHS:
            usual = 12 * n / 100_000 / 12 * (PEER_RISE if year == 2020 else 1)
            murders = int(random.poisson(usual))
            all_of[year, month] += murders
            shown: Any = "NA" if (name, (year, month)) == SKIPPED else murders
            yield _peer_row(year, month, name, "ZZ", shown, 40 * murders, int(n), 1)
    for (year, month), murders in all_of.items():
        n_people, n = int(people.sum()), len(PEERS)
        yield _peer_row(year, month, FULL_SAMPLE, "Nationwide", murders, 40 * murders, n_people, n)


def _peer_row(year: int, month: int, name: str, state: str, *numbers: Any) -> tuple[Any, ...]:
    return month, year, f"{year}-{month:02d}", name, state, f"{name}, {state}", *numbers


def counts_truth() -> dict[str, Any]:
    """Return what truth.json says of both."""
    return {
        "hospital_counts": {
            "share_seen": SEEN,
            "share_by_source": HOSPITALS,
            "hides_below": {HIDES: HIDES_BELOW},
            "stopped_after": {STOPPED: STOPPED_AFTER},
            "areas": {letter: feature for feature, letter in AREAS_SEEN.items()},
        },
        "peer_cities": {
            "cities": len(PEERS),
            "times_in_2020": PEER_RISE,
            "skipped": [SKIPPED[0], "{}-{:02d}".format(*SKIPPED[1])],
        },
    }


# ---- The made-up city's tables: rows as a city would publish them, services, a risk score.


SHOOTING_COLUMNS = (
    "incident_number", "victim_number", "date", "time", "block", "fatal", "domestic",
    "officer_involved", "lon", "lat", "city",
)  # fmt: skip
SERVICE_COLUMNS = ("name", "kind", "lon", "lat", "program", "capacity", "evaluated")
PROGRAMS = {
    "Common Ground Hub": ("Street mediation", 60, "yes"),
    "Open Door Hub": ("Street mediation", 40, "no"),
    "Peacekeepers Table": ("Circles after a shooting", 25, "no"),
    "Lantern Street Clinic": ("Help after an injury", 30, "yes"),
    "Orchard Health Center": ("Counseling for families", 45, ""),
    "Central Library": ("Evening study hall", 80, "no"),
}
"""What some services offer, to how many people at once, and whether somebody measured it."""

VACANT_COLUMNS = ("block", "kind", "lon", "lat")
LOT, BUILDING = "vacant lot", "vacant building"
VACANT = {"southeast": (11, 1), "cooling": (2, 1), "west side": (1, 0), "east side": (3, 2)}
"""Lots and buildings near the middle of an area of the program, as its walks found them."""
VACANT_ELSEWHERE = (64, 17)
NEAR_MIDDLE = 0.6
"""Of a planted place's radius: its area reaches so far at least."""

BAD_DATES = ("2017-02-30", "13/45/2018", "")
GAP_FEATURE = "southeast"
"""The hot area that is left without a hub or a clinic."""

GAP_M = 1700.0
FAR_KINDS = ("conflict resolution hub", "clinic")
RECREATION = "park or recreation center"
SQUARE_M = 400.0

ServiceRow = tuple[str, str, float, float]
NO_PROGRAM = ("", "", "")


def shooting_rows(
    incidents: Sequence[Incident], random: np.random.Generator
) -> list[tuple[object, ...]]:
    """Write one row per victim, with a few rows twice."""
    rows: list[tuple[object, ...]] = []
    numbers: dict[int, int] = {}
    n_bad = 0
    plain: list[int] = []  # rows without another fault: each rejected row has one reason
    for one in incidents:
        numbers[one.when.year] = numbers.get(one.when.year, 0) + 1
        number = f"{one.when.year % 100:02d}-{numbers[one.when.year]:05d}"
        day = f"{one.when:%Y-%m-%d}"
        if one.fault == "bad_date":
            day = BAD_DATES[n_bad % len(BAD_DATES)]
            n_bad += 1
        officer = "Y" if one.fault == "officer" else "N"
        for victim in range(one.victims):
            is_dead = one.is_homicide and (victim == 0 or random.random() < 0.25)
            plain += [len(rows)] * (not one.fault)
            values = (number, victim + 1, day, f"{one.when:%H:%M}", one.block, int(is_dead))
            rows.append((*values, one.domestic, officer, one.lon, one.lat, city_of(one)))
    again = sorted(random.choice(plain, N_DUPLICATES, replace=False), reverse=True)
    for place_in in again:
        rows.insert(int(place_in) + 1, rows[int(place_in)])
    return rows


def service_rows(
    ground: Landscape, streets: Streets, random: np.random.Generator
) -> list[ServiceRow]:
    """Place hubs, clinics, schools, churches and libraries on blocks, recreation in parks."""
    uv = streets.block_uv
    gap = next(feature for feature in FEATURES if feature.name == GAP_FEATURE)
    is_far = gap.distance_m(uv) > GAP_M
    weight = np.exp(-np.hypot(*(uv - MIDDLE).T) / 4500)
    rows: list[ServiceRow] = []
    for kind, names in SERVICE_WORDS.items():
        chance = weight * is_far if kind in FAR_KINDS else weight.copy()
        for name in names:
            block = int(random.choice(len(uv), p=chance / chance.sum()))
            chance = np.where(np.hypot(*(uv - uv[block]).T) < 900, 0.0, chance)
            lon, lat = place(uv[block : block + 1])[0]
            rows.append((name, kind, float(lon), float(lat)))
    rows += _recreation(ground)
    return sorted(rows, key=lambda row: (row[1], row[0]))


def with_programs(rows: Sequence[ServiceRow]) -> list[tuple[object, ...]]:
    """Add what each service offers, its capacity, and whether it was evaluated."""
    return [(*row, *PROGRAMS.get(row[0], NO_PROGRAM)) for row in rows]


def _recreation(ground: Landscape) -> Iterator[ServiceRow]:
    for name, shape in ground.parks.items():
        inside = shapely.get_coordinates(shapely.point_on_surface(shape))
        lon, lat = place(inside)[0]
        yield (name, RECREATION, float(lon), float(lat))


def vacant_rows(streets: Streets, random: np.random.Generator) -> list[ServiceRow]:
    """Place vacant lots and buildings on blocks: those that walks found, and others."""
    uv = streets.block_uv
    hot = [one for one in FEATURES if one.name in VACANT]
    away = np.column_stack([one.distance_m(uv) / one.outer_m for one in hot])
    chosen = [
        (np.flatnonzero(away[:, at] < NEAR_MIDDLE), VACANT[one.name]) for at, one in enumerate(hot)
    ]
    chosen.append((np.flatnonzero(away.min(axis=1) > 2), VACANT_ELSEWHERE))
    rows: list[ServiceRow] = []
    for blocks, (n_lots, n_buildings) in chosen:
        kinds = (LOT,) * n_lots + (BUILDING,) * n_buildings
        drawn = random.choice(blocks, len(kinds), replace=False)
        for block, kind, (lon, lat) in zip(drawn, kinds, place(uv[drawn]), strict=True):
            rows.append((streets.block_names[block], kind, float(lon), float(lat)))
    return sorted(rows, key=lambda row: (row[1], row[0]))


def risk_squares(
    ground: Landscape, random: np.random.Generator
) -> list[tuple[int, shapely.Polygon]]:
    """Score squares of 400 m: smooth, and related but not equal to the planted shootings."""
    west, south, east, north = ground.limit.bounds
    u, v = np.meshgrid(np.arange(west, east, SQUARE_M), np.arange(south, north, SQUARE_M))
    corners = np.column_stack([u.ravel(), v.ravel()])
    corners = corners[is_within(corners + SQUARE_M / 2, ground.limit)]
    raw = _risk(corners + SQUARE_M / 2, random)
    scores = np.rint(100 * (raw - raw.min()) / (raw.max() - raw.min())).astype(int)
    ring = SQUARE_M * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    rings = place((corners[:, None, :] + ring).reshape(-1, 2)).reshape(-1, 4, 2)
    squares = [shapely.Polygon(ring) for ring in rings]
    return [(int(score), square) for score, square in zip(scores, squares, strict=True)]


def _risk(uv: Floats, random: np.random.Generator) -> Floats:
    raw: Floats = 1.1 * np.exp(-np.hypot(*(uv - MIDDLE).T) / 4000)
    for feature in FEATURES:
        if feature.kind in ("steady", "easing", "cooling"):
            seen = random.uniform(0.25, 1.0)
            astray = random.normal(0, 350, 2)
            meters = np.hypot(*(uv - np.array(feature.middle) - astray).T)
            raw += seen * np.exp(-((meters / 900) ** 2) / 2)
    for _ in range(6):
        towards, phase = random.uniform(0, 2 * np.pi, 2)
        along = uv @ np.array([np.cos(towards), np.sin(towards)])
        raw += 0.08 * np.sin(along / random.uniform(600, 1600) + phase)
    return raw


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
        raise ParamError("param.at_least", name="--seed", least=0, given=seed)
    # A random stream for each part: a change in one leaves the others as they are.
    streams = [np.random.default_rng([seed, part]) for part in range(10)]
    ground = make_landscape()
    streets = lay_streets(ground, streams[0])
    neighborhoods = lay_neighborhoods(ground, streams[1])
    incidents = ease(draw_incidents(ground, streets, streams[2]), streams[6])
    rows = shooting_rows(incidents, streams[3])
    services = service_rows(ground, streets, streams[4])
    risk = risk_squares(ground, streams[5])
    return {
        "README.md": (render(msg("sample.readme", city=CITY, seed=seed)) + "\n").encode(),
        "shootings.csv": csv_bytes(SHOOTING_COLUMNS, rows),
        **_people_files(neighborhoods),
        **_land_files(ground, streets),
        "services.csv": csv_bytes(SERVICE_COLUMNS, with_programs(services)),
        "vacant_places.csv": csv_bytes(VACANT_COLUMNS, vacant_rows(streets, streams[7])),
        HOSPITAL_FILE: csv_bytes(HOSPITAL_COLUMNS, hospital_rows(incidents, streams[8])),
        PEER_FILE: csv_bytes(PEER_COLUMNS, peer_rows(streams[9])),
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


def _land_files(ground: Landscape, streets: Streets) -> dict[str, bytes]:
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
            "told_by": detectable_by(),
        },
        **counts_truth(),
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
