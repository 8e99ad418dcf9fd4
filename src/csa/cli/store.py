"""The commands of the store: what stands on record, its trail, what was wrong there, backups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError, StoreError
from csa.base.text import day, tr
from csa.cli.console import fail, make_table, show, show_json, show_table
from csa.cli.options import (
    NOTHING,
    CityOption,
    DecisionOptions,
    JsonOption,
    StoreOption,
    city_plan,
    dataset_of,
    decided,
    load_city_option,
    open_store_read_only,
    parse_date_option,
    rehearse,
    signed,
    store_address,
    store_name,
    stored_records,
)

if TYPE_CHECKING:
    from csa.city.dataset import Dataset
    from csa.program.store.engine import Store
    from csa.program.store.tables import CorrectionRow

app = typer.Typer(
    name="audit", no_args_is_help=True, help="The log of every change, and whether it is intact."
)

UNUSABLE = frozenset({"store.damaged", "store.other_version"})
"""Why the rows of a store cannot be read by this program, and so not be backed up by it."""
MAX_SHOWN = 120
"""Characters of what a row became; all of it is in the JSON."""


@app.command("verify")
def audit_verify(
    city: CityOption,
    store: StoreOption = None,
    head: Annotated[
        str | None, typer.Option(help="A printed head of the log, which must be in it.")
    ] = None,
) -> None:
    """Verify the log of changes against every row: 0 intact, 1 broken, 2 no store."""
    from csa.program.store.audit import find_head, verify

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    if opened is None:
        raise ParamError("store.absent", name=store_name(config, store))
    with opened.reading() as session:
        found = verify(session)
        at = None if head is None else find_head(session.connection(), head)
    if found.broken_at is not None:
        fail(tr("keep.broken", n=found.broken_at), 1)
    if found.strange:
        items = ", ".join(found.strange[:10])
        fail(tr("keep.strange", n=len(found.strange), entries=found.head.n, items=items), 1)
    if not found.is_guarded:
        fail(tr("keep.unguarded", n=found.head.n), 1)
    if head is not None and at is None:
        fail(tr("keep.no_head", n=found.head.n, given=head), 1)
    show(tr("keep.whole", n=found.head.n), tr("keep.head", head=found.head.hash))
    if at is not None:
        show(tr("keep.found_head", n=at))


@app.command("list")
def audit_list(
    city: CityOption,
    store: StoreOption = None,
    item: Annotated[
        str | None, typer.Option(help="Only this item, such as 1.2.1 or 'area B'.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the log of changes: who, when, what, why."""
    from csa.program.store.audit import entries

    opened = open_store_read_only(load_city_option(city), store)
    found = []
    if opened is not None:
        with opened.reading() as session:
            found = entries(session.connection(), item)
    if as_json:
        show_json(found)
        return
    if not found:
        show(tr("keep.no_entry"))
        return
    table = make_table("Entry", "When (UTC)", "By", "Item", "Now", "Why", is_folded=True)
    for entry in found:
        when = entry["at_utc"][:16].replace("T", " ")
        now = shorten(entry["new"].replace(",", ", "), MAX_SHOWN, placeholder=" ...")
        by, of, why = entry["by_office"], entry["item"], entry["why"]
        table.add_row(str(entry["id"]), when, by, of, now, why)
    show_table(table)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", metavar="FILE")],
    city: CityOption,
    store: StoreOption = None,
) -> None:
    """Back up the store to one checksummed file while others keep working."""
    from csa.program.secret import public_secret
    from csa.program.store.backup import save_backup

    config = load_city_option(city)
    opened = open_store_read_only(config, store)
    if opened is None:
        raise ParamError("store.absent", name=store_name(config, store))
    head = save_backup(opened, file)
    show(tr("keep.saved", path=file, n=head.n))
    if public_secret(opened) is not None:
        show(tr("keep.saved_secret"))


