"""What a public app shows: a bundle that was published, and nothing else."""

from __future__ import annotations

from pathlib import Path

from app.shared.person import PUBLIC, access_of
from csa.config.city import CityConfig
from csa.config.settings import resolve


def bundle_folder(config: CityConfig) -> Path | None:
    """Tell where the published bundle is, if this app shows one."""
    named = str(resolve({}, config)["bundle"].value)
    return Path(named) if named and access_of(config) == PUBLIC else None
