"""The parts of Services: what is missing, kinds, areas, the whole list, and how to change it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from csa.base.io import csv_bytes
from csa.base.text import day, in_words, name_list, tr
from csa.geo.services import LISTED, gaps, list_services, sum_kinds
from csa_app.shared import nearby, panels
from csa_app.shared.area_status import AreaOption
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import command_of

MOST = 3
"""Kinds named in the answer; the table has all."""
MAX_SHOWN = 80
"""Rows of the list on the page; the file has all."""


@dataclass(frozen=True)
class Inventory:
    """The city's services, and what is in and near its areas."""

    listed: pd.DataFrame  # `csa.geo.services.LISTED`, a service a row
    near: pd.DataFrame  # `csa.geo.services.SERVICE_COLUMNS`, by what areas are called
    kinds: pd.DataFrame  # as `csa.geo.services.sum_kinds`
    distance: str  # what counts as near, in words


def inventory(session: CitySession, areas: Sequence[AreaOption]) -> Inventory | None:
    """List the services and what each area lacks; None without a list."""
    services, config = session.dataset.services, session.config.services
    near = nearby.services_on(session, {area.label: area.cells for area in areas})
    if services is None or config is None or near is None:
        return None
    listed = list_services(services, session.dataset.neighborhoods)
    distance = nearby.distance(config.near_m, session.config.city.units)
    return Inventory(listed, near, sum_kinds(listed, near), distance)


def answer(session: CitySession, found: Inventory) -> None:
    """Show how many services there are, and what is missing most."""
    n, n_areas = len(found.listed), found.near["area_id"].nunique()
    said = [tr("services_page.answer", n=n, kinds=len(found.kinds))]
    lacking = [(len(areas), kind) for kind, areas in _rows(found.kinds, "kind", "lacking") if areas]
    if not n_areas:
        said.append(tr("services_page.no_area"))
    elif not lacking:
        said.append(tr("services.no_gap", near=found.distance))
    else:
        lacking.sort(key=lambda one: (-one[0], one[1]))
        least = lacking[:MOST][-1][0]  # as many as the last named: named too
        missing = (tr("services_page.missing", kind=kind, n=n) for n, kind in lacking if n >= least)
        told = {"near": found.distance, "n": n_areas, "kinds": in_words(list(missing))}
        said.append(tr("services_page.gaps", **told))
    panels.answer(*said)
    config = session.config.services
    if config is not None:
        source = panels.plain(config.source)
        st.caption(tr("services_page.source", source=source, day=day(config.as_of)))


def _rows(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    return table[list(names)].itertuples(index=False, name=None)


def kinds(found: Inventory) -> None:
    """Show each kind: how many places, for how many people, evaluated or not, missing where."""
    st.header(tr("services_page.kinds"), anchor=False)
    evaluated = [
        tr("services_page.evaluated", n=n, known=known) if known else tr("term.unknown")
        for n, known in _rows(found.kinds, "evaluated", "asked")
    ]
    people = [_people(*row) for row in _rows(found.kinds, "people", "known", "places")]
    nowhere = tr("label.none")
    missing = [name_list(areas) or nowhere for areas in found.kinds["lacking"]]
    table = {
        tr("services.col_kind"): found.kinds["kind"].tolist(),
        tr("label.places"): found.kinds["places"].tolist(),
        tr("services_page.col_capacity"): people,
        tr("services_page.col_evaluated"): evaluated,
        tr("services_page.col_missing", near=found.distance): missing,
    }
    panels.table(table, tr("services_page.kinds"), "csa-wide")


def _people(n: int, known: int, places: int) -> str:
    """Give how many people can be served, and by how many places where not of all it is known."""
    if not known:
        return tr("term.unknown")
    if known == places:
        return f"{n:,}"
    return tr("services_page.people", n=n, known=known, places=places)


def by_area(found: Inventory) -> None:
    """Show each area: how many services are in and near it, and which kinds are missing."""
    if found.near.empty:
        return
    st.header(tr("services_page.areas"), anchor=False)
    lacking = gaps(found.near)
    sums = found.near.groupby("area_id", sort=False)[["inside", "near"]].sum()
    nothing = tr("label.none")
    table = {
        tr("term.area"): list(sums.index),
        tr("label.in_area"): sums["inside"].tolist(),
        tr("services.col_near", near=found.distance): sums["near"].tolist(),
        tr("services_page.col_lacking"): [
            name_list(lacking[str(area)]) or nothing for area in sums.index
        ],
    }
    panels.table(table, tr("services_page.areas"), "csa-wide")


def show_full_list(session: CitySession, found: Inventory) -> None:
    """Show every service of a kind, and offer the whole list as a file."""
    st.header(tr("services_page.list"), anchor=False)
    told = (found.listed["program"] != "") | (found.listed["evaluated"] != "")
    has_details = told | found.listed["capacity"].notna()
    known, every = tr("services_page.with_program"), tr("plan_page.all")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = [*[known] * bool(has_details.any()), every, *found.kinds["kind"]]
        chosen = st.selectbox(tr("label.show"), offered, key="service kind")
        panels.download(
            tr("change_page.each_download"),
            lambda: inventory_csv(found.listed),
            f"{session.config.city.id}-services.csv",
            "services download",
        )
    is_chosen = has_details if chosen == known else found.listed["kind"].isin([chosen])
    rows = found.listed if chosen == every else found.listed[is_chosen]
    shown, unknown = rows.head(MAX_SHOWN), tr("services_page.blank")
    words = {"yes": tr("label.yes"), "no": tr("label.no")}
    capacity = [unknown if pd.isna(n) else f"{n:,}" for n in shown["capacity"]]
    table = {
        tr("report.walk_place"): shown["name"].tolist(),
        tr("services.col_kind"): shown["kind"].tolist(),
        tr("services_page.col_program"): [one or unknown for one in shown["program"]],
        tr("services_page.col_capacity"): capacity,
        tr("services_page.col_evaluated"): [words.get(one, unknown) for one in shown["evaluated"]],
        tr("public.neighborhood"): shown["neighborhood"].tolist(),
    }
    panels.table(table, tr("services_page.list"), "csa-wide")
    if len(rows) > MAX_SHOWN:
        st.caption(tr("label.more_in_file", n=len(rows) - MAX_SHOWN))


def inventory_csv(listed: pd.DataFrame) -> bytes:
    """Write the inventory as a file."""
    rows = listed[list(LISTED)].astype("object").where(listed.notna(), None)
    return csv_bytes(list(LISTED), rows.itertuples(index=False, name=None))


def how_to(session: CitySession) -> None:
    """Show how the list is brought in and changed."""
    ingest = command_of("ingest", session.own_folder, "--out")
    words = shlex.join([*ingest, "--services", "services.csv"])
    with st.expander(tr("services_page.how")):
        st.markdown(tr("services_page.how_said"))
        st.code(words, language=None)
