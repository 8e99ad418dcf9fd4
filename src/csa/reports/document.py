"""An edition as a sequence of blocks, already in words: HTML, PDF and DOCX say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A section's title."""

    text: str  # plain text
    level: int = 2  # 2 for a section, 3 for a part of one


@dataclass(frozen=True)
class Lead:
    """The sentences that matter most, set large."""

    sentences: tuple[str, ...]  # at most three


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str  # plain text
    is_faint: bool = False  # whether it steps back


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]  # plain text each
    is_open: bool = False  # whether each stands before a box to tick: a walk's tasks


@dataclass(frozen=True)
class Table:
    """A table; its first column names the row."""

    caption: str  # what it tells
    columns: tuple[str, ...]  # headers
    rows: tuple[tuple[str, ...], ...]  # text cells, as many as columns
    numeric: tuple[int, ...] = ()  # positions of columns set to the right


@dataclass(frozen=True)
class Picture:
    """A picture, with the words that say the same."""

    png: bytes | None  # the picture; None where it could not be drawn, which `missing` says
    alt: str  # what it shows, for those who do not see it
    caption: str = ""  # what stands under it
    missing: str = ""  # what stands in its place where it could not be drawn
    width_share: float = 1.0  # of the text's width
    narrow: bytes | None = None  # the same for a telephone's screen


@dataclass(frozen=True)
class Box:
    """A framed note: the method, a warning, what is missing."""

    title: str  # its title
    paragraphs: tuple[str, ...]  # plain text each


@dataclass(frozen=True)
class PageBreak:
    """What follows begins a page."""


Block = Heading | Lead | Paragraph | Bullets | Table | Picture | Box | PageBreak


@dataclass(frozen=True)
class Document:
    """One edition."""

    title: str  # of the first page
    subtitle: str  # of the first page
    language: str  # such as `en`
    marks: tuple[str, ...]  # short notes above everything: `synthetic city`, `unreviewed`
    footer: str  # on each page: city, month, edition, snapshot
    blocks: Sequence[Block]  # in order
    snapshot_id: str  # what ties editions together
    audit_head: str  # end of the store's trail at the snapshot
    watermark: str = ""  # set across each page: an internal sheet; empty else
