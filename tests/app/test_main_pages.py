"""Each page run by Streamlit itself, without a browser: what it says and what was sent to the map."""

import json
import re
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1.element_tree import ElementTree
from tests.app.conftest import EXTRA_PAGES, open_page, words
from tests.sentences import says

from csa.base.text import tr
from csa.city.dataset import save_dataset
from csa.city.loading import load_city
from csa.city.preregistration import Verdict
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa_app.screens.briefing import cards, parts as briefing

PAGES = (
    "briefing",
    "find_areas",
    "displacement",
    "compare",
    "track_record",
    "data",
    "method",
)
WIDGETS = ("number_input", "slider", "select_slider", "selectbox", "toggle", "button_group")


@pytest.fixture
def app(visit):
    return lambda page="find_areas", screen=None, **more: visit(page, {"screen": screen}, **more)


def sent_to_map(page):
    """What was sent to the map: the component's arguments."""
    (component,) = page.get("component_instance")
    return json.loads(component.proto.json_args)


CHOSEN = {
    "until": "2020-06",
    "months": 24,
    "kinds": ["homicide"],
    "max_area_km2": 1.0,
    "eps_m": 250.0,
    "min_samples": 8,
}


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("page", "screen", "keys"),
    [
        ("compare", None, ("capacity",)),
        ("displacement", {"since": "2019-06"}, ("since",)),
        (
            "find_areas",
            CHOSEN,
            ("through", "months", "kinds", "limit", "by_hand", "eps_m", "min_samples"),
        ),
    ],
)
def test_a_browser_that_forgot_its_widgets_is_told_what_was_chosen(
    app, monkeypatch, page, screen, keys
):
    """It sends no value of a widget: a reader left the page and was back before the other ran.

    Then it shows a widget's default, the least, beside sentences for what the server knows.
    """
    shown = app(page, screen)
    monkeypatch.setattr(ElementTree, "get_widget_states", lambda _: WidgetStates())
    shown.run()
    assert not shown.exception
    protos = [one.proto for kind in WIDGETS for one in shown.get(kind)]
    for key in keys:
        [found] = [proto for proto in protos if proto.id.endswith(f"-{key}")]
        assert found.set_value, key


def test_the_map_is_sent_counts_and_no_address_elsewhere(app):
    sent = sent_to_map(app())
    text = json.dumps(sent)
    assert not re.search(r"https?:|//[a-z]", text)
    assert all(link.startswith("../../app/static/") for link in sent["js_links"])
    assert all(link.startswith("../../app/static/") for link in sent["css_links"])
    assert '"in_areas":' in sent["feature_group"]
    assert sent["returned_objects"] == ["last_active_drawing", "last_object_clicked_count"]


def test_no_page_sends_the_place_of_an_incident(app, root):
    lines = (root / "data" / "sample" / "shootings.csv").read_text().splitlines()[1:]
    numbers = {line.split(",")[0] for line in lines}
    for page in PAGES:
        shown = app(page, screen={"area": "c-3"})
        text = words(shown)
        if page in {"briefing", "find_areas"}:
            text += json.dumps(sent_to_map(shown))
        assert not any(number in text for number in numbers)


def test_areas_that_all_did_what_they_did_together_are_not_listed(monkeypatch):
    same, other = (SimpleNamespace(verdicts=[one]) for one in (Verdict.NO_CHANGE, Verdict.FEWER))
    chosen = SimpleNamespace(area_ids=("A", "B"), place_names=("Row", "Mill"), retired=())
    displaced = SimpleNamespace(chosen=chosen, pooled=same)
    monkeypatch.setattr(cards, "each", lambda _: {"A": (same, None), "B": (same, None)})
    assert [*cards.list_verdicts(displaced, {})] == [says("briefing.each_alike")]
    chosen.retired = ("B",)  # an area that ended never vanishes from the card
    ended = says("change_page.ended", name="Mill (B)")
    assert [*cards.list_verdicts(displaced, {})] == [f"No clear change: Row (A); {ended}"]
    chosen.retired = ()
    displaced.pooled = other  # together they had fewer: no longer the same
    assert [*cards.list_verdicts(displaced, {})] == ["No clear change: Row (A), Mill (B)"]
    monkeypatch.setattr(cards, "each", lambda _: {"A": (same, None), "B": (other, None)})
    assert len([*cards.list_verdicts(displaced, {})]) == 2


@pytest.mark.parametrize(
    "link",
    [
        "{",
        '{"months": "many"}',
        '{"eps_m": 1e308, "min_samples": 5}',
        '{"until": "[Your session ended. Sign in again](https://evil.example)"}',
    ],
)
def test_a_broken_link_gives_a_sentence_and_the_city_s_own_screen(app, link):
    shown = app("briefing", screen=link)
    assert not shown.exception
    (warning,) = shown.warning
    assert "](" not in warning.value  # a link's text is no link
    assert "candidate areas, on " in words(shown)


def test_an_unknown_city_is_a_sentence(app):
    shown = app(CSA_CITY="atlantis")
    assert not shown.exception
    (error,) = shown.error
    assert "No city is called 'atlantis' in config/." in error.value
    assert "sample" in error.value


def test_a_damaged_dataset_is_a_sentence(app, dataset, tmp_path):
    (tmp_path / "ingest.json").write_text('{"kind": "dataset", "city": "sample"}')
    shown = app(CSA_CITY=tmp_path)
    assert not shown.exception
    assert len(shown.error) == 1


