"""A period's incidents by month, by day of the week and by part of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from csa.base.params import Month, Period

PARTS = ("06-14", "14-22", "22-06")
"""Three parts of eight hours; the night belongs to the day on which it began."""


MIN_INCIDENTS_BY_PART = 30
"""With fewer, 21 boxes of day and part would show chance."""


NIGHT_ENDS = 6


FIRST_DAYS = 7
"""The data's first day is that of the first row: in the first week it is not a late start."""


USUALLY_MANY = 7
"""At a mean of 7, a month without incidents happens by chance once in a thousand months."""


def count_by_month(
    incidents: pd.DataFrame, period: Period, data_from: date, data_through: date
) -> pd.DataFrame:
    """Count incidents by month."""
    months = [period.start.plus(step) for step in range(period.months)]
    names = [str(month) for month in months]
    when = incidents["occurred_at"].dt.strftime("%Y-%m")
    first = Month(data_from.year, data_from.month)
    last = Month(data_through.year, data_through.month)
    begins_late = data_from.day > FIRST_DAYS
    ends_early = data_through.day < pd.Period(str(last)).days_in_month
    return pd.DataFrame(
        {
            "month": names,
            "incidents": when.value_counts().reindex(names, fill_value=0).to_numpy(),
            "homicides": when[incidents["kind"] == "homicide"]
            .value_counts()
            .reindex(names, fill_value=0)
            .to_numpy(),
            "is_partial": [
                (month == first and begins_late) or (month == last and ends_early)
                for month in months
            ],
            "is_covered": [first <= month <= last for month in months],
        }
    )


def count_silent_months(counts: Sequence[int]) -> int:
    """Count months without any incident where there are usually many: data may be missing."""
    silent = sum(1 for count in counts if not count)
    others = len(counts) - silent
    return silent if others and sum(counts) / others >= USUALLY_MANY else 0


def count_by_part(incidents: pd.DataFrame) -> pd.DataFrame | None:
    """Count incidents by day of the week and part of the day."""
    timed = incidents[~has_flag(incidents, "no_time")]
    if len(timed) < MIN_INCIDENTS_BY_PART:
        return None
    began = timed["occurred_at"] - pd.Timedelta(hours=NIGHT_ENDS)
    counts = np.zeros((7, len(PARTS)), dtype=np.int64)  # (days, parts)
    np.add.at(counts, (began.dt.day_of_week.to_numpy(), began.dt.hour.to_numpy() // 8), 1)
    return pd.DataFrame(counts, columns=list(PARTS))


def has_flag(incidents: pd.DataFrame, flag: str) -> pd.Series:
    """Return which incidents carry a flag."""
    return incidents["flags"].str.split(";").map(lambda flags: flag in flags).astype(bool)
