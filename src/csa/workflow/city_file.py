"""What a new city's file was understood to be, in a table and as the city's file."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from csa.base.crs import LONLAT
from csa.base.text import tr
from csa.ingest.infer_incidents import GuessedRules, mark_kinds
from csa.ingest.infer_layers import GuessedLayer
from csa.ingest.parse import parse_dates
from csa.workflow.companion_files import CityFiles
from csa.workflow.new_city import NewCity, ShootingList

ROWS_ARE = {
    "victims": "start.victims",
    "incidents": "start.incidents",
    "persons": "start.persons",
}
UNITS = {"us": "start.miles", "metric": "start.kilometers"}
EXAMPLE = 32
"""Characters of an example that are shown."""
LAYER_WORDS = {
    "population": "start.layer_population",
    "services": "start.layer_services",
    "streets": "start.layer_streets",
    "parks": "start.layer_parks",
    "water": "start.layer_water",
}


def describe_list(one: ShootingList, counted: Mapping[str, int]) -> str:
    """Describe what a list of shootings holds."""
    name, n = one.table.name, len(one.table.files)
    file = name if n == 1 else tr("start.files", n=n - 1, file=name)
    rows_are = tr(ROWS_ARE[one.rules.rows_are])
    return tr("start.understood", file=file, rows_are=rows_are, **dict(counted))


def describe_location(city: NewCity) -> str:
    """Describe where and in which units a city is measured."""
    return tr("start.city", name=city.name, zone=city.time_zone, units=tr(UNITS[city.units]))


def describe_companions(beside: CityFiles) -> list[str]:
    """Describe what of the files beside was taken, and as what."""
    told = [tr("start.places_used", path=beside.places.name)] if beside.places else []
    for layer in beside.layers:
        setting = {"count_column": "", "year": "", "kind_column": ""} | dict(layer.settings)
        values = {"kind": setting.get("kind") or setting["kind_column"], "year": setting["year"]}
        what = tr(LAYER_WORDS[layer.role], column=setting["count_column"], **values)
        told.append(tr("start.layer", path=layer.path.name, n=layer.n, what=what))
    return told


def titles() -> list[str]:
    """Return the titles of the table that `describe` gives."""
    return [
        tr("start.col_field"),
        tr("start.col_column"),
        tr("start.col_reading"),
        tr("start.col_examples"),
    ]


def describe(one: ShootingList) -> list[tuple[str, str, str, str]]:
    """List what was understood: what, from which column, as what, and three examples."""
    rows = []
    for field_name, column in one.columns.items():
        reading = {
            "date": ", ".join(one.when.date_formats),
            "time": ", ".join(one.when.time_formats),
        }.get(field_name, one.where.crs if field_name in one.where.columns else "")
        reading = _meaning(one.rules, field_name) or reading
        examples = " | ".join(value[:EXAMPLE] for value in column.distinct[:3])
        rows.append((field_name, column.header, reading, examples))
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
        values = [v for rule in all_rules for v in rule.get(name, ())]
        if values:
            said.append(f"{kind}: {', '.join(values[:4])}{', ...' if len(values) > 4 else ''}")
    return "; ".join(said)


def count_kinds(one: ShootingList, time_zone: str) -> dict[str, int]:
    """Count a city's rows: in all, homicides, nonfatal, with a day, with a place."""
    homicide, nonfatal = mark_kinds(one.rules, one.columns, one.table.n_rows)
    times, _ = parse_dates(one.columns["date"].texts, one.when.date_formats, time_zone)
    is_here = np.ones(one.table.n_rows, dtype=bool)
    if one.city_column is not None:
        is_here = one.city_column.texts.str.casefold().isin(one.city_names).to_numpy()
    return {
        "rows": int(is_here.sum()),
        "homicide": int((homicide & is_here).sum()),
        "nonfatal": int((nonfatal & is_here).sum()),
        "dated": int((times.notna() & is_here).sum()),
        "placed": len(one.where.lonlat) + one.n_elsewhere,
    }


def city_file(
    city: NewCity,
    places_file: str,
    name_column: str,
    layers: Sequence[GuessedLayer] = (),
    crs: str | None = None,
) -> str:
    """Write a new city's file, with a line on each reading."""
    names = [file.name for file in city.files]
    out = [
        f"# {city.name}: written by csa start, from {', '.join(names)}.",
        "# Read it through: each line can be changed.",
        "format_version = 1",
        "",
        "[city]",
        f"id = {_toml(city.id)}",
        f"name = {_toml(city.name)}",
        "# From the middle of the incidents.",
        f"time_zone = {_toml(city.time_zone)}",
        "# The UTM zone of the middle, in meters.",
        f"metric_crs = {_toml(city.metric_crs)}",
        f"units = {_toml(city.units)}",
        f"files = {_toml([glob.escape(name) for name in names])}",
    ]
    if city.source:
        out += ["# Where csa fetch and csa month download them from."]
        out += [f"source = {_toml(city.source[0] if len(city.source) == 1 else city.source)}"]
    if any(one.rules.is_proxy for one in city.lists):
        out += [
            "# The file does not say who was hit: a gun used in an assault stands for it.",
            'nonfatal_name = "gun assault"',
            "nonfatal_is_proxy = true",
        ]
    out += ["", "[places]"]
    if city.places is not None:
        out += [
            "# Made from the incidents: put the neighborhoods' polygons here, and take this out."
        ]
        out += ["is_estimated = true"]
    if city.named_by:
        out += [
            f"# Names and outlines are from {', '.join(city.named_by)}: of the nearest incidents."
        ]
    out += [f"file = {_toml(places_file)}", f"name_column = {_toml(name_column)}"]
    if crs and city.places is None:
        out += ["# Of polygons that name no system.", f"crs = {_toml(crs)}"]
    joined = next((one.settings.get("id") for one in layers if one.role == "population"), None)
    if joined and joined != name_column:
        out += ["# What the table of people joins.", f"id_column = {_toml(joined)}"]
    out += _layer_lines(layers)
    out += _public_lines(city)
    for number, one in enumerate(city.lists, start=1):
        out += _source_lines(one, number if len(city.lists) > 1 else 0)
    return "\n".join(out) + "\n"


