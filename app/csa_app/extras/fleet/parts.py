"""The parts of Cities: the answer, the map, what failed, and each city's row."""

from __future__ import annotations

import html
import json
import os
import shlex
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from csa.base.text import day, in_words, land_percent, month, name_list, percent, tr
from csa.extras.fleet.city import DONE, FAILED, WAITING
from csa_app.shared import panels, settings, theme
from csa_app.shared.settings import as_typed

LAND = Path(__file__).with_name("land.json")
"""Outlines of countries, from Natural Earth's 1:110m (public domain), simplified to .3 degrees."""
Degrees: TypeAlias = npt.NDArray[np.float64]
"""Longitude and latitude, (2,) or (n, 2)."""
MAP_WIDTH = 1000
LEAST_DEGREES = 12.0
"""Of the map, from side to side: so that a coast is on it to see where on earth this is."""
DOT, LETTER, LINE = 0.01, 0.0105, 0.022
"""Half a dot, a letter and half a line on the narrowest map with names, as shares of its width."""
LEAST_SEARCHED, MOST_SHOWN = 12, 100
"""Cities from which on one can be searched for, and cities in the table; the file has all."""
BESIDE = (
    ("better", "cities.better"),
    ("as good", "cities.as_good"),
    ("worse", "cities.worse"),
    ("one year", "cities.one_year"),
)
"""How areas did in past years beside the best other way, and the words for it."""


def fleet_folder() -> Path:
    """Read `CSA_FLEET`: the folder into which `csa fleet` writes many cities."""
    return Path(os.environ.get("CSA_FLEET") or settings.VAR / "fleet")


def fleet_command(folder: Path) -> str:
    """Return the command that writes many cities into a folder, typed in whatever folder."""
    is_own = folder.resolve() == (settings.VAR / "fleet").resolve()
    out = [] if is_own else ["--out", str(folder.resolve())]
    return shlex.join(["csa", "fleet", "cities.csv", *out])


def nothing(folder: Path) -> None:
    """Show that no fleet has been run, and the command that runs one."""
    panels.empty(tr("cities.none", folder=as_typed(folder)))
    st.code(fleet_command(folder), language=None)


def data_line(folder: Path, table: pd.DataFrame) -> str:
    """Return the line that says whose table this is, and which days it covers."""
    n, where = tr("cities.n", n=len(table)), str(as_typed(folder))
    said = [f"<b>{html.escape(n)}</b>", html.escape(where)]
    done = table[table["state"] == DONE]
    if len(done):
        first, last = min(done["first_date"]), max(done["data_through"])
        days = {"first": _day(first), "last": _day(last)}
        said.append(html.escape(tr("cities.covers", **days)))
    return f'<p class="csa-line">{" · ".join(said)}</p>'


def _day(text: str) -> str:
    return day(date.fromisoformat(text))


def answer(table: pd.DataFrame) -> None:
    """Show how many cities are done, failed or left, and how areas did in past years."""
    n = table["state"].value_counts()
    said = [tr("cities.done", n=int(n.get(DONE, 0)), of=len(table))]
    if FAILED in n:
        said.append(tr("cities.failed", n=int(n[FAILED])))
    if WAITING in n:
        said.append(tr("cities.waiting", n=int(n[WAITING])))
    judged = table[table["hit_share"].notna()]
    if len(judged):
        shares = judged["hit_share"]
        verdicts = judged["backtest"].value_counts()
        said.append(
            tr(
                "cities.judged",
                n=len(judged),
                land=land_percent(
                    float(judged["area_share"].max()),
                    is_estimated=bool(judged["land_is_estimated"].any()),
                ),
                low=percent(float(shares.min())),
                high=percent(float(shares.max())),
            )
        )
        results = [tr(key, n=int(verdicts[name])) for name, key in BESIDE if name in verdicts]
        said.append(tr("cities.compared", results=in_words(results)))
    panels.answer(*said)
    st.caption(tr("cities.no_ranking"))


def map_of(table: pd.DataFrame) -> None:
    """Show where the cities are that are done."""
    placed = table[table["longitude"].notna()]
    if placed.empty:
        return
    marks = [
        f'<span><i class="csa-city {kind}"></i>{html.escape(words)}</span>'
        for kind, words in (
            ("", tr("cities.can_judge")),
            ("csa-open", tr("cities.cannot_judge")),
        )
    ]
    st.html(f'<div class="csa-legend">{"".join(marks)}</div>{draw_map(placed)}')
    if len(placed) < len(table):
        st.caption(tr("cities.not_placed", n=len(table) - len(placed)))


def draw_map(placed: pd.DataFrame) -> str:
    """Draw cities as equal dots on outlines of countries, filled where past years are judged.

    Dots and names keep their size on a phone, where the map is small.
    """
    xy = placed[["longitude", "latitude"]].to_numpy(dtype="float64")  # (n, 2) degrees
    low, high = _corners(xy)
    scale = MAP_WIDTH / (high[0] - low[0])
    squeeze = np.array([1, -1 / np.cos(np.radians((low[1] + high[1]) / 2))])
    start = np.array([low[0], high[1]])
    height = round(float((high - low)[1] * -squeeze[1] * scale))
    shapes = [
        "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in (ring - start) * squeeze * scale) + "z"
        for ring in land()
        if (ring.max(axis=0) > low).all() and (ring.min(axis=0) < high).all()
    ]
    places = []
    at = (xy - start) * squeeze * scale / (MAP_WIDTH, height)
    sides = _sides(at, placed["city"].tolist())
    for (x, y), side, row in zip(at.tolist(), sides, placed.to_dict("records"), strict=True):
        name = html.escape(row["city"])
        kind = "csa-city" + " csa-open" * pd.isna(row["hit_share"])
        title = html.escape(tr("cities.n_areas", n=int(row["areas"])))
        label = f'<span class="{side}">{name}</span>' if side else ""
        where = f"left:{x:.1%};top:{y:.1%}"
        places.append(f'<i class="{kind}" style="{where}" title="{name}: {title}">{label}</i>')
    colors = theme.current()
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{MAP_WIDTH}" height="{height}">'
        f'<path fill="{colors.land}" stroke="{colors.hairline}" d="{"".join(shapes)}"/></svg>'
    )
    source = f"data:image/svg+xml,{quote(picture)}"
    alt = html.escape(tr("cities.map_alt", n=len(placed)))
    return (
        f'<div class="csa-world" role="img" aria-label="{alt}" style="background:{colors.water}">'
        f'<img alt="" width="{MAP_WIDTH}" height="{height}" src="{source}">{"".join(places)}</div>'
    )


