"""Guess which column says whether a gun was used."""

from __future__ import annotations

from collections.abc import Sequence

from csa.ingest.guess_columns import TextColumn
from csa.ingest.guess_incidents import GuessedRules
from csa.ingest.guess_words import SHOOTING, UNKNOWN, is_gun

GUN_NAMES = (
    "firearm", "gunshot", "gunused", "weapon", "gun", "method", "cause", "manner", "homicidetype",
    "arma",
)  # fmt: skip


def guess_gun(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column that says whether a gun was used."""
    for column in columns:
        if not column.says(*GUN_NAMES) or column.says("recover", "seiz", "found", "count"):
            continue
        is_cause = column.says("cause", "method", "homicidetype", "manner")
        spelled = column.yes_no
        if spelled is not None:
            yes, no = spelled
        else:
            yes = tuple(
                value
                for value in column.distinct
                if is_gun(value) or (is_cause and SHOOTING.search(value))
            )
            no = tuple(v for v in column.distinct if v not in yes and not UNKNOWN.match(v))
        if yes:
            take_gun(column, yes, no, found)
            return


def take_gun(
    column: TextColumn, yes: Sequence[str], no: Sequence[str], found: GuessedRules
) -> None:
    """Take a column's values as what says that a gun was used, or that none was."""
    found.columns["firearm"] = column
    found.gun = {"yes": [{"firearm": list(yes)}], "no": [{"firearm": list(no)}] if no else []}
