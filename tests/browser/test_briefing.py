"""Briefing and Track record in a real browser, as a committee member reads and prints them."""

import re

import pytest
from tests.browser.conftest import FITS


@pytest.mark.smoke
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


def test_its_name_typed_by_hand_leads_to_the_first_page(read, sample_app):
    reader = read(f"{sample_app}/briefing")
    reader.page.get_by_text("Briefing: August 2020").first.wait_for()
    reader.page.locator("[data-testid=stSidebar] a").last.wait_for()
    assert reader.page.get_by_text("Page not found").count() == 0
    assert reader.page.locator("[data-testid=stSidebar] a").all_inner_texts().count("Briefing") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_briefing_prints_on_one_page_without_the_menu(read, sample_app, scheme):
    reader = read(sample_app, scheme=scheme)
    reader.page.locator(".csa-tiers li").first.wait_for()
    reader.settle()
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


def test_the_cards_do_not_move_the_map_when_they_are_complete(read, sample_app):
    reader = read(f"{sample_app}/?screen=%7B%22months%22%3A48%7D")
    reader.page.locator(".csa-key").first.wait_for()
    reader.page.locator("iframe").first.wait_for()
    before = reader.page.locator("iframe").first.bounding_box()
    reader.page.locator(".csa-tiers li").first.wait_for()
    reader.settle()
    after = reader.page.locator("iframe").first.bounding_box()
    assert (before["y"], before["height"]) == (after["y"], after["height"])


@pytest.mark.slow
def test_what_needs_a_decision_leads_on_to_the_plan(read, sample_app):
    reader = read(sample_app)
    reader.page.get_by_test_id("stMain").get_by_role("link", name="Plan").click()
    reader.page.wait_for_url("**/plan*")


def test_the_briefing_leads_on_to_compare_and_to_the_track_record(read, sample_app):
    for name, path in (("Compare and choose", "compare"), ("Track record", "how-well")):
        reader = read(sample_app)
        reader.page.locator(".csa-tiers li").first.wait_for()
        reader.page.locator(".st-key-pages").get_by_role("link", name=name).click()
        reader.page.wait_for_url(f"**/{path}*")


def test_without_a_record_track_record_gives_the_command(read, sample_app):
    reader = read(f"{sample_app}/how-well")
    reader.page.get_by_text("To test them, run:").wait_for()
    assert "csa backtest --city sample" in reader.text()
    assert reader.page.locator(".js-plotly-plot").count() == 0


def test_what_is_too_wide_would_be_seen(read, sample_app):
    page = read(sample_app, width=390).page
    assert page.evaluate(FITS, 0)
    wide = (
        "e => e.insertAdjacentHTML('beforeend', '<div style=\"width: 500px; height: 9px\"></div>')"
    )
    page.locator("[data-testid=stMainBlockContainer]").evaluate(wide)
    assert not page.evaluate(FITS, 0)


@pytest.mark.parametrize("page", ["", "how-well"])
def test_nothing_is_cut_at_any_width(read, sample_app, page):
    reader = read(f"{sample_app}/{page}", width=1920)
    for width in (1920, 1400, 1024, 390):
        reader.page.set_viewport_size({"width": width, "height": 1000})
        reader.settle()
        reader.assert_fits(1)
