"""A city's answers: pages, reports, files and commands ask here, and prepare none of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from csa.areas.choices import AreaSettings
from csa.areas.study_area import StudyArea
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.change.follow import Change, FollowSource, measure_change
from csa.city.dataset import City, through_month
from csa.city.selection import AreaSelection
from csa.program.registry import CoreArea, all_services, followed
from csa.program.store.records import Records


@dataclass(frozen=True)
class Analysis:
    """A view of a city that does no arithmetic of its own.

    Every verdict on areas comes from `change`: for the same data, decisions and settings all
    readers get the same one.

    Fields: `city`, `settings`, `records`, `study_area`.

    Parameters
    ----------
    city
        The city's file and its dataset.
    settings
        Which kinds of incident count, and how areas are proposed.
    records
        The decisions; None where there is no store.
    study_area
        The city's incidents located with the same settings, where a caller has them.

    Examples
    --------
    >>> before = csa.AreaSettings(until=csa.Month(2019, 9))
    >>> areas = csa.choose_areas(csa.propose_areas(city, before), ["c-2"])
    >>> analysis = csa.Analysis(city, csa.AreaSettings())
    >>> change = analysis.change(areas, since=csa.Month(2019, 9))
    >>> str(change.displaced.since), len(change.displaced.pooled.verdicts)
    ('2019-09', 11)
    """

    city: City
    settings: AreaSettings
    records: Records | None = None
    study_area: StudyArea | None = None

    @cached_property
    def services(self) -> tuple[CoreArea, ...]:
        """Every service of an area that there ever was, A before AA; ended ones too."""
        return () if self.records is None else all_services(self.records)

    @cached_property
    def areas(self) -> AreaSelection | None:
        """The areas that were ever designated, to be followed; None where there is none."""
        return followed(self.services)

    def change(
        self,
        areas: AreaSelection | None = None,
        since: Month | None = None,
        progress: ProgressCallback = no_progress,
    ) -> Change | None:
        """Return what areas and the cells around them did since a start.

        Parameters
        ----------
        areas
            The areas; None takes all that were ever designated.
        since
            The first month of after; None takes each designated area's own.
        progress
            Called with the name of each step as it begins.

        Returns
        -------
        Change
            The verdicts; None where there is no area, or none with a whole month yet.
        """
        wanted = self.areas if areas is None else areas
        if wanted is None:
            return None
        source = FollowSource(self.city, self.settings)
        return measure_change(source, wanted, since, progress, self.study_area)

    def through(self, month: Month) -> Analysis:
        """Return the answers by the data held now, cut at a month's end."""
        city = replace(self.city, dataset=through_month(self.city.dataset, month))
        settings = replace(self.settings, until=month.plus(1))
        return Analysis(city, settings, self.records)
