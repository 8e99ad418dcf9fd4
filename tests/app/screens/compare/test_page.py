"""Compare and choose, run by Streamlit itself: what it says, what enters, what is kept."""

import html
import json
import math
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.app.conftest import words
from tests.sentences import says
from tests.stores import act

from csa.areas.analysis import propose_areas
from csa.areas.backtest.by_risk import RiskOrderGain, describe_risk_order
from csa.areas.backtest.comparison import MethodComparison
from csa.areas.ordering import COMPONENTS, Weights
from csa.areas.priority.assessment import assess_areas, prioritize
from csa.base.text import render
from csa.city.dataset import open_dataset
from csa.city.loading import load_city
from csa.program.areas import designate
from csa.program.registry import match_statuses
from csa.program.store.engine import open_store
from csa.reports.briefing.areas import to_candidate
from csa_app.screens.compare import parts
from csa_app.screens.compare.parts import expected, tier_words
from csa_app.screens.compare.weighing import Weighing
from csa_app.shared import cache
from csa_app.shared.area_status import AreaView
from csa_app.shared.city_session import CitySession
from csa_app.shared.screen_state import first_choices

TAKE = says("choose.take_first")
PLAIN = {"resolution": 9, "max_area_km2": 0.0}
"""By DBSCAN alone the point that may stand for unknown places makes an area of its own."""

NAMES = (
    "Ivorstead", "Hadderley", "Kindlewood", "Ferrymans End", "Silverbeck", "Umberley", "Osierbank",
    "Brindlemoor",
)  # fmt: skip
"""The sample's areas from west to east: c-1 to c-8."""

BY_PEOPLE = dict.fromkeys(COMPONENTS, 0) | {"people": 1}


@pytest.fixture(autouse=True)
def where(monkeypatch, tmp_path):
    """Where the store is, once there is one."""
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    return str(tmp_path / "store.sqlite3")


@pytest.fixture
def page(visit, tmp_path):
    return lambda screen=None, weigh=None: visit(
        "compare", {"screen": screen, "weigh": weigh}, CSA_CHOICES=tmp_path / "choices"
    )


@pytest.fixture(scope="module")
def opened(root, dataset):
    config = load_city(root / "config" / "sample.toml")
    return CitySession(config, open_dataset(dataset), dataset, incidents_key="k")


@pytest.fixture(scope="module")
def proposal(opened):
    return propose_areas(opened, first_choices(opened))


@pytest.fixture(scope="module")
def judgement(opened, proposal):
    return assess_areas(opened, proposal)


@pytest.fixture(scope="module")
def standing(proposal):
    """None of the areas is in service."""
    return match_statuses(proposal.areas, ())


def view_of(opened, standing):
    """What the page shows of the areas, where none is in service but by how it stands."""
    view = AreaView(opened, first_choices(opened))
    vars(view).update(statuses=standing, core=())
    return view


@pytest.fixture
def said(monkeypatch):
    """What the parts of the page say, in order."""
    told = []
    monkeypatch.setattr(parts.key_figure, "show", lambda *cards: told.append("\n".join(cards)))
    monkeypatch.setattr(parts.st, "caption", told.append)
    return told


def with_columns(judgement, n_doubtful, **columns):
    """The same areas without a tier, the first of them doubtful."""
    table = judgement.table.assign(
        tier=pd.array([pd.NA] * len(judgement.table), dtype="Int64"),
        is_doubtful=[place < n_doubtful for place in range(len(judgement.table))],
        **columns,
    )
    return replace(judgement, table=table)


def with_people(judgement, people):
    """Give the areas these people; what was drawn of them does not matter to what is said."""
    table = judgement.components.table.assign(people=people)
    return replace(judgement, components=replace(judgement.components, table=table))


