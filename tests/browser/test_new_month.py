"""A person without a terminal does a month: upload, preview, confirm, read, hand out, publish."""

import shutil

import pytest
from tests.browser.axe import faults
from tests.browser.conftest import LONG_MS, ROOT
from tests.workflow.months import months_of

SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"


@pytest.fixture(scope="module")
def town(serve, tmp_path_factory):
    """The sample city as it was known in the middle of June."""
    folder = tmp_path_factory.mktemp("month")
    data = folder / "data"
    shutil.copytree(ROOT / "data" / "sample", data, ignore=lambda *_: ["shootings.csv"])
    months_of(SHOOTINGS, "2020-06-15", data / "shootings.csv")
    with serve(folder, CSA_DATA_DIR=str(data)) as served:
        yield folder, served


def test_a_month_is_made_without_a_terminal(read, town, tmp_path):
    folder, address = town
    reader = read(f"{address}/new-month")
    reader.settle()
    page = reader.page
    new = months_of(SHOOTINGS, "2020-06-30", tmp_path / "portal export.csv")
    page.locator("input[type=file]").set_input_files(str(new))
    page.get_by_text("portal export.csv").wait_for()
    reader.settle()
    page.get_by_role("button", name="Look at what is new").click()
    page.get_by_text("What June 2020 would be").wait_for(timeout=LONG_MS)
    reader.settle()
    assert page.get_by_text("is read as shootings.csv").count() == 1
    assert page.get_by_text("shootings are new").count() == 1
    assert not faults(page)
    page.get_by_role("button", name="Make June 2020").click()
    page.get_by_text("June 2020 is made").wait_for(timeout=LONG_MS)
    reader.settle()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Executive").click()
    assert saving.value.path().read_bytes().startswith(b"%PDF")
    reader.settle()
    page.get_by_label("On behalf of (office)").last.fill("Prevention team")
    page.keyboard.press("Enter")
    reader.settle()
    page.get_by_role("button", name="Publish the public page of June 2020").click()
    page.get_by_role("button", name="Publish the public page of June 2020").wait_for(
        state="detached", timeout=LONG_MS
    )
    assert (folder / "bundle" / "index.html").is_file()
    page.get_by_role("link", name="Hand them out").click()
    page.get_by_role("heading", name="Hand out").first.wait_for(timeout=LONG_MS)
