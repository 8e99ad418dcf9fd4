"""Apply a city's rules to rows of text: which rows a rule holds for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from csa.base.message import Message, msg
from csa.city.layouts import Condition, Rule, Source, YesNo


def matches_rule(rule: Rule, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series | None:
    """Return the rows for which all conditions of a rule hold."""
    if any(name not in fields for name in rule):
        return None
    mask = pd.Series(True, index=index)
    for name, condition in rule.items():
        mask &= matches(fields[name], condition)
    return mask


def matches_any(
    rules: Sequence[Rule], fields: Mapping[str, pd.Series], index: pd.Index
) -> pd.Series | None:
    """Return the rows for which at least one rule holds."""
    masks = [mask for rule in rules if (mask := matches_rule(rule, fields, index)) is not None]
    if not masks:
        return None
    return pd.concat(masks, axis=1).any(axis=1)


def answer(question: YesNo, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Answer a flag's question for each row."""
    said = pd.Series("unknown", index=index)
    return assign_labels(said, {"no": question.no, "yes": question.yes}, fields)


def assign_labels(
    said: pd.Series, words: Mapping[str, Sequence[Rule]], fields: Mapping[str, pd.Series]
) -> pd.Series:
    """Write a word into each row for which its rules hold; later words stand over earlier ones."""
    for word, rules in words.items():
        mask = matches_any(rules, fields, said.index)
        if mask is not None:
            said[mask] = word
    return said


def matches(column: pd.Series, condition: Condition) -> pd.Series:
    """Return the rows whose value in a column meets a condition."""
    text = column.str.strip().str.casefold()
    mask = text.isin([value.strip().casefold() for value in condition.equals])
    if condition.starts_with:
        mask |= text.str.startswith(tuple(value.casefold() for value in condition.starts_with))
    for part in condition.contains:
        mask |= text.str.contains(part.casefold(), regex=False)
    return mask


# ---- Values that no rule names: rows that a new spelling of a flag or kind would lose.


Asked = Literal["kind", "victim", "gun", "domestic", "exclude"]

PAIRS = (("y", "n"), ("yes", "no"), ("true", "false"), ("t", "f"), ("1", "0"))
OPPOSITES = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
"""Where a rule cannot name the other answer, naming one of a pair names both."""

MAX_LISTED = 50
MIN_SHARED = 5
"""For columns with more values than are listed (free text), only those that so many rows share."""

MAX_SAID, MAX_CHARACTERS = 5, 40


@dataclass(frozen=True)
class Unnamed:
    """Rows of one file that a rule would take, were it not for values that no rule names."""

    question: Asked  # the question that could not be answered
    column: str  # the column, as the file spells it
    counts: pd.Series  # value to number of rows


class UnnamedValues:
    """Values that keep rows from a rule and that no rule of the source names, block by block.

    A row counts once per question, under the first such value, and only where a named value does
    not keep it from that rule too. A blank is such a value only for the kind and for victims.
    """

    def __init__(self, source: Source, spelled: Mapping[str, str]) -> None:
        self._spelled = spelled
        self._rules: dict[Asked, Sequence[Rule]] = {
            "kind": (*source.homicide, *source.nonfatal),
            "victim": source.victim,
            "gun": _both(source.gun),
            "domestic": _both(source.domestic),
            "exclude": [rule.when for rule in source.exclude],
        }
        self._counts: dict[tuple[Asked, str], list[pd.Series]] = {}
        self._first: dict[tuple[Asked, str], int] = {}  # the first place where each was missed

    def add(self, rows: pd.DataFrame, fields: Mapping[str, pd.Series]) -> None:
        """Look for them in a block."""
        reason = rows["reason"]
        is_open: dict[Asked, pd.Series] = {
            "kind": reason == "not_a_shooting",
            "victim": reason == "not_a_victim",
            "gun": (reason == "") & (rows["gun"] == "unknown"),
            "domestic": (reason == "") & (rows["domestic"] == "unknown"),
            "exclude": reason == "",
        }
        every = [rule for rules in self._rules.values() for rule in rules]
        for question, rules in self._rules.items():
            for place, name, values in _unnamed(question, rules, every, fields, is_open[question]):
                key = question, self._spelled[name]
                self._counts.setdefault(key, []).append(values.value_counts())
                self._first[key] = min(place, self._first.get(key, place))

    def counts(self) -> tuple[Unnamed, ...]:
        """Return them with their numbers of rows, question by question."""
        asked = list(self._rules)
        order = sorted(self._counts, key=lambda key: (asked.index(key[0]), self._first[key]))
        return tuple(
            Unnamed(*key, pd.concat(self._counts[key]).groupby(level=0).sum()) for key in order
        )


