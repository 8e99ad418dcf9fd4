"""Colors of maps, on paper and on screen, and the count classes that both share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ENDS_AT = (40, 65, 85, 95, 100)
"""Percentiles at which classes end; the higher ones are narrow, since few cells hold many."""


@dataclass(frozen=True)
class Palette:
    """Colors by meaning."""

    sequential: tuple[str, ...]  # five classes, few to many
    ink: str  # text
    faint: str  # secondary text
    quiet: str  # stronger secondary text
    ground: str  # the sheet or page, and everything outside the city
    accent: str  # services; on screen, whatever is chosen
    outline: str  # an area's outline
    casing: str  # the casing around outlines and letters
    land: str  # of a map
    water: str  # of a map
    park: str  # of a map
    street: str  # of a map
    main_street: str  # of a map
    hairline: str  # thin lines such as borders


PAPER = Palette(
    sequential=("#d5e5f2", "#b3cde3", "#8c96c6", "#8856a7", "#810f7c"),
    ink="#1f2430",
    faint="#5b6270",
    quiet="#4a505c",
    ground="#ffffff",
    accent="#0b6e75",
    outline="#1f2430",
    casing="#ffffff",
    land="#f6f5f1",
    water="#cfdfe8",
    park="#e4ecdb",
    street="#dcdad4",
    main_street="#cbc8c0",
    hairline="#b7b4ab",
)
FEW = "#e7e3ec"
"""The lowest class of what the public sees."""


def class_colors(n_classes: int, palette: Palette = PAPER) -> tuple[str, ...]:
    """Return a color for each class, lowest first."""
    if n_classes < 1:
        return ()
    scale, n_upper = palette.sequential[1:], n_classes - 1
    at = np.linspace(len(scale) - 1, 0, n_upper)[::-1]
    if n_upper <= len(scale):
        return (FEW, *(scale[step] for step in at.round().astype(int)))
    parts = np.array([[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in scale])
    mixed = [np.interp(at, np.arange(len(scale)), part).round().astype(int) for part in parts.T]
    red, green, blue = mixed
    rows = zip(red, green, blue, strict=True)
    return (FEW, *(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rows))


def count_bounds(counts: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Return the highest count in each class of cells; equal counts share a class."""
    if not len(counts):
        return (1,)
    return tuple(int(bound) for bound in np.unique(np.floor(np.percentile(counts, ENDS_AT))))
