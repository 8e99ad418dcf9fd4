"""Show a document's blocks on a page, with the same content as in print."""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import singledispatch

import streamlit as st

from app.shared import panels
from csa.reports.document import (
    Block,
    Box,
    Bullets,
    Heading,
    Lead,
    PageBreak,
    Paragraph,
    Picture,
    Table,
)

NUMBER = ' class="csa-number"'
MAX_COLUMNS = 5
"""Columns above which a row becomes a small list on a phone."""
MAX_ROWS = 12
"""Rows above which a table scrolls in a box of its own, to keep what follows close."""


def show(blocks: Iterable[Block]) -> None:
    """Show blocks one below the other."""
    for block in blocks:
        _show(block)


@singledispatch
def _show(block: Block) -> None:
    raise TypeError(block)


@_show.register
def _(block: Heading) -> None:
    title = st.header if block.level == 2 else st.subheader
    title(panels.plain(block.text), anchor=False)


@_show.register
def _(block: Lead) -> None:
    panels.answer(*block.sentences)


@_show.register
def _(block: Paragraph) -> None:
    style = "csa-text csa-faint" if block.is_faint else "csa-text"
    st.html(f'<p class="{style}">{html.escape(block.text)}</p>')


@_show.register
def _(block: Bullets) -> None:
    items = "".join(f"<li>{html.escape(item)}</li>" for item in block.items)
    st.html(f'<ul class="csa-text">{items}</ul>')


@_show.register
def _(block: Table) -> None:
    long = " csa-long" if len(block.rows) > MAX_ROWS else ""
    long += " csa-wide" if len(block.columns) > MAX_COLUMNS else ""
    caption = html.escape(block.caption)
    head = "".join(
        f'<th scope="col"{_side(block, n)}>{html.escape(name)}</th>'
        for n, name in enumerate(block.columns)
    )
    body = "".join(
        f"<tr>{''.join(_cell(block, n, text) for n, text in enumerate(row))}</tr>"
        for row in block.rows
    )
    st.html(
        f'<div class="csa-table{long}" role="region" tabindex="0" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(block: Table, n: int, text: str) -> str:
    if n == 0:  # the first column names the row
        return f'<th scope="row">{html.escape(text)}</th>'
    label = f' data-label="{html.escape(block.columns[n])}"'
    return f"<td{_side(block, n)}{label}>{html.escape(text)}</td>"


def _side(block: Table, n: int) -> str:
    return NUMBER if n in block.numeric else ""


@_show.register
def _(block: Picture) -> None:
    if block.png is None:
        panels.empty(block.missing)
    else:
        caption = block.caption or None
        if block.narrow is None:
            st.image(block.png, caption=caption, alt=block.alt, width="stretch")
            return
        for width, png in (("wide", block.png), ("narrow", block.narrow)):
            with st.container(key=f"picture_{width}"):  # app.shared.theme shows one of them
                st.image(png, caption=caption, alt=block.alt, width="stretch")


@_show.register
def _(block: Box) -> None:
    with st.container(border=True):
        st.html(f"<p><b>{html.escape(block.title)}</b></p>")
        for text in block.paragraphs:
            _show(Paragraph(text))


@_show.register
def _(_block: PageBreak) -> None:
    """Do nothing: a screen has one page."""