def rows_of(page):
    """Read the table: the cells of each area by their titles, its name apart from how it stands."""
    table = next(e.proto.body for e in page.get("html") if "csa-table" in e.proto.body)
    titles = re.findall(r"<th(?: [^>]*)?><button>(.*?)</button></th>", table)
    found = []
    for row in table.split("<tr>")[2:]:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        name, _, state = cells[0].partition(" <small>")
        plain = [html.unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in cells[1:]]
        named = {"Area": html.unescape(name), "Stands": state.removesuffix("</small>")}
        found.append(named | dict(zip(titles[1:], plain, strict=True)))
    return found


def how_sure(page):
    return page.toggle(key="how sure").set_value(True).run()


def bar_of(page):
    (bar,) = [e.proto.body for e in page.get("html") if "record-the-choice" in e.proto.body]
    return html.unescape(re.sub("<[^>]*>", "", bar))


def tiers_of(page):
    return {row["Area"]: row["Tier"] for row in rows_of(page)}


def own_tiers(page):
    """The tiers of the sample's areas from west to east."""
    tiers = tiers_of(page)
    assert len(tiers) == len(NAMES)
    return "".join(tiers[name] for name in NAMES)


def selected(page):
    (component,) = page.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    return json.loads(group[group.index('"selected":') + 11 :].split(',"whole"')[0])


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (18.6, 12.0, 25.0, "19 (12 to 25)"),
        (1.2, 0.0, 3.0, "1 (0 to 3)"),
        (1000.0, 999.0, 1001.0, "1,000 (999 to 1,001)"),
        (math.nan, math.nan, math.nan, "unknown"),
    ],
)
def test_what_to_expect_stands_before_its_range_or_is_unknown(mean, low, high, text):
    assert expected(mean, low, high) == text


def test_a_tier_a_missing_one_and_a_doubtful_one_are_told_apart():
    assert tier_words(2, is_doubtful=False) == "Tier 2"
    assert tier_words(None, is_doubtful=False) == "no tier"
    assert tier_words(1, is_doubtful=True) == "look first"


# ---- The page ------------------------------------------------------------------------------


def test_the_answer_names_the_highest_tier_and_ranks_nobody_within_it(page):
    shown = page()
    text = words(shown)
    assert not shown.exception
    assert "<b>8</b> of 8 candidates stand out" in text
    assert "In the highest tier" in text
    assert "People decide which comes first." in text
    assert "SAMPLE: synthetic city" in text


def test_six_columns_decide_and_a_toggle_shows_how_sure_they_are(page):
    shown = page()
    decides, sure = rows_of(shown)[0], rows_of(how_sure(shown))[0]
    assert [*decides] == ["Area", "Stands", "Tier", "Next 12 months", "Homicides",
                          "Missing services", "First"]  # fmt: skip
    assert not ({*decides} - {"Area", "Stands"}) & {*sure}
    assert len(sure) == 2 + 8


@pytest.mark.long
def test_the_bar_counts_the_places_taken_and_those_left(page, where, proposal):
    assert bar_of(page()) == "0 chosen here, room for 5 more: record the choice"
    store = open_store(where, make=True)
    designate(store, act(on=date(2020, 2, 3)), to_candidate(proposal, "c-5"))
    store.engine.dispose()
    shown = page()
    assert bar_of(shown) == "1 in service, 0 chosen here, room for 4 more: record the choice"
    shown.multiselect[0].set_value(["c-5", "c-2", "c-3"]).run()  # of which one has a place already
    assert bar_of(shown) == "1 in service, 2 chosen here, room for 2 more: record the choice"
    shown.number_input(key="capacity").set_value(3).run()
    assert bar_of(shown) == "1 in service, 2 chosen here, no room for more: record the choice"


@pytest.mark.parametrize(
    ("screen", "last"), [(None, ("6", "Ivorstead")), (PLAIN, ("look first", "Kestrelby"))]
)
def test_the_table_is_ordered_by_tier_and_within_it_by_name(page, screen, last):
    rows = rows_of(page(screen))
    order = [(row["Tier"], row["Area"]) for row in rows]
    assert order == sorted(order)
    assert order[-1] == last
    assert {row["Stands"] for row in rows} == {"candidate"}


