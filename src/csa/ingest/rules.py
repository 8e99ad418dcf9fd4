"""Apply a city's rules to rows of text: which rows a rule holds for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from csa.config.layouts import Condition, Rule, YesNo


def holds(rule: Rule, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series | None:
    """Return the rows for which all conditions of a rule hold."""
    if any(name not in fields for name in rule):
        return None
    mask = pd.Series(True, index=index)
    for name, condition in rule.items():
        mask &= says(fields[name], condition)
    return mask


def any_holds(
    rules: Sequence[Rule], fields: Mapping[str, pd.Series], index: pd.Index
) -> pd.Series | None:
    """Return the rows for which at least one rule holds."""
    masks = [mask for rule in rules if (mask := holds(rule, fields, index)) is not None]
    if not masks:
        return None
    return pd.concat(masks, axis=1).any(axis=1)


def answer(question: YesNo, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Answer a flag's question for each row."""
    said = pd.Series("unknown", index=index)
    return with_words(said, {"no": question.no, "yes": question.yes}, fields)


def with_words(
    said: pd.Series, words: Mapping[str, Sequence[Rule]], fields: Mapping[str, pd.Series]
) -> pd.Series:
    """Write a word into each row for which its rules hold; later words stand over earlier ones."""
    for word, rules in words.items():
        mask = any_holds(rules, fields, said.index)
        if mask is not None:
            said[mask] = word
    return said


def says(column: pd.Series, condition: Condition) -> pd.Series:
    """Return the rows whose value in a column meets a condition."""
    text = column.str.strip().str.casefold()
    mask = text.isin([value.strip().casefold() for value in condition.equals])
    if condition.starts_with:
        mask |= text.str.startswith(tuple(value.casefold() for value in condition.starts_with))
    for part in condition.contains:
        mask |= text.str.contains(part.casefold(), regex=False)
    return mask
