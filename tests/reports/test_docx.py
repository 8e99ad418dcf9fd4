"""An edition for a word processor: the same words, with their meaning, the same bytes."""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

import pytest
from tests.reports.documents import FROM_RIGHT, HEAD, LONG_NAME, document
from tests.sentences import says

from csa.reports.document import Heading, PageBreak, Paragraph
from csa.reports.docx import render_docx

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def part(content, name="word/document.xml"):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314 - we wrote it


def paragraphs(content, name="word/document.xml"):
    """Give (style, text) of each paragraph, from the file's own elements."""
    found = []
    for paragraph in part(content, name).iter(f"{W}p"):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        text = "".join(piece.text or "" for piece in paragraph.iter(f"{W}t"))
        found.append(("" if style is None else style.get(f"{W}val"), text))
    return found


# ---- By hand -------------------------------------------------------------------------------


def test_it_says_all_of_its_blocks_in_order():
    said = paragraphs(render_docx(document(n_areas=2)))
    headings = [(style, text) for style, text in said if style.startswith("Heading")]
    assert headings == [
        ("Heading1", "How shootings stand in Orrinvale"),
        ("Heading2", "Where"),
        ("Heading2", "Areas"),
        ("Heading3", "What people said"),
    ]
    texts = [text for _, text in said]
    for text in ("We cannot tell.", LONG_NAME, FROM_RIGHT, "☐ Knock on each door", "15"):
        assert text in texts
    assert ("ListBullet", "The light is out") in said
    assert texts.index(says("wall.map_missing")) < texts.index("It would show the services.")


def test_tables_have_a_header_row_that_is_repeated_and_pictures_have_words():
    made = part(render_docx(document(n_areas=2)))
    table, box = made.iter(f"{W}tbl")
    rows = list(table.iter(f"{W}tr"))
    assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows] == [True, False, False]
    bold = [[cell.find(f".//{W}b") is not None for cell in row.iter(f"{W}tc")] for row in rows]
    assert all(bold[0])
    assert all(row == [True] + [False] * (len(row) - 1) for row in bold[1:])  # the name of each
    assert box.find(f".//{W}tblHeader") is None
    abouts = [e.get("descr") for e in made.iter() if e.tag.endswith("}docPr")]
    assert abouts == ["Six areas lie along the river."]


def test_pages_have_a_footer_with_counters_a_language_and_no_date():
    content = render_docx(document(language="es", watermark="Sheet 1 of 4"))
    footer = part(content, "word/footer1.xml")
    fields = [e.get(f"{W}instr") for e in footer.iter(f"{W}fldSimple")]
    assert fields == ["PAGE", "NUMPAGES"]
    ((_, said),) = paragraphs(content, "word/footer1.xml")
    assert "snapshot 0123456789ab" in said
    assert HEAD[:12] in said
    ((_, head),) = paragraphs(content, "word/header1.xml")
    assert head == "Sheet 1 of 4 · Synthetic city · unreviewed"
    assert next(part(content, "word/styles.xml").iter(f"{W}lang")).get(f"{W}val") == "es-US"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", core)) == {"2000-01-01T00:00:00"}


@pytest.mark.parametrize(
    ("paper", "width", "height"), [("letter", "12240", "15840"), ("a4", "11906", "16838")]
)
def test_paper_is_the_offices_own(paper, width, height):
    (size,) = part(render_docx(document(), paper)).iter(f"{W}pgSz")
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == (width, height)


# ---- At the edge ---------------------------------------------------------------------------


def test_a_break_comes_before_what_follows_and_none_at_the_end():
    blocks = (Paragraph("one"), PageBreak(), Heading("two"), PageBreak())
    made = part(render_docx(document(blocks=blocks)))
    (broken,) = (p for p in made.iter(f"{W}p") if p.find(f".//{W}br") is not None)
    assert [one.text for one in broken.iter() if one.tag in {f"{W}t", f"{W}br"}] == ["one", None]


def test_signs_that_xml_cannot_hold_are_left_out_and_text_from_the_right_says_so():
    content = render_docx(
        document(blocks=(Paragraph("a\x00\x0b\ufffe\uffff\ud800b"), Paragraph(FROM_RIGHT)))
    )
    assert ("", "ab") in paragraphs(content)
    assert len(list(part(content).iter(f"{W}bidi"))) == 1


# ---- True in general -----------------------------------------------------------------------


def test_the_same_edition_is_the_same_file_and_its_parts_have_one_time():
    content = render_docx(document())
    assert content == render_docx(document())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {about.date_time for about in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
