"""Classes of counts, and what was published as a file that later quarters read."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.sentences import refuses, says
from tests.statements import statement

from csa.base.errors import PrivacyError
from csa.base.params import Month, Period
from csa.disclosure.published import Publication, class_of, classes_of, disclose

PUBLISHED = Publication(
    "2017-Q4",
    "5ec2e7",
    {"area": {"A": ("892a", "892b")}},
    {
        "neighborhood": {"2016": {"West End": 25, "East End": None}},
        "area": {"2016": {"A": 23}, "2017": {"A": 31}},
    },
)
ANOTHER = "0ther"


# ---- by hand -------------------------------------------------------------------------------


SINCE = Period(Month(2019, 10), Month(2020, 7))


def publication(count, months="2019-10/2020-06"):
    return replace(PUBLISHED, counts={"all areas": {months: {"all": count}}})


@pytest.mark.parametrize(
    ("exact", "published", "shown"),
    [
        ((58, 44, 77), 57, (57, 45, 75)),
        ((75, 44, 77), 75, (75, 45, 75)),  # at the range's own end
        ((58, None, None), 57, (57, None, None)),  # no range is said
        ((58, 44, 77), 79, (79, None, None)),  # over the range that the exact count lies in
        ((76, 44, 75), 74, (74, None, None)),  # in the range that the exact count lies over
        ((30, 9, 77), 31, (31, 10, 75)),
        ((30, 7, 77), 31, (31, None, 75)),  # 7 rounds to 5
        ((9, 4, 12), None, (None, None, None)),
    ],
)
def test_a_disclosed_statement_has_its_numbers_decided_together(exact, published, shown):
    given = statement(SINCE, *exact)
    public = disclose(given, publication(published))
    assert (public.value, public.low, public.high) == shown
    assert (public.verdict, public.period, public.comparison) == (given.verdict, SINCE, None)
    assert str(public.headline) == str(public.sentence) == says("public.exact_not_shown")


def test_a_statement_shows_no_count_of_other_months_and_no_area_that_of_all():
    assert disclose(statement(SINCE), publication(57, "2019-10/2020-05")).value is None
    assert disclose(statement(SINCE, subject="A"), publication(57)).value is None
    year = Period(Month(2017, 1), Month(2018, 1))
    assert disclose(statement(year, subject="A"), PUBLISHED).value == 31


def test_what_was_published_is_read_as_it_was_written():
    assert Publication.from_json(PUBLISHED.to_json()) == PUBLISHED


def test_what_another_secret_changed_stands_and_only_what_is_new_is_changed_by_this_one():
    own = {"2016": {"West End": 27, "East End": 10, "New Town": 12}, "2017": {"West End": 30}}
    made = replace(PUBLISHED, id="2018-Q1", secret_id=ANOTHER, counts={"neighborhood": own})
    stands = made.with_earlier([PUBLISHED])
    assert stands.counts["neighborhood"] == {
        "2016": {"West End": 25, "East End": None, "New Town": 12},
        "2017": {"West End": 30},
    }
    assert replace(made, secret_id=PUBLISHED.secret_id).with_earlier([PUBLISHED]).counts == {
        "neighborhood": own
    }


def test_a_rounded_count_of_a_place_stands_as_it_was_first_published():
    old = replace(PUBLISHED, counts_all=False)
    own = {"2016": {"West End": 30}, "2017": {"West End": 35}}
    later = replace(old, id="2018-Q1", counts={"neighborhood": own, "city": {"2016": {"all": 99}}})
    stands = later.with_earlier([old])
    assert stands.counts["neighborhood"]["2016"]["West End"] == 25
    assert stands.counts["neighborhood"]["2017"]["West End"] == 35
    assert stands.counts["city"] == {"2016": {"all": 99}}


def test_what_does_not_say_so_left_domestic_incidents_out():
    known = PUBLISHED.to_json()
    assert known.pop("domestic") == "counted"
    assert Publication.from_json(known).counts_all is False


@pytest.mark.parametrize(
    ("periods", "until"),
    [
        (["2016", "2014/2015"], "2017-01"),
        (["2015", "2016-Q1"], "2016-04"),
        (["2015-06/2016-05"], "2016-06"),
        (["2016-01/2016-02", "2015-Q4"], "2016-03"),
    ],
)
def test_a_publication_knows_the_month_that_its_places_end_with(periods, until):
    counts = {"cell": {period: {"x": 10} for period in periods}, "city": {"2019": {"all": 10}}}
    assert str(replace(PUBLISHED, counts=counts).places_until) == until
    assert replace(PUBLISHED, counts={"city": {"2019": {"all": 10}}}).places_until is None


def test_an_area_that_was_redrawn_under_its_letter_is_another_place():
    redrawn = replace(PUBLISHED, secret_id=ANOTHER, places={"area": {"A": ("892a",)}})
    new = replace(redrawn, counts={"area": {"2016": {"A": 18}}})
    assert new.with_earlier([PUBLISHED]).count("area", "2016", "A") == 18
    same = replace(new, places=PUBLISHED.places)
    assert same.with_earlier([PUBLISHED]).count("area", "2016", "A") == 23


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3])
def test_another_version_is_refused(version):
    with refuses("privacy.version", PrivacyError):
        Publication.from_json({**PUBLISHED.to_json(), "format_version": version})


@pytest.mark.parametrize(
    "fault",
    [
        {"counts": {"area": {"2016": {"A": "23"}}}},
        {"counts": {"area": {"2016": {"A": -1}}}},
        {"counts": {"area": {"2016": {"A": True}}}},
        {"counts": None},
        {"places": {"area": {"A": "892a"}}},
        {"id": 4},
        {"secret": None},
        {"format_version": None},
    ],
)
def test_a_damaged_one_is_refused(fault):
    with refuses("privacy.damaged", PrivacyError):
        Publication.from_json({**PUBLISHED.to_json(), **fault})


def test_a_list_is_no_publication():
    with pytest.raises(PrivacyError):
        Publication.from_json([])


# ---- Classes --------------------------------------------------------------------------------


def test_a_citys_classes_double_from_where_at_most_a_quarter_is_darkest():
    small = ((0, 9), (10, 19), (20, 39), (40, 79), (80, None))
    assert classes_of((None, 12, 30, 85), 85) == small  # one of four
    assert classes_of((None, 12, 85, 85), 85) == ((0, 9), (10, 39), (40, 79), (80, 159))
    large = ((0, 9), (10, 39), (40, 79), (80, 159), (160, None))
    assert classes_of((None, 12, 85, 419), 419) == large
    assert classes_of((), 0) == ((0, 9),)
    assert [class_of(n, large) for n in (None, 9, 10, 39, 40, 159, 160)] == [0, 0, 1, 1, 2, 3, 4]


@given(st.lists(st.none() | st.integers(10, 5000), min_size=1, max_size=80))
def test_neither_half_a_city_nor_nothing_is_darkest(counts):
    greatest = max((n or 0 for n in counts), default=0)
    classes = classes_of(counts, greatest)
    assert [low for low, _ in classes[1:]] == [high + 1 for _, high in classes[:-1]]
    levels = [class_of(n, classes) for n in counts]
    for n, level in zip(counts, levels, strict=True):
        low, high = classes[level]
        assert low <= (n or 0) <= (high or 10**9)
    if classes[-1][1] is None:
        assert 4 * levels.count(len(classes) - 1) <= len(counts)
    assert len(classes) - 1 in levels or greatest < 10
