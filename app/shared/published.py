"""What a public app shows: a bundle that was published, and nothing else."""

from __future__ import annotations

from pathlib import Path

from app.shared.person import PUBLIC, access_of
from csa.config.city import CityConfig
from csa.config.settings import resolve


def bundle_folder(config: CityConfig) -> Path | None:
    """Tell where the published bundle is, if this app shows one.

    Parameters
    ----------
    config
        The city's file, for settings that it may say.

    Returns
    -------
    pathlib.Path or None
        None where the app is not the public's, or no bundle is named.

    Raises
    ------
    CsaError
        If the deployment's settings have faults.
    """
    named = str(resolve({}, config)["bundle"].value)
    return Path(named) if named and access_of(config) == PUBLIC else None
