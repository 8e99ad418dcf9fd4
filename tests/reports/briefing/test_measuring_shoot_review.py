"""Cases before and after reviews began: followed equally long, and nothing claimed too early."""

from dataclasses import replace
from datetime import date

import pytest

from csa.program.plan.measures import Quarter, Value
from csa.program.store.records import Records
from csa.program.store.tables import ActionRow
from csa.reports.briefing.measuring import is_followed, review_effects

BEGAN = date(2021, 1, 6)
QUARTERS = [Quarter(2020, 1).plus(n) for n in range(8)]  # four before, four after


def reviews(*, start=BEGAN, cleared=(30,) * 4 + (60,) * 4, basis="cohort 6 months", among=100):
    values = tuple(
        Value("clearance", quarter, numerator=n, denominator=among, value=n / among, basis=basis)
        for quarter, n in zip(QUARTERS, cleared, strict=False)
    )
    action = ActionRow(key="3.3.1", status="on-track", start=start)
    return Records(actions=(action,), values=values)


@pytest.fixture
def told(kansas_plan):
    def call(records, today=date(2023, 1, 1), measure="clearance"):
        found = review_effects(kansas_plan, records, today)
        assert [one.id for one, _ in found] == ["clearance", "charges"]
        return next(message for one, message in found if one.id == measure)

    return call


# ---- By hand --------------------------------------------------------------------------------


def test_cases_before_and_after_are_compared_with_range_and_lag(told):
    found = told(reviews())
    said = str(found)
    assert "Since action 3.3.1 began (2021-Q1): Better: 30% to 60%." in said
    assert "2020-Q1 to 2020-Q4 with 2021-Q1 to 2021-Q4" in said
    assert "followed for 6 months; newer quarters left out: 0" in said
    assert "95% range of the difference: +23 to +36 percentage points" in said


def test_quarters_that_were_not_followed_so_long_are_left_out(told):
    low_and_late = (50,) * 4 + (50, 50, 10, 2)  # the newest shootings are not solved yet
    records = reviews(cleared=low_and_late)
    found = told(records, today=date(2022, 1, 15))
    assert "2020-Q1 to 2020-Q4 with 2021-Q1 to 2021-Q2" in str(found)
    assert "newer quarters left out: 2" in str(found)
    assert "Worse: " in str(told(records))
    assert "Worse: " not in str(found)
    assert "Better: " not in str(found)


@pytest.mark.parametrize(
    ("today", "is_over"), [(date(2021, 9, 30), False), (date(2021, 10, 1), True)]
)
def test_a_quarter_is_followed_once_its_last_shooting_is(today, is_over):
    assert is_followed(Quarter(2021, 1), 6, today) is is_over


# ---- At the edge ----------------------------------------------------------------------------


def test_each_lack_has_its_sentence_and_no_verdict(told):
    without = replace(reviews(), values=())
    mixed = reviews()
    mixed = replace(mixed, values=(*mixed.values[:-1], replace(mixed.values[-1], basis="")))
    cases = {
        "shoot_review.no_value": (without, date(2023, 1, 1)),
        "shoot_review.not_begun": (reviews(start=None), date(2023, 1, 1)),
        "shoot_review.no_cohort": (mixed, date(2023, 1, 1)),
        "shoot_review.too_early": (reviews(), date(2021, 9, 30)),
        "shoot_review.nothing_before": (reviews(start=date(2020, 1, 1)), date(2023, 1, 1)),
    }
    for key, (records, today) in cases.items():
        found = told(records, today)
        assert found.key == key
        assert str(found)
    same_year = told(reviews(basis="same-year 3 months"))
    assert same_year.key == "shoot_review.no_cohort"
    assert told(reviews(start=date(2024, 1, 1))).key == "shoot_review.not_begun"
    assert told(reviews(), measure="charges").key == "shoot_review.no_value"


def test_few_cases_get_no_range(told):
    found = told(reviews(cleared=(1,) * 4 + (0,) * 4, among=2))
    assert found.key == "shoot_review.told"  # and no range
    assert "Worse: " not in str(found)
