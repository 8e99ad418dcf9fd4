"""Answer cards: a large figure, its comparison drawn, one sentence, its range in small type."""

from __future__ import annotations

import html
from collections.abc import Iterable

from csa.base.statement import Statement
from csa.base.text import tr
from csa.change.sentences import name_verdict
from csa_app.shared import panels


def card(head: str, inside: str, *, is_tall: bool = False) -> str:
    """Return an answer card: its head, and what stands in it; tall where more may come into it."""
    tall = " csa-tall" * is_tall
    return f'<section class="csa-key{tall}"><h2>{html.escape(head)}</h2>{inside}</section>'


def figure(n: str, unit: str) -> str:
    """Return the largest thing on a page: a number and what it counts."""
    return f'<p class="csa-large"><b>{html.escape(n)}</b> {html.escape(unit)}</p>'


def text(*sentences: str, small: str = "") -> str:
    """Return sentences, and below them what stands in small type."""
    lines = "".join(f"<p>{html.escape(said)}</p>" for said in sentences if said)
    return f"{lines}<small>{html.escape(small)}</small>" if small else lines


def listed(items: Iterable[str]) -> str:
    """Return items, each on a line of its own."""
    return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in items)}</ul>"


def change_figure(statement: Statement, unit: str) -> str:
    """Return what a statement says of a change: count, no-change range, verdict."""
    drawn, small, n = "", "", statement.value or 0
    if statement.low is not None and statement.high is not None and statement.comparison:
        low, high, expected = statement.low, statement.high, statement.comparison
        drawn = panels.range_bar(low, high, expected, 1.1 * max(high, n), n)
        small = tr("briefing.card_expected", expected=expected, low=low, high=high)
    verdict = f"<p><b>{html.escape(name_verdict(statement.verdict))}</b></p>"
    return f"<div>{figure(f'{n:,.0f}', unit)}{drawn}</div><div>{verdict}{text(small=small)}</div>"
