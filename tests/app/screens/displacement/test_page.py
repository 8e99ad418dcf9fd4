"""Displacement, run by Streamlit itself: what it says, month by month, and of which areas."""

import html
import json
import re
import shutil
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.app import change_colors
from tests.app.conftest import words
from tests.sentences import says
from tests.stores import act

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.params import Month
from csa.change import zoning
from csa.change.follow import measure_past_cohorts, save_past
from csa.change.lineage_windows import follow_windows, name_tracks, trace_lineage
from csa.city.dataset import City, Dataset, open_dataset, save_dataset
from csa.city.history import DatasetVersion, MonthCount
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.program.areas import designate
from csa.program.registry import AreaStatus
from csa.program.store.engine import open_store
from csa.reports.briefing.areas import to_candidate
from csa_app.screens.displacement import parts, quarterly
from csa_app.shared import cache, cache_change, screen_state
from csa_app.shared.city_session import CitySession
from csa_app.shared.link_state import LinkState

PLAIN = {"resolution": 9, "max_area_km2": 0.0}
"""By DBSCAN alone, in cells of four blocks: the hospital makes an area of few, Ivorstead is new
since the start, and what moved in the sample is seen next door."""

NAMES = {
    "c-2": "Hadderley", "c-3": "Kindlewood", "c-4": "Ferrymans End", "c-5": "Silverbeck",
    "x-1": "Kestrelby", "c-6": "Umberley", "c-7": "Osierbank", "c-8": "Brindlemoor",
}  # fmt: skip
"""The areas of that start from west to east. x-1 is no place of the city's own proposal."""


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


@pytest.fixture
def where_served(dataset, root, tmp_path):
    """Brindlemoor is in service as A."""
    city = City(load_city(root / "config" / "sample.toml"), open_dataset(dataset))
    proposal = propose_areas(city, screen_state.first_choices(city))
    store = open_store(str(tmp_path / "store.sqlite3"), make=True)
    designate(store, act(on=date(2019, 9, 3)), to_candidate(proposal, "c-8"))
    store.engine.dispose()


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


def places(page):
    """The name of each area on the map, which are all candidates."""
    assert {one["letter"] for one in drawn(page)} == {""}
    return {one["area_id"]: one["place"] for one in drawn(page)}


def rest_at(page, month):
    """The map's months rest at one: it is told as a click is."""
    page.session_state["month"] = month
    page.run()


def link(page):
    text = page.query_params.get("screen", "{}")
    return json.loads(text if isinstance(text, str) else text[0])


# ---- What it says --------------------------------------------------------------------------


def test_all_areas_together_are_told_first_then_what_usually_happens(page):
    shown = page()
    text = words(shown)
    assert not shown.exception
    assert "221 shootings in these 7 areas since August 2019" in " ".join(answer(shown).split())
    first = text.index('<p class="csa-large"><b>221</b>')
    before = text.index("Before: 506 shootings in 24 months")
    differs = text.index("2 areas show a change: Brindlemoor, fewer here")
    assert "Umberley, fewer here, even within half a mile. No clear change in 5." in text
    assert first < differs < before < text.index(says("displacement.usual_unknown"))
    # The command is for the office, not for the answer: it stands under How do we know?
    assert "csa backtest" not in answer(shown)
    assert "csa backtest --city sample" in " ".join(one.value for one in shown.text)
    assert "/" not in answer(shown)  # no path of the server
    assert "SAMPLE: synthetic city" in text


@pytest.mark.long
def test_where_past_years_are_known_they_are_told(page, dataset, root):
    config, read = load_city(root / "config" / "sample.toml"), open_dataset(dataset)
    choices = screen_state.first_choices(City(config, read))
    located = locate_incidents(City(config, read), choices)
    kept = dataset / "kept"
    save_past(
        measure_past_cohorts(located, choices, config.areas.documented),
        City(config, read, dataset),
        choices,
    )
    try:
        text = words(page())
    finally:
        for file in kept.glob("after-past-years-*"):
            file.unlink()
    assert "on their own within " in text
    assert "csa backtest" not in text
    # The data begin with 2015 and end in July 2020: starts each second month from 2018 to 2019.
    assert re.search(
        r"After \d past starts known at this start, areas picked this way changed", text
    )


@pytest.mark.long
def test_an_area_keeps_the_id_and_the_name_it_has_on_other_pages(page, visit):
    shown = page(PLAIN)
    then = ids(shown)
    other = visit("find_areas", {"screen": PLAIN})
    now = ids(other)
    assert then == list(NAMES)
    assert now == ["c-1", *then]  # Ivorstead became busy only after the start
    assert places(shown) == NAMES
    assert places(other) == {"c-1": "Ivorstead", **NAMES}


