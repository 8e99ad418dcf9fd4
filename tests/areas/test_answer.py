"""The sentences of *where*: each by its condition, at the edge, and none where there is nothing."""

import geopandas as gpd
import pytest
from tests.sentences import says

from csa.areas import answer
from csa.areas.proposal import Proposal

COUNTED = {"n": 900, "period": "January 1, 2018 through December 31, 2020"}
SOUGHT = {**COUNTED, "eps_m": 250, "min_samples": 20}
UNMAPPED = {"unlocated": 2, "outside_study_area": 1, "incidents": 903}


def proposal(*, expected=(40.0, 90.0), share=0.03, around=0, corners=0, silent=(), **changed):
    """Make a proposal of nine hundred incidents in three years."""
    totals = {
        "incidents": 900, "located": 900, "located_suspect": 0, "unlocated": 0,
        "outside_study_area": 0,
    }  # fmt: skip
    params = {
        "months": 36, "months_covered": 36, "eps_m": 250, "min_samples": 20, "least_a_year": 1.5,
        "covered_from": "2018-01-01", "covered_through": "2020-12-31", "suggested_by": "the data",
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
        ({"expected": ()}, says("find.none", **SOUGHT)),
        ({"expected": (), "around": 1}, says("find.none_fits", **SOUGHT)),
        ({"expected": (), "located_suspect": 449}, says("find.none", **SOUGHT)),
        (
            {"expected": (), "located_suspect": 450},
            says("find.all_suspect", **COUNTED, suspect=450),
        ),
        ({"expected": (), "located": 0}, says("find.empty", period=COUNTED["period"])),
    ],
)
def test_why_there_is_no_area(given, sentence):
    assert str(answer.describe_no_area(proposal(**given))) == sentence


@pytest.mark.parametrize(
    ("given", "left_out", "cautions", "support"),
    [
        ({}, [], [], []),
        ({"around": 1}, [says("find.just_outside", n=1)], [], []),
        ({"corners": 2}, [says("find.corners", n=2, least=1.5)], [], []),
        (UNMAPPED, [says("find.unmapped", n=3, of=903, unlocated=2, outside=1)], [], []),
        ({"months_covered": 35}, [], [says("find.covered", n=35, months=36)], []),
        # A city's file whose values find next to nothing may be another city's.
        (
            {"share": 0.0049, "suggested_by": "city file"},
            [],
            [says("find.other_city", share="0.5%")],
            [],
        ),
        ({"share": 0.0051, "suggested_by": "city file"}, [], [], []),
        (
            {"share": 0.0149},
            [],
            [],
            [
                says("find.supports", n=2, least=1.5),
                says("find.little_land", share="1%", goal="2%"),
            ],
        ),
        ({"share": 0.0151}, [], [], []),
        # Eleven must be expected in a year before even a stop could show.
        ({"expected": (float("nan"), 33.0)}, [], [], []),
        ({"expected": (float("nan"), 32.9)}, [], [], [says("find.years", n=2, expected=10.97)]),
        ({"expected": (float("nan"),)}, [], [], []),
        ({"expected": (), "share": 0.0, "located_suspect": 900}, [], [], []),
    ],
)
def test_what_is_in_no_area_what_may_be_wrong_and_what_the_data_are_enough_for(
    given, left_out, cautions, support
):
    made = proposal(**given)
    assert [*map(str, answer.describe_left_out(made))] == left_out
    assert [*map(str, answer.describe_cautions(made))] == cautions
    assert [*map(str, answer.describe_support(made))] == support


@pytest.mark.parametrize(
    ("silent", "months"),
    [
        (["2019-03"], "March 2019"),
        (["2018-12", "2019-01"], "December 2018 to January 2019"),
        (["2018-02", "2018-04", "2018-05", "2018-06"], "February 2018, April 2018 to June 2018"),
    ],
)
def test_months_without_any_incident_are_named_those_in_a_row_as_a_span(silent, months):
    (found,) = answer.describe_cautions(proposal(silent=silent))
    assert str(found) == says("find.silent", n=len(silent), months=months)
