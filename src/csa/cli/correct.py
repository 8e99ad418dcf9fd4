"""The command of corrections: what is wrong on record, with the reason and the old value kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.text import day, tr
from csa.cli.console import show
from csa.cli.options import (
    DecisionOptions,
    city_plan,
    dataset_of,
    open_store_read_only,
    parse_date_option,
    signed,
)

if TYPE_CHECKING:
    from csa.city.dataset import Dataset
    from csa.program.store.tables import CorrectionRow

NOTHING = "none"
"""What takes a planned day or a percentage away."""


@signed
def correct(
    item: Annotated[
        str, typer.Argument(help="As in csa audit list: 1.2.1, 'area B/1', 'meeting B/meeting-1'.")
    ],
    values: Annotated[
        list[str],
        typer.Argument(help="What is right: on_date=2026-03-05.", metavar="NAME=VALUE..."),
    ],
    signing: DecisionOptions,
    entry: Annotated[
        int | None, typer.Option(help="The trail's entry that was wrong; else the last.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="What `csa ingest` wrote: no day may be before its first.  [var/<city>/dataset]",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Correct a day, a meeting, a lesson ... on record; the old value stays in the trail."""
    from csa.program import corrections
    from csa.program.store.records import read_records
    from csa.reports.briefing.measuring import known_at_start

    config, opened = signing.config, dataset_of(signing.config, dataset)
    plan = city_plan(signing.city)
    records = read_records(open_store_read_only(config, signing.store))
    known = partial(known_at_start, opened, plan, records)
    wrong = corrections.Correction(item, _changes(values), entry, _first_day(opened), known=known)
    made = signing.decide(lambda store, act: corrections.correct(store, plan, act, wrong))
    show(*corrected_lines(made), tr("keep.corrected_stays"))


def corrected_lines(corrections: Sequence[CorrectionRow]) -> list[str]:
    """Return what was corrected: was, is, on which day and why."""
    return [
        tr(
            "keep.corrected",
            item=row.subject,
            name=name,
            was=_shown(row.was[name]),
            now=_shown(row.now[name]),
            day=day(row.on_date),
            why=row.reasons,
        )
        for row in corrections
        for name in row.now
        if name != "values" and row.was[name] != row.now[name]
    ]


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
