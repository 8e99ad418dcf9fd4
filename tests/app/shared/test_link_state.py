"""A screen to and from a link: whole, only what differs, and nothing hostile."""

import json

import pytest
from hypothesis import example, given, strategies as st
from tests.properties import examples

from csa.areas.choices import AreaSettings
from csa.areas.places import candidate_id, letter
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.base.schema import KINDS
from csa_app.shared.link_state import LinkState, screen_from_text, screen_to_text

general = examples(3)
FIRST = LinkState(AreaSettings(until=Month(2020, 9)))


def link(**values):
    return json.dumps(values)


def some_of(names):
    return st.sets(st.sampled_from(names)).map(
        lambda chosen: tuple(n for n in names if n in chosen)
    )


months = st.builds(Month, st.integers(1900, 2100), st.integers(1, 12))
by_hand = st.tuples(st.integers(1, 5000).map(float), st.integers(2, 1000))


@st.composite
def screens(draw):
    """Draw any screen that the page can show."""
    eps_m, min_samples = draw(st.one_of(st.just((None, None)), by_hand))
    choices = AreaSettings(
        draw(st.none() | months),
        draw(st.integers(1, 240)),
        eps_m,
        min_samples,
        draw(st.floats(0, 100)),
        draw(st.integers(6, 11)),
        draw(some_of(KINDS).filter(bool)),
    )
    letters = st.integers(0, 26 + 26**2 - 1).map(letter)  # of areas in service, and of old links
    area = draw(st.just("") | letters | st.integers(1, 10**6 - 1).map(candidate_id))
    since, month = (draw(st.just("") | months.map(str)) for _ in range(2))
    return LinkState(choices, area, since, month)


# ---- By hand --------------------------------------------------------------------------------


def test_a_link_says_only_what_differs_from_the_citys_own():
    assert screen_to_text(FIRST, FIRST) == "{}"
    changed = LinkState(
        AreaSettings(until=Month(2020, 1), months=12, kinds=("homicide",)),
        "c-2",
    )
    assert screen_to_text(changed, FIRST) == (
        '{"until":"2020-01","kinds":["homicide"],"months":12,"area":"c-2"}'
    )


@pytest.mark.parametrize("area", ["c-3", "C"])
def test_a_link_is_read_and_what_it_does_not_say_is_the_citys_own(area):
    """It names a candidate by its id, an area in service by its letter; old ones have letters."""
    text = f'{{"months": 12, "eps_m": 200, "min_samples": 7, "area": "{area}"}}'
    read = screen_from_text(text, FIRST)
    assert read.choices == AreaSettings(until=Month(2020, 9), months=12, eps_m=200.0, min_samples=7)
    assert isinstance(read.choices.eps_m, float)
    assert read.area == area


def test_other_choices_have_other_areas_so_none_stays_chosen():
    screen = FIRST.with_area("c-2")
    assert screen.with_choices(screen.choices) is screen
    other = screen.with_choices(AreaSettings(until=Month(2020, 9), months=12))
    assert (other.area, other.choices.months) == ("", 12)
    since = screen.with_times("2019-08", "2020-01")
    assert (since.area, since.since, since.month) == ("c-2", "2019-08", "2020-01")
    other = since.with_choices(AreaSettings(months=12))
    assert (other.since, other.month) == ("2019-08", "2020-01")


# ---- At the edge ----------------------------------------------------------------------------


def test_the_same_names_in_another_order_or_twice_are_the_same_screen():
    one = screen_from_text(link(kinds=["nonfatal", "homicide", "homicide"]), FIRST)
    assert one == FIRST


def test_a_city_that_sets_one_of_radius_and_minimum_has_links_all_the_same():
    first = LinkState(AreaSettings(eps_m=187.5))
    assert screen_from_text(link(months=12), first).choices.eps_m == 187.5


@pytest.mark.parametrize("text", ["{}", '{"months":36}', " {} "])
def test_a_link_that_says_nothing_new_is_the_citys_own_screen(text):
    assert screen_from_text(text, FIRST) == FIRST


# ---- Refused --------------------------------------------------------------------------------

