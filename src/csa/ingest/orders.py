"""What can be downloaded by a city's file: from where, and under which name."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from csa.base.errors import ConfigError, ParamError
from csa.base.logging import ProgressCallback
from csa.city.config import CityConfig
from csa.ingest.fetch import Account, Socrata, download, download_map, plan_download

MapFile: TypeAlias = Literal["places", "basemap"]
TOKEN_VARIABLE = "CSA_APP_TOKEN"  # noqa: S105 - the variable's name


def connect(config: CityConfig, address: str | None = None) -> Socrata:
    """Prepare a connection to a city's portal, without a request yet."""
    if config.portal is None:
        raise ConfigError("fetch.no_portal", city=config.city.name)
    return Socrata(address or config.portal.domain, os.environ.get(TOKEN_VARIABLE, ""))


def year_file(config: CityConfig, year: int) -> tuple[str, str]:
    """Return the dataset that holds a year, and the name of its file."""
    portal, city = config.portal, config.city.name
    if portal is None:
        raise ConfigError("fetch.no_portal", city=city)
    dataset = portal.datasets.get(str(year))
    if dataset is None:
        known = ", ".join(sorted(portal.datasets)) or "none"
        raise ParamError("fetch.no_year", city=city, given=year, known=known)
    if not portal.file_name:
        example = 'file_name = "shootings_{year}.csv"'
        raise ConfigError("fetch.no_name", city=city, example=example)
    return dataset, portal.file_name.replace("{year}", str(year))


def places_file(config: CityConfig) -> tuple[str, str]:
    """Return the dataset that holds the neighborhoods, and the name of its file."""
    dataset = config.portal and config.portal.places_dataset
    if not dataset or not config.places.file.endswith((".geojson", ".json")):
        raise ConfigError("fetch.no_places", city=config.city.name)
    return dataset, config.places.file


def basemap_files(config: CityConfig) -> list[tuple[str, str]]:
    """Return the dataset of each layer of the maps' background, and the name of its file."""
    datasets = config.portal.basemap_datasets if config.portal else {}
    layers = [(id_, getattr(config.basemap, f"{layer}_file")) for layer, id_ in datasets.items()]
    if not layers or not all(name.endswith((".geojson", ".json")) for _, name in layers):
        raise ConfigError("fetch.no_basemap", city=config.city.name)
    return layers


def fetch_year(
    config: CityConfig,
    year: int,
    folder: Path,
    progress: Callable[[int], AbstractContextManager[ProgressCallback]],
    *,
    maps: Collection[MapFile] = (),
    address: str | None = None,
) -> Account:
    """Download a year's shooting file; neighborhoods and the maps' background if asked for."""
    dataset, name = year_file(config, year)
    places = places_file(config) if "places" in maps else None
    layers = basemap_files(config) if "basemap" in maps else []
    with closing(connect(config, address)) as portal:
        plan = plan_download(portal, dataset, folder / name)
        with progress(plan.n_pages + 1 + bool(places) + len(layers)) as tell:
            account = download(plan, tell)
            if places:
                tell("places")
                account = replace(account, places=_fetch_map(portal, folder, *places))
            for layer in layers:
                tell("layers")
                fetched = _fetch_map(portal, folder, *layer)
                account = replace(account, basemap=(*account.basemap, fetched))
    return account


def _fetch_map(portal: Socrata, folder: Path, dataset: str, name: str) -> Account:
    """Download a map file; its account has its own retries, not those before."""
    n_retries = portal.retries
    fetched = download_map(portal, dataset, folder / name)
    return replace(fetched, retries=fetched.retries - n_retries)
