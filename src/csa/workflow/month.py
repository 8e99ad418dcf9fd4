"""The new month, in one act: files in, a preview; then dataset, record, proposal, editions, bundle.

Everything is made in a folder of its own, beside the city's, and put in place together at the end:
a run that fails or is killed leaves the last good month as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from csa.analysis.analysis import Analysis
from csa.areas.analysis import save_place_names
from csa.areas.backtest.recording import load_suggestion, past_years
from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError, MachineError, OutputError, ParamError, SourceError, StoreError
from csa.base.io import clone_folder, current_version, exclusive_lock, json_bytes, write_file
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.base.text import ENGLISH, month, render, tr
from csa.city.config import CityConfig
from csa.city.dataset import City, open_dataset, save_dataset
from csa.city.loading import EvidenceStudy
from csa.city.preregistration import Verdict
from csa.disclosure.keys import Secret
from csa.ingest.fetch import Account, fetch_sources, fetch_year
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.sources import add_layers, find_inputs
from csa.program.plan.items import Plan
from csa.program.secret import keep_public_secret, public_secret
from csa.program.store.engine import Store
from csa.reports.briefing.areas import proposal_folder
from csa.reports.document import Block, Box, Bullets, Document, Heading, Lead, Paragraph, Table
from csa.reports.html import render_html
from csa.reports.making import make_all, not_made, paper_size
from csa.reports.month.facts import ChangeFacts, Facts
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs, read_month, snapshot_for
from csa.reports.month.snapshot import Snapshot
from csa.workflow.month_place import (
    DRAFT_OF,
    FORMAT_VERSION,
    KEY,
    MADE_AT,
    MONTH_FILE,
    MonthPlace,
    commit,
    read_month_file,
)
from csa.workflow.month_preview import (
    EDITIONS,
    FOLLOWED,
    PDFS,
    PROPOSAL,
    PUBLIC,
    QUARTERS_END,
    RECORD,
    LeftOut,
    MonthAhead,
    MonthPreview,
    left_out_sentence,
    look_ahead,
    preview,
    preview_sentences,
    product_name,
)
from csa.workflow.past_years import BacktestRequest, make_spec, save_past_years, score_past_years
from csa.workflow.products import make_change, tidy_store
from csa.workflow.publishing import MadeBundle, make_bundle

# ---- The products of a new month, each by itself: what cannot be made is left out, and named.


Made = TypeVar("Made")


@dataclass
class MonthProducts:
    """What a month is made of, in the order in which it is made."""

    analysis: Analysis  # of the city in the folder in which the month is made, to its end
    plan: Plan | None
    month: Month
    ahead: MonthAhead  # what was known to be left out
    left_out: list[LeftOut]  # that, and what failed since
    secret: Secret | None = None  # what changed the counts of the public bundle that was drafted

    def score_past_years(self) -> bool:
        """Judge past years where a year more is over; return whether they were."""
        return bool(self._tried(RECORD, lambda: _record(self.analysis)))

    def make(
        self, inputs: ReportInputs, folder: Path, language: str
    ) -> tuple[dict[str, Mapping[str, bytes]], Facts | None]:
        """Make everything but the record; the public bundle is written, all else returned."""
        files: dict[str, Mapping[str, bytes]] = {}
        analysis, progress = self.analysis, self.analysis.progress
        files[PROPOSAL] = self._tried(PROPOSAL, lambda: proposal_folder(analysis)) or {}
        if FOLLOWED not in self.ahead.lost:
            files[FOLLOWED] = self._tried(FOLLOWED, self._follow) or {}
        if self.month.number in QUARTERS_END and PUBLIC not in self.ahead.lost:
            secret = inputs.secret or Secret.new()
            own = replace(inputs, secret=secret)
            bundle = self._tried(PUBLIC, lambda: self._draft(own, folder / PUBLIC))
            if bundle is not None:
                self.secret, inputs = secret, replace(own, earlier=bundle.ledger)
        facts = self._tried(EDITIONS, lambda: gather_month(analysis, self.plan, self.month, inputs))
        if facts is not None:
            with_pdf = PDFS not in self.ahead.lost
            made = self._tried(
                EDITIONS, lambda: make_all(facts, language, with_pdf=with_pdf, progress=progress)
            )
            files[EDITIONS] = made or {}
            if inputs.with_public and facts.public.why_not is not None:
                names = tuple(f"{EDITIONS}/{name}" for name in not_made(facts))
                self.left_out.append(LeftOut(names, facts.public.why_not))
        return files, facts

    def _tried(self, product: str, make: Callable[[], Made]) -> Made | None:
        """Make a product; what data, settings or decisions do not allow is left out, and named.

        A fault of the machine ends the month: nothing has changed.
        """
        with step(product_name(product)):
            try:
                return make()
            except (OutputError, StoreError, MachineError):
                raise
            except CsaError as error:
                self.left_out.append(LeftOut((product,), error.message))
                return None

    def _follow(self) -> dict[str, bytes]:
        """Follow the areas that were ever in service; no files where there is none."""
        if self.analysis.areas is None:
            return {}
        return make_change(self.analysis).files

    def _draft(self, inputs: ReportInputs, folder: Path) -> MadeBundle:
        """Draft the public bundle of the quarter that ends."""
        made = make_bundle(self.analysis, self.plan, self.month, inputs)
        made.write(folder)
        return made


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step that failed."""
    try:
        yield
    except CsaError as error:
        raise OutputError("month.step", step=name, why=render(error.message)) from error