def test_an_area_in_service_is_said_with_its_letter_wherever_it_is_named(page, where, proposal):
    store = open_store(where, make=True)
    designate(store, act(on=date(2020, 2, 3)), to_candidate(proposal, "c-5"))
    store.engine.dispose()
    shown = page(weigh={"capacity": 5, "weights": {}})
    text = words(shown)
    assert not shown.exception
    assert says("compare.first_tier", n=1, places="Silverbeck (A)") in text
    assert "<b>4</b> of 5 openings are left" in text
    assert "One of 5 openings is filled: Silverbeck (A)." in text
    assert (
        "**Silverbeck (A)**, core service area since February 2020. Silverbeck (A) had 152" in text
    )
    assert "**Ivorstead**, candidate. Ivorstead had 38" in text
    rows = {row["Area"]: row["Stands"] for row in rows_of(shown)}
    assert rows.pop("Silverbeck (A)") == "core service area"
    assert rows == dict.fromkeys({*NAMES} - {"Silverbeck"}, "candidate")
    served, state = "Silverbeck (A)", "core service area"
    assert shown.multiselect[0].options == [
        f"{name}, candidate" if name != "Silverbeck" else f"{served}, {state}"
        for name in sorted(NAMES)
    ]
    (component,) = shown.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    assert group.count('"letter":"A"') == 1
    assert group.count('"letter":""') == 7


def test_as_many_enter_as_there_is_room_for_and_the_map_shows_them(page):
    for capacity in (2, 5):
        shown = page(weigh={"capacity": capacity, "weights": {}})
        assert len(selected(shown)) == capacity


def test_another_criterion_changes_tiers_and_the_first_together(page, judgement):
    shown = page()
    assert shown.selectbox(key="criterion").value == "expected"
    assert not shown.slider
    assert "Tiers change with the order" not in words(shown)
    called = dict(zip(judgement.table["area_id"], NAMES, strict=True))
    for criterion, said in (
        ("homicides", "Osierbank from tier 3 to 1"),
        ("people", "Umberley from tier 5 to "),
        ("density", "Tie for the last 5 openings, which the data can't break: "),
    ):
        shown.selectbox(key="criterion").set_value(criterion).run()
        assert not shown.exception
        wanted = prioritize(judgement, Weights({criterion: 1}), 5)
        tiers = {called[area]: str(tier) for area, tier in wanted["tier"].items()}
        assert tiers_of(shown) == tiers
        first = wanted.index[wanted["is_first"]].tolist()
        in_tier = wanted.groupby("tier")["is_first"].transform("mean")  # a tier cut in two is a tie
        even = set(wanted.index[(in_tier > 0) & (in_tier < 1)])
        marks = {called[area]: "tie" if area in even else "yes" for area in {*first, *even}}
        assert {row["Area"]: row["First"] for row in rows_of(shown) if row["First"]} == marks
        assert selected(shown) == sorted({*first, *even})
        assert said in words(shown)
        assert "Brindlemoor from tier 4 to " in words(shown)
    assert says("compare.changed", enter="Brindlemoor, Umberley", leave="none") in words(shown)
    assert (
        words(shown).count(
            "tiers are based on incidents expected for the land, which can't separate areas in the same tier."
        )
        == 8
    )
    button(shown, says("compare.own_weights")).click().run()
    assert shown.selectbox(key="criterion").value == "expected"
    assert "Tiers change with the order" not in words(shown)
    assert own_tiers(shown) == "62331534"


def test_a_link_keeps_the_criterion(page):
    shown = page()
    assert "weigh" not in shown.query_params
    shown.selectbox(key="criterion").set_value("people").run()
    link = shown.query_params["weigh"]
    assert json.loads(link) == {"capacity": 5, "weights": BY_PEOPLE}
    other = page(weigh=link)
    assert other.selectbox(key="criterion").value == "people"
    assert (tiers_of(other), selected(other)) == (tiers_of(shown), selected(shown))


