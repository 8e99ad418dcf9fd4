"""The start order of areas, drawn in public by a rule that any SHA-256 page can repeat.

The rule, version 1. Areas of one tier are sorted by their incidents of the 24 months before,
most first (ties: area_id, in ASCII order); each `n_waves` neighbors in that order form a
group, and groups are numbered from 1 by the first area_id in them, so that no number follows a
count. For each area the SHA-256 code of the line `seed|group|area_id` is written in hexadecimal;
in each group the lowest code starts in wave 1, the next in wave 2, and so on. A group with fewer
areas than waves is filled up with empty places, `*1`, `*2` and so on, which are coded like areas:
so each area has the same chance of each wave. No generator of random numbers is needed.

The list must be closed, and its code made known, before the seed is.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from operator import attrgetter
from typing import Any, TypeAlias

from csa.base.errors import ParamError, TableError
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import month as write_month

RULE_VERSION = 1
MIN_SEED_LENGTH = 4
MAX_MONTHS_BETWEEN = 60
AREA_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SEED = re.compile(r"[!-{}~]([ -{}~]*[!-{}~])?")
"""Visible ASCII without the bar, no space at an end: typed on any keyboard to the same bytes."""

Group: TypeAlias = "tuple[Entrant, ...]"


@dataclass(frozen=True)
class Entrant:
    """An area on the list of a draw.

    Fields: `area_id`, `place_name`, `tier`, `incidents_24_months`, `homicides_24_months`.
    """

    area_id: str  # letters and digits; also dots, dashes and underscores inside
    place_name: str  # what people call it, on one line
    tier: int | None  # from 1; None without a tier, which a draw refuses
    incidents_24_months: int  # incidents of the 24 months before
    homicides_24_months: int | None = None  # how many of them are homicides

    def __post_init__(self) -> None:
        """Refuse values that would break the lines of the list."""
        if not AREA_ID.fullmatch(self.area_id):
            raise ParamError("draw.area_id", given=self.area_id)
        if not self.place_name.isprintable():
            raise ParamError("draw.place_name", area_id=self.area_id)
        homicides = 0 if self.homicides_24_months is None else self.homicides_24_months
        are_whole = _is_whole(homicides) and _is_whole(self.incidents_24_months)
        if not (are_whole and 0 <= homicides <= self.incidents_24_months):
            raise ParamError(
                "draw.counts",
                area_id=self.area_id,
                incidents=self.incidents_24_months,
                homicides=homicides,
            )


@dataclass(frozen=True)
class Slot:
    """An area's place in the start order.

    Fields: `area_id`, `pair`, `wave`, `start`, `sha256`.
    """

    area_id: str  # the area
    pair: int  # the number of its group, from 1; a pair where there are two waves
    wave: int  # 1 for the first start, 2 for the next
    start: Month  # the first month of work in the area
    sha256: str  # the code that was drawn for it, 64 hexadecimal digits


@dataclass(frozen=True)
class Draw:
    """A start order, with all that repeats it.

    Fields: `seed`, `tier`, `first_start`, `n_waves`, `months_between`, `entrants`,
    `entrants_sha256`, `slots`, `rule_version`.
    """

    seed: str  # the text said in public after the list was closed
    tier: int  # the tier that all areas are in
    first_start: Month  # when wave 1 starts
    n_waves: int  # how many starts there are
    months_between: int  # months from one start to the next
    entrants: tuple[Entrant, ...]  # the list, by area_id
    entrants_sha256: str  # the code of the closed list, from `hash_list`
    slots: tuple[Slot, ...]  # one an area, by start, then area_id
    rule_version: int = RULE_VERSION  # which rule was followed


def pair_areas(entrants: Sequence[Entrant], n_waves: int = 2) -> tuple[Group, ...]:
    """Put areas with about as many incidents side by side."""
    _require_unique(entrants)
    if not 2 <= n_waves <= len(entrants):
        raise ParamError("draw.waves", given=n_waves, high=len(entrants))
    ordered = sorted(entrants, key=lambda area: (-area.incidents_24_months, area.area_id))
    groups = (tuple(ordered[begin : begin + n_waves]) for begin in range(0, len(ordered), n_waves))
    return tuple(sorted(groups, key=lambda group: min(area.area_id for area in group)))


def write_list(
    entrants: Sequence[Entrant], *, first_start: Month, n_waves: int = 2, months_between: int = 6
) -> str:
    """Write the list that is closed before the seed is known, always to the same text.

    The first line holds `rule version|tier|first start|waves|months between`, each other line
    `area_id|incidents|homicides|place name` of an area, by area_id in ASCII order. Homicides that
    are not known are left empty. Lines are separated by a line feed, without one at the end.
    """
    tier = _require_one_tier(entrants)
    pair_areas(entrants, n_waves)
    if not 1 <= months_between <= MAX_MONTHS_BETWEEN:
        raise ParamError(
            "param.between",
            name="months_between",
            low=1,
            high=MAX_MONTHS_BETWEEN,
            given=months_between,
        )
    lines = [f"{RULE_VERSION}|{tier}|{first_start}|{n_waves}|{months_between}"]
    for area in sorted(entrants, key=attrgetter("area_id")):
        homicides = "" if area.homicides_24_months is None else area.homicides_24_months
        lines.append(f"{area.area_id}|{area.incidents_24_months}|{homicides}|{area.place_name}")
    return "\n".join(lines)


def hash_list(
    entrants: Sequence[Entrant], *, first_start: Month, n_waves: int = 2, months_between: int = 6
) -> str:
    """Compute the code of the closed list, to be made known before the seed."""
    return _hash_text(
        write_list(
            entrants, first_start=first_start, n_waves=n_waves, months_between=months_between
        )
    )


def draw_start_order(
    entrants: Sequence[Entrant],
    *,
    seed: str,
    first_start: Month,
    n_waves: int = 2,
    months_between: int = 6,
) -> Draw:
    """Draw which areas of a tier start when, so that anyone can repeat the draw by hand.

    Areas with about as many incidents form groups; in each, the lowest SHA-256 code of
    `seed|group|area_id` starts first. The list must be closed before the seed is known.

    Parameters
    ----------
    entrants
        The areas, in any order, which changes nothing.
    seed
        A text said in public after the list was closed, such as a lottery's number and date.
    first_start
        When wave 1 starts.
    n_waves
        How many starts there are, 2 or more.
    months_between
        Months from one start to the next, 1 to 60.

    Returns
    -------
    Draw
        The order, with all that repeats it.

    Raises
    ------
    ParamError
        If there are fewer than two areas, an area has no tier or another one, an area_id stands
        twice, the seed is too short or holds what cannot be typed everywhere, or `n_waves` or
        `months_between` is outside its range.

    References
    ----------
    Imai, King & Nall (2009), Statistical Science 24, pp. 29-53, on matched pairs.
    NIST (2015), FIPS 180-4, on SHA-256.

    Examples
    --------
    >>> areas = [Entrant("A", "Elm", 1, 80), Entrant("B", "Oak", 1, 75)]
    >>> draw = draw_start_order(areas, seed="04-17-23-42", first_start=Month(2025, 3))
    >>> sorted(slot.area_id for slot in draw.slots), [str(slot.start) for slot in draw.slots]
    (['A', 'B'], ['2025-03', '2025-09'])
    >>> draw == draw_start_order(areas[::-1], seed=draw.seed, first_start=draw.first_start)
    True
    """
    tier = _require_one_tier(entrants)
    if len(seed) < MIN_SEED_LENGTH or not SEED.fullmatch(seed):
        raise ParamError("draw.seed", given=seed, low=MIN_SEED_LENGTH)
    code = hash_list(
        entrants, first_start=first_start, n_waves=n_waves, months_between=months_between
    )
    slots = [
        Slot(area_id, pair, wave, first_start.plus((wave - 1) * months_between), drawn)
        for pair, group in enumerate(pair_areas(entrants, n_waves), start=1)
        for wave, (drawn, area_id) in enumerate(_order(group, seed, pair, n_waves), start=1)
        if not area_id.startswith("*")
    ]
    return Draw(
        seed=seed,
        tier=tier,
        first_start=first_start,
        n_waves=n_waves,
        months_between=months_between,
        entrants=tuple(sorted(entrants, key=attrgetter("area_id"))),
        entrants_sha256=code,
        slots=tuple(sorted(slots, key=lambda slot: (slot.wave, slot.area_id))),
    )


def _order(group: Group, seed: str, pair: int, n_waves: int) -> list[tuple[str, str]]:
    """Sort a group, filled up with empty places, by its codes: (code, area_id)."""
    empty = [f"*{number}" for number in range(1, n_waves - len(group) + 1)]
    names = [area.area_id for area in group] + empty
    return sorted((_hash_text(f"{seed}|{pair}|{name}"), name) for name in names)


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _is_whole(number: object) -> bool:
    """Check whether a number is an integer: 10.0 would change the list's code."""
    return isinstance(number, Integral)


