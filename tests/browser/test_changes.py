"""What is changed, gone back from, broken, or done by keys alone; in a real browser."""

import json
import os
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.workers import slowly

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def address_of(app, **screen):
    return f"{app}/areas?screen={quote(json.dumps(screen))}"


def screen_of(url):
    return json.loads(parse_qs(urlsplit(url).query).get("screen", ["{}"])[0])


TEXT_OF_MENU = "e => e.value || e.closest('[data-baseweb=select]').innerText.trim()"


def radius(reader):
    return reader.page.get_by_label("Radius (eps)", exact=True)


def choose(reader, label, option):
    reader.page.get_by_role("combobox", name=label).click()
    reader.page.get_by_role("option", name=option, exact=True).click()
    reader.settle()


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_radius_that_is_stepped_keeps_what_was_there_before(read, sample_app):
    """Six months' suggestion is no round number: it is stepped from, not rounded away."""
    reader = read(address_of(sample_app, months=6, eps_m=319.0, min_samples=5))
    reader.frame  # noqa: B018 - painted
    assert radius(reader).input_value() == "319"
    up = reader.page.get_by_test_id("stNumberInputStepUp").first
    for wanted in (329, 339):
        up.click()
        reader.settle()
        assert radius(reader).input_value() == str(wanted)
        assert screen_of(reader.page.url)["eps_m"] == wanted
    reader.page.get_by_test_id("stNumberInputStepDown").first.click()
    reader.settle()
    assert radius(reader).input_value() == "329"


@pytest.mark.slow
def test_back_is_the_earlier_screen_and_forward_the_later(read, sample_app):
    reader = read(address_of(sample_app, months=24))
    reader.frame  # noqa: B018 - painted
    reader.settle()
    said = {24: reader.page.locator(".csa-answer").inner_text()}
    for months in (12, 6):
        choose(reader, "How far back", f"{months} months")
        said[months] = reader.page.locator(".csa-answer").inner_text()
    assert len(set(said.values())) == 3
    steps = [(reader.page.go_back, 12), (reader.page.go_back, 24), (reader.page.go_forward, 12)]
    for step, months in steps:
        step()
        reader.settle()
        assert screen_of(reader.page.url)["months"] == months
        assert reader.page.locator(".csa-answer").inner_text() == said[months]
        shown = reader.page.get_by_role("combobox", name="How far back")
        assert shown.evaluate(TEXT_OF_MENU) == f"{months} months"


@pytest.mark.parametrize("pause_ms", [0, *slowly(150)])
@pytest.mark.slow
def test_changes_right_after_one_another_are_all_kept(read, sample_app, pause_ms):
    """The browser's address comes a little later than the change, and undoes none."""
    reader = read(address_of(sample_app, eps_m=200.0, min_samples=9))
    reader.frame  # noqa: B018 - painted
    reader.settle()
    up = reader.page.get_by_test_id("stNumberInputStepUp")
    for _ in range(6):
        up.first.click()
        reader.page.wait_for_timeout(pause_ms)
    up.last.click()
    reader.settle()
    reader.page.wait_for_timeout(700)
    reader.settle()
    assert radius(reader).input_value() == "260"
    assert screen_of(reader.page.url) == {"eps_m": 260.0, "min_samples": 10}


@pytest.mark.slow
def test_an_area_can_be_chosen_with_keys_alone(read, sample_app):
    reader = read(f"{sample_app}/areas")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    is_there = "document.activeElement.closest('[data-testid=stDataFrame]') !== null"
    for _ in range(80):
        reader.page.keyboard.press("Tab")
        if reader.page.evaluate(is_there):
            break
    assert reader.page.evaluate(is_there)
    seen = set()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown"):
        reader.page.keyboard.press(key)
        reader.settle()
        seen.add(screen_of(reader.page.url).get("area"))
    assert len(seen - {None}) >= 2
    area = screen_of(reader.page.url)["area"]
    reader.page.locator("h2").filter(has_text=re.compile(rf"^{area}\s")).first.wait_for()


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.slow
def test_near_and_in_the_dark_names_of_neighborhoods_can_be_read(read, sample_app):
    reader = read(address_of(sample_app, area="E"), scheme="dark")
    frame = reader.frame
    frame.evaluate("void window.map.setZoom(14, {animate: false})")
    frame.wait_for_selector(".csa-place", state="attached")  # it hangs from a point
    reader.settle()
    contrast = frame.evaluate(
        """() => {
          const light = (css) => {
            const [r, g, b] = css.match(/[\\d.]+/g).slice(0, 3).map((v) => {
              const c = Number(v) / 255;
              return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const name = light(getComputedStyle(document.querySelector('.csa-place')).color);
          const land = light(getComputedStyle(window.map.getContainer()).backgroundColor);
          return (Math.max(name, land) + 0.05) / (Math.min(name, land) + 0.05);
        }"""
    )
    assert contrast >= 4.5
    found = Axe().run(frame, options=RULES).response["violations"]
    assert [fault["id"] for fault in found] == []


@pytest.mark.slow
def test_the_note_on_the_map_goes_when_geometry_can_be_fetched_again(read, sample_app):
    place = "**/static/geometry/**/*.json"
    reader = read(
        f"{sample_app}/areas", before=lambda page: page.route(place, lambda route: route.abort())
    )
    reader.page.frame_locator("iframe").locator("#csa-map-note").wait_for()
    frame = next(f for f in reader.page.frames if "streamlit_folium" in f.url)
    reader.page.unroute(place)
    choose(reader, "How far back", "24 months")
    reader.painted(0)
    assert frame.locator("#csa-map-note").count() == 0


def test_a_made_up_city_is_marked_on_the_map_itself(read, sample_app):
    frame = read(f"{sample_app}/areas").frame
    shown = frame.locator(".leaflet-control-attribution").inner_text()
    assert "SAMPLE: synthetic city" in shown


# ---- Refused --------------------------------------------------------------------------------

BROKEN = """
import csa_app.screens.method.parts

def broken(*_):
    raise RuntimeError("secret words of an error")

csa_app.screens.method.parts.numbers = broken
"""


@pytest.fixture(scope="module")
def broken_app(tmp_path_factory, root, serve):
    """A damaged background; and Method fails in a way that nobody foresaw."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "basemap").mkdir()
    (folder / "basemap" / "basemap.json").write_text("{", encoding="utf-8")
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(BROKEN, encoding="utf-8")
    with serve(folder, PYTHONPATH=os.pathsep.join([str(folder / "site"), str(root)])) as address:
        yield address


def test_a_damaged_background_leaves_the_table_and_a_sentence(read, broken_app):
    reader = read(f"{broken_app}/areas")
    reader.page.locator(".st-key-area_list button").first.wait_for()
    reader.settle()
    text = reader.text()
    assert "candidate areas, on " in text
    assert "basemap.json" in text
    assert "csa basemap" in text
    reader.page.get_by_role("link", name="Data").click()
    reader.page.locator(".csa-line").wait_for()
    reader.page.get_by_text(
        "Each other row was left out for one reason, the first that applied."
    ).wait_for()


def test_what_nobody_foresaw_offers_no_link_to_another_host(read, broken_app):
    reader = read(f"{broken_app}/method")
    reader.page.get_by_test_id("stException").wait_for()
    links = reader.page.evaluate("[...document.querySelectorAll('a')].map((a) => a.href)")
    assert links
    assert {urlsplit(link).netloc for link in links} == {urlsplit(broken_app).netloc}
    assert "secret words" not in reader.page.content()
