"""Guess which rows are homicides and which are nonfatal shootings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from csa.base.errors import SourceError
from csa.base.message import say
from csa.config.types import FieldName
from csa.ingest.guess_columns import (
    YES,
    Questions,
    Reading,
    TextColumn,
    list_values,
    rows_holding,
)
from csa.ingest.guess_fatal import (
    OF_OTHERS,
    flags_of_the_dead,
    is_of_the_dead,
    kinds_by_flag,
)
from csa.ingest.guess_flags import guess_flags
from csa.ingest.guess_guns import guess_gun, take_gun
from csa.ingest.guess_incidents import (
    ADDRESS,
    GuessedRules,
    RowClues,
    guess_address,
    guess_incidents,
)
from csa.ingest.guess_words import (
    HOMICIDE,
    NOT_HOMICIDE,
    OTHER_CRIME,
    SHOOTING,
    is_assault,
    is_fatal_shooting,
    is_gun,
    is_gun_assault,
    is_homicide,
    is_shooting,
    kind_in_name,
)

OFFENSE_NAMES = (
    "offense", "offence", "crime", "description", "desc", "category", "type", "primary",
    "victimization", "charge", "ucr", "nibrs", "class", "kind", "outcome", "severity", "result",
    "delito", "general", "cause",
)  # fmt: skip
FEW_WORDS, MOST_WORDS = 200, 20_000
SAME_SHARE = 0.7
"""Of two columns that tell of nearly as many homicides, the finer one tells them better."""
TELLING_SHARE = 0.3
"""Shootings named as such stand for all where there are so many for each assault with a gun."""
OTHERS_SHARE = 0.2
"""A file with so many other crimes is one of all crimes: its rows are not all shootings."""


def guess_rules(
    columns: Sequence[TextColumn], clues: RowClues, questions: Questions, name: str
) -> GuessedRules:
    """Guess what rows are, and which are one incident.

    A list may hold homicides alone, or nonfatal shootings alone, and say so by its name.
    """
    found = GuessedRules()
    guess_gun(columns, found)
    _guess_kinds(columns, found, questions, name)
    guess_flags(columns, found)
    guess_incidents(columns, found, clues, questions)
    guess_address(columns, found)
    return found


def _guess_kinds(
    columns: Sequence[TextColumn],
    found: GuessedRules,
    questions: Questions,
    name: str,
) -> None:
    """Find what marks a homicide and a nonfatal shooting: a text of offenses, counts, or a flag."""
    texts = [one for one in columns if _is_offense(one)]
    homicides = [one for one in texts if _n_rows(one, is_homicide)]
    homicides = homicides or [one for one in texts if _n_rows(one, is_fatal_shooting)]
    fatal, injured = flags_of_the_dead(columns)
    has_others = _has_other_crimes(columns, texts)
    has_gun = "firearm" in found.columns
    is_telling = bool(_shot_flag(columns)) or any(
        _n_rows(one, _is_shooting_of(one))
        or _n_rows(one, is_gun_assault)
        or (has_gun and _n_rows(one, is_assault))
        for one in texts
    )
    if homicides and (is_telling or not fatal):
        _homicides_by_text(homicides, found)
        _nonfatal_by_text(columns, texts, found)
    elif fatal and has_others:
        found.columns["fatal"] = fatal[0]
        killed = {"fatal": list((fatal[0].yes_no or (YES, ()))[0])}
        found.homicide = [{**killed, **_no_other_death(homicides, killed, found)}]
        _nonfatal_by_text(columns, texts, found)
    elif fatal:
        kinds_by_flag(fatal[0], injured, found, questions)
    elif not has_others and (
        _shootings_alone(texts, found) or _by_name(columns, found, questions, name)
    ):
        pass
    elif has_gun or homicides:
        raise SourceError("start.no_homicide", path=name)
    else:
        raise SourceError("start.no_shootings", path=name)
    if not found.nonfatal:
        found.notes.append(say("start.homicides_only"))


def _is_offense(column: TextColumn) -> bool:
    """Check for a text of offenses: by its name, or by few values of which some are crimes."""
    if column.is_number or column.formats or len(column.distinct) > MOST_WORDS:
        return False
    if column.says(*OFFENSE_NAMES) or SHOOTING.search(column.header):
        return not column.says("location", "premis", "weapon", "address")
    is_place = column.says(*ADDRESS, "neighborhood", "district", "name")
    return len(column.distinct) <= FEW_WORDS and not is_place and bool(_n_rows(column, is_homicide))


def _n_rows(column: TextColumn, fits: Callable[[str], bool]) -> int:
    """Count the rows whose value fits."""
    return int(sum(n for value, n in column.counts.items() if fits(str(value))))


def _is_stabbing(value: str) -> bool:
    """Check for another cause of death than a gun: the list is then of the dead."""
    return bool(re.search(r"stab|knife|blunt|strang|asphyx", value, re.IGNORECASE))


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
    return max(near, key=_how_fine, default=(None, 0))


def _no_other_death(
    homicides: Sequence[TextColumn], killed: Mapping[str, Sequence[str]], found: GuessedRules
) -> dict[str, Any]:
    """Return the offenses of those killed, without deaths in traffic and the like; all: nothing."""
    if not homicides:
        return {}
    column = _strictest(homicides)
    is_dead = rows_holding(killed, found.columns, len(column.texts)).to_numpy()
    offenses = sorted(set(column.texts[is_dead]))
    kept = [value for value in offenses if not NOT_HOMICIDE.search(value)]
    if len(kept) == len(offenses):
        return {}
    others = [value for value in offenses if value not in kept]
    found.notes.append(say("start.not_counted", values=list_values(others)))
    return {_field_of(column, found): kept}


def _how_fine(counted: tuple[TextColumn, int]) -> tuple[bool, int]:
    """Rank a column by its values; what was called in at first after what was found."""
    return not counted[0].says("initial"), len(counted[0].distinct)


def _has_other_crimes(columns: Sequence[TextColumn], texts: Sequence[TextColumn]) -> bool:
    """Check for flags of other crimes, or for many rows of theft, robbery and the like."""
    flags = [one for one in columns if OTHER_CRIME.search(one.header) and one.yes_no]
    shares = (
        _n_rows(one, lambda v: bool(OTHER_CRIME.search(v))) / max(1, len(one.texts))
        for one in texts
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


def _homicides_by_text(texts: Sequence[TextColumn], found: GuessedRules) -> None:
    column = _strictest(texts)
    found.columns["offense"] = column
    killed = [v for v in column.distinct if is_homicide(v) or is_fatal_shooting(v)]
    found.homicide = [{"offense": killed}]
    others = [v for v in column.distinct if HOMICIDE.search(v) and NOT_HOMICIDE.search(v)]
    if others:
        found.notes.append(say("start.not_counted", values=list_values(others)))
    homicides = found.homicide[0]["offense"]
    shot = [value for value in homicides if is_gun(value) or SHOOTING.search(value)]
    if shot and not found.gun:  # the offense itself says how
        by_other = [value for value in homicides if value not in shot and _is_stabbing(value)]
        no = [{"offense": by_other}] if by_other else []
        found.gun = {"yes": [{"offense": shot}], "no": no}


def _shot_flag(columns: Sequence[TextColumn]) -> list[TextColumn]:
    """Return the flags that say whether somebody was shot."""
    named = [one for one in columns if SHOOTING.search(one.header)]
    named = [one for one in named if not one.says(*OF_OTHERS, "multi", "mass", "drive", "police")]
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
    if is_of_the_dead(columns):  # a cause says how they died
        texts = [one for one in texts if not one.says("cause", "manner")]
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
    flags = [one for one in columns if one.says("assault") and one.yes_no and one.yes_no[0]]
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
        values = [value for value in beaten.distinct if is_assault(value)]
        assaults = {_field_of(beaten, found): values}
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
    if not any(re.search(r"non.?fatal|injur|wound", value, re.IGNORECASE) for value in values):
        return False
    _take_shootings([{_field_of(shot, found): values}], found)
    found.notes.append(say("start.nonfatal_only"))
    return True


def _by_name(
    columns: Sequence[TextColumn], found: GuessedRules, questions: Questions, name: str
) -> bool:
    """Take every row as the kind that the file's name, or a column's, says; asked."""
    kind, _ = kind_in_name(name)
    causes = [one for one in columns if one.says("cause", "manner") and _n_rows(one, _is_stabbing)]
    headers = [one.header for one in columns if not one.says("name")]
    if not (kind or any(map(HOMICIDE.search, headers)) or causes):
        return False
    readings = [
        Reading(say("start.all_homicides"), "homicide"),
        Reading(say("start.all_nonfatal"), "nonfatal"),
    ]
    question = say("start.which_all", file=name)
    readings = readings[:: -1 if kind == "nonfatal" else 1]
    kind = questions.settle("all", question, readings)
    setattr(found, kind, [{}])
    if kind == "nonfatal":
        found.notes.append(say("start.nonfatal_only"))
    return True


def tells_kinds(columns: Sequence[TextColumn]) -> bool:
    """Check whether columns tell who was killed, so that a file's name need not."""
    found = GuessedRules()
    guess_gun(columns, found)
    try:
        _guess_kinds(columns, found, Questions({}), "homicide")
    except SourceError:
        return False
    return [{}] not in (found.homicide, found.nonfatal)
