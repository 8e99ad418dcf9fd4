"""Nothing moves while a page is drawn: the sum of its layout shifts, as browsers measure them."""

import pytest
from tests.workers import slowly

GOOD = 0.1
"""Up to here a page's layout shift is called good (web.dev/cls)."""

MEASURE = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (!one.hadRecentInput) window.shifts.push(one);
    }
  }).observe({ type: 'layout-shift', buffered: true });
"""
SUM = "window.shifts.reduce((sum, one) => sum + one.value, 0)"
MOVED = """window.shifts.filter((one) => one.value > 0.01).map((one) => [
  one.value, ...one.sources.map(({node, previousRect, currentRect}) => [
    String(node ? node.className || node.textContent : '').slice(0, 60),
    previousRect.y, currentRect.y, previousRect.height, currentRect.height])])"""


def drawn(reader, address):
    """Open a page, and give what moved in it while it was drawn."""
    reader.page.goto(address)
    reader.page.wait_for_selector("h1")
    reader.settle()
    reader.page.wait_for_timeout(500)  # maps and charts measure their room once more
    return reader.page.evaluate(SUM), reader.page.evaluate(MOVED)


@pytest.mark.parametrize("width", [1400, 390, *slowly(1024, 1920)])
def test_no_page_moves_what_is_on_screen(read, sample_app, width):
    reader = read(sample_app, width, height=900, before=lambda page: page.add_init_script(MEASURE))
    reader.page.wait_for_selector(".st-key-pages a")
    reader.page.locator(".st-key-pages a").last.wait_for(state="attached")
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    found = {address: drawn(reader, address) for address in pages}
    assert {address: one for address, one in found.items() if one[0] > GOOD} == {}


def test_what_comes_late_above_the_rest_is_seen_to_move_it(read, sample_app):
    """The measure must not be blind."""
    reader = read(sample_app, before=lambda page: page.add_init_script(MEASURE))
    total, _ = drawn(reader, f"{sample_app}/method")
    reader.page.wait_for_timeout(1000)  # what follows a click or a key at once is not counted
    reader.page.evaluate("document.querySelector('.csa-line').style.height = '250px'")
    reader.page.wait_for_timeout(1000)
    assert reader.page.evaluate(SUM) > total + GOOD