def test_a_link_of_several_or_of_a_component_not_offered_alone_opens_the_sliders(page):
    """Links from before there was one criterion gave four components a weight each."""
    four = {"expected": 1, "density": 1, "homicides": 1, "lasting": 1, "recent": 0, "people": 0}
    for weights in (four, dict.fromkeys(COMPONENTS, 0) | {"lasting": 2}):
        shown = page(weigh={"capacity": 5, "weights": weights})
        assert shown.selectbox(key="criterion").value == "several"
        sliders = {one.key.removeprefix("weight "): one.value for one in shown.slider}
        assert sliders == {name: weight for name, weight in weights.items() if name != "risk"}


def test_a_link_that_orders_by_risk_where_nobody_has_looked_is_told_so(page):
    for weights in ({"risk": 1.0, "expected": 0.0}, {"risk": 0.5}):
        shown = page(weigh={"capacity": 5, "weights": weights})
        assert not shown.exception
        assert shown.warning[0].value == says("priorities.no_risk")
        assert shown.selectbox(key="criterion").value == "expected"
        assert says("compare.weight_risk") not in shown.selectbox(key="criterion").options


def test_an_order_by_risk_says_that_it_is_no_cause_and_what_it_would_have_gained(
    judgement, opened, standing, said, monkeypatch
):
    table = judgement.components.table.assign(risk=[1.0 + n for n in range(8)])
    known = replace(judgement, components=replace(judgement.components, table=table))
    by_risk = Weighing(1, Weights({"risk": 1.0}))
    monkeypatch.setattr(cache, "risk_order", lambda _: None)
    _, places = parts.what_enters(known, by_risk, view_of(opened, standing))
    assert places.sure == {table.index[-1]}
    assert said[-1] == f"{says('why_line.no_cause')} {says('compare.risk_unscored')}"
    for n_years, key in ((1, "backtest.risk_one_year"), (2, "backtest.risk_no_gain")):
        found = MethodComparison("risk", "expected", 0.2, 0.19, 0.01, -0.01, 0.03, n_years)
        gain = RiskOrderGain(("2018-01", "2019-01")[-n_years:], 1, 12, found)
        monkeypatch.setattr(cache, "risk_order", lambda _, gain=gain: gain)
        parts.what_enters(known, by_risk, view_of(opened, standing))
        assert render(describe_risk_order(gain)) in said[-1]
        assert describe_risk_order(gain).key == key


def test_a_moved_weight_is_in_the_link_and_the_button_takes_it_back(page):
    shown = page()
    shown.selectbox(key="criterion").set_value("several").run()
    assert "weigh" not in shown.query_params  # so far it is the city's order
    shown.slider(key="weight density").set_value(3.0).run()
    assert json.loads(shown.query_params["weigh"])["weights"]["density"] == 3.0
    shown.slider(key="weight expected").set_value(0.0).run()
    assert "Compared with the city's order: in" in words(shown)
    button(shown, says("compare.own_weights")).click().run()
    assert shown.selectbox(key="criterion").value == "expected"
    assert "weigh" not in shown.query_params


def test_all_weights_at_zero_say_so_and_count_as_the_city_s(page):
    shown = page()
    shown.selectbox(key="criterion").set_value("several").run()
    shown.slider(key="weight expected").set_value(0.0).run()
    assert not shown.exception
    assert "All weights are zero, so the city's order is used." in words(shown)
    assert own_tiers(shown) == "62331534"


def test_a_broken_link_is_told_of_and_the_city_s_own_weights_shown(page):
    shown = page(weigh="{")
    assert not shown.exception
    assert len(shown.warning) == 1
    assert shown.number_input(key="capacity").value == 5


def test_each_area_has_two_sentences_that_say_why(page):
    text = words(page())
    assert text.count("incidents; likely true level") == 8
    assert (
        text.count(
            "tiers are based on likely true levels in these months, which can't separate areas in the same tier."
        )
        == 8
    )


