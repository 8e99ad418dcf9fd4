"""The printed file: tagged, small, the same on every run, and asking nobody for anything."""

import builtins
import hashlib
import logging
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pypdfium2
import pytest
from PIL import ImageOps
from tests.reports.documents import FROM_RIGHT, document, objects, pages, picture, stream

from csa.base.errors import MachineError
from csa.reports.document import Paragraph, Picture
from csa.reports.html import render_html
from csa.reports.pdf import render_pdf

ROOT = Path(__file__).parent.parent.parent
MAKE = (
    "import hashlib, pathlib, sys; from csa.reports.pdf import render_pdf;"
    "print(hashlib.sha256(render_pdf(pathlib.Path(sys.argv[1]).read_bytes())).hexdigest())"
)


def printed(**changes):
    return render_pdf(render_html(document(**changes)))


@pytest.fixture(scope="module")
def pdf():
    return printed()


def unpacked(pdf):
    for body in objects(pdf):
        if b"/FlateDecode" in body and b"stream\n" in body:
            yield zlib.decompress(stream(body))


def structure(pdf):
    """List the types of the elements that a reader's voice walks through."""
    return re.findall(r"/StructElem\s*/S /(\w+)", b"\n".join(objects(pdf)).decode("latin-1"))


# ---- By hand -------------------------------------------------------------------------------


def test_it_is_tagged_with_headings_tables_lists_and_the_words_of_pictures(pdf):
    whole = b"\n".join(objects(pdf))
    assert re.search(rb"/MarkInfo\s*<<\s*/Marked true", whole)
    assert re.search(rb"/Lang \(en\)", whole)
    assert b"/StructTreeRoot" in whole
    assert b"pdfuaid:part" in pdf + b"".join(unpacked(pdf))
    assert b"/Alt (Six areas lie along the river.)" in whole
    kinds = {"H1", "H2", "H3", "P", "L", "LI", "Table", "THead", "TH", "TD", "Figure", "Caption"}
    assert kinds <= set(structure(pdf))


def test_it_is_on_the_offices_own_paper_of_few_pages_and_small(pdf):
    assert pages(pdf) == [(612, 792)] * 3
    assert pages(render_pdf(render_html(document(), "a4"))) == [(595, 842)] * 3
    assert len(pdf) < 1_000_000


def test_its_letters_are_inside_and_are_those_of_the_package(pdf):
    fonts = set(re.findall(rb"/FontName /\w+\+([\w-]+)", b"\n".join(objects(pdf))))
    assert fonts == {b"Report", b"Report-Bold"}
    assert b"/FontFile" in b"\n".join(objects(pdf))


def test_it_has_no_date_and_no_trace_of_the_machine(pdf):
    whole = b"\n".join(objects(pdf))
    assert not re.search(rb"/(CreationDate|ModDate)", whole)
    assert str(ROOT).encode() not in whole


# ---- At the edge ---------------------------------------------------------------------------


def test_what_cannot_be_drawn_and_what_runs_from_right_to_left_is_printed_too():
    blocks = (Picture(None, "Six areas.", missing="No map."), Paragraph(FROM_RIGHT + " 12 a"))
    assert len(pages(printed(blocks=blocks))) == 1
    assert len(pages(printed(blocks=(Picture(b"no png", "Six areas."),)))) == 1


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("place", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "x.png"])
def test_nothing_outside_the_page_is_fetched(place, monkeypatch, caplog):
    opened = []
    monkeypatch.setattr(
        "urllib.request.OpenerDirector.open", lambda *given, **_: opened.append(given)
    )
    page = render_html(document(blocks=(Picture(picture(1, 1), "x"),)))
    page = re.sub(rb'src="[^"]*"', f'src="{place}"'.encode(), page)
    with caplog.at_level(logging.ERROR, "weasyprint"):
        assert render_pdf(page).startswith(b"%PDF")
    assert opened == []


def test_a_machine_without_pango_is_told_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *given):
        if name.startswith("weasyprint"):
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *given)

    monkeypatch.setattr(builtins, "__import__", absent)
    page = render_html(document())
    with pytest.raises(MachineError, match=r"libharfbuzz-subset0.*apt-get install.*HTML works"):
        render_pdf(page)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.long
def test_it_is_the_same_file_here_and_in_another_process(pdf, tmp_path):
    (tmp_path / "page.html").write_bytes(render_html(document()))
    done = subprocess.run(
        [sys.executable, "-c", MAKE, str(tmp_path / "page.html")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7", "OPENBLAS_NUM_THREADS": "1", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(pdf).hexdigest()
    assert done.stderr == ""


def test_nothing_in_the_style_is_unknown_to_the_printer_and_again_it_is_the_same(pdf, caplog):
    with caplog.at_level(logging.WARNING, "weasyprint"):
        assert printed() == pdf
    assert caplog.records == []


@pytest.mark.parametrize("n_lines", [52, 56, 60, 104, 112])
def test_no_page_is_left_with_a_few_lines(n_lines):
    """Drawn by pdfium: where the lowest ink of the last page stands."""
    blocks = tuple(Paragraph(f"Line {n}") for n in range(n_lines))
    with pypdfium2.PdfDocument(printed(blocks=blocks)) as made:
        shown = [page.render().to_pil().convert("L") for page in made]
        sizes = {tuple(round(side) for side in page.get_size()) for page in made}
    assert sizes == {(612, 792)}  # however small its letters
    for page in shown:
        body = page.crop((0, 0, page.width, int(0.92 * page.height)))  # without the footer
        lowest = ImageOps.invert(body).point(lambda value: 255 * (value > 128)).getbbox()[3]
        assert lowest > 0.25 * page.height
