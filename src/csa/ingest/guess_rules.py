"""Guess which rows are homicides and nonfatal shootings, and which rows are one incident."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.config.types import FieldName
from csa.ingest.guess_columns import (
    FATAL,
    INJURED,
    NO,
    YES,
    Doubt,
    Reading,
    TextColumn,
    is_location,
    settle,
)

HOMICIDE = re.compile(r"homicide|murder|manslaughter(?!.*negl)", re.IGNORECASE)
NOT_HOMICIDE = re.compile(
    r"justif|(?<!non)(?<!non[ -])negligen|attempt|vehic|non.?fatal|suicide|threat|accident|abuse",
    re.IGNORECASE,
)
SHOOTING = re.compile(r"shoot|shot|gun.?fire|gsw", re.IGNORECASE)
NOT_SHOOTING = re.compile(
    r"suicid|self|no victim|without injur|not injured|discharg|property|unfounded|shots? fired"
    r"|dwelling|occupied|range|photo|parking",
    re.IGNORECASE,
)
ASSAULT = re.compile(r"agg.*ass|ass.*agg|(deadly|dangerous) weapon|battery", re.IGNORECASE)
NOT_ASSAULT = re.compile(r"non.{0,2}agg|simple|threat", re.IGNORECASE)
GUN = re.compile(r"fire.?arm|\bgun|hand.?gun|rifle|pistol|shotgun|revolver", re.IGNORECASE)
NO_GUN = re.compile(r"other|unknown|not|none|\bbb\b|air|toy|imit|replica|knife", re.IGNORECASE)
OFFENSE_NAMES = (
    "offense", "offence", "crime", "description", "desc", "category", "type", "primary",
    "victimization", "charge", "ucr", "nibrs", "class", "kind", "outcome", "severity", "result",
)  # fmt: skip
INCIDENT_NAMES = (
    "incidentkey", "incidentid", "incidentnumber", "incidentno", "incidentnum", "incident",
    "eventuniqueid", "eventnumber", "eventid", "event", "casenumber", "caseno", "caseid", "casenum",
    "ccnumber", "ccno", "ccn",
    "complaintno", "complaintnumber", "complaint", "dckey", "drno", "reportno",
    "reportnumber", "rpt", "offensenumber", "offenseid", "crimeid", "rdno", "dr", "case", "crid",
    "fileno", "irnumber", "inum", "number",
)  # fmt: skip
ROW_NAMES = (
    "objectid",
    "rowid",
    "uniqueid",
    "globalid",
    "fid",
    "id",
    "uid",
    "victimid",
    "personid",
)
PERSON_NAMES = ("age", "sex", "gender", "race", "ethnicity")
VICTIM_WORDS = re.compile(r"\bvic", re.IGNORECASE)
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
KILLED = re.compile(r"^(?!.*non).*fatal|dead|died", re.IGNORECASE)
REPEATED = 0.005
"""Share of rows of one time and place with an earlier row that tells of several victims."""
MOST_COUNT = 60


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
    notes: list[Message] = field(default_factory=list)


def guess_rules(
    columns: Sequence[TextColumn],
    place: Sequence[FieldName],
    moments: pd.Series,
    answers: Mapping[str, int],
    doubts: list[Doubt],
    name: str,
) -> GuessedRules:
    """Guess what rows are, and which are one incident.

    `place` are the fields that say when and where, for files without a number; `moments` their
    texts, row by row.
    """
    found = GuessedRules()
    _guess_gun(columns, found)
    _guess_kinds(columns, found, answers, doubts, name)
    _guess_flags(columns, found)
    has_repeats = bool(moments.duplicated().mean() > REPEATED)
    _guess_incidents(columns, found, place, answers, doubts, has_repeats=has_repeats)
    _guess_address(columns, found)
    return found


def _guess_gun(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column that says whether a gun was used."""
    for column in columns:
        if not column.says("firearm", "gunshot", "gunused", "weapon", "gun", "method"):
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
    answers: Mapping[str, int],
    doubts: list[Doubt],
    name: str,
) -> None:
    """Find what marks a homicide and a nonfatal shooting: a text of offenses, counts, or a flag."""
    offenses = [one for one in columns if _is_offense(one)]
    victims = [one for one in columns if not one.says(*OF_OTHERS)]
    fatal = [one for one in victims if one.says(*FATAL) and not one.says(*INJURED, "motive")]
    fatal = [one for one in fatal if one.is_number or one.yes_no]
    fatal += [one for one in victims if _is_fatal_text(one)]
    fatal.sort(key=lambda one: (len(one.distinct) < 2, not one.says("fatal", "murder", "killed")))
    injured = [one for one in victims if one.says(*INJURED) and one.is_number]
    if offenses and (not fatal or _has_others(offenses[0])):
        _by_offense(offenses, found)
    elif fatal:
        _by_flag(fatal[0], injured, found, answers, doubts)
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


