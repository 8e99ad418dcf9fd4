"""Where an area's shootings could have gone: the cells around it, and those it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError

RING_STEPS = 2
"""Cells within so many steps of an area are its ring."""

DISK_COLUMNS = (slice(1, 7), slice(7, 19))
"""The columns of a spiral that hold its first and its second ring."""

CONTROL_LAND = 3.0
"""A control has so many times its area's land: with less, chance alone moves it too much."""

CLOSE = 0.5
"""Controls where shootings were less than half, or more than twice, as frequent are refused."""


@dataclass(frozen=True)
class Zones:
    """The study area's cells, divided into areas, rings and the rest."""

    cores: tuple[Ints, ...]  # of each of n areas, the places of its cells in the grid
    rings: tuple[Ints, ...]  # of each area, those within `RING_STEPS` of it that are in no area
    rest: Ints  # all others


@dataclass(frozen=True)
class Control:
    """The cells that an area is compared with."""

    cells: Ints  # their places in the grid
    rate_ratio: float | None

    @property
    def is_close(self) -> bool:
        """Whether it was similar enough to the area to compare the two."""
        return self.rate_ratio is not None and CLOSE <= self.rate_ratio <= 1 / CLOSE


def draw_zones(cores: Sequence[Ints], spirals: Ints, centre_xy: Floats) -> Zones:
    """Divide the study area's cells into areas, their rings and the rest.

    A cell near several areas goes to the one that is fewest steps away; then to the one whose
    cells are nearest; then to the first.
    """
    owner = _owners(cores, len(spirals))
    is_core = owner >= 0
    for columns in DISK_COLUMNS:
        claims = [_claim(core, spirals[:, columns], owner) for core in cores]
        for cell, area in _settle(claims, cores, centre_xy).items():
            owner[cell] = area
    rings = tuple(np.flatnonzero((owner == area) & ~is_core) for area in range(len(cores)))
    return Zones(tuple(np.sort(core) for core in cores), rings, np.flatnonzero(owner < 0))


def _owners(cores: Sequence[Ints], n_cells: int) -> Ints:
    owner = np.full(n_cells, -1, dtype=np.int64)
    for area, core in enumerate(cores):
        if not len(core):
            raise ParamError("displacement.no_cells", number=area + 1)
        taken = owner[core]
        if (taken >= 0).any():
            first = int(taken[taken >= 0][0])
            raise ParamError("displacement.shared_cells", first=first + 1, second=area + 1)
        owner[core] = area
    return owner


def _claim(core: Ints, around: Ints, owner: Ints) -> Ints:
    near = np.unique(around[core])
    near = near[near >= 0]
    return near[owner[near] < 0]


def _settle(claims: Sequence[Ints], cores: Sequence[Ints], centre_xy: Floats) -> dict[int, int]:
    """Assign each claimed cell to the area whose cells are nearest."""
    nearest: dict[int, tuple[float, int]] = {}
    for area, (claim, core) in enumerate(zip(claims, cores, strict=True)):
        metres, _ = cKDTree(centre_xy[core]).query(centre_xy[claim])
        # To the decimetre: cells of one distance differ in the last digits of their centres.
        for cell, apart_m in zip(claim.tolist(), np.round(metres, 1).tolist(), strict=True):
            nearest[cell] = min(nearest.get(cell, (np.inf, area)), (apart_m, area))
    return {cell: area for cell, (_, area) in nearest.items()}


def match_control(
    core: Ints, rest: Ints, earlier_per_km2: Floats | None, area_km2: Floats
) -> Control:
    """Find cells where shootings were about as frequent as in an area, in earlier years.

    Never by the counts that chose the area: a cell outside all areas reaches a high count mostly by
    chance, and falls afterwards. Rates of earlier years must be corrected for chance.
    """
    if earlier_per_km2 is None or not len(rest):
        return Control(rest, None)
    own = _mean(earlier_per_km2, area_km2, core)
    if not own:
        return Control(rest, None)
    apart = np.abs(earlier_per_km2[rest] - own)
    order = rest[np.lexsort((rest, apart))]
    enough = CONTROL_LAND * float(area_km2[core].sum())
    n_taken = int(np.searchsorted(np.cumsum(area_km2[order]), enough)) + 1
    taken = np.sort(order[:n_taken])
    return Control(taken, _mean(earlier_per_km2, area_km2, taken) / own)


def _mean(per_km2: Floats, area_km2: Floats, cells: Ints) -> float:
    return float(np.average(per_km2[cells], weights=area_km2[cells]))
