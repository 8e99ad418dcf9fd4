"""Each page run by Streamlit itself, without a browser: what it says and what was sent to the map."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from datetime import date
from html import unescape
from types import SimpleNamespace

import pandas as pd
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ElementTree
from tests.app.conftest import open_page
from tests.sentences import says
from tests.stores import act

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.backtest.recording import make_record, save_record
from csa.areas.priority.assessment import assess_areas
from csa.areas.year_to_date import city_year
from csa.base.message import msg
from csa.base.text import render, tr
from csa.change.sentences import name_verdict, state_change
from csa.city.dataset import City, open_dataset, save_dataset
from csa.city.loading import load_city
from csa.city.preregistration import Verdict
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.program.areas import designate
from csa.program.registry import match_statuses
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.reports.briefing.areas import to_candidate
from csa_app.screens.briefing import cards
from csa_app.screens.briefing import parts as briefing
from csa_app.shared import cache
from csa_app.shared.screen_state import first_choices

FIND, DATA, METHOD = "screens/find_areas/page.py", "screens/data/page.py", "screens/method/page.py"
BRIEFING, RECORD = "screens/briefing/page.py", "screens/track_record/page.py"
PAGES = (
    BRIEFING,
    FIND,
    "screens/displacement/page.py",
    "screens/compare/page.py",
    "screens/draw/page.py",
    RECORD,
    DATA,
    METHOD,
)
HOME = BRIEFING
WIDGETS = ("number_input", "slider", "select_slider", "selectbox", "toggle", "button_group")


@pytest.fixture
def app(root, dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))

    def start(page=FIND, screen=None, **environment):
        monkeypatch.setenv("CSA_CITY", str(dataset))
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
        if screen is not None:
            made.query_params["screen"] = screen if isinstance(screen, str) else json.dumps(screen)
        made.run()
        return made if page == HOME else open_page(made, page).run()

    return start


@pytest.fixture
def served(own, tmp_path):
    """Silverbeck, c-5 in the proposal, is in service as A."""
    store = open_store(str(tmp_path / "store.sqlite3"), make=True)
    designate(store, act(on=date(2020, 2, 3)), to_candidate(own, "c-5"))
    store.engine.dispose()


def words(page):
    """All that a page says, in order."""
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "header")
    said = [element.value for kind in kinds for element in getattr(page, kind)]
    said += [element.proto.body for element in page.get("html")]
    return " ".join(map(str, said))


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
        ("screens/compare/page.py", None, ("capacity",)),
        ("screens/displacement/page.py", {"since": "2019-06"}, ("since",)),
        (FIND, CHOSEN, ("through", "months", "kinds", "limit", "by_hand", "eps_m", "min_samples")),
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


def test_a_browser_that_forgot_the_criterion_is_told_it_again(app, monkeypatch):
    shown = app("screens/compare/page.py")
    shown.selectbox(key="criterion").set_value("several").run()
    monkeypatch.setattr(ElementTree, "get_widget_states", lambda _: WidgetStates())
    shown.run()
    menu = shown.selectbox(key="criterion").proto
    assert (menu.set_value, menu.raw_value) == (True, says("compare.several"))
    assert {one.key: one.proto.set_value for one in shown.slider}["weight expected"]


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
        if page in {BRIEFING, FIND}:
            text += json.dumps(sent_to_map(shown))
        assert not any(number in text for number in numbers)


def test_the_page_data_counts_values_that_no_rule_names(app, town):
    lines = [f"{n},{n},2020-05-0{n % 9 + 1},{n % 3},-94.57,39.02,," for n in range(30)]
    path = town.write("a.csv", *lines)
    intake = ingest_city(load_city(town.config), Inputs((path,), town.places))
    save_dataset(intake.dataset, intake.rejected, town.folder / "ds")
    said = words(app(DATA, CSA_CITY=town.config, CSA_DATASET=town.folder / "ds")).replace("\\", "")
    assert (
        "10 rows have 2 (10) in fatal, which no rule covers, so they were left out as not shootings. If some are shootings, add their values to homicide or nonfatal of the source '"
        in said
    )


@pytest.mark.long
def test_a_choice_changes_the_answer_and_the_link(app):
    page = app()
    before = words(page)
    page.selectbox(key="kinds").select("homicide").run()
    assert not page.exception
    assert words(page) != before
    assert "homicides" in words(page)
    assert json.loads(page.query_params["screen"]) == {"kinds": ["homicide"]}


@pytest.mark.long
def test_only_the_message_changes_with_the_radius_never_the_base(app):
    page = app(screen={"eps_m": 200.0, "min_samples": 9})
    first = sent_to_map(page)
    page.number_input(key="eps_m").set_value(300.0).run()
    second = sent_to_map(page)
    assert first["feature_group"] != second["feature_group"]
    assert {name: first[name] for name in first if name != "feature_group"} == {
        name: second[name] for name in second if name != "feature_group"
    }


def test_a_radius_by_hand_begins_at_the_suggested_one(app):
    page = app()
    page.toggle(key="by_hand").set_value(True).run()
    assert page.number_input(key="eps_m").value == 200
    assert page.number_input(key="min_samples").value == 10
    page.toggle(key="by_hand").set_value(False).run()
    assert page.query_params.get("screen", "{}") == "{}"
    assert not page.number_input


def test_a_sheet_tells_counts_with_their_uncertainty(app):
    shown = app(screen={"area": "c-3"})
    text = words(shown)
    assert shown.header[0].value == "Kindlewood"
    assert "candidate" in [one.value for one in shown.caption]
    assert json.loads(shown.query_params["screen"]) == {"area": "c-3"}
    assert says("sheet.partly_chance") in text
    assert "homicides among them" in text
    charts = [one for one in shown.get("html") if 'class="csa-chart"' in one.proto.body]
    assert (len(charts), shown.get("plotly_chart")) == (2, [])


@pytest.mark.parametrize("area", ["C", "ZZ", "c-99"])
def test_an_area_that_is_not_there_is_not_chosen(app, area):
    shown = app(screen={"area": area})
    assert not shown.exception
    assert "Kindlewood" in " ".join(button.label for button in shown.button)  # the list, no sheet
    assert "Areas are picked for high counts, and part of any high count is chance." not in words(
        shown
    )


@pytest.mark.parametrize("area", ["c-5", "A"])
def test_an_area_in_service_has_its_letter_in_the_list_on_its_sheet_and_in_the_file(
    app, served, monkeypatch, area
):
    """Its letter is not counted from the west: there Ivorstead would be A."""
    files, write = {}, cache.download
    monkeypatch.setattr(cache, "download", lambda of, name: files.setdefault(name, write(of, name)))
    since = says("standing.core", day="February 2020")
    rows = [one.label.replace("\\", "") for one in app().button if "area " in str(one.key)]
    (served,) = [row for row in rows if row.startswith("**Silverbeck (A)**")]
    assert f":small[{since}]" in served
    assert sum(":small[candidate]" in row for row in rows) == 7
    shown = app(screen={"area": area})
    assert not shown.exception
    assert says("standing.of_them", n=1, areas="Silverbeck (A)") in words(shown)
    assert shown.header[0].value.replace("\\", "") == "Silverbeck (A)"
    assert since in [one.value for one in shown.caption]
    rows = csv.DictReader(io.StringIO(files["areas.csv"]().decode()))
    letters = {row["place_name"]: row["served_as"] for row in rows}
    assert letters.pop("Silverbeck") == "A"
    assert (len(letters), {*letters.values()}) == (7, {""})
    sent = sent_to_map(shown)["feature_group"]
    assert (sent.count('"letter":"A"'), sent.count('"letter":""')) == (1, 7)
    assert '"selected":"c-5"' in sent


def answer_cards(page):
    """What each answer card of Briefing says, without its marks."""
    bodies = [element.proto.body for element in page.get("html")]
    cards = [body for body in bodies if "csa-key" in body]
    return [" ".join(unescape(re.sub("<[^>]+>", " ", card)).split()) for card in cards]


def test_the_cards_say_what_the_answers_of_the_analysis_are(app, served, root, dataset, tmp_path):
    decide, city, areas = answer_cards(app(BRIEFING))
    opened = City(load_city(root / "config" / "sample.toml"), open_dataset(dataset))
    records = read_records(open_store(str(tmp_path / "store.sqlite3")))
    choices = first_choices(opened)
    year = city_year(opened, choices)
    assert city.startswith(f"Citywide {year.n_now} shootings from January through July 2020")
    assert f"Up from {year.n_before} a year earlier: " in city
    assert f"{year.change.low} to {year.change.high}" in city
    statement = state_change(Analysis(opened, choices, records).change().displaced)
    assert areas.startswith(f"Our core service area {statement.value} shootings since March 2020")
    assert name_verdict(statement.verdict) in areas
    assert f"no-change range: {statement.low} to {statement.high}" in areas
    assert "Silverbeck (A)" in areas
    waiting = says("briefing.n_undone", n=1), says("briefing.trust_open", n=9)
    assert decide == " ".join([says("briefing.needs_decision"), *waiting])


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


def test_without_an_area_in_service_the_card_is_of_the_candidates(app):
    _, _, areas = answer_cards(app(BRIEFING))
    assert areas.startswith(says("briefing.candidate_areas"))
    assert "One is in the highest tier: Silverbeck." in areas


def test_the_briefing_says_which_area_is_in_service_with_its_letter(app, served):
    sentences, listed = briefing_of(app(BRIEFING))
    assert says("standing.of_them", n=1, areas="Silverbeck (A)") in sentences
    assert "One is in the highest tier: Silverbeck (A)." in sentences
    assert "<span>Silverbeck (A)</span>" in listed
    assert listed.count("(A)") == 1
    assert "<span>Ivorstead</span>" in listed


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
    shown = app(HOME, screen=link)
    assert not shown.exception
    (warning,) = shown.warning
    assert "](" not in warning.value  # a link's text is no link
    assert "candidate areas, on " in words(shown)


def test_a_period_without_areas_says_what_to_do(app):
    shown = app(screen={"eps_m": 50.0, "min_samples": 40, "months": 6})
    assert not shown.exception
    assert (
        ", but nowhere are 40 of them within 50 m of each other. Choose a longer period, or a larger radius under 'More choices'."
        in words(shown)
    )
    assert not shown.dataframe


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
    data = app(DATA, CSA_BASEMAP=tmp_path)
    assert not data.exception
    assert not data.error


def test_a_link_to_finer_cells_than_the_citys_is_told_of_and_the_menu_lacks_them(app):
    home = app(HOME, screen={"resolution": 11})
    assert not home.exception
    assert len(home.warning) == 1
    shown = open_page(home, FIND).run()
    assert shown.selectbox(key="resolution").value == 10
    assert len(shown.selectbox(key="resolution").options) == 3


@pytest.mark.long
def test_going_back_shows_the_earlier_screen(app):
    page = app(screen={"months": 24})
    before = words(page)
    page.selectbox(key="months").select(12).run()
    assert words(page) != before
    page.query_params["screen"] = '{"months":24}'  # as a browser does on Back
    page.run()
    assert page.selectbox(key="months").value == 24
    assert words(page) == before


@pytest.mark.long
def test_where_the_nonfatal_alone_are_counted_no_page_tells_of_homicides(app):
    shown = app(screen={"kinds": ["nonfatal"], "area": "c-3"})
    assert not shown.exception
    text = words(shown)
    assert "nonfatal incidents in 36 months" in text
    assert "homicides among them" not in text
    assert "omicides alone" not in text
    assert "omicides" not in " ".join(button.label for button in shown.button)


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
    shown = app("screens/community/page.py", **made)
    assert [title.value for title in shown.title] == ["Community"]
    assert "no full month yet" in words(shown)


@pytest.mark.long
def test_data_and_method_say_what_the_dataset_says(app, dataset):
    report = json.loads((dataset / "ingest.json").read_text(encoding="utf-8"))
    data = words(app(DATA))
    assert (
        f"{report['rows_read']:,} rows read, {report['rows_used']:,} used. Each other row was left out for one reason, the first that applied."
        in data
    )
    assert "St. Aurelia Hospital" in data
    method = words(app(METHOD))
    assert report["fingerprint"][:12] in method
    assert "Candidate core service areas" in method


def test_a_real_city_sees_what_its_first_hour_still_lacks(app, town, monkeypatch):
    rows = [f"{n},1,2020-0{n % 8 + 1}-0{n % 9 + 1},{n % 2},,,-94.57,39.02" for n in range(1, 60)]
    intake = ingest_city(load_city(town.config), Inputs((town.write("b.csv", *rows),), town.places))
    save_dataset(intake.dataset, intake.rejected, town.folder / "real")
    real = {"CSA_CITY": town.config, "CSA_DATASET": town.folder / "real"}
    (box,) = [one for one in app(BRIEFING, **real).expander if "first hour" in one.label]
    assert "of 9 steps done" in box.label
    said = " ".join(one.value for one in box.markdown)
    assert "radio_button_unchecked: The first core service area is designated" in said
    assert "check_circle: Shootings are loaded" in said
    assert re.search("radio_button_unchecked: The maps show streets.*csa basemap draws them", said)
    assert not [one for one in app(BRIEFING).expander if "first hour" in one.label]  # made up


# ---- Briefing and Track record --------------------------------------------------------------


def briefing_of(page):
    """What Briefing says in its sentences, and what its list says."""
    bodies = [element.proto.body for element in page.get("html")]
    return (
        next(body for body in bodies if "csa-briefing" in body),
        next(body for body in bodies if "csa-tiers" in body),
    )


def test_the_briefing_is_home_and_says_what_stands_out_what_changed_and_what_cannot_be_said(app):
    shown = app(BRIEFING)
    assert shown.title[0].value == "Briefing: August 2020"
    sentences, listed = briefing_of(shown)
    assert re.search(
        r"\d+ candidate areas, on \d% of the city[^ ]*s land, from 1,967 mapped shootings",
        sentences,
    )
    assert "One is in the highest tier: Silverbeck." in sentences
    _, city, _ = answer_cards(shown)
    assert re.match(
        r"Citywide \d+ shootings from January through July 2020 Up from \d+ a year earlier: ", city
    )
    assert "Every change we report comes with its range." in sentences
    assert "Tier 1" in listed
    assert "Check first" not in listed
    text = words(shown)
    assert (
        f"Tiers are based on {says('order.expected')}. The data can't separate areas in the same tier, so they are not ranked. These are candidates to review and walk, not decisions."
        in text
    )
    assert "The data for August 2020 are not complete, so its number is provisional." in text
    assert "42 more could not be mapped" in text
    assert "This method has not been tested on past years yet. See Track record." in text


def test_the_briefing_lists_each_area_once_by_name_within_its_tier(app):
    _, listed = briefing_of(app(BRIEFING, screen={"resolution": 9, "max_area_km2": 0.0}))
    tiers = listed.split("<h2>")[1:]
    names = [re.findall(r"<li><span>(.*?)</span>", tier) for tier in tiers]
    assert all(tier == sorted(tier) for tier in names)
    every = [name for tier in names for name in tier]
    assert len(every) == len(set(every)) == 9
    look_first = listed[listed.index("Check first") :]
    assert "<span>Kestrelby</span>" in look_first  # by DBSCAN alone: the hospital's point
    assert look_first.count("<li>") == 1
    assert not re.search(r"(?i)worst|hot spot|dangerous|score|significant|#1", listed)


@pytest.mark.long
def test_the_briefing_follows_the_choices_of_the_screen(app):
    shown = app(BRIEFING, screen={"until": "2020-01", "kinds": ["homicide"]})
    assert shown.title[0].value == "Briefing: December 2019"
    city = next(card for card in answer_cards(shown) if card.startswith("Citywide"))
    assert re.match(r"Citywide \d+ homicides from January through December 2019", city)


ONE_AREA = {"eps_m": 200.0, "min_samples": 40, "resolution": 9, "max_area_km2": 0.0}


def test_a_briefing_of_one_area_and_of_none(app):
    one, _ = briefing_of(app(BRIEFING, screen=ONE_AREA))
    none, listed = briefing_of(app(BRIEFING, screen={"eps_m": 50.0, "min_samples": 60}))
    assert "One candidate area, on" in one
    assert "One is in the highest tier: Osierbank." in one
    assert "but nowhere are 60 of them within 50 m of each other. Choose a longer period" in none
    assert "stand out" not in none
    assert "No candidate areas to list" in listed


@pytest.fixture(scope="module")
def sample(root, dataset):
    return City(load_city(root / "config" / "sample.toml"), open_dataset(dataset))


@pytest.fixture(scope="module")
def own(sample):
    """The proposal that pages show first."""
    return propose_areas(sample, first_choices(sample))


@pytest.fixture(scope="module")
def larger(sample):
    return propose_areas(sample, replace(first_choices(sample), resolution=9))  # in less time


@pytest.fixture(scope="module")
def judged(sample, larger):
    return assess_areas(sample, larger)


@pytest.mark.parametrize(
    ("n_doubtful", "has", "lacks"),
    [
        (
            8,
            "For each of them, at least a third of the count is at a placeholder location:",
            "told apart from the city",
        ),
        (1, "None of them clearly stands out from the rest of the city;", "Each of them"),
        (0, "None of them clearly stands out from the rest of the city.", "placeholder location"),
    ],
)
def test_areas_without_a_tier_and_doubtful_ones_are_said_apart(
    judged, larger, n_doubtful, has, lacks
):
    table = judged.table.assign(
        tier=pd.array([pd.NA] * len(judged.table), dtype="Int64"),
        is_doubtful=[place < n_doubtful for place in range(len(judged.table))],
    )
    standing = match_statuses(larger.areas, ())
    text = briefing.name_highest(replace(judged, table=table), standing)
    assert has in text
    assert lacks not in text


def test_where_a_file_may_be_missing_the_briefing_compares_no_year(app, monkeypatch):
    why = msg("briefing.silent", n=1)
    monkeypatch.setattr(cards, "city_year", lambda *_: why)
    city = next(card for card in answer_cards(app(BRIEFING)) if card.startswith("Citywide"))
    assert city == f"Citywide {render(why)}"


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


@pytest.mark.long
def test_where_a_year_is_too_short_the_briefing_has_no_tiers_and_says_until_when(app):
    shown = app(BRIEFING, screen={"months": 12})
    sentences, listed = briefing_of(shown)
    assert "We don&#x27;t know what share of next year&#x27;s they would catch:" in sentences
    assert 'class="csa-tiers"><div class="csa-faint">Too few months to tell where:' in listed
    assert "Candidates, by name" in listed
    assert "Tier" not in listed
    assert "The areas are not ranked" in words(shown)


@pytest.mark.long
def test_without_a_record_track_record_says_one_sentence_with_the_command(app, dataset):
    shown = app(RECORD)
    (info,) = shown.info
    assert f"csa backtest --city sample --dataset {dataset}" in info.value
    assert not shown.get("plotly_chart")
    assert not shown.header
    other = app(RECORD, screen={"months": 24})
    assert "--months 24" in other.info[0].value


@pytest.fixture(scope="module")
def judged_dataset(root, dataset, tmp_path_factory):
    """The same dataset with records of its past years beside it, for 24 and for 60 months."""
    config = load_city(root / "config" / "sample.toml")
    folder = tmp_path_factory.mktemp("record") / "dataset"
    shutil.copytree(dataset, folder, symlinks=True)
    held = open_dataset(folder)
    first = first_choices(City(config, held))
    for months in (36, 120):
        choices = replace(first, months=months)
        save_record(make_record(City(config, held), choices), City(config, held, folder), choices)
    return folder


@pytest.mark.long
def test_a_record_is_told_in_an_answer_a_picture_and_tables(app, judged_dataset):
    shown = app(RECORD, CSA_CITY=judged_dataset)
    assert not shown.exception
    assert not shown.info
    text = words(shown)
    assert "Mean of 2 past years, areas chosen each January" in text
    assert "With hindsight, the best possible was" in text
    assert "Best possible, known only afterward" in text
    assert says("how_well.after_title") in text
    assert "the density at which areas cover about" in text
    assert len(shown.get("plotly_chart")) == 1
    assert "kde" not in text
    briefing = words(app(BRIEFING, CSA_CITY=judged_dataset))
    assert "Over 2 past years, areas chosen each January" in briefing


@pytest.mark.long
def test_a_record_without_a_year_says_how_many_months_are_missing(app, judged_dataset):
    """From January 2015, 120 months reach to January 2025; its year ends 65 months later."""
    shown = app(RECORD, screen={"months": 120}, CSA_CITY=judged_dataset)
    (info,) = shown.info
    assert (
        "No past year can be tested yet: that takes 120 months before a January and 12 after it, and 65 months are missing."
        in info.value
    )
    assert not shown.get("plotly_chart")
