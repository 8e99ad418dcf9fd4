"""Files as cities publish them, of shootings as they truly were: `cities/*.toml` says how."""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from shapely.geometry import box

CITIES = Path(__file__).parent / "cities"
NOON = pd.Timestamp("2022-05-05 12:00").to_pydatetime()
ZONE = "America/Kentucky/Louisville"
MONTHS = ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"]


@dataclass(frozen=True)
class Shooting:
    """An incident as it truly was."""

    number: int
    when: datetime
    lon: float
    lat: float
    is_homicide: bool
    n_victims: int


def shootings(middle, n=240, seed=7):
    """Draw shootings over two years: most by night, a third fatal, some with several victims."""
    random = np.random.default_rng(seed)
    first = pd.Timestamp("2022-01-03").to_pydatetime()
    hours = random.choice([*range(18, 24), *range(5), *range(5), 9, 13, 16], n)
    for number in range(n):
        day = first + timedelta(days=int(random.integers(0, 720)))
        when = day.replace(hour=int(hours[number]), minute=int(random.integers(1, 60)))
        lon, lat = np.array(middle) + random.normal(0, 0.02, 2)
        fatal, many = bool(random.random() < 0.33), int(random.choice([1, 1, 1, 2, 3]))
        yield Shooting(100_000 + number, when, round(lon, 6), round(lat, 6), fatal, many)


def sexagesimal(degrees, letters):
    whole, rest = divmod(abs(degrees) * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{whole:.0f}°{minutes:02.0f}'{seconds:08.5f}\"{letters[int(degrees < 0)]}"


@cache
def turned(crs):
    return Transformer.from_crs(4326, crs, always_xy=True).transform


@cache
def clocks(when):
    """The same moment in the ways in which machines write it."""
    local = pd.Timestamp(when).tz_localize(ZONE, ambiguous=False)
    days = (pd.Timestamp(when) - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
    return {
        "utc": local.tz_convert("UTC"), "iso": local.isoformat(), "unix": int(local.timestamp()),
        "unix_ms": int(local.timestamp()) * 1000, "excel": round(days, 6),
        "utc_ms": int(pd.Timestamp(when).tz_localize("UTC").timestamp()) * 1000,
    }  # fmt: skip


def fields(one, at, crs=""):
    """What a case may name of a shooting: `at` is its row, counted from 0."""
    when, few = one.when, at % 28 + 1
    x, y = turned(crs)(one.lon, one.lat) if crs else (None, None)
    # As Excel turns days around where it is told that months come first.
    by_excel = f"{when:%Y-%d-%m}" if when.day <= 12 else f"{when:%d/%m/%Y}"
    mixed = f"{when:%m/%d/%Y %H:%M}" if at % 40 else f"{when:%d-%b-%Y %H:%M}"
    half = "a. m." if when.hour < 12 else "p. m."
    return clocks(when) | vars(one) | {
        "at": at, "row": at + 1, "homicide": int(one.is_homicide), "x": x, "y": y,
        "hurt": one.n_victims - one.is_homicide or int(not one.is_homicide),
        "lived": int(not one.is_homicide), "injured": one.n_victims - one.is_homicide,
        "next_day": when + timedelta(days=1), "after": when + timedelta(hours=3),
        "thrice": when + timedelta(days=3), "early": when.replace(day=when.day % 12 + 1),
        "weekday": when.weekday() + 1, "turned": by_excel,
        "mixed": mixed, "hole": when.day if at else "", "bare_time": f"{when:%H%M}".lstrip("0"), "half": half,
        "month_pt": MONTHS[when.month - 1], "month_dot": f"{when:%b.}".replace("Sep.", "Sept."),
        "few": few, "nine": at % 9 + 9, "of_60": at % 60, "of_120": at % 120 + 1, "third": at // 3,
        "born": at % 60 + 30, "west": -one.lon, "homes": one.lat + 0.01, "near": one.lon + 1e-9,
        "lat_comma": f"{one.lat}".replace(".", ","), "lon_comma": f"{one.lon}".replace(".", ","),
        "lat_dms": sexagesimal(one.lat, "NS"), "lon_dms": sexagesimal(one.lon, "EW"),
        "lon_printed": f"{one.lon}".replace("-", "\u2212"),
    }  # fmt: skip


def said(value, known, *, killed):
    """What a cell holds: `a | b` of a person killed or hit, `a || b` of the incident, a list in turns."""
    if isinstance(value, dict):
        value = value["killed" if killed else "hit"]
    if isinstance(value, list):
        return said(value[known["at"] % len(value)], known, killed=killed)
    if not isinstance(value, str):
        return value
    for mark, is_first in ((" || ", known["is_homicide"]), (" | ", killed)):
        if mark in value:
            value = value.split(mark)[not is_first]
    name = value[1:-1]
    is_bare = value == f"{{{name}}}" and name.isidentifier()
    return known[name] if is_bare else value.format(**known)


def row_of(columns, one, at, *, killed, crs="", **more):
    """Write a row: the columns of a case for a shooting."""
    known = fields(one, at, crs) | {"killed": int(killed), **more}
    return {name: said(value, known, killed=killed) for name, value in columns.items()}


class Layout(SimpleNamespace):
    """How a city publishes its file, and what is in it."""

    def write(self, one):
        """Make the rows of a shooting."""
        at = one.number - 100_000
        for person in range(one.n_victims if self.per_victim else 1):
            killed = one.is_homicide and person == 0
            row = row_of(self.columns, one, at, killed=killed, crs=self.crs, person=person)
            yield row
            if self.also and person == 0:
                yield row | self.also

    def beside(self, number):
        """Make a row in which nobody was shot."""
        one = Shooting(number, NOON, *self.middle, is_homicide=False, n_victims=1)
        (row, *_) = self.write(one)
        return row | row_of(self.others, one, number, killed=False)


def _layout(about, every):
    own = {"victims": [], "incidents": []} | every.get(about.get("like"), {}) | about
    given = {"crs": "", "zone": "", "suffix": "csv", "delimiter": ",", "also": {}, "others": {}}
    columns = {name: v for part in own["victims"] + own["incidents"] for name, v in part.items()}
    return Layout(**given | {"asked": []} | own, columns=columns, per_victim=bool(own["victims"]))


def _read(name):
    return tomllib.loads((CITIES / name).read_text(encoding="utf-8"))


LAYOUTS = {name: _layout(about, _read("layouts.toml")) for name, about in _read("layouts.toml").items()}  # fmt: skip


def louisville(one):
    return LAYOUTS["Louisville"].write(one)


def write(layout, folder):
    """Write a city's file: all its rows, shootings and others, in no order."""
    rows = [row for one in shootings(layout.middle) for row in layout.write(one)]
    if layout.others:
        rows += [layout.beside(number) for number in range(200_000, 200_060)]
    table = pd.DataFrame([rows[at] for at in np.random.default_rng(3).permutation(len(rows))])
    path = folder / f"shootings.{layout.suffix}"
    if layout.suffix == "xlsx":
        table.to_excel(path, index=False, sheet_name="Victims")
    elif layout.suffix == "json":
        path.write_text(json.dumps(table.to_dict("records"), default=str))
    else:
        table.to_csv(path, index=False, sep=layout.delimiter)
    return path


def polygons_around(middle, path):
    """Two neighborhoods, west and east of a city's middle."""
    x, y = middle
    shapes = [box(x - 0.08, y - 0.08, x, y + 0.08), box(x, y - 0.08, x + 0.08, y + 0.08)]
    gpd.GeoDataFrame({"name": ["West", "East"]}, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path
