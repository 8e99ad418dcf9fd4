"""What a screen reader finds: headings in order, landmarks, and names for whatever can be pressed."""

import json
import shutil
from urllib.parse import quote

import pytest

OPEN = quote(json.dumps({"area": "A"}))
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .map((one) => [Number(one.tagName[1]), one.innerText.trim()])"""
NAMELESS = """() => {
  const asked = 'a[href], button, input, select, textarea, summary, iframe, [role=img], [role=slider]';
  return [...document.querySelectorAll(asked)]
    .filter((one) => one.checkVisibility() && !one.closest('[aria-hidden=true], [inert]'))
    .filter((one) => !(one.innerText || one.getAttribute('aria-label') || one.title || one.alt
      || one.labels?.length || one.getAttribute('aria-labelledby') || one.placeholder || '').trim?.())
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
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    found = {}
    for address in pages:
        reader.page.goto(f"{address}?screen={OPEN}")
        reader.page.wait_for_selector("h1")
        reader.settle()
        headings = reader.page.evaluate(HEADINGS)
        n_titles = sum(level == 1 for level, _ in headings)
        found[address] = (n_titles, jumps(headings), reader.page.evaluate(NAMELESS))
    assert {address: one for address, one in found.items() if one != (1, [], [])} == {}