def test_an_area_is_chosen_by_the_link_and_let_go_by_the_button(page):
    shown = page({**PLAIN, "area": "c-8"})
    assert painted(shown)["selected"] == "c-8"
    assert "Fewer here, more nearby: Brindlemoor" in words(shown)
    assert shown.selectbox(key=parts.ONE_AREA).value == "c-8"
    shown.button(key="all together").click().run()
    assert painted(shown)["selected"] == ""
    assert "No clear change: the 8 areas together" in words(shown)
    assert link(shown) == PLAIN


@pytest.mark.long
@pytest.mark.parametrize("area", ["c-8", "A"])
def test_an_area_in_service_has_its_letter_among_the_candidates_of_a_start(
    page, where_served, area
):
    """Other pages' links name it by its id in the proposal, and those of this page by its letter."""
    shown = page({"since": "2019-08", "area": area})
    assert not shown.exception
    assert painted(shown)["selected"] == "A"
    areas = drawn(shown)
    assert [(one["area_id"], one["letter"]) for one in areas if one["letter"]] == [("A", "A")]
    assert {one["area_id"] for one in areas} == {"A", *(f"c-{n}" for n in range(2, 8))}
    listed = shown.selectbox(key=parts.ONE_AREA)
    others = sorted({*NAMES.values()} - {"Brindlemoor", "Kestrelby"})
    assert listed.options == ["Brindlemoor (A)", *others]  # letters first
    assert "2 areas show a change: Brindlemoor (A), fewer here" in answer(shown)
    assert re.search(r"Fewer here[^:]*: Brindlemoor \(A\)", words(shown))
    listed.select("c-2").run()
    shown.selectbox(key=parts.ONE_AREA).select("A").run()
    assert link(shown) == {"since": "2019-08", "area": "A"}


def test_the_answer_names_the_two_areas_that_differ(page):
    told = answer(page(PLAIN))
    assert "2 areas show a change: Brindlemoor, fewer here" in told
    assert "Umberley, fewer here, even within half a mile. No clear change in 6." in told
    assert told.index("in these 8 areas since") < told.index("2 areas show a change")
    assert told.index("2 areas show a change") < told.index("Before: ")


def test_each_area_has_its_numbers_in_a_table_and_a_file(page):
    shown = page(PLAIN)
    _, text, by_distance = [e.proto.body for e in shown.get("html") if "csa-range" in e.proto.body]
    assert by_distance.count("<tr>") == 1 + 1 + 3  # in the areas, the ring, and two bands
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", html.unescape(row)) for row in text.split("<tr>")[2:]
    ]
    assert [row[0].partition("<")[0] for row in rows] == sorted(NAMES.values())
    (last,) = [row for row in rows if row[0].startswith("Brindlemoor")]
    words_of = [re.sub("<[^>]*>", " ", cell).split() for cell in last]
    assert " ".join(words_of[0]) == "Brindlemoor Fewer here, more nearby, since Aug 2019"
    assert (words_of[1][0], words_of[2][0]) == ("11", "35")
    assert len(shown.get("download_button")) == 1


def test_before_the_map_stand_few_words(page):
    """The sentence on all areas, and on both zones together: the rest stands below."""
    bodies = [one.proto.body for one in page(PLAIN).get("html")]
    (head,) = [one for one in bodies if one.startswith('<div class="csa-change')]
    said = re.sub("<[^>]*>", " ", head)
    assert 20 < len(said.split()) < 80
    (first,) = re.findall("^ *(.*?:)", said)  # nobody takes it for what work did
    assert first == says("change_page.none_served", n=8, month="August 2019")
    assert "no-change range: " in said
    assert "Here and nearby together: " not in said
    # Together they fell; of the one from which it moved, that is said too.
    assert said.rstrip().endswith(
        "In one of them, more than expected showed up nearby: Brindlemoor."
    )


def test_what_is_followed_is_chosen_by_one_key(page, where_served):
    """Of core service areas first; candidates have starts to choose from."""
    shown = page()
    assert {one["area_id"] for one in drawn(shown)} == {"A"}
    assert "In one of them, more than expected showed up nearby:" not in answer(shown)
    assert all(one["core"] for one in drawn(shown))
    assert not [menu for menu in shown.selectbox if menu.key == "since"]
    (follow,) = shown.get("button_group")[:1]
    follow.set_value(False).run()
    assert not shown.exception
    assert shown.selectbox(key="since").value == "2019-08"
    assert link(shown) == {"since": "2019-08"}
    assert {one["area_id"] for one in drawn(shown)} == {"A", *(f"c-{n}" for n in range(2, 8))}
    assert says("change_page.not_agreed") in answer(shown)


