"""The wall and the public page beside a picture of how they looked."""

import time

import pytest
from tests.looking import assert_comes_alike, is_alike, opened, skip_when_kept_anew
from tests.reports import told
from tests.workers import slowly

from csa.reports.public.site import public_page
from csa.reports.public.wall import wall_page


@pytest.fixture
def shoot(chromium, tmp_path):
    pages = []

    def take(text, width, height, scheme="light", keys=()):
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        pages.append(page)
        page.goto(path.as_uri())
        for key in keys:
            page.keyboard.press(key)
        return page.screenshot

    yield take
    for page in pages:
        page.close()


@pytest.mark.parametrize("n_turns", [0, 1, 2])
def test_the_wall_looks_as_it_did(shoot, n_turns):
    text = wall_page(told.facts(), "en", told.svg())
    page = shoot(text, 1920, 1080, keys=["ArrowRight"] * n_turns)
    assert_comes_alike(page, f"wall-{n_turns}")


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "dark"), (1400, "light"), *slowly((1024, "dark"), (1920, "light"))]
)
def test_the_public_page_looks_as_it_did(shoot, width, scheme):
    text = public_page(told.facts(), "en", told.svg())
    assert_comes_alike(shoot(text, width, 1200, scheme), f"page-{width}-{scheme}")


def assert_stays_other(page, name):
    time.sleep(1)
    assert not is_alike(opened(page()), name)


def test_a_page_that_lost_its_style_or_its_map_is_seen(shoot):
    skip_when_kept_anew()
    text = wall_page(told.facts(), "en", told.svg())
    plain = text.replace("font-size", "x-size")
    assert_stays_other(shoot(plain, 1920, 1080), "wall-0")
    without = wall_page(told.facts(), "en", None)
    assert_stays_other(shoot(without, 1920, 1080, keys=["ArrowRight"]), "wall-1")
