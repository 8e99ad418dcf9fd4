"""What assessments are asked of, and Gi* by its definition."""

from functools import cache

import h3
from scipy.stats import binom

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.priority.assessment import assess_areas
from csa.base.params import Month
from csa.base.schema import KINDS
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import find_inputs


def slow_hot_cells(counts, shares):
    """Exact binomial tails of a cell and its neighbors, then the largest rank that passes."""
    n, p = int(sum(counts.values())), {}
    for cell in shares:
        near = [other for other in h3.grid_disk(cell, 1) if other in shares]
        share = min(1.0, sum(shares[other] for other in near))
        p[cell] = binom.sf(sum(counts.get(other, 0) for other in near) - 1, n, share)
    ordered = sorted(p.values())
    passing = [value for rank, value in enumerate(ordered, 1) if value <= 0.05 * rank / len(p)]
    return {cell for cell, value in p.items() if value <= max(passing, default=-1)}


UNTIL = Month(2020, 9)
LARGE = {"resolution": 9}
"""Of larger cells a city is assessed in less time, where a test does so several times."""

PLAIN = {"resolution": 9, "max_area_km2": 0.0}
"""By DBSCAN alone: so the point that may stand for unknown places makes an area of its own."""


@cache
def sample_dataset(root):
    config = load_city(root / "config" / "sample.toml")
    return ingest_city(config, find_inputs(config, root / "data" / "sample", ())).dataset, config


@cache
def sample_city(root, resolution=10):
    """The made-up city: its dataset, its file and its cells, read once."""
    dataset, config = sample_dataset(root)
    return dataset, config, study_cells(dataset, resolution)


def asked_of_sample(root, months=36, until=UNTIL, kinds=KINDS, resolution=10, max_area_km2=2.0):
    return _asked(root, AreaSettings(until, months, None, None, max_area_km2, resolution, kinds))


@cache
def _asked(root, choices):
    dataset, config, cover = sample_city(root, choices.resolution)
    city = City(config, dataset)
    located = locate_incidents(city, choices, cover)
    proposal = propose_areas(city, choices, located=located)
    return proposal, assess_areas(city, proposal, located=located)
