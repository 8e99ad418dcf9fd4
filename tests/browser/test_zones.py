"""Zones and early word in a browser: empty pages say what they are for and offer their forms."""

import pytest
from tests.sentences import says


@pytest.mark.parametrize(
    ("address", "said", "form"),
    [
        ("zones", "zones_page.none", "zones_page.change"),
        ("early-word", "word_page.off", "word_page.change"),
    ],
)
@pytest.mark.parametrize("width", [1400, 390])
def test_an_empty_page_says_what_it_is_for_and_opens_its_form(
    read, sample_app, address, said, form, width
):
    reader = read(f"{sample_app}/{address}", width=width, height=900)
    reader.page.get_by_text(says(said)).first.wait_for()
    reader.page.get_by_text(says(form)).first.click()
    reader.page.get_by_label("Why", exact=True).wait_for()
    assert "Traceback" not in reader.text()
