"""Cells around a middle, numbered, and who touches whom."""

import math

import h3.api.basic_int as h3
import numpy as np
from scipy.spatial.distance import cdist

LON, LAT = -94.578, 39.1  # Kansas City
MIDDLE = h3.latlng_to_cell(LAT, LON, 9)
UNIVERSE = sorted(h3.grid_disk(MIDDLE, 10))
NUMBER = {cell: number for number, cell in enumerate(UNIVERSE)}


def ring(cell, steps):
    return set(h3.grid_ring(cell, steps))


def far_cell(steps):
    """Return a cell so many steps to one side of the middle."""
    return min(ring(MIDDLE, steps))


def slow_neighbors():
    """Tell neighbors by the distance between centers, not by asking h3."""
    xy = np.array([h3.cell_to_latlng(cell)[::-1] for cell in UNIVERSE])
    xy *= [math.cos(math.radians(LAT)), 1.0]
    apart = cdist(xy, xy)
    apart[apart == 0] = np.inf
    return apart < 1.4 * np.median(apart.min(axis=0))


NEIGHBORS = slow_neighbors()
