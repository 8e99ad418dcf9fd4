"""Did it go down here, did it move next door? Areas, rings and the rest of the city, by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month, Period
from csa.change.area_series import AreaSeries
from csa.change.expectation import (
    AlarmChances,
    Dispersion,
    alarm_chance,
    chance_by,
    chances,
    line_of,
)
from csa.change.past import (
    BAND,
    CORE,
    NET,
    NOT_CHOSEN,
    RING,
    PastChange,
    PastChangePrior,
    PastCohort,
    PastYear,
    estimate_past_change,
    join_years,
    past_as_of,
)
from csa.change.verdict import (
    AreaResult,
    Band,
    Farther,
    accumulate,
    classify_change,
    follow_net,
)
from csa.change.zoning import (
    LEAST_BEFORE,
    FollowedPlaces,
    VersionedZones,
    measure_history,
    place_areas,
    ring_width_m,
)
from csa.city.preregistration import BAND_EDGES_M, BAND_Z, EVIDENCE_CHANCE, NET_Z, RING_M, SINGLE_Z
from csa.city.selection import AreaSelection, AreaVersion, refined
from csa.geo.cells import refine

DEFAULT_AFTER = 12
"""Months of after where no start is given."""

N_BANDS = len(BAND_EDGES_M) - 1
"""Bands farther out than the ring."""

RECENT_MONTHS = 3
"""Past cohorts only describe areas followed from the month they were chosen: further off, the
chance in the choice has faded, or was never there."""


class PastChangeBasis(StrEnum):
    """What the usual course of areas rests on."""

    PAST_YEARS = "past years"
    NO_PAST_YEAR = "no past year"
    OTHER_WAY = "another way of choosing"
    OTHER_MONTHS = "not chosen by the months just before"
    NOT_SAID = "not said what chose them"
    DRAWN = "drawn without regard to shootings"


def past_change_basis(
    chosen: AreaSelection, since: Month, past: Sequence[PastCohort]
) -> PastChangeBasis:
    """Return what the usual course of areas can rest on."""
    if chosen.is_drawn:
        return PastChangeBasis.DRAWN
    if chosen.period is None:
        return PastChangeBasis.NOT_SAID
    if abs(chosen.period.until.index - since.index) > RECENT_MONTHS:
        return PastChangeBasis.OTHER_MONTHS
    if not past:
        return PastChangeBasis.NO_PAST_YEAR
    return PastChangeBasis.OTHER_WAY if chosen.is_suggested is False else PastChangeBasis.PAST_YEARS


@dataclass(frozen=True)
class Displacement:
    """What areas and their surroundings did since their starts.

    Fields: `chosen`, `starts`, `until`, `places`, `dispersion`, `basis`, `past`, `usual_core`,
    `usual_ring`, `pooled`, `by_area`, `is_selected_on_outcome`.
    """

    chosen: AreaSelection  # the areas
    starts: tuple[Month, ...]  # of each area, the first month of after
    until: Month  # the first month that is not over or not covered
    places: FollowedPlaces  # areas, rings and the rest, with what was expected before `since_all`
    dispersion: Dispersion  # how much more counts vary than by chance alone
    basis: PastChangeBasis  # what the usual course rests on, of the areas begun last
    past: tuple[PastCohort, ...]  # past years that were known then and describe such areas
    usual_core: PastChange  # the usual change of areas, since `since_all`
    usual_ring: PastChange  # the usual change of their rings
    pooled: AreaResult  # all ground ever designated, or all areas, since the first start
    by_area: tuple[AreaResult, ...]  # each area, since its own start
    is_selected_on_outcome: bool | None  # whether months since a start helped to choose the areas

    @property
    def since(self) -> Month:
        """The first month of after; of the ground that was first, where starts differ."""
        return self.until.plus(-len(self.pooled.verdicts))

    @property
    def since_all(self) -> Month:
        """The first month in which all areas are followed."""
        return max(self.starts)

    @property
    def is_staggered(self) -> bool:
        """Whether areas began in different months."""
        return self.since != self.since_all

    @property
    def alarm_chance(self) -> float:
        """How often an unchanged city raises any alarm by the end of the year that has begun."""
        months = self.until.index - self.since.index
        if not self.is_staggered:
            return alarm_chance(len(self.by_area), months)
        alone = sum(
            chance_by(self._alone(since), self.until.index - since.index) for since in self.starts
        )
        return chance_by(chances(len(self.by_area))[0], months) + alone + EVIDENCE_CHANCE

    def _alone(self, since: Month) -> AlarmChances:
        return chances(sum(start <= since for start in self.starts))[1]


def resolve_start(located: StudyArea, since: Month | None) -> tuple[Month, Month]:
    """Return the first month of after, and the first that is not over."""
    covered = located.dataset.require_months()
    start = since or covered.until.plus(-DEFAULT_AFTER)
    if start >= covered.until:
        raise PeriodError("displacement.after", since=start, last=covered.until.plus(-1))
    return start, covered.until


def analyze_displacement(
    located: StudyArea,
    chosen: AreaSelection,
    since: Month | None = None,
    past: Sequence[PastCohort] = (),
    progress: ProgressCallback = no_progress,
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
        The first month of after. None: areas in service are followed since each one's own day,
        others since a year before the end.
    past
        What areas chosen by the months just before a day did in past years; those not known at
        the start count for nothing, and all where these areas were not chosen like that.
    progress
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
    >>> before = csa.AreaSettings(until=csa.Month(2019, 9))
    >>> chosen = csa.choose_areas(csa.propose_areas(city, before), ["c-2"])
    >>> study_area = csa.locate_incidents(city)
    >>> displacement = csa.analyze_displacement(study_area, chosen, csa.Month(2019, 9))
    >>> str(displacement.since), len(displacement.pooled.verdicts)
    ('2019-09', 11)
    >>> displacement.pooled.verdicts[-1] in set(csa.Verdict)
    True
    """
    lives = chosen.versions if since is None else ()
    located = located.on_ground_of(chosen.all_cells if lives else chosen.cells)
    _refuse_outside(located, chosen)
    if lives:
        since = max(life[0].since for life in lives)
    since, until = resolve_start(located, since)
    if lives:  # all have begun; what they are redrawn to later counts later
        chosen = chosen.started_before(until) or chosen
        lives = chosen.versions
    progress("expected")
    is_fixed = not lives
    lives = lives or tuple((AreaVersion(cells, since),) for cells in chosen.cells)
    ground = VersionedZones(located, lives, until)
    places = place_areas(located, chosen.cells, since, ground.estimator(since))
    progress("history")
    judges = _judges(ground, chosen, chosen.periods, past)
    progress("verdicts")
    cores, single = _judge_each(ground, judges, chosen)
    designated = tuple(one.versions for one in chosen.designated)
    if is_fixed or designated == refined(lives, chosen.resolution):
        designated = lives
    if designated == lives:
        pooled = _judge_together(ground, judges, cores)
        single = single if len(lives) > 1 else (pooled,)
    else:  # some was redrawn or retired: for all together it counts on
        whole = replace(ground, lives=designated)
        periods = [one.period for one in chosen.designated]
        all_judges = _judges(whole, chosen, periods, past)
        all_cores, _ = _judge_each(whole, all_judges, chosen)
        pooled = _judge_together(whole, all_judges, all_cores)
    last = judges[ground.starts.index(since)]
    return Displacement(
        chosen,
        ground.starts,
        until,
        places,
        max((judge.dispersion for judge in judges), key=lambda one: one.value),
        last.basis,
        last.known,
        last.usual_core,
        last.usual_ring,
        pooled,
        single,
        _any([judge.knew_after for judge in judges]),
    )


