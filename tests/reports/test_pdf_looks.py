"""Printed pages beside a picture of how they looked: pdfium draws them, which wrote none of them."""

import pypdfium2
import pytest
from PIL import ImageOps
from tests.looking import KEPT, is_alike, skip_when_kept_anew
from tests.sentences import says

from csa.base.errors import CsaError
from csa.reports.making import make_report

EDITIONS = ("executive", "prevention", "intervention", "enforcement", "public")
SHEETS = ("prevention-walks", "prevention-leaders")


def slow(*names):
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


def pages(pdf):
    """Draw each page, a pixel a point."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render().to_pil() for page in document]


@pytest.fixture(scope="module")
def made(month_facts):
    """Make an edition once."""
    found = {}

    def call(audience):
        if audience not in found:
            found[audience] = pages(make_report(month_facts, audience, "en", "pdf")[1])
        return found[audience]

    return call


@pytest.mark.long
@pytest.mark.parametrize("audience", ["executive", *slow(*EDITIONS[1:], *SHEETS)])
def test_each_page_looks_as_it_did(made, audience):
    shown = made(audience)
    off = [n for n, page in enumerate(shown, 1) if not is_alike(page, f"{audience}-{n}")]
    assert off == []
    assert len(shown) == len(list(KEPT.glob(f"{audience}-[0-9].png")))  # no page is gone
    assert 2 <= len(shown) <= 6


def ink(page):
    """Tell how far down a page its lowest dark point is, the footer left out."""
    body = page.convert("L").crop((0, 0, page.width, int(0.92 * page.height)))
    return ImageOps.invert(body).point(lambda value: 255 * (value > 128)).getbbox()[3] / page.height


@pytest.mark.parametrize("audience", ["executive", "public", *slow(*EDITIONS[1:4], *SHEETS)])
def test_no_page_is_under_a_quarter_full(made, audience):
    assert min(map(ink, made(audience))) > 0.25


def test_an_empty_foot_of_a_page_is_seen(made):
    page = made("executive")[0].copy()
    page.paste("white", (0, page.height // 5, page.width, page.height))
    assert ink(page) < 0.25


@pytest.mark.long
def test_the_committees_decisions_chart_and_map_are_first_and_residents_get_two_pages(
    made, month_facts
):
    with pypdfium2.PdfDocument(make_report(month_facts, "executive", "en", "pdf")[1]) as document:
        first, second = (document[n].get_textpage().get_text_bounded() for n in (0, 1))
    assert says("report.decide_title") in first
    assert says("report.chart_title") in first
    assert says("label.concentration") in second
    assert len(made("public")) == 2


def test_a_page_of_another_edition_and_one_without_its_map_are_seen(made, month_facts):
    skip_when_kept_anew()
    shown = made("executive")
    assert not is_alike(shown[1], "executive-1")

    def refuse(_sheet):
        raise CsaError("report.walks_none")

    without = pages(make_report(month_facts, "executive", "en", "pdf", refuse)[1])
    assert not all(is_alike(page, f"executive-{n}") for n, page in enumerate(without, 1))
