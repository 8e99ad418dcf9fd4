"""Answer cards: a large figure, its comparison drawn, one sentence, its range in small type."""

from __future__ import annotations

import html
from collections.abc import Iterable

import streamlit as st

from csa.base.statement import Statement
from csa.base.text import UNSEEN, month, tr
from csa.change.sentences import name_verdict
from csa_app.shared import panels

MAX_NAMED = 4
"""Most items that a card names; more are counted."""


def _safe(text: str) -> str:
    return html.escape(UNSEEN.sub("", text))


def show(*cards: str) -> None:
    """Show cards side by side, as one element."""
    st.html(f'<div class="csa-row">{"".join(cards)}</div>')


def card(head: str, *inside: str, is_tall: bool = False) -> str:
    """Return an answer card: its head, and what stands in it; tall where more may come into it."""
    tall = " csa-tall" * is_tall
    return f'<section class="csa-key{tall}"><h2>{_safe(head)}</h2>{"".join(inside)}</section>'


def figure(n: str, unit: str) -> str:
    """Return the largest thing on a page: a number and what it counts."""
    return f'<p class="csa-large"><b>{_safe(n)}</b> {_safe(unit)}</p>'


def text(*sentences: str, small: str = "") -> str:
    """Return sentences, and below them what stands in small type."""
    lines = "".join(f"<p>{_safe(said)}</p>" for said in sentences if said)
    return f"{lines}<small>{_safe(small)}</small>" if small else lines


def listed(items: Iterable[str]) -> str:
    """Return items, each on a line of its own."""
    return f"<ul>{''.join(f'<li>{_safe(item)}</li>' for item in items)}</ul>"


def change_figure(statement: Statement, unit: str) -> str:
    """Return what a statement says of a change: count, no-change range, verdict."""
    drawn, small, n = "", "", statement.value or 0
    if statement.low is not None and statement.high is not None and statement.comparison:
        low, high, expected = statement.low, statement.high, statement.comparison
        drawn = panels.range_bar(low, high, expected, 1.1 * max(high, n), n)
        small = tr("briefing.card_expected", expected=expected, low=low, high=high)
    elif statement.lasted is not None:  # its range is of other months than the count
        small = tr("briefing.card_lasted", month=month(str(statement.lasted)))
    verdict = f"<p><b>{_safe(name_verdict(statement.verdict))}</b></p>"
    return f"<div>{figure(f'{n:,.0f}', unit)}{drawn}</div><div>{verdict}{text(small=small)}</div>"
