"""What is changed, gone back from, broken, or done by keys alone; in a real browser."""

import json
import os
from urllib.parse import quote, urlsplit

import pytest


def address_of(app, **screen):
    return f"{app}/areas?screen={quote(json.dumps(screen))}"


TEXT_OF_MENU = "e => e.value || e.closest('[data-baseweb=select]').innerText.trim()"


def radius(reader):
    return reader.page.get_by_label("Radius (eps)", exact=True)


def choose(reader, label, option):
    reader.page.get_by_role("combobox", name=label).click()
    reader.page.get_by_role("option", name=option, exact=True).click()
    reader.settle()


def test_back_is_the_earlier_screen_and_forward_the_later(read, sample_app):
    reader = read(address_of(sample_app, months=24))
    reader.frame  # noqa: B018 - painted
    reader.settle()
    said = {24: reader.page.locator(".csa-answer").first.inner_text()}
    for months in (12, 6):
        choose(reader, "How far back", f"{months} months")
        said[months] = reader.page.locator(".csa-answer").first.inner_text()
    assert len(set(said.values())) == 3
    steps = [(reader.page.go_back, 12), (reader.page.go_back, 24), (reader.page.go_forward, 12)]
    for step, months in steps:
        step()
        reader.settle()
        assert reader.screen()["months"] == months
        assert reader.page.locator(".csa-answer").first.inner_text() == said[months]
        shown = reader.page.get_by_role("combobox", name="How far back")
        assert shown.evaluate(TEXT_OF_MENU) == f"{months} months"


def test_changes_right_after_one_another_are_all_kept(read, sample_app):
    """The browser's address comes a little later than the change, and undoes none."""
    reader = read(address_of(sample_app, eps_m=200.0, min_samples=9))
    reader.frame  # noqa: B018 - painted
    reader.settle()
    up = reader.page.get_by_test_id("stNumberInputStepUp")
    for _ in range(6):
        up.first.click()
    up.last.click()
    reader.settle()
    reader.page.wait_for_timeout(700)
    reader.settle()
    assert radius(reader).input_value() == "260"
    assert reader.screen() == {"eps_m": 260.0, "min_samples": 10}


BROKEN = """
import csa_app.screens.method.parts

def broken(*_):
    raise RuntimeError("secret words of an error")

csa_app.screens.method.parts.numbers = broken
"""


@pytest.fixture(scope="module")
def broken_app(tmp_path_factory, root, serve):
    """A damaged background; and Method fails in a way that nobody foresaw."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "basemap").mkdir()
    (folder / "basemap" / "basemap.json").write_text("{", encoding="utf-8")
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(BROKEN, encoding="utf-8")
    with serve(folder, PYTHONPATH=os.pathsep.join([str(folder / "site"), str(root)])) as address:
        yield address


def test_a_damaged_background_leaves_a_sentence_and_a_fault_no_link_to_another_host(
    read, broken_app
):
    reader = read(f"{broken_app}/areas")
    reader.page.locator(".st-key-area_list button").first.wait_for()
    reader.settle()
    text = reader.text()
    assert "candidate areas, on " in text
    assert "basemap.json" in text
    assert "csa basemap" in text
    reader.page.goto(f"{broken_app}/method")
    reader.page.get_by_test_id("stException").wait_for()
    links = reader.page.evaluate("[...document.querySelectorAll('a')].map((a) => a.href)")
    assert links
    assert {urlsplit(link).netloc for link in links} == {urlsplit(broken_app).netloc}
    assert "secret words" not in reader.page.content()
