"""Results computed once and stored beside a dataset, by its fingerprint and parameters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from csa.base.errors import SourceError
from csa.base.io import KEPT, json_bytes, write_file


def kept_path(dataset_folder: Path, name: str, fingerprint: str, params: Mapping[str, Any]) -> Path:
    """Return where a result is stored: one file for each fingerprint and set of parameters."""
    code = hashlib.sha256(json_bytes(params)).hexdigest()[:12]
    return dataset_folder / KEPT / f"{name}-{fingerprint[:16]}-{code}.json"


def load_kept(path: Path) -> dict[str, Any] | None:
    """Read a stored result."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceError("backtest.damaged", path=path) from error
    if not isinstance(kept, dict):
        raise SourceError("backtest.damaged", path=path)
    return kept


def save_kept(path: Path, kept: Mapping[str, Any]) -> None:
    """Store a result."""
    write_file(path, json_bytes(kept))
