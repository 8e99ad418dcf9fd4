"""What a map is drawn of, in pixels from the top left: fills, lines and words; and their sizes."""

from __future__ import annotations

import itertools
import math
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
"""Of a line of text, in sizes of its letters."""

HALF_CAPITAL = 0.365
"""From a capital's middle down to the line it stands on, in sizes of its letters."""


MEASURED_PX = 64.0
"""Letters are measured at this size, whatever they are drawn at."""


@dataclass(frozen=True)
class Fill:
    """Polygons of one colour.

    Parameters
    ----------
    shapes
        Polygons, in pixels.
    colour
        Such as `#ffffff`.
    edge, edge_px
        Their line, if any.
    alpha
        1 covers what is below.
    """

    shapes: tuple[shapely.Geometry, ...]
    colour: str
    edge: str | None = None
    edge_px: float = 0.0
    alpha: float = 1.0


@dataclass(frozen=True)
class Stroke:
    """Lines, or outlines of polygons.

    Parameters
    ----------
    shapes
        Lines or polygons, in pixels.
    colour
        Such as `#1f2430`.
    width_px
        How wide.
    is_dashed
        Whether it is broken.
    """

    shapes: tuple[shapely.Geometry, ...]
    colour: str
    width_px: float
    is_dashed: bool = False


@dataclass(frozen=True)
class Words:
    """One line of text.

    Parameters
    ----------
    text
        What it says; only letters that the font has.
    x, y
        Its left end or middle; the middle of a capital's height.
    size_px
        Of its letters.
    colour
        Such as `#1f2430`.
    is_bold
        Whether it is bold.
    align
        What `x` is.
    halo_px
        Of the casing around the letters.
    angle
        Degrees, anticlockwise.
    """

    text: str
    x: float
    y: float
    size_px: float
    colour: str
    is_bold: bool = False
    align: Literal["left", "center"] = "left"
    halo_px: float = 0.0
    angle: float = 0.0


Mark = Fill | Stroke | Words


def moved(mark: Mark, x: float, y: float) -> Mark:
    """Move a mark.

    Parameters
    ----------
    mark
        The mark.
    x, y
        By how much.

    Returns
    -------
    Mark
        The same at another place.
    """
    if isinstance(mark, Words):
        return replace(mark, x=mark.x + x, y=mark.y + y)
    return replace(mark, shapes=tuple(affinity.translate(one, x, y) for one in mark.shapes))


def font_path(*, is_bold: bool = False) -> str:
    """Find the font that comes with matplotlib: the same letters on each machine.

    Parameters
    ----------
    is_bold
        Whether the bold one.

    Returns
    -------
    str
        The file.
    """
    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return str(Path(get_data_path(), "fonts", "ttf", name))


@cache
def _letters() -> frozenset[int]:
    both = [frozenset(get_font(font_path(is_bold=bold)).get_charmap()) for bold in (False, True)]
    return both[0] & both[1]


def is_writable(text: str) -> bool:
    """Tell whether the font has every letter of a text.

    Parameters
    ----------
    text
        A name or a line.

    Returns
    -------
    bool
        False for an empty text too: there is nothing to write.
    """
    return bool(text.strip()) and all(ord(one) in _letters() for one in text)


def writable(text: str) -> str:
    """Leave out what the font lacks, so that the rest of a line can be read.

    Parameters
    ----------
    text
        A line.

    Returns
    -------
    str
        The line, on one line, with `?` for each run of letters that the font lacks.
    """
    line = " ".join(text.split())
    marked = "".join(one if ord(one) in _letters() else "\0" for one in line)
    while "\0\0" in marked:
        marked = marked.replace("\0\0", "\0")
    return marked.replace("\0", "?")


def width_px(text: str, size_px: float, *, is_bold: bool = False) -> float:
    """Measure a line of text.

    Parameters
    ----------
    text
        Only letters that the font has.
    size_px
        Of its letters.
    is_bold
        Whether it is bold.

    Returns
    -------
    float
        Pixels.
    """
    return size_px * math.fsum(_advance_em(one, is_bold) for one in text)


@cache
def _advance_em(letter: str, is_bold: bool) -> float:  # noqa: FBT001
    """Measure a letter with the room after it; pairs that stand closer make a line shorter."""
    font = get_font(font_path(is_bold=is_bold))  # one a thread
    font.set_size(MEASURED_PX, 72)
    return (
        float(font.load_char(ord(letter), LoadFlags.NO_HINTING).linearHoriAdvance)
        / 65536
        / MEASURED_PX
    )


def wrap(
    text: str, size_px: float, room_px: float, most: int = 9, *, is_bold: bool = False
) -> tuple[str, ...]:
    """Break a text into lines between words.

    Parameters
    ----------
    text
        Only letters that the font has.
    size_px
        Of its letters.
    room_px
        How wide a line may be.
    most
        How many lines at most; what is left over is cut, which three dots tell.
    is_bold
        Whether it is bold.

    Returns
    -------
    tuple of str
        The lines; none for an empty text.
    """

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
    """Cut a word that no line could hold."""
    pieces, rest = [], word
    while not fits(rest) and len(rest) > 1:
        n_fit = len(rest) - 1
        while n_fit > 1 and not fits(rest[:n_fit]):
            n_fit -= 1
        pieces.append(rest[:n_fit])
        rest = rest[n_fit:]
    return [*pieces, rest]
