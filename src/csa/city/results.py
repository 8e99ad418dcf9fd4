"""Results that are stored beside their dataset: one for each fingerprint and set of parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from csa.base.errors import SourceError, TableError
from csa.base.io import KEPT, json_bytes, write_file
from csa.base.safe_parsing import parse_json

if TYPE_CHECKING:
    from csa.city.dataset import City

Kept = TypeVar("Kept")


def read_result(path: Path) -> dict[str, Any] | None:
    """Read a stored result."""
    try:
        kept = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceError("backtest.damaged", path=path) from error
    if not isinstance(kept, dict):
        raise SourceError("backtest.damaged", path=path)
    return kept


def load_result(
    city: City, name: str, params: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Kept]
) -> Kept | None:
    """Read the result stored for this dataset and these parameters; None if there is none."""
    if city.folder is None:
        return None
    path = result_path(city, name, params)
    kept = read_result(path)
    if kept is None:
        return None
    try:
        return read(kept)
    except TableError as error:
        raise SourceError("backtest.damaged", path=path) from error


def load_latest_result(
    city: City,
    name: str,
    params: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Kept],
    age: Callable[[Kept], Any],
) -> Kept | None:
    """Read the result stored for this dataset, else the newest of older data."""
    own = load_result(city, name, params, read)
    if own is not None or city.folder is None:
        return own
    found = []
    for older in list_results(city, name, params):
        # One that cannot be read, or is of another format, is left out.
        with suppress(SourceError, TableError):
            found.append(read(read_result(older) or {}))
    return max(found, key=age, default=None)


def list_results(city: City, name: str, params: Mapping[str, Any]) -> list[Path]:
    """List the results stored for these parameters and other versions of the dataset."""
    path = result_path(city, name, params)
    code = path.stem.rsplit("-", 1)[-1]
    return [one for one in sorted(path.parent.glob(f"{name}-*-{code}.json")) if one != path]


def save_result(city: City, name: str, params: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Store a result beside its dataset."""
    write_file(result_path(city, name, params), json_bytes(kept))


def result_path(city: City, name: str, params: Mapping[str, Any]) -> Path:
    """Return where a result is stored: one file for each fingerprint and set of parameters."""
    code = hashlib.sha256(json_bytes(params)).hexdigest()[:12]
    return city.own_folder / KEPT / f"{name}-{city.dataset.fingerprint[:16]}-{code}.json"
