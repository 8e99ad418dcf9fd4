"""Each page run by Streamlit itself, without a browser: what it says and what was sent to the map."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from csa.config import load_city
from csa.ingest.dataset import save_dataset
from csa.ingest.sources import Inputs, add_layers, find_inputs
from csa.intake import build_dataset

PAGES = ("views/find_areas.py", "views/data.py", "views/method.py")


@pytest.fixture(scope="module")
def dataset(root, tmp_path_factory):
    """The sample, read once; its folder."""
    config = load_city(root / "config" / "sample.toml")
    folder = root / "data" / "sample"
    inputs = add_layers(find_inputs(config, folder, ()), config, folder)
    intake = build_dataset(config, inputs)
    out = tmp_path_factory.mktemp("pages") / "dataset"
    save_dataset(intake.dataset, intake.rejected, out)
    return out


@pytest.fixture
def app(root, dataset, monkeypatch):
    def start(page=PAGES[0], screen=None, **environment):
        monkeypatch.setenv("CSA_CITY", str(dataset))
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        made = AppTest.from_file(str(root / "app" / "main.py"), default_timeout=60)
        if screen is not None:
            made.query_params["screen"] = screen if isinstance(screen, str) else json.dumps(screen)
        made.run()
        return made if page == PAGES[0] else made.switch_page(page).run()

    return start


def words(page):
    """All that a page says, in order."""
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "subheader")
    said = [element.value for kind in kinds for element in getattr(page, kind)]
    said += [element.proto.body for element in page.get("html")]
    return " ".join(map(str, said))


def sent_to_map(page):
    """What was sent to the map: the component's arguments."""
    (component,) = page.get("component_instance")
    return json.loads(component.proto.json_args)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_runs_and_says_that_the_city_is_synthetic(app, page):
    shown = app(page)
    assert not shown.exception
    assert not shown.error
    assert "SAMPLE: synthetic city" in words(shown)
    assert "data through August 21, 2020" in words(shown)


def test_the_map_is_sent_counts_and_no_address_elsewhere(app):
    sent = sent_to_map(app())
    text = json.dumps(sent)
    assert not re.search(r"https?:|//[a-z]", text)
    assert all(link.startswith("../../app/static/") for link in sent["js_links"])
    assert all(link.startswith("../../app/static/") for link in sent["css_links"])
    assert '"counts":[[' in sent["feature_group"]
    assert sent["returned_objects"] == ["last_active_drawing", "last_object_clicked_count"]


def test_no_page_sends_the_place_of_an_incident(app, root):
    lines = (root / "data" / "sample" / "shootings.csv").read_text().splitlines()[1:]
    numbers = {line.split(",")[0] for line in lines}
    for page in PAGES:
        shown = app(page, screen={"area": "C"})
        text = words(shown)
        if page == PAGES[0]:
            text += json.dumps(sent_to_map(shown))
        assert not any(number in text for number in numbers)


def test_a_choice_changes_the_answer_and_the_link(app):
    page = app()
    before = words(page)
    page.selectbox(key="kinds").select("homicide").run()
    assert not page.exception
    assert words(page) != before
    assert "homicides" in words(page)
    assert json.loads(page.query_params["screen"]) == {"kinds": ["homicide"]}


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
    assert page.number_input(key="min_samples").value == 9
    page.toggle(key="by_hand").set_value(False).run()
    assert page.query_params.get("screen", "{}") == "{}"
    assert not page.number_input


def test_a_sheet_tells_counts_with_their_uncertainty(app):
    shown = app(screen={"area": "C"})
    text = words(shown)
    assert "The usual number here could be anywhere from" in text
    assert "homicides among them" in text
    assert len(shown.get("plotly_chart")) == 2


def test_an_area_that_is_not_there_is_not_chosen(app):
    shown = app(screen={"area": "ZZ"})
    assert not shown.exception
    assert "Choose an area" in words(shown)


