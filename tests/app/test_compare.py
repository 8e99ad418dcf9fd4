"""Compare and choose, run by Streamlit itself: what it says, what enters, what is kept."""

import html
import json

import pytest
from streamlit.testing.v1 import AppTest

from app.side_by_side import between, in_ten, tier_words
from csa.config import load_city
from csa.ingest.dataset import save_dataset
from csa.ingest.sources import add_layers, find_inputs
from csa.intake import build_dataset


@pytest.fixture(scope="module")
def dataset(root, tmp_path_factory):
    config = load_city(root / "config" / "sample.toml")
    folder = root / "data" / "sample"
    inputs = add_layers(find_inputs(config, folder, ()), config, folder)
    intake = build_dataset(config, inputs)
    out = tmp_path_factory.mktemp("compare") / "dataset"
    save_dataset(intake.dataset, intake.rejected, out)
    return out


@pytest.fixture
def page(root, dataset, monkeypatch, tmp_path):
    def start(screen=None, weigh=None):
        monkeypatch.setenv("CSA_CITY", str(dataset))
        monkeypatch.setenv("CSA_CHOICES", str(tmp_path / "choices"))
        made = AppTest.from_file(str(root / "app" / "main.py"), default_timeout=120)
        made.switch_page("views/compare.py")
        for name, value in (("screen", screen), ("weigh", weigh)):
            if value is not None:
                made.query_params[name] = value if isinstance(value, str) else json.dumps(value)
        return made.run()

    return start


def words(page):
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "success", "subheader")
    said = [element.value for kind in kinds for element in getattr(page, kind)]
    said += [element.proto.body for element in page.get("html")]
    return html.unescape(" ".join(map(str, said)))


def selected(page):
    (component,) = page.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    return json.loads(group[group.index('"selected":') + 11 :].split(',"visible"')[0])


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(12.9, 25.1, "12 to 26"), (0.2, 3.0, "0 to 3"), (999, 1001, "999 to 1,001")],
)
def test_an_interval_is_never_written_narrower_than_it_is(low, high, said):
    assert between(low, high) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 in 10"), (0.84, "8 in 10"), (1.0, "10 in 10"), (float("nan"), "unknown")],
)
def test_a_share_is_so_many_in_ten(share, said):
    assert in_ten(share) == said


def test_a_tier_a_missing_one_and_a_doubtful_one_are_told_apart():
    assert tier_words(2, is_doubtful=False) == "Tier 2"
    assert tier_words(None, is_doubtful=False) == "no tier"
    assert tier_words(1, is_doubtful=True) == "look first"


# ---- The page ------------------------------------------------------------------------------


def test_the_answer_names_the_highest_tier_and_ranks_nobody_within_it(page):
    shown = page()
    text = words(shown)
    assert not shown.exception
    assert "Of 9 candidate areas, 8 stand out" in text
    assert "In the highest tier" in text
    assert "there is for people to decide" in text
    assert "SAMPLE: synthetic city" in text


def test_the_table_is_ordered_by_tier_and_within_it_by_name(page):
    table = next(e.proto.body for e in page().get("html") if "csa-table" in e.proto.body)
    rows = [row.split("</td>") for row in table.split("<tr>")[2:]]
    cells = [[cell.split(">")[-1] for cell in row] for row in rows]
    order = [(tier, place.split("  ", 1)[1]) for place, tier, *_ in cells]
    assert order == sorted(order)
    assert order[-1] == ("look first", "Kestrelby")


def test_as_many_enter_as_there_is_room_for_and_the_map_shows_them(page):
    for capacity in (2, 5):
        shown = page(weigh={"capacity": capacity, "weights": {}})
        assert len(selected(shown)) == capacity
        assert shown.multiselect[0].value == selected(shown)


def test_other_weights_say_who_enters_and_who_leaves(page):
    by_people = {"expected": 0, "density": 0, "homicides": 0, "lasting": 0, "people": 3}
    shown = page(weigh={"capacity": 3, "weights": by_people})
    assert not shown.exception
    assert "Other than with the city's own weights: in" in words(shown)
    own = page(weigh={"capacity": 3, "weights": {}})
    assert "Other than with the city's own weights" not in words(own)


def test_a_moved_weight_is_in_the_link_and_the_button_takes_it_back(page):
    shown = page()
    shown.slider(key="weight people").set_value(3.0).run()
    assert json.loads(shown.query_params["weigh"])["weights"]["people"] == 3.0
    next(b for b in shown.button if b.label == "Back to the city's weights").click().run()
    assert shown.slider(key="weight people").value == 0
    assert "weigh" not in shown.query_params


def test_all_weights_at_zero_say_so_and_count_as_the_city_s(page):
    shown = page()
    for name in ("expected", "density", "homicides", "lasting"):
        shown.slider(key=f"weight {name}").set_value(0.0)
    shown.run()
    assert not shown.exception
    assert "nothing counts" in words(shown)


def test_a_broken_link_is_told_of_and_the_city_s_own_weights_shown(page):
    shown = page(weigh="{")
    assert not shown.exception
    assert len(shown.warning) == 1
    assert shown.number_input(key="capacity").value == 5


def test_each_area_has_two_sentences_that_say_why(page):
    text = words(page())
    assert text.count("with chance allowed for") == 9
    assert "may stand for unknown places" in text


def test_a_doubtful_area_is_never_among_the_first(page):
    shown = page(weigh={"capacity": 30, "weights": {}})
    assert "F" not in selected(shown)
    assert len(selected(shown)) == 8


def test_too_few_months_are_said_where_the_answer_would_be(page):
    shown = page(screen={"months": 12, "until": "2015-09"})
    assert not shown.exception
    assert "Too few months to say where" in words(shown)


def test_no_area_says_where_to_look(page):
    shown = page(screen={"eps_m": 50.0, "min_samples": 400})
    assert not shown.exception
    assert "There is no candidate area to compare" in words(shown)


# ---- Choosing ------------------------------------------------------------------------------


def test_a_choice_without_reasons_is_refused_and_nothing_is_kept(page, tmp_path):
    shown = page()
    shown.text_input[0].set_value("Executive Committee")
    next(b for b in shown.button if b.label == "Keep this choice").click().run()
    assert "The reasons are missing" in words(shown)
    assert not (tmp_path / "choices").exists()


def test_a_choice_is_kept_with_its_reasons_and_listed(page, tmp_path):
    shown = page()
    shown.text_area[0].set_value("Both lie beside the new hub, and residents asked for it.")
    shown.text_input[0].set_value("Executive Committee")
    shown.multiselect[0].set_value(["A", "B"])
    next(b for b in shown.button if b.label == "Keep this choice").click().run()
    assert not shown.exception
    text = words(shown)
    assert "Kept as choice-" in text
    assert "in a higher tier and were not chosen" in text
    (file,) = (tmp_path / "choices").iterdir()
    kept = json.loads(file.read_text())
    assert [area["area_id"] for area in kept["areas"]] == ["A", "B"]
    assert kept["by_office"] == "Executive Committee"
    assert kept["areas"][0]["cells"]
    assert "Executive Committee" in text
