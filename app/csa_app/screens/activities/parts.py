"""The parts of Activities: the answer, planned against done beside each finding, gaps, phones."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import day, month, render, tr
from csa.change.sentences import each
from csa.city.config import Activities
from csa.program.activities import (
    ActivityTotal,
    AreaMonth,
    area_months,
    describe_reach,
    list_phones,
    planned_months,
    read_totals,
    require_counting,
    require_organization,
    revoke_phone,
)
from csa.program.registry import core_areas
from csa.program.roles import Act, Person, may
from csa.program.store.engine import Store
from csa_app.shared import cache_change, cache_store, key_figure, panels, person, signing
from csa_app.shared.area_status import areas_designated
from csa_app.shared.city_session import CitySession
from csa_app.shared.core_list import verdict_words
from csa_app.shared.person import THIS_MACHINE
from csa_app.shared.signing import Decision, FormField, Present, Typed

N_MONTHS = 6
MAX_GAPS = 8


@dataclass
class ActivityView:
    """What the reader's office may see of activities; read again at each run, never cached."""

    session: CitySession
    who: Person
    choices: AreaSettings

    @cached_property
    def settings(self) -> Activities:
        """The city's words for activities."""
        return require_counting(self.session.config.activities)

    @cached_property
    def totals(self) -> tuple[ActivityTotal, ...]:
        """All totals, of which this view shows what the office may see."""
        return read_totals(cache_store.open_read_only(self.session))

    @cached_property
    def is_organization(self) -> bool:
        """Whether the office enters activities."""
        return may(require_organization, self.who, self.settings)

    @cached_property
    def months(self) -> list[str]:
        """The months shown, the last one first."""
        today = cache_store.today(self.session)
        now = Month(today.year, today.month)
        return [str(now.plus(-back)) for back in range(N_MONTHS)]

    @cached_property
    def findings(self) -> dict[str, str]:
        """Each area's finding, as every page says it."""
        known = areas_designated(self.session)
        try:
            same = replace(self.choices, until=None)
            change = known and cache_change.core(self.session, same, known)
        except CsaError:
            return {}
        verdicts = each(change) if change else {}
        listed = core_areas(cache_store.records(self.session))
        return {area.key: verdict_words(area, *verdicts.get(area.key, ()))[0] for area in listed}

    def name(self, place: str) -> str:
        """Return what readers call a place."""
        rows = cache_store.records(self.session).areas
        return next((called(row.place_name, row.key) for row in rows if row.key == place), place)


def reader(session: CitySession) -> Person:
    """Return who reads; on one's own machine, the office on whose behalf is asked for."""
    who, settings = person.person(session), require_counting(session.config.activities)
    if who.office != THIS_MACHINE:
        return who
    offices = [*settings.organizations, *settings.readers]
    office = st.selectbox(tr("activities_page.as_office"), offices, key="activities office")
    return replace(who, office=str(office))


def answer(view: ActivityView) -> None:
    """Show how much was done in twelve months, and where to count."""
    until = Month.parse(view.months[0])
    first = str(until.plus(-12))
    seen = [m for m in area_months(view.totals, view.who, view.settings) if m.month >= first]
    n = sum(_shown(part, own=view.is_organization) for part in seen)
    unit = "activities_page.own" if view.is_organization else "activities_page.others"
    reach = describe_reach(view.totals, view.who, view.settings, until)
    said = key_figure.text("" if reach is None else render(reach))
    head = tr("activities_page.since", month=month(first))
    key_figure.show(key_figure.card(head, key_figure.figure(f"{n:,}", tr(unit)), said))
    if view.is_organization:
        label = html.escape(tr("activities_page.count"))
        st.html(f'<p><a href="./count/" target="_self" style="color:inherit">{label}</a></p>')


def _shown(part: AreaMonth, *, own: bool) -> int:
    return part.own if own else part.others or 0


def done(view: ActivityView) -> None:
    """Show what was done by area and month, each area's finding beside it, never as its effect."""
    rows = _planned(view) if view.is_organization else _others(view)
    if not rows:
        panels.empty(tr("activities_page.nothing"))
        return
    panels.table(_columns(rows), tr("activities_page.table"), "csa-wide")
    st.caption(tr("activity.note"))
    if view.is_organization:
        _gaps(view)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _planned(view: ActivityView) -> list[dict[str, Any]]:
    """Return a row for each area and kind: done of planned, month by month."""
    rows = dict[tuple[str, str], dict[str, Any]]()
    for line in planned_months(view.totals, view.who, view.settings, view.months):
        row = rows.setdefault((line.place, line.kind), _head(view, line.place))
        row[tr("activities_page.kind")] = view.settings.kinds[line.kind]
        of = tr("activities_page.of", done=line.done, planned=line.planned)
        row[month(line.month, is_short=True)] = of
    return list(rows.values())


def _others(view: ActivityView) -> list[dict[str, Any]]:
    """Return a row for each area: activities where they are five or more."""
    rows = dict[str, dict[str, Any]]()
    seen = {(m.place, m.month): m for m in area_months(view.totals, view.who, view.settings)}
    for place in sorted({place for place, _ in seen}):
        row = rows.setdefault(place, _head(view, place))
        for when in view.months:
            part = seen.get((place, when))
            n = None if part is None else part.others
            row[month(when, is_short=True)] = tr("activity.few") if n is None else n
    return list(rows.values())


def _head(view: ActivityView, place: str) -> dict[str, Any]:
    finding = view.findings.get(place, "")
    return {tr("label.area"): view.name(place), tr("activities_page.finding"): finding}


def _gaps(view: ActivityView) -> None:
    """List what its own organization planned and did not do; no other reads it."""
    lines = planned_months(view.totals, view.who, view.settings, view.months[1:])
    short = [line for line in lines if line.is_short]
    if not short:
        return
    with st.expander(tr("activities_page.gaps", n=len(short))):
        st.caption(tr("activities_page.gaps_about"))
        for line in short[:MAX_GAPS]:
            about = {"area": view.name(line.place), "month": month(line.month)}
            about |= {"kind": view.settings.kinds[line.kind]}
            said = tr("activities_page.gap", done=line.done, planned=line.planned, **about)
            st.markdown(f"- {panels.plain(said)}")


def phones(view: ActivityView) -> None:
    """List the organization's phones, and offer to revoke one that is lost."""
    if not view.is_organization:
        return
    store = cache_store.open_read_only(view.session)
    active = [row for row in list_phones(store, view.who, view.settings) if row.revoked_on is None]
    signing.announce("revoke phone")
    if not active:
        return
    names = {
        row.key: tr("activities_page.phone", id=row.key[:8], day=day(row.given_on))
        for row in active
    }

    def write(opened: Store, act: Act, typed: Typed) -> str:
        revoke_phone(opened, act, view.settings, typed.now["phone"])
        return tr("activity.phone_revoked", phone=typed.now["phone"][:8])

    with st.expander(tr("activities_page.phones", n=len(active))):
        field = FormField(
            "phone", tr("activities_page.which"), "choice", "", list(names), lambda key: names[key]
        )
        decision = Decision("revoke phone", tr("activities_page.revoke"), write, [field])
        signing.form(Present(view.session, person.person(view.session)), decision)
