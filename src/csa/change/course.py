"""Before and after: plain counts of areas and of the rest of the city, on the ground of today."""

from __future__ import annotations

from dataclasses import dataclass

from csa.areas.study_area import StudyArea
from csa.base.params import Period
from csa.change.analyze import Displacement
from csa.change.expectation import Baseline
from csa.change.past import BEFORE_MONTHS
from csa.change.zoning import zone_counts


@dataclass(frozen=True)
class Course:
    """Incidents of all areas together and of the rest of the city, before a start and since."""

    before: Period  # months compared, before
    after: Period  # months compared, after
    core: tuple[int, int]  # incidents of the areas before and after
    rest_before: int  # incidents of the rest of the city before, and in each month after
    rest_monthly: tuple[int, ...]
    expected: float  # incidents expected after, if only what changes everywhere changed


def before_months(located: StudyArea, displaced: Displacement) -> Period:
    """Return the months of before that after is compared with."""
    first = located.dataset.require_months().start.index
    n_months = min(BEFORE_MONTHS, displaced.since_all.index - first)
    return Period.before(displaced.since_all, n_months)


def count_course(located: StudyArea, displaced: Displacement) -> Course:
    """Count areas and the rest of the city before and since all areas are followed."""
    before = before_months(located, displaced)
    after, places = Period(displaced.since_all, displaced.until), displaced.places
    (core, _, rest), (core_after, _, rest_after) = (
        zone_counts(located, places.zones, period) for period in (before, after)
    )
    grown = int(rest_after.sum()) / max(places.rest_before, 1)
    base = Baseline.total(places.cores).mean
    return Course(
        before,
        after,
        (int(core.sum()), int(core_after.sum())),
        int(rest.sum()),
        tuple(rest_after.tolist()),
        float(displaced.usual_core.ratio[-1]) * base * grown,
    )
