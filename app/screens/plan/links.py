"""What an action waits for, with its source, and what waits for it."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from app.screens.plan.one_action import ActionScene
from app.shared import signing
from app.shared.signing import Decision, FormField, Typed
from csa.base.errors import ParamError
from csa.base.text import speak
from csa.decisions.links import set_link
from csa.decisions.roles import Act, may, require_chair
from csa.decisions.store import Store
from csa.decisions.store.records import links_of
from csa.plan import Link, Plan, by_number, waits_for
from csa.reports.briefing import ActionLine


def links(scene: ActionScene, line: ActionLine) -> None:
    """Show what an action needs, with the item that says so, and what waits for it."""
    st.markdown(f"**{speak('plan_page.links')}**")
    said = [_link_words(scene, link) for link in line.needs]
    waiting = waits_for(scene.plan, links_of(scene.plan, scene.records.links))
    behind = sorted((n for n, on in waiting.items() if line.number in on), key=by_number)
    if behind:
        said.append(speak("plan_page.waited_for", numbers=", ".join(behind)))
    if said:
        st.html("<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in said) + "</ul>")
    else:
        st.caption(speak("plan_page.no_links"))
    if may(require_chair, scene.who, scene.plan, line.number):
        with st.expander(speak("plan_page.change_links")):
            signing.form(scene, _linking(scene, line))


def _link_words(scene: ActionScene, link: Link) -> str:
    is_added = "<-" in link.why  # added by a chair, not in the plan's file
    name = _item_name(scene.plan, scene.lines, link.on)
    if is_added:
        return speak("plan_page.need_added", item=name, source=link.source)
    sentence = {"waits": "plan_page.need", "linked": "plan_page.linked"}[link.kind]
    return speak(sentence, item=name, source=link.source, why=link.why)


def _item_name(plan: Plan, lines: Mapping[str, ActionLine], number: str) -> str:
    if number in lines:
        return f"{number} {lines[number].title or speak('plan.open_slot')}"
    titles = {s.number: s.title for s in plan.strategies} | {g.number: g.title for g in plan.goals}
    return f"{number} {titles.get(number, '')}".strip()


def _linking(scene: ActionScene, line: ActionLine) -> Decision:
    plan = scene.plan
    items = [*(s.number for s in plan.strategies), *(a.number for a in plan.actions)]
    items.sort(key=by_number)
    own = {link.on for link in links_of(plan, scene.records.links)[line.number]}

    def named(number: str) -> str:
        return _item_name(plan, scene.lines, number) if number else speak("plan_page.choose")

    def write(store: Store, act: Act, typed: Typed) -> str:
        on, is_removed = typed.now["on"], typed.is_second
        if not on or (is_removed and on not in own):
            raise ParamError("plan_page.link_not_own" if is_removed else "plan_page.link_which")
        link = (line.number, on, typed.now["source"])
        set_link(store, plan, act, link, is_removed=is_removed)
        return speak("plan_page.link_removed" if is_removed else "plan_page.link_added", number=on)

    others = ["", *(number for number in items if number != line.number)]
    fields = (
        FormField("on", speak("plan_page.link_on"), "choice", options=others, words=named),
        FormField(
            "source",
            speak("plan_page.link_source"),
            "choice",
            line.number,
            items,
            named,
            more={"help": speak("plan_page.link_source_help")},
        ),
    )
    remove = speak("plan_page.link_remove") if own else "", speak("plan_page.link_remove_help")
    key, label = f"plan link {line.number}", speak("plan_page.link_add")
    return Decision(key, label, write, fields, second=remove)