def describe_month_change(facts: Facts | None) -> dict[str, Any]:
    """Return the verdict of all areas together, or why there is none."""
    change = ChangeFacts() if facts is None else facts.change
    if change.statement is None:
        return {"verdict": None, "sentence": render(change.why_not) if change.why_not else ""}
    verdict = change.statement.verdict
    return {
        "verdict": None if verdict == Verdict.TOO_EARLY else verdict,
        "sentence": render(change.statement.sentence),
    }


def _record(analysis: Analysis) -> bool:
    """Judge past years again where a year more is over than the record knows, or there is none."""
    city = analysis.city
    choices = replace(analysis.settings, until=None, eps_m=None, min_samples=None)
    origins = past_years(city.dataset, choices)
    known = load_suggestion(city, choices)
    if not origins or (known is not None and known.n_origins >= len(origins)):
        return False
    asked = BacktestRequest(city, choices, make_spec(origins, None, None), with_variants=False)
    save_past_years(score_past_years(asked, analysis.progress), city, choices)
    return True


# ---- The page that sums up a new month: what is new, what was made, what to look at.


SUMMARY = "summary.html"
MOST_LEAD = 3


def summary_page(
    config: CityConfig, snapshot: Snapshot, preview: MonthPreview, account: Mapping[str, Any]
) -> bytes:
    """Write the page that a city opens first when a month was made."""
    city = config.city
    title = tr("month.title", month=month(preview.month))
    document = Document(
        title=title,
        subtitle=city.name,
        language=ENGLISH,
        marks=(tr("screen.sample"),) if city.is_synthetic else (),
        footer=f"{city.name} · {title}",
        blocks=tuple(_blocks(preview, account)),
        snapshot_id=snapshot.id,
        audit_head=snapshot.audit_head if snapshot.audit_n else "",
    )
    return render_html(document, paper_size(config))


