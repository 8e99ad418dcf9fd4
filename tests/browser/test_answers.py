"""Each page is an answer: few words and at most three cards on its first screen."""

import re
import shutil

import pytest
from tests.sentences import find_foreign

MOST_WORDS, MOST_CARDS = 120, 3
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


@pytest.fixture(scope="module")
def filled_app(serve, story_folder, tmp_path_factory):
    folder = shutil.copytree(story_folder, tmp_path_factory.mktemp("answers") / "story")
    with serve(folder) as address:
        yield address


def first_screen(page):
    """Return the prose that a page's first screen has, by element, and its number of cards."""
    text, n_cards = page.evaluate(PROSE)
    return [part.strip() for part in text.split("|") if part.strip()], n_cards


def n_words(parts):
    return sum(len(part.split()) for part in parts)


def test_each_first_screen_has_few_words_and_at_most_three_cards(read, filled_app):
    reader = read(filled_app, height=900)
    reader.page.locator(".st-key-pages a").last.wait_for(state="attached")
    pages = reader.page.locator(".st-key-pages a").evaluate_all("all => all.map((a) => a.href)")
    assert len(pages) >= 14
    found = {}
    for address in pages:
        reader.page.goto(address)
        reader.page.wait_for_selector("h1")
        reader.settle()
        parts, n_cards = first_screen(reader.page)
        ours = [part for part in parts if not ACTION.search(part)]
        foreign = sorted(turn for turn, _ in find_foreign(ours))
        if n_words(parts) > MOST_WORDS or n_cards > MOST_CARDS or foreign:
            name = address.rpartition("/")[2] or "briefing"
            found[name] = (n_words(parts), n_cards, foreign, " | ".join(parts))
    assert not found, found


def test_words_and_cards_that_are_too_many_are_seen(read, filled_app):
    reader = read(f"{filled_app}/how-well")
    reader.settle()
    reader.page.evaluate(
        """() => { document.querySelector('[data-testid=stMain]').innerHTML = `
          <h1>Two words</h1> <p class="csa-line">not this</p> <button>nor this</button>
          <section class="csa-key">in a card <button>with this</button></section>
          <table><tr><td>no cell</td></tr></table> <p style="visibility: hidden">unseen</p>
          <p>It moved next door – twice.</p> <p style="margin-top: 5000px">far below</p>`; }"""
    )
    parts, n_cards = first_screen(reader.page)
    assert (n_words(parts), n_cards) == (2 + 3 + 2 + 5, 1)
    assert [turn for turn, _ in find_foreign(parts)] == [r"\b[Nn]ext door\b"]
    assert re.search("twice", " ".join(parts))
