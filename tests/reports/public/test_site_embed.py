"""A card for another site: one thing of one place, as its address asks."""

import re

from tests.sentences import says

from csa.reports.public.site import embed_line, embed_page


def test_the_line_to_paste_has_its_place_encoded_and_its_title_escaped():
    line = embed_line("https://x.org/csa/", "en", "map", 'Old "Mill" & <b>', 'A "title"')
    assert line.startswith(
        '<iframe src="https://x.org/csa/embed.html?show=map&amp;place=Old%20%22Mill%22%20%26%20%3Cb%3E"'
    )
    assert "<b>" not in line
    assert "es/embed.html" in embed_line("", "es", "number", "", "T")


def test_a_card_asks_nobody_else_and_runs_its_own_script_alone(public_made):
    page = embed_page(public_made.facts, "en", None)
    assert "default-src &#39;none&#39;" in page
    assert page.count("<script") == 1
    assert says("public.made_up") in page
    assert not re.search(r"(?:src|href)=.https?:", page)
