"""The new month, in one act: files in, a preview; then dataset, record, proposal, editions, bundle.

Everything is made in a folder of its own, beside the city's, and put in place together at the end:
a run that fails or is killed leaves the last good month as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from csa.areas.choices import Choices
from csa.base.errors import ParamError, SourceError
from csa.base.io import json_bytes, write_file
from csa.base.journal import alone, clone_folder, current_version
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.base.text import render, speak
from csa.config.city import CityConfig
from csa.config.evidence import EvidenceStudy
from csa.dataset.versioned import City, open_dataset, save_dataset
from csa.decisions.secret import keep_public_secret, public_secret
from csa.decisions.store import Store
from csa.disclosure.published import Publication
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.sources import add_layers, find_inputs
from csa.plan import Plan
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import Beside, snapshot_for
from csa.reports.month.standing import read_month
from csa.workflow.month_ahead import EDITIONS, MonthAhead, look_ahead
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
from csa.workflow.month_preview import MonthPreview, preview
from csa.workflow.month_products import MonthProducts, change_told, step
from csa.workflow.month_summary import SUMMARY, summary_page
from csa.workflow.naming import keep_place_names

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

    Each product stands by itself: what cannot be made is left out, and its account names it.

    Raises
    ------
    OutputError
        If another run makes a month now, or the machine fails: at which step, and why. Nothing has
        changed.
    """
    place = request.place
    with alone(place.lock):
        place.recover()
        try:
            return _make(request, draft, tell)
        finally:
            place.clear_work()


def look(request: MonthRequest, draft: MonthDraft, confirmed: Collection[str] = ()) -> MonthAhead:
    """Find what of a month will be left out, before anything is computed; nothing is written.

    `confirmed` are codes of public texts that will be confirmed before it is made.
    """
    city = City(request.config, draft.intake.dataset)
    records = read_month(request.store, city, draft.month)
    return look_ahead(city, request.plan, records, draft.month, request.place, confirmed)


def _make(request: MonthRequest, draft: MonthDraft, tell: Tell) -> MonthMade:
    place, month, config = request.place, draft.month, request.config
    unsaved = City(config, draft.intake.dataset)
    records = read_month(request.store, unsaved, month)
    ahead = look_ahead(unsaved, request.plan, records, month, place)
    for error in ahead.faults:
        raise error
    work = replace(place, home=place.work, dataset=place.work / "dataset")
    clone_folder(place.dataset, work.dataset)
    tell("write")
    with step(speak("month.product_dataset")):
        version = save_dataset(draft.intake.dataset, draft.intake.rejected, work.dataset)
        city = City(config, draft.intake.dataset, work.dataset)
        keep_place_names(city, tell)
    products = MonthProducts(city, request.plan, records, month, request.choices, ahead, tell)
    is_recorded = products.judge()
    kept_secret = public_secret(request.store)
    beside = Beside(
        ahead.layers,
        ahead.earlier,
        with_public=f"{EDITIONS}/public" not in ahead.lost,
        secret=kept_secret,
        studies=request.studies,
    )
    alone_beside = replace(beside, earlier=())  # a publication since makes no other month
    snapshot = snapshot_for(products.source, request.plan, records, month, alone_beside)
    language = request.language or config.public.language
    mark = {KEY: snapshot.id, "language": language}
    before = None
    with suppress(SourceError):  # what is damaged is made again
        before = read_month_file(place.month(month))
    if before is not None and _is_as_before(before, mark, ahead):
        return MonthMade(month, place.month(month), before, is_new=False)
    folder = work.month(month)
    files, facts = products.make(beside, folder, language)
    snapshot = snapshot if facts is None else facts.snapshot
    tell("write")
    for name, content in _each(files):
        write_file(folder / name, content)
    made = {
        **mark,
        "record_made": is_recorded,
        DRAFT_OF: _draft_of(facts),
        **dict(zip(MADE_AT, (snapshot.id, snapshot.audit_n), strict=True)),
        LEFT_OUT: [one.to_json() for one in products.left_out],
        CHANGE: change_told(facts),
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
        and not _is_published_since(before, ahead.earlier)
    )


def _draft_of(facts: Facts | None) -> str:
    """Return the digest of the figures that editions show as a draft; "" if they were published."""
    is_draft = facts is not None and facts.public.caution is not None
    return facts.public.figures if facts is not None and is_draft else ""


def _is_published_since(account: Mapping[str, Any], earlier: Iterable[Publication]) -> bool:
    """Check whether what a month's editions call a draft is published now."""
    return account.get(DRAFT_OF, "") in {one.digest for one in earlier}


def _each(files: Mapping[str, Mapping[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for folder, contents in files.items():
        for name, content in contents.items():
            yield f"{folder}/{name}", content


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
