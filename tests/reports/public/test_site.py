"""The public's page and site: whole, alone, in order, and safe whatever a text holds."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from tests.reports import told
from tests.reports.told import STATES, answer, facts
from tests.sentences import says

from csa.base.text import LANGUAGES
from csa.geo.palette import class_colors
from csa.reports.public.facts import PublicPlace
from csa.reports.public.pages import language_name
from csa.reports.public.sections import public_sections
from csa.reports.public.site import public_page, site_files
from csa.reports.public.wall import wall_page

WHOLE = told.svg()
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
    pages = ["embed.html", "fairness.html", "index.html", "wall.html"]
    assert sorted(files) == sorted([f"es/{page}" for page in pages] + pages)
    assert b'<html lang="es">' in files["es/index.html"]
    assert b'href="es/index.html" lang="es"' in files["index.html"]
    assert b'href="../index.html" lang="en"' in files["es/index.html"]
    assert all(b'href="wall.html"' in files[path] for path in ("index.html", "es/index.html"))


def test_a_language_names_itself():
    assert [language_name(language) for language in ("en", "es")] == ["English", "Español"]


def test_the_page_opens_with_the_map_and_folds_each_section_in_its_order():
    html = public_page(facts(), "en", WHOLE)
    found = [one for one in public_sections(facts()) if one.key != "where"]
    heads = re.findall(r'<summary><h2 id="(\w+)-title">(.*?)</h2>', html)
    assert heads == [(one.key, one.title) for one in found]
    assert not [attrs for attrs in Reader(html).all("details") if "open" in attrs]
    assert html.index('id="home"') < html.index("<svg") < html.index("<details")


def test_each_neighborhood_has_a_choice_a_card_and_a_row_with_one_address():
    page = Reader(public_page(facts(), "en", WHOLE))
    keys = ["place-1", "place-2", "place-3"]
    assert [attrs["value"] for attrs in page.all("option")] == ["", *keys]
    assert [a["id"] for a in page.all("article") if "id" in a] == keys
    rows = [a["href"] for a in page.all("a") if a["href"].startswith("#place-")]
    assert rows[-3:] == [f"#{key}" for key in keys]
    drawn = [a["data-place"] for a in page.all("path") if "data-place" in a]
    assert drawn == keys


def test_streets_lead_to_the_neighborhoods_that_have_a_card():
    streets = (("Larch St", ("Ash Hollow", "Vinegate")), ("Rim Rd", ("Outside",)))
    page = Reader(public_page(facts(streets=streets), "en", WHOLE))
    (field,) = (attrs for attrs in page.all("input") if attrs.get("id") == "street")
    assert json.loads(field["data-streets"]) == [["Larch St", [1, 3]]]
    assert not Reader(public_page(facts(), "en", WHOLE)).all("input")


def test_tables_say_what_the_map_shows():
    html, unknown = public_page(facts(), "en", WHOLE), says("public.change_unknown")
    assert rows_of(
        html, says("public.areas_caption", what="shootings", when="July 2017 to June 2020")
    ) == [
        ("Area", "Status", "Since", "Number", "What changed?"),
        ("Ash Hollow (A)", "chosen", "October 1, 2019", "120", unknown),
        ("Larkmoor (B)", "chosen", "October 1, 2019", "120", unknown),
        ("Old Mill (C)", says("public.maintenance"), "October 1, 2019", "fewer than 10", unknown),
    ]
    assert rows_of(html, says("public.years_caption", what="shootings")) == [
        ("Year", "Number"),
        ("2018", "640"),
        ("2019", "655"),
    ]


def test_the_legend_has_the_colors_of_the_map_itself():
    page = Reader(public_page(facts(), "en", WHOLE))
    fills = [rect["fill"] for rect in page.all("rect") if "fill" in rect]
    assert fills == list(class_colors(4))


# ---- At the edge ----------------------------------------------------------------------------


def test_a_map_that_could_not_be_drawn_is_said_in_its_place():
    for write in PAGES:
        html = write(facts(), "en", None)
        assert says("wall.map_missing") in html
        assert 'class="map"' not in html
    assert "could not be drawn" in site_files(facts(), {})["index.html"].decode()


def test_a_long_list_of_neighborhoods_scrolls_and_stays_light():
    many = facts(districts=tuple(PublicPlace(name=f"Place {n}", count=99) for n in range(160)))
    html = public_page(many, "en", WHOLE)
    assert 'class="table long" role="region"' in html
    assert len(html) < 400_000


def test_in_the_app_the_page_leads_nowhere_and_holds_what_is_beside_it():
    html = public_page(facts(), "en", WHOLE, is_alone=True)
    assert not [a for a in Reader(html).all("a") if not a["href"].startswith("#")]
    assert says("public.fair_who") in html


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
