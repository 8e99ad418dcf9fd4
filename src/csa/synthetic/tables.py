"""The made-up city's tables: rows as a city would publish them, services, a risk score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from csa.base.arrays import Floats
from csa.synthetic.ground import CityGround, is_within, place
from csa.synthetic.names import SERVICE_WORDS
from csa.synthetic.neighborhoods import MIDDLE
from csa.synthetic.planted import FEATURES
from csa.synthetic.shootings import N_DUPLICATES, Incident, city_of
from csa.synthetic.streets import Streets

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
    ground: CityGround, streets: Streets, random: np.random.Generator
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


def _recreation(ground: CityGround) -> Iterator[ServiceRow]:
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
    ground: CityGround, random: np.random.Generator
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
            metres = np.hypot(*(uv - np.array(feature.middle) - astray).T)
            raw += seen * np.exp(-((metres / 900) ** 2) / 2)
    for _ in range(6):
        towards, phase = random.uniform(0, 2 * np.pi, 2)
        along = uv @ np.array([np.cos(towards), np.sin(towards)])
        raw += 0.08 * np.sin(along / random.uniform(600, 1600) + phase)
    return raw
