"""Download a portal's year in pages, or a map file: complete and of one version, or not.

A page is requested once: an interrupted download continues where it stopped, unless the dataset has
changed since. Before the file is written this is checked once more.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from csa.base.errors import SourceError
from csa.base.io import write_file
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.reading import parse_json
from csa.ingest.pages import ID, DownloadPlan, Page, Partial, read_page
from csa.ingest.portal import HiccupError, Socrata, Version

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


class TornError(Exception):
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


def download(plan: DownloadPlan, tell: Tell = silent) -> Account:
    """Download every page and write the file."""
    partial = Partial(plan.path)
    messages: list[Message] = []
    with partial.held():
        for n_restarts in range(RESTARTS + 1):
            if partial.begin(plan):
                messages.append(say("fetch.note_stale", name=plan.path.name))
            try:
                n_resumed = _gather(plan, partial, tell)
            except TornError as torn:
                partial.clear()
                if n_restarts == RESTARTS:
                    partial.remove()
                    raise torn.error from torn
                plan = replace(plan, version=_version(plan.portal, plan.dataset))
                continue
            if n_restarts:
                messages.append(say("fetch.note_restarted", host=plan.portal.host, n=n_restarts))
            account = _write(plan, join_pages(plan, partial), n_restarts, messages)
            partial.remove()
            return replace(account, pages=plan.n_pages, pages_resumed=n_resumed)
    raise AssertionError


def _gather(plan: DownloadPlan, partial: Partial, tell: Tell) -> int:
    """Fetch the missing pages and check that all fit; return how many were there before."""
    n_resumed = 0
    header: list[str] = []
    ids: set[str] = set()
    for number in range(plan.n_pages):
        tell("page")
        page = partial.page(plan, number)
        n_resumed += page is not None
        if page is None:
            page, content = _ask_page(plan, number)
            partial.keep(number, content)
        header = header or page.header
        _check_fit(plan, page, header, ids)
    tell("check")
    _check_unchanged(plan)
    return n_resumed


def _check_fit(plan: DownloadPlan, page: Page, header: list[str], ids: set[str]) -> None:
    asked = {"host": plan.portal.host, "dataset": plan.dataset}
    if page.header != header:
        raise TornError(SourceError("fetch.headers", **asked))
    n_before = len(ids)
    ids.update(row[0] for row in page.rows)
    if len(ids) != n_before + len(page.rows):
        raise TornError(SourceError("fetch.repeats", **asked))


def _check_unchanged(plan: DownloadPlan) -> None:
    if plan.portal.version(plan.dataset) != plan.version:
        asked = {"host": plan.portal.host, "dataset": plan.dataset}
        raise TornError(SourceError("fetch.changed", **asked))


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
        except HiccupError:
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
        except TornError as torn:
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
            raise HiccupError(portal.odd_answer(content, dataset)) from error
        if n_features != version.n_rows:
            _check_unchanged(plan)
            counts = {"page": 1, "wanted": version.n_rows, "given": n_features}
            asked = {"host": portal.host, "dataset": dataset}
            raise HiccupError(SourceError("fetch.rows", **asked, **counts))
        return content

    question = {"$order": ID, "$limit": str(version.n_rows + 1)}
    content = portal.ask(dataset, "geojson", question, read)
    _check_unchanged(plan)
    return _write(plan, content, n_restarts, [])
