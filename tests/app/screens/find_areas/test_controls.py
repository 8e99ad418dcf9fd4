"""The pure parts of the choices: months, labels, and the city's own."""

from dataclasses import replace
from datetime import date, timedelta

import h3.api.basic_int as h3
import pytest
from hypothesis import given, strategies as st
from tests.sentences import refuses

from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.city.dataset import City
from csa_app.screens.find_areas import controls
from csa_app.shared import screen_state
from csa_app.shared.link_state import LinkState


class Data:
    """As much of a dataset as the choices look at."""

    def __init__(self, first, last):
        self.report = {"data_from": str(first), "data_through": str(last)}


# ---- By hand --------------------------------------------------------------------------------


def test_each_month_of_the_data_can_be_chosen():
    assert screen_state.month_options(Data("2019-11-30", "2020-02-01")) == [
        "2019-11",
        "2019-12",
        "2020-01",
        "2020-02",
    ]


def here(city, data):
    """Return the city with other data."""
    data.report["city"] = city.config.city.id
    return City(city.config, data)


@pytest.mark.parametrize(
    ("through", "label"),
    [
        ("2020-08-21", "August 21, 2020"),
        ("2020-02-28", "February 28, 2020"),
        ("2020-02-29", "February 2020"),
        ("2021-02-28", "February 2021"),
        ("2020-04-29", "April 29, 2020"),
        ("2020-04-30", "April 2020"),
        ("2020-12-30", "December 30, 2020"),
        ("2020-12-31", "December 2020"),
    ],
)
def test_the_last_month_says_its_last_day_when_it_is_not_whole(through, label):
    said = controls.month_label(through[:7], Data("2015-01-01", through))
    assert said == label


def test_an_earlier_month_is_whole_whatever_the_last_day():
    assert controls.month_label("2020-07", Data("2015-01-01", "2020-08-02")) == "July 2020"


def test_the_citys_own_choices_end_after_the_last_month(city, monkeypatch):
    for name in ("CSA_MONTHS", "CSA_EPS_M", "CSA_MIN_SAMPLES", "CSA_DEPLOYMENT"):
        monkeypatch.delenv(name, raising=False)
    assert screen_state.first_choices(city) == AreaSettings(until=Month(2020, 7))
    monkeypatch.setenv("CSA_MONTHS", "12")
    assert screen_state.first_choices(city).months == 12
    empty = replace(city.dataset, report={**city.dataset.report, "data_through": None})
    assert screen_state.first_choices(City(city.config, empty)).until is None


def test_kinds_are_called_as_the_city_calls_them(city):
    labels = [controls.kind_label(kind, city.config) for kind in ("both", "homicide", "nonfatal")]
    assert len(set(labels)) == 3
    assert city.config.city.nonfatal_name in labels[2]


@pytest.fixture
def shown(monkeypatch):
    """A session of the test's own, in which these widgets have been shown."""

    def make(**held):
        monkeypatch.setattr(controls.st, "session_state", dict(held))
        return controls.st.session_state

    return make


NEW, OLD = '{"months":12}', '{"months":24}'


def test_an_address_that_was_not_written_here_is_an_earlier_screen(shown):
    seen = {"months": 12, "kinds": "both"}
    shown(**seen, **{screen_state.SEEN: seen, screen_state.WRITTEN: NEW})
    assert screen_state.went_back(OLD)
    assert screen_state.went_back("{}")


def test_the_address_that_was_written_is_no_way_back(shown):
    shown(months=12, **{screen_state.SEEN: {"months": 12}, screen_state.WRITTEN: NEW})
    assert not screen_state.went_back(NEW)


@pytest.mark.parametrize("changed", [{"months": 6}, {"kinds": "homicide"}])
def test_a_change_by_hand_wins_over_an_address_that_comes_late(shown, changed):
    """After two quick changes the browser still shows the first one's address."""
    seen = {"months": 12, "kinds": "both"}
    shown(**{**seen, **changed, screen_state.SEEN: seen, screen_state.WRITTEN: NEW})
    assert not screen_state.went_back(OLD)


