"""The one chart of each edition: what it draws is what was counted, and its words say the same."""

import io

import pytest
from PIL import Image
from tests.reports import told

from csa.base.text import Translator
from csa.geo.palette import PAPER
from csa.reports.document import Picture
from csa.reports.editions.all import edition
from csa.reports.editions.charts import HIGH_PX, change_chart, years_chart
from csa.reports.public.neighborhoods import city_card

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


@pytest.mark.parametrize("name", [*INTERNAL, "public"])
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


def test_years_are_as_high_as_their_counts():
    (chart,) = years_chart(told.facts(years=((2018, 100), (2019, 50))), Translator())
    assert chart.alt == "Number of shootings in Orrinvale, each year: 2018: 100, 2019: 50."
    heights = {}
    for x, y in pixels(chart, PAPER.accent):
        low, high = heights.get(x, (y, y))
        heights[x] = (min(low, y), max(high, y))
    first, *_, last = (high - low for _, (low, high) in sorted(heights.items()))
    assert first == pytest.approx(HIGH_PX, abs=3)
    assert last == pytest.approx(HIGH_PX / 2, abs=3)


def test_a_year_with_fewer_than_ten_is_drawn_as_an_empty_frame():
    (chart,) = years_chart(told.facts(years=((2018, None), (2019, None))), Translator())
    assert "fewer than 10" in chart.alt
    assert pixels(chart, PAPER.accent) == []


def test_one_year_compares_nothing_and_has_no_bars():
    for years in ((), ((2018, 1020),)):
        assert years_chart(told.facts(years=years), Translator()) == []
        assert city_card(told.facts(years=years), Translator()).bars == ()
