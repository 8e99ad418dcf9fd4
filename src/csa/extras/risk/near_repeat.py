"""Whether one shooting follows another nearby and soon, more often than dates by lot would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from csa.areas.file_format import round_figures, write_header
from csa.areas.proposal import plain
from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.message import Message, msg
from csa.base.text import render
from csa.city.dataset import City

BANDS_M = (0.0, 100.0, 200.0)
BANDS_DAYS = (0, 7, 14)
"""The table's bands, each up to its number, included: the same point, then beyond it."""

SPAN_MONTHS = 2
"""Dates dealt within two months leave a place's busy months as they were."""

N_DRAWS = 999
SHOWN = 0.05
ROUNDING_M = 0.01
"""Coordinates are not exact: a hundredth of a meter more still counts as within."""


@dataclass(frozen=True)
class NearRepeat:
    """Pairs of incidents near in space and time, against dates dealt by lot.

    Fields: `table`, `n_incidents`, `n_near`, `observed`, `expected`, `ratio`, `p`, `low`, `high`,
    `later`, `later_expected`, `later_p`.
    """

    table: pd.DataFrame  # a band of distance and days a row, as `KNOX_COLUMNS`
    n_incidents: int  # incidents compared
    n_near: int  # pairs within 200 m, on whatever days
    observed: int  # pairs within 200 m and 14 days
    expected: float  # as many by lot, on average
    ratio: float | None  # observed / expected; None where none is expected
    p: float  # share of lots with as many or more, this one included
    low: int  # with `high`, what 9 lots of 10 give
    high: int
    later: int  # of the pairs observed, those on different days
    later_expected: float  # as many of those by lot
    later_p: float

    @property
    def later_ratio(self) -> float | None:
        """Pairs on different days over as many by lot; None where none is expected."""
        return self.later / self.later_expected if self.later_expected else None

    @property
    def is_shown(self) -> bool:
        """Whether pairs on different days are more than in 19 of 20 lots.

        Two incidents of one day may be one event that is listed twice.
        """
        return self.later > self.later_expected and self.later_p <= SHOWN


@dataclass(frozen=True)
class CityNearRepeats:
    """A city's pairs against two ways of dealing dates."""

    in_months: NearRepeat  # dates dealt within two calendar months
    in_years: NearRepeat  # within each calendar year: busy months look like near repeats
    n_merged: int  # incidents that count as one with another


KNOX_COLUMNS = {
    "from_m": "meters apart, not included but for 0",
    "to_m": "meters apart, included",
    "from_days": "whole days apart, included",
    "to_days": "whole days apart, included",
    "observed": "pairs of incidents",
    "expected": "pairs if dates are dealt by lot",
    "ratio": "observed / expected; empty where none is expected",
    "p": "share of lots with as many or more",
}


