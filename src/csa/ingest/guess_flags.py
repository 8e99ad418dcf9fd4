"""Guess flags: what was domestic, and what is no shooting that a plan can prevent."""

from __future__ import annotations

from collections.abc import Sequence

from csa.config.types import FieldName
from csa.ingest.guess_columns import TextColumn
from csa.ingest.guess_incidents import GuessedRules

LEFT_OUT: tuple[tuple[FieldName, tuple[str, ...], str], ...] = (
    (
        "officer_involved",
        ("officerinvolved", "policeinvolved", "ois", "offinvolved"),
        "shootings by or of officers on duty are reviewed elsewhere",
    ),
    ("accidental", ("accidental", "unintentional"), "an accident is not what the plan prevents"),
)
DOMESTIC = ("domestic", "dvflag", "familyviolence")


def guess_flags(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a flag of domestic shootings, and leave out what other flags mark."""
    for column in columns:
        spelled = column.yes_no
        if spelled is None:
            continue
        yes, no = spelled
        is_domestic = column.says(*DOMESTIC) or "dv" in column.words
        if is_domestic and "domestic" not in found.columns:
            found.columns["domestic"] = column
            found.domestic = {
                name: [{"domestic": list(values)}]
                for name, values in (("yes", yes), ("no", no))
                if values
            }
        elif yes and not set(found.columns.values()) & {column}:
            _leave_out(column, yes, found)


def _leave_out(column: TextColumn, yes: Sequence[str], found: GuessedRules) -> None:
    """Leave out what a flag says is no shooting that a plan can prevent, each with its reason."""
    for field_name, names, why in LEFT_OUT:
        if column.says(*names) and field_name not in found.columns:
            found.columns[field_name] = column
            when = {field_name: list(yes)}
            found.exclude.append({"name": field_name, "why": why, "when": when})
            return
