"""Fetch a city's newest files from its portal, where the city's file says how."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from csa.base.logging import Tell
from csa.config.city import CityConfig
from csa.ingest.orders import fetch_year
from csa.workflow.month_place import MonthPlace

JANUARY = 1


def fetch_new(
    config: CityConfig,
    place: MonthPlace,
    progress: Callable[[int], AbstractContextManager[Tell]],
    address: str | None = None,
) -> tuple[Path, ...]:
    """Fetch this year's file, and last year's while it still gets late reports, in January.

    Years that the portal does not list are left out: the data folder's files are read as they are.
    """
    today = config.city.clock.today()
    years = [today.year - 1, today.year] if today.month == JANUARY else [today.year]
    known = config.portal.datasets if config.portal else {}
    folder = place.home / ".fetched"
    return tuple(
        fetch_year(config, year, folder, progress, address=address).path
        for year in years
        if str(year) in known
    )
