"""A month's facts as plain values, so that a machine can compare them."""

from __future__ import annotations

from typing import Any

from csa.areas.file_format import round_figures
from csa.areas.proposal import plain
from csa.base.text import render
from csa.change.sentences import answers
from csa.geo.cells import as_text
from csa.reports.month.facts import AreaFacts, Facts

KIND, FORMAT_VERSION = "month", 1


def facts_account(facts: Facts) -> dict[str, Any]:
    """Return the areas of a month's report, and what changed in them."""
    why_not = facts.change.why_not
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": facts.config.city.id,
        "month": str(facts.month),
        "data_through": facts.data_through.isoformat(),
        "snapshot": facts.snapshot.id,
        "is_served": facts.is_served,
        "areas": [_area(area) for area in facts.areas],
        "candidates": [area.name for area in facts.unserved],
        "change": None if facts.change.displaced is None else answers(facts.change.displaced),
        "why_not_followed": None if why_not is None else render(why_not),
        "notes": [render(note) for note in facts.notes],
        "missing": [render(lack) for lack in facts.missing],
    }


def _area(area: AreaFacts) -> dict[str, Any]:
    return {
        "area_id": area.area_id,
        "place_name": area.place_name,
        "state": area.state,
        "since": None if area.since is None else area.since.isoformat(),
        "redrawn_on": None if area.redrawn_on is None else area.redrawn_on.isoformat(),
        "cells": as_text(sorted(area.cells)),
        "area_km2": round_figures(plain(area.area_km2)),
        "incidents": area.incidents,
        "homicides": area.homicides,
        "last_12": area.recent_12,
        "next_12": area.next12,
        "tier": area.tier,
        "is_first": area.is_first,
        "verdict": None if area.change is None else render(area.change.sentence),
    }
