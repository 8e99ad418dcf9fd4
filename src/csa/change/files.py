"""The files of `csa displace`: the verdicts, the newest month, the lineage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from csa.areas.file_format import list_rows, list_versions, round_figures, write_header
from csa.areas.proposal import plain
from csa.base.io import csv_bytes, json_bytes
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.statement import Statement
from csa.base.text import month, render, tr
from csa.change.analyze import Displacement, PastChangeBasis
from csa.change.expectation import planned_looks
from csa.change.follow import FollowedAreas
from csa.change.lineage_windows import TRACE_COLUMNS
from csa.change.outcomes import outcome_account
from csa.change.past import PastYear, mean_past_change, usual_reach
from csa.change.quarters import NEWEST_COLUMNS
from csa.change.sentences import (
    FALL_OF_ONE,
    FALLS,
    distances,
    figures,
    state_change,
)
from csa.change.verdict import (
    AreaResult,
    CumulativeCounts,
    Fade,
    NetChange,
    moved_share,
    net_change,
)

MARKER = "displacement.json"
REVISED = ("month", "first_reported", "was", "now")


def displacement_files(account: Mapping[str, Any], followed: FollowedAreas) -> dict[str, bytes]:
    """Write areas followed as files, the same bytes for the same data."""
    tables = (
        ("newest_month.csv", followed.newest_zones, NEWEST_COLUMNS),
        ("lineage.csv", followed.lineage, TRACE_COLUMNS),
    )
    files = {
        name: csv_bytes(list(columns), list_rows(table, list(columns), round_figures))
        for name, table, columns in tables
    }
    return {**files, MARKER: json_bytes(account)}


def displacement_account(followed: FollowedAreas) -> dict[str, Any]:
    """Summarize what changed, beside what would have come anyway, and how sure that is."""
    displaced = followed.displaced
    n_months = len(displaced.pooled.verdicts)
    found = followed.newest
    return {
        **write_header("displacement", followed.city),
        "areas": len(displaced.chosen.area_ids),
        "chosen_by": _period(displaced.chosen.period),
        "knew_after": displaced.is_selected_on_outcome,
        "cells_outside": displaced.places.n_outside,
        "since": str(displaced.since),
        "through": str(displaced.until.plus(-1)),
        "months_after": n_months,
        "base": _period(displaced.places.base),
        "dispersion": {
            "value": _round(displaced.dispersion.value),
            "by_block_months": {
                str(months): _round(value)
                for months, value in displaced.dispersion.by_block.items()
            },
        },
        "boundary": {
            "alarm_chance": _round(displaced.alarm_chance),
            "looks": planned_looks(n_months),
            "z_pooled": _round(displaced.pooled.boundary_z),
            "z_single": _round(displaced.by_area[0].boundary_z),
        },
        "usual": _usual(followed),
        "course": {
            "before_months": followed.course.before.months,
            "core": list(followed.course.core),
            "rest": [followed.course.rest_before, sum(followed.course.rest_monthly)],
        },
        "pooled": _place(displaced.pooled, state_change(displaced)),
        "single": _singles(displaced),
        "newest_month": {
            "month": str(found.month),
            "is_provisional": True,
            "incidents": found.incidents,
            "previous_month": found.previous_month_incidents,
            "same_months": {str(year): n for year, n in found.same_months.items()},
            "usual": _round(found.usual),
            "low": found.low,
            "high": found.high,
            "verdict": str(found.verdict),
            **{zone: _zone_months(followed, zone) for zone in ("core", "ring")},
        },
        "outcomes": [outcome_account(one) for one in followed.outcomes],
        "late_reports": [
            {name: plain(row[name]) for name in REVISED}
            for row in followed.changed_months.to_dict("records")
        ],
        "lineage_by_chance": None if followed.chance is None else asdict(followed.chance),
        "versions": list_versions(),
    }


def _round(value: Any) -> Any:
    return round_figures(plain(value)) if not isinstance(value, bool) else value


def _period(period: Period | None) -> dict[str, str] | None:
    return None if period is None else {"start": str(period.start), "until": str(period.until)}


def _usual(followed: FollowedAreas) -> dict[str, Any]:
    displaced = followed.displaced
    n_months = displaced.until.index - displaced.since_all.index
    return {
        "starts": len(displaced.past),
        "independent_spans": _round(displaced.usual_core.n_spans),
        "months": usual_reach(displaced.past, n_months),
        "basis": str(displaced.basis),
        "reason": None if displaced.past else _why_unknown(followed),
        "change_share": _round(mean_past_change(displaced.past, n_months)),
        **{
            zone: {
                "ratio": _round(usual.ratio[-1]),
                "relative_error": _round(usual.relative_error[-1]),
            }
            for zone, usual in (("core", displaced.usual_core), ("ring", displaced.usual_ring))
        },
        "past": [
            {
                "origin": one.core.origin,
                "areas": one.n_areas,
                "months": usual_reach([one], n_months),
                "change_share": _round(one.change(n_months)),
                "core_ratio": _past_ratio(displaced, one.core, n_months),
                "ring_ratio": _past_ratio(displaced, one.ring, n_months),
            }
            for one in displaced.past
        ],
    }


def _past_ratio(displaced: Displacement, past: PastYear, n_months: int) -> Any:
    """Return what came after a past start, as a multiple of what was expected."""
    reach = min(n_months, len(past.monthly))
    return _round(past.ratio(reach, displaced.dispersion.value)[0])


def why_usual_unknown(displaced: Displacement) -> Message | None:
    """Explain why the usual course is unknown, where the choice of the areas is the reason."""
    since = month(str(displaced.since_all))
    if displaced.basis is PastChangeBasis.DRAWN:
        return msg("zone.usual_drawn")
    if displaced.basis is PastChangeBasis.NOT_SAID:
        return msg("follow.usual_not_said", since=since)
    if displaced.basis is PastChangeBasis.OTHER_MONTHS:
        key = "follow.usual_since" if displaced.is_selected_on_outcome else "follow.usual_earlier"
        return msg(key, since=since)
    return msg("follow.usual_other_way") if displaced.basis is PastChangeBasis.OTHER_WAY else None


def _why_unknown(followed: FollowedAreas) -> str:
    why = why_usual_unknown(followed.displaced)
    if why is not None:
        return render(why)
    if followed.change.past is not None:
        return tr("follow.no_past_year", since=month(str(followed.displaced.since_all)))
    return tr("follow.usual_unknown", options=followed.past_options)


def _singles(displaced: Displacement) -> list[dict[str, Any]]:
    ended = dict(zip(displaced.chosen.retired, map(str, displaced.chosen.ended), strict=True))
    rows = zip(
        displaced.chosen.area_ids,
        displaced.chosen.place_names,
        displaced.chosen.cells,
        displaced.by_area,
        displaced.starts,
        strict=True,
    )
    return [
        {
            "area_id": area_id,
            "place_name": name,
            "cells": [f"{cell:015x}" for cell in sorted(cells)],
            "since": str(since),
            "ended": ended.get(area_id),
            **_place(judged, state_change(displaced, area_id)),
        }
        for area_id, name, cells, judged, since in rows
    ]


def _place(judged: AreaResult, statement: Statement) -> dict[str, Any]:
    n_months, since, first = len(judged.verdicts), statement.period.start, judged.first_alarm
    return {
        **_state(judged, n_months - 1, since),
        "sentence": render(statement.sentence),
        "first_alarm": None if first is None else str(since.plus(first - 1)),
        "moved": _moved(judged, n_months - 1),
        "power": [
            {"fall_share": fall, "told_share": _round(judged.core.power(n_months - 1, fall))}
            for fall in (*FALLS, FALL_OF_ONE)
        ],
        "months": [
            {"month": str(since.plus(step)), **_state(judged, step, since)}
            for step in range(n_months)
        ],
    }


def _state(judged: AreaResult, at: int, since: Month) -> dict[str, Any]:
    """Write down what was known after so many months."""
    return {
        "verdict": str(judged.verdicts[at]),
        "core": _track(judged.core, at),
        "ring": None if judged.ring is None else _track(judged.ring, at),
        "net": _rounded(net_change(judged, at)),
        **distances(judged, at),
        "faded": _faded(judged.fade_at(at), since),
    }


def _track(track: CumulativeCounts, at: int) -> dict[str, Any]:
    return {
        **figures(track, at),
        "evidence": _evidence(track, at),
        "z": _round(track.z[at]),
        "is_told": bool(track.has_enough[at]),
    }


def _evidence(track: CumulativeCounts, at: int) -> Any:
    """Return what an e-value must reach; None where none is asked."""
    threshold = None if track.evidence is None else float(track.evidence[at])
    return None if threshold is None or math.isinf(threshold) else _round(threshold)


def _moved(judged: AreaResult, at: int) -> dict[str, Any] | None:
    """Write down which share of a fall moved next door; null for an end that cannot be told."""
    found = moved_share(judged, at)
    if found is None:
        return None
    return {name: _round(n) if math.isfinite(n) else None for name, n in asdict(found).items()}


def _faded(fade: Fade | None, since: Month) -> dict[str, Any] | None:
    """Write down what had been shown and is over, with its dates."""
    if fade is None:
        return None
    return {
        "change": "fewer" if fade.sign < 0 else "more",
        "from": str(since),
        "through": str(since.plus(fade.months - 1)),
        "counted": fade.counted,
        "expected": _round(fade.expected),
        "later_counted": fade.later_counted,
        "later_expected": _round(fade.later_expected),
    }


def _rounded(found: NetChange | None) -> dict[str, Any] | None:
    """Write down a figure with its parts."""

    def write(value: Any) -> Any:
        return {k: write(v) for k, v in value.items()} if isinstance(value, dict) else _round(value)

    return None if found is None else write(asdict(found))


def _zone_months(followed: FollowedAreas, zone: str) -> list[dict[str, Any]]:
    """Write down the newest month of all areas together, or of their rings, beside others."""
    table = followed.newest_zones
    rows = table[(table["zone"] == zone) & (table["area_id"] == "")]
    return [
        {"month": one, "incidents": n}
        for one, n in zip(rows["month"], rows["incidents"].tolist(), strict=True)
    ]
