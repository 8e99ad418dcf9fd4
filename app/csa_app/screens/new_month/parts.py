"""The parts of New month: the files, what they would change, and what was made."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from csa.areas.choices import city_choices
from csa.base.errors import CsaError
from csa.base.io import write_file
from csa.base.params import Month
from csa.base.text import month, render, tr
from csa.city.deployment import resolve
from csa.ingest.records import PACKED, TABLES
from csa.program.roles import Act, may, require_area_chair
from csa.reports.public.texts import CAUGHT
from csa.workflow.month import (
    CHANGE,
    LEFT_OUT,
    MonthDraft,
    MonthMade,
    MonthRequest,
    look,
    make_month,
    read_new,
)
from csa.workflow.month_place import (
    KEY,
    MonthPlace,
    is_recorded,
    list_months,
    publish_month,
    read_month_file,
    take_back,
    was_published,
)
from csa.workflow.month_preview import left_out_sentence, preview_sentences
from csa_app.shared import cache, cache_store, extras, panels, person, signing
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import ROOT, deployment
from csa_app.shared.signing import MAX_CITY_FILE_MB, ask_office

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

DRAFT, DONE = "month draft", "month done"
UPLOADS = ".uploads"
N_STEPS = 34


def place_of(session: CitySession) -> MonthPlace:
    """Return the folders of the city that is served."""
    served, data = deployment(), Path(str(resolve({}, session.config)["data_dir"].value))
    folder = data if data.is_absolute() else ROOT / data
    home = served.dataset.parent
    return MonthPlace.of(session.config, home, folder, served.dataset, served.basemap)


def _request(session: CitySession, place: MonthPlace, files: Sequence[Path]) -> MonthRequest:
    return MonthRequest(
        session.config,
        cache_store.plan(session),
        place,
        cache_store.open_read_only(session),
        lambda: cache_store.making(session),
        city_choices(session.config),
        tuple(files),
        studies=cache.studies(),
    )


def ask(session: CitySession, place: MonthPlace) -> MonthDraft | None:
    """Ask for new files, and look at them when asked to; what was looked at stays."""
    patterns = session.config.city.files
    files = st.file_uploader(
        tr("new_month.files"),
        type=TABLES,
        key="month files",
        accept_multiple_files=True,
        max_upload_size=MAX_CITY_FILE_MB,
        help=tr("new_month.files_help", names=", ".join(patterns)),
    )
    mark = _mark(files)
    if st.button(tr("new_month.look"), key="look at the month", type="secondary"):
        request = _request(session, place, _keep(files, place, patterns))
        draft = panels.waited(
            st.empty(),
            lambda tell: read_new(request, tell),
            panels.share_of(8, tr("new_month.working")),
        )
        st.session_state[DRAFT] = (mark, draft, request)
        st.session_state.pop(DONE, None)
    kept = st.session_state.get(DRAFT)
    return kept[1] if kept is not None and kept[0] == mark else None


def _mark(files: Sequence[UploadedFile]) -> str:
    digest = hashlib.sha256()
    for one in files:
        digest.update(f"{one.name} {one.size} {one.file_id}\n".encode())
    return digest.hexdigest()


def _keep(files: Sequence[UploadedFile], place: MonthPlace, patterns: Sequence[str]) -> list[Path]:
    """Write what was uploaded under names that the city's file lists."""
    kept = []
    plain = [pattern for pattern in patterns if not set(pattern) & set("*?[")]
    for one in files:
        name = Path(one.name).name
        fits = any(Path(name).match(pattern) for pattern in patterns)
        is_packed = Path(name).suffix.casefold() in PACKED  # its name tells how it is read
        if not fits and not is_packed and len(files) == 1 and len(plain) == 1:
            st.caption(tr("new_month.renamed", name=panels.plain(name), new=plain[0]))
            name = plain[0]
        path = place.home / UPLOADS / _mark(files)[:16] / name
        write_file(path, one.getvalue())
        kept.append(path)
    return kept


def show_preview(draft: MonthDraft) -> None:
    """Show what the files would change, in sentences."""
    st.header(tr("new_month.preview", month=month(draft.preview.month)), anchor=False)
    said = [render(one) for one in preview_sentences(draft.preview)]
    panels.answer(*said[:2])
    for sentence in said[2:]:
        st.markdown(f"- {panels.plain(sentence)}")
    with st.expander(tr("new_month.notes", n=len(draft.intake.messages))):
        for note in draft.intake.messages:
            st.markdown(f"- {panels.sentence(note)}")


def show_ahead(session: CitySession, draft: MonthDraft) -> bool:
    """Show what will be left out, and offer to confirm texts; return whether it can be made."""
    ahead = look(_as_decided(session), draft)
    others = [one for one in ahead.left_out if one.why.key != CAUGHT]
    if ahead.left_out:
        st.subheader(tr("month.left_out_title"), anchor=False)
    for one in others:
        told = left_out_sentence(one.products, render(one.why))
        st.markdown(f"- {panels.plain(told)}")
    if ahead.texts:
        lost = next(one.products for one in ahead.left_out if one.why.key == CAUGHT)
        told = left_out_sentence(lost, tr("new_month.until_confirmed"))
        st.markdown(f"- {panels.plain(told)}")
        signing.show_caught(session, ahead.texts)
    for error in ahead.faults:
        st.error(panels.plain(tr("month.blocked", why=render(error.message))))
    return not ahead.faults


