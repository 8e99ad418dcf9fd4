"""What the analyst chose, and the period and parameters that follow from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from csa.base.errors import ParamError, PeriodError
from csa.base.params import MAX_EPS_M, DbscanParams, DocumentedDbscan, Month, Period
from csa.base.schema import KINDS
from csa.city.config import Areas, CityConfig
from csa.city.deployment import choosing, resolve

if TYPE_CHECKING:
    from csa.city.dataset import Dataset

MAX_WIDENING = 2.0
"""Beyond twice the documented radius an area is too wide to be called a place."""


def suggest_dbscan(documented: DocumentedDbscan, n_incidents: int) -> DbscanParams:
    """Suggest DBSCAN's two choices for a number of incidents.

    `min_samples` grows and shrinks with the count, so that twice the incidents on the same
    streets ask for the same shape. Where it would fall below the city's floor, it stays there
    and `eps_m` widens instead, so that the same density is asked for; at most twofold: fewer
    incidents than that find no area, rather than one drawn around nothing.
    """
    scaled = documented.min_samples * n_incidents / documented.at_incidents
    min_samples = max(documented.min_samples_floor, round(scaled))
    if min_samples == round(scaled):
        return DbscanParams(documented.eps_m, min_samples)
    widening = math.sqrt(min_samples / scaled) if scaled else MAX_WIDENING
    eps_m = min(round(documented.eps_m * min(widening, MAX_WIDENING)), MAX_EPS_M)
    return DbscanParams(eps_m, min_samples)


@dataclass(frozen=True)
class AreaSettings:
    """What the analyst chose; None leaves it to the suggestion.

    Fields: `until`, `months`, `eps_m`, `min_samples`, `max_area_km2`, `resolution`, `kinds`.
    """

    until: Month | None = None  # first month not counted
    months: int = 36  # how many months are counted
    eps_m: float | None = None  # DBSCAN's radius in meters
    min_samples: int | None = None  # DBSCAN's minimum count
    max_area_km2: float = 2.0  # size limit of an area; 0 for none
    resolution: int = 10  # H3 resolution of the cells
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        """Refuse an unknown kind, or no kind at all."""
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            given = ", ".join(self.kinds) or "none"
            raise ParamError("param.kinds", given=given, known=", ".join(KINDS))

    def as_fine_as(self, resolution: int) -> AreaSettings:
        """Choose cells at least as fine, so that areas of both can be followed on one grid."""
        return replace(self, resolution=max(self.resolution, resolution))


def city_choices(config: CityConfig) -> AreaSettings:
    """Return the choices that a city's file makes, up to the data's end."""
    areas = config.areas
    return AreaSettings(
        months=areas.months, max_area_km2=areas.max_area_km2, resolution=areas.resolution
    )


def resolve_settings(
    config: CityConfig, until: str | None = None, kind: Sequence[str] | None = None, **flags: Any
) -> AreaSettings:
    """Return how areas are proposed: by flags, else as deployed, else as the city's file says."""
    settled = choosing(resolve(flags, config))
    first_not_counted = None if until is None else Month.parse(until, "--until")
    kinds = tuple(dict.fromkeys(kind)) if kind else KINDS
    return AreaSettings(until=first_not_counted, kinds=kinds, **settled)


@dataclass(frozen=True)
class Suggestion:
    """Values that a proposal suggests, and where they come from.

    Fields: `documented`, `source`.
    """

    documented: DocumentedDbscan | None  # None searches the period's own data
    source: str = "city file"  # `past years`, `city file` or `the data`

    @classmethod
    def of(cls, areas: Areas) -> Suggestion:
        """Take what a city's file gives, or leave it to the data."""
        documented = areas.documented
        return cls(documented, "the data" if documented is None else "city file")


def resolve_period(dataset: Dataset, choices: AreaSettings) -> Period:
    """Return the months that the choices ask for."""
    through, first = dataset.report["data_through"], dataset.report["data_from"]
    if through is None or first is None:
        raise PeriodError("period.no_data")
    last_day = date.fromisoformat(through)
    end = Month(last_day.year, last_day.month).plus(1)
    until = choices.until or end
    period = Period.before(until, choices.months)
    first_month = Month.parse(first[:7])
    if until <= first_month or period.start >= end:
        raise PeriodError(
            "period.outside",
            start=period.start,
            until=period.until,
            first=first_month,
            last=end.plus(-1),
            lowest=first_month.plus(1),
            highest=end.plus(choices.months - 1),
        )
    return period


def resolve_dbscan(choices: AreaSettings, suggested: DbscanParams) -> DbscanParams:
    """Return DBSCAN's parameters: what was chosen, else what is suggested."""
    eps_m = suggested.eps_m if choices.eps_m is None else choices.eps_m
    min_samples = suggested.min_samples if choices.min_samples is None else choices.min_samples
    return DbscanParams(eps_m, min_samples)
