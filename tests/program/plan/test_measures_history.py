"""History: the newest revision, what was changed, what is missing, the last update."""

from hypothesis import given, strategies as st
from tests.sentences import says

from csa.program.plan.measures import Quarter, Value, last_update, latest, revised

FIRST = Quarter(2025, 1)


def count(n, after=0, number=1, **fields):
    return Value("shootings", FIRST.plus(after), value=n, number=number, **fields)


# ---- By hand --------------------------------------------------------------------------------


def test_the_newest_revision_of_each_quarter_is_kept():
    kept = latest([count(14, number=2), count(9, after=1), count(12)])
    assert [(value.value, value.number) for value in kept] == [(14, 2), (9, 1)]


def test_a_revision_says_what_was_and_what_is():
    changes = revised([count(14, number=2), count(15, number=3), count(12)], "gun-violence")
    assert [str(change) for change in changes] == [
        says("measures.was_now", quarter="2025-Q1", was=12, now=14),
        says("measures.was_now", quarter="2025-Q1", was=14, now=15),
    ]


def test_a_revised_share_is_told_by_its_parts_and_its_basis():
    shares = [
        Value("c", FIRST, value=0.45, numerator=9, denominator=20, basis="cohort 6 months"),
        Value(
            "c", FIRST, value=0.45, numerator=18, denominator=40, basis="cohort 12 months", number=2
        ),
    ]
    (change,) = revised(shares, "clearance")
    assert str(change) == (
        says(
            "measures.was_now",
            quarter="2025-Q1",
            was="9 of 20 (cohort 6 months)",
            now="18 of 40 (cohort 12 months)",
        )
    )


# ---- At the edge ----------------------------------------------------------------------------


def test_of_nothing_nothing_is_told():
    assert latest([]) == ()
    assert revised([], "trust") == ()
    assert last_update([]) is None
    assert last_update([count(1), count(2, after=3)]) == Quarter(2025, 4)


def test_a_revision_of_a_remark_alone_is_no_change():
    assert revised([count(3), count(3, number=2, note="late")], "gun-violence") == ()


def test_equal_quarters_of_two_places_are_not_revisions_of_each_other():
    values = [count(3), count(4, place="B")]
    assert len(latest(values)) == 2
    assert revised(values, "gun-violence") == ()


def test_a_small_change_of_a_survey_is_told():
    waves = [Value("t", FIRST, value=v, answers=400, number=n) for n, v in ((1, 0.451), (2, 0.452))]
    assert [str(change) for change in revised(waves, "trust")] == [
        says("measures.was_now", quarter="2025-Q1", was="45.1%", now="45.2%")
    ]


# ---- True in general ------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 4), st.sampled_from(["", "B"])), unique=True
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_values_does_not_matter_and_none_is_lost(slots, random):
    values = [count(10 * after + number, after, number, place=p) for after, number, p in slots]
    shuffled = random.sample(values, len(values))
    assert latest(values) == latest(shuffled)
    assert revised(values, "gun-violence") == revised(shuffled, "gun-violence")
    kept = latest(values)
    assert {(v.quarter, v.place) for v in kept} == {(v.quarter, v.place) for v in values}
    assert len(kept) + len(revised(values, "gun-violence")) == len(values)
    assert all(
        v.number == max(w.number for w in values if (w.quarter, w.place) == (v.quarter, v.place))
        for v in kept
    )
