"""Land on which people live, and water on which nobody does."""

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from csa.areas.land import Land


def square(n_across, sizes=None, neighborhood=None):
    """n by n cells of 1 km across, row by row from the south-west; those with a common side touch."""
    n_cells = n_across**2
    xy = np.array([(1000.0 * (k % n_across), 1000.0 * (k // n_across)) for k in range(n_cells)])
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    size = np.ones(n_cells) if sizes is None else np.asarray(sizes, dtype=float)
    number = np.zeros(n_cells) if neighborhood is None else np.asarray(neighborhood)
    return Land(size, xy, csr_array((apart < 1100).astype(float)), number.astype(np.int64))


def places(*cells):
    return np.array(cells, dtype=np.int64)


@st.composite
def lands(draw):
    """Land of up to 36 cells of any size, each of one of five neighborhoods or of none."""
    n_across = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    n_cells = n_across**2
    return square(n_across, rng.uniform(0.01, 1, n_cells), rng.integers(-1, 4, n_cells))


@st.composite
def settled(draw):
    """Land, disjoint areas on it, counts, and a budget: some of the land."""
    land = draw(lands())
    n_cells = len(land.area_km2)
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    owner = rng.integers(0, draw(st.sampled_from([1, 5, 20])), n_cells)
    areas = [np.flatnonzero(owner == k) for k in range(draw(st.integers(0, 4)))]
    areas = [area for area in areas if len(area)]
    counts = rng.poisson(draw(st.sampled_from([0, 0.5, 5])), n_cells)
    budget_km2 = draw(st.floats(0.01, 0.95)) * land.total_km2
    return areas, rng.integers(0, 4, len(areas)).astype(float), counts, land, budget_km2
