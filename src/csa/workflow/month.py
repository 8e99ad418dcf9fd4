"""The new month, in one act: files in, a preview; then dataset, record, proposal, editions, bundle.

Everything is made in a folder of its own, beside the city's, and put in place together at the end:
a run that fails or is killed leaves the last good month as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.proposal import proposal_files
from csa.backtest.recording import load_suggestion, past_years, suggestion_of
from csa.base.errors import CsaError, OutputError, ParamError, SourceError
from csa.base.io import json_bytes, write_file
from csa.base.journal import alone, clone_folder, current_version
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.base.text import render
from csa.config.city import CityConfig
from csa.config.evidence import EvidenceStudy
from csa.dataset.versioned import City, open_dataset, save_dataset
from csa.decisions.registry import (
    all_services,
    core_areas,
    followed,
    served_as,
    standings,
)
from csa.decisions.secret import keep_public_secret, public_secret
from csa.decisions.store import Store
from csa.decisions.store.records import Records
from csa.disclosure.keys import Secret
from csa.displacement.files import displacement_account, displacement_files
from csa.displacement.follow import FollowSource, follow_areas
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.ingest.basemap import load_basemap
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.sources import add_layers, find_inputs
from csa.plan import Plan
from csa.reports.briefing.areas import CORE_AREAS, core_areas_file, count_core_areas
from csa.reports.making import make_all
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import Beside, gather_month, snapshot_for
from csa.reports.month.standing import read_month
from csa.reports.public.bundle import MARKER as BUNDLE_MARKER
from csa.reports.public.bundle import carried_on, read_published
from csa.workflow.month_place import (
    DRAFT_OF,
    KEY,
    MADE_AT,
    MONTH_FILE,
    MonthPlace,
    commit,
    read_month_file,
)
from csa.workflow.month_preview import MonthPreview, preview
from csa.workflow.month_summary import SUMMARY, summary_page
from csa.workflow.naming import keep_place_names
from csa.workflow.past_years import BacktestRequest, ask_question, judge_past_years, keep_past_years
from csa.workflow.publishing import make_bundle

FORMAT_VERSION = 1
QUARTERS_END = (3, 6, 9, 12)


@dataclass(frozen=True)
class MonthRequest:
    """What a month is made from."""

    config: CityConfig
    plan: Plan | None
    place: MonthPlace  # where the city's files, dataset, months and bundle are
    store: Store | None  # what was decided; None where nothing was
    make_store: Callable[[], Store]  # makes it, for the first secret of a publication
    choices: Choices  # how areas are proposed
    files: tuple[Path, ...] = ()  # new files of shootings
    language: str = ""  # of the editions; the city's where empty
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


@dataclass(frozen=True)
class MonthDraft:
    """New files that were read, and what they would change."""

    intake: Intake
    preview: MonthPreview
    sources: Mapping[str, Path] = field(default_factory=dict)  # new files by their name

    @property
    def month(self) -> Month:
        """The month that would be reported."""
        return Month.parse(self.preview.month)


@dataclass(frozen=True)
class MonthMade:
    """A month that was made, or was there already."""

    month: Month
    folder: Path  # with the editions, the proposal and month.json
    account: Mapping[str, Any]  # what month.json holds
    is_new: bool  # False where nothing had changed


def read_new(request: MonthRequest, tell: Tell = silent) -> MonthDraft:
    """Read a city's files, new ones in place of those of the same name; nothing is written.

    Raises
    ------
    ParamError
        If a new file's name fits no pattern of the city's file: next month would not find it.
    """
    place, config = request.place, request.config
    with alone(place.lock):
        place.recover()
    found = {path.name: path for path in find_inputs(config, place.data, _known(request)).incidents}
    sources = _new_sources(request)
    named = {**{name: path for name, path in found.items() if name not in sources}, **sources}
    inputs = find_inputs(config, place.data, tuple(named[name] for name in sorted(named)))
    inputs = add_layers(inputs, config, place.data)
    intake = ingest_city(config, inputs, tell)
    served = open_dataset(place.dataset) if current_version(place.dataset) else None
    return MonthDraft(intake, preview(intake, served), sources)


def _known(request: MonthRequest) -> tuple[Path, ...]:
    """Return the new files where the data folder has none yet."""
    patterns, folder = request.config.city.files, request.place.data
    is_filled = any(True for pattern in patterns for _ in folder.glob(pattern))
    return () if is_filled else request.files


def _new_sources(request: MonthRequest) -> dict[str, Path]:
    patterns = request.config.city.files
    found: dict[str, Path] = {}
    for path in request.files:
        if not path.is_file():
            raise ParamError("start.no_file", path=path)
        if path.name in found:
            raise ParamError("start.same_name", name=path.name)
        if not any(path.match(pattern) for pattern in patterns):
            raise ParamError("month.other_name", name=path.name, wanted=", ".join(patterns))
        found[path.name] = path
    return found


def make_month(request: MonthRequest, draft: MonthDraft, tell: Tell = silent) -> MonthMade:
    """Make a month from what was read, in the right order and under one snapshot.

    Raises
    ------
    OutputError
        If another run makes a month now, or a step fails: which, and why. Nothing has changed.
    """
    place = request.place
    with alone(place.lock):
        place.recover()
        try:
            return _make(request, draft, tell)
        finally:
            place.clear_work()


def _make(request: MonthRequest, draft: MonthDraft, tell: Tell) -> MonthMade:
    place, month, config = request.place, draft.month, request.config
    work = replace(place, home=place.work, dataset=place.work / "dataset")
    clone_folder(place.dataset, work.dataset)
    tell("write")
    with _step("ingest"):
        version = save_dataset(draft.intake.dataset, draft.intake.rejected, work.dataset)
        city = City(config, draft.intake.dataset, work.dataset)
        keep_place_names(city, tell)
    with _step("backtest"):
        is_recorded = _record(city, request.choices, tell)
    records = read_month(request.store, city, month)
    source = FollowSource(city, replace(request.choices, until=month.plus(1)))
    beside = _beside(request)
    alone_beside = replace(beside, earlier=())  # a publication since makes no other month
    key = snapshot_for(source, request.plan, records, month, alone_beside).id
    before = None
    with suppress(SourceError):  # what is damaged is made again
        before = read_month_file(place.month(month))
    language = request.language or config.public.language
    is_same = before is not None and (before.get(KEY), before.get("language")) == (key, language)
    if before is not None and is_same and not _is_published_since(before, beside):
        return MonthMade(month, place.month(month), before, is_new=False)
    folder = work.month(month)
    files: dict[str, dict[str, bytes]] = {}
    with _step("propose"):
        files["proposal"] = _propose(source, records, tell)
    with _step("follow"):
        files["displacement"] = _follow(source, records, tell)
    if month.number in QUARTERS_END:
        with _step("publish"):
            beside = replace(beside, secret=beside.secret or Secret.new())
            everything = FollowSource(city, request.choices)
            bundle = make_bundle(everything, request.plan, records, month, beside, tell)
            bundle.write(folder / "public")
            beside = replace(beside, earlier=bundle.ledger)
    with _step("report"):
        facts = gather_month(source, request.plan, records, month, tell, beside)
        files["editions"] = make_all(facts, language, tell=tell)
    tell("write")
    for name, content in _each(files):
        write_file(folder / name, content)
    more = {"language": language, "record_made": is_recorded, DRAFT_OF: _draft_of(facts)}
    made_at = dict(zip(MADE_AT, (facts.snapshot.id, facts.snapshot.audit_n), strict=True))
    account = _account(draft, version, folder, {KEY: key, **more, **made_at})
    write_file(folder / SUMMARY, summary_page(facts, draft.preview, account))
    write_file(folder / MONTH_FILE, json_bytes(account))
    if month.number in QUARTERS_END and beside.secret is not None:
        keep_public_secret(request.store or request.make_store(), beside.secret)
    commit(place, work, month, version, draft.sources)
    return MonthMade(month, place.month(month), account, is_new=True)


def _draft_of(facts: Facts) -> str:
    """Return the digest of the figures that editions show as a draft; "" if they were published."""
    return facts.public.figures if facts.public.caution is not None else ""


def _is_published_since(account: Mapping[str, Any], beside: Beside) -> bool:
    """Check whether what a month's editions call a draft is published now."""
    return account.get(DRAFT_OF, "") in {one.digest for one in beside.earlier}


