"""What is counted and expected on areas' own ground: one answer for every page, file and report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from csa.areas.backtest.record import BacktestRecord
from csa.areas.finding import estimate_areas
from csa.areas.forming import NOISE
from csa.areas.places import called
from csa.areas.priority.forecast import LOOK_BACK, YEAR, YearAhead
from csa.areas.proposal import AreaIncidents, Proposal
from csa.areas.proposal_tables import count_incidents, round_expected
from csa.areas.sheets import expected_range
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import StudyArea
from csa.base.arrays import Ints
from csa.base.params import Month, Period
from csa.city.dataset import City
from csa.geo.cells import CellSet, cell_resolution, outline
from csa.geo.neighborhoods import estimate_populations


@dataclass(frozen=True)
class AreaCounts:
    """What is counted on an area's own cells in a period, and to be expected there.

    The names are those of a proposal's columns, which say what each is.
    """

    area_id: str  # its letter, or a candidate's id
    place_name: str
    cells: CellSet  # its own, whatever outline a proposal finds there now
    period: Period  # the months asked for
    months_covered: int  # how many of them the data cover
    year: Period  # the last 12 of those
    incidents: int  # in the period, as all below but where another time is named
    homicides: int
    victims: int | None
    domestic: int | None
    suspect: int
    neighborhoods: Mapping[str, float]
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    area_km2: float
    population: float | None  # not rounded
    population_year: int | None
    months_active: int
    recent_12: int | None  # in `year`; None where the data do not cover it
    earlier_yearly: float | None  # a year in the 24 months before that; None where not covered
    next12: tuple[float, int, int] | None  # expected in the 12 months after, low and high
    rows: Ints = field(compare=False, repr=False)  # the places of its incidents in the dataset's

    @property
    def display_name(self) -> str:
        """What readers call it."""
        return called(self.place_name, self.area_id)

    @property
    def usual(self) -> tuple[int, int] | None:
        """The likely true level, in whole incidents; None where counts differ by chance alone."""
        return expected_range(self.expected_low, self.expected_high)

    @property
    def is_doubtful(self) -> bool:
        """Whether a third or more of its incidents are at points that may stand for others."""
        return bool(self.incidents) and Proposal.is_doubtful(self.suspect, self.incidents)


def count_areas(
    city: City,
    areas: Sequence[tuple[str, str, CellSet]],
    proposal: Proposal,
    locate: Callable[[int], StudyArea],
    record: BacktestRecord | None = None,
) -> dict[str, AreaCounts]:
    """Count areas on their own ground, in the months and kinds of a proposal.

    Parameters
    ----------
    city
        A city's file, its incidents and its places.
    areas
        Id, name and cells of each, its cells of one resolution.
    proposal
        Its months are counted, and its candidates lead to what is expected of the year after.
    locate
        Puts the incidents of the proposal's kinds on cells of a resolution.
    record
        What past years show, for the year after.

    Returns
    -------
    dict
        What is counted of each area, by id.
    """
    params, report = proposal.summary["params"], city.dataset.report
    period = Period(Month.parse(params["start"]), Month.parse(params["until"]))
    until = Month.parse(params["covered_through"][:7]).plus(1)
    year, earlier = Period.before(until, YEAR), Period.before(until.plus(-YEAR), LOOK_BACK)
    first = Month.parse(report["data_from"][:7])
    ahead = YearAhead.of(proposal, locate(int(params["resolution"])), record)
    shapes = [outline(cells) for _, _, cells in areas]
    people = estimate_populations(shapes, city.dataset.neighborhoods)
    found = {}
    for (area_id, name, cells), n_people in zip(areas, people, strict=True):
        located = locate(cell_resolution(min(cells)))
        on_land, window = located.grid.on_land(cells), located.window(period)
        is_in = np.isin(located.positions, located.grid.at(on_land))
        told = AreaIncidents.of(window, np.where(is_in[period.contains(located.month)], 0, NOISE))
        # Ground outside the study area has no incident, and none is expected there.
        (estimate,) = (
            estimate_areas(located, period, [on_land]) if on_land else (Estimate.sure(0.0),)
        )
        expected = round_expected(estimate)
        mean = math.nan if expected["expected"] is None else expected["expected"]
        ((middle, low, high),) = ahead.predict(located, [on_land], [mean]).tolist()
        month = located.month[is_in]
        found[area_id] = AreaCounts(
            area_id,
            name,
            cells,
            period,
            int(params["months_covered"]),
            year,
            **count_incidents(told, np.arange(len(told.area))),
            **expected,
            area_km2=located.grid.size_km2(on_land),
            population=n_people,
            population_year=None if n_people is None else report["population_year"],
            months_active=len(np.unique(told.month)),
            recent_12=int(year.contains(month).sum()) if first <= year.start else None,
            earlier_yearly=int(earlier.contains(month).sum()) / (LOOK_BACK // YEAR)
            if first <= earlier.start
            else None,
            next12=None if math.isnan(middle) else (middle, int(low), int(high)),
            rows=located.rows[is_in & period.contains(located.month)],
        )
    return found
