"""One value of a measure, in one quarter and place: refused where it contradicts itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, TypeAlias

from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.text import percent

# ---- The kinds of measure, and what a value of each holds.


Shape: TypeAlias = Literal["count", "share", "number"]

MIN_ANSWERS = 100
"""Below so many answers a survey finds only differences above 20 points: a place shows its
district's figure, or the city's."""

CLEARANCE_BASIS = re.compile(
    r"(cohort|same-year)[ ,]+([0-9]{1,3})(?: ?m(?:onths?)?)?", re.IGNORECASE
)
"""How cases were followed, and how many months later they were looked up."""


@dataclass(frozen=True)
class Kind:
    """What a value of one kind of measure holds."""

    name: str  # as the plan's file writes it
    shape: Shape
    is_survey: bool = False  # whether it rests on answers of a sample
    is_yes_no: bool = False  # whether only 1 (yes) and 0 (no) fit
    needs_basis: bool = False
    bases: tuple[str, ...] = ()  # the allowed bases; empty: any text
    default_basis: str = ""  # the basis where none is given

    def normalize_basis(self, given: str) -> str | None:
        """Normalize a basis, so that equal ones compare equal."""
        basis = " ".join(given.split()) or self.default_basis
        if not basis:
            return None if self.needs_basis else ""
        if self.name == "clearance":
            match = CLEARANCE_BASIS.fullmatch(basis)
            return f"{match[1].lower()} {int(match[2])} months" if match else None
        if self.bases:
            return basis.lower() if basis.lower() in self.bases else None
        return basis


_INCIDENTS = ("incidents", "victims")
_ALL = (
    Kind("gun-violence", "count", bases=_INCIDENTS, default_basis="incidents"),
    Kind("violent-crime", "count", bases=_INCIDENTS, default_basis="incidents"),
    Kind("feeling-safe", "share", is_survey=True),
    Kind("working-with-police", "count"),
    Kind("services-ratio", "share", bases=("in need", "eligible")),
    Kind("services-list", "number", is_yes_no=True),
    Kind("recidivism", "share", needs_basis=True),
    Kind("clearance", "share", needs_basis=True),
    Kind("charges", "share"),
    Kind("convictions", "share"),
    Kind("collaboration", "number"),
    Kind("offenders-list", "share"),
    Kind("trust", "share", is_survey=True),
    Kind("citizen-survey", "share", is_survey=True),
    Kind("cooperation", "share"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind, by name: a closed list."""


def find_kind(name: str) -> Kind:
    """Find a kind by its name."""
    if name not in KINDS:
        raise ParamError("param.one_of", name="kind", given=name, known=", ".join(KINDS))
    return KINDS[name]


def cohort_months(basis: str) -> int | None:
    """Return how many months cases are followed from their own day; None where that is not said."""
    match = CLEARANCE_BASIS.fullmatch(basis)
    return int(match[2]) if match and match[1].lower() == "cohort" else None


# ---- A quarter of a year: the step in which measures are reported.


