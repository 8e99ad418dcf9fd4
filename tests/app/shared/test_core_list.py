"""The list of areas in service: a verdict's word and numbers, by hand."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

from tests.sentences import says

from csa.base.params import Month
from csa.change.sentences import name_verdict
from csa.change.verdict import LEAST_MEAN
from csa.city.preregistration import Verdict
from csa.program.registry import CoreArea
from csa_app.shared import core_list
from csa_app.shared.core_list import verdict_words

MONTHS = 6
SINCE = Month(2020, 2)


def area(*days):
    drawn = tuple((day, frozenset({number})) for number, day in enumerate(days, start=1))
    return CoreArea("A", "Old Mill", "designated", days[0], days[0], drawn, {})


def judged(verdict, counted, expected, *, is_told):
    """Six months that end so."""
    ends = {"counted": [counted] * MONTHS, "bound_low": [1] * MONTHS, "bound_high": [90] * MONTHS}
    known = SimpleNamespace(mean=[expected] * MONTHS)
    is_enough = [(counted + expected) / 2 >= LEAST_MEAN] * MONTHS
    core = SimpleNamespace(
        **ends, expectation=known, has_enough=[is_told] * MONTHS, is_enough=is_enough
    )
    return SimpleNamespace(core=core, ring=None, verdicts=(verdict,) * MONTHS)


def test_where_nothing_can_be_said_the_word_is_why_and_no_range_is_given():
    one = judged(Verdict.TOO_FEW, 9, 7.0, is_told=False)
    said = says("briefing.core_counted", n=9, since="February 2020")
    word = name_verdict(Verdict.TOO_FEW)
    assert verdict_words(area(date(2020, 1, 15)), one, SINCE) == (word, said)


def test_a_redrawn_area_says_that_months_are_counted_on_the_ground_of_then():
    one = judged(Verdict.NO_CHANGE, 80, 70.0, is_told=True)
    _, plain = verdict_words(area(date(2020, 1, 15)), one, SINCE)
    _, redrawn = verdict_words(area(date(2020, 1, 15), date(2020, 7, 10)), one, SINCE)
    assert plain == says(
        "briefing.core_here", counted=80, since="February 2020", expected=70.0, low=1, high=90
    )
    assert redrawn == plain + says("briefing.core_redrawn", day="July 10, 2020")


def test_an_area_that_ended_keeps_its_verdict():
    ended = replace(area(date(2020, 1, 15)), state="retired", ended=date(2020, 6, 1))
    one = judged(Verdict.NO_CHANGE, 80, 70.0, is_told=True)
    assert verdict_words(ended, one, SINCE)[0] == name_verdict(Verdict.NO_CHANGE)
    assert verdict_words(area(date(2020, 1, 15))) == (name_verdict(Verdict.TOO_EARLY), "")


def test_the_first_months_are_too_early_and_have_no_range():
    one = judged(Verdict.TOO_EARLY, 12, 7.0, is_told=True)
    said = says("briefing.core_counted", n=12, since="February 2020")
    assert verdict_words(area(date(2020, 1, 15)), one, SINCE) == (
        name_verdict(Verdict.TOO_EARLY),
        said,
    )


def action(number, status, *keys, title="Fix lights", is_late=False):
    state = SimpleNamespace(status=status, areas=keys)
    return SimpleNamespace(
        number=number, title=title, state=state, color=status, is_late=is_late, is_open=not title
    )


def test_each_area_in_service_names_the_worst_of_its_actions_under_way(monkeypatch):
    served, idle = area(date(2020, 1, 15)), replace(area(date(2020, 1, 15)), key="B")
    ended = replace(served, key="C", state="retired", ended=date(2020, 6, 1))
    lines = [
        action("1.1", "on-track", "A", "C"),
        action("1.2", "on-track", "A", is_late=True),
        action("1.3", "at-risk", "A"),
        action("1.4", "blocked", "A", title=""),  # not written yet
        action("1.5", "done", "A", "B"),
    ]
    drawn = []
    spot = SimpleNamespace(html=drawn.append)
    parts = SimpleNamespace(container=lambda **_: nullcontext(), empty=lambda: spot)
    stored = SimpleNamespace(lines=lambda _: lines, records=lambda _: None)
    for name, value in (
        ("st", parts),
        ("cache_store", stored),
        ("access", lambda _: "view"),
        ("core_areas", lambda _: (served, idle)),
        ("ended_areas", lambda _: (ended,)),
    ):
        monkeypatch.setattr(core_list, name, value)
    shown = core_list.show(None)
    assert [one.key for one in shown.areas] == ["A", "B", "C"]
    of_a, of_b, of_c = drawn[0].split("<li>")[1:]
    assert says("briefing.worst", n=3, number="1.3", title="Fix lights") in of_a
    assert says("briefing.no_live") in of_b
    assert "1.1" not in of_c
    assert says("briefing.no_live") not in of_c
