"""The parts of New city: its files, what they were understood to be, and the questions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.shared import panels
from app.shared.settings import ROOT as ROOT  # noqa: PLC0414 - where a city is made
from csa.base.errors import CsaError
from csa.base.io import write_file
from csa.base.text import render, speak
from csa.workflow.new_city import NewCity
from csa.workflow.setting_up import set_up

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

TABLES = ("csv", "json", "geojson", "xlsx", "txt")
POLYGONS = ("geojson", "json", "gpkg", "zip")
MAX_FILE_MB = 200
ASKED = "new city: "
EXAMPLE = 32
"""Characters of an example that are shown."""


def ask_files() -> tuple[UploadedFile | None, UploadedFile | None, str]:
    """Ask for the file of shootings, for polygons, and for the city's name."""
    left, right = st.columns(2)
    with left:
        file = st.file_uploader(
            speak("new_city.file"), type=TABLES, key="new file", max_upload_size=MAX_FILE_MB
        )
    with right:
        places = st.file_uploader(
            speak("new_city.places"), type=POLYGONS, key="new places", max_upload_size=MAX_FILE_MB
        )
    name = st.text_input(speak("new_city.name"), key="new name", max_chars=60)
    return file, places, name.strip()


def keep(folder: Path, file: UploadedFile, places: UploadedFile | None) -> tuple[Path, Path | None]:
    """Write what was uploaded into a folder that is this run's alone."""

    def kept(one: UploadedFile) -> Path:
        path = folder / Path(one.name).name
        write_file(path, one.getvalue())
        return path

    return kept(file), None if places is None else kept(places)


def answers() -> dict[str, int]:
    """Return what was answered so far, by question."""
    asked = [str(key) for key in st.session_state if str(key).startswith(ASKED)]
    return {key.removeprefix(ASKED): int(st.session_state[key]) for key in asked}


def show_understood(
    city: NewCity, counts: Mapping[str, int], rows: list[tuple[str, str, str, list[str]]]
) -> None:
    """Show what the file was understood to be: counts, a table with examples, notes."""
    st.subheader(speak("new_city.understood"), anchor=False)
    rows_are = {
        "victims": "start.victims",
        "incidents": "start.incidents",
        "persons": "start.persons",
    }[city.rules.rows_are]
    told = speak(
        "start.understood", file=city.records.name, rows_are=speak(rows_are), **dict(counts)
    )
    where = speak(
        "start.city",
        name=city.name,
        zone=city.time_zone,
        crs=city.metric_crs,
        units=city.units,
    )
    st.markdown(panels.plain(f"{told} {where}"))
    panels.table(
        pd.DataFrame(
            {
                speak("start.col_field"): [field for field, *_ in rows],
                speak("start.col_column"): [header for _, header, *_ in rows],
                speak("start.col_reading"): [reading for *_, reading, _ in rows],
                speak("start.col_examples"): [
                    " | ".join(one[:EXAMPLE] for one in examples) for *_, examples in rows
                ],
            }
        ),
        speak("new_city.table_alt"),
    )
    for note in city.notes:
        st.caption(panels.plain(render(note)))


def ask_doubts(city: NewCity) -> None:
    """Ask what has two likely readings; the likeliest stands first and is taken until answered."""
    if not city.doubts:
        return
    st.subheader(speak("new_city.doubts"), anchor=False)
    for doubt in city.doubts:
        words = [render(reading.words) for reading in doubt.readings]
        st.radio(
            panels.plain(render(doubt.question)),
            list(range(len(words))),
            key=f"{ASKED}{doubt.about}",
            format_func=words.__getitem__,
        )


def make(city: NewCity, file: Path, polygons: Path | None) -> None:
    """Make the city at a press of the button, and tell how to start it."""
    path = ROOT / "config" / f"{city.id}.toml"
    if path.exists():
        panels.empty(speak("start.exists", path=path.relative_to(ROOT)))
        return
    if not st.button(speak("new_city.make", name=city.name), type="primary", key="make the city"):
        return
    try:
        with st.spinner(speak("new_city.making")):
            made = set_up(city, [file], polygons, path, root=ROOT)
    except CsaError as error:
        panels.stop(error)
    n, n_areas = made.intake.dataset.report["incidents"], len(made.proposal.areas)
    st.success(speak("new_city.made", name=city.name, n=n, areas=n_areas, id=path.stem))
    for note in made.notes:
        st.caption(panels.plain(render(note)))
