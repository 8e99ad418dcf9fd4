"""Values: completed, refused where they contradict themselves, told, and shown for a place."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.base.errors import ParamError
from csa.program.plan.measures import (
    KINDS,
    MIN_ANSWERS,
    Quarter,
    Value,
    checked,
    find_faults,
    find_kind,
    format_value,
    make_value,
    shown_for,
)

CASES = tomllib.loads(Path(__file__).with_name("measures_refused.toml").read_text("utf-8"))["cases"]

FIRST = Quarter(2026, 1)


def value(**fields):
    return Value("m", FIRST, **fields)


def survey(**fields):
    return value(**{"value": 0.45, "answers": 400, **fields})


# ---- By hand --------------------------------------------------------------------------------


def test_a_share_is_made_of_its_parts():
    assert checked(value(numerator=9, denominator=20), "charges").value == 0.45


def test_a_count_is_kept_and_counts_incidents_unless_it_says_victims():
    assert checked(value(value=12), "gun-violence").basis == "incidents"
    assert checked(value(value=12, basis="Victims"), "gun-violence").basis == "victims"
    assert checked(value(numerator=12, denominator=5000), "working-with-police").value == 12


def test_clearance_says_how_cases_were_followed_and_with_what_lag():
    for given_, kept in [
        ("cohort 12 months", "cohort 12 months"),
        ("Cohort, 12", "cohort 12 months"),
        ("same-year 3m", "same-year 3 months"),
    ]:
        assert checked(value(value=0.4, basis=given_), "clearance").basis == kept


def test_values_are_told_as_people_write_them():
    assert format_value(value(value=1204), "gun-violence") == "1,204"
    assert format_value(value(numerator=9, denominator=20, value=0.45), "charges") == "9 of 20"
    assert format_value(survey(value=0.455), "trust") == "45.5%"
    assert format_value(value(value=3.25), "collaboration") == "3.25"
    assert format_value(value(), "charges") == "no value"


def test_a_place_with_too_few_answers_shows_the_wider_figure_and_says_so():
    city = survey(place="", answers=800)
    shown = shown_for(survey(place="B", answers=60), city, "trust")
    assert (shown.value, shown.is_wider) == (city, True)
    assert str(shown.message) == (says("measures.wider", given=60, needed=100, place="the city"))


# ---- At the edge ----------------------------------------------------------------------------


def test_the_parts_of_a_weighted_survey_need_not_be_whole():
    weighted = survey(value=None, numerator=180.5, denominator=401.1)
    assert checked(weighted, "trust").value == 180.5 / 401.1


def test_none_of_no_cases_is_told_and_has_no_share():
    empty = checked(value(numerator=0, denominator=0), "convictions")
    assert empty.value is None
    assert format_value(empty, "convictions") == "0 of 0"


def test_a_share_in_whole_percents_agrees_with_its_parts():
    assert checked(value(value=0.33, numerator=1, denominator=3), "charges").value == 1 / 3
    with pytest.raises(ParamError, match=r"The value 0\.32 does not match 1 of 3\."):
        checked(value(value=0.32, numerator=1, denominator=3), "charges")


@pytest.mark.parametrize("share", [0, 1])
def test_none_and_all_are_shares(share):
    assert checked(value(value=share), "cooperation").value == share


def test_a_text_of_five_hundred_characters_is_kept():
    assert checked(value(value=1, note="x" * 500), "gun-violence").note == "x" * 500
    with pytest.raises(ParamError, match="note has 501 characters; the limit is"):
        checked(value(value=1, note="x" * 501), "gun-violence")


@pytest.mark.parametrize(("answers", "is_own"), [(MIN_ANSWERS - 1, False), (MIN_ANSWERS, True)])
def test_a_hundred_answers_are_enough(answers, is_own):
    own = survey(place="B", answers=answers)
    assert (shown_for(own, survey(answers=900), "trust").value == own) is is_own


def test_where_the_city_has_too_few_answers_too_nothing_is_shown():
    for wider in (None, survey(answers=99)):
        shown = shown_for(survey(place="B", answers=9), wider, "trust")
        assert shown.value is None
        assert str(shown.message) == says("measures.few_answers", given=9, needed=100)


def test_a_count_is_always_the_places_own():
    own = value(place="B", value=1)
    assert shown_for(own, value(value=90), "gun-violence").value == own
    assert shown_for(None, value(value=90), "gun-violence").value is None


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "fields", "why"), CASES)
def test_a_value_that_contradicts_itself_is_refused(kind, fields, why):
    with pytest.raises(ParamError, match=why):
        checked(value(**fields), kind)


def test_a_measure_without_a_name_and_an_unknown_kind_are_refused():
    with pytest.raises(ParamError, match="measure is missing"):
        checked(Value(" ", FIRST, value=1), "gun-violence")
    for call in (lambda: checked(value(value=1), "crime"), lambda: find_kind("")):
        with pytest.raises(ParamError, match="kind must be one of"):
            call()


def test_all_that_is_wrong_with_a_value_is_found_at_once():
    wrong = value(numerator=-1, denominator=1.5, answers=3, note="x" * 501)
    found = [name for name, _ in find_faults(wrong, "clearance")]
    assert found == ["note", "basis", "numerator", "denominator", "answers"]


def test_a_row_whose_kind_is_unknown_is_looked_at_as_far_as_it_can_be():
    made, faults = make_value({"measure": "x", "quarter": "2026", "value": -1.0}, "")
    assert made is None
    assert [name for name, _ in faults] == ["quarter"]


def test_half_an_answer_is_refused_in_a_row():
    fields = {"measure": "m", "quarter": "2026-Q1", "value": 0.5, "answers": 100.5}
    made, faults = make_value(fields, "trust")
    assert made is None
    assert [(name, str(message)) for name, message in faults] == [
        ("answers", says("measures.not_whole", name="answers", given=100.5))
    ]


# ---- True in general ------------------------------------------------------------------------

numbers = st.none() | st.floats() | st.integers(-3, 300) | st.sampled_from([0.0, 0.5, 1.0])
anything = st.builds(
    value,
    value=numbers,
    numerator=numbers,
    denominator=numbers,
    answers=st.none() | st.integers(-1, 500),
    design_effect=numbers,
    basis=st.sampled_from(["", "cohort 6", "victims", "all who left prison"]),
)


@given(anything, st.sampled_from(sorted(KINDS)))
def test_a_value_is_refused_with_a_sentence_or_complete_and_checking_twice_changes_nothing(
    given_, kind
):
    faults = find_faults(given_, kind)
    if faults:
        with pytest.raises(ParamError) as refused:
            checked(given_, kind)
        assert str(refused.value) == str(faults[0][1])
        return
    whole = checked(given_, kind)
    assert checked(whole, kind) == whole
    assert whole.value is not None or whole.denominator == 0
    if KINDS[kind].shape == "share" and whole.value is not None:
        assert 0 <= whole.value <= 1
    if KINDS[kind].shape == "count":
        assert whole.value >= 0
        assert whole.value == int(whole.value)
    assert format_value(whole, kind)


@given(anything, st.sampled_from(sorted(KINDS)))
def test_a_row_is_made_into_the_same_value_as_by_hand(given_, kind):
    names = (
        "measure",
        "place",
        "value",
        "numerator",
        "denominator",
        "answers",
        "design_effect",
        "basis",
        "note",
    )
    row = {name: getattr(given_, name) for name in names} | {"quarter": str(given_.quarter)}
    made, faults = make_value(row, kind)
    assert [(name, str(message)) for name, message in faults] == [
        (name, str(message)) for name, message in find_faults(given_, kind)
    ]
    if not faults:
        assert made == checked(given_, kind)
        assert made == replace(made, number=1)


days = st.dates(date(1, 1, 1), date(9999, 12, 31))


# ---- By hand --------------------------------------------------------------------------------


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 3, 31), "2026-Q1"),
        (date(2026, 4, 1), "2026-Q2"),
        (date(2026, 12, 31), "2026-Q4"),
        (date(2027, 1, 1), "2027-Q1"),
    ],
)
def test_the_last_and_the_first_day_of_a_quarter(day, written):
    assert str(Quarter.of(day)) == written


def test_a_quarter_is_over_on_the_day_after_its_last():
    assert not Quarter(2026, 2).is_over(date(2026, 6, 30))
    assert Quarter(2026, 2).is_over(date(2026, 7, 1))


def test_the_last_quarter_there_is_has_a_last_day():
    assert Quarter(9999, 4).last_day == date(9999, 12, 31)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-1",
        "2026-Q5",
        "2026-Q0",
        "2026Q1",
        "26-Q1",
        "0000-Q1",
        "2026-Q1\n",
        "٢٠٢٦-Q1",
    ],
)
def test_what_is_no_quarter_is_refused_with_an_example(text):
    with pytest.raises(ParamError, match="A quarter must be written like 2026-Q1, not '"):
        Quarter.parse(text)


@pytest.mark.parametrize(("year", "number"), [(2026, 5), (2026, 0), (0, 1), (10000, 1)])
def test_a_quarter_outside_the_calendar_is_refused(year, number):
    with pytest.raises(ParamError, match="2026-Q1"):
        Quarter(year, number)


# ---- True in general ------------------------------------------------------------------------


@given(days)
def test_every_day_lies_in_its_quarter_which_reads_back(day):
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day
    assert Quarter.parse(str(quarter)) == quarter


@given(st.dates(date(2, 1, 1), date(9990, 1, 1)), st.integers(-4, 30))
def test_quarters_follow_each_other_without_a_gap(day, n):
    quarter = Quarter.of(day)
    assert quarter.plus(1).first_day == quarter.last_day + timedelta(days=1)
    assert quarter.plus(n).plus(-n) == quarter
    assert (quarter.plus(n) > quarter) == (n > 0)
