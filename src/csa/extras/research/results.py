"""What research adds to `csa displace`: files, figures for machines, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from csa.areas.file_format import list_rows, round_figures
from csa.areas.proposal import plain
from csa.base.io import csv_bytes
from csa.base.message import Message, msg
from csa.base.text import render
from csa.change.controls import Controls, match_controls
from csa.change.follow import FollowedAreas
from csa.change.sentences import than_expected
from csa.change.zoning import Control
from csa.extras.research.classic_measures import (
    Evidence,
    PatternChange,
    compare_city,
    measure_evidence,
)
from csa.extras.research.emerging import EMERGING_COLUMNS, find_emerging
from csa.extras.research.panel import PANEL_COLUMNS, build_panel


def export(followed: FollowedAreas) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Write the panel and the emerging cells, and the classic numbers of all areas and of each."""
    located, displaced = followed.change.located, followed.displaced
    controls = match_controls(located, displaced)
    pooled, single = measure_evidence(located, displaced, controls)
    tables = (
        ("panel.csv", build_panel(located, displaced, controls), PANEL_COLUMNS),
        ("emerging.csv", find_emerging(followed.found_on, displaced.until), EMERGING_COLUMNS),
    )
    files = {
        name: csv_bytes(list(columns), list_rows(table, list(columns), round_figures))
        for name, table, columns in tables
    }
    classic = describe_wdd(pooled)
    each = zip(displaced.chosen.area_ids, single, controls.single, strict=True)
    return files, {
        "sentences": [] if classic is None else [render(classic)],
        "pooled": _place(pooled, controls.pooled, controls),
        "single": [{"area_id": key, **_place(one, part, controls)} for key, one, part in each],
        "pattern": _pattern(compare_city(located, displaced)),
    }


def describe_wdd(evidence: Evidence) -> Message | None:
    """Describe the classic measure, of areas and rings: the weighted displacement difference."""
    if evidence.wdd is None or evidence.wdd.total is None:
        return None
    total = evidence.wdd.total
    change, low, high = (than_expected(n) for n in (total.estimate, total.low, total.high))
    return msg("research.classic", change=change, low=low, high=high)


def _place(evidence: Evidence, control: Control, controls: Controls) -> dict[str, Any]:
    return {
        "before_months": evidence.before.months,
        "core": list(evidence.core),
        "ring": None if evidence.ring is None else list(evidence.ring),
        "control": {
            "is_matched": control.is_close,
            "rate_ratio": _rounded(control.rate_ratio),
            "cells": len(control.cells),
            "before": evidence.control[0],
            "after": evidence.control[1],
            "weight": _rounded(evidence.control_weight),
            "knows_earlier_years": controls.is_known,
        },
        "wdd": None if evidence.wdd is None else _rounded(asdict(evidence.wdd)),
    }


def _pattern(change: PatternChange) -> dict[str, Any]:
    return {
        "s_index": _rounded(change.s_index),
        "s_index_all": _rounded(change.s_index_all),
        "cells": change.n_cells,
        "tested": change.n_tested,
        "changed": int(change.changed.sum()),
        "method": render(change.method),
    }


def _rounded(value: Any) -> Any:
    """Round figures, in a figure's parts too."""
    if isinstance(value, Mapping):
        return {name: _rounded(part) for name, part in value.items()}
    return round_figures(plain(value))
