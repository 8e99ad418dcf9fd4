"""Download a portal's table in pages, or a file: complete and of one version, or not at all.

A page is requested once: an interrupted download continues where it stopped, unless the dataset has
changed since. What was downloaded before is brought up to date by the rows that changed, where the
portal keeps when they did. Before the file is written its version is checked once more.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from csa.base.errors import ConfigError, OutputError, ParamError, SourceError
from csa.base.io import json_bytes, locked_folder, write_file
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.safe_parsing import parse_json
from csa.city.config import CityConfig
from csa.ingest.portals import (
    InconsistentPagesError,
    Page,
    PlainFile,
    PortalTable,
    Socrata,
    Version,
    file_name,
    recognize,
)
from csa.ingest.web import TransientError, Web, check_url, host_of, odd_answer

# What can be downloaded by a city's file: from where, and under which name.

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


STATE = "state.json"
FORMAT_VERSION = 1
RESTARTS, PAGE_ROWS = 2, 10_000
LEAST_SHARE = 0.5
"""Of the rows there were before: fewer are taken only if somebody says so."""
ID = "id"


@dataclass(frozen=True)
class Account:
    """The result of a download."""

    path: Path  # the file that was written
    dataset: str  # the dataset's id
    rows: int  # rows, or polygons; of a file that is no table its lines
    updated_at: str  # when a row last changed, as the portal says
    pages: int  # pages of the file
    pages_resumed: int  # those of them that an earlier, interrupted run had received
    retries: int  # repeated requests
    restarts: int  # how often the download began again because the dataset changed
    bytes: int  # size of the file in bytes
    sha256: str  # of its bytes, 64 hex digits
    new: int | None = None  # rows that were not there before; None the first time
    changed: int | None = None  # rows that were there, with other values
    gone: int | None = None  # rows that are no longer there
    messages: tuple[Message, ...] = ()  # what the user should know
    places: Account | None = None
    basemap: tuple[Account, ...] = ()

    def for_machines(self) -> dict[str, Any]:
        """Return the account as JSON can hold it."""
        return {
            **vars(self),
            "path": str(self.path),
            "messages": [str(message) for message in self.messages],
            "places": self.places.for_machines() if self.places else None,
            "basemap": [layer.for_machines() for layer in self.basemap],
        }


# ---- What was downloaded before.


@dataclass(frozen=True)
class Earlier:
    """The file of an earlier download, with the portal's ids of its rows."""

    version: Version
    header: list[str]  # column names, without the id
    rows: dict[str, list[str]]  # by the portal's id


def _state_file(path: Path) -> Path:
    """Return where it is written what a file was downloaded from, hidden beside it."""
    return path.with_name(f".{path.name}.source.json")


def read_earlier(table: PortalTable, path: Path) -> Earlier | None:
    """Read the file of an earlier download of the same table; None where it was changed since."""
    with suppress(OSError, ValueError, KeyError, TypeError, csv.Error):
        state, content = parse_json(_state_file(path).read_bytes()), path.read_bytes()
        if state["source"] == _source_of(table) and state["sha256"] == _digest(content):
            header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
            version = Version(int(state["n_rows"]), str(state["updated_at"]))
            return Earlier(version, header, dict(zip(state["ids"], rows, strict=True)))
    return None


def _source_of(table: PortalTable) -> list[str]:
    return [table.kind, table.address, table.where]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ---- Pages of a download: read, checked, and stored in a hidden folder until all are there.