PATTERN = re.compile(r"([0-9]{4})-Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year, written `2026-Q1`."""

    year: int  # four digits
    number: int  # 1 to 4

    def __post_init__(self) -> None:
        """Refuse a year or number that is not a quarter."""
        if not (1 <= self.year <= 9999 and 1 <= self.number <= 4):
            raise ParamError("measures.quarter", given=f"{self.year}-Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read a quarter."""
        match = PATTERN.fullmatch(text)
        if match is None or int(match[1]) < 1:
            raise ParamError("measures.quarter", given=text)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that holds a day."""
        return cls(day.year, (day.month + 2) // 3)

    def plus(self, n: int) -> Quarter:
        """Return the quarter so many quarters later (earlier when negative)."""
        index = self.year * 4 + self.number - 1 + n
        return Quarter(index // 4, index % 4 + 1)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        if self.number == 4:  # the day after December 9999 is not a date
            return date(self.year, 12, 31)
        return date(self.year, 3 * self.number + 1, 1) - timedelta(days=1)

    def is_over(self, today: date) -> bool:
        """Check whether its last day has passed."""
        return self.last_day < today

    def __str__(self) -> str:
        """Return the quarter as `2026-Q1`."""
        return f"{self.year:04d}-Q{self.number}"


Fault: TypeAlias = tuple[str, Message]
"""The field that is wrong, and the sentence about it."""

TEXT_LIMIT = 500
"""Characters of one text: a remark, not a document."""

ROUNDING = 0.005
"""How far a share given beside its parts may lie from them: it is often in whole percents."""

NUMBERS = ("value", "numerator", "denominator", "answers", "design_effect")
TEXTS = ("measure", "place", "basis", "note")


@dataclass(frozen=True)
class Value:
    """What a measure was in one quarter and place."""

    measure: str  # the measure's id in the plan
    quarter: Quarter  # when
    place: str = ""  # a core service area's key or a neighborhood's name; empty: the whole city
    value: float | None = None  # a count, a share from 0 to 1, or a number
    numerator: float | None = None  # of a share
    denominator: float | None = None  # of a share
    answers: int | None = None  # of a survey: how many answered
    design_effect: float | None = None
    basis: str = ""  # how it was counted: values of different bases are not compared
    note: str = ""  # a remark
    number: int = 1  # 1 as first reported, 2 for the first revision, and so on


def checked(value: Value, kind: str) -> Value:
    """Check a value and complete it: the share from its parts, the basis normalized."""
    of_kind = find_kind(kind)
    for _, message in find_faults(value, kind):
        raise ParamError(message.key, **message.values)
    return _completed(value, of_kind)


def find_faults(value: Value, kind: str) -> tuple[Fault, ...]:
    """Find everything that is wrong with a value."""
    common = [*_text_faults(value), *_number_faults(value)]
    if not kind:
        return tuple(common)
    of_kind = find_kind(kind)
    faults = [*common, *_basis_faults(value, of_kind)]
    spoiled = {name for name, _ in common}
    if not spoiled & {"value", "numerator", "denominator"}:
        faults += _shape_faults(value, of_kind)
    faults += [fault for fault in _survey_faults(value, of_kind) if fault[0] not in spoiled]
    return tuple(faults)


def make_value(
    fields: Mapping[str, str | float | None], kind: str
) -> tuple[Value | None, list[Fault]]:
    """Make a checked value from a row of a file, or return everything that is wrong with it."""
    faults: list[Fault] = []
    texts = {name: str(fields.get(name) or "") for name in (*TEXTS, "quarter")}
    given = {name: fields.get(name) for name in NUMBERS}
    numbers = {n: None if v is None or v == "" else float(v) for n, v in given.items()}
    try:
        quarter = Quarter.parse(texts["quarter"])
    except ParamError as error:
        faults.append(("quarter", error.message))
        quarter = Quarter(1, 1)  # a stand-in, so that the other fields are checked too
    answers = numbers["answers"]
    if answers is not None and not answers.is_integer():
        faults.append(("answers", msg("measures.not_whole", name="answers", given=answers)))
        answers = None
    whole = {"answers": None if answers is None else int(answers)}
    made = Value(**{**texts, **numbers, **whole, "quarter": quarter})  # type: ignore[arg-type]
    told = {name for name, _ in faults}
    faults += [fault for fault in find_faults(made, kind) if fault[0] not in told]
    if faults or not kind:
        return None, faults
    return _completed(made, find_kind(kind)), faults


def _completed(value: Value, kind: Kind) -> Value:
    basis = kind.normalize_basis(value.basis)
    number = value.value
    if kind.shape == "count" and number is None:
        number = value.numerator
    if kind.shape == "share" and value.denominator is not None and value.numerator is not None:
        number = value.numerator / value.denominator if value.denominator else None
    return replace(value, value=number, basis=basis or "")


def _text_faults(value: Value) -> Iterator[Fault]:
    if not value.measure.strip():
        yield "measure", msg("measures.no_measure")
    for name in TEXTS:
        n_characters = len(getattr(value, name))
        if n_characters > TEXT_LIMIT:
            yield name, msg("measures.text", name=name, given=n_characters, limit=TEXT_LIMIT)
    if value.number < 1:
        yield "number", msg("measures.revision", given=value.number)


def _number_faults(value: Value) -> Iterator[Fault]:
    for name in NUMBERS:
        given = getattr(value, name)
        if given is not None and not math.isfinite(given):
            yield name, msg("param.number", name=name, given=given)


def _basis_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if kind.normalize_basis(value.basis) is not None:
        return
    if kind.name == "clearance":
        yield "basis", msg("measures.basis_clearance", given=value.basis)
    elif kind.bases:
        yield (
            "basis",
            msg("param.one_of", name="basis", given=value.basis, known=", ".join(kind.bases)),
        )
    else:
        yield "basis", msg("measures.basis_among", kind=kind.name)


def _shape_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if kind.shape == "count":
        yield from _count_faults(value)
    elif kind.shape == "share":
        yield from _share_faults(value, kind)
    else:
        yield from _plain_faults(value, kind)


def _count_faults(value: Value) -> Iterator[Fault]:
    if value.value is None and value.numerator is None:
        yield "value", msg("measures.empty")
    for name in ("value", "numerator"):
        yield from _not_a_count(name, getattr(value, name))
    if value.denominator is not None and value.denominator <= 0:
        yield "denominator", msg("measures.denominator", given=value.denominator)
    both = {value.value, value.numerator} - {None}
    if len(both) > 1:
        yield "value", msg("measures.counts_differ", value=value.value, part=value.numerator)


def _not_a_count(name: str, given: float | None) -> Iterator[Fault]:
    if given is not None and given < 0:
        yield name, msg("param.at_least", name=name, least=0, given=f"{given:g}")
    elif given is not None and given != math.floor(given):
        yield name, msg("measures.not_whole", name=name, given=given)


def _share_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    part, whole, share = value.numerator, value.denominator, value.value
    if share is not None and not 0 <= share <= 1:
        yield "value", msg("measures.share", given=share)
    if part is None and whole is None:
        if share is None:
            yield "value", msg("measures.empty")
        return
    if part is None or whole is None:
        lacking = "numerator" if part is None else "denominator"
        yield lacking, msg("measures.half", name=lacking)
        return
    faults = [*_part_faults("numerator", part, kind), *_part_faults("denominator", whole, kind)]
    yield from faults
    if not faults:
        yield from _parts_differ(part, whole, share)


def _part_faults(name: str, given: float, kind: Kind) -> Iterator[Fault]:
    if not kind.is_survey:  # a survey's answers are weighted, so its parts need not be whole
        yield from _not_a_count(name, given)
    elif given < 0:
        yield name, msg("param.at_least", name=name, least=0, given=f"{given:g}")


def _parts_differ(part: float, whole: float, share: float | None) -> Iterator[Fault]:
    if part > whole:
        yield "numerator", msg("measures.over", part=part, whole=whole)
    elif share is not None and 0 <= share <= 1:
        if not whole:
            yield "value", msg("measures.of_nothing", given=share)
        elif abs(share - part / whole) > ROUNDING:
            yield "value", msg("measures.differ", value=share, part=part, whole=whole)


def _plain_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if value.value is None:
        yield "value", msg("measures.empty")
    elif kind.is_yes_no and value.value not in {0, 1}:
        yield "value", msg("measures.yes_no", given=value.value)
    for name in ("numerator", "denominator"):
        if getattr(value, name) is not None:
            yield name, msg("measures.unwanted", name=name, kind=kind.name)


def _survey_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if not kind.is_survey:
        for name in ("answers", "design_effect"):
            if getattr(value, name) is not None:
                yield name, msg("measures.unwanted", name=name, kind=kind.name)
        return
    if value.answers is None:
        yield "answers", msg("measures.no_answers")
    elif value.answers < 1 or value.answers != math.floor(value.answers):
        yield "answers", msg("measures.answers", given=value.answers)
    if value.design_effect is not None and value.design_effect < 1:
        yield (
            "design_effect",
            msg("param.at_least", name="design_effect", least=1, given=value.design_effect),
        )


# ---- How a value is written, and which figure a place shows.


def format_value(value: Value, kind: str) -> str:
    """Write a value for readers."""
    of_kind = find_kind(kind)
    shape = of_kind.shape
    if shape == "share" and value.numerator is not None and value.denominator is not None:
        return str(msg("measures.of", part=value.numerator, whole=value.denominator))
    if value.value is None:
        return str(msg("measures.none"))
    if of_kind.is_yes_no:
        return str(msg("measures.agreed") if value.value else msg("measures.not_agreed"))
    if shape == "share":
        return str(msg("measures.percent", percent=100 * value.value))
    return f"{value.value:,.10g}"


def figure_words(value: Value, kind: str) -> str:
    """Write a value in the measure's one unit: a share in percent, with its parts if known."""
    if find_kind(kind).shape != "share" or value.value is None:
        return format_value(value, kind)
    if value.numerator is None:
        return percent(value.value)
    return str(msg("term.with", name=percent(value.value), of=format_value(value, kind)))


@dataclass(frozen=True)
class ShownValue:
    """The figure that a place shows, and whose it is."""

    value: Value | None  # the figure; None if missing
    is_wider: bool = False  # whether it is the figure of the surrounding district or city
    message: Message | None = None  # a note on that; None where the figure is the place's own


def shown_for(own: Value | None, wider: Value | None, kind: str) -> ShownValue:
    """Choose the figure that a place shows: its own, or with too few answers the wider one."""
    n_answers = 0 if own is None else (own.answers or 0)
    if not find_kind(kind).is_survey or n_answers >= MIN_ANSWERS:
        return ShownValue(own)
    if wider is None or (wider.answers or 0) < MIN_ANSWERS:
        return ShownValue(
            None, message=msg("measures.few_answers", given=n_answers, needed=MIN_ANSWERS)
        )
    place = wider.place or str(msg("measures.whole_city"))
    said = msg("measures.wider", given=n_answers, needed=MIN_ANSWERS, place=place)
    return ShownValue(wider, is_wider=True, message=said)


# ---- A measure's values over time: the latest of each quarter, what was revised, what is missing.


Slot: TypeAlias = tuple[str, str, Quarter]
"""Measure, place, quarter."""


def latest(values: Iterable[Value]) -> tuple[Value, ...]:
    """Keep the newest revision of each measure, place and quarter."""
    newest: dict[Slot, Value] = {}
    for value in values:
        slot = _slot(value)
        if slot not in newest or value.number > newest[slot].number:
            newest[slot] = value
    return tuple(newest[slot] for slot in sorted(newest))


def revised(values: Iterable[Value], kind: str) -> tuple[Message, ...]:
    """List what was changed after it was first reported: "was 12, now 14"."""
    order = sorted(values, key=lambda value: (_slot(value), value.number))
    changes = []
    for earlier, later in pairwise(order):
        if _slot(earlier) != _slot(later):
            continue
        was, now = _with_basis(earlier, kind), _with_basis(later, kind)
        if was != now:
            changes.append(msg("measures.was_now", quarter=later.quarter, was=was, now=now))
    return tuple(changes)


def last_update(values: Iterable[Value]) -> Quarter | None:
    """Return the newest quarter with a reported value."""
    return max((value.quarter for value in values), default=None)


def _slot(value: Value) -> Slot:
    return value.measure, value.place, value.quarter


def _with_basis(value: Value, kind: str) -> str:
    return (
        f"{format_value(value, kind)} ({value.basis})" if value.basis else format_value(value, kind)
    )
