"""An edition as a sequence of blocks of finished text, from which HTML, PDF and DOCX are made."""

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
    is_faint: bool = False  # whether it is printed in a fainter color
    is_aside: bool = False  # whether it may stand below a table that is beside a picture


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]  # plain text each
    is_open: bool = False  # whether each item gets a checkbox, as for a walk's tasks


@dataclass(frozen=True)
class Table:
    """A table whose first column names the row."""

    caption: str  # what it shows
    columns: tuple[str, ...]  # headers
    rows: tuple[tuple[str, ...], ...]  # text cells, as many as columns
    numeric: tuple[int, ...] = ()  # positions of right-aligned columns


@dataclass(frozen=True)
class Picture:
    """A picture, with text that says the same."""

    png: bytes | None  # None if it could not be drawn; see `missing`
    alt: str  # description for readers who cannot see it
    caption: str = ""  # the text below it
    missing: str = ""  # shown in its place if it could not be drawn
    width_share: float = 1.0  # share of the text's width


@dataclass(frozen=True)
class Box:
    """A framed note: the method, a warning, what is missing."""

    title: str  # its title
    paragraphs: tuple[str, ...]  # plain text each


@dataclass(frozen=True)
class PageBreak:
    """A mark that starts a new page."""


Block = Heading | Lead | Paragraph | Bullets | Table | Picture | Box | PageBreak


@dataclass(frozen=True)
class Document:
    """One edition."""

    title: str  # on the first page
    subtitle: str  # on the first page
    language: str  # such as `en`
    marks: tuple[str, ...]  # short notes above everything: `synthetic city`, `unreviewed`
    footer: str  # on each page: city, month, edition, snapshot
    blocks: Sequence[Block]  # in order
    snapshot_id: str  # the snapshot shared by all editions
    audit_head: str  # last entry of the store's trail at the snapshot
    watermark: str = ""  # printed across each page of an internal sheet; otherwise empty
    figures: str = ""  # digest of the publication that its public figures are of
