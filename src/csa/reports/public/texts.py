"""The texts that people wrote and that the public would read: each that is caught is read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from csa.base.errors import PrivacyError
from csa.base.message import Message, msg
from csa.base.text import tr
from csa.disclosure.texts import code_of, kinds_in, unread
from csa.reports.public.facts import PublicAnswer, PublicMeeting, PublicTask

CAUGHT = "publish.caught"
"""The key of the refusal, by which pages offer to confirm instead."""


def written(
    tasks: Iterable[PublicTask],
    answers: Iterable[PublicAnswer],
    meetings: Iterable[PublicMeeting],
    titles: Iterable[str],
) -> tuple[str, ...]:
    """List every text written by hand, each once."""
    of_tasks = (text for one in tasks for text in (one.what, one.agency, one.reason))
    of_answers = (text for one in answers for text in (one.asked, one.answered))
    of_meetings = (text for one in meetings for text in (one.what, one.where))
    return tuple(dict.fromkeys(t for t in (*of_tasks, *of_answers, *of_meetings, *titles) if t))


def unquoted(why: Message) -> Message:
    """Return why nothing is published, for a paper: without the texts that were caught."""
    return msg("report.text_address") if why.key == CAUGHT else why


def refuse_unread(texts: Sequence[str], confirmed: Iterable[str]) -> None:
    """Refuse to publish texts that seem to name a person, a home or a case, unless confirmed."""
    found = unread(texts, confirmed)
    if found:
        said = "; ".join(f"[{code_of(text)}] {text_kinds(text)}: '{text}'" for text in found)
        error = PrivacyError("publish.caught", n=len(found), texts=said)
        error.texts = found
        raise error


def text_kinds(text: str) -> str:
    """Name what a text seems to hold."""
    words = {
        "address": "publish.kind_address",
        "coordinates": "publish.kind_coordinates",
        "contact": "publish.kind_contact",
        "person": "publish.kind_person",
        "case": "publish.kind_case",
    }
    return ", ".join(tr(words[kind]) for kind in kinds_in(text))
