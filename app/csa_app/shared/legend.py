"""Classes of counts and scores, and the legend that names them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from csa.base.text import tr
from csa.program.registry import CoreArea

FIFTHS = 5
Outlines: TypeAlias = Sequence[tuple[str, str]]
"""Marks or kinds of outline on a map, each with its meaning."""


@dataclass(frozen=True)
class Classes:
    """Classes, lowest first."""

    upper: tuple[float, ...]  # the highest value of each
    words: tuple[str, ...]  # the label of each


def classify_scores(scores: npt.NDArray[np.float64]) -> Classes:
    """Sort an external score into at most five classes of equal size."""
    n_classes = min(FIFTHS, len(np.unique(scores)))
    ends_at = 100 * np.arange(1, n_classes + 1) / n_classes
    upper = sorted({float(bound) for bound in np.percentile(scores, ends_at)})
    if len(upper) == 1:
        upper = sorted({float(scores.min()), *upper})  # most scores equal the highest
    if len(upper) == 1:
        return Classes(tuple(upper), (tr("legend.equal"),))
    is_fifths = len(upper) == FIFTHS
    lowest = tr("legend.lowest" if is_fifths else "legend.low")
    highest = tr("legend.highest" if is_fifths else "legend.high")
    return Classes(tuple(upper), (lowest, *[""] * (len(upper) - 2), highest))


def levels(scores: pd.Series, classes: Classes) -> str:
    """Return each score's class as a string of digits."""
    found = np.searchsorted(np.asarray(classes.upper), scores.to_numpy(), side="left")
    return "".join(str(min(level, len(classes.upper) - 1)) for level in found)


def outlines_of(
    core: Sequence[CoreArea], *, has_candidates: bool = True, has_first: bool = False
) -> Outlines:
    """Name the outlines on a map: core service areas, candidates and those that come first."""
    years = sorted({area.since.year for area in core})
    key = "legend.core" if len(years) == 1 else "legend.core_several"
    first = ("first", tr("compare.mark_first"))
    return [
        *([("core", tr(key, year=str(years[0])))] if years else []),
        *([("candidate", tr("legend.candidate"))] if has_candidates else []),
        *([first] if has_first else []),
    ]


def show_legend(
    title: str,
    classes: Classes | None,
    palette: Sequence[str],
    marks: Outlines = (),
    outlines: Outlines = (),
) -> None:
    """Show the legend on the page."""
    parts = [f"<span>{html.escape(title)}</span>"]
    names = () if classes is None else classes.words
    for words, color in zip(names, palette[-len(names) :] if names else (), strict=True):
        parts.append(f'<span><i style="background:{color}"></i>{html.escape(words)}</span>')
    for mark, meaning in marks:
        parts.append(f"<span><b>{html.escape(mark)}</b>{html.escape(meaning)}</span>")
    for kind, meaning in outlines:
        parts.append(f'<span><i class="csa-edge-{kind}"></i>{html.escape(meaning)}</span>')
    st.html(f'<div class="csa-legend">{"".join(parts)}</div>')
