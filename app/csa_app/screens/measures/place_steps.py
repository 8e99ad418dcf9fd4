"""The steps of an area: who decided what and why, and which steps may follow."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import streamlit as st

from csa.areas.priority.assessment import AreaAssessment
from csa.base.errors import CsaError
from csa.base.statement import Statement
from csa.base.text import day, month, render, tr
from csa.change.sentences import edge_words, state_change
from csa.city.preregistration import Verdict
from csa.program.areas import (
    add_evidence,
    begin_work,
    designate,
    maintain,
    may_leave,
    redraw,
    retire,
)
from csa.program.registry import core_area
from csa.program.roles import Act, may, require, require_area_chair
from csa.program.store.engine import Store
from csa.program.store.tables import (
    ACTIVE,
    CANDIDATE,
    DESIGNATED,
    MAINTENANCE,
    REDRAWN,
    RETIRED,
    BaselineRow,
    StepRow,
)
from csa.reports.briefing.areas import maintenance_evidence, to_candidate
from csa.reports.briefing.lines import WorkPlan
from csa.reports.briefing.measuring import known_at_start
from csa.reports.briefing.places import AREA, PROPOSED, Place
from csa_app.screens.measures.work_plan import entries_words
from csa_app.shared import cache, cache_change, panels, signing
from csa_app.shared.area_status import areas_designated, step_word
from csa_app.shared.correcting import OnRecord, notes
from csa_app.shared.link_state import LinkState
from csa_app.shared.signing import Decision, FormField, FormScene, Typed


@dataclass(frozen=True)
class VerdictSince:
    """Displacement's verdict on an area since its designation."""

    why: str  # the verdict in words, or why there is none
    together: str = ""  # how far each looked, and what all areas together show
    evidence: Mapping[str, Any] = field(default_factory=dict)  # what maintenance records
    statement: Statement | None = None  # what is said of it, if anything can be


def verdict(scene: FormScene, screen: LinkState, place: Place) -> VerdictSince | None:
    """Return the verdict on a served area since its designation; None if it is not in service."""
    area = core_area(scene.records, place.key) if place.kind == AREA else None
    areas = areas_designated(scene.session)
    if area is None or areas is None:
        return None
    since = month(str(area.versions[0].since))
    try:
        found = cache_change.core(scene.session, screen.choices, areas)
    except CsaError as error:
        return VerdictSince(render(error.message))
    if found is None or place.key not in found.chosen.area_ids:
        if found is not None and area.versions[0].since < found.until:
            return VerdictSince(tr("briefing.core_taken"))
        through = scene.session.dataset.report["data_through"]
        return VerdictSince(tr("here.too_early", since=since, through=month(through[:7])))
    statement = state_change(found, place.key)
    if statement.verdict == Verdict.TOO_EARLY:
        return VerdictSince(render(statement.sentence))
    together = render(state_change(found).sentence)
    return VerdictSince(
        render(statement.sentence),
        tr("here.looked", near=edge_words(0), far=edge_words(2), said=together),
        maintenance_evidence(scene.session.dataset, found, statement),
        statement,
    )


def show(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    work: WorkPlan | None,
    found: VerdictSince | None,
) -> None:
    """Show the steps of an area or a candidate, and offer those that may follow."""
    st.header(tr("here.steps"), anchor=False)
    if work is None:
        st.caption(tr("here.steps_none"))
    else:
        of = scene.records.corrections_of
        items = "".join(_step(row, notes(of(row.item))) for row in reversed(work.steps))
        begun = work.area.execution_on
        if begun is not None:
            began = html.escape(tr("here.work_began", day=day(begun)))
            items = f"<li>{began}{notes(of(_beginnings(scene, work)[-1].item))}</li>{items}"
        st.html(f'<ul class="csa-due">{items}</ul>')
    if not may(require_area_chair, scene.who):
        st.caption(tr("roles.not_area_chair"))
        return
    forms = _forms(scene, screen, place, work, found)
    if work is not None and work.area.state == DESIGNATED and "maintain" not in forms:
        st.caption(tr("here.no_maintenance"))
    if forms:
        signing.pick(scene, f"step {place.id}", tr("here.next_step"), forms)


def _beginnings(scene: FormScene, work: WorkPlan) -> list[BaselineRow]:
    return [row for row in scene.records.baselines if row.area == work.area.key]


def on_record(scene: FormScene, work: WorkPlan) -> list[OnRecord]:
    """List what the reader may correct of an area and its work."""
    found: list[OnRecord] = []
    if may(require_area_chair, scene.who):
        found = [OnRecord.of(row, _step_words(row)) for row in reversed(work.steps)]
        began = [
            (row, tr("here.work_began", day=day(row.on_date))) for row in _beginnings(scene, work)
        ]
        found += [OnRecord.of(row, words) for row, words in reversed(began)]
    if may(require, scene.who, "chair"):
        found += [OnRecord.of(row, words) for row, words in entries_words(work)]
    return found


def _step_words(row: StepRow) -> str:
    is_redrawn = bool(row.evidence.get(REDRAWN))
    state = tr("change_page.redrawn") if is_redrawn else step_word(row.state)
    head = tr("here.step", state=state, day=day(row.on_date), by=row.by_office)
    return f"{head[:1].upper()}{head[1:]}"