def _is_fatal_text(column: TextColumn) -> bool:
    """Check whether values themselves say fatal and not."""
    said = [KILLED.search(value) is not None for value in column.distinct]
    return 2 <= len(said) <= 6 and any(said) and not all(said)


def _by_flag(
    column: TextColumn,
    injured: Sequence[TextColumn],
    found: GuessedRules,
    answers: Mapping[str, int],
    doubts: list[Doubt],
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
        yes = tuple(
            v
            for v in column.distinct
            if re.search(r"^(?!.*non).*fatal|dead|died", v, re.IGNORECASE)
        )
        no = tuple(v for v in column.distinct if v not in yes)
        readings = [
            Reading(say("start.is_killed", values=_listed(one)), (tuple(one), tuple(other)))
            for one, other in ((yes, no), (no, yes))
            if one
        ]
        if len(readings) > 1 or not yes:
            question = say("start.which_killed", column=column.header)
            yes, no = settle("killed", question, readings, answers, doubts)
    if column.says("nonfatal", "survived"):
        yes, no = no, yes
    found.homicide = [{"fatal": list(yes)}]
    found.nonfatal = [{"fatal": list(no)}] if no else []


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


ADDRESS = ("address", "block", "streetblock", "hundredblock", "location", "street")


def _guess_address(columns: Sequence[TextColumn], found: GuessedRules) -> None:
    """Take a column of addresses, by which points without a place are told apart."""
    texts = [one for one in columns if not (one.is_number or one.formats or is_location(one))]
    for name in ADDRESS:
        for column in texts:
            taken = column in found.columns.values()
            if column.says(name) and not taken and column.share(lambda text: " " in text) > 0.5:
                found.columns["address"] = column
                return


def _guess_incidents(
    columns: Sequence[TextColumn],
    found: GuessedRules,
    place: Sequence[FieldName],
    answers: Mapping[str, int],
    doubts: list[Doubt],
    *,
    has_repeats: bool,
) -> None:
    """Find the incident's number, and whether rows are incidents, victims or persons."""
    for column in columns:
        if column.says("involvement", "persontype", "victimtype", "role") and any(
            VICTIM_WORDS.search(value) for value in column.distinct
        ):
            found.columns["involvement"] = column
            found.rows_are = "persons"
            found.victim = [{"involvement": {"contains": ["VIC"]}}]
            break
    numbers = sorted(
        (one for one in columns if _rank(one, INCIDENT_NAMES) is not None and _is_number(one)),
        key=lambda one: (_rank(one, INCIDENT_NAMES), one.position),
    )
    rows = sorted(
        (one for one in columns if _rank(one, ROW_NAMES) is not None and one.is_unique),
        key=lambda one: (_rank(one, ROW_NAMES), one.position),
    )
    has_persons = any(_is_of_a_person(one) for one in columns)
    if numbers:
        column = numbers[0]
        found.columns["incident_id"] = column
        found.incident_from = ["incident_id"]
        is_repeated = not column.known.is_unique
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
    found.incident_from = list(place)
    if rows:
        found.columns["row_id"], found.row_id_from = rows[0], ["row_id"]
    if found.rows_are != "persons":
        readings = [
            Reading(say("start.rows_are_victims"), "victims"),
            Reading(say("start.rows_are_incidents"), "incidents"),
        ]
        readings = readings if has_persons or has_repeats else readings[::-1]
        question = say("start.which_rows")
        found.rows_are = settle("rows", question, readings, answers, doubts)
    found.notes.append(say("start.no_number"))


def _is_of_a_person(column: TextColumn) -> bool:
    """Check for a name such as AGE or VIC_SEX, not VILLAGE."""
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.header).casefold())
    return not {*PERSON_NAMES}.isdisjoint(words)


def _rank(column: TextColumn, names: Sequence[str]) -> int | None:
    """Return how well a name fits: its place among the names; None where it is none of them."""
    exact = [at for at, name in enumerate(names) if column.name == name]
    begins = [at for at, name in enumerate(names) if len(name) > 3 and column.name.startswith(name)]
    found = exact or [at + 100 for at in begins]
    return min(found, default=None)


def _is_number(column: TextColumn) -> bool:
    """Check whether values could be numbers of incidents: many, and mostly with digits."""
    many = len(column.known) and column.known.nunique() >= 0.2 * len(column.known)
    return bool(many) and column.share(lambda text: any(map(str.isdigit, text))) >= 0.9


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
