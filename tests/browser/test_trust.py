"""Data and Method, as somebody who doubts the numbers reads them."""

import json
from urllib.parse import quote

import pytest


@pytest.fixture(scope="module")
def truth(root):
    return json.loads((root / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_data_tells_what_was_read_and_lost(read, sample_app, truth):
    reader = read(f"{sample_app}/data")
    reader.page.get_by_text("For anyone checking").wait_for()
    reader.page.locator(".csa-line").wait_for()
    text = reader.text()
    n_lost = sum(truth["rows_rejected"].values())
    assert f"{truth['rows_read']:,} rows read" in text
    assert f"{truth['rows_read'] - n_lost:,} used" in text
    assert "SAMPLE: synthetic city" in text
    assert "happened in another city" in text
    assert "St. Aurelia Hospital" in text
    assert "officer involved" in text
    assert "since the last date in the data, August 21, 2020" in text
    assert "Services" in text


def test_method_shows_the_numbers_on_screen_and_the_page_of_methods(read, sample_app, root):
    screen = quote(json.dumps({"eps_m": 260.0, "min_samples": 7}))
    reader = read(f"{sample_app}/method?screen={screen}")
    reader.page.get_by_role("heading", name="Candidate core service areas").wait_for()
    reader.settle()
    text = reader.text()
    assert (
        ". A group starts where at least 7 are within 260 m of each other. The H3 cells around a group are a candidate area if it is small enough to walk."
        in text
    )
    assert "byte for byte" in text
    titles = [
        line.removeprefix("## ")
        for line in (root / "docs" / "METHODS.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    ]
    assert titles
    assert all(title in text for title in titles)


def test_the_contents_of_method_lead_to_its_headings(read, sample_app):
    page = read(f"{sample_app}/method").page
    links = page.locator(".st-key-method_contents a")
    names = links.evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    lost = page.evaluate("names => names.filter(name => !document.getElementById(name))", names)
    assert (len(names) > 10, lost) == (True, [])


@pytest.mark.slow
def test_another_page_keeps_the_choices(read, sample_app):
    screen = quote(json.dumps({"eps_m": 260.0, "min_samples": 7, "area": "c-2"}))
    reader = read(f"{sample_app}/areas?screen={screen}")
    reader.frame  # noqa: B018 - painted
    reader.settle()
    chosen = reader.page.locator(".st-key-sheet_head h2").inner_text()
    reader.page.get_by_role("link", name="Method").click()
    reader.page.get_by_role("heading", name="How was this made?").wait_for()
    reader.settle()
    assert "260 m" in reader.text()
    reader.page.get_by_role("link", name="Find areas").click()
    reader.page.get_by_role("heading", name="Where do shootings concentrate?").wait_for()
    reader.settle()
    assert reader.page.locator(".st-key-sheet_head h2").inner_text() == chosen
    assert '"eps_m":260.0' in reader.page.evaluate("decodeURIComponent(location.search)")
