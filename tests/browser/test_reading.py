"""What a screen reader finds: headings in order, landmarks, and names for whatever can be pressed."""

import re

from tests.browser.conftest import LINES

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


def test_a_letter_outside_a_field_does_nothing_and_tab_leads_into_the_map_and_out(read, story_app):
    reader = read(f"{story_app}/areas")
    reader.frame  # noqa: B018 - painted: the map's own answer is asked for once
    reader.settle()
    said = LINES[reader.page].n_said
    reader.page.locator("h1").click()
    for key in "rcRC":
        reader.page.keyboard.press(key)
    reader.page.wait_for_timeout(1000)
    assert LINES[reader.page].n_said == said
    assert not reader.page.get_by_role("dialog").count()
    frames = "[...document.querySelectorAll('iframe')].indexOf(document.activeElement)"
    been = []
    while 0 not in been or been[-1] == 0:
        reader.page.keyboard.press("Tab")
        been.append(reader.page.evaluate(frames))
        assert len(been) < 80, been


LANDMARKS = [("link", "Skip to main content"), ("region", "Sidebar")]


def test_briefing_is_read_in_the_order_in_which_a_committee_needs_it(read, story_app):
    reader = read(story_app)
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


def test_find_areas_names_each_control_and_what_each_number_counts(read, story_app):
    reader = read(f"{story_app}/areas")
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


def test_community_is_one_frame_by_name_with_a_page_of_its_own_inside(read, story_app):
    reader = read(f"{story_app}/community")
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