def test_a_doubtful_area_is_never_among_the_first_and_says_why(page):
    shown = page(PLAIN, weigh={"capacity": 30, "weights": {}})
    assert selected(shown) == [f"c-{n}" for n in range(1, 9)]  # but not c-9, Kestrelby
    assert "23 of its 24 incidents are at a possible placeholder location." in words(shown)
    assert "placeholder location" in words(shown)


@pytest.mark.long
def test_too_few_months_are_said_where_the_answer_would_be(page):
    shown = page(screen={"months": 12, "until": "2015-09"})
    assert not shown.exception
    assert "Too few months to tell where." in words(shown)
    assert (
        "Tiers and homicides cover 8 months. Forecasts give recent months more weight, so the two can differ."
        in words(shown)
    )  # the data begin in January 2015


def test_no_area_says_where_to_look(page):
    shown = page(screen={"eps_m": 50.0, "min_samples": 400})
    assert not shown.exception
    assert "No candidate areas to compare." in words(shown)
    linked = [link.proto.page for link in shown.main.get("page_link")]
    assert "areas" in linked  # where other choices are made


def test_all_areas_doubtful_are_not_said_to_owe_their_counts_to_chance(
    judgement, opened, standing, said
):
    doubtful = with_columns(judgement, len(judgement.table))
    own = Weights({"expected": 1.0})
    parts.what_enters(doubtful, Weighing(5, own), view_of(opened, standing))
    first, second = said[0].split("\n")
    assert "chance" not in second
    assert "placeholder location" in second
    assert "check that first" in second
    assert "No area comes first" in first
    assert ": ." not in first


def test_one_doubtful_area_among_some_not_told_apart_is_said_apart(judgement, standing):
    some = html.unescape(parts.stands_out(with_columns(judgement, 1), standing))
    assert (
        "None of the other 7 candidates clearly stands out from the rest of the city; their counts may reflect chance. No area has a tier."
        in some
    )
    assert "In one area, at least a third of the count is at a placeholder location:" in some
    alone = parts.stands_out(with_columns(judgement, 0), standing)
    assert (
        "None of the 8 candidate areas clearly stands out from the rest of the city; their counts may reflect chance. No area has a tier."
        in alone
    )
    assert "placeholder location" not in alone


@pytest.mark.parametrize(
    ("n_unknown", "text"),
    [
        (0, None),
        (1, says("compare.people_unknown", areas="{c-2}")),
        (
            2,
            "We don't know how many people live there, so the average of the others is used: {c-2}, {c-3}.",
        ),
        (
            7,
            "We don't know how many people live in these areas, so this criterion changes nothing.",
        ),
    ],
)
def test_where_people_count_areas_whose_people_are_unknown_are_named(
    judgement, opened, standing, said, n_unknown, text
):
    """But not the westernmost: it stands in no order. The next is in service."""
    served = replace(standing["c-2"], letter="B", state="designated", since=date(2020, 1, 2))
    standing = {**standing, "c-2": served}
    known = [np.nan, *[np.nan] * n_unknown, *[3000.0 + n for n in range(7 - n_unknown)]]
    unordered = judgement.table.assign(tier=judgement.table["tier"].where(lambda t: t.index > 0))
    people = with_people(replace(judgement, table=unordered), known)
    view = view_of(opened, standing)
    parts.what_enters(people, Weighing(3, Weights({"expected": 1.0, "people": 0.0})), view)
    assert len(said) == 1
    parts.what_enters(people, Weighing(3, Weights({"expected": 1.0, "people": 0.5})), view)
    names = dict(zip(people.table["area_id"], people.table["place_name"], strict=True))
    names["c-2"] = parts.panels.plain("Hadderley (B)")
    notes = said[2:]
    assert len(notes) == (text is not None)
    if text is not None:
        assert text.format(**names) in notes[0]


