"""The record of past years: what is kept is read again exactly, and nothing else is read."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.areas.backtest.comparison import MethodComparison, SettingScore
from csa.areas.backtest.record import (
    BacktestRecord,
    FollowUpChange,
    record_from_plain,
    record_to_plain,
)
from csa.areas.backtest.scoring import BACKTEST_COLUMNS, METHODS, as_table
from csa.base.errors import TableError

share = st.floats(0, 1)
shares_or_none = st.one_of(share, st.none())


def row(origin="2020-01", method="areas", **more):
    named = {"origin": origin, "horizon_months": 12, "method": method, "area_km2": 7.4}
    known = {"area_share": 0.02, "hit_share": 0.2, "pai": 10.0, "pei_star": 0.7, "n_future": 1500}
    return named | known | {"filled_share": 0.1} | more


def record(rows=(), *, comparison=None, tried=(), suggested=None, usual=()):
    params = {"months": 36, "kinds": ["homicide"], "documented": {"eps_m": 250.0}}
    return BacktestRecord(
        "f" * 64,
        "3",
        params,
        as_table(list(rows)),
        comparison,
        tuple(tried),
        suggested,
        tuple(usual),
    )


TRIED = SettingScore(250.0, 19, (0.1, 0.2, 1 / 3), (0.02, 0.019, 0.02), (20, 21, 19))
FULL = record(
    [row(origin, method) for origin in ("2020-01", "2021-01") for method in METHODS],
    comparison=MethodComparison("areas", "count", 0.21, 0.2, 0.01, -0.001, 0.02, 2),
    tried=[TRIED, SettingScore(150.0, 7, (0.1, 0.1, 0.1), (0.02, 0.02, 0.02), (30, 30, 30))],
    suggested=TRIED,
    usual=[
        FollowUpChange("2020-01", 20, 0.3, 0.25, 0.2),
        FollowUpChange("2021-01", 21, 0.3, 0.2, 0.21),
    ],
)


@st.composite
def records(draw):
    rows = [
        row(
            f"{draw(st.integers(1000, 9999))}-01",
            draw(st.sampled_from(METHODS)),
            hit_share=draw(shares_or_none),
            pai=draw(shares_or_none),
            pei_star=draw(shares_or_none),
            n_future=draw(st.integers(0, 9999)),
            area_km2=draw(share),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    tried = [
        SettingScore(
            draw(st.floats(1, 900)),
            draw(st.integers(2, 40)),
            (draw(share),),
            (draw(share),),
            (draw(st.integers(0, 40)),),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    compared = draw(st.booleans())
    return record(
        rows,
        comparison=MethodComparison("areas", "count", *(draw(share) for _ in range(5)), 2)
        if compared
        else None,
        tried=tried,
        suggested=tried[0] if tried else None,
        usual=[FollowUpChange("2020-01", 3, draw(share), draw(share), draw(share))],
    )


def again(kept):
    return record_from_plain(json.loads(json.dumps(record_to_plain(kept), allow_nan=False)))


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    for name in (
        "fingerprint",
        "method_version",
        "params",
        "comparison",
        "tried",
        "suggested",
        "usual_changes",
    ):
        assert getattr(one, name) == getattr(other, name), name


# ---- By hand -------------------------------------------------------------------------------


def test_the_usual_fall_is_the_mean_over_years_from_the_last_year_to_the_next():
    # .25 to .20 is a fall by a fifth, .20 to .21 a rise by a twentieth
    assert FULL.usual_fall_share == pytest.approx((0.2 - 0.05) / 2)
    assert record(
        usual=[FollowUpChange("2020-01", 20, 0.3, 0.2, 0.25)]
    ).usual_fall_share == pytest.approx(-0.25)


def test_what_is_kept_says_what_it_is():
    plain = record_to_plain(FULL)
    assert (plain["kind"], plain["format_version"]) == ("record of past years", 1)
    assert list(plain["table"][0]) == list(BACKTEST_COLUMNS)
    assert list(plain["tried"][0]) == [
        "eps_m", "min_samples", "hit_shares", "area_shares", "n_areas",
    ]  # fmt: skip


# ---- At the edge ---------------------------------------------------------------------------


def test_a_record_without_a_past_year_is_kept_too():
    empty = record()
    assert_same(again(empty), empty)
    assert (empty.n_origins, empty.usual_fall_share) == (0, None)


def test_what_is_not_known_is_null_and_read_as_not_a_number():
    kept = record([row(hit_share=math.nan, pai=math.nan, pei_star=None, n_future=0)])
    assert record_to_plain(kept)["table"][0]["hit_share"] is None
    assert again(kept).table["hit_share"].isna().all()
    assert again(kept).table["hit_share"].dtype == np.float64
    assert_same(again(kept), kept)


def test_a_year_before_which_areas_held_nothing_tells_of_no_fall():
    nothing = FollowUpChange("2020-01", 0, 0.0, 0.0, 0.0)
    assert record(usual=[nothing]).usual_fall_share is None
    fell = FollowUpChange("2021-01", 20, 0.3, 0.2, 0.15)
    assert record(usual=[nothing, fell]).usual_fall_share == pytest.approx(0.25)


# ---- Refused -------------------------------------------------------------------------------


def _lacks(name):
    return lambda plain: plain.pop(name)


BAD = {
    "another kind": lambda plain: plain.update(kind="proposal"),
    "is on record with a different format": lambda plain: plain.update(format_version=2),
    "no format": _lacks("format_version"),
    "no table": _lacks("table"),
    "no settings": _lacks("tried"),
    "a table of other columns": lambda plain: plain["table"][0].pop("pai"),
    "a column more": lambda plain: plain["table"][0].update(more=1),
    "words for numbers": lambda plain: plain["table"][0].update(pai="much"),
    "a comparison of other names": lambda plain: plain["comparison"].update(more=1),
    "a setting without a radius": lambda plain: plain["tried"][0].pop("eps_m"),
    "shares that are words": lambda plain: plain["tried"][0].update(hit_shares=["much"]),
    "a setting without its land": lambda plain: plain["tried"][0].pop("area_shares"),
    "land of fewer years": lambda plain: plain["tried"][0]["area_shares"].pop(),
    ". Choose from fewer years": lambda plain: plain["suggested"]["n_areas"].pop(),
    "a suggestion that is a number": lambda plain: plain.update(suggested=250),
    "a comparison that is a list": lambda plain: plain.update(comparison=[0.2]),
    "an unknown share of a setting": lambda plain: plain["tried"][0].update(hit_shares=[None] * 3),
    "a change without a year": lambda plain: plain["usual_changes"][0].pop("origin"),
    "params that are none": lambda plain: plain.update(params=3),
    "a table that is a number": lambda plain: plain.update(table=3),
    "rows that are numbers": lambda plain: plain.update(table=[3]),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_what_is_no_such_record_is_refused_with_the_remedy(spoil):
    plain = json.loads(json.dumps(record_to_plain(FULL)))
    spoil(plain)
    with pytest.raises(TableError, match=r"Create it again with csa backtest\."):
        record_from_plain(plain)


NUMBERS = {
    "a radius": lambda plain, value: plain["tried"][0].update(eps_m=value),
    "a minimum": lambda plain, value: plain["tried"][0].update(min_samples=value),
    "the suggested radius": lambda plain, value: plain["suggested"].update(eps_m=value),
    "the suggested minimum": lambda plain, value: plain["suggested"].update(min_samples=value),
    "a share caught": lambda plain, value: plain["tried"][1].update(hit_shares=[value] * 3),
    "a share of land": lambda plain, value: plain["tried"][1].update(area_shares=[value] * 3),
    "a number of areas": lambda plain, value: plain["tried"][1].update(n_areas=[value] * 3),
    "a share before": lambda plain, value: plain["usual_changes"][0].update(before_share=value),
    "a share after": lambda plain, value: plain["usual_changes"][1].update(after_share=value),
    "areas of a year": lambda plain, value: plain["usual_changes"][1].update(n_areas=value),
    "a difference": lambda plain, value: plain["comparison"].update(difference=value),
    "land in a row": lambda plain, value: plain["table"][0].update(area_km2=value),
    "an index in a row": lambda plain, value: plain["table"][3].update(pai=value),
    "incidents in a row": lambda plain, value: plain["table"][3].update(n_future=value),
}


@pytest.mark.parametrize("value", ["much", "12", math.inf, -math.inf, math.nan, -2, True, [1]])
@pytest.mark.parametrize("put", NUMBERS.values(), ids=NUMBERS)
def test_words_infinities_negatives_and_truths_are_no_numbers(put, value):
    plain = json.loads(json.dumps(record_to_plain(FULL)))
    put(plain, value)
    with pytest.raises(TableError, match="has an invalid value"):
        record_from_plain(json.loads(json.dumps(plain)))


@pytest.mark.parametrize("put", [NUMBERS["a minimum"], NUMBERS["areas of a year"]])
def test_a_number_of_things_is_whole(put):
    plain = json.loads(json.dumps(record_to_plain(FULL)))
    put(plain, 19.5)
    with pytest.raises(TableError):
        record_from_plain(plain)


@pytest.mark.parametrize(("name", "value"), [("eps_m", 0), ("min_samples", 0), ("eps_m", 1e6 + 1)])
def test_a_radius_and_a_minimum_are_above_zero_and_of_this_world(name, value):
    plain = json.loads(json.dumps(record_to_plain(FULL)))
    plain["tried"][0][name] = value
    with pytest.raises(TableError):
        record_from_plain(plain)


def test_nothing_at_all_is_refused():
    for nothing in ({}, [], [3], "text"):
        with pytest.raises(TableError, match="is incomplete"):
            record_from_plain(nothing)


# ---- True in general -----------------------------------------------------------------------


@given(kept=records())
def test_any_record_is_read_bit_for_bit_and_kept_again_the_same(kept):
    assert_same(again(kept), kept)
    assert record_to_plain(again(kept)) == record_to_plain(kept)
