"""docs/METHODS.md: each section says what it is for and how it is checked, and its examples are right."""

import math
import re

import pytest

import csa
from csa.areas.sufficiency import detectable_drop
from csa.areas.year_to_date import city_year
from csa.base.stats import count_interval
from csa.disclosure.keys import RATIO
from csa.reports.public.neighborhoods import trend_of

SCREEN = 60
OPENS = (
    "Services",
    "An external risk terrain",
    "False hot spots",
    "The monthly report",
    "The end of the data",
)
"""Sections without a number that state a claim."""


@pytest.fixture(scope="session")
def page(root):
    return (root / "docs" / "METHODS.md").read_text(encoding="utf-8")


def sections(page):
    """Return the text of each section by its heading."""
    parts = re.split(r"(?m)^##+ (.+)$", page)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def claims(page):
    return {
        head: text
        for head, text in sections(page).items()
        if re.search(r"^\d+\. |\(\d+\)$", head) or "**What for.**" in text or head in OPENS
    }


def test_each_section_ends_within_a_screen_and_begins_with_what_it_is_for(page):
    assert {head for head, text in sections(page).items() if text.count("\n") > SCREEN} == set()
    found = claims(page)
    assert len(found) > 50
    for head, text in found.items():
        what, example, *_ = (line for line in text.splitlines() if line.startswith("**"))
        assert text.strip().startswith("**What for.** "), head
        assert (what.startswith("**What for.** "), example.startswith("**Example.** ")) == (
            True,
            True,
        ), head


def test_each_section_names_a_test_that_exists(page, root):
    for head, text in claims(page).items():
        _, _, checked = text.partition("**Checked by** ")
        named = re.findall(r"`(tests/[\w/]+\.py)`", checked)
        assert named, head
        assert [path for path in named if not (root / path).is_file()] == [], head


def test_the_sections_are_numbered_in_order_without_a_gap(page):
    numbers = [int(n) for n in re.findall(r"(?m)^### (\d+)\. ", page)]
    assert numbers == list(range(1, 46))


# ---- The examples, worked again -------------------------------------------------------------


@pytest.fixture(scope="session")
def lacks(page):
    """Return what the page does not say, of what its examples must."""
    text = " ".join(page.split())
    return lambda *parts: [part for part in parts if part not in text]


@pytest.fixture(scope="session")
def city(root, sample_folder):
    return csa.open_city(csa.load_city(root / "config" / "sample.toml"), sample_folder)


@pytest.fixture(scope="session")
def proposal(city):
    return csa.propose_areas(city)


def test_the_examples_of_areas(lacks, proposal):
    areas, params, totals = (
        proposal.areas.set_index("place_name"),
        proposal.summary["params"],
        proposal.summary["totals"],
    )
    least, most = (f"{one(areas['area_km2']):.2f}".lstrip("0") for one in (min, max))
    share = totals["areas_km2"] / totals["study_area_km2"]
    fringe = proposal.summary["left_out_fringe"]["incidents"]
    circle = params["dense_per_km2"] * math.pi * (params["eps_m"] / 1000) ** 2
    ivorstead, hadderley = areas.loc["Ivorstead"], areas.loc["Hadderley"]
    assert (len(areas), areas.loc["Ferrymans End", "area_id"]) == (8, "c-4")
    assert (ivorstead["also_on_homicides"], len(hadderley["cells"])) == ("yes", 38)
    assert (
        lacks(
            f"eight areas are {least} to {most} km2, on {share:.1%} of the land",
            f"have {totals['in_areas']} of {totals['located']:,} mapped incidents; {fringe} more",
            f"density is {params['dense_per_km2']:.1f} per km2",
            f"has {circle:.1f} incidents, so the minimum is {params['min_samples']}",
            f"Ivorstead has {ivorstead['incidents']} shootings, {ivorstead['homicides']} of them homicides",
            f"Hadderley's {hadderley['area_km2']:.2f}".replace("0.", ".") + " km2 are 38 blocks",
            f"{hadderley['population']:,} people are shown as {round(hadderley['population'], -2):,}",
            f"{totals['located_suspect']} of the sample's incidents are at suspect points",
        )
        == []
    )


@pytest.mark.long
def test_the_examples_of_how_sure(lacks, city, proposal):
    found = csa.assess_areas(city, proposal)
    table, half = found.table.set_index("place_name"), found.concentration
    high, new = table.loc["Hadderley"], table.loc["Ivorstead"]
    second = ", ".join(
        f"{name} ({row['incidents']})" for name, row in table[table["tier"] == 3].iterrows()
    )
    assert table[table["tier"] == 1].index.tolist() == ["Silverbeck"]
    assert new["hot_cells"] == 0
    low, top = half.land_for_half_low, half.land_for_half_high
    assert (
        lacks(
            f"{high['incidents']} shootings in 36 months; likely true level {high['expected']:.0f} "
            f"(90% range: {high['expected_low']:.0f} to {high['expected_high']:.0f})",
            f"{new['incidents']} shootings; likely true level {math.floor(new['expected_low'])} "
            f"to {math.ceil(new['expected_high'])}",
            f"Silverbeck ({table.loc['Silverbeck', 'incidents']} shootings) is the only area in tier 1",
            " and ".join(second.rsplit(", ", 1)),
            f"{table.loc['Silverbeck', 'hot_cells']} of Silverbeck's cells are beyond chance",
            f"on {half.land_for_half_share:.0%} of the land; random maps need {low:.0%} to {top:.0%}".replace(
                "35% to", "35 to"
            ),
        )
        == []
    )


def test_the_example_of_the_citys_year(lacks, city):
    year = city_year(city, csa.AreaSettings())
    change = year.change
    assert year.verdict == "more"
    assert (
        lacks(
            f"{year.n_now} shootings, compared with {year.n_before} in the same months of 2019. "
            f"No-change range: {change.low} to {change.high}"
        )
        == []
    )


def test_the_examples_of_arithmetic(lacks):
    low, high = count_interval(10)
    moved = 1.3 * 80 + (0.08 * 80) ** 2
    wdd, error = (20 - 30) - (28 - 25), math.sqrt(30 + 20 + 25 + 28)
    trend = trend_of(((2018, 80), (2019, 80), (2020, 60)))
    within = sum(RATIO ** abs(e) / 3 for e in range(-3, 4))
    assert (
        lacks(
            f"10 gives {low:.1f} to {high:.1f}",
            f"With 100 incidents a year we detect a {detectable_drop(100, dispersion=1.6):.0%} drop",
            f"100 x .9 x .88 = {100 * 0.9 * 0.88:.0f}",
            f"40 x .85 x sqrt(1.08) = {40 * 0.85 * math.sqrt(1.08):.0f}",
            f"+ (.08 x 80)^2 = {moved:.0f}, a standard deviation of {math.sqrt(moved):.0f}",
            f"= {wdd}, with a standard error of sqrt(30 + 20 + 25 + 28) = {error:.0f}",
            f"{1 - trend.ratio:.0%} fewer, 95% range {1 - trend.low:.0%} fewer to "
            f"{trend.high - 1:.0%} more",
            f"within 3 of 41 in {float(within):.0%}",
            f"Expected: {120 * 0.11:.0f}.",
        )
        == []
    )
    assert (wdd, trend.verdict) == (-13, "unclear")
