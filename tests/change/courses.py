"""Cells followed since one start, as most cases need them."""

from typing import Any, NamedTuple

import numpy as np

from csa.change import verdict
from csa.change.area_series import AreaSeries, SeriesPart
from csa.change.expectation import Expectation
from csa.change.past import PastChange
from csa.change.verdict import Band, CumulativeCounts, Farther, classify_change
from csa.city.preregistration import BAND_Z, NET_Z

BOTH = frozenset({-1, 1})


class RestOfCity(NamedTuple):
    """What the rest of the city did: incidents in the months before, and in each month since."""

    before: int
    monthly: Any


def as_usual(n_months, ratio=1.0, error=0.0):
    return PastChange(np.full(n_months, ratio), np.full(n_months, error))


def course_of(monthly, base, compared, usual):
    """Make the course of one set of cells."""
    part = SeriesPart(base, compared.before, np.array(monthly), np.array(compared.monthly))
    return AreaSeries((part,), usual)


def follow(monthly, base, compared, usual, dispersion, z):
    """Follow one set of cells month by month."""
    return verdict.accumulate([course_of(monthly, base, compared, usual)], dispersion, z)


def track_of(monthly, expected, *, error=0.0, dispersion=1.0, line=2.7, is_told=True):
    """Make a track from what came each month and what was expected, each month or in all alike."""
    n = len(monthly)
    mean = np.cumsum(np.broadcast_to(np.asarray(expected, dtype=np.float64), n))
    law = Expectation(mean, np.full(n, error), dispersion)
    told = np.broadcast_to(np.asarray(is_told, dtype=bool), n)
    line = np.broadcast_to(np.asarray(line, dtype=np.float64), n)
    return CumulativeCounts(np.cumsum(np.array(monthly, dtype=np.int64)), law, line, told)


def together(core, ring, error=0.0):
    """Take core and ring as one set of cells."""
    mean = core.expectation.mean + ring.expectation.mean
    law = Expectation(mean, np.full(len(mean), error), core.expectation.dispersion)
    return CumulativeCounts(
        core.counted + ring.counted, law, np.full(len(mean), NET_Z), core.has_enough
    )


def judge(core, ring=None, believed=BOTH, net_error=0.0):
    """Judge an area by its track and its ring's."""
    net = None if ring is None else together(core, ring, net_error)
    return classify_change(core, ring, net, believed)


def far_of(ring, *bands, core=600, wide_error=0.03, errors=(0.03, 0.03)):
    """A year of 1,000 expected in each zone; so many were counted in the ring and in each band."""
    here, near, *farther = (
        track_of([n // 12] * 12, 1000 / 12, error=error, line=BAND_Z)
        for n, error in zip((core, ring, *bands), (0.03, 0.03, *errors), strict=True)
    )
    tracks = tuple(Band(one, here, together(here, one, 0.03)) for one in farther)
    wide = together(together(here, near), farther[0], wide_error)
    net = together(here, near, 0.03)
    return classify_change(here, near, net, BOTH, Farther(tracks, wide, BAND_Z))
