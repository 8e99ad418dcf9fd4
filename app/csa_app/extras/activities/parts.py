"""The parts of Activities: the answer, planned against done beside each finding, gaps, phones."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import pandas as pd
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.places import called
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.base.text import day, month, render, tr
from csa.change.sentences import each
from csa.city.config import Activities
from csa.extras.activities.files import read_activity_file
from csa.extras.activities.recording import (
    ActivityTotal,
    PlannedMonth,
    add_activities,
    area_months,
    describe_reach,
    list_phones,
    planned_months,
    read_totals,
    require_counting,
    require_organization,
    revoke_phone,
)
from csa.program.registry import core_areas, served_months
from csa.program.roles import Act, Person, may
from csa.program.store.engine import Store
from csa_app.shared import cache_change, cache_store, key_figure, panels, person, signing
from csa_app.shared.area_status import areas_designated
from csa_app.shared.city_session import CitySession
from csa_app.shared.core_list import verdict_words
from csa_app.shared.signing import Decision, FormField, Present, Typed

N_MONTHS = 6
MAX_GAPS = 8
ASK = "ask"
AGAIN = {
    ASK: "activities_page.again_ask",
    "add": "activities_page.again_add",
    "replace": "activities_page.again_replace",
    "skip": "activities_page.again_skip",
}
"""What becomes of rows of months on record, by the command's word."""


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

    def planned(self, months: Sequence[str]) -> tuple[PlannedMonth, ...]:
        """Return what the office planned and did in some months, where that was served."""
        served = served_months(cache_store.records(self.session))
        return planned_months(self.totals, self.who, self.settings, months, served)

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


def reader(session: CitySession, key: str) -> Person:
    """Return who reads activities; on one's own machine, the office that is asked for."""
    who, settings = person.person(session), require_counting(session.config.activities)
    if who.office != person.THIS_MACHINE:
        return who
    offices = [*settings.organizations, *settings.readers]
    return replace(who, office=str(st.selectbox(tr("plan_page.on_behalf"), offices, key=key)))


def answer(view: ActivityView) -> None:
    """Show how much was done in twelve months, and where to count."""
    until = Month.parse(view.months[0])
    first = str(until.plus(-12))
    seen = [m for m in area_months(view.totals, view.who, view.settings) if m.month >= first]
    n = sum((part.own if view.is_organization else part.others or 0) for part in seen)
    unit = "activities_page.own" if view.is_organization else "activities_page.others"
    reach = describe_reach(view.totals, view.who, view.settings, until)
    said = key_figure.text("" if reach is None else render(reach))
    head = tr("activities_page.since", month=month(first))
    key_figure.show(key_figure.card(head, key_figure.figure(f"{n:,}", tr(unit)), said))
    if view.is_organization:
        label = html.escape(tr("activities_page.count"))
        st.html(f'<p><a href="./count/" target="_self" style="color:inherit">{label}</a></p>')


def done(view: ActivityView) -> None:
    """Show what was done by area and month, each area's finding beside it, never as its effect."""
    rows = _planned(view) if view.is_organization else _others(view)
    if not rows:
        panels.empty(tr("activities_page.nothing"))
        return
    panels.table(pd.DataFrame(rows), tr("activities_page.table"), "csa-wide")
    st.caption(tr("activity.note"))
    if view.is_organization:
        _gaps(view)


def _planned(view: ActivityView) -> list[dict[str, Any]]:
    """Return a row for each area and kind: done of planned, month by month."""
    rows = dict[tuple[str, str], dict[str, Any]]()
    empty = {month(one, is_short=True): "" for one in view.months}  # nothing planned, nothing done
    for line in view.planned(view.months):
        kind = {tr("activities_page.kind"): view.settings.kinds[line.kind]}
        row = rows.setdefault((line.place, line.kind), _head(view, line.place) | kind | empty)
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
    return {tr("term.area"): view.name(place), tr("activities_page.finding"): finding}


def _gaps(view: ActivityView) -> None:
    """List what its own organization planned and did not do; no other reads it."""
    short = [line for line in view.planned(view.months[1:]) if line.is_short]
    if not short:
        return
    with st.expander(tr("activities_page.gaps", n=len(short))):
        for line in short[:MAX_GAPS]:
            about = {"area": view.name(line.place), "month": month(line.month)}
            about |= {"kind": view.settings.kinds[line.kind]}
            said = tr("activities_page.gap", done=line.done, planned=line.planned, **about)
            st.markdown(f"- {panels.plain(said)}")


def take_file(view: ActivityView, store: Store, act: Act, typed: Typed) -> str:
    """Import the activities of an uploaded file, all or none."""
    now, config = typed.now, view.session.config
    if now["file"] is None:
        raise ParamError("activities_page.no_file")
    heads = [head.strip() for head in now["leave_out"].split(",") if head.strip()]
    name, content = now["file"].name, now["file"].getvalue()
    found, rows = signing.read_upload(
        name, content, lambda path: read_activity_file(config, store, path, heads)
    )
    file, again = found.sha256, None if now["again"] == ASK else now["again"]
    ids = {"has_ids": found.has_ids}
    added = add_activities(store, act, view.settings, rows, file, again, **ids)
    return tr("activity.added", **vars(added))


def _again_words(again: str) -> str:
    return tr(AGAIN[again])


def offer(view: ActivityView) -> None:
    """Offer to import a file, and to revoke a phone that is lost, to whoever enters activities."""
    if not view.is_organization:
        return
    store = cache_store.open_read_only(view.session)
    active = [row for row in list_phones(store, view.who, view.settings) if row.revoked_on is None]
    names = {
        row.key: tr("change_page.verdict_since", verdict=row.key[:8], since=day(row.given_on))
        for row in active
    }

    def revoke(store: Store, act: Act, typed: Typed) -> str:
        revoke_phone(store, act, view.settings, typed.now["phone"])
        return tr("activity.phone_revoked", phone=typed.now["phone"][:8])

    about = tr("activities_page.again")
    fields = [
        FormField("file", tr("activities_page.file"), "file"),
        FormField("leave_out", tr("activities_page.leave_out"), row=1),
        FormField(
            "again", tr("activities_page.again"), "choice", ASK, [*AGAIN], _again_words, row=1
        ),
    ]
    key, about = "import activities", tr("activities_page.about")
    write = partial(take_file, view)
    take_in = tr("here.import")
    offered = {"import": (take_in, lambda: Decision(key, take_in, write, fields, about=about))}
    which = FormField(
        "phone", tr("activities_page.which"), "choice", "", [*names], names.__getitem__
    )
    if not active:
        signing.announce("revoke phone")  # the form is gone with the last phone
    else:
        end = tr("activities_page.revoke")
        offered["revoke"] = end, lambda: Decision("revoke phone", end, revoke, [which])
    scene = Present(view.session, person.person(view.session))
    label = tr("activities_page.change", n=len(active)) if active else take_in
    signing.pick(scene, "activity forms", label, offered)
