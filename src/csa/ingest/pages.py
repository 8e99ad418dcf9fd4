"""Pages of a download: read, checked, and stored in a hidden folder until all are there."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from csa.base.errors import OutputError, SourceError
from csa.base.io import held, json_bytes, write_file
from csa.base.reading import parse_json
from csa.ingest.portal import HiccupError, Socrata, Version

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
        raise HiccupError(portal.odd_answer(content, dataset)) from error
    if header[0] != ID or any(len(row) != len(header) for row in rows):
        raise HiccupError(portal.odd_answer(content, dataset))
    wanted = plan.rows_on(number)
    if len(rows) != wanted:
        counts = {"page": number + 1, "wanted": wanted, "given": len(rows)}
        raise HiccupError(SourceError("fetch.rows", host=portal.host, dataset=dataset, **counts))
    return Page(header, rows)


class Partial:
    """The hidden folder beside a file that stores its pages."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent / f".{path.name}.partial"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder against another download of the same file."""
        with held(self.folder, OutputError("fetch.held", folder=self.folder)):
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
        if self._state() == state:
            return False
        had_pages = self.clear()
        write_file(self.folder / STATE, json_bytes(state))
        return had_pages

    def _state(self) -> object:
        try:
            return parse_json((self.folder / STATE).read_bytes())
        except (OSError, ValueError):
            return None

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
        except (OSError, HiccupError):
            return None

    def _page(self, number: int) -> Path:
        # Patterns of a city's files never end like this.
        return self.folder / f"{number:05d}.page"
