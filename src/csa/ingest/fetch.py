"""Download a portal's year in pages, or a map file: complete and of one version, or not.

A page is requested once: an interrupted download continues where it stopped, unless the dataset has
changed since. Before the file is written this is checked once more.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from csa.base.clock import now_utc
from csa.base.errors import OutputError, ParamError, SourceError
from csa.base.io import json_bytes, locked_folder, write_file
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.safe_parsing import parse_json

# ---- One Socrata portal: requests are retried where that can help, and each answer is checked.


LOGGER = logging.getLogger("csa.portal")
TRIES = 6
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_ASKED_WAIT_S = 600.0
CONNECT_S = 15.0
READ_S = 120.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
BUSY = (408, 425, 429)
GONE = (404, 410)
REFUSED = (401, 403)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class PortalClock:
    """Time and chance, so that tests need not wait."""

    sleep: Callable[[float], None] = time.sleep  # waits so many seconds
    now: Callable[[], datetime] = now_utc  # the time, with zone
    chance: Callable[[], float] = SystemRandom().random


CLOCK = PortalClock()


@dataclass(frozen=True)
class Version:
    """What shows that a dataset changed."""

    n_rows: int  # how many rows it has
    updated_at: str  # when a row last changed, as the portal writes it; empty for an empty dataset


class TransientError(Exception):
    """An answer that is worth another request."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.wait_s = wait_s


def portal_url(portal: str) -> str:
    """Return a portal's address: https, except on this machine, for tests."""
    try:
        parts = urlsplit(portal if "://" in portal else f"https://{portal}")
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ParamError("fetch.address", given=portal) from error
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not host or not is_safe or more or not portal.isascii() or " " in portal:
        raise ParamError("fetch.address", given=portal)
    return f"{parts.scheme}://{parts.netloc}"


class Socrata:
    """A portal that can be queried."""

    def __init__(self, portal: str, token: str = "", clock: PortalClock = CLOCK) -> None:
        self.address = portal_url(portal)
        self.retries = 0
        self._clock = clock
        self._session = requests.Session()
        # Passwords of a .netrc are not sent; a proxy is not used for this machine itself.
        self._session.auth = lambda request: request
        self._session.trust_env = urlsplit(self.address).hostname not in LOOPBACK
        self._session.headers["User-Agent"] = "csa"
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ParamError("fetch.token")
        if token:
            self._session.headers["X-App-Token"] = token

    @property
    def host(self) -> str:
        """The host, as sentences name it."""
        return urlsplit(self.address).netloc

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def version(self, dataset: str) -> Version:
        """Request a dataset's number of rows and the time of its last change, in one query."""
        select = {"$select": "count(*) as n_rows,max(:updated_at) as updated_at"}

        def read(content: bytes) -> Version:
            try:
                (row,) = parse_json(content)
                n_rows = int(row["n_rows"])
            except (ValueError, TypeError, KeyError) as error:
                raise TransientError(self.odd_answer(content, dataset)) from error
            return Version(n_rows, str(row.get("updated_at") or ""))

        return self.ask(dataset, "json", select, read)

    def odd_answer(self, content: bytes, dataset: str) -> SourceError:
        """Describe what came instead of an answer."""
        if content.lstrip()[:1] == b"<":
            return SourceError("fetch.web_page", host=self.host, dataset=dataset)
        return SourceError("fetch.not_table", host=self.host, dataset=dataset)

    def ask(
        self, dataset: str, form: str, question: Mapping[str, str], read: Callable[[bytes], Answer]
    ) -> Answer:
        """Repeat a request until the answer is good; raise after the last try."""
        n_failed = 0
        while True:
            try:
                return read(self._get(dataset, form, question))
            except TransientError as hiccup:
                n_failed += 1
                if n_failed == TRIES:
                    raise hiccup.error from hiccup
                self._wait(hiccup, n_failed)

    def _wait(self, hiccup: TransientError, n_failed: int) -> None:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (n_failed - 1))
        wait_s = longest * (0.5 + 0.5 * self._clock.chance())
        if hiccup.wait_s is not None:
            wait_s = max(wait_s, hiccup.wait_s)
        self.retries += 1
        LOGGER.info("try %d of %d in %.1f s: %s", n_failed + 1, TRIES, wait_s, hiccup.error)
        self._clock.sleep(wait_s)

    def _get(self, dataset: str, form: str, question: Mapping[str, str]) -> bytes:
        url = f"{self.address}/resource/{dataset}.{form}"
        limits = (CONNECT_S, READ_S)
        try:
            answer = self._session.get(
                url, params=dict(question), timeout=limits, allow_redirects=False
            )
        except requests.Timeout as error:
            raise TransientError(SourceError("fetch.timeout", host=self.host)) from error
        except requests.RequestException as error:
            if "certificate" in str(error).lower():
                raise SourceError("fetch.certificate", host=self.host) from error
            raise TransientError(SourceError("fetch.dropped", host=self.host)) from error
        self._judge(answer, dataset)
        return answer.content

    def _judge(self, answer: requests.Response, dataset: str) -> None:
        status = answer.status_code
        if status == 200:
            return
        asked = {"host": self.host, "dataset": dataset}
        if status in BUSY or status >= 500:
            wait_s = self._asked_wait_s(answer.headers.get("Retry-After", ""))
            if wait_s is not None and wait_s > LONGEST_ASKED_WAIT_S:
                raise SourceError("fetch.wait", host=self.host, minutes=wait_s / 60)
            raise TransientError(SourceError("fetch.busy", host=self.host, status=status), wait_s)
        if status in GONE:
            raise SourceError("fetch.gone", **asked)
        if status in REFUSED:
            raise SourceError("fetch.refused", status=status, **asked)
        if 300 <= status < 400:
            where = urlsplit(answer.headers.get("Location", "")).netloc or self.host
            raise SourceError("fetch.moved", where=where, **asked)
        raise SourceError("fetch.not_understood", status=status, **asked)

    def _asked_wait_s(self, given: str) -> float | None:
        """Read Retry-After: seconds, or a date."""
        if given.strip().isdecimal():
            return float(given)
        try:
            until = parsedate_to_datetime(given)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - self._clock.now()).total_seconds())


