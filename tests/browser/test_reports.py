"""Reports, as an office makes one, looks at it, saves it and records who received it."""

import pytest
from tests.app.acts import EDITION, member_act
from tests.browser.axe import faults
from tests.browser.conftest import LONG_MS
from tests.looking import assert_comes_alike
from tests.workers import slowly

from csa.program.handouts import hand_out
from csa.program.store.engine import open_store


@pytest.fixture(scope="module")
def app(serve, tmp_path_factory):
    """The sample city, with one edition handed out."""
    folder = tmp_path_factory.mktemp("reports")
    address = str(folder / "store.sqlite3")
    hand_out(open_store(address, make=True), member_act(), EDITION, ["Mayor's Office"])
    with serve(folder, CSA_STORE=address) as served:
        yield served


@pytest.fixture
def made(read, app):
    """The page, with the report of the last whole month on it."""

    def open_it(**looks):
        reader = read(f"{app}/reports", **looks)
        reader.settle()
        reader.page.get_by_role("button", name="Make the report").click()
        reader.page.get_by_text("report is ready, for one audience.").wait_for(timeout=LONG_MS)
        reader.settle()
        return reader

    return open_it


def test_a_report_is_made_looked_at_saved_and_handed_out(made):
    reader = made(width=390)
    reader.assert_fits()
    page = reader.page
    frame = page.frame_locator("[data-testid=stIFrame]:not([tabindex])")
    assert "July 2020" in frame.get_by_role("heading", level=1).inner_text()
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF", exact=True).click()
    saved = saving.value
    assert saved.suggested_filename == "2020-07_executive_en.pdf"
    content = saved.path().read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) < 1_000_000
    with page.expect_download() as saving:
        page.get_by_role("button", name="Word", exact=True).click()
    assert saving.value.path().read_bytes().startswith(b"PK")
    page.get_by_role("button", name="Record handout").scroll_into_view_if_needed()
    box = page.get_by_role("combobox", name="Received by")
    box.click()
    page.keyboard.type("Ward 3 neighbors")
    page.get_by_role("option", name="Add: Ward 3 neighbors").wait_for()
    box.press("Enter")
    box.press("Escape")  # the list of offices closes; until then the rest is out of reach
    page.get_by_role("textbox", name="On behalf of").fill("Health Department")
    page.get_by_role("textbox", name="Why").fill("as agreed")
    page.get_by_role("button", name="Record handout").click()
    page.get_by_text("One recipient recorded.").wait_for()
    row = page.get_by_role("row").filter(has_text="Ward 3 neighbors")
    row.get_by_text("Unchanged").wait_for()
    page.get_by_role("row").filter(has_text="Mayor's Office").get_by_text("▲ Changed").wait_for()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1400, "light"), *slowly((390, "dark"), (1024, "light"), (1920, "light"))]
)
def test_the_page_looks_as_it_did_and_axe_finds_no_fault(made, width, scheme):
    reader = made(width=width, scheme=scheme)
    reader.page.mouse.move(0, 0)
    assert_comes_alike(reader.page.screenshot, f"reports-{width}-{scheme}")
    assert faults(reader.page) == {}
