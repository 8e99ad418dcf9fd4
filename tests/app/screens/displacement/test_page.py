"""Displacement, run by Streamlit itself: what it says, month by month, and of which areas."""

import html
import json
import re
import shutil
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.app import change_colors
from tests.app.conftest import words
from tests.sentences import says

from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import Dataset
from csa.city.history import DatasetVersion, MonthCount
from csa.program.registry import AreaStatus
from csa_app.screens.displacement import parts, quarterly
from csa_app.shared import screen_state
from csa_app.shared.link_state import LinkState

PLAIN = {"resolution": 9, "max_area_km2": 0.0}
"""By DBSCAN alone, in cells of four blocks: the hospital makes an area of few, Ivorstead is new
since the start, and what moved in the sample is seen next door."""


@pytest.fixture(scope="module")
def dataset(sample_folder, tmp_path_factory):
    """The sample in a folder of its own: results are stored beside it."""
    out = tmp_path_factory.mktemp("displacement") / "dataset"
    shutil.copytree(sample_folder, out, symlinks=True)
    return out


@pytest.fixture
def page(visit, monkeypatch):
    def start(screen=None, *, with_lineage=False, **environment):
        if not with_lineage:  # it takes seconds, and says nothing else of the page
            monkeypatch.setattr(quarterly, "became", lambda *_: None)
        return visit("displacement", {"screen": screen}, **environment)

    return start


def drawn(page):
    return [feature["properties"] for feature in painted(page)["areas"]]


def answer(page):
    bodies = [one.proto.body for one in page.get("html")]
    told = " ".join(one for one in bodies if re.match('<div class="csa-(change|more)', one))
    return re.sub("<[^>]*>", " ", html.unescape(told))


def charts(page):
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def painted(page):
    (component,) = page.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    text = group[group.index(", {") + 2 :]
    return change_colors.drawn(json.JSONDecoder().raw_decode(text)[0])


def ids(page):
    return [feature["properties"]["area_id"] for feature in painted(page)["areas"]]


def rest_at(page, month):
    """The map's months rest at one: it is told as a click is."""
    page.session_state["month"] = month
    page.run()


def link(page):
    text = page.query_params.get("screen", "{}")
    return json.loads(text if isinstance(text, str) else text[0])


def test_an_area_that_was_none_at_the_start_stays_chosen_elsewhere_and_is_said_to_be_none(page):
    shown = page({**PLAIN, "area": "c-1"})
    assert says("change_page.not_then") in words(shown)
    assert painted(shown)["selected"] == "c-1"
    assert link(shown) == {**PLAIN, "area": "c-1"}
    assert shown.button(key="all together").disabled


def test_too_few_is_one_line_that_names_all_areas_concerned(page):
    """The hospital had too few in three months; in a year, none at all would show."""
    told = r"Too small to tell for (?:\d areas|one area): [^.]*Kestrelby[^.]*\."
    assert len(re.findall(told, words(page({**PLAIN, "since": "2020-04"})))) == 1
    assert not re.search(told, words(page(PLAIN)))


def test_a_part_of_an_area_in_service_is_named_as_on_every_page(monkeypatch):
    part = AreaStatus("c-6", "", "Umberley", "candidate", None, "Umberley (B)", "B")
    whole = AreaStatus("c-1", "", "Ivorstead", "candidate", None)
    monkeypatch.setattr(quarterly.cache, "analysis", lambda *_: SimpleNamespace(proposal=None))
    monkeypatch.setattr(quarterly, "area_statuses", lambda *_: {"c-6": part, "c-1": whole})
    ids = ["c-6", "c-1", "B"]
    table = pd.DataFrame({"area_id": ids, "place_name": ["Umberley", "Ivorstead", "Umberley"]})
    named = quarterly._named_as_elsewhere(table, None, None)["place_name"]
    assert list(named) == [part.display_name, "Ivorstead", "Umberley"]
    assert part.display_name != "Umberley"


def test_the_map_is_sent_the_colors_of_each_month_as_each_month_is_drawn(page):
    shown = page()
    sent = painted(shown)
    names, at = (sent["months"][name] for name in ("names", "at"))
    assert at == len(names) - 1 == 11
    for place in (0, 2, 5):
        rest_at(shown, names[place][0])
        then, moved = painted(shown), change_colors.drawn(sent, place)
        assert then["months"]["at"] == place
        for name in ("fill", "dash"):
            assert [one[name] for one in then["zones"]] == [one[name] for one in moved["zones"]]


