"""The pages in Firefox too: they come, fit, ask no other host, and axe finds no fault in them."""

import json
from pathlib import Path

import axe_playwright_python
import pytest
from tests.browser.axe import RULES
from tests.browser.conftest import FITS, free_port
from tests.browser.firefox import firefox

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text("utf-8")
PAGES = ("", "areas", "measures", "displacement", "community")
FAULTS = f"axe.run({json.dumps(RULES)}).then((r) => r.violations.map((v) => v.id))"
MOST_S = 30
TAB, ENTER, MOST_TABS = "\ue004", "\ue007", 80
FOCUSED_ON = """(() => {
  const e = document.activeElement, b = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  return {
    text: e.innerText || e.title || e.tagName,
    is_in_page: e !== document.body && e.tagName !== 'IFRAME',
    is_area: !!e.closest('.st-key-area_list') && e.tagName === 'BUTTON',
    is_seen: b.width > 0 && b.height > 0,
  };
})()"""
PROBED = "blocked WebAssembly"
"""Streamlit asks whether there is any, and goes on without: Chromium keeps quiet about it."""


@pytest.fixture(scope="module")
def tab():
    with firefox(free_port()) as opened:
        yield opened


def test_each_page_comes_fits_and_has_no_fault(tab, sample_app):
    for page in PAGES:
        tab.open(f"{sample_app}/{page}")
        assert tab.run(f"({FITS})(0)"), page
        tab.run(f"(() => {{ {AXE} }})()")
        assert tab.run(FAULTS) == [], page
        viewport = {"width": 390, "height": 900}
        tab.call("browsingContext.setViewport", context=tab.context, viewport=viewport)
        tab.until(f"({FITS})(0)", MOST_S)
    assert [error for error in tab.errors if PROBED not in error] == []
    assert {
        url for url in tab.asked if url.startswith(("http", "ws")) and sample_app not in url
    } == set()


def test_a_click_in_the_list_opens_the_sheet_and_marks_the_area_on_the_map(tab, sample_app):
    tab.open(f"{sample_app}/areas")
    tab.until("document.querySelectorAll('.st-key-area_list button').length > 1")
    frame = next(one for url, one in tab.frames().items() if "streamlit_folium" in url)
    tab.settle()
    tab.click(*tab.middle(".st-key-area_list button"))
    tab.until("!!document.querySelector('.st-key-sheet_head h2')", MOST_S)
    tab.settle()
    drawn = "[...document.querySelectorAll('.csa-chosen')].map((e) => e.innerText).join()"
    assert tab.run("document.querySelector('.st-key-sheet_head h2').innerText") in tab.run(
        drawn, frame
    )


def test_keys_alone_open_an_areas_sheet(tab, sample_app):
    tab.open(f"{sample_app}/areas")
    tab.until("document.querySelectorAll('.st-key-area_list button').length > 1")
    tab.settle()
    been = []
    for _ in range(MOST_TABS):
        tab.press(TAB)
        been.append(tab.run(FOCUSED_ON))
        if been[-1]["is_area"]:
            break
    assert been[-1]["is_area"], been
    assert all(one["is_seen"] for one in been if one["is_in_page"]), been
    tab.press(ENTER)
    tab.until("!!document.querySelector('.st-key-sheet_head h2')", MOST_S)
    tab.settle()
    name = tab.run("document.querySelector('.st-key-sheet_head h2').innerText")
    assert name.partition(" (")[0] in been[-1]["text"]
