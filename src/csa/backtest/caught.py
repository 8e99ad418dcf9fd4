"""What areas hold of the incidents that they were chosen by: told with what such areas caught next.

Any areas hold much of what chose them, also where all is chance. So such a share is told only
beside the share of later incidents that areas of the same settings caught in past years.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from csa.areas.window import name_kinds
from csa.backtest.record import Record
from csa.base.message import Message, say
from csa.base.text import day, percent


class Held(NamedTuple):
    """What areas hold."""

    n: int  # how many they are
    inside: int  # incidents of the proposal's months
    km2: float


def say_areas_hold(summary: Mapping[str, Any], record: Record | None) -> Message:
    """Describe what a proposal's candidate areas hold, as far as past years let it be told.

    Parameters
    ----------
    summary
        Of the proposal.
    record
        Past years scored with the settings that the proposal suggests; None where there are none.
    """
    totals = summary["totals"]
    found = Held(totals["areas"], totals["in_areas"], totals["areas_km2"])
    return _told(found, summary, record, is_served=False)


def say_served_hold(found: Held, summary: Mapping[str, Any], record: Record | None) -> Message:
    """Describe what the areas in service hold, of the same months and by the same rule."""
    return _told(found, summary, record, is_served=True)


def _told(
    found: Held, summary: Mapping[str, Any], record: Record | None, *, is_served: bool
) -> Message:
    params, totals = summary["params"], summary["totals"]
    what = name_kinds(params["kinds"], is_proxy=summary["nonfatal_is_proxy"])
    first, last = (date.fromisoformat(params[f"covered_{end}"]) for end in ("from", "through"))
    values = {
        "n": found.n,
        "incidents": totals["located"],
        "what": what,
        "land": percent(found.km2 / totals["study_area_km2"]),
        "period": say("find.period", first=day(first), last=day(last)),
    }
    is_suggested = all(params[name] == value for name, value in params["suggested"].items())
    caught = None if record is None or not is_suggested else _caught(record)
    if caught is None:
        return say("found.served_alone" if is_served else "found.candidates_alone", **values)
    return say(
        "found.served" if is_served else "found.candidates",
        **values,
        inside=found.inside,
        share=percent(found.inside / totals["located"]),
        caught=caught,
    )


def _caught(record: Record) -> Message | None:
    """Describe what areas caught of the next year's incidents; None where nothing could be scored.

    Areas, as many and as large as they were, were cut or filled up to the same land as other ways.
    """
    areas = record.table[record.table["method"] == "areas"]
    share = float(np.mean(areas["hit_share"])) if len(areas) else np.nan
    if np.isnan(share):
        return None
    return say(
        "found.caught",
        n=record.n_origins,
        share=percent(share),
        land=percent(float(np.mean(areas["area_share"]))),
    )
