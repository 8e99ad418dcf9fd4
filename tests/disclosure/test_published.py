"""Classes of counts, and what was published as a file that later quarters read."""

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.sentences import says
from tests.statements import statement

from csa.base.errors import PrivacyError
from csa.base.params import Month, Period
from csa.disclosure.published import CLASSES, Publication, class_of, classes_up_to, disclose

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


def test_classes_double_from_ten_on_and_are_the_same_for_every_city():
    assert CLASSES == ((0, 9), (10, 19), (20, 39), (40, 79), (80, None))
    for n, at in ((None, 0), (10, 1), (19, 1), (20, 2), (39, 2), (79, 3), (80, 4), (999, 4)):
        assert class_of(n) == at
    assert all(one[1] + 1 == other[0] for one, other in pairwise(CLASSES))


def test_the_classes_of_a_map_end_with_that_of_its_greatest_count():
    assert classes_up_to(0) == CLASSES[:1]
    assert classes_up_to(10) == classes_up_to(19) == CLASSES[:2]
    assert classes_up_to(80) == CLASSES


SINCE = Period(Month(2019, 10), Month(2020, 7))


def publication(count, months="2019-10/2020-06"):
    return replace(PUBLISHED, counts={"all areas": {months: {"all": count}}})


@pytest.mark.parametrize(
    ("exact", "published", "shown"),
    [
        ((58, 44, 77), 57, (57, 45, 75)),
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
    with pytest.raises(PrivacyError) as refused:
        Publication.from_json({**PUBLISHED.to_json(), "format_version": version})
    assert refused.value.message.key == "privacy.version"


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
    with pytest.raises(PrivacyError) as refused:
        Publication.from_json({**PUBLISHED.to_json(), **fault})
    assert refused.value.message.key == "privacy.damaged"


def test_a_list_is_no_publication():
    with pytest.raises(PrivacyError):
        Publication.from_json([])
