"""Texts that people wrote: what is caught stops the publication until somebody has read it."""

from datetime import date

import pytest
from tests.sentences import says

from csa.base.errors import PrivacyError
from csa.base.message import msg
from csa.disclosure.texts import code_of
from csa.reports.public.facts import PublicAnswer, PublicMeeting, PublicTask
from csa.reports.public.texts import CAUGHT, refuse_unread, text_kinds, unquoted, written

HARMLESS, HOME = "Fix the lights.", "Fix the porch at 4600 Wornall Rd."


def test_what_is_caught_is_refused_with_its_text_until_it_is_confirmed():
    refuse_unread([HARMLESS], [])
    with pytest.raises(PrivacyError) as refused:
        refuse_unread([HARMLESS, HOME], [code_of(HARMLESS)])
    assert refused.value.message.key == CAUGHT
    assert refused.value.message.values["n"] == 1
    assert code_of(HOME) in refused.value.message.values["texts"]
    assert refused.value.texts == (HOME,)
    refuse_unread([HARMLESS, HOME], [code_of(HOME)])


def test_what_a_text_holds_is_named():
    assert text_kinds(HARMLESS) == ""
    assert text_kinds(HOME) == says("publish.kind_address")


def test_a_paper_does_not_quote_what_was_caught():
    assert unquoted(msg(CAUGHT, n=1, texts=HOME)) == msg("report.text_address")
    other = msg("report.undone")
    assert unquoted(other) is other


def test_every_text_written_by_hand_is_listed_once():
    day = date(2020, 6, 1)
    task = PublicTask(
        area="A", what="what", agency="agency", status="open", due=None, reason="reason"
    )
    answer = PublicAnswer(
        area="A", asked="asked", asked_on=day, answered="answered", answered_on=None
    )
    meeting = PublicMeeting(on=day, what="what", where="where")
    texts = written([task], [answer], [meeting], ["title", ""])
    assert texts == ("what", "agency", "reason", "asked", "answered", "where", "title")