def _blocks(preview: MonthPreview, account: Mapping[str, Any]) -> Iterator[Block]:
    said = [render(one) for one in preview_sentences(preview)]
    yield Lead(tuple(said[:MOST_LEAD]))
    if said[MOST_LEAD:]:
        yield Bullets(tuple(said[MOST_LEAD:]))
    yield Heading(tr("label.all_together"))
    yield Paragraph(account["change"]["sentence"] or tr("month.change_unknown"))
    if account["left_out"]:
        said = [left_out_sentence(one["products"], one["why"]) for one in account["left_out"]]
        yield Box(tr("month.left_out_title"), tuple(said))
    if account["record_made"]:
        yield Bullets((tr("month.recorded"),))
    yield Heading(tr("month.files"))
    columns = (tr("label.file"), tr("month.sha256"))
    rows = tuple((name, code[:12]) for name, code in account["files"].items())
    yield Table(tr("month.files_caption"), columns, rows)
    if account["notes"]:
        yield Heading(tr("month.look_at"))
        yield Bullets(tuple(account["notes"]))


LEFT_OUT, CHANGE = "left_out", "change"
"""Of a month's account: what could not be made, with what to do; the verdict of all areas."""


@dataclass(frozen=True)
class MonthRequest:
    """What a month is made from."""

    config: CityConfig
    plan: Plan | None
    place: MonthPlace  # where the city's files, dataset, months and bundle are
    store: Store | None  # what was decided; None where nothing was
    make_store: Callable[[], Store]  # makes it, for the first secret of a publication
    choices: AreaSettings  # how areas are proposed
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


def read_new(request: MonthRequest, progress: ProgressCallback = no_progress) -> MonthDraft:
    """Read a city's files, new ones in place of those of the same name; nothing is written.

    Raises
    ------
    ParamError
        If a new file's name fits no pattern of the city's file: next month would not find it.
    """
    place, config = request.place, request.config
    with exclusive_lock(place.lock):
        place.recover()
    found = {path.name: path for path in find_inputs(config, place.data, _known(request)).incidents}
    sources = _new_sources(request)
    named = {**{name: path for name, path in found.items() if name not in sources}, **sources}
    inputs = find_inputs(config, place.data, tuple(named[name] for name in sorted(named)))
    inputs = add_layers(inputs, config, place.data)
    intake = ingest_city(config, inputs, progress)
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


def make_month(
    request: MonthRequest, draft: MonthDraft, progress: ProgressCallback = no_progress
) -> MonthMade:
    """Make a month from what was read, in the right order and under one snapshot.

    Each product stands by itself: what cannot be made is left out, and its account names it.

    Raises
    ------
    OutputError
        If another run makes a month now, or the machine fails: at which step, and why. Nothing has
        changed.
    """
    place = request.place
    if request.store is not None:
        tidy_store(request.config, request.store)
    with exclusive_lock(place.lock):
        place.recover()
        try:
            return _make(request, draft, progress)
        finally:
            place.clear_work()


def look(request: MonthRequest, draft: MonthDraft, confirmed: Collection[str] = ()) -> MonthAhead:
    """Find what of a month will be left out, before anything is computed; nothing is written.

    `confirmed` are codes of public texts that will be confirmed before it is made.
    """
    city = City(request.config, draft.intake.dataset)
    records = read_month(request.store, city, draft.month)
    analysis = Analysis(city, request.choices, records)
    return look_ahead(analysis, request.plan, draft.month, request.place, confirmed)


