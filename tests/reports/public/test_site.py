"""The public's page and site: whole, alone, in order, and safe whatever a text holds."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from csa.base.text import LANGUAGES
from csa.reports.maps.palette import class_colours
from csa.reports.public.facts import PublicPlace
from csa.reports.public.pages import language_name
from csa.reports.public.sections import public_sections
from csa.reports.public.site import Pictures, public_page, site_files
from csa.reports.public.wall import wall_page
from tests.reports.told import STATES, answer, facts
from tests.sentences import says

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WHOLE = Pictures(PNG, PNG)
EVIL = '<script>alert("x")</script>&\u202eright to left'
PAGES = (public_page, wall_page)


class Reader(HTMLParser):
    """Collects what a test asks about a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.inline = [], [], {"script": [], "style": []}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in self.inline:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.inline:
            self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.inline[self.open[-1]].append(data)

    def all(self, tag):
        return [attrs for found, attrs in self.tags if found == tag]


def rows_of(html, caption):
    """Read a table by its caption, as cells of text."""
    found = re.search(rf"<caption>{re.escape(caption)}</caption>.*?</table>", html, re.DOTALL)
    rows = re.findall(r'<tr role="row">(.*?)</tr>', found[0], re.DOTALL)
    return [
        tuple(re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row))
        for row in rows
    ]


# ---- By hand --------------------------------------------------------------------------------


def test_a_site_is_the_page_and_the_wall_in_each_language():
    files = site_files(facts(), {"en": WHOLE, "es": WHOLE})
    pages = ["fairness.html", "index.html", "wall.html"]
    assert sorted(files) == [f"es/{page}" for page in pages] + pages
    assert b'<html lang="es">' in files["es/index.html"]
    assert b'href="es/index.html" lang="es"' in files["index.html"]
    assert b'href="../index.html" lang="en"' in files["es/index.html"]
    assert all(b'href="wall.html"' in files[path] for path in ("index.html", "es/index.html"))


def test_a_language_names_itself():
    assert [language_name(language) for language in ("en", "es")] == ["English", "Español"]


def test_the_page_says_each_section_in_its_order():
    html = public_page(facts(), "en", WHOLE)
    found = public_sections(facts())
    heads = re.findall(r'<h2 id="(\w+)-title">(.*?)</h2>', html)
    assert heads == [(one.key, one.title) for one in found]
    assert re.findall(r'<li><a href="#(\w+)">', html) == [one.key for one in found]


def test_tables_say_what_the_map_shows():
    html = public_page(facts(), "en", WHOLE)
    assert rows_of(
        html, says("public.areas_caption", what="shootings", when="July 2017 to June 2020")
    ) == [
        ("Area", "Where it stands", "Since", "Number"),
        ("A: around Ash Hollow", "chosen", "October 1, 2019", "120"),
        ("B: Larkmoor", "chosen", "October 1, 2019", "120"),
        ("C: Old Mill", says("public.maintenance"), "October 1, 2019", "not shown"),
    ]
    assert rows_of(html, says("public.years_caption", what="shootings")) == [
        ("Year", "Number"),
        ("2018", "640"),
        ("2019", "655"),
    ]


def test_the_map_has_words_for_those_who_do_not_see_it_and_colours_of_the_map_itself():
    html = public_page(facts(), "en", WHOLE)
    pictures = Reader(html).all("img")
    assert len(pictures) == 1
    assert pictures[0]["alt"].startswith("Map of Orrinvale: where shootings concentrate")
    assert pictures[0]["src"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    fills = [rect["fill"] for rect in Reader(html).all("rect")]
    assert fills == list(class_colours(4))


# ---- At the edge ----------------------------------------------------------------------------


def test_a_map_that_could_not_be_drawn_is_said_in_its_place():
    for write in PAGES:
        html = write(facts(), "en", Pictures())
        assert says("wall.map_missing") in html
        assert not Reader(html).all("img")
    assert "could not be drawn" in site_files(facts(), {})["index.html"].decode()


def test_a_long_list_of_neighborhoods_can_be_narrowed_and_scrolled():
    many = facts(districts=tuple(PublicPlace(name=f"Place {n}", count=99) for n in range(160)))
    html = public_page(many, "en", WHOLE)
    assert '<input id="find" type="search"' in html
    assert '<div class="find" hidden>' in html
    assert 'class="table long" role="region"' in html
    assert len(html) < 400_000


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("write", PAGES)
@pytest.mark.parametrize("state", STATES)
def test_a_page_asks_for_nothing_and_allows_nothing_but_itself(state, write, language):
    html = write(STATES[state], language, WHOLE)
    page = Reader(html)
    assert "http:" not in html.lower()
    assert "https:" not in html.lower()
    assert all(image["src"].startswith("data:") for image in page.all("img"))
    assert not [
        tag for tag, attrs in page.tags if "style" in attrs or ("src" in attrs and tag != "img")
    ]
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    policy = next(
        meta["content"]
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    for kind, texts in page.inline.items():
        digest = base64.b64encode(hashlib.sha256("".join(texts).encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("write", PAGES)
def test_what_people_wrote_is_text_and_never_a_script(write):
    evil = facts(
        city_name=EVIL,
        source=EVIL,
        districts=(PublicPlace(name=EVIL, count=12),),
        answers=(answer(EVIL, EVIL),),
        take_part={"en": (EVIL,)},
    )
    html = write(evil, "en", WHOLE)
    assert html.count("<script>") == 1
    assert "&lt;script&gt;alert(" in html


def test_the_same_facts_give_the_same_bytes():
    assert site_files(facts(), {"en": WHOLE}) == site_files(facts(), {"en": WHOLE})
