"""One set of cells followed since one start, as most cases need it."""

from typing import Any, NamedTuple

from csa.displacement import verdict
from csa.displacement.courses import AreaCourse, GroundPart


class RestOfCity(NamedTuple):
    """What the rest of the city did: incidents in the months before, and in each month since."""

    before: int
    monthly: Any


def follow(monthly, base, compared, usual, dispersion, z):
    """Follow one set of cells month by month."""
    part = GroundPart(base, compared.before, monthly, compared.monthly)
    return verdict.follow([AreaCourse((part,), usual)], dispersion, z)