def test_a_damaged_background_costs_the_map_alone(app, dataset, tmp_path):
    (tmp_path / "basemap.json").write_text("{", encoding="utf-8")
    shown = app(screen={"area": "c-3"}, CSA_BASEMAP=tmp_path)
    assert not shown.exception
    (warning,) = shown.warning
    assert str(tmp_path) in warning.value.replace("\\", "")
    assert "csa basemap" in warning.value
    assert says("sheet.partly_chance") in words(shown)
    data = app("data", CSA_BASEMAP=tmp_path)
    assert not data.exception
    assert not data.error


def test_a_link_to_finer_cells_than_the_citys_is_told_of_and_the_menu_lacks_them(app):
    home = app("briefing", screen={"resolution": 11})
    assert not home.exception
    assert len(home.warning) == 1
    shown = open_page(home, "screens/find_areas/page.py").run()
    assert shown.selectbox(key="resolution").value == 10
    assert len(shown.selectbox(key="resolution").options) == 3


def test_a_city_without_incidents_says_so(app, town, root):
    config = load_city(town.config)
    intake = ingest_city(
        config, Inputs((town.write("a.csv", "1,1,2020-05-01,9,,,,"),), town.places)
    )
    save_dataset(intake.dataset, intake.rejected, town.folder / "empty")
    for page in PAGES:
        shown = app(page, CSA_CITY=town.config, CSA_DATASET=town.folder / "empty")
        assert not shown.exception
        assert "This dataset has no incidents yet." in words(shown)
    made = {"CSA_CITY": town.config, "CSA_DATASET": town.folder / "empty"}
    shown = app("community", **made)
    assert [title.value for title in shown.title] == ["Community"]
    assert "no full month yet" in words(shown)


def briefing_of(page):
    """What Briefing says in its sentences, and what its list says."""
    bodies = [element.proto.body for element in page.get("html")]
    return (
        next(body for body in bodies if "csa-briefing" in body),
        next(body for body in bodies if "csa-tiers" in body),
    )


def test_the_briefing_lists_each_area_once_by_name_within_its_tier(app):
    _, listed = briefing_of(app("briefing", screen={"resolution": 9, "max_area_km2": 0.0}))
    tiers = listed.split("<h2>")[1:]
    names = [re.findall(r"<li><span>(.*?)</span>", tier) for tier in tiers]
    assert all(tier == sorted(tier) for tier in names)
    every = [name for tier in names for name in tier]
    assert len(every) == len(set(every)) == 9
    look_first = listed[listed.index("Check first") :]
    assert "<span>Kestrelby</span>" in look_first  # by DBSCAN alone: the hospital's point
    assert look_first.count("<li>") == 1
    assert not re.search(r"(?i)worst|hot spot|dangerous|score|significant|#1", listed)


@pytest.mark.parametrize(
    ("n", "is_outside"), [(210, False), (261, False), (262, True), (209, True)]
)
def test_that_a_count_lies_outside_its_likely_level_is_said_beside_it(n, is_outside):
    spot, drawn = SimpleNamespace(), []
    spot.html = drawn.append
    columns = {"area_id": "c-1", "incidents": n, "expected_low": 210.4, "expected_high": 260.2}
    table = pd.DataFrame([columns | {"is_doubtful": False, "tier": 1}])
    judged = SimpleNamespace(table=table, answers={"locate": SimpleNamespace(can=True)})
    status = SimpleNamespace(place_name="Elm", display_name="Elm", letter="")
    proposal = SimpleNamespace(
        is_empty=False, areas=table, summary={"params": {"months_covered": 36}}
    )
    view = SimpleNamespace(proposal=proposal, statuses={"c-1": status}, counts={}, others=())
    briefing.tiers(spot, view, judged)
    assert (tr("briefing.list_outside") in drawn[0]) is is_outside


NOT_OFFERED = ("new_city", "new_month", "reports", "zones")
NOT_OFFERED += tuple(name for name, page in EXTRA_PAGES.items() if page.who != "anyone")
"""Pages that the public is not offered: their addresses lead to the first page."""
SHUT = ("measures", "services", "why_here")
"""Pages that say to the public for whom they are."""
OF_THE_STORE = ("briefing", "community", "measures", "meeting", "plan", "reports")


@pytest.fixture
def program(visit, story_folder, tmp_path):
    """Open a page of the made-up program, its store changed first."""
    store = shutil.copy(story_folder / "store.sqlite3", tmp_path / "store.sqlite3")
    return store, visit


@pytest.mark.parametrize("page", [*NOT_OFFERED, *SHUT])
def test_the_public_sees_nothing_of_the_program(program, page):
    shown = program[1](page, CSA_ACCESS="public")
    assert not shown.exception
    assert not shown.main.button
    assert not shown.file_uploader
    if page in SHUT:
        assert [one.value for one in shown.info] == [says("here.public")]
        assert len(shown.main.get("html")) == 2  # the style, and the line about the data
    else:
        assert shown.title[0].value == "Briefing: August 2020"


@pytest.mark.parametrize("page", OF_THE_STORE)
def test_a_damaged_store_is_a_sentence(program, page):
    store, open_it = program
    store.write_text("no database at all, but long enough" * 40)
    shown = open_it(page)
    assert not shown.exception
    assert "is not a store, or is damaged" in words(shown)
