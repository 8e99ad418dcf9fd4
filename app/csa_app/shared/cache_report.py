"""Cached as in `csa_app.shared.cache`: a month's report, its editions, and what they are made from.

A hand-out changes no report, so keys hold the last other decision (`Records.decided`).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import streamlit as st

from csa.analysis.analysis import Analysis
from csa.base.errors import CsaError, StoreError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.city.deployment import resolve
from csa.disclosure.keys import Secret
from csa.ingest.basemap import load_basemap
from csa.program.plan.items import Plan
from csa.program.secret import public_secret
from csa.program.store.records import Records
from csa.reports.editions.all import spoken
from csa.reports.making import Drawer, make_report
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs, snapshot_for, stood
from csa_app.shared import cache, cache_around, cache_store
from csa_app.shared.cache_now import of_city
from csa_app.shared.city_session import CitySession
from csa_app.shared.fair_queue import in_turn
from csa_app.shared.screen_state import first_choices
from csa_app.shared.settings import deployment


@dataclass(frozen=True)
class ReportBasis:
    """What reports are made from."""

    session: CitySession  # the city
    plan: Plan | None  # its plan; None if its file names none
    records: Records  # what was decided

    def at(self, month: str) -> Records:
        """Return what a month's report is made from: of a past month, as it stood at its end."""
        trail = partial(cache_store.full_trail, self.session)
        return stood(self.records, trail, self.session, Month.parse(month))

    @property
    def mark(self) -> str:
        """Key that changes with the data, the plan or the decisions."""
        plan = "" if self.plan is None else hashlib.sha256(repr(self.plan).encode()).hexdigest()
        folders = (deployment().basemap, _bundle())
        beside = [folder_key(path) for path in folders if path is not None]
        beside.append((hash(cache_around.studies()),))
        secret = _secret_of(self.session)
        key = "" if secret is None else secret.id
        return f"{self.session.key} {plan[:16]} {self.records.decided.hash} {beside} {key}"


@dataclass(frozen=True)
class MadeEdition:
    """A file of an edition."""

    name: str  # file name
    content: bytes  # the file's bytes
    month: str  # of the edition
    audience: str  # of the edition
    language: str  # of the edition
    form: str  # of the edition
    snapshot_id: str  # snapshot it was made from
    audit_n: int  # number of the trail's last entry at the snapshot

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


def facts(
    basis: ReportBasis,
    month: str,
    progress: ProgressCallback = no_progress,
    *,
    with_public: bool = True,
) -> Facts:
    """Gather the facts of a month, once for all its editions."""
    return _facts(basis.mark, month, with_public, basis, progress)


@of_city(max_entries=4)
def _facts(
    mark: str,
    month: str,
    with_public: bool,  # noqa: FBT001 - a part of the key
    _basis: ReportBasis,
    _progress: ProgressCallback,
) -> Facts:
    analysis, when = analysis_of(_basis, month, _progress), Month.parse(month)
    around = replace(report_inputs(_basis.session), with_public=with_public)
    return in_turn(gather_month)(analysis, _basis.plan, when, around)


def report_inputs(session: CitySession) -> ReportInputs:
    """Return the background of the app's maps, the earlier publications, and their secret."""
    try:
        layers = dict(load_basemap(deployment().basemap).layers)
    except CsaError:
        layers = {}
    folder, secret, found = _bundle(), _secret_of(session), cache_around.studies()
    if folder is None:
        return ReportInputs(layers, secret=secret, studies=found)
    from csa.reports.public.bundle import read_published  # noqa: PLC0415 - only if one is named

    published = tuple(read_published(folder, cache.city_config().city.id))
    return ReportInputs(layers, published, secret=secret, studies=found)


def _secret_of(session: CitySession) -> Secret | None:
    """Return the secret of public counts; None before the first, and where the store is down."""
    try:
        return public_secret(cache_store.open_read_only(session))
    except StoreError:
        return None


def _bundle() -> Path | None:
    """Return the folder of the published bundle: a setting's, or the city's own if there is one."""
    named = str(resolve({}, cache.city_config())["bundle"].value)
    own = deployment().dataset.parent / "bundle"
    return Path(named) if named else own if own.is_dir() else None


def folder_key(folder: Path) -> tuple[int, ...]:
    """Return a key for a folder's state."""
    found: list[int] = []
    for path in (folder, *sorted(folder.glob("*"))):
        with suppress(OSError):  # a file removed meanwhile is another state
            known = path.stat()
            found += [known.st_mtime_ns, known.st_size, known.st_ino]
    return tuple(found)


def analysis_of(
    basis: ReportBasis, month: str, progress: ProgressCallback = no_progress
) -> Analysis:
    """Ask as the command does: by the city's own settings, and what stood at the month's end."""
    choices = replace(first_choices(basis.session), until=Month.parse(month).plus(1))
    return Analysis(basis.session, choices, basis.at(month), progress=progress)


def edition(known: Facts, audience: str, language: str, form: str) -> MadeEdition:
    """Make a file of an edition, once."""
    return _edition(known.snapshot.id, audience, language, form, known)


@st.cache_resource(max_entries=60, show_spinner=False)
def _edition(snapshot: str, audience: str, language: str, form: str, _known: Facts) -> MadeEdition:
    of = (
        str(_known.month),
        audience,
        spoken(audience, language),
        form,
        snapshot,
        _known.snapshot.audit_n,
    )
    drawer = _drawer(snapshot)
    name, content = in_turn(make_report)(_known, audience, language, form, drawer)
    return MadeEdition(name, content, *of)


@st.cache_resource(max_entries=2, show_spinner=False)
def _drawer(snapshot: str) -> Drawer:
    """Return the map drawer of a snapshot, which its editions share."""
    return Drawer()


def snapshot_id(basis: ReportBasis, month: str) -> str:
    """Return the snapshot that a month's report has now."""
    return _snapshot_id(basis.mark, month, basis)


@st.cache_resource(max_entries=240, show_spinner=False)
def _snapshot_id(mark: str, month: str, _basis: ReportBasis) -> str:
    analysis, around = analysis_of(_basis, month), report_inputs(_basis.session)
    return snapshot_for(analysis, _basis.plan, Month.parse(month), around).id