def measure_near_repeats(
    xy_m: npt.ArrayLike,
    days: npt.ArrayLike,
    spans: npt.ArrayLike | None = None,
    *,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> NearRepeat:
    """Compare how many incidents follow another nearby and soon with dates dealt by lot (Knox).

    A pair counts if it is at most 200 m and 14 whole days apart. Where incidents happened stays as
    it is, and so do the days on which they happened; only which day goes with which place is
    dealt anew, so that neither busy places nor busy months count as near repeats.

    Parameters
    ----------
    xy_m
        (n, 2) meters: where each incident happened. Incidents, never victims: two people hit at
        once are no repeat.
    days
        (n,) the day of each, as whole numbers or `datetime64`; the time of day is cut off.
    spans
        (n,) a label each, such as its year: dates are dealt within each span alone, so that places
        that were busy in some years and quiet in others are no near repeats. None is one span.
    n_draws
        How often dates are dealt.
    seed
        Of the lots.

    Returns
    -------
    NearRepeat
        Observed and expected pairs, their ratio and p, and the same by band of distance and days.

    Raises
    ------
    TableError
        If a place or a day is missing, or there are not as many of the one as of the others.
    ParamError
        If no lot is asked for.

    References
    ----------
    Knox (1964), Applied Statistics 13, pp. 25-29; Ratcliffe & Rengert (2008), Security Journal 21,
    pp. 58-76.

    Examples
    --------
    Each second incident happened 30 m from another, three days later:

    >>> import numpy as np
    >>> first = np.arange(60)
    >>> xy_m = np.column_stack([np.repeat(first * 500.0, 2), np.tile([0.0, 30.0], 60)])
    >>> days = np.repeat(first * 20, 2) + np.tile([0, 3], 60)
    >>> found = measure_near_repeats(xy_m, days)
    >>> found.observed, found.p, found.is_shown
    (60, 0.001, True)
    """
    xy = np.asarray(xy_m, dtype=np.float64).reshape(-1, 2)
    when = _whole_days(days)
    span = np.zeros(len(when)) if spans is None else np.asarray(spans)
    if not len(xy) == len(when) == len(span) or not np.isfinite(xy).all():
        raise TableError("near_repeat.table", places=len(xy), days=len(when))
    if n_draws < 1:
        raise ParamError("param.at_least", name="n_draws", least=1, given=n_draws)
    pairs = cKDTree(xy).query_pairs(BANDS_M[-1] + ROUNDING_M, output_type="ndarray")
    # In order of place: days are then read nearly in a row, and the same seed deals the same lots.
    pairs = pairs[np.lexsort(pairs.T[::-1])].astype(np.int64)
    apart_m = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    band = np.asarray(np.searchsorted(np.add(BANDS_M, ROUNDING_M), apart_m), dtype=np.int64)
    observed = _count(pairs, band, when)
    lots = np.array([_count(pairs, band, dealt) for dealt in _deal(when, span, n_draws, seed)])
    total, later = lots.sum(axis=(1, 2)), lots[:, :, 1:].sum(axis=(1, 2))
    n, n_later, expected = int(observed.sum()), int(observed[:, 1:].sum()), float(total.mean())
    low, high = np.quantile(total, [0.05, 0.95], method="inverted_cdf").tolist()
    return NearRepeat(
        table=_table(observed, lots),
        n_incidents=len(xy),
        n_near=len(pairs),
        observed=n,
        expected=expected,
        ratio=n / expected if expected else None,
        p=_p_of(total, n),
        low=int(low),
        high=int(high),
        later=n_later,
        later_expected=float(later.mean()),
        later_p=_p_of(later, n_later),
    )


def _p_of(lots: Ints, n: int) -> float:
    """Return the share of lots with as many or more, the observed one included."""
    return (1 + int((lots >= n).sum())) / (1 + len(lots))


def _whole_days(days: npt.ArrayLike) -> Ints:
    given = np.asarray(days)
    if np.issubdtype(given.dtype, np.datetime64):
        if np.isnat(given).any():
            raise TableError("near_repeat.table", places=len(given), days=0)
        return given.astype("datetime64[D]").astype(np.int64)
    return np.floor(given.astype(np.float64)).astype(np.int64)


def _deal(when: Ints, span: npt.NDArray[Any], n_draws: int, seed: int) -> Iterator[Ints]:
    """Deal the days anew among the incidents of each span."""
    rng = np.random.default_rng(seed)
    order = np.argsort(span, kind="stable")
    pieces = np.split(
        order, np.flatnonzero(np.diff(np.unique(span[order], return_inverse=True)[1])) + 1
    )
    for _ in range(n_draws):
        dealt = when.copy()
        for piece in pieces:
            dealt[piece] = rng.permutation(when[piece])
        yield dealt


def _count(pairs: Ints, band: Ints, when: Ints) -> Ints:
    """Count pairs by band of distance and of days: (3, 3)."""
    apart = np.abs(when[pairs[:, 0]] - when[pairs[:, 1]])
    soon = np.flatnonzero(apart <= BANDS_DAYS[-1])
    at = band[soon] * len(BANDS_DAYS) + np.searchsorted(BANDS_DAYS, apart[soon])
    counted = np.bincount(at, minlength=len(BANDS_M) * len(BANDS_DAYS))
    return counted.reshape(len(BANDS_M), len(BANDS_DAYS))


def _table(observed: Ints, lots: Ints) -> pd.DataFrame:
    rows = []
    for place, to_m in enumerate(BANDS_M):
        for time, to_days in enumerate(BANDS_DAYS):
            n, drawn = int(observed[place, time]), lots[:, place, time]
            mean = float(drawn.mean())
            rows.append(
                (
                    BANDS_M[place - 1] if place else 0.0,
                    to_m,
                    BANDS_DAYS[time - 1] + 1 if time else 0,
                    to_days,
                    n,
                    mean,
                    n / mean if mean else np.nan,
                    _p_of(drawn, n),
                )
            )
    return pd.DataFrame(rows, columns=list(KNOX_COLUMNS))


def first_of_events(xy_m: Floats, when: pd.Series) -> Ints:
    """Return one incident of each event: a file may number the people hit at once one by one.

    Incidents at most 200 m and an hour apart are one event, as are those that lead on from one to
    the next; of files without a time of day, those of one day.
    """
    pairs = cKDTree(xy_m).query_pairs(BANDS_M[-1] + ROUNDING_M, output_type="ndarray")
    stamps = when.to_numpy(dtype="datetime64[s]")
    apart = np.abs(stamps[pairs[:, 0]] - stamps[pairs[:, 1]])
    pairs = pairs[apart <= np.timedelta64(1, "h")]
    joined = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(xy_m), len(xy_m)))
    _, event = connected_components(joined, directed=False)
    return np.sort(np.unique(event, return_index=True)[1]).astype(np.int64)


