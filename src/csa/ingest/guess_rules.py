"""Guess which rows are homicides and which are nonfatal shootings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csa.base.errors import SourceError
from csa.base.message import say
from csa.config.types import FieldName
from csa.ingest.guess_columns import FATAL, INJURED, NO, YES, Questions, Reading, TextColumn
from csa.ingest.guess_incidents import GuessedRules, RowClues, guess_address, guess_incidents

HOMICIDE = re.compile(r"homicide|murder|manslaughter(?!.*negl)", re.IGNORECASE)
NOT_HOMICIDE = re.compile(
    r"justif|(?<!non)(?<!non[ -])negligen|attempt|\batt\b|intent|conspir|solicit|assault (to|with)"
    r"|traffic|\bdu[ir]\b|dwi|vehic|non.?fatal|suicide|threat|accident|abuse",
    re.IGNORECASE,
)
SHOOTING = re.compile(r"shoot|\bshot(?!.?gun|.?spot)|gun.?shot|gun.?fire|gsw", re.IGNORECASE)
NOT_SHOOTING = re.compile(
    r"suicid|(?<!not )self|no victim|no injur|without injur|not injured|discharg|property|unfounded"
    r"|shots? (fired|heard)|alert|dwelling|occupied|at veh|range|photo|parking|animal|possess"
    r"|officer|police|accident|unintent|\bbb\b",
    re.IGNORECASE,
)
ASSAULT = re.compile(r"agg.*ass|ass.*agg|(deadly|dangerous) weapon|battery", re.IGNORECASE)
NOT_ASSAULT = re.compile(r"non.{0,2}agg|simple|threat", re.IGNORECASE)
GUN = re.compile(r"fire.?arm|\bgun|hand.?gun|rifle|pistol|shotgun|revolver", re.IGNORECASE)
NO_GUN = re.compile(
    r"\bno\b|non.?(fire|gun)|without|\bbb\b|\bair\b|\btoy|imit|replica|knife|stun", re.IGNORECASE
)
OFFENSE_NAMES = (
    "offense", "offence", "crime", "description", "desc", "category", "type", "primary",
    "victimization", "charge", "ucr", "nibrs", "class", "kind", "outcome", "severity", "result",
)  # fmt: skip
OF_OTHERS = ("offender", "suspect", "perp", "officer", "arrest")
LEFT_OUT: tuple[tuple[FieldName, tuple[str, ...], str], ...] = (
    (
        "officer_involved",
        ("officerinvolved", "policeinvolved", "ois", "offinvolved"),
        "shootings by or of officers on duty are reviewed elsewhere",
    ),
    ("accidental", ("accidental", "unintentional"), "an accident is not what the plan prevents"),
)
DOMESTIC = ("domestic", "dvflag", "dv")
KILLED = re.compile(r"fatal|dead|died|death|deceas|killed", re.IGNORECASE)
NOT_KILLED = re.compile(r"\bno[nt]?\b|non.?fatal|surviv|wound|injur|graze", re.IGNORECASE)
UNHURT = re.compile(r"^none$|no injur|unhurt|uninjur|unknown|not hit", re.IGNORECASE)
MOST_COUNT = 60


def guess_rules(
    columns: Sequence[TextColumn], clues: RowClues, questions: Questions, name: str
) -> GuessedRules:
    """Guess what rows are, and which are one incident."""
    found = GuessedRules()
    _guess_gun(columns, found)
    _guess_kinds(columns, found, questions, name)
    _guess_flags(columns, found)
    guess_incidents(columns, found, clues, questions)
    guess_address(columns, found)
    return found


def _guess_gun(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column that says whether a gun was used."""
    for column in columns:
        is_named = column.says("firearm", "gunshot", "gunused", "weapon", "gun", "method")
        if not is_named or column.says("recover", "seiz", "found", "count"):
            continue
        spelled = column.yes_no
        if spelled is not None:
            yes, no = spelled
        else:
            yes = tuple(v for v in column.distinct if GUN.search(v) and not NO_GUN.search(v))
            no = tuple(v for v in column.distinct if not GUN.search(v) and v not in yes)
        if yes:
            found.columns["firearm"] = column
            found.gun = {
                "yes": [{"firearm": list(yes)}],
                "no": [{"firearm": list(no)}] if no else [],
            }
            return


def _guess_kinds(
    columns: Sequence[TextColumn],
    found: GuessedRules,
    questions: Questions,
    name: str,
) -> None:
    """Find what marks a homicide and a nonfatal shooting: a text of offenses, counts, or a flag."""
    offenses = [one for one in columns if _is_offense(one)]
    victims = [one for one in columns if not one.says(*OF_OTHERS)]
    fatal = [one for one in victims if one.says(*FATAL) and not one.says(*INJURED, "motive")]
    fatal = [one for one in fatal if one.yes_no or _is_count(one)]
    fatal += [one for one in victims if _is_fatal_text(one)]
    fatal.sort(key=lambda one: (len(one.distinct) < 2, not one.says("fatal", "murder", "killed")))
    injured = [one for one in victims if one.says(*INJURED) and _is_count(one)]
    is_telling = any(_tells(one, found) for one in offenses)
    if offenses and (not fatal or is_telling):
        _by_offense(offenses, found)
    elif fatal:
        _by_flag(fatal[0], injured, found, questions)
    elif "firearm" in found.columns or offenses:
        raise SourceError("start.no_homicide", path=name)
    else:
        raise SourceError("start.no_shootings", path=name)


