"""What a screen reader finds: headings in order, landmarks, and names for whatever can be pressed."""

import json
import re
import shutil
from urllib.parse import quote

import pytest
from tests.browser.conftest import LINES

OPEN = quote(json.dumps({"area": "c-1"}))
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .map((one) => [Number(one.tagName[1]), one.innerText.trim()])"""
NAMELESS = """() => {
  const asked = 'a[href], button, input, select, textarea, summary, iframe, [role=img], [role=slider]';
  return [...document.querySelectorAll(asked)]
    .filter((one) => one.checkVisibility() && !one.closest('[aria-hidden=true], [inert]'))
    .filter((one) => ![one.innerText, one.getAttribute('aria-label'), one.title, one.alt, one.placeholder,
      one.labels?.[0]?.innerText, one.getAttribute('aria-labelledby')].some((name) => name?.trim()))
    .map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def filled_app(serve, story_folder, tmp_path_factory):
    folder = shutil.copytree(story_folder, tmp_path_factory.mktemp("read") / "story")
    with serve(folder) as address:
        yield address


def jumps(headings):
    """List the headings that stand more than one level below the one before."""
    before, found = 0, []
    for level, text in headings:
        if level > before + 1 or not text:
            found.append((before, level, text))
        before = level
    return found


def test_the_measure_of_jumps_sees_them():
    assert jumps([(1, "a"), (2, "b"), (3, "c"), (2, "d"), (1, "e")]) == []
    assert jumps([(2, "a")]) == [(0, 2, "a")]
    assert jumps([(1, "a"), (3, "b"), (2, "")]) == [(1, 3, "b"), (3, 2, "")]


def test_each_page_has_one_title_headings_in_order_and_a_name_for_each_control(read, filled_app):
    reader = read(filled_app)
    reader.page.locator(".st-key-pages a").last.wait_for(state="attached")
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    found, titles = {}, set()
    for address in pages:
        reader.page.goto(f"{address}?screen={OPEN}")
        reader.page.wait_for_selector("h1")
        reader.settle()
        headings = reader.page.evaluate(HEADINGS)
        titles.add(reader.page.title())
        assert reader.page.evaluate("document.documentElement.lang") == "en"
        n_titles = sum(level == 1 for level, _ in headings)
        found[address] = (n_titles, jumps(headings), reader.page.evaluate(NAMELESS))
    assert {address: one for address, one in found.items() if one != (1, [], [])} == {}
    assert len(titles) == len(pages)  # each page's own, in the browser's list of tabs


# Spacing that a reader may ask for (WCAG 1.4.12).
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"""
CUT = """() => [...document.querySelectorAll('[data-testid=stMain] :is(p, h1, h2, h3, li, td, th, label, button)')]
  .filter((one) => one.checkVisibility() && one.innerText)
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'hidden')
  .map((one) => one.innerText.slice(0, 60))"""
READ = re.compile(
    r"^(?:  )*- '?(?:/url: .*|(?P<role>banner|main|navigation|complementary|region|heading|link|button"
    r"|combobox|textbox|spinbutton|checkbox|radio|slider|iframe|img|table|application)"
    r'(?: "(?P<name>(?:[^"\\]|\\.)*)")?)',
    re.MULTILINE,
)


def outline(page):
    """List the landmarks, headings and controls as a screen reader lists them: role and name."""
    told = page.locator("body").aria_snapshot()
    return [(one["role"], one["name"] or "") for one in READ.finditer(told) if one["role"]]


def test_spaced_letters_cut_nothing(read, filled_app):
    reader = read(filled_app, width=1024)
    for name in ("", "areas", "compare", "measures", "plan", "displacement"):
        reader.page.goto(f"{filled_app}/{name}")
        reader.page.wait_for_selector("h1")
        reader.settle()
        reader.page.add_style_tag(content=SPACED)
        reader.page.wait_for_timeout(500)
        reader.assert_fits()
        assert reader.page.evaluate(CUT) == [], name


def test_a_letter_outside_a_field_does_nothing(read, filled_app):
    reader = read(f"{filled_app}/areas")
    reader.frame  # noqa: B018 - painted: the map's own answer is asked for once
    reader.settle()
    said = LINES[reader.page].n_said
    reader.page.locator("h1").click()
    for key in "rcRC":
        reader.page.keyboard.press(key)
    reader.page.wait_for_timeout(1000)
    assert LINES[reader.page].n_said == said
    assert not reader.page.get_by_role("dialog").count()


def test_tab_leads_into_the_map_and_out_of_it(read, filled_app):
    reader = read(f"{filled_app}/areas")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    frames = "[...document.querySelectorAll('iframe')].indexOf(document.activeElement)"
    reader.page.locator("h1").click()
    been = []
    for _ in range(80):
        reader.page.keyboard.press("Tab")
        been.append(reader.page.evaluate(frames))
    assert 0 in been
    assert -1 in been[been.index(0) :]


LANDMARKS = [("link", "Skip to main content"), ("region", "Sidebar")]
SERVED = ("Brindlemoor (A)", "Umberley (B)", "Hadderley (C)")


def test_briefing_is_read_in_the_order_in_which_a_committee_needs_it(read, filled_app):
    reader = read(filled_app)
    reader.page.get_by_role("heading", name="Tier 1").wait_for()
    reader.settle()
    told = outline(reader.page)
    assert told[:2] == LANDMARKS
    assert ("banner", "") in told
    inside = told[told.index(("main", "")) :]
    said = [one for one in inside if one[0] == "heading"]
    assert said[:3] == [
        ("heading", "Briefing: August 2020"),
        ("heading", "Needs a decision"),
        ("heading", "Citywide"),
    ]
    assert inside.index(("iframe", "")) > inside.index(said[1])
    assert [name for role, name in inside if role == "link"][:1] == ["Plan"]
    assert "Map of cells and areas" in reader.page.locator("iframe").first.get_attribute("title")
    assert not [one for one in inside if one[0] in {"button", "link", "heading"} and not one[1]]


def test_find_areas_names_each_control_and_what_each_number_counts(read, filled_app):
    reader = read(f"{filled_app}/areas")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    told = outline(reader.page)
    side, inside = told[: told.index(("main", ""))], told[told.index(("main", "")) :]
    assert [name for role, name in side if role == "combobox"] == [
        "Last month counted",
        "How far back",
        "What is counted",
    ]
    assert ("heading", "Where do shootings concentrate?") in inside
    listed = [name for role, name in inside if role == "button" and "homicides" in name]
    assert len(listed) >= 8
    assert all(
        re.search(r" [\d,]+ shootings .*\d homicides( \d+ in the current outline)?$", name)
        for name in listed
    )
    # In the map's frame: what can be pressed, and no shape without a name.
    inner = reader.page.frame_locator("iframe").first.locator("body").aria_snapshot()
    assert inner.startswith("- application")
    assert "- img\n" not in f"{inner}\n"
    for name in ("Zoom in", "Zoom out", "Show the entire city"):
        assert f'- button "{name}"' in inner


def test_community_is_one_frame_by_name_with_a_page_of_its_own_inside(read, filled_app):
    reader = read(f"{filled_app}/community")
    reader.page.locator("iframe").wait_for()
    reader.settle()
    told = outline(reader.page)
    assert [one for one in told if one[0] == "button"][-4:] == [
        ("button", "Español"),
        ("button", "Show it on a wall"),
        ("button", "Save it for a hall with no internet"),
        ("button", "Card for a website"),
    ]
    assert reader.page.locator("iframe").get_attribute("title").startswith("Where shootings")
    inner = reader.page.frame_locator("iframe").locator("body").aria_snapshot()
    read_out = [(one["role"], one["name"]) for one in READ.finditer(inner) if one["role"]]
    assert read_out[:2] == [("link", "Skip to the text"), ("banner", None)]
    assert ("combobox", "Where do you live?") in read_out
    headings = [name for role, name in read_out if role == "heading"]
    assert headings[0].startswith("Where shootings concentrate")
    assert headings.count("Core service areas") == 1
    assert headings[-1]
    assert all(name for role, name in read_out if role in {"heading", "link", "img", "combobox"})
