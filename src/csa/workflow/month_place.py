"""Where a city's months are kept; how one is put in place, undone, and published."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from csa.base.errors import OutputError, ParamError, SourceError
from csa.base.io import (
    KEPT,
    VERSIONS,
    Move,
    carry_out,
    clone_folder,
    current_version,
    exclusive_lock,
    finish,
    json_bytes,
    write_file,
)
from csa.base.params import Month
from csa.base.safe_parsing import parse_json
from csa.base.text import month as month_words, tr
from csa.city.config import CityConfig
from csa.city.deployment import resolve
from csa.ingest.sources import data_folder
from csa.program.roles import Act, require_area_chair
from csa.program.secret import forget_public_secret
from csa.program.store.engine import Store
from csa.program.store.tables import HandoutRow
from csa.program.work import add_minute
from csa.reports.public.bundle import MARKER as BUNDLE_MARKER, read_published
from csa.reports.public.site import PAGE
from csa.workflow.publishing import publish, record_publication

KEY = "snapshot"
"""What tells whether a month must be made again: the snapshot that its reports rest on."""
MADE_AT, DRAFT_OF = ("editions_snapshot", "audit_n"), "draft_of"
"""Of a month's editions: their snapshot, with what is published, and the last decision in them; the
digest of public figures that they mark as a draft."""
MONTH_FILE, UNDO_FILE = "month.json", "undo.json"
FORMAT_VERSION = 1
"""Of a month's account."""
UNDO_KEYS = ("month", "version", "former", "sources", "replaced", "secret")


@dataclass(frozen=True)
class MonthPlace:
    """A city's folders."""

    home: Path  # var/<city>
    dataset: Path  # the dataset that is served
    data: Path  # the city's own files
    basemap: Path  # what `csa basemap` wrote
    bundle: Path  # what the public sees

    @classmethod
    def of(
        cls,
        config: CityConfig,
        home: Path,
        data_dir: Path,
        dataset: Path | None = None,
        basemap: Path | None = None,
    ) -> MonthPlace:
        """Return the folders of a city: those that are named, the others in its own."""
        bundle = str(resolve({}, config)["bundle"].value)
        return cls(
            home,
            dataset or home / "dataset",
            data_folder(config, data_dir),
            basemap or home / "basemap",
            Path(bundle) if bundle else home / "bundle",
        )

    @property
    def months(self) -> Path:
        """The folder with a folder for each month made."""
        return self.home / "months"

    @property
    def work(self) -> Path:
        """The folder in which a month is made; nobody reads it."""
        return self.home / ".month"

    @property
    def lock(self) -> Path:
        """The file by which one run at a time is let in."""
        return self.home / "month.lock"

    @property
    def journal(self) -> Path:
        """The file that lists the changes of a run that was stopped while it put them in place."""
        return self.home / ".month-journal.json"

    @property
    def before(self) -> Path:
        """The folder with what the newest month replaced."""
        return self.home / ".month-before"

    def month(self, month: Month) -> Path:
        """Return a month's folder."""
        return self.months / str(month)

    def recover(self) -> None:
        """Finish what a run that was stopped had begun to put in place, and remove the rest."""
        finish(self.journal)
        self.clear_work()

    def clear_work(self) -> None:
        """Remove what a run that was stopped left, unless it is still to be put in place."""
        if not self.journal.exists():
            shutil.rmtree(self.work, ignore_errors=True)


def read_month_file(folder: Path) -> dict[str, Any] | None:
    """Read what a month's folder says of itself; None where there is none."""
    found = _read(folder / MONTH_FILE)
    if found is not None and found.get("format_version") != FORMAT_VERSION:
        raise SourceError("month.damaged", path=folder / MONTH_FILE)
    return found


def _read(path: Path, needed: Sequence[str] = ()) -> dict[str, Any] | None:
    """Read a file of this module; refuse one without what is needed, None where there is none."""
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceError("month.damaged", path=path) from error
    if not isinstance(found, dict) or not found.keys() >= set(needed):
        raise SourceError("month.damaged", path=path)
    return found


def list_months(place: MonthPlace) -> list[Month]:
    """List the months that were made, the newest first; a folder of another name is none."""
    found = []
    for path in place.months.glob(f"*/{MONTH_FILE}"):
        with suppress(ParamError):
            found.append(Month.parse(path.parent.name))
    return sorted(found, reverse=True)


def commit(
    place: MonthPlace,
    work: MonthPlace,
    month: Month,
    version: str,
    sources: Mapping[str, Path],
    secret_id: str = "",
) -> None:
    """Put a finished month in place, all together; what it replaces is kept for one undo.

    `secret_id` is that of the secret of public numbers, where the month made it.
    """
    former, moves = current_version(place.dataset), list[Move]()
    number = 1 + max((int(one.name) for one in place.before.glob("[0-9]*")), default=0)
    replaced = place.before / f"{number:04d}"
    for name, path in sources.items():
        staged = work.home / "sources" / name
        write_file(staged, path.read_bytes())
        aside = replaced / "sources" / name
        moves.append(Move(str(place.data / name), str(staged), str(aside)))
    kept_before = work.home / KEPT
    clone_folder(place.dataset / KEPT, kept_before)
    if kept_before.is_dir():
        moves.append(Move(str(replaced / KEPT), str(kept_before)))
    for kept in sorted((work.dataset / KEPT).rglob("*")):
        target = place.dataset / KEPT / kept.relative_to(work.dataset / KEPT)
        if kept.is_file() and not (target.exists() and target.samefile(kept)):
            moves.append(Move(str(target), str(kept)))
    made, target = work.dataset / VERSIONS / version, place.dataset / VERSIONS / version
    if not target.exists():
        moves.append(Move(str(target), str(made)))
    moves.append(Move(str(place.dataset), version=version))
    folder = place.month(month)
    moves.append(Move(str(folder), str(work.month(month)), str(replaced / "month")))
    undo = {
        "month": str(month),
        "version": version,
        "former": former,
        "sources": sorted(sources),
        "replaced": replaced.name,
        "secret": secret_id,
    }
    staged = work.home / UNDO_FILE
    write_file(staged, json_bytes(undo))
    moves.append(Move(str(place.home / UNDO_FILE), str(staged)))
    carry_out(place.journal, moves)
    for older in place.before.glob("[0-9]*"):  # what one more undo would need is not kept
        if older != replaced:
            shutil.rmtree(older, ignore_errors=True)


