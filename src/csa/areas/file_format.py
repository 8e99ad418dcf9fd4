"""What the files of a backtest, an assessment and a draw share: their header, rows and numbers."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pandas as pd

from csa.areas.proposal import METHOD_VERSION, plain
from csa.base.home import DISTRIBUTION
from csa.city.dataset import City

FORMAT_VERSION = 1
SHARE_DIGITS = 6
FIGURES = 4
LIBRARIES = ("h3", "numpy", "pyproj", "scipy", "shapely")


def write_header(kind: str, city: City) -> dict[str, Any]:
    """Return a file's header: its kind, its city and its data."""
    config, dataset = city.config, city.dataset
    return {
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "city": config.city.id,
        "city_name": config.city.name,
        "is_synthetic": config.city.is_synthetic,
        "data_fingerprint": dataset.fingerprint,
        "data_through": dataset.report["data_through"],
    }


def list_versions() -> dict[str, str]:
    """List what a file was made with."""
    own, libraries = _version(DISTRIBUTION), {name: _version(name) for name in LIBRARIES}
    return {"csa": own, "method": METHOD_VERSION, **libraries}


@cache
def _version(name: str) -> str:
    """Look up what is installed: it stays while this process runs, and is read from files."""
    return importlib.metadata.version(name)


def list_rows(
    table: pd.DataFrame, columns: Sequence[str], write: Callable[[object], object]
) -> Iterator[list[object]]:
    """List a table's rows for a CSV file."""
    for row in table[list(columns)].itertuples(index=False, name=None):
        yield [write(plain(value)) for value in row]


def round_share(value: object) -> object:
    """Round a share to six decimals."""
    return round(value, SHARE_DIGITS) if isinstance(value, float) else value


def round_figures(value: object) -> object:
    """Round to four digits, never coarser than whole numbers; write booleans as other files do."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return value
    size = math.floor(math.log10(abs(value))) if value else 0
    return round(value, max(0, FIGURES - 1 - size))
