"""Counts without points, and other cities', into the store and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from csa.base.errors import ParamError
from csa.base.home import in_home
from csa.extras.counts.tables import PEERS, Counts, CountTable, load_counts, load_peers
from csa.program.roles import Act, require, require_committee
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import CountTableRow
from csa.program.writing import clean_text
from csa.program.zones import MAX_NAME
from csa.synthetic.sample import HOSPITAL_FILE, PEER_FILE, PEERS as CITIES
from csa.synthetic.story import TODAY, StoryAct

if TYPE_CHECKING:
    from csa.workflow.story import StoryScene


def add_counts(
    store: Store, act: Act, name: str, kind: str, located: str, counts: Counts
) -> dict[str, int]:
    """Add months to a table, or make it; return how many numbers are new, changed and the same.

    What others published again replaces what they had; the trail has both. Other cities are chosen
    by the Committee, and the day of that choice stays while the same are chosen.
    """
    (require_committee if kind == PEERS else lambda who: require(who, "editor"))(act.person)
    clean_text("--why", act.signed.why, least=10)
    name = clean_text("name", name)
    if len(name) > MAX_NAME:
        raise ParamError("decide.text", name="name", least=1, most=MAX_NAME, given=len(name))
    with store.writing(act.signed) as session:
        row = session.get(CountTableRow, name)
        if row is None:
            row = CountTableRow(key=name, kind=kind, located=located, counts={}, chosen_on=None)
            session.add(row)
        elif (row.kind, row.located) != (kind, located):
            raise ParamError("count_table.other", name=name, kind=row.kind, place=row.located)
        before, now = dict(_numbers(row.counts)), dict(_numbers(counts))
        if kind == PEERS and row.counts.keys() != counts.keys():
            row.chosen_on, before = act.on, {}
        merged: dict[str, dict[str, dict[str, list[int]]]] = {}
        for (source, place, month), number in sorted({**before, **now}.items()):
            merged.setdefault(source, {}).setdefault(place, {})[month] = list(number)
        row.counts = merged
    new = now.keys() - before.keys()
    changed = sum(now[at] != before[at] for at in now.keys() - new)
    return {"new": len(new), "changed": changed, "same": len(now) - len(new) - changed}


def _numbers(counts: Counts) -> Iterator[tuple[tuple[str, str, str], tuple[int, int]]]:
    for source, places in counts.items():
        for place, months in places.items():
            for month, (low, high) in months.items():
                yield (source, place, month), (low, high)


def count_places(records: Records) -> dict[str, str]:
    """Return what a table may call areas and zones, each to its id."""
    names = {
        word: row.key
        for row in records.areas
        for word in (row.place_name, f"area {row.key}", row.key)
    }
    return names | {word: row.key for row in records.zones for word in (row.name, row.key)}


def peer_table(records: Records) -> CountTable | None:
    """Return the table of other cities; None where the Committee chose none."""
    return next((to_table(row) for row in records.of(CountTableRow) if row.kind == PEERS), None)


def count_tables(records: Records) -> tuple[CountTable, ...]:
    """Return the tables of counts without points; other cities are no part of them."""
    rows = (row for row in records.of(CountTableRow) if row.kind != PEERS)
    return tuple(to_table(row) for row in rows)


def to_table(row: CountTableRow) -> CountTable:
    """Return a table as it is stored."""
    return CountTable(row.key, row.kind, row.located, row.counts, row.chosen_on)


# ---- The made-up program's.


def carry_out(scene: StoryScene, signed: Act, act: StoryAct) -> None:
    """Add what the made-up hospitals, or the made-up other cities, had counted by an act's day."""
    if act.of == "hospitals":
        path = in_home("data", "sample", HOSPITAL_FILE)
        counts = load_counts(path, count_places(scene.records()), act.on)
        add_counts(scene.store, signed, "Hospital injuries", "hospital", "injury", counts)
        return
    path, names = in_home("data", "sample", PEER_FILE), [f"{name}, ZZ" for name in CITIES]
    theirs = load_peers(path, names, scene.city.config.city.name, TODAY)
    counts = {
        name: {"": {month: n for month, n in own[""].items() if month < f"{act.on:%Y-%m}"}}
        for name, own in theirs.items()
    }
    add_counts(scene.store, signed, PEERS, PEERS, "", counts)
