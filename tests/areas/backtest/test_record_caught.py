"""What areas hold of what chose them is told only with what such areas caught afterwards."""

import math

import pytest
from tests.areas.backtest.records import record_of

from csa.areas.backtest.record import (
    Held,
    describe_areas_hold,
    describe_core_areas_hold,
    describe_record,
)
from csa.base.message import msg

SUGGESTED = {"eps_m": 200.0, "min_samples": 12}


def summary(**by_hand):
    """Nine months of a city: areas of three incidents each, and 66 of 100 incidents in them."""
    covered = {"covered_from": "2017-01-01", "covered_through": "2017-09-30"}
    return {
        "params": {**covered, "kinds": ["homicide", "nonfatal"], "suggested": SUGGESTED}
        | SUGGESTED
        | by_hand,
        "nonfatal_is_proxy": False,
        "totals": {
            "areas": 22, "in_areas": 66, "located": 100, "areas_km2": 4.0, "study_area_km2": 200.0,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "by_hand"),
    [
        (None, {}),
        (record_of([]), {}),
        (record_of([math.nan]), {}),
        (record_of([0.2, 0.3]), {"eps_m": 90.0}),
        (record_of([0.2, 0.3]), {"min_samples": 3}),
    ],
    ids=["no record", "no past year", "nothing came", "a radius by hand", "a minimum by hand"],
)
def test_without_a_share_held_out_no_share_is_told(record, by_hand):
    given, found = summary(**by_hand), Held(3, 30, 2.0)
    for message, key, n in (
        (describe_areas_hold(given, record), "found.candidates_alone", 22),
        (describe_core_areas_hold(found, given, record), "found.served_alone", 3),
    ):
        assert (message.key, message.values["n"]) == (key, n)
        assert not {"inside", "share", "caught"} & {*message.values}
        assert "66" not in str(message)
        assert "30 of" not in str(message)


def test_with_past_years_of_the_same_settings_both_shares_are_told():
    record = record_of([0.2, 0.3])
    caught = msg("found.caught", n=2, share="25%", land="2%")
    message = describe_areas_hold(summary(), record)
    assert message.key == "found.candidates"
    told = {name: message.values[name] for name in ("inside", "incidents", "share", "land")}
    assert told == {"inside": 66, "incidents": 100, "share": "66%", "land": "2%"}
    assert message.values["caught"] == caught
    served = describe_core_areas_hold(Held(3, 30, 2.0), summary(), record)
    said = served.key, served.values["share"], served.values["land"]
    assert said == ("found.served", "30%", "1%")
    assert served.values["caught"] == caught


def test_what_past_years_show_is_said_or_why_nobody_knows():
    found = describe_record(record_of([0.2, 0.3]), is_estimated=False)
    assert found == msg("found.caught", n=2, share="25%", land="2%")
    for record, key in ((None, "briefing.no_record"), (record_of([]), "briefing.record_short")):
        assert describe_record(record, is_estimated=False) == msg(key)
