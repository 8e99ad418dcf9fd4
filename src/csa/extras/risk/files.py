"""The files of a risk terrain, its sentences, and what is stored of it for the screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from csa.areas.explanation import format_extent
from csa.areas.file_format import list_rows, list_versions, round_figures, write_header
from csa.areas.proposal import plain
from csa.areas.risk_score import KEPT_NAME, KEPT_PARAMS
from csa.base.io import csv_bytes, json_bytes
from csa.base.message import Message, msg
from csa.base.params import LAND_SHARE, Period
from csa.base.text import Translator, in_words, land_percent, month, render
from csa.city.results import save_result
from csa.extras.risk.fitting import HeldOutGain, RiskTerrainRun
from csa.extras.risk.terrain import TRIED, RiskFactor
from csa.geo.cells import as_text

KIND = "risk"
MARKER = "risk.json"
CELL_COLUMNS = {
    "cell": "H3 cell",
    "score": "relative risk score: its factors' values multiplied, over the smallest product; "
    "empty where no street is",
    "factors": "the factors that hold in it",
}
"""Columns of risk_cells.csv; no counts, so that no cell shows where somebody was hit."""


def describe_factor(factor: RiskFactor, units: str) -> Message:
    """Describe a factor: which places, how far around them, how much higher risk is, how sure."""
    values = {
        "layer": factor.layer.name,
        "extent": format_extent(factor.extent_m, units, Translator()),
        "at_least": factor.at_least,
        "rrv": factor.rrv,
        "low": factor.low,
        "high": factor.high,
    }
    return msg("risk_terrain.near" if factor.form == "near" else "risk_terrain.many", **values)


def describe_control(factor: RiskFactor) -> Message:
    """Describe what as many places put where shootings are reach, beside a factor."""
    key = "risk_terrain.marker" if factor.is_marker else "risk_terrain.control"
    return msg(key, control=factor.control)


def describe_risk(run: RiskTerrainRun) -> tuple[Message, ...]:
    """Describe what a city's layers show, how sure that is, and what it cannot show."""
    model, units = run.model, run.city.config.city.units
    if not model.n_used:
        return (msg("risk_terrain.nothing"),)
    is_tried = model.tried["status"] == "tried"
    names = sorted(set(model.tried.loc[is_tried, "layer"]))
    untried = sorted({layer.name for layer in run.layers} - set(names))
    learned = run.learned
    values = {
        "n": model.n_used,
        "layers": len(names),
        "since": "" if learned is None else month(str(learned.start)),
        "through": "" if learned is None else month(str(learned.until.plus(-1))),
    }
    said = [msg("risk_terrain.tried", **values)]
    for factor in model.factors:
        said += [describe_factor(factor, units), describe_control(factor)]
    if not model.factors:
        said.append(msg("risk_terrain.none", layers=len(names)))
    if untried:
        said.append(msg("risk_terrain.untried", names=in_words(untried)))
    if model.factors:
        is_estimated = run.city.config.places.is_estimated
        said += [_say_gain(run.gain, is_estimated=is_estimated), msg("why_line.no_cause")]
    if not run.has_streets:
        said.append(msg("risk_terrain.no_streets"))
    return tuple(said)


def _say_gain(gain: HeldOutGain | None, *, is_estimated: bool) -> Message:
    if gain is None:
        return msg("risk_terrain.no_test")
    values = {
        "since": month(str(gain.period.start)),
        "through": month(str(gain.period.until.plus(-1))),
        "n": gain.n,
        "land": land_percent(LAND_SHARE, is_estimated=is_estimated),
        "counts": gain.caught["counts"],
        "both": gain.caught["both"],
        "factors": gain.caught["factors"],
        "low": gain.difference_low * 100,
        "high": gain.difference_high * 100,
    }
    return msg("risk_terrain.gain" if gain.is_shown else "risk_terrain.no_gain", **values)


def risk_account(run: RiskTerrainRun) -> dict[str, Any]:
    """Summarize a risk terrain, for machines."""
    model = run.model
    return {
        **write_header(KIND, run.city),
        "learned": _span(run.learned),
        "resolution": run.choices.resolution,
        "kinds": list(run.choices.kinds),
        "incidents": model.n_incidents,
        "incidents_compared": model.n_used,
        "cells_compared": int(model.is_compared.sum()),
        "parts": model.n_parts,
        "blocks_drawn": model.n_blocks,
        "has_streets": run.has_streets,
        "layers": [
            {name: getattr(layer, name) for name in ("name", "what", "source", "as_of", "file")}
            for layer in run.layers
        ],
        "factors": [_factor(one) for one in model.factors],
        "held_out": _gain(run.gain),
        "sentences": [render(one) for one in describe_risk(run)],
        "versions": list_versions(),
    }


def _span(period: Period | None) -> dict[str, str] | None:
    if period is None:
        return None
    return {"start": str(period.start), "through": str(period.until.plus(-1))}


def _factor(factor: RiskFactor) -> dict[str, Any]:
    numbers = ("extent_m", "rrv", "low", "high", "control")
    return {
        "layer": factor.layer.name,
        "form": factor.form,
        "at_least": factor.at_least,
        **{name: round_figures(getattr(factor, name)) for name in numbers},
        "cells": int(factor.is_present.sum()),
    }


def _gain(gain: HeldOutGain | None) -> dict[str, Any] | None:
    if gain is None:
        return None
    numbers = ("per_incident", "low", "high", "difference_low", "difference_high")
    return {
        **(_span(gain.period) or {}),
        "incidents": gain.n,
        "is_shown": gain.is_shown,
        **{name: round_figures(getattr(gain, name)) for name in numbers},
        "caught": {name: round_figures(share) for name, share in gain.caught.items()},
        "weights": [round_figures(one) for one in gain.weights],
    }


def risk_files(run: RiskTerrainRun, account: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a risk terrain as files, the same bytes for the same data and layers."""
    model, columns = run.model, list(TRIED)
    tried = model.tried.astype({"is_kept": bool, "is_chosen": bool})
    named = [one.layer.name for one in model.factors]
    present = model.columns > 0
    rows = (
        [
            cell,
            plain(score),
            "; ".join(name for name, holds in zip(named, row, strict=True) if holds),
        ]
        for cell, score, row in zip(
            as_text(model.cells.tolist()), np.round(model.score, 3), present, strict=True
        )
    )
    return {
        "factors.csv": csv_bytes(columns, list_rows(tried, columns, round_figures)),
        "risk_cells.csv": csv_bytes(list(CELL_COLUMNS), rows),
        MARKER: json_bytes(account),
    }


def save_risk(run: RiskTerrainRun, account: Mapping[str, Any]) -> None:
    """Store a risk terrain beside its dataset, where the screens find it."""
    cells = run.model.cells
    places = [as_text(cells[one.is_present].tolist()) for one in run.model.factors]
    kept = {**account, "compared": as_text(cells[run.model.is_compared].tolist()), "places": places}
    save_result(run.city, KEPT_NAME, KEPT_PARAMS, kept)
