"""Drawing marks in pixels from the top left, fills, lines and words, and their sizes."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import shapely
from matplotlib import get_data_path
from matplotlib.font_manager import get_font
from matplotlib.ft2font import LoadFlags
from shapely import affinity

LINE_HEIGHT = 1.28
"""Height of a line of text, in ems."""

HALF_CAPITAL = 0.365
"""From the middle of a capital down to the baseline, in ems."""


MEASURED_PX = 64.0
"""Letters are measured at this size, whatever size they are drawn at."""


@dataclass(frozen=True)
class Fill:
    """Polygons of one color."""

    shapes: tuple[shapely.Geometry, ...]  # polygons, in pixels
    color: str  # such as `#ffffff`
    edge: str | None = None  # outline color, if any
    edge_px: float = 0.0  # outline width
    alpha: float = 1.0  # 1 is opaque


@dataclass(frozen=True)
class Stroke:
    """Lines, or outlines of polygons."""

    shapes: tuple[shapely.Geometry, ...]  # lines or polygons, in pixels
    color: str  # such as `#1f2430`
    width_px: float  # line width
    is_dashed: bool = False  # whether the line is dashed


@dataclass(frozen=True)
class Words:
    """One line of text."""

    text: str  # the text, in letters that the font has
    x: float  # its left end or middle
    y: float  # the middle of a capital's height
    size_px: float  # height of the letters
    color: str  # such as `#1f2430`
    is_bold: bool = False  # whether it is bold
    align: Literal["left", "center"] = "left"  # which end of the text `x` is
    halo_px: float = 0.0  # width of the casing around the letters
    angle: float = 0.0  # degrees, counterclockwise


Mark = Fill | Stroke | Words


def moved(mark: Mark, x: float, y: float) -> Mark:
    """Return a mark, moved."""
    if isinstance(mark, Words):
        return replace(mark, x=mark.x + x, y=mark.y + y)
    return replace(mark, shapes=tuple(affinity.translate(one, x, y) for one in mark.shapes))


def font_path(*, is_bold: bool = False) -> str:
    """Return the path of the font bundled with matplotlib, the same on every machine."""
    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return str(Path(get_data_path(), "fonts", "ttf", name))


@cache
def _letters() -> frozenset[int]:
    both = [frozenset(get_font(font_path(is_bold=bold)).get_charmap()) for bold in (False, True)]
    return both[0] & both[1]


def is_writable(text: str) -> bool:
    """Return whether the font has every letter of a text."""
    return bool(text.strip()) and all(ord(one) in _letters() for one in text)


def writable(text: str) -> str:
    """Replace letters that the font lacks by a question mark, so that the rest can be read."""
    line = " ".join(text.split())
    marked = "".join(one if ord(one) in _letters() else "\0" for one in line)
    return re.sub("\0+", "?", marked)


def width_px(text: str, size_px: float, *, is_bold: bool = False) -> float:
    """Return the width of a line of text."""
    return size_px * math.fsum(_advance_em(one, is_bold) for one in text)


@cache
def _advance_em(letter: str, is_bold: bool) -> float:  # noqa: FBT001
    """Return a letter's width with its spacing; kerning can only make a line shorter."""
    font = get_font(font_path(is_bold=is_bold))  # one per thread
    font.set_size(MEASURED_PX, 72)
    glyph = font.load_char(ord(letter), LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / MEASURED_PX


def wrap(
    text: str, size_px: float, room_px: float, most: int = 9, *, is_bold: bool = False
) -> tuple[str, ...]:
    """Break a text into lines between words."""

    def fits(line: str) -> bool:
        return width_px(line, size_px, is_bold=is_bold) <= room_px

    lines: list[str] = []
    pieces = [_pieces(word, fits) for word in text.split()]
    for word in itertools.chain.from_iterable(pieces):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fits(longer):
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while last and not fits(f"{last}…"):
        last = last[:-1]
    return (*lines[: most - 1], f"{last.rstrip()}…")


def _pieces(word: str, fits: Callable[[str], bool]) -> Sequence[str]:
    """Cut up a word too long for any line."""
    pieces, rest = [], word
    while not fits(rest) and len(rest) > 1:
        n_fit = len(rest) - 1
        while n_fit > 1 and not fits(rest[:n_fit]):
            n_fit -= 1
        pieces.append(rest[:n_fit])
        rest = rest[n_fit:]
    return [*pieces, rest]
