"""The parts of New city: its files, what they were understood to be, and the questions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from csa.base.errors import CsaError, ParamError
from csa.base.io import write_file
from csa.base.text import render, tr
from csa.ingest.records import TABLES
from csa.workflow.city_file import (
    count_kinds,
    describe,
    describe_companions,
    describe_list,
    describe_location,
    titles,
)
from csa.workflow.companion_files import CityFiles
from csa.workflow.new_city import NewCity
from csa.workflow.setting_up import set_up
from csa_app.shared import panels
from csa_app.shared.settings import ROOT as ROOT  # noqa: PLC0414 - where a city is made
from csa_app.shared.signing import MAX_CITY_FILE_MB

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

LAYERS = ("geojson", "json", "gpkg", "zip", "csv")
ASKED = "new city: "


def ask_files() -> tuple[tuple[list[UploadedFile], list[UploadedFile]] | None, str]:
    """Ask for the files of shootings, for what else the city has, and for its name."""
    left, right = st.columns(2)
    with left:
        files = st.file_uploader(
            tr("new_city.file"),
            type=TABLES,
            key="new file",
            accept_multiple_files=True,
            max_upload_size=MAX_CITY_FILE_MB,
        )
    with right:
        others = st.file_uploader(
            tr("new_city.places"),
            type=LAYERS,
            key="new places",
            accept_multiple_files=True,
            max_upload_size=MAX_CITY_FILE_MB,
        )
    name = st.text_input(tr("new_city.name"), key="new name", max_chars=60)
    return (files, others) if files else None, name.strip()


def keep(
    folder: Path, files: tuple[list[UploadedFile], list[UploadedFile]]
) -> tuple[list[Path], list[Path]]:
    """Write what was uploaded into folders that are this run's alone."""

    def kept(one: UploadedFile, name: str) -> Path:
        path = folder / name / Path(one.name).name
        path.parent.mkdir(exist_ok=True)
        if os.access(path, os.F_OK):
            raise ParamError("start.same_name", name=path.name)
        write_file(path, one.getvalue())
        return path

    shootings, others = files
    return [kept(one, "shootings") for one in shootings], [kept(one, "others") for one in others]


def answers() -> dict[str, int]:
    """Return what was answered so far, by question."""
    asked = [str(key) for key in st.session_state if str(key).startswith(ASKED)]
    return {key.removeprefix(ASKED): int(st.session_state[key]) for key in asked}


def show_understood(city: NewCity, beside: CityFiles) -> None:
    """Show what the files were understood to be: counts, tables with examples, notes."""
    st.header(tr("new_city.understood"), anchor=False)
    for one in city.lists:
        st.markdown(panels.plain(describe_list(one, count_kinds(one, city.time_zone))))
        panels.table(pd.DataFrame(describe(one), columns=titles()), tr("new_city.table_alt"))
    told = [describe_location(city), *describe_companions(beside)]
    st.markdown("\n".join(f"- {panels.plain(line)}" for line in told))
    for note in (*beside.notes, *city.notes):
        st.caption(panels.sentence(note))


def ask_doubts(city: NewCity) -> None:
    """Ask what has two likely readings; the likeliest stands first and is taken until answered."""
    if not city.doubts:
        return
    st.header(tr("new_city.doubts"), anchor=False)
    for doubt in city.doubts:
        words = [panels.sentence(reading.words) for reading in doubt.readings]
        file = f"{doubt.file}: " if len(city.lists) > 1 else ""
        st.radio(
            panels.plain(file + render(doubt.question)),
            list(range(len(words))),
            key=f"{ASKED}{doubt.about}",
            format_func=words.__getitem__,
        )


def make(city: NewCity, beside: CityFiles) -> None:
    """Make the city at a press of the button, and tell how to start it."""
    path, name = ROOT / "config" / f"{city.id}.toml", panels.plain(city.name)
    if path.exists():
        panels.empty(tr("start.exists", path=path.relative_to(ROOT)))
        return
    if not st.button(
        tr("label.make", name=panels.plain(city.name)), type="primary", key="make the city"
    ):
        return
    try:
        with st.spinner(tr("new_city.making")):
            made = set_up(city, beside, path, panels.note_queue(st.empty()), ROOT)
    except CsaError as error:
        panels.stop(error)
    n, n_areas = made.intake.dataset.report["incidents"], len(made.analysis.proposal.areas)
    st.success(tr("new_city.made", name=name, n=n, areas=n_areas, id=path.stem))
    for note in made.notes:
        st.caption(panels.sentence(note))