def test_no_criterion_and_no_note_calls_every_incident_a_shooting(page):
    """Where nonfatal shootings are not told apart, reports of assaults are counted."""
    shown = page()
    shown.selectbox(key="criterion").set_value("several").run()
    labels = [*shown.selectbox(key="criterion").options, *(one.label for one in shown.slider)]
    note = next(c.value for c in shown.caption if "90% range" in c.value)
    why = [text.value for text in shown.markdown if "It is in tier" in text.value]
    assert (len(labels), len(why)) == (11, 8)
    assert not any("shooting" in text.lower() for text in [*labels, note, *why])


@pytest.mark.parametrize("weights", ["[]", "null", '"ab"', "5"])
def test_a_link_whose_weights_are_none_is_a_sentence_and_no_trace(page, weights):
    shown = page(weigh=f'{{"capacity":5,"weights":{weights}}}')
    assert not shown.exception
    assert len(shown.warning) == 1


def test_the_table_gives_what_to_expect_in_the_next_12_months_before_its_range(page):
    shown = page()
    said = [row["Next 12 months"] for row in rows_of(shown)]
    assert len(said) == 8
    assert all(re.fullmatch(r"[\d,]+ \([\d,]+ to [\d,]+\)", text) for text in said)
    how_sure(shown)
    counted = [int(row["Counted"]) for row in rows_of(shown)]
    means = [int(text.split()[0]) for text in said]
    assert all(mean < n for mean, n in zip(means, counted, strict=True))  # a year of three


def test_no_share_is_said_to_be_all_or_nothing_and_few_times_keep_a_decimal(page):
    rows = rows_of(how_sure(page(weigh={"capacity": 5, "weights": BY_PEOPLE})))
    cells = {text for row in rows for text in row.values()}
    assert not {"10 in 10", "0 in 10"} & cells
    assert {says("ways.over_nine_in_ten"), says("ways.under_one_in_ten")} <= cells
    assert len(rows) == 8
    assert all(re.fullmatch(r"\d\.\d|\d{2,}", row["Times the city"]) for row in rows)


# ---- Choosing ------------------------------------------------------------------------------


def button(page, label):
    return next(b for b in page.button if b.label == label)


def write(page, areas=None):
    page.text_area[0].set_value("Both lie beside the new hub, and residents asked for it.")
    page.text_input[0].set_value("Executive Committee")
    if areas is not None:
        page.multiselect[0].set_value(areas)
    return button(page, "Save this choice").click().run()


def test_the_page_chooses_no_area_and_a_button_takes_those_that_come_first(page):
    shown = page(weigh={"capacity": 3, "weights": {}})
    assert shown.multiselect[0].value == []
    button(shown, TAKE).click().run()
    assert shown.multiselect[0].value == ["c-2", "c-5"]  # three more tie for the third place
    assert {*selected(shown)} > {"c-2", "c-5"}


def test_what_was_selected_stays_when_weights_change(page):
    shown = page(weigh={"capacity": 3, "weights": {}})
    taken = button(shown, TAKE).click().run().multiselect[0].value
    shown.selectbox(key="criterion").set_value("people").run()
    shown.number_input(key="capacity").set_value(1).run()
    assert not shown.exception
    assert selected(shown) != taken
    assert shown.multiselect[0].value == taken


@pytest.mark.long
def test_areas_selected_are_not_taken_for_others_of_the_same_id(page):
    shown = button(page(), TAKE).click().run()
    assert shown.multiselect[0].value
    shown.query_params["screen"] = json.dumps({"resolution": 9})
    shown.run()
    assert not shown.exception
    assert shown.multiselect[0].value == []


