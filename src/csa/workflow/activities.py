"""A file of activities, read with the words of a city and of its store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from csa.base.message import msg
from csa.base.text import spelling
from csa.city.config import CityConfig
from csa.ingest.activities import ActivityFile, load_activities
from csa.ingest.measures import refusal
from csa.program.activities import (
    Activity,
    activity_faults,
    activity_places,
    require_counting,
)
from csa.program.store.engine import Store
from csa.program.store.records import read_records


def read_activity_file(
    config: CityConfig,
    store: Store | None,
    path: Path,
    leave_out: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
) -> tuple[ActivityFile, tuple[Activity, ...]]:
    """Read a file of activities, or refuse it with every fault by its row."""
    settings = require_counting(config.activities)
    records = read_records(store, with_values=False)
    places = activity_places(records)
    kinds = {
        spelling(word): kind for kind, words in settings.kinds.items() for word in (kind, words)
    }
    names = {spelling(f"area {row.key}"): row.key for row in records.areas}
    names |= {spelling(row.place_name): row.key for row in records.areas}
    names |= {spelling(place): place for place in places}
    zone = config.city.time_zone
    found = load_activities(path, kinds, names, zone, leave_out, columns)
    rows, faults = [], []
    today = config.city.clock.today()
    for line in found.lines:
        values = {name: value for name, value in vars(line).items() if name != "row"}
        row = Activity(**values)
        faults += [
            msg("measures_file.fault", row=line.row, name=found.columns.get(name, name), why=why)
            for name, why in activity_faults(row, settings, places, today)
        ]
        rows.append(row)
    if faults:
        raise refusal(path, faults)
    return found, tuple(rows)
