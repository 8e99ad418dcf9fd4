"""The published bundle, which is all that a public app shows."""

from __future__ import annotations

from pathlib import Path

from app.shared.person import PUBLIC, access_of
from csa.config.city import CityConfig
from csa.config.settings import resolve


def bundle_folder(config: CityConfig) -> Path | None:
    """Return the folder of the published bundle, if this app shows one."""
    named = str(resolve({}, config)["bundle"].value)
    return Path(named) if named and access_of(config) == PUBLIC else None
