"""A city's answers: pages, reports, files and commands ask here, and prepare none of their own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from csa.areas.choices import AreaSettings
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.city.dataset import City, through_month
from csa.program.store.records import Records

if TYPE_CHECKING:
    import pandas as pd

    from csa.areas.backtest.record import BacktestRecord
    from csa.areas.choices import Suggestion
    from csa.areas.places import Places
    from csa.areas.priority.area_counts import AreaCounts
    from csa.areas.priority.assessment import AreaAssessment
    from csa.areas.priority.files import AssessedProposal
    from csa.areas.proposal import Proposal
    from csa.areas.study_area import StudyArea
    from csa.change.follow import Change, FollowedAreas
    from csa.change.past import PastCohort
    from csa.city.selection import AreaSelection
    from csa.geo.cells import CellSet
    from csa.program.registry import CoreArea, Zone
    from csa.program.zones import ZoneCounts

Answer = TypeVar("Answer")


class _Memory:
    """The answers given so far."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}
        self._locks: dict[Hashable, RLock] = {}
        self._lock = RLock()

    def once(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return an answer; of several threads that ask, the first computes it."""
        with self._lock:
            lock = self._locks.setdefault(question, RLock())
        with lock:
            if question not in self._answers:
                self._answers[question] = compute()
            return cast("Answer", self._answers[question])


@dataclass(frozen=True, eq=False)
class Analysis:
    """A view of a city that does no arithmetic of its own.

    Each answer is read or computed once, when first asked for: for the same data, decisions and
    settings all readers get the same one.

    Fields: `city`, `settings`, `records`, `locate`, `places`, `progress`, `keep`, `whole`.

    Parameters
    ----------
    city
        The city's file and its dataset.
    settings
        Which kinds of incident count, and how areas are proposed.
    records
        The decisions; without them, none.
    locate
        Puts the city's incidents of these kinds on cells of a resolution, where a caller shares
        that between settings.
    places
        The city's places known before; None reads what is kept beside the dataset.
    progress
        Called with the name of each step as it begins.
    keep
        Whether to store beside the dataset what a proposal learned, so that the next is quicker.
    whole
        What this is a part of: with the same decisions, it has the same areas.

    Examples
    --------
    >>> before = csa.AreaSettings(until=csa.Month(2019, 9))
    >>> areas = csa.choose_areas(csa.Analysis(city, before).proposal, ["c-2"])
    >>> analysis = csa.Analysis(city, csa.AreaSettings())
    >>> change = analysis.change(areas, since=csa.Month(2019, 9))
    >>> str(change.displaced.since), len(change.displaced.pooled.verdicts)
    ('2019-09', 11)
    """

    city: City
    settings: AreaSettings
    records: Records = field(default_factory=Records)
    locate: Callable[[int], StudyArea] | None = None
    places: Places | None = None
    progress: ProgressCallback = no_progress
    keep: bool = False
    whole: Analysis | None = field(default=None, repr=False)
    _memory: _Memory = field(default_factory=_Memory, init=False, repr=False)
    _undecided: _Memory = field(default_factory=_Memory, init=False, repr=False)

    def _once(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        return self._memory.once(question, compute)

    def _once_for_all(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Answer what no decision changes."""
        return self._undecided.once(question, compute)

    def showing(self, progress: ProgressCallback) -> Analysis:
        """Return the same answers, with each step named as it begins."""
        shown = replace(self, progress=progress)
        object.__setattr__(shown, "_memory", self._memory)
        object.__setattr__(shown, "_undecided", self._undecided)
        return shown

    def deciding(self, records: Records) -> Analysis:
        """Return the answers by other decisions, and the same ones of what none of them changes."""
        decided = replace(self, records=records)
        object.__setattr__(decided, "_undecided", self._undecided)
        return decided

    # ---- What is stored beside the dataset.

    @property
    def backtest(self) -> BacktestRecord | None:
        """What past years show of these settings; None where `csa backtest` has not run."""
        from csa.areas.backtest.recording import load_suggestion

        return self._once_for_all("backtest", lambda: load_suggestion(self.city, self.settings))

    @property
    def suggestion(self) -> Suggestion:
        """The radius and minimum that past years suggest, else the city's file."""
        from csa.areas.backtest.recording import build_suggestion

        return build_suggestion(self.city.config, self.backtest)

    def past(self, areas: AreaSelection | None) -> tuple[PastCohort, ...] | None:
        """Return what areas of past years like these did; None where `csa backtest` has not run."""
        from csa.change.follow import load_past, settings_for_past

        same = settings_for_past(self.settings, areas)
        return self._once_for_all(("past", same), lambda: load_past(self.city, same))

    @property
    def risk(self) -> Mapping[str, Any] | None:
        """What `csa risk` found, unless it learned from later months."""
        from csa.areas.risk_score import load_risk

        until, kept = self.settings.until, self._once_for_all("risk", lambda: load_risk(self.city))
        learned = kept and until and kept["learned"]
        return None if learned and learned["through"] >= str(until) else kept

    # ---- Where incidents are frequent, how sure that is, and what comes first.

    @property
    def study_area(self) -> StudyArea:
        """The city's incidents of the settings' kinds, on cells of their resolution."""
        return self.on_cells(self.settings.resolution)

    def on_cells(self, resolution: int) -> StudyArea:
        """Return the city's incidents of the settings' kinds, on cells of a resolution."""
        from csa.areas.locating import cached_cells, locate_incidents

        if self.locate is not None:
            return self.locate(resolution)

        def locate() -> StudyArea:
            cover = cached_cells(self.city, resolution, keep=self.keep)
            return locate_incidents(self.city, replace(self.settings, resolution=resolution), cover)

        return self._once_for_all(("cells", resolution), locate)

    @property
    def proposal(self) -> Proposal:
        """The candidate areas."""
        return self.proposed(self.settings.until)

    def proposed(self, until: Month | None) -> Proposal:
        """Return the candidate areas as of the first day of a month; None takes the data's end.

        Of another month than the settings' it has the areas alone, and an id is the same place.
        """
        from csa.areas.analysis import propose_areas
        from csa.areas.places import candidate_rows, load_places, see

        def propose() -> Proposal:
            now, known = replace(self.settings, until=until), (self.suggestion, self.study_area)
            if until is None or until == self.settings.until:
                named: dict[str, Any] = {"places": self.places, "keep": self.keep}
                return propose_areas(self.city, now, self.progress, *known, **named)
            before = load_places(self.city) if self.places is None else self.places
            places = see(candidate_rows(self.proposal.areas), until, before)
            found = propose_areas(self.city, now, self.progress, *known, places=places)
            return found.areas_alone()

        return self._once_for_all(("proposal", until), propose)

    @property
    def assessment(self) -> AreaAssessment:
        """How sure each candidate is."""
        from csa.areas.priority.assessment import assess_areas

        known = self.city, self.proposal, self.progress, self.study_area
        return self._once_for_all("assessment", lambda: assess_areas(*known))

    @property
    def next12(self) -> pd.DataFrame:
        """What to expect in each candidate in the next 12 months, by its id."""
        from csa.areas.priority.forecast import forecast_proposal

        known = self.proposal, self.study_area, self.backtest
        return self._once_for_all("next12", lambda: forecast_proposal(*known))

    @property
    def priorities(self) -> AssessedProposal:
        """The candidates, how sure each is, and what to expect there in the next 12 months."""
        from csa.areas.priority.files import AssessedProposal
        from csa.areas.priority.forecast import add_next12

        def forecast() -> AssessedProposal:
            found = add_next12(self.assessment, self.next12)
            return AssessedProposal(self.city, self.settings, self.backtest, self.proposal, found)

        return self._once_for_all("priorities", forecast)

    # ---- Areas that were decided on.

    @property
    def services(self) -> tuple[CoreArea, ...]:
        """Every service of an area that there ever was, A before AA; ended ones too."""
        from csa.program.registry import all_services

        if self.whole is not None and self.whole.records is self.records:
            return self.whole.services
        return self._once("services", lambda: all_services(self.records))

    @property
    def core_areas(self) -> tuple[CoreArea, ...]:
        """The areas in service now, A before AA."""
        return tuple(area for area in self.services if area.ended is None)

    @property
    def areas(self) -> AreaSelection | None:
        """The areas that were ever designated, to be followed; None where there is none."""
        from csa.program.registry import followed

        return self._once("areas", lambda: followed(self.services))

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The programs' own zones, in the order in which they were entered; ended ones too."""
        from csa.program.registry import all_zones

        return self._once("zones", lambda: all_zones(self.records))

    def count_zones(self, zones: Sequence[Zone]) -> Mapping[str, ZoneCounts]:
        """Return what the boundaries of zones hold, by their ids."""
        from csa.program.zones import count_zone

        dataset, kinds = self.city.dataset, self.settings.kinds
        until = self.settings.until or dataset.require_months().until
        return {zone.key: count_zone(dataset, zone, until, kinds) for zone in zones}

    def zone_areas(self, zone: Zone) -> AreaSelection:
        """Return a zone as it is followed: since its own first month, on its own cells."""
        from csa.areas.places import list_cells
        from csa.program.zones import follow_zone

        since, months = zone.versions[0].since, self.settings.months
        until = min(since, self.city.dataset.require_months().until)
        found = list_cells(self.proposed(until).areas) if zone.by_counts is False else []
        return follow_zone(zone, frozenset().union(*found), months)

    @property
    def counts(self) -> Mapping[str, AreaCounts]:
        """What areas in service hold on their own ground, by letter."""
        ground = [(area.key, area.place_name, area.cells) for area in self.core_areas]
        return self._once("counts", lambda: self.count(ground))

    def count(self, areas: Sequence[tuple[str, str, CellSet]]) -> Mapping[str, AreaCounts]:
        """Return what areas hold on their own ground, by id: id, name and cells of each."""
        from csa.areas.priority.area_counts import count_areas

        if not areas:
            return {}
        return count_areas(self.city, areas, self.proposal, self.on_cells, self.backtest)

    # ---- What changed in areas.

    def change(
        self,
        areas: AreaSelection | None = None,
        since: Month | None = None,
        until: Month | None = None,
        outcome: tuple[str, ...] | None = None,
    ) -> Change | None:
        """Return what areas and the cells around them did since a start.

        Parameters
        ----------
        areas
            The areas; None takes all that were ever designated.
        since
            The first month of after; None takes each designated area's own.
        until
            The first month that is not looked at; None takes the data's end.
        outcome
            The kinds of incident that are compared; None takes those of the settings.

        Returns
        -------
        Change
            The verdicts; None where there is no area, or none with a whole month yet.
        """
        from csa.change.follow import measure_change

        if until is not None:
            return self.through(until.plus(-1)).change(areas, since, outcome=outcome)
        if outcome is not None and set(outcome) != set(self.settings.kinds):
            return self._of_kinds(outcome).change(areas, since)
        wanted = self.areas if areas is None else areas
        if wanted is None:
            return None
        inputs = self.city, self.settings, wanted, since, self.progress
        return self._once(
            ("change", wanted, since), lambda: measure_change(*inputs, self.on_cells, self.past)
        )

    def follow(
        self, areas: AreaSelection | None = None, since: Month | None = None
    ) -> FollowedAreas:
        """Return what areas did since a start, as `change`, and everything reported beside it."""
        from csa.change.follow import follow_areas

        wanted = self.areas if areas is None else areas
        if wanted is None or not wanted.cells:
            raise ParamError("displacement.no_areas")
        self.progress("cells")
        change = self.change(wanted, since)
        if change is None:
            first = min(life[0].since for life in wanted.versions)
            last = self.city.dataset.require_months().until.plus(-1)
            raise PeriodError("displacement.after", since=first, last=last)
        known = self.study_area, self.suggestion.documented
        return follow_areas(self.city, self.settings, *known, change, since, self.progress)

    # ---- The same at another time.

    def through(self, month: Month) -> Analysis:
        """Return the answers by the data held now, cut at a month's end."""

        def cut() -> Analysis:
            dataset = through_month(self.city.dataset, month)
            settings = replace(self.settings, until=month.plus(1))
            if dataset is self.city.dataset:
                return self if settings == self.settings else self._part(settings=settings)
            city = replace(self.city, dataset=dataset)
            return self._part(city=city, settings=settings, locate=None)

        return self._once(("through", month), cut)

    def _of_kinds(self, kinds: tuple[str, ...]) -> Analysis:
        settings = replace(self.settings, kinds=kinds)
        return self._once(("kinds", kinds), lambda: self._part(settings=settings, locate=None))

    def _part(self, **other: Any) -> Analysis:
        return replace(self, keep=False, whole=self, **other)
