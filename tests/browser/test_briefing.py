"""Briefing and Track record in a real browser, as a committee member reads and prints them."""

import re

import pytest


def test_the_briefing_is_what_opens_and_fits_one_screen(read, sample_app):
    reader = read(sample_app)
    reader.page.locator(".csa-tiers li").first.wait_for()
    reader.frame  # noqa: B018 - painted
    reader.settle()
    text = reader.text()
    assert "Briefing: August 2020" in text
    assert "Citywide" in text
    cards = reader.page.locator(".csa-key").all_inner_texts()
    assert len(cards) in {2, 3}
    assert sum(len(card.split()) for card in cards) <= 120
    shown = {name for _, name in reader.labels()}
    listed = reader.page.locator(".csa-tiers li span").all_inner_texts()
    assert len(shown) > len(listed) / 2
    assert shown <= {*listed}
    main = reader.page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollHeight") <= 1000
    reader.page.get_by_text("How we know").click()
    for head in ("Where shootings concentrate.", "What we can't tell yet."):
        reader.page.get_by_text(head).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_briefing_prints_on_one_page_without_the_menu(read, sample_app, scheme):
    reader = read(f"{sample_app}/briefing", scheme=scheme)  # its name, typed by hand
    reader.page.locator(".csa-tiers li").first.wait_for()
    reader.settle()
    pages = reader.page.locator("[data-testid=stSidebar] a").all_inner_texts()
    assert pages.count("Briefing") == 1
    assert reader.page.get_by_text("Page not found").count() == 0
    for paper in ("A4", "Letter"):
        printed = reader.page.pdf(format=paper)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, paper
    reader.page.emulate_media(media="print")
    assert not reader.page.locator("[data-testid=stSidebar]").is_visible()
    ink, paper_color = reader.page.evaluate(
        """() => [getComputedStyle(document.querySelector('.csa-key p')).color,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    assert (ink, paper_color) == ("rgb(31, 36, 48)", "rgb(255, 255, 255)")