def _require_unique(entrants: Sequence[Entrant]) -> None:
    if len(entrants) < 2:
        raise ParamError("draw.too_few", n=len(entrants))
    counts = Counter(area.area_id for area in entrants)
    twice = sorted(area_id for area_id, count in counts.items() if count > 1)
    if twice:
        raise ParamError("draw.twice", which=", ".join(twice))


def _require_one_tier(entrants: Sequence[Entrant]) -> int:
    """Return the tier of all areas; chance may choose only among areas in equal need."""
    _require_unique(entrants)
    without = sorted(area.area_id for area in entrants if area.tier is None)
    if without:
        raise ParamError("draw.no_tier", n=len(without), which=", ".join(without))
    tiers = sorted({area.tier for area in entrants if area.tier is not None})
    if len(tiers) > 1:
        raise ParamError("draw.tiers", given=", ".join(str(tier) for tier in tiers))
    return tiers[0]


# ---- The record of a draw: how it was made, its dates, and all that is needed to repeat it.


Record: TypeAlias = dict[str, Any]
"""JSON values only."""


def explain_draw(draw: Draw) -> tuple[Message, ...]:
    """Explain step by step how a draw was made, so that a reader can make it again."""
    example = draw.slots[0]
    steps = [
        msg("draw.step_list", n=len(draw.entrants), tier=draw.tier),
        msg("draw.step_pairs", size=draw.n_waves),
        msg("draw.step_closed", code=draw.entrants_sha256),
        msg("draw.step_seed", seed=draw.seed),
        msg(
            "draw.step_code",
            line=f"{draw.seed}|{example.pair}|{example.area_id}",
            code=example.sha256,
        ),
        msg("draw.step_order", n=draw.months_between),
    ]
    sizes = Counter(slot.pair for slot in draw.slots)
    short = [pair for pair, size in sizes.items() if size < draw.n_waves]
    steps += [msg("draw.step_rest", pair=pair) for pair in short]
    return (*steps, msg("draw.step_repeat", n=len(draw.entrants)))


