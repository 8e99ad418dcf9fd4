"""Which areas, and how sure: tiers and their reasons, what the data can answer, weighing."""

import math
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.areas.priority.assessed import LARGE, PLAIN, asked_of_sample, sample_city, slow_hot_cells
from tests.properties import examples
from tests.sentences import says
from tests.towns import history, line, town_of

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.city_scale import CityScale
from csa.areas.locating import locate_incidents
from csa.areas.ordering import COMPONENTS, NEXT_YEAR, ORDER_COLUMNS, Weights
from csa.areas.priority.assessment import assess_areas, prioritize, reorder
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.city.dataset import City

general = examples(0.5)
COUNTED = [name for name in COMPONENTS if name != "risk"]  # which nobody has measured here
EVEN = Weights(dict.fromkeys(COUNTED, 1.0))


def found_in(folder, lines, **choices):
    dataset, config = town_of(folder, lines)
    proposal = propose_areas(City(config, dataset), AreaSettings(**choices))
    return proposal, assess_areas(City(config, dataset), proposal)


def sentences(judged):
    return {area: [str(one) for one in both] for area, both in judged.why.items()}


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.long
def test_a_doubtful_area_has_no_tier_is_never_first_and_says_why(root):
    _, judged = asked_of_sample(root, **PLAIN)
    table = judged.table.set_index("area_id")
    assert table.index[table["is_doubtful"]].tolist() == ["c-6"]
    assert table.loc["c-6", ["incidents", "suspect"]].tolist() == [24, 23]
    assert table["tier"].isna().tolist() == [area == "c-6" for area in table.index]
    counted, why = sentences(judged)["c-6"]
    assert counted.startswith("Kestrelby had 24 incidents;")
    assert why.startswith(
        "23 of them are at a possible placeholder location. Until someone checks it, the area has no tier and is not compared with others."
    )
    assert judged.n_without_tier == 1
    for weights in (EVEN, NEXT_YEAR):
        chosen = prioritize(judged, weights, 9)
        assert chosen.index[~chosen["is_first"]].tolist() == ["c-6"]
        assert chosen.loc["c-6"].drop("is_first").isna().all()
    assert math.isnan(reorder(judged, EVEN).table.set_index("area_id")["tier"].astype(float)["c-6"])
    assert reorder(judged, EVEN).why["c-6"] == judged.why["c-6"]


def test_each_area_says_in_two_sentences_what_was_counted_and_what_is_usual(root):
    _, judged = asked_of_sample(root)
    table = judged.table.set_index("area_id")
    assert list(judged.why) == table.index.tolist()
    for area, row in table.iterrows():
        counted, why = judged.why[area]
        assert counted.key == "tier.counted"
        assert dict(counted.values) == {
            "n": row["incidents"],
            "name": row["place_name"],
            "low": math.floor(row["expected_low"]),
            "high": math.ceil(row["expected_high"]),
        }
        usual = judged.city_per_km2 * row["area_km2"]
        assert why.key == "tier.member"
        order = says("order.expected")
        values = {"usual": pytest.approx(usual), "tier": row["tier"], "order": order}
        assert dict(why.values) == values


def test_tiers_fall_with_the_number_expected(root):
    _, judged = asked_of_sample(root)
    table = judged.table.sort_values("expected", ascending=False)
    assert table["area_id"].tolist() == [f"c-{number}" for number in (5, 2, 7, 4, 3, 8, 6, 1)]
    assert table["tier"].tolist() == [1, 2, 3, 3, 3, 4, 5, 6]
    usual = judged.city_per_km2 * table["area_km2"]
    assert (table["expected_low"] > usual).all()


def test_another_criterion_gives_other_tiers_and_says_so_and_changes_nothing_else(root):
    _, judged = asked_of_sample(root)
    homicides = Weights({"homicides": 2})
    other = reorder(judged, homicides)
    table = other.table.set_index("area_id")
    assert table["tier"].tolist() == [4, 2, 2, 2, 1, 3, 1, 3]  # of 4, 21, 19, 22, 33, 13, 27, 13
    assert table["tier"].tolist() == prioritize(judged, homicides, 3)["tier"].tolist()
    assert {why.key for _, why in other.why.values()} == {"tier.member"}
    orders = {dict(why.values)["order"] for _, why in other.why.values()}
    assert orders == {says("order.homicides")}
    assert [dict(why.values)["tier"] for _, why in other.why.values()] == table["tier"].tolist()
    assert [both[0] for both in other.why.values()] == [both[0] for both in judged.why.values()]
    pd.testing.assert_frame_equal(
        other.table.drop(columns="tier"), judged.table.drop(columns="tier")
    )
    pd.testing.assert_frame_equal(reorder(other, judged.weights).table, judged.table)
    assert reorder(other, Weights({"homicides": 0.5, "people": 0})) is other  # the same order