def _refuse_outside(located: StudyArea, chosen: AreaSelection) -> None:
    if not chosen.cells:
        raise ParamError("displacement.no_areas")
    lives = zip(chosen.area_ids, chosen.versions, strict=False)
    versions = [(area_id, one.cells) for area_id, life in lives for one in life]
    for area_id, cells in versions or zip(chosen.area_ids, chosen.cells, strict=True):
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


def _any(known: Sequence[bool | None]) -> bool | None:
    """Check whether any is true; None where none is, and one is unknown."""
    return True if True in known else (None if None in known else False)


@dataclass(frozen=True)
class _UsualBand:
    """The usual change of a core and of a band farther out, both compared with all else."""

    core: PastChange
    band: PastChange
    net: PastChange


@dataclass(frozen=True)
class _Judge:
    """What an area's verdicts rest on: known at its start."""

    dispersion: Dispersion
    basis: PastChangeBasis
    known: tuple[PastCohort, ...]
    usual_core: PastChange
    usual_ring: PastChange
    usual_net: PastChange
    usual_farther: tuple[_UsualBand, ...]
    usual_wide: PastChange
    knew_after: bool | None

    @property
    def believed(self) -> frozenset[int]:
        """The signs that are believed."""
        # Unless known otherwise, months since the start may have helped to choose the areas.
        return frozenset({-1, 1}) if self.knew_after is False else frozenset({-1})


