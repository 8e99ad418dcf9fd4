"""Lists of a review: a few items are open, the rest is folded; every text is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from csa.base.text import tr
from csa.reports.briefing.lines import ActionLine
from csa_app.shared.plan_cards import status_html

MOST = 5
"""Items that a room reads in two minutes; the rest is folded."""
QUIET = ' class="csa-quiet"'


def listed(items: Sequence[str], most: int = MOST) -> None:
    """List items, and fold those that exceed what a room can read at once."""
    if items[:most]:
        st.html(f'<ul class="csa-review">{"".join(items[:most])}</ul>')
    if items[most:]:
        label = tr("label.n_more", n=len(items) - most) if most else tr("meeting.which")
        with st.expander(label):
            st.html(f'<ul class="csa-review">{"".join(items[most:])}</ul>')


def item(*parts: str) -> str:
    """Return an item made of its lines, as HTML."""
    return f"<li>{''.join(parts)}</li>"


def head(bold: str, text: str, mark: str = "") -> str:
    """Return an item's first line, as HTML."""
    number = f"<b>{html.escape(bold)}</b> " if bold else ""
    return f'<p class="csa-head">{number}{html.escape(text)} {mark}</p>'


def head_of(line: ActionLine) -> str:
    """Return the first line of an action: number, title and status."""
    return head(line.number, line.title or tr("plan.open_slot"), status_html(line))


def quiet(*texts: str) -> str:
    """Return a fainter line, as HTML."""
    said = " · ".join(html.escape(text) for text in texts if text)
    return f"<p{QUIET}>{said}</p>" if said else ""


def cell(text: str, *, is_told: bool) -> str:
    """Return a cell: known values in bold, unknown or old ones fainter."""
    said = html.escape(text)
    return f"<b>{said}</b>" if is_told else f"<span{QUIET}>{said}</span>"