def _as_decided(session: CitySession) -> MonthRequest:
    """Return what the month is made from, with what was decided since the files were looked at."""
    request: MonthRequest = st.session_state[DRAFT][2]
    return replace(request, store=cache_store.open_read_only(session))


def offer(session: CitySession, place: MonthPlace, draft: MonthDraft) -> None:
    """Make the month at one press; a great loss is confirmed first."""
    is_sure = show_ahead(session, draft)
    if draft.preview.loses_much:
        counts = {"n": draft.preview.gone, "before": draft.preview.before}
        is_agreed = st.checkbox(tr("new_month.accept_loss", **counts), key="accept the loss")
        is_sure = is_sure and is_agreed
    words = tr("label.make", name=month(draft.preview.month))
    if st.button(words, type="primary", key="make the month", disabled=not is_sure):
        request = _as_decided(session)
        made = panels.waited(
            st.empty(),
            lambda tell: make_month(request, draft, tell),
            panels.share_of(N_STEPS, tr("new_month.working")),
        )
        st.session_state[DONE] = made
        shutil.rmtree(place.home / UPLOADS, ignore_errors=True)  # they are in the data folder now
        del st.session_state[DRAFT]
        st.rerun()


def show_months(session: CitySession, place: MonthPlace) -> None:
    """Show what was just made, and every month before, with undo and publication."""
    made: MonthMade | None = st.session_state.get(DONE)
    if made is not None:
        values = {"month": month(str(made.month)), "n": len(made.account["files"])}
        st.success(tr("new_month.made" if made.is_new else "new_month.was_made", **values))
    months = list_months(place)
    st.header(tr("new_month.months"), anchor=False)
    if not months:
        panels.empty(tr("new_month.none"))
        return
    titles = [
        tr("new_month.col_month"),
        tr("new_month.col_version"),
        tr("label.snapshot"),
        tr("new_month.col_editions"),
    ]
    rows = [_row(place, one) for one in months]
    panels.table(pd.DataFrame(rows, columns=titles), tr("new_month.months"))
    _editions(session, place)
    _newest(session, place)


def _show_lacking(folder: Path) -> None:
    """Show a month's verdict on all areas together, and what was left out of it."""
    account = read_month_file(folder) or {}
    if told := account.get(CHANGE, {}).get("sentence"):
        panels.answer(told)
    left = account.get(LEFT_OUT, ())
    if left:
        st.warning(
            "\n".join(
                f"- {panels.plain(left_out_sentence(one['products'], one['why']))}" for one in left
            )
        )


def _row(place: MonthPlace, one: Month) -> tuple[str, str, str, int]:
    account = read_month_file(place.month(one)) or {}
    n_editions = sum(1 for name in account.get("files", {}) if name.startswith("editions/"))
    version, snapshot = str(account.get("version", "")), str(account.get(KEY, ""))[:12]
    return month(str(one)), version, snapshot, n_editions


def _editions(session: CitySession, place: MonthPlace) -> None:
    """Offer the newest month's editions as files."""
    newest = list_months(place)[0]
    st.header(tr("new_month.editions", month=month(str(newest))), anchor=False)
    _show_lacking(place.month(newest))
    pdfs = sorted((place.month(newest) / "editions").glob("*.pdf"))
    with st.container(horizontal=True):
        for path in pdfs:
            label = path.stem.split("_", 1)[1].rsplit("_", 1)[0].replace("-", " ")
            st.download_button(
                label.capitalize(), path.read_bytes(), path.name, key=f"edition {path.name}"
            )
    extras.draw_sections("new_month", session)
    st.page_link("screens/reports/page.py", label=tr("new_month.hand_out"))


def _newest(session: CitySession, place: MonthPlace) -> None:
    """Offer to publish the newest bundle, and to take the newest month back."""
    newest = list_months(place)[0]
    words = month(str(newest))
    has_bundle = (place.month(newest) / "public").is_dir()
    is_told = was_published(place) and is_recorded(place, cache_store.open_read_only(session))
    has_draft = has_bundle and not is_told
    who = person.person(session)
    if not may(require_area_chair, who):
        return
    office = ask_office(who, "month")
    with st.container(horizontal=True):
        if has_draft and st.button(tr("new_month.publish", month=words), key="publish the month"):
            make = partial(cache_store.making, session)
            publish = partial(publish_month, place, newest, make_store=make)
            _sign(session, (office, tr("month.publish_why")), publish)
        with st.popover(tr("new_month.undo", month=words)):
            st.markdown(tr("new_month.undo_about"))
            if st.button(tr("new_month.undo_sure"), key="undo the month"):
                signed = office, tr("month.undo_why")
                _sign(session, signed, partial(_undo, session, place))


def _sign(session: CitySession, signed: tuple[str, str], work: Callable[[Act], object]) -> None:
    """Do what the reader has decided, and show the page anew; or show why it is refused."""
    try:
        work(person.sign(session, *signed))
    except CsaError as error:
        st.error(panels.sentence(error.message))
        return
    st.rerun()


def _undo(session: CitySession, place: MonthPlace, act: Act) -> None:
    take_back(place, cache_store.open_read_only(session), act)
    st.session_state.pop(DONE, None)
