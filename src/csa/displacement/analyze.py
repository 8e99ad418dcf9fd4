"""Did it go down here, did it move next door? Areas, rings and the rest of the city, by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import Tell, silent
from csa.base.params import Month, Period
from csa.dataset.chosen import Chosen
from csa.displacement.expectation import Baseline, Dispersion
from csa.displacement.past import (
    NO_FALL,
    PRIOR_CORE,
    PRIOR_RING,
    PastCohort,
    Usual,
    known_at,
    settle_usual,
)
from csa.displacement.verdict import (
    AreaVerdict,
    RestOfCity,
    chances,
    follow,
    judge_place,
    line_of,
)
from csa.displacement.zoning import (
    LEAST_BEFORE,
    FollowedPlaces,
    covered_months,
    measure_history,
    place_areas,
    zone_counts,
)
from csa.geo.ground import refine

DEFAULT_AFTER = 12
"""Months of after where no start is given."""

RECENT_MONTHS = 3
"""Past cohorts only describe areas followed from the month they were chosen: further off, the
chance in the choice has faded, or was never there."""


class UsualBasis(StrEnum):
    """What the usual course of areas rests on."""

    PAST_YEARS = "past years"
    NO_PAST_YEAR = "no past year"
    OTHER_WAY = "another way of choosing"
    OTHER_MONTHS = "not chosen by the months just before"
    NOT_SAID = "not said what chose them"


def basis_of(chosen: Chosen, since: Month, past: Sequence[PastCohort]) -> UsualBasis:
    """Return what the usual course of areas can rest on."""
    if chosen.period is None:
        return UsualBasis.NOT_SAID
    if abs(chosen.period.until.index - since.index) > RECENT_MONTHS:
        return UsualBasis.OTHER_MONTHS
    if not past:
        return UsualBasis.NO_PAST_YEAR
    return UsualBasis.OTHER_WAY if chosen.is_suggested is False else UsualBasis.PAST_YEARS


@dataclass(frozen=True)
class Displacement:
    """What areas and their surroundings did since a start.

    Fields: `chosen`, `since`, `until`, `places`, `dispersion`, `basis`, `past`, `usual_core`,
    `usual_ring`, `pooled`, `single`, `knew_after`.
    """

    chosen: Chosen  # the areas
    since: Month  # the first month of after
    until: Month  # the first month that is not over or not covered
    places: FollowedPlaces  # areas, rings and the rest, with what was expected of them
    dispersion: Dispersion  # how much more counts vary than by chance alone
    basis: UsualBasis  # what the usual course rests on
    past: tuple[PastCohort, ...]  # past years that were known at the start and describe such areas
    usual_core: Usual  # the usual change of areas
    usual_ring: Usual  # the usual change of their rings
    pooled: AreaVerdict  # all areas together
    single: tuple[AreaVerdict, ...]  # each area
    knew_after: bool | None  # whether months since the start helped to choose the areas


def settle_since(located: StudyArea, since: Month | None) -> tuple[Month, Month]:
    """Return the first month of after, and the first that is not over."""
    covered = covered_months(located)
    start = since or covered.until.plus(-DEFAULT_AFTER)
    if start >= covered.until:
        raise PeriodError("displacement.after", since=start, last=covered.until.plus(-1))
    return start, covered.until


def analyze_displacement(
    located: StudyArea,
    chosen: Chosen,
    since: Month | None = None,
    past: Sequence[PastCohort] = (),
    tell: Tell = silent,
) -> Displacement:
    """Analyze what areas and the cells around them did since a start.

    Each month's running count is compared with what would have come anyway: the area's own
    expected number, as the rest of the city went. A change is claimed only beyond a boundary that
    chance seldom crosses in any month.

    Parameters
    ----------
    located
        The city's incidents, on cells of the areas' finest resolution.
    chosen
        The areas.
    since
        The first month of after; None for a year before the end.
    past
        What areas chosen by the months just before a day did in past years; those not known at
        the start count for nothing, and all where these areas were not chosen like that.
    tell
        Called with the name of each step as it begins.

    Returns
    -------
    Displacement
        `pooled`, all areas together, and `single`, each area: counts, expected numbers and one
        verdict a month.

    Raises
    ------
    ParamError
        If there is no area, one has most of its cells outside the study area, or two share one.
    PeriodError
        If less than a year lies before the start, or no whole month after it.

    References
    ----------
    Armitage, McPherson & Rowe (1969), Journal of the Royal Statistical Society A 132,
    pp. 235-244. Pocock (1977), Biometrika 64, pp. 191-199: on looking again each month.

    Examples
    --------
    >>> before = csa.Choices(until=csa.Month(2019, 9))
    >>> chosen = csa.choose_areas(csa.propose_areas(city, before), ["B"])
    >>> study_area = csa.locate_incidents(city)
    >>> displacement = csa.analyze_displacement(study_area, chosen, csa.Month(2019, 9))
    >>> str(displacement.since), len(displacement.pooled.verdicts)
    ('2019-09', 11)
    >>> displacement.pooled.verdicts[-1] in set(csa.Verdict)
    True
    """
    located = located.on_ground_of(chosen.cells)
    _refuse_outside(located, chosen)
    since, until = settle_since(located, since)
    tell("expected")
    places = place_areas(located, chosen.cells, since)
    tell("history")
    dispersion = measure_history(located, since)
    months = until.index - since.index
    known = known_at(past, since, LEAST_BEFORE)
    basis = basis_of(chosen, since, known)
    known = known if basis is UsualBasis.PAST_YEARS else ()
    prior = NO_FALL if basis in {UsualBasis.OTHER_MONTHS, UsualBasis.NOT_SAID} else PRIOR_CORE
    usual_core = settle_usual([p.core for p in known], months, prior, dispersion.value)
    usual_ring = settle_usual([p.ring for p in known], months, PRIOR_RING, dispersion.value)
    knew_after = _knew_after(chosen, since)
    judge = _Judge(dispersion.value, usual_core, usual_ring, knew_after)
    tell("verdicts")
    core, ring, rest = zone_counts(located, places.zones, Period(since, until))
    compared = RestOfCity(places.rest_before, rest)
    pooled, single = judge.all(places, core, ring, compared)
    return Displacement(
        chosen,
        since,
        until,
        places,
        dispersion,
        basis,
        known,
        usual_core,
        usual_ring,
        pooled,
        single,
        knew_after,
    )


def _refuse_outside(located: StudyArea, chosen: Chosen) -> None:
    if not chosen.cells:
        raise ParamError("displacement.no_areas")
    for area_id, cells in zip(chosen.area_ids, chosen.cells, strict=True):
        n_inside, n_cells = len(located.place(cells)), len(refine(cells, located.resolution))
        if not n_inside:
            raise ParamError("displacement.outside", area_id=area_id)
        if 2 * n_inside < n_cells:
            raise ParamError(
                "displacement.mostly_outside",
                area_id=area_id,
                n=n_cells - n_inside,
                cells=n_cells,
            )


def _knew_after(chosen: Chosen, since: Month) -> bool | None:
    """Check whether months since the start chose areas; None where an area's months are unknown."""
    if chosen.period is not None and chosen.period.until > since:
        return True
    return None if chosen.period is None or chosen.n_undated else False


