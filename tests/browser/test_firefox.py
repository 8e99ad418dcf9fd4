"""The pages in Firefox too: they come, fit, ask no other host, and axe finds no fault in them."""

import json
from pathlib import Path

import axe_playwright_python
import pytest

from tests.browser.conftest import FITS, free_port
from tests.browser.firefox import firefox
from tests.browser.test_accessible import RULES

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text("utf-8")
PAGES = ("briefing", "areas", "measures", "displacement", "community")
FAULTS = f"axe.run({json.dumps(RULES)}).then((r) => r.violations.map((v) => v.id))"
HOST_S = 3


@pytest.fixture(scope="module")
def tab():
    with firefox(free_port()) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1400])
def test_each_page_comes_fits_and_has_no_fault(tab, sample_app, width):
    for page in PAGES:
        tab.open(f"{sample_app}/{page}", width=width)
        assert tab.run(f"({FITS})(0)"), page
        tab.run(f"(() => {{ {AXE} }})()")
        assert tab.run(FAULTS) == [], page
    assert tab.errors == []
    assert {
        url for url in tab.asked if url.startswith(("http", "ws")) and sample_app not in url
    } == set()


def test_an_area_is_chosen_by_key_and_by_mouse_on_the_map(tab, sample_app):
    tab.open(f"{sample_app}/areas")
    frame = next(one for url, one in tab.frames().items() if "streamlit_folium" in url)
    tab.until("!!document.querySelector('.st-key-area_list button')")
    tab.run("document.querySelector('.st-key-area_list button').focus()")
    tab.press("\ue007")  # Enter
    tab.until("!!document.querySelector('.st-key-sheet_head h2, .st-key-sheet_head h3')")
    named = "document.querySelector('.st-key-sheet_head :is(h2, h3)').innerText"
    first = tab.run(named)
    assert first in tab.run(
        "[...document.querySelectorAll('.csa-chosen')].map((e) => e.innerText).join()", frame
    )
