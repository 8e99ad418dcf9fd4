"""Plan: the status of its actions, who changes what, and what has no action yet."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa.program.plan.calendar import ordered
from csa.reports.briefing.meeting import prepare_review
from csa_app.screens.plan import filters, one_action, parts, preview, table
from csa_app.shared import cache_store, panels, person, plan_cards, plan_edits, plan_words, signing

opened = panels.frame(tr("plan_page.title"))
the_plan = cache_store.plan(opened)
store, records = cache_store.open_read_only(opened), cache_store.records(opened)
who, today = person.person(opened), cache_store.today(opened)
plan_edits.begin(opened, who)
if the_plan is None:
    panels.empty(tr("plan_page.no_plan", city=opened.config.city.name), "data")
    st.stop()
lines = {line.number: line for line in cache_store.lines(opened)}
parts.cards(prepare_review(the_plan, [*lines.values()], records, today), lines)
parts.slots(the_plan, records, lines)
view = filters.choose(the_plan, records, list(lines.values()))
areas = tuple(area.key for area in records.areas)
if view.opened:
    line = lines[view.opened]
    scene = one_action.ActionScene(opened, who, the_plan, records, today, lines, store)
    with st.container(key="plan_one", border=True):
        one_action.head(line, the_plan)
        if view.look == filters.CARDS and plan_cards.may_edit(the_plan, who, line):
            plan_cards.form(opened, who, line, areas)
        one_action.proposals(scene, line)
        parts.links(scene, line)
        preview.trail(scene, line)
        preview.correct(scene, line)
preview.draft_note(opened, who)
in_order = [lines[action.number] for action in ordered(the_plan, records.states, today)]
shown = filters.shown(view, in_order)
still_open = plan_words.not_done(lines.values())
st.caption(tr("plan_page.n_shown", n=len(shown), of=sum(not line.is_open for line in in_order)))
if not shown:
    panels.empty(tr("plan_page.none_shown"))
elif view.look == filters.CARDS:
    preview.preview(opened, the_plan, who, lines, today, store)  # above the list, which may be long
    plan_cards.cards(shown, still_open)
else:
    table.table(opened, who, shown, still_open, (view.look, records.head.hash, today, areas))
if view.look != filters.CARDS or not shown:
    preview.preview(opened, the_plan, who, lines, today, store)
parts.calendar(opened.config, the_plan, records, today)
parts.work_csv(signing.FormScene(opened, who, the_plan, records, today))
preview.bar()