def test_what_the_data_can_answer_is_as_worked_by_hand(root):
    proposal, judged = asked_of_sample(root)
    counts, answers = proposal.areas["incidents"], judged.answers
    n, n_cells = judged.concentration.n_incidents, judged.concentration.n_cells
    assert list(answers) == ["locate", "test_cells", "compare_one", "compare_all"]
    locate = answers["locate"]
    assert (locate.n, locate.needed, locate.is_sufficient, locate.more_months) == (36, 24, True, 0)
    # 1,967 incidents are too few for cells of resolution 9; on 286 of 8, 286 / .85 is 336.5.
    assert (n, n_cells) == (1967, 286)
    cells = answers["test_cells"]
    assert (cells.n, cells.can, cells.needed, cells.more_months) == (1967, True, 337, 0)
    # A year of the middle one of the areas, then of all: 101 / 3 and 737 / 3.
    assert (counts.median(), counts.sum()) == (101, 737)
    one, every = answers["compare_one"], answers["compare_all"]
    assert (one.n, one.can, one.is_sufficient) == (pytest.approx(101 / 3), True, False)
    assert (every.n, every.is_sufficient) == (pytest.approx(737 / 3), True)
    drop = 2.486 * math.sqrt(4 * 1.6 * 737 / 3) / (737 / 3)
    assert every.message.values == {"mean": 245.6, "drop": math.ceil(100 * drop)}  # noqa: PD011


@pytest.mark.long
def test_hot_cells_are_large_ones_and_an_areas_are_counted_by_its_own_cells(root):
    dataset, config, cover = sample_city(root)
    proposal, judged = asked_of_sample(root)
    located = locate_incidents(City(config, dataset), AreaSettings(), cover)
    exposure = CityScale.of(located, 8).exposure(located, dataset.neighborhoods)
    shares = {f"{cell:x}": share for cell, share in exposure.items()}
    fine = proposal.cells.set_index("cell")["incidents"]
    coarse = fine.groupby([h3.cell_to_parent(cell, 8) for cell in fine.index]).sum().to_dict()
    hot = slow_hot_cells(coarse, shares)
    slow = [
        sum(h3.cell_to_parent(cell, 8) in hot for cell in cells)
        for cells in proposal.areas["cells"]
    ]
    assert max(slow) > 0
    assert judged.finest == 8
    assert judged.table["hot_cells"].tolist() == slow
    assert set(judged.cells.index[judged.cells["is_hot"]]) == {int(cell, 16) for cell in hot}


# ---- At the edge ----------------------------------------------------------------------------


def test_no_area_is_a_judgement_of_the_city_alone(tmp_path):
    _, judged = found_in(tmp_path, history(), min_samples=400)
    assert (len(judged.table), judged.estimates, dict(judged.why)) == (0, (), {})
    assert judged.n_without_tier == 0
    assert str(judged.answers["compare_one"].message).startswith("Too few to tell whether")
    chosen = prioritize(judged, EVEN, 5)
    assert chosen.columns.tolist() == list(ORDER_COLUMNS)
    assert not len(chosen)


@pytest.mark.long
@pytest.mark.parametrize(("until", "n"), [(Month(2020, 1), 36), (Month(2020, 7), 30)])
def test_where_a_period_ends_beyond_the_data_only_the_months_covered_locate(tmp_path, until, n):
    _, judged = found_in(tmp_path, history(), until=until)
    assert judged.answers["locate"].n == n
    assert (judged.table["months_covered"] == n).all()


def test_data_of_less_than_two_years_say_how_long_to_wait(tmp_path):
    lines = [row for row in history() if row.split(",")[2] >= "2018-06-01"]
    _, judged = found_in(tmp_path, lines)
    locate = judged.answers["locate"]
    assert (locate.can, locate.n, locate.more_months) == (False, 19, 5)
    assert str(locate.message).endswith(
        "Too few months to tell where. About 5 more months would be needed."
    )
    assert (judged.table["was_candidate"] == "unknown").all()


@pytest.mark.parametrize(("months", "has_tiers"), [(23, False), (24, True)])
def test_in_under_two_years_no_area_has_a_tier_and_each_says_so(root, months, has_tiers):
    _, judged = asked_of_sample(root, months, **PLAIN)
    firm = judged.table[~judged.table["is_doubtful"]]
    assert len(firm)
    assert firm["tier"].notna().any() == has_tiers
    keys = {judged.why[area][1].key for area in firm["area_id"]}
    assert (keys == {"tier.too_short"}) != has_tiers
    assert all(
        judged.why[area][1].key == "tier.doubtful"
        for area in judged.table["area_id"][judged.table["is_doubtful"]]
    )