# ---- Pages of a download: read, checked, and stored in a hidden folder until all are there.


ID = ":id"
STATE = "state.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class DownloadPlan:
    """What is downloaded, where to, and in which pages."""

    portal: Socrata  # the portal it comes from
    dataset: str  # the dataset's id
    path: Path  # the file that is written
    page_rows: int  # rows on each page but the last
    version: Version  # the dataset's version at the beginning

    @property
    def about(self) -> dict[str, str]:
        """What sentences say of where it comes from."""
        return {"host": self.portal.host, "dataset": self.dataset}

    @property
    def n_pages(self) -> int:
        """The number of pages."""
        return -(-self.version.n_rows // self.page_rows)

    def rows_on(self, number: int) -> int:
        """Return how many rows a page must have."""
        return min(self.page_rows, self.version.n_rows - number * self.page_rows)


@dataclass(frozen=True)
class Page:
    """A page that passed its checks."""

    header: list[str]  # column names, the row's id first
    rows: list[list[str]]  # n records, each as long as the header, the row's id first


def read_page(content: bytes, plan: DownloadPlan, number: int) -> Page:
    """Read a page."""
    portal, dataset = plan.portal, plan.dataset
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        header, *rows = [row for row in csv.reader(lines, strict=True) if row]
    except (ValueError, csv.Error) as error:
        raise TransientError(portal.odd_answer(content, dataset)) from error
    if header[0] != ID or any(len(row) != len(header) for row in rows):
        raise TransientError(portal.odd_answer(content, dataset))
    wanted = plan.rows_on(number)
    if len(rows) != wanted:
        counts = {"page": number + 1, "wanted": wanted, "given": len(rows)}
        raise TransientError(SourceError("fetch.rows", **plan.about, **counts))
    return Page(header, rows)


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
            "portal": plan.portal.address,
            "dataset": plan.dataset,
            "rows": plan.version.n_rows,
            "updated_at": plan.version.updated_at,
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
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, number: int, content: bytes) -> None:
        """Store a page."""
        write_file(self._page(number), content)

    def page(self, plan: DownloadPlan, number: int) -> Page | None:
        """Read a stored page."""
        try:
            return read_page(self._page(number).read_bytes(), plan, number)
        except (OSError, TransientError):
            return None

    def _page(self, number: int) -> Path:
        # Patterns of a city's files never end like this.
        return self.folder / f"{number:05d}.page"


PAGE_ROWS = 10_000
RESTARTS = 2


@dataclass(frozen=True)
class Account:
    """The result of a download."""

    path: Path  # the file that was written
    dataset: str  # the dataset's id
    rows: int  # rows, or polygons
    updated_at: str  # when a row last changed, as the portal says
    pages: int  # pages of the file
    pages_resumed: int  # those of them that an earlier, interrupted run had received
    retries: int  # repeated requests
    restarts: int  # how often the download began again because the dataset changed
    bytes: int  # size of the file in bytes
    sha256: str  # of its bytes, 64 hex digits
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


