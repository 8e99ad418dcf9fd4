"""Cached as in `csa_app.shared.cache`: a month's report, its editions, and the public one.

A hand-out changes no report, so keys hold the last other decision (`Records.decided`).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from csa.analysis.analysis import Analysis
from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError, StoreError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message
from csa.base.params import Month
from csa.city.deployment import resolve
from csa.disclosure.keys import Secret
from csa.ingest.basemap_files import load_basemap
from csa.program.plan.items import Plan
from csa.program.secret import public_secret
from csa.program.store.records import Records
from csa.reports.editions.all import spoken
from csa.reports.making import Drawer, make_report
from csa.reports.month.facts import Facts, MapGround
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs, describe_later, snapshot_for, stood
from csa.reports.public.facts import PublicFacts
from csa.reports.public.gathering import gather_from
from csa.reports.public.map_sheet import public_map
from csa_app.shared import cache, cache_store
from csa_app.shared.cache import KeyFunctions, of_city
from csa_app.shared.city_session import CitySession
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
        beside.append((hash(cache.studies()),))
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


OF_BASIS: KeyFunctions = {
    ReportBasis: lambda basis: basis.mark,
    Facts: lambda facts: facts.snapshot.id,
}
"""What a report's basis and a month's facts are known by."""


@of_city(max_entries=4, keys=OF_BASIS)
def facts(
    basis: ReportBasis,
    month: str,
    _progress: ProgressCallback = no_progress,
    *,
    with_public: bool = True,
) -> Facts:
    """Gather the facts of a month, once for all its editions."""
    analysis, when = analysis_of(basis, month, _progress), Month.parse(month)
    around = replace(report_inputs(basis.session), with_public=with_public)
    return gather_month(analysis, basis.plan, when, around)


def report_inputs(session: CitySession) -> ReportInputs:
    """Return the background of the app's maps, the earlier publications, and their secret."""
    try:
        layers = dict(load_basemap(deployment().basemap).layers)
    except CsaError:
        layers = {}
    folder, secret, found = _bundle(), _secret_of(session), cache.studies()
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


def published(session: CitySession) -> PublicFacts | None:
    """Return the public facts as they were published last; None where nothing whole was."""
    folder = _bundle()
    with suppress(CsaError):
        facts = None if folder is None else _published(folder, folder_key(folder))
        return facts if facts is not None and facts.city_id == session.config.city.id else None
    return None


@of_city(max_entries=2)
def _published(folder: Path, _key: tuple[int, ...]) -> PublicFacts:
    from csa.reports.public.bundle import read_bundle  # noqa: PLC0415 - only if there is one

    return read_bundle(folder)[0]


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
    return _undecided(basis.session, choices).deciding(basis.at(month)).showing(progress)


@of_city(max_entries=4)
def _undecided(session: CitySession, choices: AreaSettings) -> Analysis:
    """Return what no decision changes of a month's answers."""
    return Analysis(session, choices)


@of_city(max_entries=60, keys=OF_BASIS)
def edition(facts: Facts, audience: str, language: str, form: str) -> MadeEdition:
    """Make a file of an edition."""
    name, content = make_report(facts, audience, language, form, _drawer(facts.snapshot.id))
    spoken_in, snapshot = spoken(audience, language), facts.snapshot
    return MadeEdition(
        name, content, str(facts.month), audience, spoken_in, form, snapshot.id, snapshot.audit_n
    )


@of_city(max_entries=2)
def _drawer(snapshot: str) -> Drawer:
    """Return the map drawer of a snapshot, which its editions share."""
    return Drawer()


@of_city(max_entries=240, keys=OF_BASIS)
def snapshot_id(basis: ReportBasis, month: str) -> str:
    """Return the snapshot that a month's report has now."""
    analysis, around = analysis_of(basis, month), report_inputs(basis.session)
    return snapshot_for(analysis, basis.plan, Month.parse(month), around).id


@dataclass(frozen=True)
class PublicEdition:
    """The public report and its map, before they are published."""

    facts: PublicFacts  # all public facts
    svg: str | None  # the map; None if it could not be drawn
    is_draft: bool  # its figures are in no record of published ones
    later: Message | None  # what was decided since, and is not in it


@of_city(max_entries=8, keys=OF_BASIS)
def as_it_would_be(
    basis: ReportBasis, month: str, language: str, _progress: ProgressCallback = no_progress
) -> PublicEdition:
    """Compute a preview of what would be published."""
    facts, is_draft = _public_facts(basis, month, _progress)
    dataset, layers = basis.session.dataset, report_inputs(basis.session).layers
    ground = MapGround(dataset.study_area, dataset.neighborhoods, layers, {})
    try:
        svg = public_map(facts, ground, basis.session.config, language)
    except CsaError:
        svg = None  # the page says that it could not be drawn
    return PublicEdition(facts, svg, is_draft, describe_later(basis.at(month)))


@of_city(max_entries=4, keys=OF_BASIS)
def _public_facts(
    basis: ReportBasis, month: str, _progress: ProgressCallback
) -> tuple[PublicFacts, bool]:
    analysis, around = analysis_of(basis, month, _progress), report_inputs(basis.session)
    made = gather_from(analysis, basis.plan, Month.parse(month), around)
    return made.facts, made.publication not in around.earlier
