"""Charts: small ones as HTML, so that plotly is only loaded where a chart needs it."""

from __future__ import annotations

import calendar
import html
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from csa.areas.sheets import PARTS
from csa.base.text import month, tr
from csa_app.shared import theme
from csa_app.shared.city_session import CitySession

SHOWN = ["month", "incidents", "homicides", "is_partial"]


def by_month(session: CitySession, counts: pd.DataFrame, alt: str) -> None:
    """Show incidents by month, homicides as the darker base, an unfinished month hatched."""
    covered = counts[counts["is_covered"]]
    top = max(4, int(covered["incidents"].max() if len(covered) else 0))
    named = _every(covered["month"])
    bars, killed, others = [], tr("label.homicides"), tr("charts.nonfatal")
    for name, n, n_killed, is_partial in covered[SHOWN].to_numpy():
        said = f"{month(name)} · {killed}: {n_killed:,} · {others}: {n - n_killed:,}"
        said += f" ({tr('charts.provisional')})" if is_partial else ""
        heights = f"--n:{100 * n / top:.1f}%;--h:{100 * n_killed / top:.1f}%"
        label = month(name, is_short=True).replace(" ", "<br>") if name in named else ""
        part = ' class="csa-part"' * bool(is_partial)
        bars.append(
            f'<i{part} style="{heights}" title="{html.escape(said)}"><span>{label}</span></i>'
        )
    key = f"<u></u>{killed} <u></u>{others} · {tr('charts.per_month')}: 0 to {top:,}"
    _picture(session, alt, f"<p>{key}</p><div>{''.join(bars)}</div>")


def by_part(session: CitySession, counts: pd.DataFrame, alt: str) -> None:
    """Show incidents by day of the week and part of the day, with the number in each box."""
    heads = {
        "06-14": tr("charts.day"),
        "14-22": tr("charts.evening"),
        "22-06": tr("charts.night"),
    }
    head = "".join(f"<th>{heads[part]}</th>" for part in PARTS)
    top, rows = max(1, int(counts[list(PARTS)].to_numpy().max())), []
    for day, numbers in zip(counts.index, counts[list(PARTS)].to_numpy(), strict=True):
        boxes = "".join(f'<td style="--n:{100 * n / top:.0f}%">{n:,}</td>' for n in numbers)
        rows.append(f"<tr><th>{calendar.day_name[day]}</th>{boxes}</tr>")
    _picture(session, alt, f"<table><tr><td></td>{head}</tr>{''.join(rows)}</table>")


def _picture(session: CitySession, alt: str, inside: str) -> None:
    """Show a chart that is drawn as HTML, marked where the city is made up."""
    mark = tr("screen.sample") if session.config.city.is_synthetic else ""
    st.html(
        f'<figure class="csa-chart" role="img" aria-label="{html.escape(alt)}">'
        f"<small>{mark}</small>{inside}</figure>"
    )


def show(
    session: CitySession, draw: Callable[..., go.Figure], inputs: Sequence[Any], key: str, alt: str
) -> None:
    """Show a chart of what is given, marked where the city is made up."""
    figure = draw(*inputs, is_synthetic=session.config.city.is_synthetic)
    st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=alt)


def _mark() -> dict[str, object]:
    """Return the mark of a synthetic city, which stays on the chart wherever it is pasted."""
    return {
        "text": tr("screen.sample"),
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 1,
        "xanchor": "right",
        "yanchor": "bottom",
        "yshift": 24,
        "showarrow": False,
        "font": {"size": 12, "color": theme.current().faint},
    }


def layout(height_px: int, *, is_synthetic: bool) -> dict[str, Any]:
    """Return the layout that all charts share."""
    return {
        "annotations": [_mark()] if is_synthetic else [],
        "height": height_px,
        "margin": {"l": 8, "r": 8, "t": 46 if is_synthetic else 28, "b": 8},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 13}},
        "font": {"size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
    }


def _every(months: Iterable[str]) -> list[str]:
    """Choose the months to label: as many as fit at 390 px, or Januaries over many years."""
    months = list(months)
    step = next(step for step in (1, 2, 3, 6, 12, 24, 48, 240) if len(months) <= 6 * step)
    numbers = [12 * int(name[:4]) + int(name[5:]) - 1 for name in months]
    return [name for name, n in zip(months, numbers, strict=True) if n % step == 0]