def _each(files: Mapping[str, Mapping[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for folder, contents in files.items():
        for name, content in contents.items():
            yield f"{folder}/{name}", content


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Name the step that failed."""
    try:
        yield
    except CsaError as error:
        raise OutputError("month.step", step=name, why=render(error.message)) from error


def _record(city: City, choices: Choices, tell: Tell) -> bool:
    """Judge past years again where a year more is over than the record knows, or there is none."""
    choices = replace(choices, until=None, eps_m=None, min_samples=None)
    origins = past_years(city.dataset, choices)
    known = load_suggestion(city, choices)
    if not origins or (known is not None and known.n_origins >= len(origins)):
        return False
    asked = BacktestRequest(city, choices, ask_question(origins, None, None), with_variants=False)
    keep_past_years(judge_past_years(asked, tell), city, choices)
    return True


def _beside(request: MonthRequest) -> Beside:
    place = request.place
    layers = (
        load_basemap(place.basemap).layers if (place.basemap / BASEMAP_MARKER).is_file() else {}
    )
    published = (
        read_published(place.bundle, request.config.city.id)
        if (place.bundle / BUNDLE_MARKER).is_file()
        else ()
    )
    secret = public_secret(request.store)
    return Beside(layers, carried_on(published), secret=secret, studies=request.studies)


def _propose(source: FollowSource, records: Records, tell: Tell) -> dict[str, bytes]:
    city, choices = source.city, source.choices
    suggestion = suggestion_of(city.config, load_suggestion(city, choices))
    proposal = propose_areas(city, choices, tell, suggestion=suggestion, keep=True)
    areas = core_areas(records)
    standing = standings(proposal.areas, areas)
    files = proposal_files(replace(proposal, areas=served_as(proposal.areas, standing)))
    counts = count_core_areas(city, areas, proposal, load_suggestion(city, choices))
    return files | ({CORE_AREAS: core_areas_file(areas, counts)} if areas else {})


def _follow(source: FollowSource, records: Records, tell: Tell) -> dict[str, bytes]:
    """Follow the areas in service; no files where there is none."""
    chosen = followed(all_services(records))
    if chosen is None or not chosen.cells:
        return {}
    found = follow_areas(source, chosen, None, tell)
    return displacement_files(displacement_account(found), found)


def _account(
    draft: MonthDraft, version: str, folder: Path, more: Mapping[str, Any]
) -> dict[str, Any]:
    """List what was made, and from what."""
    made = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "kind": "month",
        "format_version": FORMAT_VERSION,
        "month": draft.preview.month,
        **more,
        "fingerprint": draft.intake.dataset.fingerprint,
        "version": version,
        "preview": draft.preview.to_json(),
        "notes": [render(note) for note in draft.intake.messages],
        "files": {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in made
        },
    }