def test_an_area_is_chosen_from_the_list_too_and_let_go_there(page):
    shown = page(PLAIN)
    listed = shown.selectbox(key=parts.ONE_AREA)
    assert listed.value is None
    assert listed.options == sorted(NAMES.values())
    listed.select("c-8").run()
    assert not shown.exception
    assert painted(shown)["selected"] == "c-8"
    assert link(shown) == {**PLAIN, "area": "c-8"}
    assert "Fewer here, more nearby: Brindlemoor" in words(shown)
    shown.button(key="all together").click().run()
    assert shown.selectbox(key=parts.ONE_AREA).value is None


def test_each_panel_of_quarters_has_a_scale_that_holds_its_own_bars(page):
    shown = page()
    panels = charts(shown)[1:]
    tops = [panel["layout"]["yaxis"]["range"][1] for panel in panels]
    assert len(set(tops)) > 1
    for panel, top in zip(panels, tops, strict=True):
        band, bars = panel["data"]
        ends = [base + height for base, height in zip(band["base"], band["y"], strict=True)]
        most = max(*ends, *bars["y"], quarterly.LEAST_TOP)
        assert most < top < 1.2 * most
    assert "Panels have different scales" in words(shown)


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


def test_the_newest_month_is_held_against_earlier_years_and_the_last_is_provisional(page):
    text = words(page())
    assert (
        "July 2020: 90 shootings, in the normal range for the season and the 12 months before"
        in text
    )
    # Never of the areas alone: they were picked at a high, and fall by luck.
    assert text.count("the normal range") == 1
    assert "Counts for July 2020 are provisional" in text


def test_what_became_of_areas_is_drawn(page):
    shown = page(PLAIN, with_lineage=True)
    assert len(shown.get("plotly_chart")) == 1 + 8 + 1  # sums, quarters, what became
    assert says("change_page.became_title") in words(shown)
    specs = [chart.proto.spec for chart in shown.get("plotly_chart")]
    rows = json.loads(specs[-1])["layout"]["yaxis"]["categoryarray"]
    now = [*NAMES.values(), "Ivorstead"]  # also that which is none of this start
    assert rows[::-1] == sorted(rows)
    assert {*now} <= {*rows}


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


def test_how_we_know_names_the_band_the_dispersion_and_what_can_be_found(page):
    text = words(page())
    for name in (
        "Pocock boundary",
        "Dispersion:",
        "What we would have noticed: how often a drop of this size",
        "20% fewer",
        "(WDD",
        "(WDQ",
        "Before the start: each quarter's count as a multiple of what was expected",
        "Areas no one served",
    ):
        assert name in text


@pytest.mark.long
def test_another_start_or_last_month_names_the_same_windows_as_if_they_were_followed_again(
    monkeypatch, dataset, root
):
    config, read = load_city(root / "config" / "sample.toml"), open_dataset(dataset)
    opened = CitySession(config, read, dataset, incidents_key="key of another test")
    own = replace(screen_state.first_choices(City(config, read)), min_samples=9)
    followed = []

    def spy(*given, **named):
        followed.append(follow_windows(*given, **named))
        return followed[-1]

    def name_and_trace(located, windows, known, units):
        traced = trace_lineage(located, own, None, known=known, units=units)  # all anew
        assert name_tracks(located, windows, known, units).equals(traced)
        return traced

    monkeypatch.setattr(cache_change, "follow_windows", spy)
    monkeypatch.setattr(cache_change, "name_tracks", name_and_trace)
    for until, since in ((None, "2019-01"), (None, "2019-06"), (Month(2020, 3), "2019-01")):
        choices = replace(own, until=until)
        chosen = cache_change.following(opened, choices, since).displaced.chosen
        traced = cache_change.lineage(opened, choices, chosen)
        assert set(chosen.area_ids) <= set(traced["area_id"])
    assert len(followed) == 1
    cache_change.lineage(opened, replace(own, max_area_km2=1.0), chosen)
    assert len(followed) == 2