@pytest.mark.parametrize("link", ["{", '{"months": "many"}', '{"eps_m": 1e308, "min_samples": 5}'])
def test_a_broken_link_gives_a_sentence_and_the_city_s_own_screen(app, link):
    shown = app(screen=link)
    assert not shown.exception
    assert len(shown.warning) == 1
    assert "candidate areas hold" in words(shown)


def test_a_period_without_areas_says_what_to_do(app):
    shown = app(screen={"eps_m": 50.0, "min_samples": 40, "months": 6})
    assert not shown.exception
    assert "no place where 40 of them lie within 50 m" in words(shown)
    assert not shown.dataframe


def test_an_unknown_city_is_a_sentence(app):
    shown = app(CSA_CITY="atlantis")
    assert not shown.exception
    (error,) = shown.error
    assert "There is no city 'atlantis'" in error.value
    assert "sample" in error.value


def test_a_damaged_dataset_is_a_sentence(app, dataset, tmp_path):
    (tmp_path / "ingest.json").write_text('{"kind": "dataset", "city": "sample"}')
    shown = app(CSA_CITY=tmp_path)
    assert not shown.exception
    assert len(shown.error) == 1


def test_a_damaged_background_costs_the_map_alone(app, dataset, tmp_path):
    (tmp_path / "basemap.json").write_text("{", encoding="utf-8")
    shown = app(screen={"area": "C"}, CSA_BASEMAP=tmp_path)
    assert not shown.exception
    (warning,) = shown.warning
    assert str(tmp_path) in warning.value
    assert "csa basemap" in warning.value
    assert len(shown.dataframe) == 1
    assert "The usual number here" in words(shown)
    data = app(PAGES[1], CSA_BASEMAP=tmp_path)
    assert not data.exception
    assert not data.error


def test_a_link_to_finer_cells_than_the_citys_is_told_of_and_the_menu_lacks_them(app):
    shown = app(screen={"resolution": 10})
    assert not shown.exception
    assert len(shown.warning) == 1
    assert shown.selectbox(key="resolution").value == 9
    assert len(shown.selectbox(key="resolution").options) == 2


def test_going_back_shows_the_earlier_screen(app):
    page = app(screen={"months": 24})
    before = words(page)
    page.selectbox(key="months").select(12).run()
    assert words(page) != before
    page.query_params["screen"] = '{"months":24}'  # as a browser does on Back
    page.run()
    assert page.selectbox(key="months").value == 24
    assert words(page) == before


def test_where_the_nonfatal_alone_are_counted_no_page_tells_of_homicides(app):
    shown = app(screen={"kinds": ["nonfatal"], "area": "C"})
    assert not shown.exception
    text = words(shown)
    assert "nonfatal incidents in 36 months" in text
    assert "homicides among them" not in text
    assert "omicides alone" not in text
    assert "Homicides" not in shown.dataframe[0].value.columns


def test_a_city_without_incidents_says_so(app, town, root):
    config = load_city(town.config)
    intake = build_dataset(
        config, Inputs((town.write("a.csv", "1,1,2020-05-01,9,,,,"),), town.places)
    )
    save_dataset(intake.dataset, intake.rejected, town.folder / "empty")
    for page in PAGES:
        shown = app(page, CSA_CITY=town.config, CSA_DATASET=town.folder / "empty")
        assert not shown.exception
        assert "There are no incidents in this dataset yet" in words(shown)


def test_data_and_method_say_what_the_dataset_says(app, dataset):
    report = json.loads((dataset / "ingest.json").read_text(encoding="utf-8"))
    data = words(app(PAGES[1]))
    assert f"{report['rows_read']:,} rows were read and {report['rows_used']:,} used" in data
    assert "St. Aurelia Hospital" in data
    method = words(app(PAGES[2]))
    assert report["fingerprint"][:12] in method
    assert "Candidate core service areas" in method