def list_starts(draw: Draw) -> tuple[Message, ...]:
    """List each area with the month in which it starts, the later ones too."""
    names = {area.area_id: area.place_name for area in draw.entrants}
    return tuple(
        msg(
            "draw.start",
            place=names[slot.area_id],
            area_id=slot.area_id,
            month=write_month(str(slot.start)),
        )
        for slot in draw.slots
    )


def draw_record(draw: Draw) -> Record:
    """Return the record of a draw, from which alone it can be repeated."""
    return {
        "rule_version": draw.rule_version,
        "rule": [str(step) for step in explain_draw(draw)],
        "seed": draw.seed,
        "tier": _whole(draw.tier),
        "first_start": str(draw.first_start),
        "n_waves": _whole(draw.n_waves),
        "months_between": _whole(draw.months_between),
        "entrants": [
            {
                "area_id": area.area_id,
                "place_name": area.place_name,
                "tier": _whole(area.tier),
                "incidents_24_months": _whole(area.incidents_24_months),
                "homicides_24_months": _whole(area.homicides_24_months),
            }
            for area in draw.entrants
        ],
        "list_text": write_list(
            draw.entrants,
            first_start=draw.first_start,
            n_waves=draw.n_waves,
            months_between=draw.months_between,
        ),
        "entrants_sha256": draw.entrants_sha256,
        "slots": [
            {
                "area_id": slot.area_id,
                "pair": slot.pair,
                "wave": slot.wave,
                "start": str(slot.start),
                "sha256": slot.sha256,
            }
            for slot in draw.slots
        ],
    }


def find_differences(record: Mapping[str, Any]) -> tuple[Message, ...]:
    """Repeat a recorded draw, and list where the record differs.

    The wording of `rule` is not compared: it may be improved without another draw.
    """
    again = draw_record(repeat_draw(record))
    found = [
        msg("draw.differs", name=name, given=record.get(name), made=again[name])
        for name in ("tier", "list_text", "entrants_sha256")
        if record.get(name) != again[name]
    ]
    if record.get("entrants") != again["entrants"]:
        found.append(msg("draw.differs_entrants"))
    given = {str(slot.get("area_id")): slot for slot in _rows(record, "slots")}
    made = {slot["area_id"]: slot for slot in again["slots"]}
    changed = sorted(
        area_id for area_id in {*given, *made} if given.get(area_id) != made.get(area_id)
    )
    if changed:
        found.append(msg("draw.differs_slots", which=", ".join(changed)))
    elif record["slots"] != again["slots"]:
        found.append(msg("draw.differs_order"))
    return tuple(found)


def repeat_draw(record: Mapping[str, Any], seed: str | None = None) -> Draw:
    """Draw from the list and choices of a record by its seed, or of a closed list by a new one."""
    version = record.get("rule_version")
    if version != RULE_VERSION:
        raise TableError("draw.version", given=version, known=RULE_VERSION)
    entrants = _rows(record, "entrants")
    try:
        draw = draw_start_order(
            [Entrant(**area) for area in entrants],
            seed=record["seed"] if seed is None else seed,
            first_start=Month.parse(record["first_start"], "first_start"),
            n_waves=record["n_waves"],
            months_between=record["months_between"],
        )
        draw_record(draw)  # fails on values of another kind, such as 6.0 months
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise TableError("draw.record", why=error) from error
    return draw


def _rows(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of a record; refuse a record without it."""
    rows = record.get(name)
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise TableError("draw.record", why=name)
    return rows


def _whole(number: int | None) -> int | None:
    """Convert a table's number to one that JSON can hold."""
    return None if number is None else int(number)