def test_the_cell_sizes_are_those_of_the_citys_file(city):
    assert screen_state.resolutions(city.config) == [8, 9, 10]
    finer = city.config.city.model_copy(update={"resolutions": (9, 7)})
    assert screen_state.resolutions(city.config.model_copy(update={"city": finer})) == [7, 9, 10]


# ---- At the edge ----------------------------------------------------------------------------


def test_no_address_and_a_new_session_are_no_way_back(shown):
    shown()
    assert not screen_state.went_back("")
    assert not screen_state.went_back(NEW)  # the first page's link is read anyway
    shown(**{screen_state.WRITTEN: NEW})
    assert not screen_state.went_back("")  # the page's own link in the menu has none


def test_a_size_that_the_deployment_settles_is_offered_too(city, monkeypatch):
    monkeypatch.setenv("CSA_RESOLUTION", "11")
    assert screen_state.resolutions(city.config) == [8, 9, 10, 11]


@pytest.mark.parametrize("resolution", range(6, 12))
def test_a_cells_size_is_near_h3s_own_mean(resolution):
    mean = h3.average_hexagon_area(resolution, unit="km^2")
    assert controls.cell_km2(resolution) == pytest.approx(mean, rel=0.01)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["0001-01", "2015-01", "2020-10", "9999-12"])
def test_a_link_to_a_month_without_data_is_refused(until, city):
    data, first = Data("2015-01-05", "2020-08-21"), LinkState(AreaSettings(until=Month(2020, 9)))
    with refuses("screen.bad_link", CsaError):
        screen_state.from_link(f'{{"until":"{until}"}}', first, here(city, data))


@pytest.mark.parametrize("until", ["2015-02", "2020-09"])
def test_a_link_to_the_first_and_the_last_month_is_read(until, city):
    data, first = Data("2015-01-05", "2020-08-21"), LinkState(AreaSettings(until=Month(2020, 9)))
    read = screen_state.from_link(f'{{"until":"{until}"}}', first, here(city, data))
    assert str(read.choices.until) == until


@pytest.mark.parametrize("resolution", [7, 11])
def test_a_link_to_cells_that_the_citys_file_does_not_offer_is_refused(city, resolution):
    """A finer cell may hold a single home: the city's file decides, not a link."""
    data, first = Data("2015-01-05", "2020-08-21"), LinkState(AreaSettings(until=Month(2020, 9)))
    with refuses("screen.bad_link", CsaError):
        screen_state.from_link(f'{{"resolution":{resolution}}}', first, here(city, data))
    for offered in (8, 9, 10):
        read = screen_state.from_link(f'{{"resolution":{offered}}}', first, here(city, data))
        assert read.choices.resolution == offered


def test_a_link_outside_a_range_says_which(city):
    data, first = Data("2015-01-05", "2020-08-21"), LinkState(AreaSettings(until=Month(2020, 9)))
    with pytest.raises(ParamError, match="12"):
        screen_state.from_link('{"resolution":12}', first, here(city, data))


# ---- True in general ------------------------------------------------------------------------

days = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@given(days, days)
def test_every_day_of_the_data_is_in_one_of_the_months(one, other):
    first, last = sorted((one, other))
    months = screen_state.month_options(Data(first, last))
    assert months == sorted(set(months))
    assert (months[0], months[-1]) == (f"{first:%Y-%m}", f"{last:%Y-%m}")
    assert len(months) == (last.year - first.year) * 12 + last.month - first.month + 1


@given(days)
def test_a_month_is_whole_when_the_next_day_is_in_another(last):
    label = controls.month_label(f"{last:%Y-%m}", Data("1990-01-01", last))
    is_whole = (last + timedelta(days=1)).month != last.month
    assert (f"{last:%B %Y}" == label) is is_whole
