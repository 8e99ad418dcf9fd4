"""Plan's summary: the status of its actions, what is not written yet, and what is due soon."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

import streamlit as st

from csa.base.errors import CsaError, ParamError
from csa.base.text import tr
from csa.city.config import CityConfig
from csa.ingest.measures import WorkLine, load_work
from csa.program.actions import set_link
from csa.program.plan.calendar import waits_for
from csa.program.plan.items import Link, Plan, by_number
from csa.program.roles import Act, may, require, require_chair
from csa.program.store.engine import Store
from csa.program.store.records import Records, item_links
from csa.program.work_file import add_work, work_file
from csa.reports.briefing.calendar_file import calendar_entries, calendar_file
from csa.reports.briefing.lines import ActionLine, color_counts, status_word
from csa.reports.briefing.meeting import Review
from csa_app.screens.plan.filters import open_action
from csa_app.screens.plan.one_action import ActionScene, is_waiting
from csa_app.shared import cache_store, panels, signing
from csa_app.shared.key_figure import MAX_NAMED, card, figure
from csa_app.shared.person import sign
from csa_app.shared.plan_words import MARKS, NO_UPDATE
from csa_app.shared.signing import Decision, FormField, FormScene, Typed

BAR = ("done", "on-track", "not-started", "at-risk", "blocked", NO_UPDATE)


def cards(review: Review, lines: Mapping[str, ActionLine]) -> None:
    """Show what needs a decision, the status of the written actions, and what is past due."""
    pending = {
        row.action: f"{row.action} {row.values.get('title', lines[row.action].title)}"
        for row in review.pending
        if row.action in lines
    }
    decide, status, late = st.columns(3, gap="small", border=True)
    with decide:
        names = {n: tr("plan_page.to_answer", action=pending[n]) for n in pending}
        for line in (stuck.line for stuck in review.stuck[: review.n_blocked]):
            names.setdefault(line.number, tr("briefing.blocked", action=_name(line)))
        unit = figure(f"{len(names):,}", tr("plan_page.card_decide", n=len(names)))
        st.html(card(tr("briefing.needs_decision"), unit))
        _open_buttons("decide", names)
    with status:
        st.html(card(tr("term.status"), *status_bar(review, lines.values())))
    with late:
        n = len(review.late)
        st.html(card(tr("plan_page.is_late"), figure(f"{n:,}", tr("plan_page.card_late", n=n))))
        named = ((one.number, _name(one), one.state.office) for one in review.late)
        _open_buttons("late", {n: f"{name} ({of})" if of else name for n, name, of in named})


def _open_buttons(key: str, names: Mapping[str, str]) -> None:
    """Name actions, each as a button that opens it."""
    with st.container(key=f"card_{key}", gap=None):
        for number in [*names][:MAX_NAMED]:
            st.button(
                panels.plain(names[number]),
                key=f"plan {key} {number}",
                type="tertiary",
                on_click=open_action,
                args=(number,),
            )
        if len(names) > MAX_NAMED:
            st.caption(tr("label.n_more", n=len(names) - MAX_NAMED))


def _name(line: ActionLine) -> str:
    return f"{line.number} {line.title or tr('plan.open_slot')}"


def status_bar(review: Review, lines: Iterable[ActionLine]) -> tuple[str, str]:
    """Return how many actions are done, and a bar with a part for each status."""
    counts = color_counts(lines)
    bar, words, written = "", "", sum(counts.values())
    n_stuck = review.n_stuck_silent
    silent = tr("plan_page.n_stale_stuck", n=n_stuck) if n_stuck else tr("plan_page.n_stale")
    for color in (color for color in BAR if counts[color]):
        word = silent if color == NO_UPDATE else status_word(color)
        bar += f'<i class="csa-bar-{color}" style="flex:{counts[color]}"></i>'
        mark = f'<b class="csa-status csa-{color}">{MARKS[color]} {counts[color]}</b>'
        words += f"<li>{mark} {html.escape(word)}</li>"
    n = figure(f"{counts['done']:,}", tr("plan_page.card_done", n=written))
    drawn = f'<div class="csa-bar" aria-hidden="true">{bar}</div>'
    return n, f'{drawn}<ul class="csa-bar-words">{words}</ul>'


def slots(plan: Plan, records: Records, lines: Mapping[str, ActionLine]) -> None:
    """List what has no action yet for the Committee, trust first."""
    still = [slot.number for slot in plan.open_slots if lines[slot.number].is_open]
    waiting = {number for number in still if any(is_waiting(r, number) for r in records.changes)}
    if not still:
        return
    n_trust = sum(plan.strategy_of(number).is_trust for number in still)
    head = f"{tr('plan_page.slots', n=len(still))} {tr('meeting.open_trust', n=n_trust)}"
    with st.expander(head), st.container(key="plan_slots"):
        for strategy, group in groupby(still, key=lambda number: lines[number].strategy):
            numbers = list(group)
            free = [number for number in numbers if number not in waiting]
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(_slot_html(plan, strategy, numbers, waiting))
                st.button(
                    tr("plan_page.propose_one"),
                    key=f"plan slot {strategy}",
                    on_click=open_action,
                    args=((free or numbers)[0],),
                    help=tr("plan_page.propose_one_help", number=(free or numbers)[0]),
                )


def _slot_html(plan: Plan, number: str, numbers: Sequence[str], waiting: set[str]) -> str:
    strategy = plan.strategy_of(number)
    said = tr("meeting.slots", n=len(numbers), numbers=", ".join(numbers))
    pending = [slot for slot in numbers if slot in waiting]
    note = f" {tr('plan_page.slot_waiting', numbers=', '.join(pending))}" if pending else ""
    mark = f"<b>{html.escape(tr('plan_page.trust'))}</b> · " if strategy.is_trust else ""
    title = html.escape(f"{strategy.number} {strategy.title}")
    return f'<p class="csa-slot">{mark}{title}<br><span>{html.escape(said + note)}</span></p>'


def calendar(config: CityConfig, plan: Plan, records: Records, today: date) -> None:
    """Offer due dates and public meetings as a file that calendars read."""

    def made() -> bytes:
        entries = calendar_entries(config, plan, records, today)
        return calendar_file(config, entries, config.city.clock.now())

    label, name = tr("calendar.download"), f"{config.city.id}.ics"
    panels.download(label, made, name, "calendar file", ":material/calendar_month:")


# ---- What an action waits for, with its source, and what waits for it.


def links(scene: ActionScene, line: ActionLine) -> None:
    """Show what an action needs, with the item that says so, and what waits for it."""
    st.markdown(f"**{tr('plan_page.links')}**")
    said = [_link_words(scene, link) for link in line.needs]
    waiting = waits_for(scene.plan, item_links(scene.plan, scene.records.links))
    behind = sorted((n for n, on in waiting.items() if line.number in on), key=by_number)
    if behind:
        said.append(tr("meeting.waiting", numbers=", ".join(behind)))
    if said:
        st.html("<ul>" + "".join(f"<li>{html.escape(text)}</li>" for text in said) + "</ul>")
    else:
        st.caption(tr("plan_page.no_links"))
    if may(require_chair, scene.who, scene.plan, line.number):
        with st.expander(tr("plan_page.change_links")):
            signing.form(scene, _linking(scene, line))


def _link_words(scene: ActionScene, link: Link) -> str:
    is_added = "<-" in link.why  # added by a chair, not in the plan's file
    name = _item_name(scene.plan, scene.lines, link.on)
    if is_added:
        return tr("plan_page.need_added", item=name, source=link.source)
    sentence = {"waits": "plan_page.need", "linked": "plan_page.linked"}[link.kind]
    return tr(sentence, item=name, source=link.source, why=link.why)


def _item_name(plan: Plan, lines: Mapping[str, ActionLine], number: str) -> str:
    if number in lines:
        return f"{number} {lines[number].title or tr('plan.open_slot')}"
    titles = {s.number: s.title for s in plan.strategies} | {g.number: g.title for g in plan.goals}
    return f"{number} {titles.get(number, '')}".strip()


def _linking(scene: ActionScene, line: ActionLine) -> Decision:
    plan = scene.plan
    items = [*(s.number for s in plan.strategies), *(a.number for a in plan.actions)]
    items.sort(key=by_number)
    own = {link.on for link in item_links(plan, scene.records.links)[line.number]}

    def named(number: str) -> str:
        return _item_name(plan, scene.lines, number) if number else tr("plan_page.choose")

    def write(store: Store, act: Act, typed: Typed) -> str:
        on, is_removed = typed.now["on"], typed.is_second
        if not on or (is_removed and on not in own):
            raise ParamError("plan_page.link_not_own" if is_removed else "plan_page.link_which")
        link = (line.number, on, typed.now["source"])
        set_link(store, plan, act, link, is_removed=is_removed)
        return tr("plan_page.link_removed" if is_removed else "plan_page.link_added", number=on)

    others = ["", *(number for number in items if number != line.number)]
    fields = (
        FormField("on", tr("plan_page.link_on"), "choice", options=others, words=named),
        FormField(
            "source",
            tr("plan_page.link_source"),
            "choice",
            line.number,
            items,
            named,
        ),
    )
    remove = tr("plan_page.link_remove") if own else "", tr("plan_page.link_remove_help")
    key, label = f"plan link {line.number}", tr("plan_page.link_add")
    return Decision(key, label, write, fields, second=remove)


# Plan: the areas' work plans as a file, out for all who read, in for those who may write.

TURN = "files of work plans taken"
NOBODY = "-"
"""Signs what is only counted, and never written."""


def work_csv(scene: FormScene) -> None:
    """Offer all work plans as one CSV, and take such a file after showing what it would change."""
    signing.announce("work file")
    if not scene.records.areas:
        return
    with st.expander(tr("work_file.title"), icon=":material/table:"):
        st.caption(tr("work_file.about"))
        panels.download(
            tr("work_file.download"),
            lambda: work_file(scene.records),
            f"{scene.session.config.city.id}-work-plans.csv",
            "work download",
        )
        if may(require, scene.who, "member"):
            _take(scene)


def _take(scene: FormScene) -> None:
    """Ask for a file; count what it would change, or name its faults; then take it."""
    label, most = tr("work_file.upload"), signing.MAX_FILE_MB
    turn = st.session_state.get(TURN, 0)  # an uploader is emptied by another key alone
    given = st.file_uploader(label, type="csv", key=f"work upload {turn}", max_upload_size=most)
    store = cache_store.open_read_only(scene.session)
    if given is None or store is None:
        return
    name = given.name
    try:
        lines = signing.read_upload(name, given.getvalue(), load_work)
        act = sign(scene.session, NOBODY, NOBODY)
        found = add_work(store, act, lines, name, keep=False)
    except CsaError as error:
        signing.refuse(error)
        return
    st.info(panels.plain(tr("work_file.would_take", path=name, **vars(found))))
    if found.added or found.changed:
        signing.form(scene, _taking(name, lines))


def _taking(name: str, lines: tuple[WorkLine, ...]) -> Decision:
    def write(store: Store, act: Act, _: Typed) -> str:
        found = add_work(store, act, lines, name)
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        return tr("work_file.taken", path=name, **vars(found))

    return Decision("work file", tr("work_file.take"), write)
