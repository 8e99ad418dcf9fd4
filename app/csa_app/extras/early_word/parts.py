"""The parts of Early word: whether it is on, the last words, and what was done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from csa.areas.places import called
from csa.base.text import day, name_list, tr
from csa.extras.early_word.words import RUN, name_recipient, note_done, recipients, stop_recipient
from csa.program.registry import all_zones, core_area
from csa.program.roles import Act, may, require, require_committee
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import WordRow
from csa_app.shared import panels, signing
from csa_app.shared.signing import Decision, FormField, Present, Typed

MOST_SHOWN = 30


def answer(records: Records) -> None:
    """Show whether early word is on, and who receives it."""
    named = [row.key for row in recipients(records)]
    if not named:
        panels.answer(tr("word_page.off"))
        return
    n_open = sum(not word.done for word in records.of(WordRow))
    panels.answer(tr("word_page.on", offices=name_list(named)), tr("word_page.open", n=n_open))


def show(records: Records) -> None:
    """Show the last words, newest first: area, days, receipts, and what was done."""
    words = newest(records)
    if not words:
        st.caption(tr("word_page.none"))
        return
    names = names_of(records)
    panels.table(
        {
            tr("word_page.word"): [word.key for word in words],
            tr("term.area"): [names.get(word.area, word.area) for word in words],
            tr("public.meeting_what"): [
                tr("word_page.run" if word.kind == RUN else "word_page.new", n=word.n)
                for word in words
            ],
            tr("word_page.days"): [
                tr("term.span", first=day(word.first), last=day(word.last))
                if word.first != word.last
                else day(word.last)
                for word in words
            ],
            tr("word_page.mailed"): [", ".join(word.receipts) or "-" for word in words],
            tr("why.col_what"): [word.done or "-" for word in words],
        },
        tr("watch.office"),
        "csa-wide",
    )
    st.caption(tr("word_page.note"))


def newest(records: Records) -> list[WordRow]:
    """List the last words, newest first."""
    words = sorted(records.of(WordRow), key=lambda word: (word.last, word.key), reverse=True)
    return words[:MOST_SHOWN]


def names_of(records: Records) -> dict[str, str]:
    """Name the areas and zones of words."""
    names = {zone.key: zone.place_name for zone in all_zones(records)}
    for word in records.of(WordRow):
        area = core_area(records, word.area)
        if area is not None:
            names[word.area] = called(area.place_name, area.key)
    return names


def forms(scene: Present, records: Records) -> None:
    """Offer to write down what was done, and, to the Committee, to name who receives word."""
    offered: dict[str, tuple[str, Callable[[], Decision]]] = {}
    if records.of(WordRow) and may(require, scene.who, "member"):
        offered["done"] = tr("word_page.do_done"), lambda: _done(records)
    if may(require_committee, scene.who):
        offered["name"] = tr("word_page.do_name"), _named
        if recipients(records):
            offered["stop"] = tr("word_page.do_stop"), lambda: _stopped(records)
    if offered:
        signing.pick(scene, "word forms", tr("word_page.change"), offered)


def _done(records: Records) -> Decision:
    words = newest(records)
    by_key = {word.key: word for word in words}

    def write(store: Store, act: Act, typed: Typed) -> str:
        key = typed.now["word"]
        note_done(store, act, key, typed.now["text"], seen=by_key[key].revision)
        return tr("watch.noted", word=key)

    fields = [
        FormField("word", tr("word_page.word"), "choice", words[0].key, [*by_key]),
        FormField("text", tr("why.col_what"), "long"),
    ]
    return Decision(
        "word done", tr("word_page.do_done"), write, fields, about=tr("word_page.about")
    )


def _named() -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> str:
        hours = int(typed.now["from"]), int(typed.now["until"])
        office = typed.now["receiver"]
        name_recipient(store, act, office, quiet=hours, is_enforcement=typed.now["enforcement"])
        return tr("watch.named", office=office)

    hours = {"min_value": 0, "max_value": 23}
    fields = [
        FormField("receiver", tr("word_page.receiver")),
        FormField("from", tr("word_page.quiet_from"), "number", 21, row=1, more=hours),
        FormField("until", tr("word_page.quiet_until"), "number", 8, row=1, more=hours),
        FormField("enforcement", tr("word_page.enforcement"), "tick", before=False),
    ]
    about = tr("word_page.name_about")
    return Decision("word name", tr("word_page.do_name"), write, fields, about=about)


def _stopped(records: Records) -> Decision:
    named = [row.key for row in recipients(records)]

    def write(store: Store, act: Act, typed: Typed) -> str:
        stop_recipient(store, act, typed.now["receiver"])
        return tr("watch.stopped", office=typed.now["receiver"])

    field = FormField("receiver", tr("word_page.receiver"), "choice", named[0], named)
    return Decision("word stop", tr("word_page.do_stop"), write, [field])
