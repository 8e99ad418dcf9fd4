"""The store filled as by a city of twenty areas: what pages read, what an edit takes."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests import postgres

from csa.program.actions import set_action
from csa.program.plan.loading import load_plan
from csa.program.roles import act, local_person
from csa.program.store.audit import Signed, verify
from csa.program.store.engine import Store, open_store
from csa.program.store.records import read_records, read_values
from csa.program.store.tables import AreaRow, StepRow, ValueRow
from csa.reports.briefing.lines import plan_lines
from csa.reports.briefing.measuring import measure_lines

ROOT = Path(__file__).parent.parent
AREAS = [chr(ord("A") + number) for number in range(20)]
N_MEASURES, N_QUARTERS, N_ACTIONS = 50, 12, 60
RUNS = 15
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def fill(store: Store) -> None:
    """Fifty measures in twelve quarters and twenty areas."""
    with store.writing(Signed("benchmark", "to be measured", NOW)) as session:
        for letter in AREAS:
            row = AreaRow(key=letter, place_name=f"Place {letter}", state="designated")
            row.since = date(2025, 1, 1)
            session.add(row)
        session.flush()
        for letter in AREAS:
            step = StepRow(key=f"{letter}/1", area=letter, state="designated", cells=[letter])
            step.on_date, step.by_office = date(2025, 1, 1), "benchmark"
            step.reasons, step.evidence = "to be measured", {}
            session.add(step)
        for number in range(N_MEASURES * N_QUARTERS * len(AREAS)):
            measure, rest = divmod(number, N_QUARTERS * len(AREAS))
            quarter, place = divmod(rest, len(AREAS))
            name, when = f"measure-{measure}", f"{2023 + quarter // 4}-Q{quarter % 4 + 1}"
            key = f"{name}/{when}/{AREAS[place]}/1"
            row = ValueRow(key=key, measure=name, quarter=when, place=AREAS[place], number=1)
            row.value = float(number % 97)
            session.add(row)


def measured(store: Store) -> list[tuple[str, float, str]]:
    """Time what pages and edits do; medians, in seconds."""
    plan = load_plan(ROOT / "config" / "plans" / "kansas-city-psp.toml")
    written = [action.number for action in plan.actions if not action.is_open][:N_ACTIONS]

    def edit(number: int = 0) -> None:
        signed = act(local_person("benchmark"), "to be measured", NOW, "America/Chicago")
        changes = {"status": "on-track", "percent": number % 100, "areas": tuple(AREAS)}
        set_action(store, plan, signed, written[number % len(written)], changes)

    for number in range(len(written)):
        edit(number)
    records = read_records(store)
    numbers = iter(range(1, 10_000))

    def edit_and_read() -> None:
        edit(next(numbers))
        plan_lines(plan, read_records(store, with_values=False), NOW.date())

    def walk() -> None:
        with store.reading() as session:
            verify(session)

    parts: list[tuple[str, Callable[[], object], str]] = [
        ("an edit, written", lambda: edit(next(numbers)), ""),
        ("an edit, written and read again with all actions", edit_and_read, "0.3 s"),
        ("all but values, read", lambda: read_records(store, with_values=False), "0.5 s"),
        ("12,000 values, read", lambda: read_values(store), "0.5 s"),
        ("an area's measures, judged", lambda: measure_lines(plan, records, "B"), "0.5 s"),
        ("the trail, walked and held against every row", walk, ""),
    ]
    return [(what, _median(do), target) for what, do, target in parts]


def _median(do: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def store_table() -> Table:
    """Measure both databases; PostgreSQL where its programs are."""
    title = f"The store: {N_MEASURES} measures x {N_QUARTERS} quarters x {len(AREAS)} areas"
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for name in ("What", "SQLite s", "PostgreSQL s", "Target"):
        table.add_column(name, justify="left" if name == "What" else "right")
    with tempfile.TemporaryDirectory() as folder:
        sqlite = _of(str(Path(folder) / "store.sqlite3"))
    if postgres.tools() is None:
        other = [float("nan")] * len(sqlite)
    else:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            with postgres.serving(Path(folder)) as server:
                other = [seconds for _, seconds, _ in _of(f"{server.address}/postgres")]
    for (what, seconds, target), theirs in zip(sqlite, other, strict=True):
        table.add_row(what, f"{seconds:.4f}", f"{theirs:.4f}", target)
    return table


def _of(address: str) -> list[tuple[str, float, str]]:
    store = open_store(address, make=True)
    assert store is not None
    fill(store)
    found = measured(store)
    store.engine.dispose()
    return found


if __name__ == "__main__":
    Console(width=110).print(store_table())
    sys.exit()