HOSTILE = [
    "",
    "nonsense",
    "{",
    "[]",
    "null",
    "1",
    '"months"',
    "[" * 1500,
    '{"a":' * 350,
    '{"kinds":' + "[" * 900 + "]" * 900 + "}",
    '{"months":' + "9" * 1900 + "}",
    '{"eps_m":' + "9" * 1900 + ',"min_samples":9}',
    '{"eps_m":1e999,"min_samples":9}',
    '{"max_area_km2":' + "9" * 1900 + "}",
    '{"months":12' + " " * 2000 + "}",
    '{"months":NaN}',
    '{"max_area_km2":NaN}',
    '{"max_area_km2":Infinity}',
    '{"eps_m":NaN,"min_samples":9}',
    '{"eps_m":Infinity,"min_samples":9}',
    '{"eps_m":200,"min_samples":Infinity}',
    '{"eps_m":200,"min_samples":NaN}',
    '{"until":"\\ud800"}',
    '{"area":"\\ud800"}',
    '{"kinds":["\\ud800"]}',
    link(surprise=1),
    link(__class__="x"),
    link(Months=12),
    link(months=True),
    link(months=12.0),
    link(months="12"),
    link(months=None),
    link(months=0),
    link(months=-1),
    link(months=241),
    link(resolution=True),
    link(resolution=5),
    link(resolution=12),
    link(resolution=9.5),
    link(resolution="9"),
    link(max_area_km2=True),
    link(max_area_km2="2"),
    link(max_area_km2=None),
    link(max_area_km2=-0.1),
    link(max_area_km2=100.1),
    link(eps_m=200),
    link(min_samples=9),
    link(eps_m=None, min_samples=9),
    link(eps_m=True, min_samples=9),
    link(eps_m="200", min_samples=9),
    link(eps_m=[200], min_samples=9),
    link(eps_m=0.4, min_samples=9),
    link(eps_m=0, min_samples=9),
    link(eps_m=5001, min_samples=9),
    link(eps_m=200, min_samples=True),
    link(eps_m=200, min_samples=9.5),
    link(eps_m=200, min_samples="9"),
    link(eps_m=200, min_samples=1),
    link(eps_m=200, min_samples=10**18),
    link(until=202009),
    link(until="2020-13"),
    link(until="2020-9"),
    link(until="0000-01"),
    link(until=["2020-09"]),
    link(until={"year": 2020}),
    link(until="\uff12\uff10\uff12\uff10-09"),
    link(kinds="homicide"),
    link(kinds=[]),
    link(kinds=["murder"]),
    link(kinds=[["homicide"]]),
    link(kinds=[1]),
    link(kinds={"homicide": 1}),
    link(kinds=None),
    link(area="ABCD"),
    link(area="a"),
    link(area="c-"),
    link(area="c-1234567"),
    link(area="C-1"),
    link(area="c-1 "),
    link(area="c-1\n"),
    link(area="c--1"),
    link(area="c-1.5"),
    link(area="c-\uff11"),
    link(area="A-1"),
    link(area="<b>"),
    link(area=1),
    link(area=None),
    link(area=["A"]),
    link(shade="none"),
    link(kinds="homicide"),
    link(kinds=[["homicide"]]),
    link(kinds=[{}]),
    link(kinds={"homicide": 1}),
    link(kinds=None),
    link(since=None),
    link(since="2020"),
    link(since="2020-13"),
    link(since="2020-9"),
    link(since=202001),
    link(since=["2020-01"]),
    link(month=None),
    link(month="2020-00"),
    link(month={"year": 2020}),
    link(month="<b>"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_link_is_one_sentence_and_no_crash(text):
    with pytest.raises(CsaError) as caught:
        screen_from_text(text, FIRST)
    assert type(caught.value) in {CsaError, ParamError}
    str(caught.value).encode()  # what is shown can be sent


# ---- True in general ------------------------------------------------------------------------


@general
@given(screens(), screens().map(lambda own: own.with_area("")))
def test_every_screen_comes_back_from_its_link(screen, first):
    text = screen_to_text(screen, first)
    assert screen_from_text(text, first) == screen
    assert len(text) < 2000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["2020-05", "A", "c-1", *KINDS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
names = st.sampled_from([*json.loads(screen_to_text(LinkState(AreaSettings(Month(1, 1), 1, 1.0, 2, 1.0, 6,
    ("homicide",)), "c-1", "none", ()), FIRST))]) | st.text(max_size=5)  # fmt: skip


@general
@given(st.dictionaries(names, values, max_size=4))
@example({"eps_m": 1e308, "min_samples": 3})
def test_whatever_json_says_it_is_a_screen_or_a_refusal(said):
    try:
        screen = screen_from_text(json.dumps(said), FIRST)
    except (CsaError, ParamError) as error:
        str(error).encode()
    else:
        assert screen_from_text(screen_to_text(screen, FIRST), FIRST) == screen


@general
@given(st.text())
def test_whatever_a_link_says_it_is_a_screen_or_a_refusal(text):
    try:
        screen_from_text(text, FIRST)
    except CsaError as error:
        str(error).encode()
