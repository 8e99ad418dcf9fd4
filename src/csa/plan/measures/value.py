"""One value of a measure, in one quarter and place: refused where it contradicts itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from csa.base.errors import ParamError
from csa.base.message import Message, say
from csa.plan.measures.kinds import Kind, find_kind
from csa.plan.measures.quarter import Quarter

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
    numbers = {name: _as_number(fields.get(name)) for name in NUMBERS}
    try:
        quarter = Quarter.parse(texts["quarter"])
    except ParamError as error:
        faults.append(("quarter", error.message))
        quarter = Quarter(1, 1)  # a stand-in, so that the other fields are checked too
    answers = numbers["answers"]
    if answers is not None and not answers.is_integer():
        faults.append(("answers", say("measures.not_whole", name="answers", given=answers)))
        answers = None
    made = Value(
        measure=texts["measure"],
        quarter=quarter,
        place=texts["place"],
        value=numbers["value"],
        numerator=numbers["numerator"],
        denominator=numbers["denominator"],
        answers=None if answers is None else int(answers),
        design_effect=numbers["design_effect"],
        basis=texts["basis"],
        note=texts["note"],
    )
    told = {name for name, _ in faults}
    faults += [fault for fault in find_faults(made, kind) if fault[0] not in told]
    if faults or not kind:
        return None, faults
    return _completed(made, find_kind(kind)), faults


def _as_number(given: str | float | None) -> float | None:
    return None if given is None or given == "" else float(given)


def _completed(value: Value, kind: Kind) -> Value:
    basis = kind.settled_basis(value.basis)
    number = value.value
    if kind.shape == "count" and number is None:
        number = value.numerator
    if kind.shape == "share" and value.denominator is not None and value.numerator is not None:
        number = value.numerator / value.denominator if value.denominator else None
    return replace(value, value=number, basis=basis or "")


def _text_faults(value: Value) -> Iterator[Fault]:
    if not value.measure.strip():
        yield "measure", say("measures.no_measure")
    for name in TEXTS:
        n_characters = len(getattr(value, name))
        if n_characters > TEXT_LIMIT:
            yield name, say("measures.text", name=name, given=n_characters, limit=TEXT_LIMIT)
    if value.number < 1:
        yield "number", say("measures.revision", given=value.number)


def _number_faults(value: Value) -> Iterator[Fault]:
    for name in NUMBERS:
        given = getattr(value, name)
        if given is not None and not math.isfinite(given):
            yield name, say("measures.not_finite", name=name, given=given)


def _basis_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if kind.settled_basis(value.basis) is not None:
        return
    if kind.name == "clearance":
        yield "basis", say("measures.basis_clearance", given=value.basis)
    elif kind.bases:
        yield "basis", say("measures.basis", given=value.basis, known=", ".join(kind.bases))
    else:
        yield "basis", say("measures.basis_among", kind=kind.name)


def _shape_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if kind.shape == "count":
        yield from _count_faults(value)
    elif kind.shape == "share":
        yield from _share_faults(value, kind)
    else:
        yield from _plain_faults(value, kind)


def _count_faults(value: Value) -> Iterator[Fault]:
    if value.value is None and value.numerator is None:
        yield "value", say("measures.empty")
    for name in ("value", "numerator"):
        yield from _not_a_count(name, getattr(value, name))
    if value.denominator is not None and value.denominator <= 0:
        yield "denominator", say("measures.denominator", given=value.denominator)
    both = {value.value, value.numerator} - {None}
    if len(both) > 1:
        yield "value", say("measures.counts_differ", value=value.value, part=value.numerator)


def _not_a_count(name: str, given: float | None) -> Iterator[Fault]:
    if given is not None and given < 0:
        yield name, say("measures.negative", name=name, given=given)
    elif given is not None and given != math.floor(given):
        yield name, say("measures.not_whole", name=name, given=given)


def _share_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    part, whole, share = value.numerator, value.denominator, value.value
    if share is not None and not 0 <= share <= 1:
        yield "value", say("measures.share", given=share)
    if part is None and whole is None:
        if share is None:
            yield "value", say("measures.empty")
        return
    if part is None or whole is None:
        lacking = "numerator" if part is None else "denominator"
        yield lacking, say("measures.half", name=lacking)
        return
    faults = [*_part_faults("numerator", part, kind), *_part_faults("denominator", whole, kind)]
    yield from faults
    if not faults:
        yield from _parts_differ(part, whole, share)


def _part_faults(name: str, given: float, kind: Kind) -> Iterator[Fault]:
    if not kind.is_survey:  # a survey's answers are weighted, so its parts need not be whole
        yield from _not_a_count(name, given)
    elif given < 0:
        yield name, say("measures.negative", name=name, given=given)


def _parts_differ(part: float, whole: float, share: float | None) -> Iterator[Fault]:
    if part > whole:
        yield "numerator", say("measures.over", part=part, whole=whole)
    elif share is not None and 0 <= share <= 1:
        if not whole:
            yield "value", say("measures.of_nothing", given=share)
        elif abs(share - part / whole) > ROUNDING:
            yield "value", say("measures.differ", value=share, part=part, whole=whole)


def _plain_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if value.value is None:
        yield "value", say("measures.empty")
    elif kind.is_yes_no and value.value not in {0, 1}:
        yield "value", say("measures.yes_no", given=value.value)
    for name in ("numerator", "denominator"):
        if getattr(value, name) is not None:
            yield name, say("measures.unwanted", name=name, kind=kind.name)


def _survey_faults(value: Value, kind: Kind) -> Iterator[Fault]:
    if not kind.is_survey:
        for name in ("answers", "design_effect"):
            if getattr(value, name) is not None:
                yield name, say("measures.unwanted", name=name, kind=kind.name)
        return
    if value.answers is None:
        yield "answers", say("measures.no_answers")
    elif value.answers < 1 or value.answers != math.floor(value.answers):
        yield "answers", say("measures.answers", given=value.answers)
    if value.design_effect is not None and value.design_effect < 1:
        yield "design_effect", say("measures.design_effect", given=value.design_effect)
