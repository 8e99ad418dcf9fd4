"""Render a document as one self-contained HTML file, for the screen and for paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple, TypeAlias
from unicodedata import bidirectional

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from csa.base.text import Translator
from csa.geo.palette import PAPER
from csa.reports.document import Block, Document, Heading, PageBreak, Paragraph, Picture, Table

Paper: TypeAlias = Literal["letter", "a4"]
SHORT = 12
"""Printed digits of a hash: enough to find it, few enough to read aloud."""
N_MARK, OF_MARK = "\x02", "\x03"
MADE_FROM = re.compile(r'<meta name="csa-(snapshot|decisions|figures)" content="([0-9a-f]*)">')
"""What a page was made from, for programs; readers have it in the footer."""
SHORT_CELL = 14
"""Most characters of a cell whose words are kept together."""
NARROW_SHARE = 0.65
"""Largest share of the width at which a picture leaves room for a table beside it."""
WHOLE_ROWS, COLUMNS_ROWS, NARROW_CELL = 14, 24, 40
"""Rows that stay on one page; rows that run in two columns; characters of their cells."""
SPLIT_PERCENT = re.compile(r"(?<=[0-9]) %")
_NEXT_PLACE = {" beside": " besided", " besided": " after-beside"}
WATERMARK_PT = (16, 64)
"""Smallest and largest size; in between, the watermark spans the page."""


def render_html(document: Document, paper: Paper = "letter") -> bytes:
    """Render an edition as a self-contained page."""
    t = Translator(document.language)
    trail = trail_of(document)
    marks, (low, high) = marks_of(document), WATERMARK_PT
    template = environment().get_template("report.html")
    text = template.render(
        document=document,
        blocks=tuple(_placed(document)),
        trail=trail,
        head=document.audit_head[:SHORT],
        paper=paper,
        look=PAPER,
        marks=marks,
        running=" · ".join(marks),
        footer=" · ".join(part for part in (document.footer, trail) if part),
        page_words=t("report_file.page", n=N_MARK, of=OF_MARK),
        watermark_pt=max(low, min(high, 900 // max(len(document.watermark), 1))),
    )
    return (SPLIT_PERCENT.sub("\N{NO-BREAK SPACE}%", text) + "\n").encode()


class MadeFrom(NamedTuple):
    """What a page says of itself."""

    snapshot: str  # empty where it is no edition
    decisions: str  # the trail's entry it was made at, empty where nothing was decided
    figures: str  # digest of the publication that its public figures are of, empty without any


def made_from(page: bytes) -> MadeFrom:
    """Read what a page says of itself."""
    found = dict(MADE_FROM.findall(page.decode("utf-8", "replace")))
    return MadeFrom(*(found.get(name, "") for name in MadeFrom._fields))


def trail_of(document: Document) -> str:
    """Return the line that names the trail entry an edition was made at."""
    if not document.audit_head:
        return ""
    return Translator(document.language)("report_file.trail", head=document.audit_head[:SHORT])


def marks_of(document: Document) -> tuple[str, ...]:
    """List the marks that stand at the top of each page."""
    return tuple(mark for mark in (document.watermark, *document.marks) if mark)


def levels_of(document: Document) -> Iterator[int]:
    """Yield each block's heading level, 0 if it is no heading; going down, no level is skipped."""
    above = 1
    for block in document.blocks:
        if isinstance(block, Heading):
            above = max(2, min(block.level, above + 1, 3))
            yield above
        else:
            yield 0


def _placed(document: Document) -> Iterator[tuple[str, Block, int, str]]:
    """Yield each block's kind, level and style classes.

    The block after a page break starts the page. A narrow picture and the table behind it stand
    side by side on paper, and so do paragraphs after it that may.
    """
    break_before, before = "", ""
    following = (*document.blocks, None)[1:]
    for block, level, after in zip(document.blocks, levels_of(document), following, strict=True):
        if isinstance(block, PageBreak):
            break_before, before = " new-page", ""
            continue
        place = _NEXT_PLACE.get(before, "")
        if before == " besided" and isinstance(block, Paragraph) and block.is_aside:
            place = before
        if isinstance(block, Picture) and isinstance(after, Table) and not place:
            place = " beside" if block.width_share <= NARROW_SHARE else ""
        yield type(block).__name__, block, level, place + break_before
        break_before, before = "", place


@cache
def environment(*, is_trimmed: bool = False) -> Environment:
    """Return what renders templates; trimmed, a line of a template's own leaves no line."""
    made = Environment(
        loader=PackageLoader("csa.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=is_trimmed,
        lstrip_blocks=is_trimmed,
    )
    made.filters.update(
        as_data=lambda png: "data:image/png;base64," + base64.b64encode(png).decode(),
        as_css=_as_css,
        as_counters=_as_counters,
        column_class=_column_class,
        kind=lambda block: type(block).__name__,
        table_class=_table_class,
        dir=lambda text: Markup(' dir="rtl"') if is_right_to_left(text) else Markup(),
    )
    return made


def is_right_to_left(text: str) -> bool:
    """Return whether a text's first strong letter runs right to left, as `dir="auto"` decides."""
    strong = (bidirectional(sign) for sign in text)
    return next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L"


def _column_class(table: Table, column: int) -> Markup:
    """Return a column's class: numbers are right-aligned, short words are not broken."""
    is_short = all(len(row[column]) <= SHORT_CELL for row in table.rows)
    names = ("number" if column in table.numeric else "", "short" if is_short else "")
    told = " ".join(name for name in names if name)
    return Markup(' class="{}"').format(told) if told else Markup()


def _table_class(table: Table) -> str:
    """Return a table's class: two short columns stay narrow, and long ones are set side by side."""
    n_rows = len(table.rows)
    told = " whole" if n_rows <= WHOLE_ROWS else ""
    cells = (cell for row in (table.columns, *table.rows) for cell in row)
    if len(table.columns) == 2 and all(len(cell) <= NARROW_CELL for cell in cells):
        told += " columns" if n_rows >= COLUMNS_ROWS else " narrow"
    return told


def _as_css(text: str) -> Markup:
    """Quote text as a CSS string that cannot end the string or the style."""
    escaped = re.sub(r"[^ ·A-Za-z0-9]", lambda found: f"\\{ord(found[0]):x} ", text)
    return Markup(f'"{escaped}"')  # noqa: S704 - escaped in the line above


def _as_counters(words: str) -> Markup:
    """Put the page counters where the words have their placeholders."""
    counters = {N_MARK: "counter(page)", OF_MARK: "counter(pages)"}
    parts = re.split(f"([{N_MARK}{OF_MARK}])", words)
    said = [counters.get(part) or _as_css(part) for part in parts if part]
    return Markup(" ".join(said))  # noqa: S704 - counters, and strings of CSS