def _layer_lines(layers: Sequence[GuessedLayer]) -> list[str]:
    """Write what lies beside the file: people, the background of the maps, places that help."""
    out: list[str] = []
    by_role = {one.role: one for one in layers}
    if "population" in by_role:
        people = by_role["population"]
        settings = {key: value for key, value in people.settings.items() if key != "id"}
        out += ["", "[population]", f"file = {_toml(people.path.name)}", *_lines(settings)]
        out += ["# Who counted: write it here.", f"source = {_toml(people.path.name)}"]
    drawn = [by_role[role] for role in ("water", "parks", "streets") if role in by_role]
    if drawn:
        out += ["", "[basemap]"]
        named: dict[str, Any] = {}  # the system of layers that name none is one
        for one in drawn:
            named |= {f"{one.role}_file": one.path.name, **one.settings}
        out += _lines(named)
        out += ["# Who made the layers: write it here; it is shown below the map."]
        out += [f"source = {_toml(', '.join(one.path.name for one in drawn))}"]
    helpful = [one for one in layers if one.role == "services"]
    if helpful:
        oldest = min(one.path.stat().st_mtime for one in helpful)
        out += [
            "",
            "[services]",
            "# Who keeps these lists, and the day that they are of: write it.",
        ]
        out += [f"source = {_toml(', '.join(one.path.name for one in helpful))}"]
        out += [f"as_of = {datetime.fromtimestamp(oldest, UTC).date().isoformat()}"]
    for one in helpful:
        out += ["", "[[services.lists]]", f"file = {_toml(one.path.name)}", *_lines(one.settings)]
    return out


def _public_lines(city: NewCity) -> list[str]:
    """Write what the public needs to know, and what nobody but its publisher can confirm."""
    silent = [one.table.name for one in city.lists if not any(one.rules.domestic.values())]
    out = [
        "",
        "[public]",
        "# Who publishes the shootings, as a reader would say it.",
        '# source = "Police Department"',
    ]
    if not silent:
        return [
            *out,
            "# What the files mark as domestic is left off the map, whose numbers are rounded.",
            "# If an office and a domestic-violence agency agreed that all count, remove four #.",
            '# domestic_rule = "agreed"',
            '# domestic_office = "Police Department"',
            '# domestic_agency = "Domestic violence center"',
            "# domestic_on = 2000-01-01",
        ]
    return [
        *out,
        f"# No column of {', '.join(silent)} says what is domestic,",
        "# so nothing domestic can be left off the public map, and nothing is published.",
        "# Once the publisher has confirmed it, write office and day here, and remove the three #.",
        '# domestic_rule = "no field in the source"',
        '# domestic_office = "Police Department"',
        "# domestic_on = 2000-01-01",
    ]


def _lines(settings: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in settings.items()]


def _source_lines(one: ShootingList, number: int) -> list[str]:
    """Write a layout of file; its number keeps the names of several apart."""
    rules, name = one.rules, one.table.name[:40]
    out = [
        "",
        "[[sources]]",
        f"name = {_toml(f'{number}: {name}' if number else name)}",
        *([f"files_named = {_toml([one.table.named])}"] if one.table.named else []),
        f"rows_are = {_toml(rules.rows_are)}",
        "# Rows that agree in these are one incident.",
        f"incident_from = {_toml(rules.incident_from)}",
    ]
    if rules.row_id_from:
        out += [
            "# A row that repeats these is a duplicate.",
            f"row_id_from = {_toml(rules.row_id_from)}",
        ]
    out += _time_lines(one)
    if one.city_names:
        out += ["# Rows of other cities are left out.", f"city_names = {_toml(one.city_names)}"]
    if one.where.crs != LONLAT:
        out += ["# The system of x and y.", f"crs = {_toml(one.where.crs)}"]
    out += [f"homicide = {_toml(rules.homicide)}", f"nonfatal = {_toml(rules.nonfatal)}"]
    if rules.victims_from:
        out += [f"victims_from = {_toml(rules.victims_from)}"]
    if rules.victim:
        out += [f"victim = {_toml(rules.victim)}"]
    for flag in ("gun", "domestic"):
        said = {key: value for key, value in getattr(rules, flag).items() if value}
        if said:
            out += [f"{flag} = {_toml(said)}"]
    out += ["", "[sources.columns]"]
    out += [f"{name} = {_toml(column.header)}" for name, column in one.columns.items()]
    for excluded in rules.exclude:
        out += ["", "[[sources.exclude]]", *_lines(excluded)]
    return out


def _time_lines(one: ShootingList) -> list[str]:
    """Write how days and times are read."""
    out = [f"date_formats = {_toml(list(one.when.date_formats))}"]
    if not one.when.has_time:
        out += ["# Its time is the same in every row: none.", "has_time = false"]
    if "time" in one.columns:
        out += [f"time_formats = {_toml(list(one.when.time_formats))}"]
    if set(one.when.columns) == {"date"} and one.when.columns["date"].is_a("reported"):
        out += ['dates_are = "reported"']
    return out


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