@dataclass(frozen=True)
class _Judge:
    """Shared inputs of all verdicts for one city."""

    dispersion: float
    usual_core: Usual
    usual_ring: Usual
    knew_after: bool | None

    def all(
        self, places: FollowedPlaces, core: Ints, ring: Ints, compared: RestOfCity
    ) -> tuple[AreaVerdict, tuple[AreaVerdict, ...]]:
        """Reach a verdict on all areas together, then on each; a single area is both."""
        n_areas = len(core)
        together, alone = chances(n_areas)
        rings = [base for base in places.rings if base is not None]
        ring_base = Baseline.total(rings) if rings else None
        pooled = self.one(
            (core.sum(axis=0), Baseline.total(places.cores)),
            (ring.sum(axis=0), ring_base),
            compared,
            together,
        )
        if n_areas == 1:
            return pooled, (pooled,)
        cores = zip(core, places.cores, strict=True)
        around = zip(ring, places.rings, strict=True)
        single = [self.one(a, b, compared, alone) for a, b in zip(cores, around, strict=True)]
        return pooled, tuple(single)

    def one(
        self,
        core: tuple[Ints, Baseline],
        ring: tuple[Ints, Baseline | None],
        compared: RestOfCity,
        chance: float,
    ) -> AreaVerdict:
        z: Floats = line_of(chance, len(compared.monthly))
        here = follow(*core, compared, self.usual_core, self.dispersion, z)
        monthly, base = ring
        there = (
            None
            if base is None
            else follow(monthly, base, compared, self.usual_ring, self.dispersion, z)
        )
        # Unless known otherwise, months since the start may have helped to choose the areas.
        believed = frozenset({-1, 1}) if self.knew_after is False else frozenset({-1})
        return judge_place(here, there, float(z[-1]), believed)