def test_months_without_an_incident_are_no_error(tmp_path):
    lines = [row for row in history() if row.split(",")[2][:4] in {"2014", "2019"}]
    _, judged = found_in(tmp_path, lines, until=Month(2018, 1), months=24)
    assert len(judged.table) == 0
    assert judged.city_per_km2 == 0
    assert math.isnan(judged.concentration.generalized_gini)
    said = str(judged.answers["test_cells"].message)
    assert said.startswith("Too few to tell which individual cells stand out (incidents: 0, cells:")
    assert (judged.cells, judged.finest) == (None, None)


def test_in_a_flat_city_no_area_is_told_apart_and_each_says_so(tmp_path):
    rng = np.random.default_rng(5)
    places = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (900, 2))
    days = [f"20{14 + n % 6}-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(900)]
    lines = [line(n, places[n], day) for n, day in enumerate(days)]
    _, judged = found_in(tmp_path, lines, min_samples=3, eps_m=200.0, **PLAIN)
    assert len(judged.table) > 3
    unknown = [name for name in judged.table if name.startswith("expected")]
    assert len(unknown) == 6
    assert judged.table[[*unknown, "times_city", "per_1k_yearly"]].isna().all(axis=None)
    firm = judged.table[~judged.table["is_doubtful"]]
    assert firm["tier"].isna().all()
    for area, row in firm.set_index("area_id").iterrows():
        counted, why = sentences(judged)[area]
        assert counted == f"{row['place_name']} had {row['incidents']:,} incidents."
        usual = judged.city_per_km2 * row["area_km2"]
        assert f"no area has a tier; about {usual:.1f} would be usual" in why
    chosen = prioritize(judged, EVEN, 2)
    assert chosen.drop(columns="is_first").isna().all(axis=None)  # there is no order of chance
    assert not chosen["is_first"].any()


@pytest.mark.long
def test_an_area_no_denser_than_the_city_says_that_it_cannot_be_told_apart(tmp_path):
    # By DBSCAN alone, at a low density: clusters of strays are like the city.
    lines = history(n_strays=900)
    _, judged = found_in(tmp_path, lines, min_samples=4, eps_m=200.0, **PLAIN)
    is_none = judged.table["tier"].isna() & ~judged.table["is_doubtful"]
    assert 0 < is_none.sum() < len(is_none)
    for area in judged.table["area_id"][is_none]:
        assert (
            "would be usual on this much land citywide, and this area does not clearly differ from that, so it has no tier."
            in (sentences(judged)[area][1])
        )


def test_where_there_is_room_for_all_each_firm_area_is_first(root):
    _, judged = asked_of_sample(root)
    chosen = prioritize(judged, EVEN, 99)
    assert (chosen[["in_top_probability", "top_share", "is_first"]] == 1).all(axis=None)


# ---- Refused --------------------------------------------------------------------------------


def test_a_proposal_made_from_other_data_is_refused(root):
    dataset, config, _ = sample_city(root)
    proposal, _ = asked_of_sample(root)
    other = replace(dataset, report={**dataset.report, "fingerprint": "0" * 64})
    with pytest.raises(
        CsaError, match=r"This proposal was made from data other than this dataset\."
    ):
        assess_areas(City(config, other), proposal)


def test_a_weight_of_nothing_known_and_no_capacity_are_refused(root):
    _, judged = asked_of_sample(root)
    with pytest.raises(ParamError, match="beauty"):
        prioritize(judged, Weights({"expected": 1, "beauty": 1}), 3)
    for capacity in (0, -1):
        with pytest.raises(ParamError):
            prioritize(judged, EVEN, capacity)


# ---- True in general ------------------------------------------------------------------------


@general
@given(
    st.lists(st.floats(0, 10), min_size=6, max_size=6).filter(lambda given: sum(given) > 0.01),
    st.integers(1, 10),
)
def test_other_weights_change_the_order_and_nothing_else(root, given_, capacity):
    _, judged = asked_of_sample(root)
    table = judged.table.copy()
    one = prioritize(judged, EVEN, capacity)
    other = prioritize(judged, Weights(dict(zip(COUNTED, given_, strict=True))), capacity)
    pd.testing.assert_series_equal(one["top_share"], other["top_share"])  # of random weights
    pd.testing.assert_frame_equal(judged.table, table)
    assert other["is_first"].sum() == min(capacity, 8)
    assert other["in_top_probability"].sum() == pytest.approx(min(capacity, 8))
    in_, out = (other[other["is_first"] == is_] for is_ in (True, False))
    assert not len(out) or in_["priority_index"].min() >= out["priority_index"].max() - 1e-9
    assert not len(out) or in_["tier"].max() <= out["tier"].min()  # tiers are of the same order


def test_steps_are_told_as_they_begin(root):
    dataset, config, _ = sample_city(root, **LARGE)
    proposal, _ = asked_of_sample(root, **LARGE)
    told = []
    assess_areas(City(config, dataset), proposal, told.append)
    assert told == ["cells", "estimates", "stability"]