@pytest.mark.long
def test_an_id_is_one_place_in_what_became_of_areas_here_and_on_other_pages(
    monkeypatch, dataset, root
):
    config, read = load_city(root / "config" / "sample.toml"), open_dataset(dataset)
    opened = CitySession(config, read, dataset, incidents_key="key of this test")
    own = screen_state.first_choices(City(config, read))
    choices = replace(own, eps_m=150.0, min_samples=4, max_area_km2=0.5)
    monkeypatch.setattr(cache_change, "follow_windows", lambda *_, **__: None)
    monkeypatch.setattr(cache_change, "name_tracks", lambda _, __, known, *___: known)
    followed = cache_change.following(opened, choices, "2019-01").displaced.chosen
    known = cache_change.lineage(opened, choices, followed)
    now = cache.analysis(opened, choices).proposal.areas
    shapes = {a: {int(c, 16) for c in cells} for a, cells in now[["area_id", "cells"]].to_numpy()}
    then = dict(zip(followed.area_ids, followed.cells, strict=True))
    assert set(then) - set(shapes)  # some are no longer proposed
    for area_id in set(then) & set(shapes):  # and what is, is the same place
        shared = len(then[area_id] & shapes[area_id])
        assert 2 * shared >= min(len(then[area_id]), len(shapes[area_id]))
    # An id means the same in all parts of the page: the start's area, as it was then.
    assert {name: one.cells for name, one in known.items()} == {**shapes, **then}
    starts = {name for name, one in known.items() if one.until == Month(2019, 1)}
    assert starts == set(then)
    names = now.set_index("area_id")["place_name"].to_dict()
    names |= dict(zip(followed.area_ids, followed.place_names, strict=True))
    assert {name: one.place_name for name, one in known.items()} == names


# ---- By month ------------------------------------------------------------------------------


def test_a_month_by_link_is_told_as_it_was_known_then(page):
    shown = page({"month": "2019-10"})
    text = words(shown)
    assert shown.session_state["month"] == "2019-10"
    assert "Counts through October 2019, as in today's data" in text
    assert "in 3, " in text  # months since
    assert link(shown) == {"month": "2019-10"}


def test_a_moved_month_changes_the_colors_and_the_link_and_never_the_base(page):
    shown = page()

    def sent():
        (component,) = shown.get("component_instance")
        given = json.loads(component.proto.json_args)
        return given.pop("feature_group"), given

    group, base = sent()
    rest_at(shown, "2019-09")
    assert not shown.exception
    other, same = sent()
    assert group != other
    assert base == same
    assert all(z["fill"] is None for z in painted(shown)["zones"] if not z["lines"])
    assert "Counts through September 2019, as in today's data" in answer(shown)
    assert link(shown) == {"month": "2019-09"}
    rest_at(shown, "2020-07")
    assert link(shown) == {}


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


@pytest.mark.long
def test_places_alike_can_be_outlined_where_one_area_has_some(page, monkeypatch):
    assert parts.ALIKE not in [one.key for one in page({"since": "2020-01"}).toggle]
    monkeypatch.setattr(zoning, "CLOSE", 0.33)  # one area of seven is as close as that
    assert parts.ALIKE in [one.key for one in page({"since": "2020-01"}).toggle]


def test_what_is_chosen_on_the_map_is_an_area_or_the_month_at_which_it_rests(monkeypatch):
    state = {"month": "2020-01", screen_state.SCREEN: LinkState(AreaSettings(), "c-2")}
    monkeypatch.setattr(parts.st, "session_state", state)
    parts.choose_area("2020-03")
    assert (state["month"], state[screen_state.SCREEN].area) == ("2020-03", "c-2")
    parts.choose_area("")
    assert (state["month"], state[screen_state.SCREEN].area) == ("2020-03", "")


# ---- The start -----------------------------------------------------------------------------


@pytest.mark.long
def test_another_start_has_its_own_areas_and_months_and_is_in_the_link(page):
    shown = page({"month": "2019-10"})
    options = shown.selectbox(key="since").options
    assert (options[0], options[-1]) == ("July 2020", "January 2018")
    shown.selectbox(key="since").select("2020-02").run()
    assert not shown.exception
    assert link(shown) == {"since": "2020-02"}
    assert "since February 2020" in words(shown)
    assert shown.session_state["month"] == "2020-07"


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


def test_the_start_is_chosen_on_the_page_where_a_phone_shows_it_too(page):
    shown = page()
    assert "since" in {menu.key for menu in shown.main.selectbox}
    assert "since" not in {menu.key for menu in shown.sidebar.selectbox}


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


# ---- Other states --------------------------------------------------------------------------


def test_no_area_at_the_start_is_said(page):
    shown = page({"eps_m": 50.0, "min_samples": 400})
    assert not shown.exception
    assert "no area would have been proposed, so there is nothing to follow" in words(shown)
    assert shown.selectbox(key="since").value == "2019-08"  # another start can be chosen


