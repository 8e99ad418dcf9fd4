"""The one chart of each edition: what it draws is what was counted, and its words say the same."""

import io

import pytest
from PIL import Image

from csa.base.text import Translator
from csa.reports.document import Picture
from csa.reports.editions.all import edition
from csa.reports.editions.parts import change_chart

INTERNAL = ("executive", "prevention", "intervention", "enforcement")


def charts(document):
    """List the pictures of an edition that are no maps: the fixture draws those as nothing."""
    return [one for one in document.blocks if isinstance(one, Picture) and one.png]


def pixels(picture, color):
    image = Image.open(io.BytesIO(picture.png)).convert("RGB")
    wanted = tuple(int(color[k : k + 2], 16) for k in (1, 3, 5))
    return [
        (x, y)
        for y in range(image.height)
        for x in range(image.width)
        if all(abs(a - b) < 6 for a, b in zip(image.getpixel((x, y)), wanted, strict=True))
    ]


@pytest.mark.parametrize("name", INTERNAL)
def test_each_edition_has_its_one_chart(month_facts, name):
    (chart,) = charts(edition(month_facts, name, "en", lambda _: b""))
    assert chart.png.startswith(b"\x89PNG")
    assert chart.alt


def test_a_chart_says_each_area_with_the_numbers_of_the_analysis(month_facts):
    _, chart = change_chart(month_facts, Translator())
    found = month_facts.change.displaced
    assert chart.alt.startswith("All areas together: ")
    for letter, judged in zip(found.chosen.area_ids, found.by_area, strict=True):
        n, low, high = (
            int(ends[-1])
            for ends in (judged.core.counted, judged.core.bound_low, judged.core.bound_high)
        )
        assert f"({letter}): {n} counted, no-change range: {low} to {high}." in chart.alt


def test_where_nothing_is_followed_there_is_no_chart(bare_facts):
    facts = bare_facts
    assert change_chart(facts, Translator()) == [] or facts.change.displaced is not None