def undo(place: MonthPlace) -> dict[str, Any]:
    """Take back the newest month: dataset, editions and files are as they were before it.

    So is what is kept beside the dataset, the names and numbers of places among it: whatever came
    there since goes aside. What was published stays published: a ledger is never undone.
    """
    with exclusive_lock(place.lock):
        place.recover()
        told = _read(place.home / UNDO_FILE, UNDO_KEYS)
        if told is None:
            raise ParamError("month.nothing_to_undo")
        if not told["former"]:
            raise ParamError("month.first_stays")
        month = Month.parse(told["month"])
        account = read_month_file(place.month(month)) or {}
        before = place.before / told["replaced"]
        gone = place.home / "undone" / f"{month}-{str(account.get(KEY))[:12]}"
        shutil.rmtree(gone, ignore_errors=True)
        moves = [Move(str(place.dataset), version=told["former"])]
        moves.append(_back(place.dataset / KEPT, before / KEPT, gone / KEPT))
        if told["version"] != told["former"]:
            version = place.dataset / VERSIONS / told["version"]
            moves.append(Move(str(gone / "version"), str(version)))
        moves.append(_back(place.month(month), before / "month", gone / "month"))
        moves += [
            _back(place.data / name, before / "sources" / name, gone / "sources" / name)
            for name in told["sources"]
        ]
        moves.append(Move(str(place.home / UNDO_FILE)))
        carry_out(place.journal, moves)
        undone = {"undone": str(gone), "served": told["former"], "secret": told["secret"]}
        return {**account, **undone}


def _back(place: Path, before: Path, gone: Path) -> Move:
    """Put back what a month replaced; what it brought goes aside."""
    return Move(str(place), str(before) if before.exists() else "", str(gone))


def publish_month(
    place: MonthPlace, month: Month, act: Act, make_store: Callable[[], Store]
) -> tuple[str, ...]:
    """Publish the public bundle that a month made as a draft; the register says by whom.

    Raises
    ------
    RoleError
        If the person may not decide for areas: what the public has read is not taken back.
    OutputError
        If the month has no bundle, or it cannot be written.
    """
    require_area_chair(act.person)
    draft = place.month(month) / "public"
    if not draft.is_dir():
        raise OutputError("month.no_bundle", month=month)
    account = _read(place.month(month) / MONTH_FILE, MADE_AT) or {}
    snapshot, audit_n = (account.get(name) for name in MADE_AT)
    store = make_store()
    written = publish(draft, place.bundle)
    record_publication(store, act, place.bundle, month, (str(snapshot), int(audit_n or 0)))
    return written


def is_recorded(place: MonthPlace, store: Store | None) -> bool:
    """Return whether the register says who published what the public sees."""
    page = place.bundle / PAGE
    if store is None or not page.is_file():
        return False
    code = hashlib.sha256(page.read_bytes()).hexdigest()
    with store.reading() as session:
        return session.scalar(select(HandoutRow.key).filter_by(sha256=code)) is not None


def went_to(place: MonthPlace, store: Store | None) -> list[str]:
    """List who was handed an edition of the newest month, by office."""
    months = list_months(place)
    if store is None or not months:
        return []
    account = read_month_file(place.month(months[0])) or {}
    files = dict(account.get("files", {}))
    codes = {code for name, code in files.items() if name.startswith("editions/")}
    with store.reading() as session:
        rows = session.scalars(select(HandoutRow).order_by(HandoutRow.key))
        return list(dict.fromkeys(row.recipient for row in rows if row.sha256 in codes))


def was_published(place: MonthPlace) -> bool:
    """Return whether the newest month's bundle is the one that the public sees."""
    months = list_months(place)
    draft = place.month(months[0]) / "public" / BUNDLE_MARKER if months else None
    public = place.bundle / BUNDLE_MARKER
    if draft is None or not (draft.is_file() and public.is_file()):
        return False
    return draft.read_bytes() == public.read_bytes()


def _secrets_published(place: MonthPlace) -> set[str]:
    """Return the ids of the secrets that changed what the public reads."""
    if not (place.bundle / BUNDLE_MARKER).is_file():
        return set()
    return {one.secret_id for one in read_published(place.bundle)}


def take_back(place: MonthPlace, store: Store | None, act: Act) -> tuple[dict[str, Any], list[str]]:
    """Take the newest month back, and write into the trail who had been handed its editions."""
    require_area_chair(act.person)
    names = went_to(place, store)
    told = undo(place)
    secret_id = told.pop("secret")
    if store is not None and secret_id and secret_id not in _secrets_published(place):
        forget_public_secret(store, secret_id)
    if names and store is not None:
        values = {"month": month_words(told["month"]), "snapshot": told.get(KEY)}
        add_minute(store, act, tr("month.withdrawn", names=", ".join(names), **values))
    return told, names