def _make(request: MonthRequest, draft: MonthDraft, progress: ProgressCallback) -> MonthMade:
    place, month, config = request.place, draft.month, request.config
    unsaved = City(config, draft.intake.dataset)
    records = read_month(request.store, unsaved, month)
    settings = replace(request.choices, until=month.plus(1))
    ahead = look_ahead(Analysis(unsaved, settings, records), request.plan, month, place)
    for error in ahead.faults:
        raise error
    work = replace(place, home=place.work, dataset=place.work / "dataset")
    clone_folder(place.dataset, work.dataset)
    progress("write")
    with step(tr("month.product_dataset")):
        version = save_dataset(draft.intake.dataset, draft.intake.rejected, work.dataset)
        city = City(config, draft.intake.dataset, work.dataset)
        save_place_names(city, progress)
    analysis = Analysis(city, settings, records, progress=progress, keep=True)
    products = MonthProducts(analysis, request.plan, month, ahead, [*ahead.left_out])
    is_recorded = products.score_past_years()
    kept_secret = public_secret(request.store)
    inputs = ReportInputs(
        ahead.layers,
        ahead.earlier,
        with_public=f"{EDITIONS}/public" not in ahead.lost,
        secret=kept_secret,
        studies=request.studies,
    )
    alone_beside = replace(inputs, earlier=())  # a publication since makes no other month
    snapshot = snapshot_for(analysis, request.plan, month, alone_beside)
    language = request.language or config.public.language
    mark = {KEY: snapshot.id, "language": language}
    before = None
    with suppress(SourceError):  # what is damaged is made again
        before = read_month_file(place.month(month))
    if before is not None and _is_as_before(before, mark, ahead):
        return MonthMade(month, place.month(month), before, is_new=False)
    folder = work.month(month)
    files, facts = products.make(inputs, folder, language)
    snapshot = snapshot if facts is None else facts.snapshot
    progress("write")
    for product, contents in files.items():
        for name, content in contents.items():
            write_file(folder / product / name, content)
    made = {
        **mark,
        "record_made": is_recorded,
        DRAFT_OF: _draft_of(facts),
        **dict(zip(MADE_AT, (snapshot.id, snapshot.audit_n), strict=True)),
        LEFT_OUT: [one.to_json() for one in products.left_out],
        CHANGE: describe_month_change(facts),
    }
    account = _account(draft, version, folder, made)
    write_file(folder / SUMMARY, summary_page(config, snapshot, draft.preview, account))
    write_file(folder / MONTH_FILE, json_bytes(account))
    new_secret = "" if products.secret in {None, kept_secret} else products.secret.id
    if products.secret is not None:
        keep_public_secret(request.store or request.make_store(), products.secret)
    commit(place, work, month, version, draft.sources, new_secret)
    return MonthMade(month, place.month(month), account, is_new=True)


def _is_as_before(before: Mapping[str, Any], mark: Mapping[str, Any], ahead: MonthAhead) -> bool:
    """Check whether a month is as it would be made now: its data, decisions, and what it lacks."""
    lacked = [one["products"] for one in before.get(LEFT_OUT, ())]
    lacks = [list(one.products) for one in ahead.left_out]
    return (
        mark.items() <= before.items()
        and lacked == lacks
        # What its editions call a draft is not published yet.
        and before.get(DRAFT_OF, "") not in {one.digest for one in ahead.earlier}
    )


def _draft_of(facts: Facts | None) -> str:
    """Return the digest of the figures that editions show as a draft; "" if they were published."""
    return "" if facts is None or facts.public.caution is None else facts.public.figures


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


# ---- Fetch a city's newest files from its portal, where the city's file says how.


JANUARY = 1


def fetch_new(
    config: CityConfig,
    place: MonthPlace,
    progress: Callable[[int], AbstractContextManager[ProgressCallback]],
    address: str | None = None,
    *,
    accept: bool = False,
    allow_private: bool = False,
) -> tuple[Account, ...]:
    """Fetch what changed at the city's addresses; of a portal of years this year's file.

    In January also last year's, which still gets late reports. Years that the portal does not list
    are left out: the data folder's files are read as they are.
    """
    folder = place.home / ".fetched"
    if config.city.source:
        named = {"accept": accept, "allow_private": allow_private}
        fetched = fetch_sources(config.city.source, folder, progress, **named)
        return tuple(one.account for one in fetched)
    today = config.city.clock.today()
    years = [today.year - 1, today.year] if today.month == JANUARY else [today.year]
    known = config.portal.datasets if config.portal else {}
    return tuple(
        fetch_year(config, year, folder, progress, address=address)
        for year in years
        if str(year) in known
    )