def _judges(
    ground: VersionedZones,
    chosen: AreaSelection,
    periods: Sequence[Period | None],
    past: Sequence[PastCohort],
) -> list[_Judge]:
    """Find for each area what its verdicts rest on; areas that began alike have the same."""
    known: dict[tuple[Month, Period | None, bool], _Judge] = {}
    periods = periods or (chosen.period,) * len(ground.lives)
    alike = [
        (life[0].since, period, len(life) > 1)
        for life, period in zip(ground.lives, periods, strict=True)
    ]
    for since, period, is_redrawn in alike:
        if (since, period, is_redrawn) not in known:
            own = replace(chosen, period=period)
            known[since, period, is_redrawn] = _judge(
                ground, own, past, since, is_redrawn=is_redrawn
            )
    return [known[one] for one in alike]


def _judge(
    ground: VersionedZones,
    own: AreaSelection,
    past: Sequence[PastCohort],
    since: Month,
    *,
    is_redrawn: bool,
) -> _Judge:
    dispersion = measure_history(ground.located, since)
    known = past_as_of(past, since, LEAST_BEFORE)
    basis = past_change_basis(own, since, known)
    known = known if basis is PastChangeBasis.PAST_YEARS else ()
    not_chosen = PastChangeBasis.OTHER_MONTHS, PastChangeBasis.NOT_SAID, PastChangeBasis.DRAWN
    prior = NOT_CHOSEN if basis in not_chosen else CORE
    months = ground.until.index - since.index

    def usual(past: Sequence[PastYear], prior: PastChangePrior) -> PastChange:
        return estimate_past_change(past, months, prior, dispersion.value)

    far = [p for p in known if p.bands]
    bands = tuple(
        _UsualBand(
            usual([p.core_with(band) for p in far], prior),
            usual([p.bands[band] for p in far], BAND),
            usual([join_years(p.core_with(band), p.bands[band]) for p in far], NET),
        )
        for band in range(N_BANDS)
    )
    return _Judge(
        dispersion,
        basis,
        known,
        usual([p.core for p in known], prior),
        usual([p.ring for p in known], RING),
        usual([join_years(p.core, p.ring) for p in known], NET),
        bands,
        usual([p.within for p in far], NET),
        True if is_redrawn else _knew_after(own, since),
    )


def _knew_after(chosen: AreaSelection, since: Month) -> bool | None:
    """Check whether months since the start chose areas; None where an area's months are unknown."""
    if chosen.is_exploratory or chosen.is_drawn:
        return None if chosen.is_exploratory else False
    if chosen.period is not None and chosen.period.until > since:
        return True
    return None if chosen.period is None or chosen.n_undated else False


def _evidence(chosen: AreaSelection, ground: VersionedZones, area: int) -> Floats:
    """Return what an area's e-value must reach each month: (n,).

    The number of areas that were followed by then, retired ones too, over the chance allowed. The
    only one has all the chance of the line, and no e-value.
    """
    first = [start.index for start in ground.starts]
    if chosen.versions and chosen.services:  # each letter once, by its first service
        served = [(one.area_id, one.versions[0].since.index) for one in chosen.services]
        first = [*dict(sorted(served, key=lambda one: -one[1])).values()]
    months = np.arange(ground.starts[area].index, ground.until.index)
    begun = np.array(first)[:, None] <= months
    n_areas = begun.sum(axis=0)
    return np.where(n_areas > 1, n_areas / EVIDENCE_CHANCE, np.inf)


def _judge_each(
    ground: VersionedZones, judges: Sequence[_Judge], chosen: AreaSelection
) -> tuple[list[AreaSeries], tuple[AreaResult, ...]]:
    """Reach a verdict on each area; return its own course with it."""
    cores, single = [], []
    for area, judge in enumerate(judges):
        core, ring = ground.alone(area)
        here = AreaSeries(tuple(core), judge.usual_core)
        there = [AreaSeries(tuple(ring), judge.usual_ring)] if ring else []
        _, alone = chances(len(ground.known_with(area)))
        net = [judge.usual_net] * (1 + len(there))
        evidence = _evidence(chosen, ground, area)
        was_alone = len(ground.known_with(area)) == 1  # as all areas together were judged then
        farther = Farther(look_z=BAND_Z) if was_alone else None
        single.append(
            _verdict([here], there, net, alone, judge.dispersion, judge.believed, evidence, farther)
        )
        cores.append(here)
    return cores, tuple(single)


