"""Bringing translations up to date: what stays, what is fuzzy, the same bytes each time."""

import importlib.util
import io
import re

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.base import text as catalogs
from csa.program.plan.loading import load_plan

REPEATABLE = examples(0.4)


@pytest.fixture(scope="module")
def tool(root):
    place = importlib.util.spec_from_file_location("docs_catalog", root / "docs" / "catalog.py")
    made = importlib.util.module_from_spec(place)
    place.loader.exec_module(made)
    return made


def spanish(*entries):
    catalog = Catalog(locale="es", fuzzy=False)
    for context, ids, string, *flags in entries:
        catalog.add(ids, string, context=context, flags=flags)
    return catalog


def said(catalog):
    return {e.context: (e.string or "", e.fuzzy) for e in catalog if e.id}


def reread(tool, catalog):
    return read_po(io.BytesIO(tool.po_bytes(catalog)), locale="es")


# ---- By hand --------------------------------------------------------------------------------


def test_a_translation_stays_while_its_english_does(tool):
    old = spanish(("a.b", "Hello", "Hola"))
    assert said(tool.refreshed(old, {"a.b": "Hello"})) == {"a.b": ("Hola", False)}


def test_a_changed_english_keeps_its_translation_but_marks_it(tool):
    made = tool.refreshed(spanish(("a.b", "Hello", "Hola")), {"a.b": "Hello to all"})
    assert said(made) == {"a.b": ("Hola", True)}
    assert b'#| msgid "Hello"' in tool.po_bytes(made)
    again = tool.refreshed(reread(tool, made), {"a.b": "Hello to all"})
    assert said(again) == {"a.b": ("Hola", True)}


def test_an_approved_translation_keeps_no_line_of_the_english_before(tool):
    """A translator takes the mark away and forgets the lines below it: the next run drops them."""
    changed = tool.po_bytes(tool.refreshed(spanish(("a.b", "Hello", "Hola")), {"a.b": "Hi"}))
    approved = read_po(io.BytesIO(changed.replace(b"#, fuzzy\n", b"")), locale="es")
    again = tool.po_bytes(tool.refreshed(approved, {"a.b": "Hi"}))
    assert b"Hello" in changed
    assert b"Hello" not in again


def test_a_new_key_takes_what_the_same_english_is_elsewhere(tool):
    old = spanish(("a.b", "Hello", "Hola"), ("a.c", "Bye", "Adiós", "fuzzy"))
    made = tool.refreshed(old, {"z.z": "Hello", "z.y": "Bye", "z.x": "New"})
    assert said(made) == {"z.z": ("Hola", False), "z.y": ("", False), "z.x": ("", False)}


def test_forms_by_number_are_kept_and_a_sentence_that_gains_them_is_asked_again(tool):
    forms = {"one": "one day", "other": "{n} days"}
    old = spanish(("a.b", ("one day", "{n} days"), ("un día", "{n} días")), ("a.c", "day", "día"))
    made = tool.refreshed(old, {"a.b": forms, "a.c": forms})
    assert said(made)["a.b"] == (("un día", "{n} días"), False)
    assert not any(said(made)["a.c"][0])


def test_a_catalog_holds_no_day_and_names_its_plurals(tool):
    text = tool.po_bytes(spanish(("a.b", "Hello", "Hola"))).decode()
    assert "Plural-Forms: nplurals=2; plural=(n != 1);" in text
    assert not re.search(r"\b20\d\d\b|-Date", text)


# ---- At the edge ----------------------------------------------------------------------------


def test_a_file_is_made_where_there_is_none_and_then_stays_byte_for_byte(tool, tmp_path):
    path = tmp_path / "plans" / "new.es.po"
    tool.refresh(path, "es", {"1.2.1": "Walk"})
    first = path.read_bytes()
    tool.refresh(path, "es", {"1.2.1": "Walk"})
    assert path.read_bytes() == first
    assert said(catalogs.read_catalog(path, "es")) == {"1.2.1": ("", False)}


def test_the_files_here_are_as_the_tool_writes_them(tool, root):
    sources = {catalogs.catalog_path("es"): catalogs.public_sentences()}
    for file in (root / "config" / "plans").glob("*.toml"):
        titles = {a.number: a.title for a in load_plan(file).actions if a.title}
        sources[file.with_suffix(".es.po")] = titles
    for path, wanted in sources.items():
        made = tool.po_bytes(tool.refreshed(catalogs.read_catalog(path, "es"), wanted))
        assert made == path.read_bytes(), f"{path}: run make words"


def test_the_list_of_what_is_to_be_read_again_quotes_what_is_said_now(root):
    listed = re.findall(
        r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \| (.+) \|$",
        (root / "docs" / "SPANISH.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert listed
    english = catalogs.public_sentences()
    for key, told, spanish in listed:
        forms = english[key] if isinstance(english[key], dict) else {"other": english[key]}
        said = catalogs.translated(key, "es", 2)
        assert (key, told, spanish) == (key, forms["other"], said)


# ---- Refused --------------------------------------------------------------------------------


def test_what_is_no_catalog_is_refused(tmp_path):
    path = tmp_path / "csa.po"
    path.write_text('msgid "a\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        catalogs.read_catalog(path, "es")


# ---- True in general ------------------------------------------------------------------------


@REPEATABLE
@given(
    st.dictionaries(
        st.text("abc.", min_size=1, max_size=4),
        st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1),
        max_size=6,
    ),
)
def test_what_is_written_is_read_again(tool, sources):
    old = spanish(*[(key, text, text.upper()) for key, text in sources.items()])
    made = tool.refreshed(old, sources)
    assert said(reread(tool, made)) == said(made)
    assert tool.po_bytes(reread(tool, made)) == tool.po_bytes(made)
