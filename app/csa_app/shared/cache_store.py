"""The store's contents for pages, cached under the end of its trail; and the city's plan.

Pages that only read create no store. If the database is down a `StoreError` is raised, which
pages that can do without the store show as a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from csa.base.errors import RoleError, StoreError
from csa.city.deployment import resolve
from csa.program.plan.items import Plan
from csa.program.plan.loading import load_plan
from csa.program.plan.measures import Value
from csa.program.store.address import file_of, parse_address, refuse_missing, shown
from csa.program.store.audit import entries, entries_of
from csa.program.store.engine import Store, make_store, open_store
from csa.program.store.records import Records, mark_values, read_records, read_values
from csa.reports.briefing.lines import ActionLine, plan_lines
from csa_app.shared import settings
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import PUBLIC, access
from csa_app.shared.settings import deployment

NOTHING = Records()
"""What is decided where there is no store: one object, so that what follows is worked out once."""


def plan(session: CitySession) -> Plan | None:
    """Return the city's plan."""
    city = session.config.city
    if not city.plan:
        return None
    path = deployment().config.parent / "plans" / city.plan
    return _plan(
        path, path.stat().st_mtime_ns if path.is_file() else 0, tuple(city.plan_names.items())
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _plan(path: Path, modified_ns: int, names: tuple[tuple[str, str], ...]) -> Plan:
    return load_plan(path, dict(names))


def address(session: CitySession) -> str:
    """Return the store's address; a default path is beside the app, wherever it was started."""
    found = resolve({}, session.config)["store"]
    is_default = found.origin == "default"
    return str(settings.VAR.parent / found.value) if is_default else str(found.value)


def open_read_only(session: CitySession) -> Store | None:
    """Open the store to read it."""
    if access(session) == PUBLIC:
        return None  # the public reads the published bundle, and no store
    where, city = address(session), session.config.city.id
    path = file_of(parse_address(where))
    is_there = path is None or path.exists()
    found = _store(where, city, path.stat().st_ino if path else 0) if is_there else None
    if found is None:
        _store.clear()  # another process may make it, so the missing store is not cached
        _refuse_gone(where)
        refuse_missing(where, resolve({}, session.config)["store"].origin)
    else:
        _OPENED.add(where)
    return found


def _is_kept(found: Store | None) -> bool:
    return found is None or not found.is_lost


@st.cache_resource(max_entries=4, show_spinner=False, validate=_is_kept)
def _store(where: str, city: str, inode: int) -> Store | None:
    return open_store(where, city=city)


_OPENED: set[str] = set()
"""Addresses of the stores that this server has had open."""


def _refuse_gone(where: str) -> None:
    """Refuse to take a store that was there for one in which nothing is decided yet."""
    if where in _OPENED:
        raise StoreError("store.gone", name=shown(where))


def open_writable(session: CitySession) -> Store:
    """Open the store for writing, and create it if there is none."""
    if access(session) == PUBLIC:
        raise RoleError("roles.refused", given="viewer", least="member")
    return open_read_only(session) or making(session)


def making(session: CitySession) -> Store:
    """Open the store, and create it if there never was one; without the page that asks for it."""
    where = address(session)
    path = file_of(parse_address(where))
    if path is not None and not path.exists():
        _refuse_gone(where)
    made = make_store(where, session.config.city.id)
    _OPENED.add(where)
    return made


def records(session: CitySession) -> Records:
    """Return the store's current contents, read again after anyone has written."""
    found = open_read_only(session)
    if found is None:
        return NOTHING
    where = address(session)
    return _records(where, found.head().hash, found)


@st.cache_resource(max_entries=4, show_spinner=False)
def _records(where: str, head: str, _store: Store) -> Records:
    kept = read_records(_store, with_values=False)
    return replace(kept, values=_values(where, mark_values(_store), _store))


def lines(session: CitySession) -> tuple[ActionLine, ...]:
    """Return the plan's actions as they are today; none without a plan."""
    the_plan = plan(session)
    return () if the_plan is None else plan_lines(the_plan, records(session), today(session))


def trail_entries(session: CitySession, items: frozenset[str]) -> tuple[Mapping[str, Any], ...]:
    """Return the trail's entries on some items."""
    found = open_read_only(session)
    if found is None or not items:
        return ()
    return _trail(address(session), found.head().hash, items, found)


def full_trail(session: CitySession) -> Sequence[Mapping[str, Any]]:
    """Return the whole trail."""
    found = open_read_only(session)
    return () if found is None else _whole_trail(address(session), found.head().hash, found)


@st.cache_resource(max_entries=1, show_spinner=False)
def _whole_trail(where: str, head: str, _store: Store) -> Sequence[Mapping[str, Any]]:
    with _store.reading() as session:
        return tuple(entries(session.connection()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _trail(
    where: str, head: str, items: frozenset[str], _store: Store
) -> tuple[Mapping[str, Any], ...]:
    with _store.reading() as session:
        return tuple(entries_of(session.connection(), items))


@st.cache_resource(max_entries=2, show_spinner=False)
def _values(where: str, mark: str, _store: Store) -> tuple[Value, ...]:
    return read_values(_store)


def today(session: CitySession) -> date:
    """Return today's date in the city."""
    return session.config.city.clock.today()