@pytest.mark.long
def test_one_area_alone_and_many_have_no_fault(page):
    one = page({**PLAIN, "eps_m": 200.0, "min_samples": 32})
    many = page({**PLAIN, "eps_m": 150.0, "min_samples": 3})
    assert not one.exception
    assert not many.exception
    assert 1 <= len(ids(one)) <= 3
    assert len(ids(many)) > 26
    assert len(set(ids(many))) == len(ids(many))


def test_data_too_short_say_what_is_needed(page, town, tmp_path):
    rows = [f"{k},{k},2020-0{4 + k % 3}-0{1 + k % 9},0,-94.5702,39.0211,," for k in range(30)]
    config = load_city(town.config)
    intake = ingest_city(config, Inputs((town.write("a.csv", *rows),), town.places))
    save_dataset(intake.dataset, intake.rejected, tmp_path / "short")
    shown = page(
        CSA_CITY=town.config, CSA_DATASET=tmp_path / "short", CSA_BASEMAP=tmp_path / "none"
    )
    assert not shown.exception
    assert (
        "The data cover 2 full months, too few to tell what changed: that takes 36 months"
        in words(shown)
    )


def test_a_month_that_late_reports_changed_was_one_number_and_is_now_another():
    first = DatasetVersion("0001", "x", "a", date(2020, 1, 1), date(2020, 2, 29), {
        "2020-01": MonthCount(12, 1), "2020-02": MonthCount(7, 0)})  # fmt: skip
    second = replace(first, version="0002", fingerprint="b", months={
        "2020-01": MonthCount(14, 1), "2020-02": MonthCount(7, 0)})  # fmt: skip
    (said,) = quarterly.revised_months((first, second))
    assert said.endswith("January 2020 was 12, now 14.")
    assert quarterly.revised_months((first, first)) == []


def test_where_areas_are_many_those_of_this_page_and_of_now_are_drawn():
    rows = [("2020-01", "A", 3), ("2020-01", "B", 3), ("2020-01", "C", 4), ("2020-02", "A", 0),
            ("2020-02", "C", 4)]  # fmt: skip
    traced = pd.DataFrame(rows, columns=["month", "area_id", "n_cells"])
    kept = quarterly.areas_of_interest(traced, SimpleNamespace(area_ids=("B",)))
    assert set(kept["area_id"]) == {"B", "C"}  # A is gone and was none at the start
    assert len(kept) == 3


def test_of_many_changed_months_the_newest_are_named_first():
    months = {f"2020-0{n}": MonthCount(10 + n, 0) for n in range(1, 6)}
    grown = {name: MonthCount(one.incidents + 1, 0) for name, one in months.items()}
    first = DatasetVersion("0001", "x", "a", date(2020, 1, 1), date(2020, 5, 31), months)
    second = replace(first, version="0002", fingerprint="b", months=grown)
    (said,) = quarterly.revised_months((first, second))
    assert "changed 5 months" in said
    assert said.endswith(
        "May 2020 was 15, now 16, April 2020 was 14, now 15, March 2020 was 13, now 14."
    )


@pytest.mark.long
def test_more_panels_than_fit_are_shown_when_asked_for(page, monkeypatch):
    monkeypatch.setattr(quarterly, "MAX_PANELS", 3)
    shown = page()
    assert len(shown.get("plotly_chart")) == 1 + 3
    shown.toggle(key="all quarters").set_value(True).run()
    assert len(shown.get("plotly_chart")) == 1 + 7


@pytest.mark.parametrize(
    ("kinds", "counts"), [(("homicide",), 2), (("nonfatal",), 9), (("homicide", "nonfatal"), 11)]
)
def test_the_newest_month_counts_the_kinds_on_screen(kinds, counts):
    edition = DatasetVersion("1", "x", "a", date(2020, 1, 1), date(2020, 1, 31), {
        "2020-01": MonthCount(11, 2)})  # fmt: skip
    assert quarterly.month_counts(edition, AreaSettings(kinds=kinds)) == {"2020-01": counts}


def test_what_is_kept_of_past_years_and_damaged_is_a_sentence(page, dataset, root):
    config, read = load_city(root / "config" / "sample.toml"), open_dataset(dataset)
    choices = screen_state.first_choices(City(config, read))
    save_past((), City(config, read, dataset), choices)
    (file,) = (dataset / "kept").glob("after-past-years-*")
    file.write_text("{")
    try:
        shown = page()
    finally:
        file.unlink()
    assert not shown.exception
    assert len(shown.error) == 1