def _is_offense(column: TextColumn) -> bool:
    if not column.says(*OFFENSE_NAMES) or column.is_number or len(column.distinct) > 2000:
        return False
    return any(_is_homicide(value) for value in column.distinct)


def _is_homicide(value: str) -> bool:
    return bool(HOMICIDE.search(value)) and not NOT_HOMICIDE.search(value)


def _is_shooting(value: str) -> bool:
    return (
        bool(SHOOTING.search(value)) and not NOT_SHOOTING.search(value) and not _is_homicide(value)
    )


def _has_others(column: TextColumn) -> bool:
    """Check whether a column tells shootings from other crimes, or how one ended."""
    return any(_is_shooting(v) or _is_assault(v) for v in column.distinct)


def _tells(column: TextColumn, found: GuessedRules) -> bool:
    """Check whether a column by itself marks nonfatal shootings, too."""
    has_gun = "firearm" in found.columns
    return any(_is_shooting(v) or (has_gun and _is_assault(v)) for v in column.distinct)


def _is_assault(value: str) -> bool:
    return bool(ASSAULT.search(value)) and not NOT_ASSAULT.search(value)


def _by_offense(offenses: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take the offense whose values tell most."""
    column = max(offenses, key=lambda one: (_has_others(one), -len(one.distinct)))
    found.columns["offense"] = column
    homicides = [value for value in column.distinct if _is_homicide(value)]
    shootings = [value for value in column.distinct if _is_shooting(value)]
    assaults = [v for v in column.distinct if _is_assault(v) and v not in shootings]
    found.homicide = [{"offense": homicides}]
    is_gun = found.gun.get("yes", [{}])[0]
    if shootings:
        found.nonfatal = [{"offense": shootings}]
    elif "firearm" in found.columns and found.columns["firearm"].says("gunshot"):
        found.nonfatal = [dict(is_gun)]
    elif assaults and is_gun:
        found.nonfatal = [{"offense": assaults, **is_gun}]
        found.is_proxy = True
    justified = [v for v in column.distinct if HOMICIDE.search(v) and NOT_HOMICIDE.search(v)]
    if justified:
        found.notes.append(say("start.not_counted", values=_listed(justified)))
    if not found.nonfatal:
        found.notes.append(say("start.homicides_only"))


def _is_killed(value: str) -> bool:
    return bool(KILLED.search(value)) and not NOT_KILLED.search(value)


def _is_fatal_text(column: TextColumn) -> bool:
    """Check whether values themselves say fatal and not."""
    said = [_is_killed(value) for value in column.distinct]
    return 2 <= len(said) <= 6 and any(said) and not all(said)


def _by_flag(
    column: TextColumn,
    injured: Sequence[TextColumn],
    found: GuessedRules,
    questions: Questions,
) -> None:
    """Take a flag, or a number of people, as what marks a homicide; all rows are shootings."""
    found.columns["fatal"] = column
    found.gun = found.gun or {"yes": [{}]}
    is_count = column.is_number and (column.numbers.max() > 1 or bool(injured))
    if is_count:
        found.homicide = [{"fatal": _counts()}]
        if injured:
            found.columns["injured"] = injured[0]
            found.nonfatal = [{"injured": _counts()}]
            found.notes.append(say("start.by_counts", killed=column.header, hurt=injured[0].header))
        else:
            found.nonfatal = [{"fatal": ["0", "0.0"]}]
        return
    spelled = column.yes_no
    if spelled is not None and set(map(str.casefold, spelled[0] + spelled[1])) <= {*YES, *NO}:
        yes, no = spelled
    else:
        yes = tuple(v for v in column.distinct if _is_killed(v))
        no = tuple(v for v in column.distinct if v not in yes and not UNHURT.search(v))
        readings = [
            Reading(say("start.is_killed", values=_listed(one)), (tuple(one), tuple(other)))
            for one, other in ((yes, no), (no, yes))
            if one
        ]
        if len(readings) > 1 or not yes:
            question = say("start.which_killed", column=column.header)
            yes, no = questions.settle("killed", question, readings)
    if column.says("nonfatal", "survived"):
        yes, no = no, yes
    found.homicide = [{"fatal": list(yes)}]
    found.nonfatal = [{"fatal": list(no)}] if no else []
    if not no and len(column.known) < len(column.texts):
        readings = [
            Reading(say("start.blank_is_no", column=column.header), "no"),
            Reading(say("start.blank_is_unknown", column=column.header), "unknown"),
        ]
        question = say("start.which_blank", column=column.header)
        if questions.settle("blank", question, readings) == "no":
            found.nonfatal = [{}]


def _is_count(column: TextColumn) -> bool:
    """Check whether a column numbers people: few in a row, and no number of a case."""
    return column.is_number and 0 <= column.numbers.min() <= column.numbers.max() <= MOST_COUNT


def _counts() -> list[str]:
    whole = [str(n) for n in range(1, MOST_COUNT + 1)]
    return [*whole, *(f"{n}.0" for n in range(1, MOST_COUNT + 1))]


def _guess_flags(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    for column in columns:
        spelled = column.yes_no
        if spelled is None:
            continue
        yes, no = spelled
        if column.says(*DOMESTIC) and "domestic" not in found.columns:
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


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
