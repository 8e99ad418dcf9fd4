"""Guess which rows are one incident, and whether they are incidents, victims or persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from csa.base.message import Message, msg
from csa.city.types import FieldName
from csa.ingest.infer_columns import (
    MOST,
    Interpretation,
    Questions,
    TextColumn,
    is_location,
    rows_holding,
)
from csa.ingest.infer_words import HEADERS, is_kind
from csa.ingest.parse import parse_numbers

REPEATED = 0.005
"""Share of rows of one time and place with an earlier row that tells of several victims."""


@dataclass
class GuessedRules:
    """What rows mean, as a city's file says it."""

    columns: dict[FieldName, TextColumn] = field(default_factory=dict)
    homicide: list[dict[str, Any]] = field(default_factory=list)
    nonfatal: list[dict[str, Any]] = field(default_factory=list)
    victim: list[dict[str, Any]] = field(default_factory=list)
    gun: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    domestic: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    exclude: list[dict[str, Any]] = field(default_factory=list)
    rows_are: str = "incidents"
    incident_from: list[str] = field(default_factory=list)
    row_id_from: list[str] = field(default_factory=list)
    is_proxy: bool = False
    victims_from: list[FieldName] = field(default_factory=list)  # fields that number the people hit
    notes: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class RowClues:
    """What tells rows of one incident: a number that was named, or when and where."""

    place: tuple[FieldName, ...]  # the fields that say when and where
    moments: pd.Series  # their texts, row by row
    days: pd.Series  # the day of each row, "" where it cannot be read
    number: TextColumn | None = None  # the incident's, where it was named


def mark_kinds(
    rules: GuessedRules, columns: Mapping[Any, TextColumn], n_rows: int
) -> tuple[pd.Series, pd.Series]:
    """Return which rows are homicides and which nonfatal shootings, as the rules say."""

    def any_of(listed: Sequence[Mapping[str, Any]]) -> pd.Series:
        held = pd.Series(False, index=pd.RangeIndex(n_rows))
        for rule in listed:
            held |= rows_holding(rule, columns, n_rows)
        return held

    homicide = any_of(rules.homicide)
    return homicide, any_of(rules.nonfatal) & ~homicide


def guess_incidents(
    columns: Sequence[TextColumn], found: GuessedRules, clues: RowClues, questions: Questions
) -> None:
    """Find the incident's number, and whether rows are incidents, victims or persons."""
    _find_victims(columns, found)
    numbers = sorted(
        (one for one in columns if _rank(one, "incident_number") is not None and _is_number(one)),
        key=lambda one: (_rank(one, "incident_number"), one.position),
    )
    rows = sorted(
        (one for one in columns if _rank(one, "row_number") is not None and one.is_unique),
        key=lambda one: (_rank(one, "row_number"), one.position),
    )
    has_repeats = bool(clues.moments.duplicated().mean() > REPEATED)
    has_persons = any(one.is_a("person") for one in columns)
    has_persons = has_persons and not found.victims_from
    if numbers or clues.number is not None:
        column = clues.number or _of_the_case(numbers, clues.days)
        found.columns["incident_id"] = column
        found.incident_from = ["incident_id"]
        if _begins_anew(column, clues.days):
            found.incident_from.append("day")
            found.notes.append(msg("start.number_and_day", column=column.header))
        is_evidence = any(one.is_a("evidence") for one in columns)
        is_repeated = not is_evidence and _is_repeated(column, columns)
        if is_repeated and _repeats_counts(column, found):
            found.victims_from, has_persons = [], True
        if found.rows_are != "persons":
            found.rows_are = "victims" if is_repeated or has_persons else "incidents"
        rows = [one for one in rows if one is not column]
        if rows and is_repeated:
            found.columns["row_id"] = rows[0]
            found.row_id_from = ["incident_id", "row_id"]
        elif not is_repeated and found.rows_are == "incidents":
            found.row_id_from = ["incident_id"]
        return
    if rows and not (has_persons or has_repeats):
        found.columns["incident_id"] = rows[0]
        found.incident_from = found.row_id_from = ["incident_id"]
        return
    found.incident_from = list(clues.place)
    if rows:
        found.columns["row_id"], found.row_id_from = rows[0], ["row_id"]
    if found.rows_are != "persons":
        readings = [
            Interpretation(msg("start.rows_are_victims"), "victims"),
            Interpretation(msg("start.rows_are_incidents"), "incidents"),
        ]
        readings = readings if has_persons or has_repeats else readings[::-1]
        question = msg("start.which_rows")
        found.rows_are = questions.resolve("rows", question, readings)
    found.notes.append(msg("start.no_number"))