def _step(row: StepRow, corrected: str) -> str:
    params = row.evidence.get("params", {})
    facts = [tr("here.n_cells", n=len(row.cells))]
    area = row.evidence.get("area", {})
    if area.get("incidents") and params.get("months"):
        facts.append(tr("here.seen", n=int(area["incidents"]), months=params["months"]))
    if row.evidence.get("sentence"):
        facts.append(str(row.evidence["sentence"]))
    said = html.escape(" ".join(facts))
    return (
        f"<li><b>{html.escape(_step_words(row))}</b><br>{html.escape(row.reasons)}"
        f'<br><span class="csa-faint">{said}</span>{corrected}</li>'
    )


def _forms(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    work: WorkPlan | None,
    found: VerdictSince | None,
) -> Mapping[str, tuple[str, Callable[[], Decision]]]:
    """Return the forms of the steps that may follow, leaving out those refused in any case."""
    forms: dict[str, tuple[str, Callable[[], Decision]]] = {}
    state = "" if work is None else work.area.state
    for key, label, then, befores in (
        ("designate", tr("here.do_designate"), DESIGNATED, {CANDIDATE, RETIRED, MAINTENANCE}),
        ("candidate", tr("here.do_candidate"), CANDIDATE, {RETIRED}),
    ):
        if place.letter and (place.kind == PROPOSED or state in befores):
            forms[key] = label, partial(_designated, scene, screen, place, work, then)
    if work is None:
        return forms
    if state == DESIGNATED and work.area.execution_on is None:
        forms["begin"] = tr("here.do_begin"), lambda: _begun(scene, work)
    known = {} if found is None else found.evidence
    if state == DESIGNATED and known and may_leave(known["verdict"], known["together"]):
        forms["maintain"] = (
            tr("here.do_maintain"),
            lambda: _maintained(work, cast("VerdictSince", found)),
        )
    if state in ACTIVE and _other_cells(scene, screen, place):
        forms["redraw"] = tr("here.do_redraw"), lambda: _redrawn(scene, screen, place, work)
    if state != RETIRED:
        forms["retire"] = tr("here.do_retire"), lambda: _retired(work)
    return forms


def _designated(
    scene: FormScene, screen: LinkState, place: Place, work: WorkPlan | None, state: str
) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        proposal = cache.analysis(scene.session, screen.choices).proposal
        candidate = to_candidate(proposal, place.letter)
        letter = designate(store, act, candidate, state, seen=typed.seen)
        st.query_params["place"] = f"{AREA}:{letter}"
        said = tr("here.is_now", area=letter, state=step_word(state))

        def keep(judgement: AreaAssessment) -> None:
            add_evidence(store, act, letter, to_candidate(proposal, place.letter, judgement))

        try:  # it takes seconds: whoever closes the tab has decided, and the rest follows
            panels.assess_with_progress(scene.session, screen.choices, keep)
        except CsaError as error:
            return tr("here.is_now_unjudged", said=said, why=render(error.message))
        return said

    return Decision(
        f"{state} {place.id} {hash(place.cells)}",  # another proposal's letters name other places
        tr("here.decide"),
        write,
        seen=None if work is None else work.area.revision,
        about=tr("here.designate_about" if state == DESIGNATED else "here.candidate_about"),
        is_dated=True,
    )


def _begun(scene: FormScene, work: WorkPlan) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        key, on = work.area.key, typed.now["on"]
        kept = known_at_start(scene.session.dataset, scene.plan, scene.records, key, on)
        begin_work(store, act, key, on, kept)
        return tr("keep.begun", area=key, day=on, n=len(kept))

    on = FormField("on", tr("report.day_of_week"), "day", scene.today)
    key, about = f"begin {work.area.key}", tr("here.begin_about")
    return Decision(key, tr("here.do_begin"), write, [on], about=about)


def _maintained(work: WorkPlan, found: VerdictSince) -> Decision:
    area = work.area
    return Decision(
        f"maintain {area.key}",
        tr("here.do_maintain"),
        lambda store, act, typed: maintain(store, act, area.key, found.evidence, seen=typed.seen),
        message=tr("keep.maintained", area=area.key),
        seen=area.revision,
        about=f"{found.why} {found.together}",
    )


def _other_cells(scene: FormScene, screen: LinkState, place: Place) -> bool:
    """Check whether the month's candidate that is an area has other cells than it."""
    if not place.letter:
        return False
    areas = cache.analysis(scene.session, screen.choices).proposal.areas.set_index("area_id")
    return set(areas["cells"].to_dict()[place.letter]) != set(place.cells)


def _redrawn(scene: FormScene, screen: LinkState, place: Place, work: WorkPlan) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        candidate = to_candidate(
            cache.analysis(scene.session, screen.choices).proposal, place.letter
        )
        seen = frozenset(int(cell, 16) for cell in typed.seen)
        redraw(store, act, work.area.key, [candidate], seen=seen)
        return tr("keep.redrawn", area=work.area.key, day=act.on)

    return Decision(
        f"redraw {work.area.key}",
        tr("here.do_redraw"),
        write,
        seen=place.cells,
        about=tr("here.redraw_about", n=len(place.cells)),
        is_dated=True,
    )


def _retired(work: WorkPlan) -> Decision:
    area = work.area
    return Decision(
        f"retire {area.key}",
        tr("here.do_retire"),
        lambda store, act, typed: retire(store, act, area.key, seen=typed.seen),
        message=tr("keep.retired", area=area.key),
        seen=area.revision,
        about=tr("here.retire_about"),
    )
