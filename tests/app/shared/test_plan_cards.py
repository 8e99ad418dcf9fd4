"""How an action stands, as HTML: late is late, whether or not anybody reports."""

from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace

import pytest

from csa.base.text import tr
from csa.program.plan.calendar import ActionState, color_word, freshness, is_late
from csa_app.shared.core_list import WORST, _badness
from csa_app.shared.plan_cards import status_html
from csa_app.shared.plan_words import updated_words

TODAY = date(2026, 9, 1)


def line(status, n_days, due=None, **more):
    """Return an action that was last reported on so many days ago."""
    reported = TODAY - timedelta(days=n_days)
    state = ActionState("1.2.1", status, due=due, updated_on=reported, **more)
    return SimpleNamespace(
        state=state,
        color=color_word(state, TODAY),
        freshness=freshness(state, TODAY),
        is_late=is_late(state, TODAY),
        days_since=n_days,
    )


@pytest.mark.parametrize(
    ("status", "n_days"),
    [*product(["on-track", "not-started"], [3, 45, 400]), ("at-risk", 400), ("blocked", 400)],
)
def test_what_is_late_stays_late_when_nobody_reports(status, n_days):
    late = line(status, n_days, due=date(2026, 6, 30), reason="No staff.")
    said = status_html(late)
    assert tr("plan_page.but_late", status=status.replace("-", " ")) in said
    assert "csa-at-risk" in said
    assert (updated_words(late) in said) is (n_days == 400)


def test_what_is_not_late_is_gray_when_nobody_reports():
    assert "csa-no-update" in status_html(line("on-track", 400, due=date(2026, 12, 31)))


def test_of_an_areas_actions_late_ones_stand_before_silent_ones_and_those_on_track():
    late, silent = line("on-track", 400, due=date(2026, 6, 30)), line("on-track", 400)
    blocked = line("blocked", 400, reason="No staff.")
    lines = [line("on-track", 3), silent, late, blocked]
    assert sorted(lines, key=_badness) == [blocked, late, silent, lines[0]]
    assert [_badness(one) for one in (blocked, late)] == [0, WORST.index("late")]
