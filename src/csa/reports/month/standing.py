"""What had been decided by the end of a month that is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from csa.base.params import Month, last_day
from csa.dataset.versioned import City
from csa.decisions.store import Store
from csa.decisions.store.records import Records, read_records
from csa.decisions.store.replay import as_of
from csa.decisions.store.trail import entries


def read_month(store: Store | None, city: City, month: Month) -> Records:
    """Read what a month's report is made from: of a past month, as it stood at the month's end."""
    return stood(read_records(store), lambda: _trail(store), city, month)


def stood(
    records: Records, trail: Callable[[], Sequence[Mapping[str, Any]]], city: City, month: Month
) -> Records:
    """Return what stood at a past month's end; of the newest whole month, what stands now."""
    covered = city.dataset.whole_months
    if covered is None or month >= covered.until.plus(-1):
        return records
    return as_of(records, trail(), last_day(month), city.config.city.time_zone)


def _trail(store: Store | None) -> list[dict[str, Any]]:
    if store is None:
        return []
    with store.reading() as session:
        return entries(session.connection())