def _judge_together(
    ground: VersionedZones, judges: Sequence[_Judge], cores: Sequence[AreaSeries]
) -> AreaResult:
    """Reach a verdict on all areas together, each counted from its own start."""
    rings = [
        (area, AreaSeries(tuple(parts), judges[area].usual_ring))
        for area in range(len(judges))
        if (parts := ground.together(area))
    ]
    together, _ = chances(len(judges))
    late = [start.index - min(ground.starts).index for start in ground.starts]
    nets = [judge.usual_net.later(n) for judge, n in zip(judges, late, strict=True)]
    dispersion = max((judge.dispersion for judge in judges), key=lambda one: one.value)
    return _verdict(
        [core.later(n_months) for core, n_months in zip(cores, late, strict=True)],
        [ring.later(late[area]) for area, ring in rings],
        [*nets, *(nets[area] for area, _ in rings)],
        together,
        dispersion,
        frozenset.intersection(*(judge.believed for judge in judges)),
        farther=_follow_farther(ground, judges, late, dispersion.value),
    )


def _follow_farther(
    ground: VersionedZones, judges: Sequence[_Judge], late: Sequence[int], dispersion: float
) -> Farther:
    """Follow what came in each band farther out; nothing where cells are coarser than a ring."""
    if ring_width_m(ground.located.grid) > RING_M:
        return Farther(look_z=BAND_Z)
    each = [(area, judges[area], late[area]) for area in range(len(judges))]
    bands = []
    for number in range(N_BANDS):
        cores, parts, nets = list[AreaSeries](), list[AreaSeries](), list[PastChange]()
        for area, judge, n in each:
            core, band = ground.farther(area, number)
            usual = judge.usual_farther[number]
            cores.append(AreaSeries(tuple(core), usual.core).later(n))
            parts += [AreaSeries(tuple(band), usual.band).later(n)] if band else []
            nets.insert(len(cores) - 1, usual.net.later(n))
            nets += [usual.net.later(n)] if band else []
        bands.append(follow_band(cores, parts, nets, dispersion))
    wide = [
        AreaSeries((part,), judge.usual_wide).later(n)
        for area, judge, n in each
        for part in ground.within(area)
    ]
    return Farther(tuple(bands), accumulate(wide, dispersion, NET_Z), BAND_Z)


def follow_band(
    cores: Sequence[AreaSeries],
    bands: Sequence[AreaSeries],
    usual: Sequence[PastChange],
    dispersion: float,
) -> Band:
    """Follow a band and the areas, compared with the same; `usual` is of each core, then band."""
    core = accumulate(cores, dispersion, BAND_Z)
    if not bands:  # nothing lies so far out
        nothing = replace(core, counted=0 * core.counted, has_enough=core.has_enough & False)
        return Band(nothing, core, nothing)
    counts = accumulate(bands, dispersion, BAND_Z).without_early()
    # In a small city nearly all lies in one band: too little is left to compare it with.
    is_less = sum(part.base.mean for one in bands for part in one.parts) <= bands[0].before
    counts = replace(counts, has_enough=counts.has_enough & counts.is_enough & is_less)
    return Band(counts, core, follow_net(cores, bands, usual, dispersion))


def _verdict(  # noqa: PLR0913 - courses, and what they are judged by
    cores: Sequence[AreaSeries],
    rings: Sequence[AreaSeries],
    nets: Sequence[PastChange],
    allowed: AlarmChances,
    dispersion: Dispersion,
    believed: frozenset[int],
    evidence: Floats | None = None,
    farther: Farther | None = None,
) -> AreaResult:
    n_months, line = len(cores[0].counted), line_of(allowed.core, len(cores[0].counted))
    here = accumulate(cores, dispersion.value, line, evidence).without_early()
    if not rings:
        return classify_change(here, None, None, believed).withheld_early()
    there = accumulate(rings, dispersion.value, line_of(allowed.ring, n_months)).without_early()
    both = follow_net(cores, rings, nets, dispersion.value, SINGLE_Z if farther is None else NET_Z)
    return classify_change(here, there, both, believed, farther).withheld_early()
