"""Compare and choose, run by Streamlit itself: what it says, what enters, what is kept."""

import html
import json
import re

import pytest
from tests.app.conftest import words
from tests.sentences import says

from csa.areas.analysis import propose_areas
from csa.areas.ordering import COMPONENTS
from csa.areas.priority.assessment import assess_areas
from csa.city.dataset import open_dataset
from csa.city.loading import load_city
from csa_app.shared.city_session import CitySession
from csa_app.shared.screen_state import first_choices

TAKE = says("choose.take_first")
PLAIN = {"resolution": 9, "max_area_km2": 0.0}
"""By DBSCAN alone the point that may stand for unknown places makes an area of its own."""


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


def selected(page):
    (component,) = page.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    return json.loads(group[group.index('"selected":') + 11 :].split(',"whole"')[0])


@pytest.mark.parametrize(
    ("screen", "last"), [(None, ("6", "Ivorstead")), (PLAIN, ("look first", "Kestrelby"))]
)
def test_the_table_is_ordered_by_tier_and_within_it_by_name(page, screen, last):
    rows = rows_of(page(screen))
    order = [(row["Tier"], row["Area"]) for row in rows]
    assert order == sorted(order)
    assert order[-1] == last
    assert {row["Stands"] for row in rows} == {"candidate"}


def test_a_link_of_several_or_of_a_component_not_offered_alone_opens_the_sliders(page):
    """Links from before there was one criterion gave four components a weight each."""
    four = {"expected": 1, "density": 1, "homicides": 1, "lasting": 1, "recent": 0, "people": 0}
    for weights in (four, dict.fromkeys(COMPONENTS, 0) | {"lasting": 2}):
        shown = page(weigh={"capacity": 5, "weights": weights})
        assert shown.selectbox(key="criterion").value == "several"
        sliders = {one.key.removeprefix("weight "): one.value for one in shown.slider}
        assert sliders == {name: weight for name, weight in weights.items() if name != "risk"}


def test_a_broken_link_is_told_of_and_the_city_s_own_weights_shown(page):
    shown = page(weigh="{")
    assert not shown.exception
    assert len(shown.warning) == 1
    assert shown.number_input(key="capacity").value == 5


def test_a_doubtful_area_is_never_among_the_first_and_says_why(page):
    shown = page(PLAIN, weigh={"capacity": 30, "weights": {}})
    assert selected(shown) == [f"c-{n}" for n in range(1, 9)]  # but not c-9, Kestrelby
    assert "23 of its 24 incidents are at a possible placeholder location." in words(shown)
    assert "placeholder location" in words(shown)


@pytest.mark.parametrize("weights", ["[]", "null", '"ab"', "5"])
def test_a_link_whose_weights_are_none_is_a_sentence_and_no_trace(page, weights):
    shown = page(weigh=f'{{"capacity":5,"weights":{weights}}}')
    assert not shown.exception
    assert len(shown.warning) == 1


def button(page, label):
    return next(b for b in page.button if b.label == label)


def write(page, areas=None):
    page.text_area[0].set_value("Both lie beside the new hub, and residents asked for it.")
    page.text_input[0].set_value("Executive Committee")
    if areas is not None:
        page.multiselect[0].set_value(areas)
    return button(page, "Save this choice").click().run()


def test_what_was_selected_stays_when_weights_change(page):
    shown = page(weigh={"capacity": 3, "weights": {}})
    taken = button(shown, TAKE).click().run().multiselect[0].value
    shown.selectbox(key="criterion").set_value("people").run()
    shown.number_input(key="capacity").set_value(1).run()
    assert not shown.exception
    assert selected(shown) != taken
    assert shown.multiselect[0].value == taken


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
