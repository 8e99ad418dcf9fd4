"""An edition as a page: all of it, safe, by itself, and for those who listen to it."""

import base64
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st
from tests.reports.documents import FROM_RIGHT, HEAD, HOSTILE, LONG_NAME, document, picture

from csa.reports.document import Bullets, Heading, Lead, Paragraph, Picture, Table
from csa.reports.html import is_right_to_left, levels_of, made_from, render_html

VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Reads a page the slow way: elements in order, text by element, nesting checked."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(page.decode())
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self.open[-1] != "style":
            self.texts.append((self.open[-1], data.strip()))

    def all(self, tag):
        return [about for found, about in self.elements if found == tag]

    def said(self, *tags):
        return [text for tag, text in self.texts if not tags or tag in tags]


def read(**changes):
    return Reader(render_html(document(**changes)))


def css_of(page):
    return re.search(r"<style>(.*?)</style>", page.decode(), re.DOTALL)[1]


# ---- By hand -------------------------------------------------------------------------------


def test_a_page_says_all_of_its_blocks_in_order_with_the_elements_of_their_meaning():
    page = read(n_areas=2)
    found = page.said("h1", "h2", "h3")
    assert found == ["How shootings stand in Orrinvale", "Where", "Areas", "What people said"]
    assert page.said("caption") == ["Areas by tier"]
    assert [about["scope"] for about in page.all("th")] == ["col"] * 4 + ["row"] * 2
    assert page.said("li") == ["The light is out", "The lot is empty", "Knock on each door"]
    assert [about["class"] for about in page.all("ul")] == ["points", "tasks"]
    assert page.said("figcaption") == ["August 2017 to July 2020"]
    everything = " ".join(page.said())
    for text in ("We cannot tell.", LONG_NAME, FROM_RIGHT, "Counts vary by chance.", "14", "15"):
        assert text in everything


def test_a_page_is_in_its_language_and_names_its_snapshot_and_the_end_of_the_trail():
    page = read(language="es")
    assert page.all("html") == [{"lang": "es"}]
    footer = page.said("footer")
    assert "snapshot 0123456789ab" in footer[0]
    assert HEAD[:12] in footer[0]
    assert HEAD[:13] not in footer[0]


def test_a_picture_is_in_the_page_with_its_words():
    png = picture()
    (about,) = read(blocks=(Picture(png, "Six areas.", width_share=0.5),)).all("img")
    kind, _, content = about["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == png
    assert about["alt"] == "Six areas."
    assert about["style"] == "width: 50%"


def test_a_picture_that_could_not_be_drawn_is_told_in_its_place():
    page = read(blocks=(Picture(None, "Six areas.", "In July", "No map: no study area."),))
    assert page.all("img") == []
    assert page.said("p")[-2:] == ["No map: no study area.", "Six areas."]
    assert page.said("figcaption") == ["In July"]


def test_a_watermark_is_there_only_where_it_is_set():
    assert "Sheet 1 of 4" in read(watermark="Sheet 1 of 4").said("div")
    assert all("watermark" not in about.get("class", "") for _, about in read().elements)


def test_a_program_reads_what_a_page_was_made_from_and_no_text_can_claim_otherwise():
    lie = '<meta name="csa-snapshot" content="bad">'
    page = render_html(document(snapshot_id="3f9a0c17be42", audit_head="ab" * 32, title=lie))
    assert made_from(page) == ("3f9a0c17be42", "ab" * 6, "")
    undecided = render_html(document(snapshot_id="3f9a0c17be42", audit_head="", footer=lie))
    assert made_from(undecided) == ("3f9a0c17be42", "", "")
    assert made_from(b"<p>of another program") == ("", "", "")
    assert made_from(render_html(document(figures="0a" * 8))).figures == "0a" * 8


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "made"),
    [((3,), [2]), ((2, 3, 3, 2), [2, 3, 3, 2]), ((3, 3), [2, 3]), ((1, 5), [2, 3])],
)
def test_no_level_of_headings_is_skipped(given, made):
    blocks = tuple(Heading("x", level) for level in given)
    assert list(levels_of(document(blocks=blocks))) == made


def test_text_from_right_to_left_says_so_whatever_stands_around_it():
    page = read(blocks=(Paragraph(FROM_RIGHT), Paragraph("12 " + FROM_RIGHT), Paragraph("12 a")))
    assert [about.get("dir") for about in page.all("p")][-3:] == ["rtl", "rtl", None]
    assert is_right_to_left("שלום")
    assert not is_right_to_left("")
    assert not is_right_to_left("12 a " + FROM_RIGHT)


def test_text_cannot_become_markup_nor_style_anywhere():
    changes = dict.fromkeys(("title", "subtitle", "footer", "watermark", "audit_head"), HOSTILE)
    blocks = (
        Heading(HOSTILE),
        Lead((HOSTILE,)),
        Bullets((HOSTILE,)),
        Table(HOSTILE, (HOSTILE,), ((HOSTILE,),)),
        Picture(None, HOSTILE, HOSTILE, HOSTILE),
        Picture(b"png", HOSTILE),
    )
    made = render_html(document(marks=(HOSTILE,), blocks=blocks, **changes))
    page = Reader(made)
    assert page.all("script") == []
    assert made.count(b"</style>") == 1
    assert made.count(b"<style>") == 1
    assert page.said("h1") == [HOSTILE]


# ---- True in general -----------------------------------------------------------------------


def test_a_page_asks_for_nothing_outside_itself_and_runs_nothing():
    made = render_html(document()).decode()
    page = Reader(made.encode())
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "iframe", "object"})
    assert not re.search(r"url\(|@import|https?:", made)
    policy = next(about for about in page.all("meta") if "http-equiv" in about)["content"]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_any_text_comes_out_as_it_went_in(text):
    made = render_html(document(blocks=(Paragraph(text),), footer=text)).decode()
    (told,) = re.findall(r'<p class="text"(?: dir="rtl")?>(.*?)</p>', made, re.DOTALL)
    assert unescape(told) == text
    assert css_of(made.encode()).count("@page") == 2