def measure_located(located: StudyArea) -> CityNearRepeats:
    """Compare a city's incidents, one of each event; those at suspect points are left out."""
    used = np.flatnonzero(~located.is_suspect)
    when = located.column("occurred_at").iloc[used]
    first = first_of_events(located.xy[used], when)
    xy, when = located.xy[used[first]], when.iloc[first]
    year, month = when.dt.year.to_numpy(), when.dt.month.to_numpy()
    in_months, in_years = (
        measure_near_repeats(xy, when.to_numpy(), spans)
        for spans in (year * 12 + (month - 1) // SPAN_MONTHS, year)
    )
    return CityNearRepeats(in_months, in_years, len(used) - len(first))


def near_repeat_account(city: City, found: CityNearRepeats) -> dict[str, Any]:
    """Summarize near repeats, for machines."""
    return {
        **write_header("near_repeat", city),
        "n_incidents": found.in_months.n_incidents,
        "n_merged": found.n_merged,
        "n_near": found.in_months.n_near,
        "observed": found.in_months.observed,
        "later": found.in_months.later,
        "is_shown": found.in_months.is_shown,
        "sentence": render(describe_near_repeats(found)),
        "within_two_months": _against(found.in_months),
        "within_years": _against(found.in_years),
    }


def _against(found: NearRepeat) -> dict[str, Any]:
    """Return what one way of dealing dates gives."""
    numbers = ("expected", "ratio", "p", "low", "high", "later_expected", "later_ratio", "later_p")
    return {
        **{name: round_figures(plain(getattr(found, name))) for name in numbers},
        "is_shown": found.is_shown,
        "bands": [
            {str(name): round_figures(plain(value)) for name, value in row.items()}
            for row in found.table.to_dict("records")
        ],
    }


def describe_near_repeats(found: CityNearRepeats) -> Message:
    """Describe whether near repeats are shown, against which dates, or only busy months."""
    months, years = found.in_months, found.in_years
    if months.later_ratio is None or years.later_ratio is None:
        return msg("near_repeat.too_few", incidents=months.n_incidents)
    key = "near_repeat.shown" if months.is_shown else "near_repeat.none"
    if years.is_shown and not months.is_shown:
        key = "near_repeat.busy"
    return msg(
        key,
        later=months.later,
        months=months.later_ratio,
        months_p=months.later_p,
        years=years.later_ratio,
        years_p=years.later_p,
        same_day=months.observed - months.later,
    )