def _is_repeated(column: TextColumn, columns: Sequence[TextColumn]) -> bool:
    """Check whether rows share a number, but for those that are the same in every column."""
    shared = column.known[column.known.duplicated(keep=False)].index
    rows = pd.concat([one.texts[shared] for one in columns], axis=1)
    return bool(column.texts[rows.drop_duplicates().index].duplicated().any())


def _repeats_counts(column: TextColumn, found: GuessedRules) -> bool:
    """Check whether each row of an incident repeats how many were hit in it: a row is a victim."""
    if not found.victims_from:
        return False
    counted = [parse_numbers(found.columns[name].texts) for name in found.victims_from]
    sizes = column.texts.groupby(column.texts).transform("size")
    is_repeated = (column.texts != "") & (sizes > 1)
    return bool((np.nansum(counted, axis=0) == sizes)[is_repeated].mean() >= MOST)


def _find_victims(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column that tells victims from other persons."""
    for column in columns:
        named = [value for value in column.distinct if is_kind("victim", value)]
        if named and column.is_a("role") and _covers(column, named, found):
            spelled = sorted({value[:3].upper() for value in named} & {"VIC", "VÍC"}) or ["VIC"]
            found.columns["involvement"] = column
            found.rows_are = "persons"
            found.victim = [{"involvement": {"contains": spelled}}]
            return


def _covers(column: TextColumn, named: Sequence[str], found: GuessedRules) -> bool:
    """Check that no other role on shootings is that of the dead or the hurt."""
    is_shot = np.zeros(len(column.texts), dtype=bool)
    for rule in (*found.homicide, *found.nonfatal):
        is_shot |= rows_holding(rule, found.columns, len(is_shot)).to_numpy()
    others = set(column.texts[is_shot]) - {*named}
    return not any(is_kind("dead_or_hurt", value) for value in others)


def _of_the_case(numbers: Sequence[TextColumn], days: pd.Series) -> TextColumn:
    """Return the best-named number, or another that joins more rows of one day.

    A department numbers its reports, and the case that several reports are of.
    """
    first = numbers[0]
    for one in numbers[1:]:
        fewer = one.known.nunique() < first.known.nunique()
        is_whole = len(one.known) >= 0.98 * len(one.texts)
        if fewer and is_whole and not _begins_anew(one, days, most=0.05):
            return one
    return first


def _rank(column: TextColumn, kind: str) -> int | None:
    """Return how well a name fits: its place among the names; None where it is none of them."""
    names = HEADERS[kind].holds
    own = column.plain_name
    exact = [at for at, name in enumerate(names) if own == name]
    begins = [at for at, name in enumerate(names) if len(name) > 3 and own.startswith(name)]
    found = exact or [at + 100 for at in begins]
    return min(found, default=None)


def _begins_anew(column: TextColumn, days: pd.Series, most: float = 0.3) -> bool:
    """Check whether numbers begin anew, each year perhaps: their rows then differ by day."""
    is_known = (column.texts != "") & (days != "")
    per_number = days[is_known].groupby(column.texts[is_known]).agg(["size", "nunique"])
    repeated = per_number[per_number["size"] > 1]
    return bool(len(repeated)) and bool((repeated["nunique"] > 1).mean() > most)


def _is_number(column: TextColumn) -> bool:
    """Check whether values could be numbers of incidents: many, and mostly with digits."""
    many = len(column.known) and column.known.nunique() >= 0.2 * len(column.known)
    is_other = column.formats or column.clocks or column.share(lambda text: " " in text) > 0.5
    return (
        bool(many)
        and not is_other
        and column.share(lambda text: any(map(str.isdigit, text))) >= 0.9
    )


def guess_address(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column of addresses, by which points without a place are told apart."""
    texts = [one for one in columns if not (one.is_number or one.formats or is_location(one))]
    for name in HEADERS["address"].holds:
        for column in texts:
            taken = column in found.columns.values()
            taken = taken or column.is_a("description", "private", "neighborhood")
            taken = taken or sum(one.name == column.name for one in columns) > 1
            if (
                name in column.plain_name
                and not taken
                and column.share(lambda text: " " in text) > 0.5
            ):
                found.columns["address"] = column
                return
