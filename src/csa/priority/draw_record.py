"""The record of a draw: how it was made, its dates, and all that is needed to repeat it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

from csa.base.errors import TableError
from csa.base.message import Message, say
from csa.base.params import Month
from csa.base.text import month as write_month
from csa.priority.draw import RULE_VERSION, Draw, Entrant, draw_start_order, write_list

Record: TypeAlias = dict[str, Any]
"""JSON values only."""


def explain_draw(draw: Draw) -> tuple[Message, ...]:
    """Explain step by step how a draw was made, so that a reader can make it again."""
    example = draw.slots[0]
    steps = [
        say("draw.step_list", n=len(draw.entrants), tier=draw.tier),
        say("draw.step_pairs", size=draw.n_waves),
        say("draw.step_closed", code=draw.entrants_sha256),
        say("draw.step_seed", seed=draw.seed),
        say(
            "draw.step_code",
            line=f"{draw.seed}|{example.pair}|{example.area_id}",
            code=example.sha256,
        ),
        say("draw.step_order", n=draw.months_between),
    ]
    sizes = Counter(slot.pair for slot in draw.slots)
    short = [pair for pair, size in sizes.items() if size < draw.n_waves]
    steps += [say("draw.step_rest", pair=pair) for pair in short]
    return (*steps, say("draw.step_repeat", n=len(draw.entrants)))


def list_starts(draw: Draw) -> tuple[Message, ...]:
    """List each area with the month in which it starts, the later ones too."""
    names = {area.area_id: area.place_name for area in draw.entrants}
    return tuple(
        say(
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
    again = draw_record(draw_of(record))
    found = [
        say("draw.differs", name=name, given=record.get(name), made=again[name])
        for name in ("tier", "list_text", "entrants_sha256")
        if record.get(name) != again[name]
    ]
    if record.get("entrants") != again["entrants"]:
        found.append(say("draw.differs_entrants"))
    given = {str(slot.get("area_id")): slot for slot in _rows(record, "slots")}
    made = {slot["area_id"]: slot for slot in again["slots"]}
    changed = sorted(
        area_id for area_id in {*given, *made} if given.get(area_id) != made.get(area_id)
    )
    if changed:
        found.append(say("draw.differs_slots", which=", ".join(changed)))
    elif record["slots"] != again["slots"]:
        found.append(say("draw.differs_order"))
    return tuple(found)


def draw_of(record: Mapping[str, Any], seed: str | None = None) -> Draw:
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
