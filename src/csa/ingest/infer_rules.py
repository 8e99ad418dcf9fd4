"""Guess which rows are homicides and which are nonfatal shootings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import Message, msg
from csa.city.types import FieldName
from csa.ingest.infer_columns import (
    MOST,
    YES,
    Interpretation,
    Questions,
    TextColumn,
    list_counts,
    list_values,
    rows_holding,
)
from csa.ingest.infer_incidents import (
    GuessedRules,
    RowClues,
    guess_address,
    guess_incidents,
)
from csa.ingest.infer_words import (
    is_assault,
    is_fatal_shooting,
    is_gun,
    is_gun_assault,
    is_homicide,
    is_killed,
    is_kind,
    is_shooting,
    kind_in_name,
    mentions,
    rules_out,
)

# ---- Guess who was killed from a flag, a number of people, or a word such as fatal.


FATAL_TOO = re.compile("(?<!non)fatal")
MOST_COUNT, LEAST_TWOS = 60, 0.3
CODES = {"f": {"nf", "n", "s"}, "hom": {"nfs", "nf"}}
"""Marks of the killed, beside those of the others."""


def fatal_flags(
    columns: Sequence[TextColumn],
) -> tuple[list[TextColumn], list[TextColumn]]:
    """Return the flags or counts of the killed, the likeliest first, and those of the hurt."""
    victims = [one for one in columns if not one.is_a("others")]
    fatal = [one for one in victims if one.is_a("killed") and not one.is_a("injured", "motive")]
    fatal = [one for one in fatal if one.yes_no or _is_count(one)]
    fatal += [one for one in victims if _is_fatal_text(one)]
    fatal.sort(
        key=lambda one: (
            one.is_a("case"),
            len(one.distinct) < 2,
            not one.is_a("killed_plainly"),
        )
    )
    injured = [one for one in victims if one.is_a("injured") and _is_count(one)]
    return fatal, injured


def kinds_by_flag(
    columns: Sequence[TextColumn],
    column: TextColumn,
    injured: Sequence[TextColumn],
    found: GuessedRules,
    questions: Questions,
) -> None:
    """Take a flag, or a number of people, as what marks a homicide; all rows are shootings."""
    found.columns["fatal"] = column
    found.gun = found.gun or {"yes": [{}]}
    is_code = not injured and _is_code(column)
    if column.is_number and not is_code and (column.most > 1 or injured):
        found.homicide = [{"fatal": _counts()}]
        if injured:
            found.columns["injured"] = injured[0]
            found.nonfatal = [{"injured": _counts()}]
            found.victims_from = ["fatal", "injured"]
            found.notes.append(msg("start.by_counts", killed=column.header, hurt=injured[0].header))
        else:
            found.nonfatal = [{"fatal": ["0", "0.0"]}]
        return
    spelled = column.yes_no
    if spelled is not None and not _killed(column):
        is_of_living = column.is_a("survived") and not FATAL_TOO.search(column.name)
        yes, no = spelled[::-1] if is_of_living else spelled
    else:
        yes = tuple(one for one in column.distinct if is_code and one < "2") or _killed(column)
        others = (v for v in column.distinct if v not in yes)
        nobody = {
            v for v in column.distinct if is_kind("nobody_shot", v) and not rules_out("killed", v)
        }
        no = tuple(v for v in others if not (is_kind("unhurt", v) or v in nobody))
        readings = [
            Interpretation(
                msg("start.is_killed", values=list_values(one)), (tuple(one), tuple(other))
            )
            for one, other in ((yes, no), (no, yes))
            if one
        ]
        is_said = yes and all(map(is_killed, yes)) and all(rules_out("killed", v) for v in no)
        if not is_said and (len(readings) > 1 or not yes):
            question = msg("start.which_killed", column=column.header)
            yes, no = questions.resolve("killed", question, readings)
    if no and column.is_a("murder") and _are_all_dead(columns, column):
        found.notes.append(msg("start.not_counted", values=list_values(no)))
        no = ()  # killed, but by no murder: nobody who survived
        found.homicide, found.nonfatal = [{"fatal": list(yes or YES)}], []
        return
    found.homicide = [{"fatal": list(yes or YES)}]
    found.nonfatal = [{"fatal": list(no)}] if no else []
    if not no and len(column.known) < len(column.texts):
        readings = [
            Interpretation(msg("start.blank_is_no", column=column.header), "no"),
            Interpretation(msg("start.blank_is_unknown", column=column.header), "unknown"),
        ]
        question = msg("start.which_blank", column=column.header)
        if questions.resolve("blank", question, readings) == "no":
            found.nonfatal = [{}]


def _are_all_dead(columns: Sequence[TextColumn], but: TextColumn) -> bool:
    """Check whether another column says of every row that somebody was killed."""
    for one in columns:
        if one is but or not len(one.known) or len(one.known) < len(one.texts):
            continue
        spelled = one.yes_no if one.is_a("dead") else None
        if all(map(is_killed, one.distinct)) or (spelled and spelled[0] and not spelled[1]):
            return True
    return False


def _is_code(column: TextColumn) -> bool:
    """Check for 1 and 2 as yes and no: of those killed in a homicide, two are far fewer."""
    values = {value.removesuffix(".0") for value in column.distinct}
    twos = column.numbers == 2
    return values == {"1", "2"} and not column.is_a("number_of") and bool(twos.mean() >= LEAST_TWOS)


def _is_fatal_text(column: TextColumn) -> bool:
    """Check whether values themselves say fatal and not."""
    n_values = len(column.distinct)
    is_nested = any(value.startswith(("[", "{")) for value in column.distinct)  # of several people
    return 2 <= n_values <= 6 and 0 < len(_killed(column)) < n_values and not is_nested


def _killed(column: TextColumn) -> tuple[str, ...]:
    """Return the values that say fatal: by a word, or by a mark such as F beside NF."""
    codes = {value.casefold() for value in column.distinct}
    marked = {code for code, others in CODES.items() if code in codes and codes & others}
    marked -= {"f"} if "t" in codes else set()
    is_patient = column.is_a("state_of_victim")
    return tuple(
        one
        for one in column.distinct
        if is_killed(one)
        or one.casefold() in marked
        or (is_patient and one.casefold().startswith("expired"))
    )


def _is_count(column: TextColumn) -> bool:
    """Check whether a column numbers people: few in a row, and no number of a case."""
    return column.is_number and 0 <= column.numbers.min() <= column.most <= MOST_COUNT


def _counts() -> list[str]:
    whole = [str(n) for n in range(1, MOST_COUNT + 1)]
    return [*whole, *(f"{n}.0" for n in range(1, MOST_COUNT + 1))]


def is_deaths_list(columns: Sequence[TextColumn]) -> bool:
    """Check for a list of the dead: each has a day of death, or some died otherwise."""
    days = [one for one in columns if one.is_a("day_of_death") and one.formats]
    causes = [one for one in columns if one.is_a("cause")]
    is_other = any(is_kind("other_death", value) for one in causes for value in one.distinct)
    has_days = any((one.texts != "").mean() >= MOST for one in days)
    return bool(causes) and (has_days or is_other)


# ---- Guess which column says whether a gun was used.


def guess_gun(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column that says whether a gun was used."""
    for column in columns:
        if not column.is_a("gun") or column.is_a("gun_found") or column.is_free_text:
            continue
        is_cause = column.is_a("method")
        spelled = column.yes_no
        if spelled is not None:
            yes, no = spelled
        else:
            yes = tuple(
                value
                for value in column.distinct
                if is_gun(value) or (is_cause and mentions("shooting", value))
            )
            no = tuple(v for v in column.distinct if v not in yes and not is_kind("unknown", v))
        if yes:
            take_gun(column, yes, no, found)
            return


