"""What the city's own data count of a measure: beside every value that somebody typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csa.areas.places import called
from csa.areas.window import month_index
from csa.base.errors import ParamError
from csa.base.message import Message, say
from csa.dataset.versioned import Dataset
from csa.decisions.measures import CITY, known_on
from csa.decisions.registry import core_area
from csa.decisions.store.records import Records
from csa.plan import Plan
from csa.plan.measures import Quarter, Value, latest

COUNTED = "gun-violence"
"""The kind of measure that the dataset itself holds."""
MOST_BACK = 4
"""Quarters before work began of which the last that the data cover is counted."""


class CountFromData(NamedTuple):
    """Homicides and nonfatal shootings of a quarter and a place."""

    homicides: int
    nonfatal: int
    victims: int | None  # people hit; None where the files do not say

    @property
    def incidents(self) -> int:
        """All incidents."""
        return self.homicides + self.nonfatal


def count_quarter(
    dataset: Dataset, records: Records, quarter: Quarter, place: str = ""
) -> CountFromData | None:
    """Count a quarter in a core service area, a neighborhood or the whole city (no place).

    Each month of an area that was redrawn on the ground it had then, as displacement does: values
    were typed of that. Before its first month, on its first ground.

    None where the data do not cover the quarter, or the place is neither.
    """
    report = dataset.report
    if report["data_from"] is None or report["data_through"] is None:
        return None
    first, last = (date.fromisoformat(report[name]) for name in ("data_from", "data_through"))
    if not (first <= quarter.first_day and quarter.last_day <= last):
        return None
    inside = _inside(dataset.incidents, records, place)
    if inside is None:
        return None
    when = dataset.incidents["occurred_at"]
    after = pd.Timestamp(quarter.plus(1).first_day)
    found = dataset.incidents[inside & (when >= pd.Timestamp(quarter.first_day)) & (when < after)]
    kinds = found["kind"].value_counts()
    victims = found["victims"]
    people = None if victims.isna().any() else int(victims.sum())
    return CountFromData(int(kinds.get("homicide", 0)), int(kinds.get("nonfatal", 0)), people)


def _inside(incidents: pd.DataFrame, records: Records, place: str) -> pd.Series | None:
    """Return which incidents are in a place; None where nothing has that name."""
    if not place:  # all that the city's files hold, as Briefing counts: without a place, too
        return pd.Series(True, index=incidents.index)
    area = core_area(records, place)
    if area is not None:
        columns = [name for name in incidents.columns if name.startswith("cell_r")]
        month, is_in = month_index(incidents["occurred_at"]), np.zeros(len(incidents), dtype=bool)
        for number, version in enumerate(area.versions):
            wanted = {f"{cell:x}" for cell in version.cells}
            is_own = incidents[columns].isin(wanted).any(axis=1).to_numpy()
            is_then = (month >= version.since.index) | (number == 0)
            is_in = np.where(is_then, is_own, is_in)
        # A cell at the border has incidents beyond it too, which are in no area.
        return ~incidents["flags"].str.contains("outside_study_area") & is_in
    is_there = incidents["neighborhood"] == place
    return is_there if is_there.any() else None


def known_at_start(
    dataset: Dataset | None, plan: Plan | None, records: Records, area: str, on: date
) -> dict[str, Any]:
    """Return an area's measures as known on the day on which work in it begins.

    What nobody typed and the data hold is counted, in the last quarter before that they cover.
    """
    kept = known_on(records.values, area, on)
    if dataset is None:
        return kept
    ids = [COUNTED] if plan is None else [one.id for one in plan.measures if one.kind == COUNTED]
    for place in (area, ""):
        for n_back in range(1, MOST_BACK + 1):
            quarter = Quarter.of(on).plus(-n_back)
            found = count_quarter(dataset, records, quarter, place)
            if found is not None:
                numbers = {"value": found.incidents, "numerator": None, "denominator": None}
                for one in ids:
                    known = {"quarter": str(quarter), **numbers, "is_counted": True}
                    kept.setdefault(f"{one}/{place or CITY}", known)
                break
    return kept


def differing(dataset: Dataset, records: Records, value: Value, kind: str) -> Message | None:
    """Return a sentence where a typed value differs from what the data hold; else None."""
    if kind != COUNTED or value.value is None:
        return None
    counted = count_quarter(dataset, records, value.quarter, value.place)
    if counted is None:
        return None
    found = counted.victims if value.basis == "victims" else counted.incidents
    if found is None or found == value.value:
        return None
    return say("measures.differs", quarter=value.quarter, typed=f"{value.value:g}", found=found)


def differing_in(
    dataset: Dataset, records: Records, plan: Plan, quarter: Quarter
) -> tuple[Message, ...]:
    """Return a sentence, with its place, for each value of a quarter that the data contradict."""
    kinds = {one.id: one.kind for one in plan.measures}
    said = []
    for value in latest(records.values):
        if value.quarter == quarter:
            message = differing(dataset, records, value, kinds.get(value.measure, ""))
            if message is not None:
                area = core_area(records, value.place)
                place = value.place if area is None else called(area.place_name, area.key)
                where = place or say("measures.whole_city")
                said.append(say("measures.differs_at", where=where, what=message))
    return tuple(said)


def require_read(differences: Sequence[Message], *, is_read: bool) -> None:
    """Refuse to approve values that the data contradict, until somebody has read which."""
    if differences and not is_read:
        raise ParamError("measures.differs_unread", n=len(differences))
