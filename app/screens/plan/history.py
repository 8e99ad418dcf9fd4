"""The trail of the plan in words: who changed what, when and why."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from app.screens.plan.one_action import ActionScene
from app.shared import cache_store, correcting
from app.shared.correcting import OnRecord
from app.shared.plan_words import changes_words, field_word, proposal_state, value_words
from csa.base.text import day, speak
from csa.decisions.corrections import CORRECTABLE
from csa.decisions.roles import may, require_chair
from csa.decisions.store.audit import AT_UTC
from csa.decisions.store.replay import approvals, corrected
from csa.decisions.store.tables import ActionRow, CorrectionRow
from csa.reports.briefing import ActionLine


@dataclass(frozen=True)
class TrailEntry:
    """One entry of the trail, in words."""

    when: str  # day and time in the city
    office: str  # who made the change
    changes: tuple[str, ...]  # what changed, each in words
    why: str  # in the office's own words
    n: int  # its number


def local_time(at_utc: str, time_zone: str) -> str:
    """Return the time of a change, in the city's own time zone."""
    when = datetime.strptime(at_utc, AT_UTC).replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone))
    return f"{day(when.date())}, {when:%H:%M}"


def told(entries: Sequence[Mapping[str, Any]], time_zone: str) -> list[TrailEntry]:
    """Return entries of the trail in words, newest first."""
    newest = sorted(entries, key=lambda entry: int(entry["id"]), reverse=True)
    return [
        TrailEntry(
            local_time(entry["at_utc"], time_zone),
            entry["by_office"],
            tuple(_entry_changes(entry)),
            entry["why"],
            int(entry["id"]),
        )
        for entry in newest
    ]


def _entry_changes(entry: Mapping[str, Any]) -> Iterator[str]:
    old = json.loads(entry["old"]) if entry["old"] else {}
    new = json.loads(entry["new"])
    if entry["item"].startswith("change-"):
        yield from _proposal_changes(entry["item"], new)
    elif entry["item"].startswith("link "):
        needs = entry["item"].rpartition("<-")[2]
        if new.get("is_removed"):
            yield speak("plan_page.link_removed", number=needs)
        else:
            yield speak("plan_page.link_added", number=needs)
    else:
        yield from changes_words(old, new) or [speak("plan_page.confirmed")]


def _proposal_changes(key: str, new: Mapping[str, Any]) -> Iterator[str]:
    yield proposal_state(key, new["state"])
    if "values" in new:
        for name, value in new["values"].items():
            yield f"{field_word(name)}: {value_words(name, value)}"


def trail(scene: ActionScene, line: ActionLine) -> None:
    """Show who changed an action, when, what and why, newest first."""
    with st.expander(speak("plan_page.trail")):
        if scene.store is None:
            st.caption(speak("plan_page.no_trail"))
            return
        found = _entries(scene, line)
        if not found:
            st.caption(speak("plan_page.no_trail"))
            return
        corrections = dict[int, list[CorrectionRow]]()
        for row in scene.records.corrections_of(line.number):
            corrections.setdefault(row.entry, []).append(row)
        told_of = told(found, scene.opened.config.city.time_zone)
        body = "".join(
            f"<li><b>{html.escape(one.when)} · {html.escape(one.office)}</b><br>"
            f"{html.escape('; '.join(one.changes))}<br>"
            f'<span class="csa-faint">{html.escape(speak("plan_page.because", why=one.why))}</span>'
            f"{correcting.notes(corrections.get(one.n, ()), beside_wrong=True)}</li>"
            for one in told_of
        )
        st.html(f'<ul class="csa-trail">{body}</ul>')


def _entries(scene: ActionScene, line: ActionLine) -> Sequence[Mapping[str, Any]]:
    """Return the trail's entries on an action, its proposals and its links."""
    own = [row.item for row in scene.records.changes if row.action == line.number]
    own += [row.item for row in scene.records.links if row.action == line.number]
    return cache_store.trail_of(scene.opened, frozenset({line.number, *own}))


def correct(scene: ActionScene, line: ActionLine) -> None:
    """Offer to correct any report on an action, but what was approved."""
    row = next((one for one in scene.records.actions if one.key == line.number), None)
    if row is None or not may(require_chair, scene.who, scene.plan, line.number):
        return
    found = _entries(scene, line)
    right = corrected(found, scene.records.corrections_of(line.number))
    names = {one.n: one for one in told(right, scene.opened.config.city.time_zone)}
    approved = approvals(found)
    fields = list(CORRECTABLE[ActionRow])
    things = [
        OnRecord(row, _label(names[n]), {name: values[name] for name in fields}, n)
        for n, values in correcting.reports_of(row, right)
        if n not in approved
    ]
    correcting.show(scene, line.number, things)


def _label(one: TrailEntry) -> str:
    return f"{one.when} · {one.office} · {'; '.join(one.changes)}"