def take_gun(
    column: TextColumn, yes: Sequence[str], no: Sequence[str], found: GuessedRules
) -> None:
    """Take a column's values as what says that a gun was used, or that none was."""
    found.columns["firearm"] = column
    found.gun = {"yes": [{"firearm": list(yes)}], "no": [{"firearm": list(no)}] if no else []}


# ---- Guess flags: what was domestic, and what is no shooting that a plan can prevent.


LEFT_OUT: dict[FieldName, str] = {
    "officer_involved": "shootings by or of officers on duty are reviewed elsewhere",
    "accidental": "an accident is not what the plan prevents",
}


def guess_flags(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a flag of domestic shootings, and leave out what other flags mark."""
    for column in columns:
        spelled = column.yes_no
        if spelled is None:
            continue
        yes, no = spelled
        if column.is_a("domestic") and "domestic" not in found.columns:
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
    for field_name, why in LEFT_OUT.items():
        if column.is_a(field_name) and field_name not in found.columns:
            found.columns[field_name] = column
            when = {field_name: list(yes)}
            found.exclude.append({"name": field_name, "why": why, "when": when})
            return


FEW_WORDS, MOST_WORDS = 200, 20_000
SAME_SHARE = 0.7
"""Of two columns that tell of nearly as many homicides, the finer one tells them better."""
TELLING_SHARE = 0.3
"""Shootings named as such stand for all where there are so many for each assault with a gun."""
OTHERS_SHARE = 0.2
"""A file with so many other crimes is one of all crimes: its rows are not all shootings."""


def guess_rules(
    columns: Sequence[TextColumn],
    telling: Sequence[TextColumn],
    clues: RowClues,
    questions: Questions,
    name: str,
) -> GuessedRules:
    """Guess what rows are, by the columns that may tell it, and which are one incident.

    A list may hold homicides alone, or nonfatal shootings alone, and say so by its name.
    """
    found = GuessedRules()
    guess_gun(columns, found)
    _guess_kinds(telling, found, questions, name)
    guess_flags(columns, found)
    guess_incidents(columns, found, clues, questions)
    guess_address(columns, found)
    return found


def _guess_kinds(
    every: Sequence[TextColumn],
    found: GuessedRules,
    questions: Questions,
    name: str,
) -> None:
    """Find what marks a homicide and a nonfatal shooting: a text of offenses, counts, or a flag."""
    columns = [one for one in every if not one.is_free_text]
    texts = [one for one in columns if _is_offense(one)]
    homicides = [one for one in texts if _n_rows(one, is_homicide)]
    homicides = homicides or [one for one in texts if _n_rows(one, is_fatal_shooting)]
    fatal, injured = fatal_flags(columns)
    has_others = _has_other_crimes(columns, texts)
    has_gun = "firearm" in found.columns
    is_telling = bool(_shot_flag(columns)) or any(
        _n_rows(one, _is_shooting_of(one))
        or _n_rows(one, is_gun_assault)
        or (has_gun and _n_rows(one, is_assault))
        for one in texts
    )
    if homicides and (is_telling or not fatal):
        _homicides_by_text(columns, homicides, found)
        _nonfatal_by_text(columns, texts, found)
    elif fatal and has_others:
        found.columns["fatal"] = fatal[0]
        killed = {"fatal": list((fatal[0].yes_no or (YES, ()))[0])}
        found.homicide = [{**killed, **_no_other_death(homicides, killed, found)}]
        _nonfatal_by_text(columns, texts, found)
    elif fatal:
        kinds_by_flag(columns, fatal[0], injured, found, questions)
    elif not has_others and (
        _shootings_alone(texts, found) or _by_name(every, found, questions, name)
    ):
        pass
    elif has_gun or homicides:
        raise SourceError("start.no_homicide", path=name)
    else:
        raise SourceError("start.no_shootings", path=name)
    if not found.nonfatal:
        found.notes.append(msg("start.homicides_only"))


def _is_offense(column: TextColumn) -> bool:
    """Check for a text of offenses: by its name, or by few values of which some are crimes."""
    if column.is_free_text:
        return False
    if column.is_number and column.is_a("coded"):
        return True
    if column.is_number or column.formats or len(column.distinct) > MOST_WORDS:
        return False
    if column.is_a("offense") or mentions("shooting", column.header):
        return not column.is_a("no_offense")
    is_few = len(column.distinct) <= FEW_WORDS and not column.is_a("place")
    return is_few and bool(_n_rows(column, is_homicide))


def _n_rows(column: TextColumn, fits: Callable[[str], bool]) -> int:
    """Count the rows whose value fits."""
    return int(sum(n for value, n in column.counts.items() if fits(str(value))))


def _is_shooting_of(column: TextColumn) -> Callable[[str], bool]:
    """Return what tells shootings among a column's values."""
    return lambda value: is_shooting(value, column.header)


def _finest(
    columns: Sequence[TextColumn], fits: Callable[[TextColumn], Callable[[str], bool]]
) -> tuple[TextColumn | None, int]:
    """Return the column with the most values among those that tell of nearly the most rows."""
    counted = [(one, _n_rows(one, fits(one))) for one in columns]
    most = max((n for _, n in counted), default=0)
    near = [(one, n) for one, n in counted if n and n >= SAME_SHARE * most]
    # What was called in at first comes after what was found.
    return max(
        near,
        key=lambda one: (not one[0].is_a("at_first"), len(one[0].distinct)),
        default=(None, 0),
    )


def _no_other_death(
    homicides: Sequence[TextColumn], killed: Mapping[str, Sequence[str]], found: GuessedRules
) -> dict[str, Any]:
    """Return the offenses of those killed, without deaths in traffic and the like; all: nothing."""
    if not homicides:
        return {}
    column = _strictest(homicides)
    is_dead = rows_holding(killed, found.columns, len(column.texts)).to_numpy()
    offenses = sorted(set(column.texts[is_dead]))
    kept = [value for value in offenses if not rules_out("homicide", value)]
    if len(kept) == len(offenses):
        return {}
    others = [value for value in offenses if value not in kept]
    found.notes.append(msg("start.not_counted", values=list_values(others)))
    return {_field_of(column, found): kept}


def _has_other_crimes(columns: Sequence[TextColumn], texts: Sequence[TextColumn]) -> bool:
    """Check for flags of other crimes, or for many rows of theft, robbery and the like."""
    flags = [one for one in columns if is_kind("other_crime", one.header) and one.yes_no]
    shares = (
        _n_rows(one, partial(is_kind, "other_crime")) / max(1, len(one.texts)) for one in texts
    )
    return len(flags) > 1 or max(shares, default=0.0) >= OTHERS_SHARE


def _strictest(texts: Sequence[TextColumn]) -> TextColumn:
    """Return the text of homicides that tells them best from conspiracies, crashes and the like.

    That with the most homicides, or one that calls nearly as many so and the others something else.
    """
    marked = {
        one: one.texts.isin([value for value in one.distinct if is_homicide(value)])
        for one in texts
    }
    best = max(texts, key=lambda one: int(marked[one].sum()))
    for one in sorted(texts, key=lambda one: int(marked[one].sum())):
        others = marked[best] & ~marked[one]
        is_said = (one.texts[others] != "").all()
        if marked[one].sum() >= SAME_SHARE * marked[best].sum() and is_said:
            return one
    return best


def _no_attempt(
    columns: Sequence[TextColumn], killed: TextColumn, found: GuessedRules
) -> dict[str, Any]:
    """Return the values beside a homicide that do not say that it was an attempt; all: nothing."""
    for one in columns:
        marks = ("a", *YES) if one.is_a("attempt") else ()
        tried = [v for v in one.distinct if is_kind("attempt", v) or v.casefold() in marks]
        if tried and one is not killed:
            found.notes.append(msg("start.not_counted", values=list_values(tried)))
            found.columns["offense_code"] = one
            return {"offense_code": ["", *(v for v in one.distinct if v not in tried)]}
    return {}


def _homicides_by_text(
    columns: Sequence[TextColumn], texts: Sequence[TextColumn], found: GuessedRules
) -> None:
    column = _strictest(texts)
    found.columns["offense"] = column
    killed = [v for v in column.distinct if is_homicide(v) or is_fatal_shooting(v)]
    found.homicide = [{"offense": killed, **_no_attempt(columns, column, found)}]
    others = [v for v in column.distinct if mentions("homicide", v) and not is_homicide(v)]
    if others:
        found.notes.append(msg("start.not_counted", values=list_values(others)))
    homicides = found.homicide[0]["offense"]
    shot = [value for value in homicides if is_gun(value) or mentions("shooting", value)]
    if shot and not found.gun:  # the offense itself says how
        by_other = [
            value for value in homicides if value not in shot and is_kind("stabbing", value)
        ]
        no = [{"offense": by_other}] if by_other else []
        found.gun = {"yes": [{"offense": shot}], "no": no}


def _shot_flag(columns: Sequence[TextColumn]) -> list[TextColumn]:
    """Return the flags that say whether somebody was shot."""
    named = [one for one in columns if mentions("shooting", one.header)]
    named = [one for one in named if not one.is_a("others", "some_shootings")]
    return [one for one in named if one.yes_no and one.yes_no[0]]


def _nonfatal_by_text(
    columns: Sequence[TextColumn], texts: Sequence[TextColumn], found: GuessedRules
) -> None:
    """Find the nonfatal shootings: a flag, a word for them, or an assault with a gun."""
    flags = _shot_flag(columns)
    if flags:
        taken: FieldName = "firearm" if flags[0] is found.columns.get("firearm") else "injured"
        found.columns[taken] = flags[0]
        _take_shootings([{taken: list((flags[0].yes_no or ((), ()))[0])}], found)
        return
    if is_deaths_list(columns):  # a cause says how they died
        texts = [one for one in texts if not one.is_a("cause")]
    shot, n_shot = _finest(texts, _is_shooting_of)
    armed, n_armed = _finest(texts, lambda _: is_gun_assault)
    if shot is not None and n_shot >= TELLING_SHARE * n_armed:
        values = [value for value in shot.distinct if is_shooting(value, shot.header)]
        _take_shootings([{_field_of(shot, found): values}], found)
        return
    if armed is not None:
        rule: dict[str, Any] = {
            _field_of(armed, found): [value for value in armed.distinct if is_gun_assault(value)]
        }
        found.gun = {"yes": [*found.gun.get("yes", []), rule], "no": found.gun.get("no", [])}
        found.nonfatal, found.is_proxy = [rule], True
        return
    _assaults_with_guns(columns, texts, found)


def _assaults_with_guns(
    columns: Sequence[TextColumn], texts: Sequence[TextColumn], found: GuessedRules
) -> None:
    """Take assaults by a text or a flag, where another column says that a gun was used."""
    flags = [one for one in columns if one.is_a("assault") and one.yes_no and one.yes_no[0]]
    beaten, _ = _finest(texts, lambda _: is_assault)
    if "firearm" not in found.columns:  # a text of offenses may name the weapon alone
        named, _ = _finest(texts, lambda _: is_gun)
        if named is not None and named is not beaten:
            yes = [value for value in named.distinct if is_gun(value)]
            take_gun(named, yes, (), found)  # what names no gun may still be a shooting
    if "firearm" not in found.columns:
        return
    if flags:
        assaults: dict[Any, Any] = {
            _field_of(flags[0], found): list((flags[0].yes_no or ((), ()))[0])
        }
    elif beaten is not None:
        assaults = {_field_of(beaten, found): [*filter(is_assault, beaten.distinct)]}
    else:
        return
    rule = {**assaults, **found.gun["yes"][0]}
    if rows_holding(rule, found.columns, len(columns[0].texts)).any():
        found.nonfatal, found.is_proxy = [rule], True


def _field_of(column: TextColumn, found: GuessedRules) -> FieldName:
    """Return the field that a column is read as: the offense, or a second text beside it."""
    if found.columns.setdefault("offense", column) is column:
        return "offense"
    found.columns["offense_2"] = column
    return "offense_2"


def _take_shootings(rules: list[dict[str, Any]], found: GuessedRules) -> None:
    """Take rules as what marks a nonfatal shooting, in which a gun was used."""
    found.nonfatal = rules
    known = found.gun.get("yes", [])
    found.gun = {"yes": [*known, *(one for one in rules if one not in known)],
                 "no": found.gun.get("no", [])}  # fmt: skip


def _shootings_alone(texts: Sequence[TextColumn], found: GuessedRules) -> bool:
    """Take a list in which every row says that somebody was shot and lived."""
    shot, n_shot = _finest(texts, _is_shooting_of)
    if shot is None or n_shot < OTHERS_SHARE * len(shot.texts):
        return False
    values = [value for value in shot.distinct if is_shooting(value, shot.header)]
    if not any(is_kind("wounded", value) for value in values):
        return False
    _take_shootings([{_field_of(shot, found): values}], found)
    found.notes.append(msg("start.nonfatal_only"))
    return True


def _by_name(
    columns: Sequence[TextColumn], found: GuessedRules, questions: Questions, name: str
) -> bool:
    """Take every row as the kind that the file's name, or a column's, says; asked."""
    kind, _ = kind_in_name(name)
    if not (kind or _are_homicides(columns)):
        return False
    readings = [
        Interpretation(msg("start.all_homicides"), "homicide"),
        Interpretation(msg("start.all_nonfatal"), "nonfatal"),
    ]
    question = msg("start.which_all", file=name)
    readings = readings[:: -1 if kind == "nonfatal" else 1]
    kind = questions.resolve("all", question, readings)
    setattr(found, kind, [{}])
    if kind == "nonfatal":
        found.notes.append(msg("start.nonfatal_only"))
    return True


def _are_homicides(columns: Sequence[TextColumn]) -> bool:
    """Check whether a cause of death, or a header, says that a list is one of homicides."""
    causes = [one for one in columns if one.is_a("cause")]
    headers = [one.header for one in columns if not one.is_a("name")]
    return any(_n_rows(one, partial(is_kind, "stabbing")) for one in causes) or any(
        mentions("homicide", header) for header in headers
    )


def doubt_rules(
    columns: Sequence[TextColumn],
    rules: GuessedRules,
    homicide: pd.Series,
    nonfatal: pd.Series,
    name: str,
) -> Iterator[Message]:
    """Doubt rules that leave most of a list of homicides out, or count what is no assault."""
    is_attack = partial(is_kind, "attack")
    is_shot, texts = homicide | nonfatal, [one for one in columns if _is_offense(one)]
    is_list = kind_in_name(name)[0] == "homicide" or _are_homicides(columns)
    is_list &= not (is_deaths_list(columns) or _has_other_crimes(columns, texts))
    used = [one for field, one in rules.columns.items() if any(field in r for r in rules.homicide)]
    if is_list and used and is_shot.mean() < 0.5:
        told = _counted(used[0], is_shot)
        yield msg("start.most_left_out", path=name, n=int(is_shot.sum()), rows=len(is_shot), **told)
    telling = [one for one in texts if _n_rows(one, lambda v: is_attack(v) and not is_homicide(v))]
    attacks = [one.texts.map(is_attack) for one in telling]
    others = nonfatal & ~np.logical_or.reduce(attacks) if attacks else nonfatal & False
    if others.sum() * 2 > nonfatal.sum():
        finest = max(telling, key=lambda one: len(one.distinct))
        told, n = _counted(finest, nonfatal), int(nonfatal.sum())
        yield msg("start.not_assaults", path=name, n=n, others=int(others.sum()), **told)


def _counted(column: TextColumn, is_counted: pd.Series) -> dict[str, str]:
    """List what a column says most often in the rows that count, and in those left out."""
    counted, left_out = column.texts[is_counted], column.texts[~is_counted]
    lists = {"counted": list_counts(counted), "left_out": list_counts(left_out)}
    return {"column": column.header, **lists}


def distinguishes_kinds(columns: Sequence[TextColumn]) -> bool:
    """Check whether columns tell who was killed, so that a file's name need not."""
    found = GuessedRules()
    guess_gun(columns, found)
    try:
        _guess_kinds(columns, found, Questions({}), "homicide")
    except SourceError:
        return False
    return [{}] not in (found.homicide, found.nonfatal)
