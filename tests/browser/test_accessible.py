"""Each page, opened once: short, in order, named, still, whole at every width, and no fault by axe."""

import re

import pytest
from tests.browser.axe import faults
from tests.browser.conftest import FITS
from tests.sentences import find_foreign
from tests.workers import slowly

MOST_WORDS, MOST_CARDS = 120, 3
GOOD = 0.1
"""Up to here a page's layout shift is called good (web.dev/cls)."""
KNOWN_TO_MOVE = {"zones": 0.16}
"""With zones on record: a fault that is known. Without, the page stands still."""
ACTION = re.compile(r"\d+\.\d+\.\d+ ")
"""An action's number, before its title in the plan's own words."""
PROSE = """() => {
  // Apart: lists of pages, controls, tables and lists of records, charts, maps with their keys, and
  // the line about the data. What a card says counts, its buttons too.
  const apart = 'button, label, input, select, textarea, summary, table, svg, canvas, iframe, a, [role=tablist],'
    + ' .js-plotly-plot, .csa-line, .csa-legend, .csa-tiers, .csa-list-head, .csa-due, .csa-trail, .csa-cards,'
    + ' .csa-numbers, .csa-measure, .csa-review, [data-testid=stSlider], [data-testid=stFileUploader],'
    + ' .st-key-bottom_bar, .st-key-meeting_ways';
  const card = '.csa-key, [class*=st-key-card_]';
  const isSeen = (box) => box.width && box.bottom > 0 && box.top < innerHeight && box.right > 0;
  const main = document.querySelector('[data-testid=stMain]'), said = [];
  const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, above = node.parentElement;
    if (!above.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (above.closest('style, script') || above.closest('.csa-bar-words') || (above.closest(apart) && !above.closest(card))) continue;
    const range = document.createRange();
    for (const word of node.data.matchAll(/\\S*[\\p{L}\\p{N}]\\S*/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (isSeen(range.getBoundingClientRect())) said.push(word[0]);
    }
    said.push('|');
  }
  const cards = [...document.querySelectorAll('.csa-key')].filter((one) => isSeen(one.getBoundingClientRect()));
  return [said.join(' '), cards.length];
}"""
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
MEASURE = """window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one);
  }).observe({ type: 'layout-shift', buffered: true });"""
MOVED = "window.shifts.reduce((sum, one) => sum + one.value, 0)"
# Spacing that a reader may ask for (WCAG 1.4.12).
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"""
CUT = """() => [...document.querySelectorAll('[data-testid=stMain] :is(p, h1, h2, h3, li, td, th, label, button)')]
  .filter((one) => one.checkVisibility() && one.innerText)
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'hidden')
  .map((one) => one.innerText.slice(0, 60))"""
CLOSE = ("", "areas", "compare", "measures", "plan", "displacement")
"""Pages with most on them, whose letters are spaced too."""
EMPTY = """(inside) => { document.querySelector('[data-testid=stMain]').innerHTML = inside; }"""


def jumps(headings):
    """List the headings that stand more than one level below the one before."""
    before, found = 0, []
    for level, text in headings:
        if level > before + 1 or not text:
            found.append((before, level, text))
        before = level
    return found


def first_screen(page):
    """Return a page's words on its first screen, its number of cards, and turns that are foreign."""
    text, n_cards = page.evaluate(PROSE)
    parts = [part.strip() for part in text.split("|") if part.strip()]
    ours = [part for part in parts if not ACTION.search(part)]
    foreign = sorted(turn for turn, _ in find_foreign(ours))
    return sum(len(part.split()) for part in parts), n_cards, foreign