@signed
def restore(
    file: Annotated[Path, typer.Argument(help="A file from `csa backup`.", metavar="FILE")],
    signing: DecisionOptions,
    is_replacing: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace the store's contents; they are backed up next to FILE first."
        ),
    ] = False,
) -> None:
    """Restore a backup while servers run; needs --replace if the store has decisions."""
    from csa.program.store.address import file_of, parse_address
    from csa.program.store.backup import load_backup, restore as put_back, set_aside

    found, act, aside = load_backup(file), signing.act, None

    def put(opened: Store) -> Path | None:
        before = opened.head()
        if before.n and not is_replacing:
            raise StoreError("store.holds", name=opened.name, n=before.n)
        safe = file.with_name(f"{file.name}.replaced-{before.hash[:12]}")
        put_back(opened, found, act.signed, safe)
        return safe if before.n else None

    try:
        safe = decided(signing.config, signing.store, put)
    except StoreError as error:
        path = file_of(parse_address(store_address(signing.config, signing.store)))
        if path is None or not is_replacing or error.message.key not in UNUSABLE:
            raise
        rehearse(signing.config, put)
        aside = set_aside(path)
        safe = decided(signing.config, signing.store, put)
    show(tr("keep.restored", path=file, n=found.head.n))
    if safe:
        show(tr("keep.safe", path=safe))
    if aside:
        show(tr("keep.aside", path=aside))


@signed
def correct(
    item: Annotated[
        str, typer.Argument(help="As in csa audit list: 1.2.1, 'area B/1', 'meeting B/meeting-1'.")
    ],
    values: Annotated[
        list[str],
        typer.Argument(help="The corrected value: on_date=2026-03-05.", metavar="NAME=VALUE..."),
    ],
    signing: DecisionOptions,
    entry: Annotated[
        int | None,
        typer.Option(help="The number of the log entry that was wrong (default: the last)."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The dataset; its first date is the earliest.  [var/<city>/dataset]", metavar="DIR"
        ),
    ] = None,
    is_read: Annotated[
        bool,
        typer.Option("--effects-read", help="Correct a date though an evaluation plan names it."),
    ] = False,
) -> None:
    """Correct a recorded date, meeting, lesson ...; the log keeps the old value."""
    from csa.program import corrections
    from csa.reports.briefing.measuring import known_at_start

    config, opened = signing.config, dataset_of(signing.city, dataset)
    plan = city_plan(signing.city)
    records = stored_records(config, signing.store, with_values=True)
    known = partial(known_at_start, opened, plan, records)
    first, changes = _first_day(opened), _changes(values)
    wrong = corrections.Correction(item, changes, entry, first, is_read=is_read, known=known)
    made = signing.decide(lambda store, act: corrections.correct(store, plan, act, wrong))
    show(*corrected_lines(made), tr("correct_form.done"))


def corrected_lines(corrections: Sequence[CorrectionRow]) -> list[str]:
    """Return what was corrected: was, is, on which day and why."""
    said = []
    for row in corrections:
        known = {"item": row.subject, "day": day(row.on_date), "why": row.reasons}
        for name in row.now:
            was, now = _shown(row.was[name]), _shown(row.now[name])
            if name != "values" and row.was[name] != row.now[name]:
                said.append(tr("keep.corrected", name=name, was=was, now=now, **known))
    return said


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else NOTHING if value is None else str(value)


def _changes(given: Sequence[str]) -> Mapping[str, Any]:
    """Read NAME=VALUE, each value as its name tells."""
    found: dict[str, Any] = {}
    for text in given:
        name, is_pair, value = text.partition("=")
        if not is_pair:
            raise ParamError("correct.field", given=text)
        found[name] = _typed(name, value.strip())
    return found


def _typed(name: str, value: str) -> str | date | int | list[str] | None:
    if name in {"start", "due", "percent"} and value == NOTHING:
        return None
    if name in {"start", "due"} or name.endswith("_on") or name.startswith("on_"):
        return parse_date_option(value, name)
    if name == "percent":
        if not value.isdecimal():
            raise ParamError("param.number", name=name, given=value)
        return int(value)
    return value.replace(",", " ").split() if name == "areas" else value


def _first_day(opened: Dataset | None) -> date | None:
    """Return the first day with data, if there is a dataset."""
    first = None if opened is None else opened.report["data_from"]
    return None if first is None else date.fromisoformat(first)