@dataclass(frozen=True)
class DownloadPlan:
    """What is downloaded, where to, and in which pages."""

    table: PortalTable
    path: Path  # the file that is written
    page_rows: int  # rows on each page but the last
    version: Version  # the dataset's version at the beginning
    earlier: Earlier | None = None

    @property
    def about(self) -> dict[str, str]:
        """What sentences say of where it comes from."""
        return self.table.about

    @property
    def n_pages(self) -> int:
        """The number of pages."""
        return -(-self.version.n_rows // self.page_rows)

    def rows_on(self, number: int) -> int:
        """Return how many rows a page must have."""
        return min(self.page_rows, self.version.n_rows - number * self.page_rows)


class Partial:
    """The hidden folder beside a file that stores its pages."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent / f".{path.name}.partial"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder against another download of the same file."""
        with locked_folder(self.folder, OutputError("fetch.held", folder=self.folder)):
            yield

    def begin(self, plan: DownloadPlan) -> bool:
        """Keep pages of the planned version; delete those of any other."""
        state = {
            "format_version": FORMAT_VERSION,
            "source": _source_of(plan.table),
            **asdict(plan.version),
            "page_rows": plan.page_rows,
        }
        with suppress(OSError, ValueError):
            if parse_json((self.folder / STATE).read_bytes()) == state:
                return False
        had_pages = self.clear()
        write_file(self.folder / STATE, json_bytes(state))
        return had_pages

    def clear(self) -> bool:
        """Delete all pages."""
        (self.folder / STATE).unlink(missing_ok=True)  # first, since pages without it are ignored
        pages = list(self.folder.glob("*.page"))
        for page in pages:
            page.unlink()
        return bool(pages)

    def remove(self) -> None:
        """Remove the folder."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()

    def keep(self, number: int, page: Page) -> None:
        """Store a page."""
        write_file(self._page(number), csv_bytes([page.header, *page.rows]))

    def page(self, plan: DownloadPlan, number: int) -> Page | None:
        """Read a stored page; None where it is not whole."""
        with suppress(OSError, ValueError, csv.Error):
            text = self._page(number).read_bytes().decode()
            header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
            if len(rows) == plan.rows_on(number) and {len(row) for row in rows} == {len(header)}:
                return Page(header, rows)
        return None

    def _page(self, number: int) -> Path:
        # Patterns of a city's files never end like this.
        return self.folder / f"{number:05d}.page"


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows as CSV; texts stay as they are published."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode()


def plan_download(table: PortalTable, path: Path, page_rows: int | None = None) -> DownloadPlan:
    """Ask how large a table is, and divide it into pages."""
    version = _version(table)
    earlier = read_earlier(table, path)
    page_rows = min(page_rows or PAGE_ROWS, table.page_rows)
    return DownloadPlan(table, path, page_rows, version, earlier)


def _version(table: PortalTable) -> Version:
    version = table.version()
    if version.n_rows < 1:
        raise SourceError("fetch.empty", **table.about)
    return version


def download(
    plan: DownloadPlan, progress: ProgressCallback = no_progress, *, accept: bool = False
) -> Account:
    """Download what is needed and write the file.

    A table that lost half of its rows, or a column, since the last time is refused unless it is
    accepted.
    """
    hidden = Partial(plan.path)
    messages: list[Message] = []
    with hidden.held():
        for n_restarts in range(RESTARTS + 1):
            try:
                made = _bring_up_to_date(plan)
                n_resumed = n_pages = 0
                if made is None:
                    if hidden.begin(plan):
                        messages.append(msg("fetch.note_stale", name=plan.path.name))
                    n_resumed, n_pages = _gather(plan, hidden, progress), plan.n_pages
                    made = join_pages(plan, hidden)
            except InconsistentPagesError as torn:
                hidden.clear()
                if n_restarts == RESTARTS:
                    hidden.remove()
                    raise torn.error from torn
                plan = replace(plan, version=_version(plan.table))
                continue
            if n_restarts:
                messages.append(msg("fetch.note_restarted", host=plan.about["host"], n=n_restarts))
            hidden.remove()
            if not accept:
                _require_alike(plan, made)
            account = _write_table(plan, made, n_restarts, messages)
            return replace(account, pages=n_pages, pages_resumed=n_resumed)
    raise AssertionError


def _bring_up_to_date(plan: DownloadPlan) -> Page | None:
    """Return the table of an earlier download with what changed; None if all must be requested."""
    earlier = plan.earlier
    if earlier is None:
        return None
    header = [ID, *earlier.header]
    if plan.version == earlier.version and plan.version.updated_at:
        return Page(header, [[key, *row] for key, row in earlier.rows.items()])
    changes = plan.table.changes(earlier.version)
    if changes is None or changes.page.header[1:] not in ([], earlier.header):
        return None
    rows = earlier.rows | {row[0]: row[1:] for row in changes.page.rows}
    if len(changes.ids) != plan.version.n_rows or not rows.keys() >= {*changes.ids}:
        return None
    _check_unchanged(plan)
    return Page(header, [[key, *rows[key]] for key in changes.ids])


def _gather(plan: DownloadPlan, hidden: Partial, progress: ProgressCallback) -> int:
    """Fetch the missing pages and check that all fit; return how many were there before."""
    n_resumed = 0
    header: list[str] = []
    ids: set[str] = set()
    for number in range(plan.n_pages):
        progress("page")
        page = hidden.page(plan, number)
        n_resumed += page is not None
        if page is None:
            page = _ask_page(plan, number)
            hidden.keep(number, page)
        header = header or page.header
        _check_fit(plan, page, header, ids)
    progress("check")
    _check_unchanged(plan)
    return n_resumed


def _check_fit(plan: DownloadPlan, page: Page, header: list[str], ids: set[str]) -> None:
    if page.header != header:
        raise InconsistentPagesError(SourceError("fetch.headers", **plan.about))
    n_before = len(ids)
    ids.update(row[0] for row in page.rows)
    if len(ids) != n_before + len(page.rows):
        raise InconsistentPagesError(SourceError("fetch.repeats", **plan.about))


def _check_unchanged(plan: DownloadPlan) -> None:
    if plan.table.version() != plan.version:
        raise InconsistentPagesError(SourceError("fetch.changed", **plan.about))


def _ask_page(plan: DownloadPlan, number: int) -> Page:
    first, wanted = number * plan.page_rows, plan.rows_on(number)

    def once() -> Page:
        page = plan.table.page(first, wanted, is_last=number == plan.n_pages - 1)
        if len(page.rows) != wanted:
            _check_unchanged(plan)  # do not retry a bad page of a changed dataset
            counts = {"page": number + 1, "wanted": wanted, "given": len(page.rows)}
            raise TransientError(SourceError("fetch.rows", **plan.about, **counts))
        return page

    return plan.table.web.repeat(once)


def join_pages(plan: DownloadPlan, hidden: Partial) -> Page:
    """Join the pages."""
    pages = [hidden.page(plan, number) for number in range(plan.n_pages)]
    if None in pages:
        raise SourceError("fetch.lost", folder=hidden.folder)
    whole = [page for page in pages if page is not None]
    return Page(whole[0].header, [row for page in whole for row in page.rows])


def _require_alike(plan: DownloadPlan, made: Page) -> None:
    """Refuse a table that lost half of its rows, or a column: the city's file may not fit it."""
    earlier = plan.earlier
    if earlier is None:
        return
    lost = [name for name in earlier.header if name not in made.header[1:]]
    fresh = [name for name in made.header[1:] if name not in earlier.header]
    if lost:
        named = {"lost": ", ".join(lost), "new": ", ".join(fresh) or "none"}
        raise SourceError("fetch.columns", **plan.about, **named)
    if len(made.rows) < LEAST_SHARE * len(earlier.rows):
        counts = {"n": len(made.rows), "before": len(earlier.rows)}
        raise SourceError("fetch.shrank", **plan.about, **counts)


def _write_table(
    plan: DownloadPlan, made: Page, n_restarts: int, messages: list[Message]
) -> Account:
    # Without the portal's own ids, which are stored beside.
    content = csv_bytes([made.header[1:], *(row[1:] for row in made.rows)])
    state = {"source": _source_of(plan.table), **asdict(plan.version), "sha256": _digest(content)}
    account = _write(plan.table, plan.path, content, plan.version, n_restarts, messages)
    write_file(_state_file(plan.path), json_bytes({**state, "ids": [row[0] for row in made.rows]}))
    if plan.earlier is None:
        return account
    now, before = {row[0]: row[1:] for row in made.rows}, plan.earlier.rows
    return replace(
        account,
        new=len(now.keys() - before.keys()),
        changed=sum(now[key] != before[key] for key in now.keys() & before.keys()),
        gone=len(before.keys() - now.keys()),
    )


def _write(
    source: PortalTable | PlainFile,
    path: Path,
    content: bytes,
    version: Version,
    n_restarts: int = 0,
    messages: Sequence[Message] = (),
) -> Account:
    write_file(path, content)
    return Account(
        path=path,
        dataset=source.name,
        rows=version.n_rows,
        updated_at=version.updated_at,
        pages=1,
        pages_resumed=0,
        retries=source.web.retries,
        restarts=n_restarts,
        bytes=len(content),
        sha256=_digest(content),
        messages=tuple(messages),
    )


def download_map(table: Socrata, path: Path) -> Account:
    """Download neighborhoods, streets or the like as GeoJSON, in one piece."""
    for n_restarts in range(RESTARTS + 1):
        version = _version(table)
        with suppress(InconsistentPagesError):
            content = table.web.repeat(partial(_ask_map, table, version))
            _check_unchanged(DownloadPlan(table, path, version.n_rows, version))
            return _write(table, path, content, version, n_restarts)
    raise SourceError("fetch.changed", **table.about)


def _ask_map(table: Socrata, version: Version) -> bytes:
    content, n_features = table.map_file(version.n_rows)
    if n_features == version.n_rows:
        return content
    if table.version() != version:
        raise InconsistentPagesError(SourceError("fetch.changed", **table.about))
    counts = {"page": 1, "wanted": version.n_rows, "given": n_features}
    raise TransientError(SourceError("fetch.rows", **table.about, **counts))


# ---- A file at an address.


def download_file(source: PlainFile, path: Path, *, accept: bool = False) -> Account:
    """Download a file as it is, unless the server says that it is the same as before."""
    before = _read_file_state(source, path)
    conditions = {"If-None-Match": before.get("etag"), "If-Modified-Since": before.get("modified")}
    headers = {name: value for name, value in conditions.items() if value}
    hidden = Partial(path)
    with hidden.held():
        target = hidden.folder / "file"
        given = source.web.save(source.address, target, name=source.name, headers=headers)
        content = path.read_bytes() if given is None else target.read_bytes()
        hidden.remove()
        if given is not None:
            _require_data(source, content, before, accept=accept)
        modified = before.get("modified", "") if given is None else given.get("last-modified", "")
        version = Version(max(0, content.count(b"\n") - 1), modified)
        account = _write(source, path, content, version)
        if given is not None:
            state = {"source": source.address, "sha256": account.sha256, "bytes": len(content)}
            state |= {"etag": given.get("etag", ""), "modified": modified}
            write_file(_state_file(path), json_bytes(state))
    return account


def _read_file_state(source: PlainFile, path: Path) -> dict[str, Any]:
    """Read what is known of a file that was downloaded before; nothing where it was changed."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        state: dict[str, Any] = parse_json(_state_file(path).read_bytes())
        if (state["source"], state["sha256"]) == (source.address, _digest(path.read_bytes())):
            return state
    return {}


def _require_data(
    source: PlainFile, content: bytes, before: Mapping[str, Any], *, accept: bool
) -> None:
    """Refuse a page for people, nothing, and a file that lost half of its bytes."""
    host, start = host_of(source.address), content[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise odd_answer(content, host, source.name)
    about = {"host": host, "dataset": source.name}
    if not content.strip():
        raise SourceError("fetch.empty", **about)
    if len(content) < LEAST_SHARE * before.get("bytes", 0) and not accept:
        raise SourceError("fetch.shrank_file", **about, n=len(content), before=before["bytes"])