def test_what_is_chosen_on_the_map_is_an_area_or_the_month_at_which_it_rests(monkeypatch):
    state = {"month": "2020-01", screen_state.SCREEN: LinkState(AreaSettings(), "c-2")}
    monkeypatch.setattr(parts.st, "session_state", state)
    parts.choose_area("2020-03")
    assert (state["month"], state[screen_state.SCREEN].area) == ("2020-03", "c-2")
    parts.choose_area("")
    assert (state["month"], state[screen_state.SCREEN].area) == ("2020-03", "")


@pytest.mark.long
def test_a_start_one_month_before_the_end_has_no_slider_and_no_verdict(page):
    shown = page({"since": "2020-07"})
    text = words(shown)
    assert not shown.exception
    assert len(painted(shown)["months"]["names"]) == 1
    assert "One full month has passed since the start: July 2020" in text
    assert (
        len(re.findall("Too early to tell: .* since July 2020, one full month", answer(shown))) == 1
    )
    for claim in ("No clear change", "differs", "No single area", "Before: "):
        assert claim not in answer(shown)
    assert re.search(r"Too early to tell: the \d+ areas together", text)
    assert all(zone["fill"] is None for zone in painted(shown)["zones"])
    assert all(len(chart["data"]) == 2 for chart in charts(shown))  # quarters, and no sums


@pytest.mark.parametrize(("month", "is_early"), [("2019-08", 1), ("2019-09", 1), ("2019-10", 0)])
def test_the_third_month_is_the_first_that_says_anything(page, month, is_early):
    shown = page({"month": month})
    assert not shown.exception
    assert (says("displacement.too_early") in answer(shown)) == bool(is_early)
    assert ("no-change range" in answer(shown)) != bool(is_early)
    assert len(charts(shown)) == 7 + (not is_early)


@pytest.mark.parametrize(
    "screen",
    [
        {"since": "2017-12"},  # 35 months before
        {"since": "2020-08"},  # not over
        {"month": "2019-07"},  # before the start
        {"month": "2020-08"},
        {"since": "2020-02", "month": "2020-01"},
        {"since": "2020-2"},
        {"month": 5},
    ],
)
def test_an_odd_time_in_a_link_is_told_of_and_the_page_s_own_shown(page, screen):
    shown = page(screen)
    assert not shown.exception
    assert len(shown.warning) == 1
    assert "since August 2019" in words(shown)


def test_starts_have_36_months_before_and_a_whole_month_after():
    report = {"data_from": "2015-01-02", "data_through": "2018-03-30"}
    found = screen_state.start_options(Dataset(pd.DataFrame(), None, None, report))
    assert found == ["2018-01", "2018-02"]
    assert screen_state.first_start(found) == "2018-01"
    whole = {**report, "data_through": "2018-03-31"}
    assert screen_state.start_options(Dataset(pd.DataFrame(), None, None, whole))[-1] == "2018-03"
    late = {**report, "data_from": "2015-03-09"}
    assert screen_state.start_options(Dataset(pd.DataFrame(), None, None, late)) == []
    many = [str(Month(2018, 1).plus(n)) for n in range(30)]
    assert screen_state.first_start(many) == many[-12]


@pytest.mark.long
def test_one_area_alone_and_many_have_no_fault(page):
    one = page({**PLAIN, "eps_m": 200.0, "min_samples": 32})
    many = page({**PLAIN, "eps_m": 150.0, "min_samples": 3})
    assert not one.exception
    assert not many.exception
    assert 1 <= len(ids(one)) <= 3
    assert len(ids(many)) > 26
    assert len(set(ids(many))) == len(ids(many))


@pytest.mark.parametrize(
    ("kinds", "counts"), [(("homicide",), 2), (("nonfatal",), 9), (("homicide", "nonfatal"), 11)]
)
def test_the_newest_month_counts_the_kinds_on_screen(kinds, counts):
    edition = DatasetVersion("1", "x", "a", date(2020, 1, 1), date(2020, 1, 31), {
        "2020-01": MonthCount(11, 2)})  # fmt: skip
    assert quarterly.month_counts(edition, AreaSettings(kinds=kinds)) == {"2020-01": counts}
