"""What a new city's file was understood to be, in a table and as the city's file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from csa.base.crs import LONLAT
from csa.ingest.guess_incidents import GuessedRules
from csa.ingest.parse import parse_dates
from csa.workflow.new_city import NewCity


def describe(city: NewCity) -> list[tuple[str, str, str, list[str]]]:
    """List what was understood: what, from which column, as what, and three examples."""
    rows = []
    for field_name, column in city.columns.items():
        reading = {
            "date": ", ".join(city.when.date_formats),
            "time": ", ".join(city.when.time_formats),
        }.get(field_name, city.where.crs if field_name in city.where.columns else "")
        if field_name in {"fatal", "offense", "firearm", "domestic", "officer_involved", "injured"}:
            reading = _meaning(city.rules, field_name)
        rows.append((field_name, column.header, reading, column.distinct[:3]))
    return rows


def _meaning(rules: GuessedRules, name: str) -> str:
    """Describe in a few words which values of a column mean what."""
    said = []
    for kind, all_rules in (
        ("homicide", rules.homicide),
        ("nonfatal", rules.nonfatal),
        ("gun", rules.gun.get("yes", [])),
        ("domestic", rules.domestic.get("yes", [])),
        ("left out", [one["when"] for one in rules.exclude]),
    ):
        values = [v for rule in all_rules for v in _values(rule.get(name, ()))]
        if values:
            said.append(f"{kind}: {', '.join(values[:4])}{', ...' if len(values) > 4 else ''}")
    return "; ".join(said)


def _values(condition: Any) -> list[str]:
    if isinstance(condition, Mapping):
        return [str(v) for values in condition.values() for v in values]
    return [str(v) for v in condition]


def count_kinds(city: NewCity) -> dict[str, int]:
    """Count rows as they were understood: in all, homicides, nonfatal, with a day, with a place."""
    rules, columns = city.rules, city.columns
    n_rows = len(city.records.rows)

    def holds(rule: Mapping[str, Any]) -> pd.Series:
        held = pd.Series(True, index=pd.RangeIndex(n_rows))
        for name, condition in rule.items():
            values = columns[name].texts.str.casefold()
            if isinstance(condition, Mapping):
                parts = [part.casefold() for part in condition["contains"]]
                held &= values.str.contains("|".join(map(re.escape, parts)))
            else:
                held &= values.isin([value.casefold() for value in condition])
        return held

    def any_of(listed: Sequence[Mapping[str, Any]]) -> pd.Series:
        found = pd.Series(False, index=pd.RangeIndex(n_rows))
        for rule in listed:
            found |= holds(rule)
        return found

    homicide = any_of(rules.homicide)
    nonfatal = any_of(rules.nonfatal) & ~homicide
    times, _ = parse_dates(columns["date"].texts, city.when.date_formats, city.time_zone)
    return {
        "rows": n_rows,
        "homicide": int(homicide.sum()),
        "nonfatal": int(nonfatal.sum()),
        "dated": int(times.notna().sum()),
        "placed": len(city.where.lonlat),
    }


def city_file(city: NewCity, files: Sequence[str], places_file: str, name_column: str) -> str:
    """Write a new city's file, with a line on each reading."""
    rules, out = city.rules, list[str]()
    out += [
        f"# {city.name}: written by csa start, from {city.records.name}.",
        "# Read it through: each line can be changed.",
        "format_version = 1",
        "",
        "[city]",
        f"id = {_toml(city.id)}",
        f"name = {_toml(city.name)}",
        "# From the middle of the incidents.",
        f"time_zone = {_toml(city.time_zone)}",
        "# The UTM zone of the middle, in metres.",
        f"metric_crs = {_toml(city.metric_crs)}",
        f"units = {_toml(city.units)}",
        f"files = {_toml(list(files))}",
    ]
    if rules.is_proxy:
        out += [
            "# The file does not say who was hit: a gun used in an assault stands for it.",
            'nonfatal_name = "gun assault"',
            "nonfatal_is_proxy = true",
        ]
    out += [
        "",
        "[places]",
        *(
            ["# Made from the incidents: put the neighborhoods' polygons here."]
            if city.places is not None
            else []
        ),
        f"file = {_toml(places_file)}",
        f"name_column = {_toml(name_column)}",
        "",
        "[[sources]]",
        f"name = {_toml(city.records.name[:40])}",
        f"rows_are = {_toml(rules.rows_are)}",
        "# Rows that agree in these are one incident.",
        f"incident_from = {_toml(rules.incident_from)}",
    ]
    if rules.row_id_from:
        out += [
            "# A row that repeats these is a duplicate.",
            f"row_id_from = {_toml(rules.row_id_from)}",
        ]
    out += [f"date_formats = {_toml(list(city.when.date_formats))}"]
    if "time" in city.columns:
        out += [f"time_formats = {_toml(list(city.when.time_formats))}"]
    if set(city.when.columns) == {"date"} and city.when.columns["date"].says("report"):
        out += ['dates_are = "reported"']
    if city.where.crs != LONLAT:
        out += ["# The system of x and y.", f"crs = {_toml(city.where.crs)}"]
    out += [f"homicide = {_toml(rules.homicide)}", f"nonfatal = {_toml(rules.nonfatal)}"]
    if rules.victim:
        out += [f"victim = {_toml(rules.victim)}"]
    for flag in ("gun", "domestic"):
        said = {key: value for key, value in getattr(rules, flag).items() if value}
        if said:
            out += [f"{flag} = {_toml(said)}"]
    out += ["", "[sources.columns]"]
    out += [f"{name} = {_toml(column.header)}" for name, column in city.columns.items()]
    for one in rules.exclude:
        out += [
            "",
            "[[sources.exclude]]",
            *(f"{key} = {_toml(value)}" for key, value in one.items()),
        ]
    return "\n".join(out) + "\n"


def _toml(value: Any) -> str:
    """Write a value as TOML, on one line."""
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
