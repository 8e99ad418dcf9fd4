"""How a value is written, and which figure a place shows."""

from __future__ import annotations

from dataclasses import dataclass

from csa.base.message import Message, say
from csa.base.text import percent
from csa.plan.measures.kinds import MIN_ANSWERS, find_kind
from csa.plan.measures.value import Value


def told(value: Value, kind: str) -> str:
    """Write a value for readers."""
    of_kind = find_kind(kind)
    shape = of_kind.shape
    if shape == "share" and value.numerator is not None and value.denominator is not None:
        return str(say("measures.of", part=value.numerator, whole=value.denominator))
    if value.value is None:
        return str(say("measures.none"))
    if of_kind.is_yes_no:
        return str(say("measures.agreed") if value.value else say("measures.not_agreed"))
    if shape == "share":
        return str(say("measures.percent", percent=100 * value.value))
    return f"{value.value:,.10g}"


def figure_words(value: Value, kind: str) -> str:
    """Write a value in the measure's one unit: a share in percent, with its parts if known."""
    if find_kind(kind).shape != "share" or value.value is None:
        return told(value, kind)
    if value.numerator is None:
        return percent(value.value)
    return str(say("measures.share_of", share=percent(value.value), of=told(value, kind)))


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
            None, message=say("measures.few_answers", given=n_answers, needed=MIN_ANSWERS)
        )
    place = wider.place or str(say("measures.whole_city"))
    said = say("measures.wider", given=n_answers, needed=MIN_ANSWERS, place=place)
    return ShownValue(wider, is_wider=True, message=said)
