"""Printed pages beside a picture of how they looked: pdfium draws them, which wrote none of them."""

import pypdfium2
import pytest
from tests.looking import KEPT, is_alike, skip_when_kept_anew

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


@pytest.mark.parametrize("audience", ["executive", *slow(*EDITIONS[1:], *SHEETS)])
def test_each_page_looks_as_it_did(made, audience):
    shown = made(audience)
    off = [n for n, page in enumerate(shown, 1) if not is_alike(page, f"{audience}-{n}")]
    assert off == []
    assert len(shown) == len(list(KEPT.glob(f"{audience}-[0-9].png")))  # no page is gone
    assert 2 <= len(shown) <= 6


def test_a_page_of_another_edition_and_one_without_its_map_are_seen(made, month_facts):
    skip_when_kept_anew()
    shown = made("executive")
    assert not is_alike(shown[1], "executive-1")

    def refuse(_sheet):
        raise CsaError("report.walks_none")

    without = pages(make_report(month_facts, "executive", "en", "pdf", refuse)[1])
    assert not all(is_alike(page, f"executive-{n}") for n, page in enumerate(without, 1))
