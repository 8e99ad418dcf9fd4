"""What others counted, without points: on Measures for a place, on Displacement for all areas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError
from csa.base.message import Message
from csa.base.params import Month
from csa.base.text import render, tr
from csa.extras.counts.comparing import (
    INJURY,
    compare_peers,
    compare_places,
    describe_places,
    describe_table,
    describe_year,
)
from csa.extras.counts.recording import count_tables, peer_table
from csa.extras.counts.tables import CountTable
from csa.reports.briefing.places import AREA, CITY, Place
from csa_app.shared import cache_change, cache_store, panels
from csa_app.shared.area_status import areas_designated
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following
from csa_app.shared.signing import FormScene


def show_change(session: CitySession, following: Following) -> None:
    """Show what others counted in the areas that Displacement follows."""
    names = {key: following.place_name(key) for key in following.by_letter}
    today = cache_store.today(session)
    said: list[Message] = []
    for table in count_tables(cache_store.records(session)):
        said += describe_table(table, Month(today.year, today.month))
        said += describe_places(compare_places(table, following.displaced), names)
    _show(said)


def show_place(session: CitySession, scene: FormScene, place: Place, choices: AreaSettings) -> None:
    """Show what others counted in a place; of the whole city, other cities too.

    An area has the finding that Displacement has, not another by its years.
    """
    said: list[Message] = []
    for table in count_tables(scene.records):
        if place.kind == CITY:
            said += describe_table(table, Month(scene.today.year, scene.today.month))
        elif place.kind == AREA:
            said += _counted_here(session, table, place, choices)
        elif table.located == INJURY and place.key in table.places:
            said.append(describe_year(table, place.key, table.name))
    peers = peer_table(scene.records)
    if place.kind == CITY and peers is not None:
        said.append(compare_peers(session, peers, choices.until))
    _show(said)


def _counted_here(
    session: CitySession, table: CountTable, place: Place, choices: AreaSettings
) -> Iterator[Message]:
    known = areas_designated(session)
    if known is None or place.key not in table.places:
        return
    with suppress(CsaError):
        displaced = cache_change.core(session, replace(choices, until=None), known)
        found = () if displaced is None else compare_places(table, displaced)
        own = [one for one in found if one.place == place.key]
        yield from describe_places(own, {place.key: table.name})


def _show(said: Iterable[Message]) -> None:
    if said:
        st.header(tr("count_table.title"), anchor=False)
        st.markdown(panels.plain("\n\n".join(map(render, said))))
