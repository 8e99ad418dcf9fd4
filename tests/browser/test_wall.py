"""The wall and the public's page as files in a real browser: keys, sizes, no network, axe."""

import re
from contextlib import contextmanager

import pytest
from tests.browser.axe import faults
from tests.browser.conftest import new_context, until
from tests.reports import told
from tests.reports.told import STATES
from tests.sentences import says
from tests.workers import slowly

from csa.reports.public.site import site_files
from csa.reports.public.wall import MOST_LISTED, MOST_WORDS

LEAST_RATIO = """() => {
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const css = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$|transparent/.test(css)) return css;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('main *')].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((e) => {
    const [one, two] = [light(getComputedStyle(e).color), light(ground(e))];
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  }));
}"""
CUT = """() => { const all = document.documentElement, found = [];
  for (const element of document.querySelectorAll('h1, h2, p, li, td, th, img, button, span, a')) {
    const box = element.getBoundingClientRect();
    if (box.width && !element.closest('.skip, .table')
        && (box.left < -1 || box.right > all.clientWidth + 1))
      found.push(element.textContent);
    const head = element.closest('thead');
    if (head && getComputedStyle(head).position === 'absolute') continue; // for those who hear it
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth
        && getComputedStyle(element).display !== 'inline')
      found.push(element.textContent);
  }
  if (all.scrollWidth > all.clientWidth) found.push('the page'); return found; }"""
EACH_SCREEN = """() => [...document.querySelectorAll('.screen')].map((screen) => {
  document.querySelectorAll('.screen').forEach((s) => s.classList.toggle('shown', s === screen));
  const foot = screen.querySelector('footer').getBoundingClientRect();
  const texts = [...screen.querySelectorAll('*')].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const boxes = [...screen.querySelectorAll('h1, h2, li, li *, .map, .bar, .missing')].map((e) =>
    e.getBoundingClientRect());
  return {
    words: texts.filter((e) => !e.matches('.counter, .map *')).map((e) =>
      e.textContent).join(' '),
    isList: screen.matches('.areas, .tasks, .answers'),
    least: Math.min(...texts.filter((e) => e.getClientRects().length).map((e) =>
      parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM ? e.getScreenCTM().a : 1))),
    isCut: boxes.some((b) => b.left < 0 || b.top < 0 || b.right > innerWidth || b.bottom > foot.top)
      || screen.scrollHeight > screen.clientHeight || screen.scrollWidth > screen.clientWidth,
  };
})"""


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a file of a state's site; fail if it asks for anything, or complains."""

    @contextmanager
    def open_file(path, state="whole", width=1920, height=1080, **looks):
        maps = dict.fromkeys(("en", "es"), told.svg())
        for name, content in site_files(STATES[state], maps).items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        context = new_context(chromium, viewport={"width": width, "height": height}, **looks)
        context.set_offline(True)
        page = context.new_page()
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        address = (tmp_path / path).as_uri()
        page.goto(address)
        yield page
        context.close()
        assert [url for url in asked if not url.startswith(("data:", address))] == []
        assert complaints == []

    return open_file


def shown(page):
    return page.locator(".counter:visible").inner_text()


def test_keys_and_buttons_turn_the_screens_and_a_reload_comes_back(opened):
    with opened("wall.html") as page:
        last = page.locator(".screen").count()
        for key, at in (
            *(("ArrowRight", 2), ("Space", 3), ("PageDown", 4), ("ArrowLeft", 3)),
            *(("PageUp", 2), ("Shift+Space", 1), ("ArrowUp", 1), ("End", last)),
            *(("ArrowDown", last), ("Home", 1)),
        ):
            page.keyboard.press(key)
            assert shown(page) == f"{at} / {last}", key
        assert page.locator(".screen:visible").count() == 1
        assert page.evaluate("document.activeElement.id") == "screen-1"
        page.reload()
        heard = page.get_by_role("status")
        assert heard.inner_text() == ""
        page.get_by_role("button", name="Next").focus()
        page.keyboard.press("Space")
        assert re.match(r"Screen 2 of \d+: \w", heard.inner_text())
        page.keyboard.press("Enter")
        assert shown(page).startswith("3 / ")
        page.get_by_role("button", name="Back").click()
        page.reload()
        assert shown(page).startswith("2 / ")
        link = page.get_by_role("link", name="Exit to page view")
        assert link.get_attribute("href") == "index.html"
        for is_full in (True, False):
            page.get_by_role("button", name="Full screen").press("Enter")
            until(page, f"Boolean(document.fullscreenElement) === {str(is_full).lower()}")
        printed = page.pdf(prefer_css_page_size=True)  # on paper one screen is one page
        assert len(re.findall(rb"/Type /Page\b", printed)) == last
        assert faults(page) == {}
        assert page.evaluate(LEAST_RATIO) >= 7
        page.evaluate("document.documentElement.style.setProperty('--quiet', '#767676')")
        assert page.evaluate(LEAST_RATIO) == pytest.approx(4.54, abs=0.01)  # it would be seen