def test_nothing_is_kept_until_the_reasons_are_said_to_tell_of_those_passed_over(page, tmp_path):
    shown = page()
    assert not shown.checkbox
    write(shown, ["c-1", "c-2"])
    higher = ", ".join(sorted(NAMES[2:]))
    assert says("choose.passed_over", n=6, areas=higher) in words(shown)
    assert "in a higher tier and were not chosen" in words(shown)
    assert "Nothing is saved yet:" in words(shown)
    assert not (tmp_path / "choices").exists()
    button(shown, "Save this choice").click().run()  # not ticked
    assert not (tmp_path / "choices").exists()
    shown.checkbox[0].check()
    button(shown, "Save this choice").click().run()
    assert not shown.exception
    assert "Saved as choice-" in words(shown)
    assert len(list((tmp_path / "choices").iterdir())) == 1
    assert not shown.checkbox


def test_a_tick_for_some_areas_does_not_answer_for_others(page, tmp_path):
    shown = page()
    write(shown, ["c-1", "c-2"])
    shown.checkbox[0].check()
    shown.multiselect[0].set_value(["c-1"])
    button(shown, "Save this choice").click().run()
    assert not (tmp_path / "choices").exists()
    assert not shown.checkbox[0].value


def test_where_no_area_is_passed_over_nothing_is_asked(page, tmp_path, judgement):
    highest = judgement.table.loc[judgement.table["tier"] == 1, "area_id"].tolist()
    shown = write(page(), highest)
    assert not shown.checkbox
    assert len(list((tmp_path / "choices").iterdir())) == 1


def test_a_damaged_choice_is_told_of_and_hides_no_other(page, tmp_path, judgement):
    highest = judgement.table.loc[judgement.table["tier"] == 1, "area_id"].tolist()
    write(page(), highest)
    odd = tmp_path / "choices" / "choice-20200101T000000Z.json"
    odd.write_text('{"kind":"choice","format_version":99}', encoding="utf-8")
    shown = page()
    assert not shown.exception
    assert any(odd.name in error.value.replace("\\", "") for error in shown.error)
    assert "beside the new hub" in words(shown)


def test_a_choice_without_reasons_is_refused_and_nothing_is_kept(page, tmp_path):
    shown = page()
    shown.text_input[0].set_value("Executive Committee")
    shown.multiselect[0].set_value(["c-1"])
    next(b for b in shown.button if b.label == "Save this choice").click().run()
    assert "The reasons are missing" in words(shown)
    assert not (tmp_path / "choices").exists()


def test_a_choice_is_kept_with_its_reasons_and_listed(page, tmp_path):
    shown = page()
    shown.text_area[0].set_value("Both lie beside the new hub, and residents asked for it.")
    shown.text_input[0].set_value("Executive Committee")
    shown.multiselect[0].set_value(["c-1", "c-2"])
    button(shown, "Save this choice").click().run()
    shown.checkbox[0].check()
    button(shown, "Save this choice").click().run()
    assert not shown.exception
    text = words(shown)
    assert "Saved as choice-" in text
    (file,) = (tmp_path / "choices").iterdir()
    kept = json.loads(file.read_text())
    assert [area["area_id"] for area in kept["areas"]] == ["c-1", "c-2"]
    assert kept["by_office"] == "Executive Committee"
    assert kept["areas"][0]["cells"]
    assert "Executive Committee: Ivorstead, Hadderley" in text


def test_a_choice_keeps_the_weights_that_it_was_made_with(page, tmp_path):
    shown = page(weigh={"capacity": 2, "weights": BY_PEOPLE})
    button(shown, TAKE).click().run()
    write(shown)
    shown.selectbox(key="criterion").set_value("density").run()  # a later trial changes nothing
    (file,) = (tmp_path / "choices").iterdir()
    kept = json.loads(file.read_text())
    assert (kept["capacity"], kept["weights"]) == (2, BY_PEOPLE)
    # Most people live in Hadderley and Silverbeck: by their tiers the choice was made.
    assert [(area["area_id"], area["tier"]) for area in kept["areas"]] == [("c-2", 2), ("c-5", 1)]
    names = [area["place_name"] for area in kept["areas"]]
    assert names == ["Hadderley", "Silverbeck"]
