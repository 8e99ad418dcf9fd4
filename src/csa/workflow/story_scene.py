"""What the made-up program saw as it went on: its candidates, its draw, its counts, its reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import shapely

from csa.areas.choices import city_choices
from csa.base.errors import ParamError
from csa.base.params import Month
from csa.dataset.versioned import City, through_month
from csa.decisions.registry import core_areas
from csa.decisions.store import Store
from csa.decisions.store.records import Records, read_records
from csa.displacement.follow import FollowSource
from csa.ingest.designation import Candidate
from csa.plan import Plan
from csa.plan.measures import Quarter, Value, checked
from csa.priority.draw_files import ClosedDraw, Starts, close_list, draw_closed, list_entrants
from csa.priority.draw_record import draw_record
from csa.priority.proposal_files import AssessedProposal, find
from csa.reports.briefing.counted import COUNTED, count_quarter
from csa.reports.briefing.serving import candidate_of
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import Beside, gather_month
from csa.reports.month.standing import read_month
from csa.synthetic.ground import place
from csa.synthetic.planted import FEATURES
from csa.synthetic.story import DRAW, QUARTERS, MeasureTale


@dataclass(frozen=True)
class StoryScene:
    """The city in which the story plays, the store that it fills, and what was found on the way."""

    city: City
    plan: Plan
    store: Store
    layers: Mapping[str, str] = field(default_factory=dict)  # background of the reports' maps
    letters: dict[str, str] = field(default_factory=dict)  # planted place to its area's letter
    proposals: dict[str, AssessedProposal] = field(default_factory=dict)  # by first month not known
    reports: dict[str, Facts] = field(default_factory=dict)  # by month reported

    def known(self, until: str) -> AssessedProposal:
        """Return the candidates that were found before a month, from what was known then."""
        if until not in self.proposals:
            month = Month.parse(until)
            dataset = through_month(self.city.dataset, month.plus(-1))
            choices = replace(city_choices(self.city.config), until=month)
            self.proposals[until] = find(replace(self.city, dataset=dataset), choices, None)
        return self.proposals[until]

    @cached_property
    def closed(self) -> ClosedDraw:
        """The closed list of the areas of a tier."""
        found, first = self.known(DRAW.until), Month.parse(DRAW.first_start)
        entrants = list_entrants(found, DRAW.tier)
        return close_list(found, Starts(entrants, first, months_between=DRAW.months_between))

    @cached_property
    def draw(self) -> ClosedDraw:
        """The draw from that list, by the public rule."""
        return draw_closed(self.closed, DRAW.seed)

    @property
    def waves(self) -> dict[str, int]:
        """The wave of the draw in which each candidate starts."""
        drawn = self.draw.draw
        return {} if drawn is None else {slot.area_id: slot.wave for slot in drawn.slots}

    def candidate(self, feature: str, until: str) -> Candidate:
        """Return the candidate on a planted place, with the draw as evidence."""
        found = self.known(until)
        drawn = self.draw.draw
        evidence = {} if drawn is None else {"draw": draw_record(drawn)}
        return candidate_of(found.proposal, area_on(found, feature), found.judgement, evidence)

    def records(self) -> Records:
        """Read what was decided so far."""
        return read_records(self.store)

    def report(self, month: str) -> Facts:
        """Return the facts of a month, once for all its editions, as decided by then."""
        if month not in self.reports:
            when = Month.parse(month)
            choices = replace(city_choices(self.city.config), until=when.plus(1))
            source = FollowSource(self.city, choices)
            records = read_month(self.store, self.city, when)
            beside = Beside(self.layers, with_public=False)
            self.reports[month] = gather_month(source, self.plan, records, when, beside=beside)
        return self.reports[month]

    def values(self, tale: MeasureTale, quarter: str) -> list[Value]:
        """Return a measure's values in a quarter: as the story has it, or counted in the data."""
        at, when = QUARTERS.index(quarter), Quarter.parse(quarter)
        answers = None if tale.answers is None else tale.answers[at]
        made = Value(tale.id, when, basis=tale.basis, answers=answers)
        if tale.numbers is None:
            made = replace(made, value=float(self._count(when)))
        elif tale.among is None:
            made = replace(made, value=tale.numbers[at] / tale.per)
        else:
            parts = float(tale.numbers[at]), float(tale.among[at])
            made = replace(made, numerator=parts[0], denominator=parts[1])
        kind = next(one.kind for one in self.plan.measures if one.id == tale.id)
        here = self._counts_in_areas(quarter) if tale.id == COUNTED else []
        return [checked(value, kind) for value in (made, *here)]

    def _counts_in_areas(self, quarter: str) -> list[Value]:
        """Count each area in service, in all quarters so far: one that is new gets its past."""
        so_far = [Quarter.parse(name) for name in QUARTERS[: QUARTERS.index(quarter) + 1]]
        return [
            Value(COUNTED, when, place=area.key, value=float(self._count(when, area.key)))
            for area in core_areas(self.records())
            for when in so_far
        ]

    def _count(self, quarter: Quarter, place_key: str = "") -> int:
        """Count as the page does that stands beside a typed value."""
        counted = count_quarter(self.city.dataset, self.records(), quarter, place_key)
        if counted is None:
            raise ParamError("sample.no_area", feature=place_key)
        return counted.incidents


def area_on(found: AssessedProposal, feature: str) -> str:
    """Return the id of the candidate that lies on a planted place."""
    planted = next(one for one in FEATURES if one.name == feature)
    lon, lat = place(np.array([planted.middle]))[0]
    table = found.proposal.areas
    here = table.loc[table.intersects(shapely.Point(lon, lat)), "area_id"]
    if len(here) != 1:
        raise ParamError("sample.no_area", feature=feature)
    return str(here.iloc[0])