class InconsistentPagesError(Exception):
    """Pages that are not of one version: the download must begin again."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error)
        self.error = error


def plan_download(
    portal: Socrata, dataset: str, path: Path, page_rows: int | None = None
) -> DownloadPlan:
    """Ask how large a dataset is, and divide it into pages."""
    version = _version(portal, dataset)
    return DownloadPlan(portal, dataset, path, page_rows or PAGE_ROWS, version)


def _version(portal: Socrata, dataset: str) -> Version:
    version = portal.version(dataset)
    if version.n_rows < 1:
        raise SourceError("fetch.empty", host=portal.host, dataset=dataset)
    return version


def download(plan: DownloadPlan, progress: ProgressCallback = no_progress) -> Account:
    """Download every page and write the file."""
    partial = Partial(plan.path)
    messages: list[Message] = []
    with partial.held():
        for n_restarts in range(RESTARTS + 1):
            if partial.begin(plan):
                messages.append(msg("fetch.note_stale", name=plan.path.name))
            try:
                n_resumed = _gather(plan, partial, progress)
            except InconsistentPagesError as torn:
                partial.clear()
                if n_restarts == RESTARTS:
                    partial.remove()
                    raise torn.error from torn
                plan = replace(plan, version=_version(plan.portal, plan.dataset))
                continue
            if n_restarts:
                messages.append(msg("fetch.note_restarted", host=plan.portal.host, n=n_restarts))
            account = _write(plan, join_pages(plan, partial), n_restarts, messages)
            partial.remove()
            return replace(account, pages=plan.n_pages, pages_resumed=n_resumed)
    raise AssertionError


def _gather(plan: DownloadPlan, partial: Partial, progress: ProgressCallback) -> int:
    """Fetch the missing pages and check that all fit; return how many were there before."""
    n_resumed = 0
    header: list[str] = []
    ids: set[str] = set()
    for number in range(plan.n_pages):
        progress("page")
        page = partial.page(plan, number)
        n_resumed += page is not None
        if page is None:
            page, content = _ask_page(plan, number)
            partial.keep(number, content)
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
    if plan.portal.version(plan.dataset) != plan.version:
        raise InconsistentPagesError(SourceError("fetch.changed", **plan.about))


def _ask_page(plan: DownloadPlan, number: int) -> tuple[Page, bytes]:
    # One row more than the last page should have, so that an uncounted row shows.
    is_last = number == plan.n_pages - 1
    question = {
        "$select": f"{ID},*",
        "$order": ID,
        "$limit": str(plan.rows_on(number) + is_last),
        "$offset": str(number * plan.page_rows),
    }

    def read(content: bytes) -> tuple[Page, bytes]:
        try:
            return read_page(content, plan, number), content
        except TransientError:
            _check_unchanged(plan)  # do not retry a bad page of a changed dataset
            raise

    return plan.portal.ask(plan.dataset, "csv", question, read)


def join_pages(plan: DownloadPlan, partial: Partial) -> bytes:
    """Join the pages, without the portal's own ids; texts stay as they are published."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for number in range(plan.n_pages):
        page = partial.page(plan, number)
        if page is None:
            raise SourceError("fetch.lost", folder=partial.folder)
        if number == 0:
            writer.writerow(page.header[1:])
        writer.writerows(row[1:] for row in page.rows)
    return buffer.getvalue().encode()


def _write(plan: DownloadPlan, content: bytes, n_restarts: int, messages: list[Message]) -> Account:
    write_file(plan.path, content)
    return Account(
        path=plan.path,
        dataset=plan.dataset,
        rows=plan.version.n_rows,
        updated_at=plan.version.updated_at,
        pages=1,
        pages_resumed=0,
        retries=plan.portal.retries,
        restarts=n_restarts,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        messages=tuple(messages),
    )


def download_map(portal: Socrata, dataset: str, path: Path) -> Account:
    """Download neighborhoods, streets or the like as GeoJSON, in one piece."""
    for n_restarts in range(RESTARTS + 1):
        try:
            return _map_once(portal, dataset, path, n_restarts)
        except InconsistentPagesError as torn:
            if n_restarts == RESTARTS:
                raise torn.error from torn
    raise AssertionError


def _map_once(portal: Socrata, dataset: str, path: Path, n_restarts: int) -> Account:
    version = _version(portal, dataset)
    plan = DownloadPlan(portal, dataset, path, version.n_rows, version)

    def read(content: bytes) -> bytes:
        try:
            n_features = len(parse_json(content)["features"])
        except (ValueError, TypeError, KeyError) as error:
            raise TransientError(portal.odd_answer(content, dataset)) from error
        if n_features != version.n_rows:
            _check_unchanged(plan)
            counts = {"page": 1, "wanted": version.n_rows, "given": n_features}
            raise TransientError(SourceError("fetch.rows", **plan.about, **counts))
        return content

    question = {"$order": ID, "$limit": str(version.n_rows + 1)}
    content = portal.ask(dataset, "geojson", question, read)
    _check_unchanged(plan)
    return _write(plan, content, n_restarts, [])