@pytest.mark.parametrize(
    ("state", "path", "width", "height"),
    [
        ("whole", "wall.html", 1920, 1080),
        ("long words", "wall.html", 1280, 720),
        ("all kinds of work", "wall.html", 1920, 1080),
        *slowly(
            ("all kinds of work", "es/wall.html", 1920, 1080),
            ("long names", "wall.html", 1920, 1080),
            ("proxy", "es/wall.html", 1920, 1080),
            ("forty areas", "es/wall.html", 1920, 1080),
            ("long words", "es/wall.html", 3840, 2160),
            ("whole", "es/wall.html", 1024, 768),
        ),
    ],
)
def test_each_screen_is_read_from_ten_meters_and_nothing_is_cut(opened, state, path, width, height):
    with opened(path, state, width, height) as page:
        least = 28 * min(width / 1920, height / 1080)
        for screen in page.evaluate(EACH_SCREEN):
            assert not screen["isCut"], screen
            assert screen["least"] >= least - 0.01, screen
            most = MOST_LISTED if screen["isList"] else MOST_WORDS
            assert len(re.findall(r"\S*\w\S*", screen["words"])) <= most, screen


def test_letters_can_be_made_twice_as_large_and_the_page_then_scrolls(opened):
    with opened("wall.html", width=1280, height=720) as page:
        size = "parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)"
        before = page.evaluate(size)
        page.get_by_role("button", name="Larger letters").click()
        assert page.evaluate(size) == pytest.approx(2 * before, rel=1e-4)
        assert page.locator(".screen:visible").count() == page.locator(".screen").count()
        assert page.evaluate(CUT) == []
        page.keyboard.press("PageDown")
        until(page, "window.scrollY > 300")
        page.get_by_role("button", name="Larger letters").click()
        assert page.locator(".screen:visible").count() == 1


def test_where_screens_stand_one_under_another_keys_scroll(opened):
    """A screen is higher than the window there: a key that jumped to the next would skip text."""
    with opened("wall.html", "long words", 320, 256) as page:
        for key, least in (("PageDown", 100), ("ArrowDown", 110), ("End", 2000)):
            page.keyboard.press(key)
            until(page, f"window.scrollY > {least}")
        page.keyboard.press("Home")
        until(page, "window.scrollY === 0")


def test_without_script_all_screens_stand_one_under_another(opened):
    with opened("wall.html", java_script_enabled=False) as page:
        n = page.locator(".screen").count()
        assert page.locator(".screen:visible").count() == n
        assert not page.locator("button:visible").count()


@pytest.mark.parametrize("scheme", ["dark", *slowly("light")])
def test_the_page_has_no_fault_at_any_width_light_and_dark(opened, scheme):
    with opened("index.html", "whole", 390, 844, color_scheme=scheme) as page:
        assert faults(page) == {}
        for width, kind in ((390, "narrow"), (1024, "narrow"), (1400, "wide")):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(CUT) == []
            # A telephone is shown names of its own size.
            assert page.locator(".map g:visible").get_attribute("class") == kind


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("index.html", "long names"),
        *slowly(
            ("wall.html", "long names"), ("index.html", "long words"), ("wall.html", "long words")
        ),
    ],
)
def test_nothing_is_cut_on_a_phone(opened, path, state):
    with opened(path, state, 390, 844) as page:
        assert page.evaluate(CUT) == []


def chosen(page):
    return page.locator(".cards article:visible h2").all_inner_texts()


def test_a_choice_shows_its_card_lights_the_map_and_can_be_sent_on(opened):
    with opened("index.html", width=1400) as page:
        for what, said in (
            *(("textContent", "Skip to the text"), ("textContent", "Español")),
            *(("getAttribute('href')", "fairness.html"), ("getAttribute('href')", "wall.html")),
        ):
            page.keyboard.press("Tab")
            assert page.evaluate(f"document.activeElement.{what}") == said
        assert chosen(page) == ["Orrinvale"]
        page.get_by_label("Where do you live?").select_option("Élan Park")
        assert chosen(page) == ["Élan Park"]
        own = page.locator("[data-place=place-2]").get_attribute("d")
        assert page.locator(".lit").get_attribute("d") == own
        assert page.url.endswith("#place-2")
        page.reload()
        assert chosen(page) == ["Élan Park"]
        page.locator("[data-place=place-3]").click()
        assert chosen(page) == ["Vinegate"]
        assert page.get_by_label("Where do you live?").input_value() == "place-3"
        page.get_by_text("Find your neighborhood", exact=True).click()
        page.get_by_role("link", name="Ash Hollow").click()
        assert chosen(page) == ["Ash Hollow"]
        page.get_by_label("Where do you live?").select_option("")
        assert (chosen(page), page.locator(".lit").get_attribute("d")) == (["Orrinvale"], "")


def test_a_typed_street_leads_to_its_neighborhoods_whatever_number_stands_before_it(opened):
    with opened("index.html", "streets", 390, 844) as page:
        field, hits = page.get_by_label("Type your street"), page.locator("#hits")
        field.fill("1200 larch street")
        assert hits.inner_text().split("\n") == ["N Larch St: Ash Hollow", "N Larch St: Vinegate"]
        hits.get_by_role("link", name="Vinegate").click()
        assert (chosen(page), hits.inner_text()) == (["Vinegate"], "")
        field.fill("8th")
        assert hits.inner_text() == "8th Ave: Élan Park"
        field.fill("street")
        assert hits.inner_text() == says("public.street_none")


def test_without_script_the_list_stands_and_leads_to_each_card(opened):
    with opened("index.html", width=1400, java_script_enabled=False) as page:
        assert not page.locator("select:visible").count()
        assert chosen(page) == ["Orrinvale"]
        page.get_by_text("Find your neighborhood", exact=True).click()
        page.get_by_role("link", name="Vinegate", exact=True).click()
        assert chosen(page) == ["Vinegate"]