def wrong(reader, name, width):
    """Return what is wrong with a page, by what was asked."""
    page, found = reader.page, {}
    most = KNOWN_TO_MOVE.get(name, GOOD) if width == 1400 else GOOD
    page.wait_for_timeout(500)  # maps and charts measure their room once more
    if width == 1400 and page.evaluate(MOVED) > most:  # a busy machine: once more, strictly
        page.reload()
        page.wait_for_selector("h1")
        reader.settle()
        page.wait_for_timeout(500)
    found["moves"] = [total] if (total := page.evaluate(MOVED)) > most else []
    if width == 1400:
        n_words, n_cards, foreign = first_screen(page)
        many = n_words > MOST_WORDS or n_cards > MOST_CARDS
        found["words"] = [n_words, n_cards, *foreign] if many or foreign else []
    headings = page.evaluate(HEADINGS)
    n_titles = sum(level == 1 for level, _ in headings)
    found["headings"] = jumps(headings) + [n_titles] * (n_titles != 1)
    if page.evaluate(NAMELESS):  # what is being drawn has no name yet
        page.wait_for_timeout(2000)
    found["nameless"] = page.evaluate(NAMELESS)
    found["language"] = [] if page.evaluate("document.documentElement.lang") == "en" else [name]
    found["axe"] = faults(page)
    reader.assert_fits()
    if name in {"", "areas"}:
        found["axe in the map"] = faults(reader.frame)
    if name in CLOSE and width == 1400:
        page.set_viewport_size({"width": 1024, "height": 900})
        page.add_style_tag(content=SPACED)
        page.wait_for_timeout(500)
        reader.assert_fits()
        found["cut"] = page.evaluate(CUT)
    # 320 px are a window of 1280 px whose letters are made four times as large (WCAG 1.4.10).
    for other in (1024, 1920) if width == 1400 else (320,):
        page.set_viewport_size({"width": other, "height": 900})
        page.wait_for_timeout(150)
        reader.assert_fits()
    return {what: faulty for what, faulty in found.items() if faulty}


@pytest.mark.parametrize(
    ("app", "width", "scheme"),
    [
        ("story_app", 1400, "light"),
        ("sample_app", 390, "dark"),
        *slowly(("story_app", 390, "dark"), ("sample_app", 1400, "light")),
    ],
)
def test_no_page_has_a_fault(request, read, app, width, scheme):
    address = request.getfixturevalue(app)
    reader = read(address, width, 900, scheme, lambda page: page.add_init_script(MEASURE))
    reader.page.locator(".st-key-pages a").last.wait_for(state="attached")
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    found, titles = {}, set()
    for at in pages:
        reader.page.set_viewport_size({"width": width, "height": 900})
        reader.page.goto(at)
        reader.page.wait_for_selector("h1")
        reader.settle()
        name = at.removeprefix(address).strip("/")
        if faulty := wrong(reader, name, width):
            found[name] = faulty
        titles.add(reader.page.title())
    assert found == {}
    assert len(titles) == len(pages)  # each page's own, in the browser's list of tabs


def test_an_open_sheet_has_no_fault(read, story_app):
    reader = read(f"{story_app}/areas?screen=%7B%22area%22%3A%22c-5%22%7D", 390, scheme="dark")
    assert faults(reader.frame) == {}
    reader.settle()
    assert faults(reader.page) == {}
    assert (jumps(reader.page.evaluate(HEADINGS)), reader.page.evaluate(NAMELESS)) == ([], [])


def test_the_measures_are_not_blind(read, sample_app):
    reader = read(f"{sample_app}/method", before=lambda page: page.add_init_script(MEASURE))
    reader.settle()
    page = reader.page
    # The list of a long page's parts leads to each of them.
    links = page.locator(".st-key-method_contents a")
    names = links.evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    lost = page.evaluate("names => names.filter(name => !document.getElementById(name))", names)
    assert (len(names) > 10, lost) == (True, [])
    total = page.evaluate(MOVED)
    page.wait_for_timeout(1000)  # what follows a click or a key at once is not counted
    page.evaluate("document.querySelector('.csa-line').style.height = '250px'")
    page.wait_for_timeout(1000)
    assert page.evaluate(MOVED) > total + GOOD
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate(FITS, 0)
    wide = '<div style="width: 500px; height: 9px"></div>'
    page.locator("[data-testid=stMainBlockContainer]").evaluate(
        "(e, wide) => e.insertAdjacentHTML('beforeend', wide)", wide
    )
    assert not page.evaluate(FITS, 0)
    page.evaluate(
        EMPTY,
        """<h1>Two words</h1> <p class="csa-line">not this</p> <button>nor this</button>
        <section class="csa-key">in a card <button>with this</button></section>
        <table><tr><td>no cell</td></tr></table> <p style="visibility: hidden">unseen</p>
        <p>It moved next door – twice.</p> <p style="margin-top: 5000px">far below</p>""",
    )
    assert first_screen(page) == (2 + 3 + 2 + 5, 1, [r"\b[Nn]ext door\b"])
    assert jumps([(1, "a"), (2, "b"), (3, "c"), (2, "d"), (1, "e")]) == []
    assert jumps([(2, "a")]) == [(0, 2, "a")]
    assert jumps([(1, "a"), (3, "b"), (2, "")]) == [(1, 3, "b"), (3, 2, "")]
