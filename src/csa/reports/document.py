"""An edition as a sequence of blocks, already in words: HTML, PDF and DOCX say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A section's title.

    Parameters
    ----------
    text
        Plain text.
    level
        2 for a section, 3 for a part of one.
    """

    text: str
    level: int = 2


@dataclass(frozen=True)
class Lead:
    """The sentences that matter most, set large.

    Parameters
    ----------
    sentences
        At most three.
    """

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text.

    Parameters
    ----------
    text
        Plain text.
    is_faint
        Whether it steps back.
    """

    text: str
    is_faint: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list.

    Parameters
    ----------
    items
        Plain text each.
    is_open
        Whether each stands before a box to tick: a walk's tasks.
    """

    items: tuple[str, ...]
    is_open: bool = False


@dataclass(frozen=True)
class Table:
    """A table; its first column names the row.

    Parameters
    ----------
    caption
        What it tells.
    columns
        Headers.
    rows
        Text cells, as many as columns.
    numeric
        Positions of columns set to the right.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture, with the words that say the same.

    Parameters
    ----------
    png
        The picture; None where it could not be drawn, which `missing` says.
    alt
        What it shows, for those who do not see it.
    caption
        What stands under it.
    missing
        What stands in its place where it could not be drawn.
    width_share
        Of the text's width.
    narrow
        The same for a telephone's screen; None where the picture serves there too.
    """

    png: bytes | None
    alt: str
    caption: str = ""
    missing: str = ""
    width_share: float = 1.0
    narrow: bytes | None = None


@dataclass(frozen=True)
class Box:
    """A framed note: the method, a warning, what is missing.

    Parameters
    ----------
    title
        Its title.
    paragraphs
        Plain text each.
    """

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class PageBreak:
    """What follows begins a page."""


Block = Heading | Lead | Paragraph | Bullets | Table | Picture | Box | PageBreak


@dataclass(frozen=True)
class Document:
    """One edition.

    Parameters
    ----------
    title, subtitle
        Of the first page.
    language
        Such as `en`.
    marks
        Short notes above everything: `synthetic city`, `unreviewed`.
    footer
        On each page: city, month, edition, snapshot.
    blocks
        In order.
    snapshot_id
        What ties editions together.
    audit_head
        End of the store's trail at the snapshot; empty where nothing was decided yet.
    watermark
        Set across each page: an internal sheet; empty else.
    """

    title: str
    subtitle: str
    language: str
    marks: tuple[str, ...]
    footer: str
    blocks: Sequence[Block]
    snapshot_id: str
    audit_head: str
    watermark: str = ""
