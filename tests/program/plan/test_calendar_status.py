"""How an action stands: what contradicts itself is refused with a sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sentences import says

from csa.base.errors import ParamError
from csa.program.plan.calendar import NEED_REASON, STATUSES, TEXT_LIMIT, ActionState

# ---- By hand --------------------------------------------------------------------------------


# ---- At the edge ----------------------------------------------------------------------------


def test_the_last_values_that_fit():
    assert ActionState("1.2.1", percent=0).percent == 0
    assert ActionState("1.2.1", "done", percent=100).percent == 100
    assert ActionState("1.2.1", "done").percent is None
    assert ActionState("1.2.1", "on-track", percent=100).percent == 100
    day = date(2026, 1, 1)
    assert ActionState("1.2.1", start=day, due=day).due == day
    assert ActionState("1.2.1", comment="x" * TEXT_LIMIT).comment
    assert ActionState("1.2.1", evidence="http://a").evidence


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"status": "late"},
            says(
                "plan.status", given="late", known="not-started, on-track, at-risk, blocked, done"
            ),
        ),
        ({"status": "blocked"}, "1.2.1 is blocked. Add a reason, so others can help."),
        (
            {"status": "at-risk", "reason": " \n"},
            "1.2.1 is at-risk. Add a reason, so others can help.",
        ),
        ({"percent": 101}, says("param.between", name="percent", low=0, high=100, given=101)),
        ({"percent": -1}, says("param.between", name="percent", low=0, high=100, given="-1")),
        ({"status": "done", "percent": 99}, "A done action must be at 100 percent, not 99"),
        (
            {"start": date(2026, 2, 1), "due": date(2026, 1, 31)},
            "The action is due on 2026-01-31, before it starts on 2026-02-01.",
        ),
        ({"comment": "x" * 2001}, "comment has 2,001 characters; the limit is 2,000."),
        ({"evidence": "https://a/" + "x" * 2000}, "evidence has 2,010 characters"),
    ],
)
def test_a_state_that_contradicts_itself_is_refused(given, sentence):
    with pytest.raises(ParamError) as refused:
        ActionState("1.2.1", **given)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "ftp://a/b", "www.kcmo.gov", "https://", "http:///x", "https:a"),
        *(
            " https://a",
            "https://a b",
            "https://a\nhttps://b",
            "https://[1",
            "https://a\x00",
            "//a",
        ),
        *("data:text/html,x", "java\tscript:x", "https://a\u202eb"),
    ],
)
def test_what_is_no_web_address_is_no_evidence(link):
    with pytest.raises(ParamError, match=r"' is not a web address\."):
        ActionState("1.2.1", evidence=link)


@pytest.mark.parametrize("name", ["reason", "office", "coordinator", "comment"])
def test_no_text_is_longer_than_a_page(name):
    with pytest.raises(ParamError, match=f"{name} has 2,001 characters"):
        ActionState("1.2.1", **{name: "x" * (TEXT_LIMIT + 1)})


# ---- True in general ------------------------------------------------------------------------


@given(
    status=st.sampled_from(STATUSES),
    reason=st.sampled_from(["", "  ", "why"]),
    percent=st.none() | st.integers(-5, 105),
)
def test_a_state_is_refused_just_when_it_breaks_a_rule(status, reason, percent):
    is_good = not (status in NEED_REASON and not reason.strip())
    is_good &= percent is None or percent in range(101)
    is_good &= not (status == "done" and percent not in {None, 100})
    try:
        ActionState("1.2.1", status, reason, percent=percent)
    except ParamError:
        assert not is_good
    else:
        assert is_good
