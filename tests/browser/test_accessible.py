"""WCAG 2.2 AA by axe-core, on each page, light and dark, wide and narrow, the map's frame too."""

import json
from urllib.parse import quote

import pytest
from tests.browser.axe import faults
from tests.workers import slowly

SCREEN = quote(json.dumps({"area": "c-5"}))


@pytest.mark.parametrize(
    "page",
    ["", "areas", "displacement", "compare", "how-well", "data", "method", "community", "cities"],
)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), *slowly((1400, "light"))])
def test_axe_finds_no_fault(read, sample_app, page, width, scheme):
    reader = read(f"{sample_app}/{page}?screen={SCREEN}", width=width, scheme=scheme)
    if page in {"", "areas"}:
        frame = reader.frame
        assert faults(frame) == {}
    reader.settle()
    reader.page.wait_for_timeout(500)
    assert faults(reader.page) == {}