def _both(question: YesNo) -> tuple[Rule, ...]:
    return (*question.yes, *question.no)


def _unnamed(
    asked: Asked,
    rules: Sequence[Rule],
    every: Sequence[Rule],
    fields: Mapping[str, pd.Series],
    is_open: pd.Series,
) -> Iterator[tuple[int, str, pd.Series]]:
    """Yield place, field and values of the rows that each rule misses for unnamed values."""
    some = {name: column[is_open].str.strip() for name, column in fields.items()}
    index = is_open.index[is_open]
    is_left = pd.Series(True, index=index)
    places = itertools.count()
    for rule in rules:
        if any(name not in some for name in rule):
            continue
        misses = {name: ~matches(some[name], condition) for name, condition in rule.items()}
        is_near = is_left.copy()
        for name, is_missed in misses.items():
            is_near &= ~(is_missed & _is_named(asked, some[name], name, every))
        for place, (name, is_missed) in zip(places, misses.items(), strict=False):
            hit = is_near & is_missed & is_left
            if hit.any():
                is_left &= ~hit
                yield place, name, some[name][hit]


def _is_named(asked: Asked, text: pd.Series, name: str, every: Sequence[Rule]) -> pd.Series:
    """Return which values a rule names, or need no rule for this question."""
    conditions: list[Condition] = [rule[field] for rule in every for field in rule if field == name]
    is_named = pd.Series(False, index=text.index)
    for condition in conditions:
        is_named |= matches(text, condition)
    if asked not in ("kind", "victim"):
        is_named |= text == ""
    if asked in ("victim", "exclude"):
        given = (value.strip().casefold() for each in conditions for value in each.equals)
        implied = [OPPOSITES[value] for value in given if value in OPPOSITES]
        if asked == "exclude" and not implied:  # a rule on text leaves out what it names
            return pd.Series(True, index=text.index)
        is_named |= text.str.casefold().isin(implied)
    return is_named


def count_unnamed(found: Sequence[tuple[str, Unnamed]]) -> list[dict[str, Any]]:
    """Add up over all files."""
    together: dict[tuple[str, str, str], list[pd.Series]] = {}
    for source, each in found:
        together.setdefault((each.question, source, each.column), []).append(each.counts)
    listed = []
    for (asked, source, column), parts in together.items():
        counts = pd.concat(parts).groupby(level=0).sum()
        order = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        least = MIN_SHARED if len(order) > MAX_LISTED else 1
        values = [{"value": value, "rows": int(n)} for value, n in order if n >= least]
        listed.append(
            {
                "asked": asked,
                "source": source,
                "column": column,
                "rows": int(counts.sum()),
                "values_total": len(order),
                "values": values[:MAX_LISTED],
            }
        )
    return listed


def unnamed_notes(counted: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Report which values no rule names, and what became of their rows."""
    keys = {
        "kind": "unnamed.kind",
        "victim": "unnamed.victim",
        "gun": "unnamed.gun",
        "domestic": "unnamed.domestic",
        "exclude": "unnamed.exclude",
    }
    return tuple(
        msg(
            keys[each["asked"]],
            n=each["rows"],
            values=_said(each),
            column=each["column"].strip(),
            source=each["source"],
        )
        for each in counted
    )


def _said(counted: Mapping[str, Any]) -> str:
    parts = [
        f"{_short(value['value']) or msg('unnamed.blank')} ({value['rows']:,})"
        for value in counted["values"][:MAX_SAID]
    ]
    n_more = counted["values_total"] - len(parts)
    if not parts:
        return str(msg("unnamed.values", n=n_more))
    said = ", ".join(parts)
    return str(msg("unnamed.more", said=said, n=n_more)) if n_more else said


def _short(value: str) -> str:
    text = " ".join(value.split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}..."
