"""Guess who was killed from a flag, a number of people, or a word such as fatal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csa.base.message import say
from csa.ingest.guess_columns import (
    FATAL,
    INJURED,
    YES,
    Questions,
    Reading,
    TextColumn,
    list_values,
)
from csa.ingest.guess_formats import MOST
from csa.ingest.guess_incidents import GuessedRules
from csa.ingest.guess_words import NOBODY_SHOT, NOT_KILLED, UNHURT, is_killed

OF_OTHERS = (
    "offender", "suspect", "perp", "officer", "arrest", "shooter", "gunman", "domestic", "gang",
    "agensegur", "seguranca",
)  # fmt: skip
"""Names of columns that tell of others than the victims, or of a part of them."""
OTHER_DEATH = re.compile(r"suicid|natural|accident", re.IGNORECASE)
OF_CASES = ("polic", "clear", "dispos")
"""Names of those that may, and are taken where no other tells."""
COUNTED = ("num", "count", "total", "howmany")
FATAL_TOO = re.compile("(?<!non)fatal")
MOST_COUNT, LEAST_TWOS = 60, 0.3
CODES = {"f": {"nf", "n", "s"}, "hom": {"nfs", "nf"}}
"""Marks of the killed, beside those of the others."""


def flags_of_the_dead(
    columns: Sequence[TextColumn],
) -> tuple[list[TextColumn], list[TextColumn]]:
    """Return the flags or counts of the killed, the likeliest first, and those of the hurt."""
    victims = [one for one in columns if not one.says(*OF_OTHERS)]
    fatal = [one for one in victims if one.says(*FATAL) and not one.says(*INJURED, "motive")]
    fatal = [one for one in fatal if one.yes_no or _is_count(one)]
    fatal += [one for one in victims if _is_fatal_text(one)]
    fatal.sort(
        key=lambda one: (
            one.says(*OF_CASES),
            len(one.distinct) < 2,
            not one.says("fatal", "murder", "killed"),
        )
    )
    injured = [one for one in victims if one.says(*INJURED) and _is_count(one)]
    return fatal, injured


def kinds_by_flag(
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
            found.notes.append(say("start.by_counts", killed=column.header, hurt=injured[0].header))
        else:
            found.nonfatal = [{"fatal": ["0", "0.0"]}]
        return
    spelled = column.yes_no
    if spelled is not None and not _killed(column):
        is_of_living = column.says("nonfatal", "surviv") and not FATAL_TOO.search(column.name)
        yes, no = spelled[::-1] if is_of_living else spelled
    else:
        yes = tuple(one for one in column.distinct if is_code and one < "2") or _killed(column)
        others = (v for v in column.distinct if v not in yes)
        no = tuple(v for v in others if not (UNHURT.search(v) or _is_nobody(v)))
        readings = [
            Reading(say("start.is_killed", values=list_values(one)), (tuple(one), tuple(other)))
            for one, other in ((yes, no), (no, yes))
            if one
        ]
        if not _is_told_by_words(yes, no) and (len(readings) > 1 or not yes):
            question = say("start.which_killed", column=column.header)
            yes, no = questions.settle("killed", question, readings)
    found.homicide = [{"fatal": list(yes or YES)}]
    found.nonfatal = [{"fatal": list(no)}] if no else []
    if not no and len(column.known) < len(column.texts):
        readings = [
            Reading(say("start.blank_is_no", column=column.header), "no"),
            Reading(say("start.blank_is_unknown", column=column.header), "unknown"),
        ]
        question = say("start.which_blank", column=column.header)
        if questions.settle("blank", question, readings) == "no":
            found.nonfatal = [{}]


def _is_nobody(value: str) -> bool:
    """Check for a value that says that nobody else was shot."""
    return bool(NOBODY_SHOT.search(value)) and not NOT_KILLED.search(value)


def _is_told_by_words(yes: Sequence[str], no: Sequence[str]) -> bool:
    """Check whether each value says by a word that somebody was killed, or was not."""
    return bool(yes) and all(map(is_killed, yes)) and all(map(NOT_KILLED.search, no))


def _is_code(column: TextColumn) -> bool:
    """Check for 1 and 2 as yes and no: of those killed in a homicide, two are far fewer."""
    values = {value.removesuffix(".0") for value in column.distinct}
    twos = column.numbers == 2
    return values == {"1", "2"} and not column.says(*COUNTED) and bool(twos.mean() >= LEAST_TWOS)


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
    is_patient = column.says("vict", "condition", "injur", "outcome", "patient")
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


def is_of_the_dead(columns: Sequence[TextColumn]) -> bool:
    """Check for a list of the dead: each has a day of death, or some died otherwise."""
    days = [one for one in columns if one.says("death") and one.formats]
    causes = [one for one in columns if one.says("cause", "manner")]
    is_other = any(OTHER_DEATH.search(value) for one in causes for value in one.distinct)
    has_days = any((one.texts != "").mean() >= MOST for one in days)
    return bool(causes) and (has_days or is_other)
