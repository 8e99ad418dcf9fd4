"""Render a document as an editable Word file, the same bytes each time."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt, RGBColor

from csa.base.text import Translator
from csa.geo.palette import PAPER
from csa.reports.document import (
    Block,
    Box,
    Bullets,
    Document,
    Heading,
    Lead,
    PageBreak,
    Paragraph,
    Picture,
    Table,
)
from csa.reports.html import N_MARK, OF_MARK, Paper, is_right_to_left, levels_of, marks_of, trail_of

NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FONT = "Arial"
SIZES_MM: dict[Paper, tuple[float, float]] = {"letter": (215.9, 279.4), "a4": (210, 297)}
MARGIN_MM = 20
LOCALES = {"en": "en-US", "es": "es-US"}
SIZES_PT = {"Title": 22, "Heading 1": 22, "Heading 2": 14, "Heading 3": 11.5}
OPEN = "☐ "


def render_docx(document: Document, paper: Paper = "letter") -> bytes:
    """Render an edition for a word processor."""
    made = docx.Document()
    _set_up(made, document, paper)
    if marks := marks_of(document):
        _say(made, " · ".join(marks), is_bold=True)
    _say(made, document.title, style="Heading 1")
    if document.subtitle:
        _say(made, document.subtitle, color="faint", size_pt=12)
    begins_page = False
    for block, level in zip(document.blocks, levels_of(document), strict=True):
        if begins_page:
            made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
        begins_page = isinstance(block, PageBreak)
        _write(made, block, level)
    buffer = io.BytesIO()
    made.save(buffer)
    return _without_times(buffer.getvalue())


# ---- Blocks --------------------------------------------------------------------------------


def _say(
    made: Any,
    text: str,
    style: str = "Normal",
    *,
    is_bold: bool = False,
    color: str = "ink",
    size_pt: float | None = None,
) -> Any:
    paragraph = made.add_paragraph(style=style)
    run = paragraph.add_run(_allowed(text))
    run.bold = is_bold or None
    if color != "ink":
        run.font.color.rgb = RGBColor.from_string(_hex(color))
    if size_pt:
        run.font.size = Pt(size_pt)
    if is_right_to_left(text):
        _xml(paragraph).get_or_add_pPr().append(OxmlElement("w:bidi"))
        _xml(run).get_or_add_rPr().append(OxmlElement("w:rtl"))
    return paragraph


def _write(made: Any, block: Block, level: int) -> None:  # noqa: C901 - a case for each kind
    match block:
        case Heading():
            _say(made, block.text, style=f"Heading {level}")
        case Lead():
            for sentence in block.sentences:
                _say(made, sentence, size_pt=13)
        case Paragraph():
            _say(made, block.text, color="faint" if block.is_faint else "ink")
        case Bullets():
            for item in block.items:
                text, style = (OPEN + item, "Normal") if block.is_open else (item, "List Bullet")
                _say(made, text, style)
        case Table():
            _table(made, block)
        case Picture():
            _picture(made, block)
        case Box():
            _box(made, block)
        case PageBreak():  # the next block starts the page, so that no empty page ends the file
            pass


def _table(made: Any, block: Table) -> None:
    _say(made, block.caption, is_bold=True).paragraph_format.keep_with_next = True
    table = made.add_table(rows=0, cols=len(block.columns), style="Table Grid")
    _set_lines(table, {"bottom", "insideH"})
    for n_row, row in enumerate((block.columns, *block.rows)):
        added = table.add_row()
        properties = _xml(added).get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))  # a row stays on one page
        if n_row == 0:
            properties.append(OxmlElement("w:tblHeader"))  # which is repeated on each
        for n_column, (cell, text) in enumerate(zip(added.cells, row, strict=True)):
            _xml(cell).remove(_xml(cell.paragraphs[0]))
            said = _say(cell, text, is_bold=n_row == 0 or n_column == 0, size_pt=9)
            said.paragraph_format.space_after = Pt(2)
            if n_column in block.numeric:
                said.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _say(made, "").paragraph_format.space_after = Pt(0)


def _picture(made: Any, block: Picture) -> None:
    if block.png is None:
        _say(made, block.missing, is_bold=True)
        if block.alt:
            _say(made, block.alt, color="faint")
    else:
        section = made.sections[0]
        width = section.page_width - section.left_margin - section.right_margin
        made.add_picture(io.BytesIO(block.png), width=Emu(int(width * block.width_share)))
        _xml(made.paragraphs[-1]).find(f".//{qn('wp:docPr')}").set("descr", _allowed(block.alt))
        made.paragraphs[-1].paragraph_format.keep_with_next = bool(block.caption)
    if block.caption:
        _say(made, block.caption, color="faint", size_pt=9)


def _box(made: Any, block: Box) -> None:
    frame = made.add_table(rows=1, cols=1, style="Table Grid")
    _set_lines(frame, set())
    cell = frame.rows[0].cells[0]
    shade = _element("w:shd", val="clear", color="auto", fill=_hex("land"))
    _xml(cell).get_or_add_tcPr().append(shade)
    _xml(cell).remove(_xml(cell.paragraphs[0]))
    _say(cell, block.title, is_bold=True)
    for paragraph in block.paragraphs:
        _say(cell, paragraph, size_pt=9.5)
    _say(made, "").paragraph_format.space_after = Pt(0)


# ---- The file ------------------------------------------------------------------------------


def _set_up(made: Any, document: Document, paper: Paper) -> None:
    properties = made.core_properties
    properties.title, properties.author, properties.comments = _allowed(document.title), "csa", ""
    properties.language = LOCALES.get(document.language, document.language)
    properties.created = properties.modified = NO_TIME
    section = made.sections[0]
    section.page_width, section.page_height = (Mm(size) for size in SIZES_MM[paper])
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(MARGIN_MM))
    _set_styles(made, properties.language)
    section.header.paragraphs[0].add_run(_allowed(" · ".join(marks_of(document)))).bold = True
    _set_footer(section.footer.paragraphs[0], document)


def _set_styles(made: Any, language: str) -> None:
    styles = made.styles
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        style = styles[name]
        style.font.name, style.font.color.rgb = FONT, RGBColor.from_string(_hex("ink"))
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{script}"), None)
        if name in SIZES_PT:
            style.font.size = Pt(SIZES_PT[name])
    styles["Normal"].font.size = Pt(10.5)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    styles.element.find(f".//{qn('w:docDefaults')}//{qn('w:lang')}").set(qn("w:val"), language)


def _set_footer(paragraph: Any, document: Document) -> None:
    font = paragraph.style.font
    font.size, font.color.rgb = Pt(8), RGBColor.from_string(_hex("faint"))
    said = " · ".join(part for part in (document.footer, trail_of(document)) if part)
    words = Translator(document.language)("report_file.page", n=N_MARK, of=OF_MARK)
    paragraph.add_run(_allowed(said) + " · ")
    for mark, field in ((N_MARK, "PAGE"), (OF_MARK, "NUMPAGES")):
        before, _, words = words.partition(mark)
        paragraph.add_run(before)
        counter = _element("w:fldSimple", instr=field)
        _xml(paragraph).append(counter)
        counter.append(_xml(paragraph.add_run("1")))  # until the word processor counts
    paragraph.add_run(words)


def _set_lines(table: Any, drawn: set[str]) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        kind = "single" if side in drawn else "nil"
        borders.append(_element(f"w:{side}", val=kind, sz="4", color=_hex("hairline")))
    _xml(table).tblPr.find(qn("w:tblW")).addnext(borders)  # the order that the format requires


def _element(tag: str, **values: str) -> Any:
    return OxmlElement(tag, {qn(f"w:{name}"): value for name, value in values.items()})


def _xml(part: Any) -> Any:
    """Return the XML element itself, for features that python-docx does not wrap."""
    return part._element  # noqa: SLF001 - it has no public name


def _hex(color: str) -> str:
    return str(getattr(PAPER, color)).removeprefix("#").upper()


def _allowed(text: str) -> str:
    """Drop characters that XML does not allow."""
    return "".join(
        sign for sign in text if sign in "\t\n" or (sign >= " " and not NO_XML.match(sign))
    )


def _without_times(content: bytes) -> bytes:
    """Repack the file with one fixed time for every part."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            part = zipfile.ZipInfo(name, ZIP_TIME)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(part, source.read(name))
    return buffer.getvalue()
