"""The sentences of *where*: each by its condition, at the edge, and none where there is nothing."""

import geopandas as gpd
import pytest
from tests.sentences import says

from csa.areas.answer import (
    describe_cautions,
    describe_left_out,
    describe_no_area,
    describe_support,
    describe_values,
)
from csa.areas.proposal import Proposal

COUNTED = {"n": 900, "period": "January 1, 2018 through December 31, 2020"}
SOUGHT = {**COUNTED, "eps_m": 250, "min_samples": 20}
UNMAPPED = {"unlocated": 2, "outside_study_area": 1, "incidents": 903}
BY_REASON = {"n": 3, "of": 903, "unlocated": 2, "outside": 1}
NO_AREA = {"expected": ()}
OF_FILE = {"suggested_by": "city file"}
ALL_SUSPECT = NO_AREA | {"share": 0.0, "located_suspect": 900}
SUPPORTS = says("find.supports", n=2, least=1.5)
LITTLE_LAND = says("find.little_land", share="1%", goal="2%")
NAN = float("nan")


def proposal(*, expected=(40.0, 90.0), share=0.03, around=0, corners=0, silent=(), **changed):
    """Make a proposal of nine hundred incidents in three years."""
    totals = {
        "incidents": 900, "located": 900, "located_suspect": 0, "unlocated": 0,
        "outside_study_area": 0,
    }  # fmt: skip
    params = {
        "months": 36, "months_covered": 36, "eps_m": 250, "min_samples": 20, "least_a_year": 1.5,
        "covered_from": "2018-01-01", "covered_through": "2020-12-31", "suggested_by": "the data",
        "suggested": {"eps_m": 250, "min_samples": 20},
    }  # fmt: skip
    summary = {
        "totals": {name: changed.get(name, value) for name, value in totals.items()},
        "params": {name: changed.get(name, value) for name, value in params.items()},
        "left_out_fringe": {"incidents": around},
        "corners": {"n": corners},
        "share_of_study_area": share,
        "land_is_estimated": False,
        "silent": silent,
    }
    return Proposal(gpd.GeoDataFrame({"expected": list(expected)}), None, None, summary)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "None"),
        (NO_AREA, says("find.none", **SOUGHT)),
        (NO_AREA | {"around": 1}, says("find.none_fits", **SOUGHT)),
        (NO_AREA | {"located_suspect": 449}, says("find.none", **SOUGHT)),
        (NO_AREA | {"located_suspect": 450}, says("find.all_suspect", **COUNTED, suspect=450)),
        (NO_AREA | {"located": 0}, says("find.empty", period=COUNTED["period"])),
    ],
)
def test_why_there_is_no_area(given, sentence):
    assert str(describe_no_area(proposal(**given))) == sentence


@pytest.mark.parametrize(
    ("describe", "given", "sentence"),
    [
        (describe_left_out, {"around": 1}, says("find.just_outside", n=1)),
        (describe_left_out, {"corners": 2}, says("find.corners", n=2, least=1.5)),
        (describe_left_out, UNMAPPED, says("find.unmapped", **BY_REASON)),
        (describe_left_out, {}, ""),
        (describe_cautions, {"months_covered": 35}, says("find.covered", n=35, months=36)),
        # A city's file whose values find next to nothing may be another city's.
        (describe_cautions, OF_FILE | {"share": 0.0049}, says("find.other_city", share="0.5%")),
        (describe_cautions, OF_FILE | {"share": 0.0051}, ""),
        (describe_cautions, OF_FILE | ALL_SUSPECT, ""),
        (describe_cautions, {"share": 0.0}, ""),
        (describe_support, {"share": 0.0149}, f"{SUPPORTS} {LITTLE_LAND}"),
        (describe_support, {"share": 0.0151}, ""),
        (describe_support, ALL_SUSPECT, ""),
        # Eleven must be expected in a year before even a stop could show.
        (describe_support, {"expected": (NAN, 33.0)}, ""),
        (describe_support, {"expected": (NAN, 32.9)}, says("find.years", n=2, expected=10.97)),
        (describe_support, {"expected": (NAN,)}, ""),
    ],
)
def test_what_is_left_out_what_to_check_and_what_the_data_support(describe, given, sentence):
    assert " ".join(map(str, describe(proposal(**given)))) == sentence


@pytest.mark.parametrize(
    ("silent", "months"),
    [
        (["2019-03"], "March 2019"),
        (["2018-12", "2019-01"], "December 2018 to January 2019"),
        (["2018-02", "2018-04", "2018-05", "2018-06"], "February 2018, April 2018 to June 2018"),
    ],
)
def test_months_without_any_incident_are_named_those_in_a_row_as_a_span(silent, months):
    (found,) = describe_cautions(proposal(silent=silent))
    assert str(found) == says("find.silent", n=len(silent), months=months)


def test_radius_and_minimum_are_said_with_their_source_and_others_beside_the_suggested():
    sources = {"the data": says("controls.by_data", land="2%")}
    sources |= {"past years": says("controls.by_past_years")}
    sources |= {"city file": says("controls.by_city_file")}
    for by, source in sources.items():
        said = {"eps_m": 250, "min_samples": 20, "source": source, "n": 900}
        assert str(describe_values(proposal(suggested_by=by))) == says("find.values", **said)
        said |= {"min_samples": 21, "suggested_m": 250, "suggested_min": 20}
        values = describe_values(proposal(suggested_by=by, min_samples=21))
        assert str(values) == says("find.other_values", **said)
