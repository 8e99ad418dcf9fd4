"""Pictures in a printed file: exact, and of few colours small."""

import io
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from csa.reports.document import Picture
from csa.reports.html import render_html
from csa.reports.pdf import render_pdf
from tests.reports.documents import document
from tests.reports.test_pdf import objects, stream


def png(pixels, mode="RGB", **how):
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8), "RGB").convert(mode, **how).save(out, "PNG")
    return out.getvalue()


def of_colours(n, height=20, width=30):
    """Make a picture that holds each of n colours at least once."""
    codes = (np.arange(height * width) % n).reshape(height, width)
    return np.stack([codes % 256, codes // 256, 255 - codes % 256], axis=2)


def drawn(picture):
    """Print a page of one picture, and give its object: its head, and what is packed in it."""
    pdf = render_pdf(render_html(document(blocks=(Picture(picture, "x"),))))
    found = [body for body in objects(pdf) if b"/Subtype /Image" in body]
    body = next(body for body in found if b"/SMask" in body or len(found) == 1)
    return body.partition(b"stream\n")[0].decode("latin-1"), zlib.decompress(stream(body))


def coloured(head, data):
    """Look each byte up in the table that the file gives, as a reader of the file does."""
    size = [int(re.search(rf"/{side} (\d+)", head)[1]) for side in ("Height", "Width")]
    most, table = re.search(r"/ColorSpace \[/Indexed /DeviceRGB (\d+) <(\w+)>\]", head).groups()
    colours = np.frombuffer(bytes.fromhex(table), np.uint8).reshape(-1, 3)
    assert len(colours) == int(most) + 1
    return colours[np.frombuffer(data, np.uint8).reshape(size)]


# ---- By hand -------------------------------------------------------------------------------


def test_a_picture_of_two_colours_is_a_table_of_two_and_a_byte_a_pixel():
    pixels = np.zeros((2, 3, 3))
    pixels[1, 2] = (255, 128, 1)
    head, data = drawn(png(pixels))
    assert "[/Indexed /DeviceRGB 1 <000000ff8001>]" in head
    assert data == bytes([0, 0, 0, 0, 0, 1])


def test_a_picture_with_a_palette_of_its_own_keeps_it():
    pixels = of_colours(40)
    few = png(pixels, "P", palette=Image.Palette.ADAPTIVE, colors=40)
    assert (coloured(*drawn(few)) == np.asarray(Image.open(io.BytesIO(few)).convert("RGB"))).all()


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_colours", [1, 255, 256])
def test_as_many_colours_as_a_byte_can_tell_apart_are_exact(n_colours):
    pixels = of_colours(n_colours)
    assert (coloured(*drawn(png(pixels))) == pixels).all()


def test_one_colour_more_and_the_picture_is_left_as_it_was():
    head, _ = drawn(png(of_colours(257)))
    assert "/ColorSpace /DeviceRGB" in head
    assert "/Predictor 15" in head


def test_what_can_be_seen_through_is_left_as_it_was():
    head, _ = drawn(png(of_colours(3), "RGBA"))
    assert "/SMask" in head
    assert "/ColorSpace /DeviceRGB" in head


# ---- True in general -----------------------------------------------------------------------


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(1, 256), st.integers(1, 40), st.integers(1, 40))
def test_no_pixel_changes(seed, n_colours, height, width):
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (n_colours, 3))
    pixels = colours[rng.integers(0, n_colours, (height, width))]
    assert (coloured(*drawn(png(pixels))) == pixels).all()
