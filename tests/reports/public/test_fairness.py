"""Who lives in the areas, and what doubling one neighborhood's reports does, on the sample."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from tests.reports import told

from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.geo.cells import outline
from csa.reports.public.areas import areas_shown
from csa.reports.public.facts import (
    PublicArea,
    PublicDoubled,
    PublicFairness,
    PublicGroup,
    PublicPlace,
)
from csa.reports.public.fairness import (
    Census,
    fairness_sections,
    gather_fairness,
    propose_with_doubled_reports,
)
from csa.reports.public.window import resolve_window


@pytest.fixture(scope="module")
def window(sample_source):
    return resolve_window(sample_source.city, Month(2020, 8))


@pytest.fixture(scope="module")
def areas(window, sample_source, sample_records):
    return areas_shown(window, replace(sample_source, records=sample_records))


# ---- by hand -------------------------------------------------------------------------------


def test_people_are_shared_out_by_land_and_groups_are_weighted_by_people(
    window, sample_source, areas
):
    """Two places: one is the first area's own land, the other far away with nobody in an area."""
    own = outline(areas[0].ground)
    far = shapely.box(-100.0, 45.0, -99.9, 45.1)
    places = gpd.GeoDataFrame(
        {"people": [300.0, 700.0], "young": [0.5, 0.1]}, geometry=[own, far], crs="EPSG:4326"
    )
    census = Census(places, {"young": {"en": "Young people"}})
    found = gather_fairness(window, sample_source.city, AreaSettings(), areas[:1], (), census)
    assert found.people_percent == 30
    assert found.groups == (PublicGroup(names={"en": "Young people"}, areas=50, city=22),)
    assert found.doubled is None


@pytest.mark.long
def test_the_busiest_neighborhood_without_an_area_is_doubled(window, sample_source):
    districts = (
        PublicPlace(name="Umberley", count=200, areas=("A",)),
        PublicPlace(name="Vesper Hill", count=60),
        PublicPlace(name="Greyfen", count=30),
        PublicPlace(name="Larkenshaw", count=None),
    )
    found = propose_with_doubled_reports(window, sample_source.city, AreaSettings(), districts)
    assert found.name == "Vesper Hill"
    assert found.after >= found.before
    assert 0 < found.others_kept <= found.others


def test_each_page_says_what_it_knows_and_what_it_does_not():
    bare = fairness_sections(told.facts())
    assert [one.key for one in bare] == ["who", "see", "double", "decides"]
    text = str(bare)
    assert "not given numbers" in text
    assert "not tried" in text
    assert "not yet said who decides" in text
    fairness = PublicFairness(
        people_percent=12,
        groups=(PublicGroup(names={"en": "Renters", "es": "Inquilinos"}, areas=60, city=40),),
        doubled=PublicDoubled(name="Vinegate", before=0, after=1, others=8, others_kept=7),
    )
    whole = told.facts(fairness=fairness, decided_by="The council")
    text = str(fairness_sections(whole))
    told_of = ("12 of 100", "('Renters', '60', '40')", "Vinegate: 0", "reports: 1")
    for said in (*told_of, "The council"):
        assert said in text
    assert "Inquilinos" in str(fairness_sections(whole, "es"))


# ---- at the edge ---------------------------------------------------------------------------


def test_without_a_number_nobody_is_doubled_and_without_people_nobody_lives_there(
    window, sample_source
):
    few = (PublicPlace(name="Greyfen", count=None),)
    assert propose_with_doubled_reports(window, sample_source.city, AreaSettings(), few) is None
    nowhere = PublicArea(
        letter="A", place_name="x", state="designated", since=None, cells=(), count=None
    )
    found = gather_fairness(window, sample_source.city, AreaSettings(), [nowhere], few, None)
    assert found == PublicFairness()
    assert nowhere.model_copy(update={"letter": "B"}).key == "B"