def _sides(at: Degrees, names: Sequence[str]) -> list[str]:
    """Return on which side of its dot each name fits, in order; empty where it would hide another.

    All are empty where most would be: the few left would seem chosen.
    `at` is (n, 2), the share of the map's width and height.
    """
    taken = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in at.tolist()]
    sides = []
    for (x, y), name in zip(at.tolist(), names, strict=True):
        width = DOT + LETTER * len(name)
        for side, left in (("csa-right", x + DOT), ("csa-left", x - DOT - width)):
            box = left, y - LINE, left + width, y + LINE
            is_in = box[0] > 0 and box[2] < 1
            if is_in and not any(
                box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
                for other in taken
            ):
                taken.append(box)
                sides.append(side)
                break
        else:
            sides.append("")
    is_crowded = sides.count("") > len(sides) / 2
    return [""] * len(sides) if is_crowded else sides


def _corners(xy: Degrees) -> tuple[Degrees, Degrees]:
    """Return the map's corners: the cities and room around them, neither narrow nor tall."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    middle, size = (low + high) / 2, np.maximum(1.16 * (high - low), LEAST_DEGREES)
    size[0] = max(size[0], 2 * size[1])  # (width, height): at 40 degrees north 1.5 to 1
    size[1] = max(size[1], size[0] / 3)
    return middle - size / 2, middle + size / 2


@cache
def land() -> tuple[Degrees, ...]:
    """Read the outlines of countries, longitude before latitude."""
    return tuple(map(np.array, json.loads(LAND.read_text(encoding="utf-8"))))


def what_failed(table: pd.DataFrame) -> None:
    """Show each city that failed with its sentence, and those that were not run."""
    failed = table[table["state"] == FAILED]
    if len(failed):
        st.header(tr("cities.what_failed"), anchor=False)
        alike = failed.groupby("why", sort=False)["city"].agg(", ".join)  # one cause, one row
        rows = {
            tr("cities.col_city"): alike.tolist(),
            tr("term.why"): alike.index.tolist(),
        }
        panels.table(rows, tr("cities.what_failed"), "csa-wide")
    waiting = table.loc[table["state"] == WAITING, "city"].tolist()
    if waiting:
        with st.expander(tr("cities.waiting", n=len(waiting))):
            st.markdown(panels.plain(name_list(waiting)))


def each_city(table: pd.DataFrame, folder: Path) -> None:
    """Show each city that is done, by name, and offer the whole table as a file."""
    done = table[table["state"] == DONE]
    if done.empty:
        return
    st.header(tr("cities.each"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(done) > LEAST_SEARCHED:
            asked = st.text_input(tr("cities.find"), key="find city").strip().casefold()
            done = done[[asked in name.casefold() for name in done["city"]]]
        content = (folder / "fleet.csv").read_bytes
        panels.download(tr("change_page.each_download"), content, "fleet.csv", "fleet download")
    shown: list[dict[Any, Any]] = done.head(MOST_SHOWN).to_dict("records")
    rows = {
        tr("cities.col_city"): [row["city"] for row in shown],
        tr("public.embed_data"): [_data(row) for row in shown],
        tr("label.areas"): [_areas(row) for row in shown],
        tr("cities.col_past"): [_past(row) for row in shown],
        tr("cities.col_last"): [row["displacement"] or "" for row in shown],
    }
    panels.table(rows, tr("cities.each"), "csa-wide")
    if len(done) > MOST_SHOWN:
        st.caption(tr("label.more_in_file", n=len(done) - MOST_SHOWN))


def _data(row: dict[Any, Any]) -> str:
    first, last = (month(row[name][:7]) for name in ("first_date", "data_through"))
    return tr("cities.data", n=row["incidents"], first=first, last=last)


def _areas(row: dict[Any, Any]) -> str:
    if not row["areas"]:
        return tr("cities.n_areas", n=0)
    return tr("cities.areas", n=row["areas"], land=_land(row))


def _land(row: dict[Any, Any]) -> str:
    is_estimated = bool(row["land_is_estimated"])
    return land_percent(row["share_of_study_area"], is_estimated=is_estimated)


def _past(row: dict[Any, Any]) -> str:
    if pd.isna(row["hit_share"]):
        return tr("cities.no_year")
    ours, other = percent(row["hit_share"]), percent(row["best_other_hit_share"])
    return tr("cities.past", ours=ours, other=other, verdict=row["backtest"])


def how(folder: Path) -> None:
    """Show how the numbers come about, and how a city is made again or opened."""
    with st.expander(tr("data.title")):
        st.markdown(tr("cities.how_said"))
        st.code(fleet_command(folder), language=None)
