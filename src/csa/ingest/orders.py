"""What can be downloaded by a city's file: from where, and under which name."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from csa.base.errors import ConfigError, ParamError
from csa.base.logging import ProgressCallback
from csa.city.config import CityConfig
from csa.ingest.fetch import (
    Account,
    download,
    download_file,
    download_map,
    plan_download,
)
from csa.ingest.portals import PlainFile, PortalTable, Socrata, file_name, recognize
from csa.ingest.web import Web, check_url

MapFile: TypeAlias = Literal["places", "basemap"]
TOKEN_VARIABLE = "CSA_APP_TOKEN"  # noqa: S105 - the variable's name


def open_web(*, allow_private: bool = False) -> Web:
    """Prepare to ask portals, with the token of the environment."""
    return Web(os.environ.get(TOKEN_VARIABLE, ""), allow_private=allow_private)


@dataclass(frozen=True)
class Fetched:
    """What an address leads to, and the file that was downloaded from it."""

    url: str  # as the city's file has it
    source: PortalTable | PlainFile
    account: Account


def header_of(fetched: Fetched) -> list[str]:
    """Return the columns of a table that was downloaded; none of a file."""
    if isinstance(fetched.source, PlainFile):
        return []
    with fetched.account.path.open(newline="", encoding="utf-8") as lines:
        return next(csv.reader(lines))


def fetch_sources(
    urls: Sequence[str],
    folder: Path,
    progress: Callable[[int], AbstractContextManager[ProgressCallback]],
    *,
    accept: bool = False,
    allow_private: bool = False,
) -> list[Fetched]:
    """Download the file or table at each address into a folder, or what changed there since.

    Raises
    ------
    ParamError
        If an address is not a public one of https, or two would be files of one name.
    SourceError
        If nothing can be read there, or it lost half of its rows, or a column, and that is not
        accepted.
    """
    made: list[Fetched] = []
    with closing(open_web(allow_private=allow_private)) as web:
        sources = {url: recognize(url, web) for url in urls}
        names = [file_name(source) for source in sources.values()]
        for name in names:
            if names.count(name) > 1:
                raise ParamError("start.same_name", name=name)
        for (url, source), name in zip(sources.items(), names, strict=True):
            path = folder / name
            if isinstance(source, PlainFile):
                with progress(1) as tell:
                    tell("page")
                    account = download_file(source, path, accept=accept)
            else:
                plan = plan_download(source, path)
                with progress(plan.n_pages + 1) as tell:
                    account = download(plan, tell, accept=accept)
            made.append(Fetched(url, source, account))
    return made


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
    with closing(open_web(allow_private=address is not None)) as web:
        base = _portal_address(config, address)

        def table(of: str) -> Socrata:
            return Socrata(web, f"{base}/resource/{of}")

        plan = plan_download(table(dataset), folder / name)
        with progress(plan.n_pages + 1 + bool(places) + len(layers)) as tell:
            account = download(plan, tell)
            if places:
                tell("places")
                account = replace(account, places=_fetch_map(table(places[0]), folder / places[1]))
            for layer in layers:
                tell("layers")
                fetched = _fetch_map(table(layer[0]), folder / layer[1])
                account = replace(account, basemap=(*account.basemap, fetched))
    return account


def _portal_address(config: CityConfig, address: str | None) -> str:
    """Return the address of a city's portal."""
    given = address or (config.portal.domain if config.portal else "")
    base = check_url(given if "://" in given else f"https://{given}", allow_private=bool(address))
    parts = urlsplit(base)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ParamError("fetch.address", given=given)
    return f"{parts.scheme}://{parts.netloc}"


def _fetch_map(table: Socrata, path: Path) -> Account:
    """Download a map file; its account has its own retries, not those before."""
    n_retries = table.web.retries
    fetched = download_map(table, path)
    return replace(fetched, retries=fetched.retries - n_retries)
