"""Which areas, and how sure: tiers and their reasons, what the data can answer, weighing."""

import math
import re
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.criterion import COMPONENTS, Weights
from csa.areas.study_area import study_cells
from csa.base.errors import CsaError, ParamError
from csa.base.params import Month
from csa.dataset.versioned import City
from csa.priority.assess import CHOSEN_COLUMNS, assess_areas, prioritize
from tests.areas.test_finding import KNOT, history, line, town_of
from tests.priority.test_assessment import asked_of_sample, sample_city
from tests.properties import examples

general = examples(0.5)
EVEN = Weights(dict.fromkeys(COMPONENTS, 1.0))


def found_in(folder, lines, **choices):
    dataset, config = town_of(folder, lines)
    proposal = propose_areas(City(config, dataset), Choices(**choices))
    return proposal, assess_areas(City(config, dataset), proposal)


def sentences(judged):
    return {area: [str(one) for one in both] for area, both in judged.why.items()}


# ---- By hand --------------------------------------------------------------------------------


def test_a_doubtful_area_has_no_tier_is_never_first_and_says_why(root):
    _, judged = asked_of_sample(root)
    table = judged.table.set_index("area_id")
    assert table.index[table["is_doubtful"]].tolist() == ["F"]
    assert table.loc["F", ["incidents", "suspect"]].tolist() == [24, 23]
    assert table["tier"].isna().tolist() == [area == "F" for area in table.index]
    counted, why = sentences(judged)["F"]
    assert counted.startswith("Kestrelby (F) had 24 incidents;")
    assert why.startswith("23 of them lie at a point that may stand for unknown places.")
    assert judged.n_without_tier == 1
    chosen = prioritize(judged, EVEN, 9)
    assert chosen.index[~chosen["is_first"]].tolist() == ["F"]
    assert chosen.loc["F", ["in_top_probability", "priority_index", "top_share"]].isna().all()
    assert "F" not in components_of(judged).index


def test_each_area_says_in_two_sentences_what_was_counted_and_what_is_usual(root):
    _, judged = asked_of_sample(root)
    table = judged.table.set_index("area_id")
    assert list(judged.why) == table.index.tolist()
    for area, row in table.iterrows():
        counted, why = judged.why[area]
        assert counted.key == "tier.counted"
        assert dict(counted.values) == {
            "n": row["incidents"],
            "name": f"{row['place_name']} ({area})",
            "low": math.floor(row["expected_low"]),
            "high": math.ceil(row["expected_high"]),
        }
        usual = judged.city_per_km2 * row["area_km2"]
        if row["is_doubtful"]:
            continue
        assert why.key == "tier.member"
        assert dict(why.values) == {"usual": pytest.approx(usual), "tier": row["tier"]}


def test_no_sentence_of_a_tier_names_another_area(root):
    _, judged = asked_of_sample(root)
    table = judged.table.set_index("area_id")
    own = {area: f"{row['place_name']} ({area})" for area, row in table.iterrows()}
    for area, both in sentences(judged).items():
        for other, name in own.items():
            is_own = other == area
            assert (name in both[0]) == is_own
            assert name not in both[1]
            assert is_own or f"({other})" not in " ".join(both)
    firm = table[~table["is_doubtful"]]
    assert firm["tier"].duplicated().any()
    for _, rows in firm.groupby("tier"):
        said = {
            re.sub(r"about [\d.]+ would", "about N would", sentences(judged)[area][1])
            for area in rows.index
        }
        assert len(said) == 1  # but for its own land, the same for all members


def test_tiers_fall_with_the_expected_rate(root):
    _, judged = asked_of_sample(root)
    table = judged.table.dropna(subset="tier").sort_values("expected_per_km2", ascending=False)
    assert table["tier"].is_monotonic_increasing
    assert table["tier"].unique().tolist() == list(range(1, table["tier"].nunique() + 1))
    usual = judged.city_per_km2 * table["area_km2"]
    assert (table["expected_low"] > usual).all()


def test_what_the_data_can_answer_is_as_worked_by_hand(root):
    proposal, judged = asked_of_sample(root)
    counts, answers = proposal.areas["incidents"], judged.answers
    n, n_cells = judged.concentration.n_incidents, judged.concentration.n_cells
    assert list(answers) == ["locate", "test_cells", "compare_one", "compare_all"]
    locate = answers["locate"]
    assert (locate.n, locate.needed, locate.is_firm, locate.more_months) == (36, 24, True, 0)
    # 1,967 incidents on 1,832 cells: 1,832 / .85 is 2,155.3; at 1,967 in 36 months, 39.5 months.
    assert (n, n_cells) == (1967, 1832)
    cells = answers["test_cells"]
    assert (cells.n, cells.can, cells.needed, cells.more_months) == (1967, False, 2156, 4)
    # A year of the middle one of the areas, then of all: 88 / 3 and 802 / 3.
    assert (counts.median(), counts.sum()) == (88, 802)
    one, every = answers["compare_one"], answers["compare_all"]
    assert (one.n, one.can, one.is_firm) == (pytest.approx(88 / 3), True, False)
    assert (every.n, every.is_firm) == (pytest.approx(802 / 3), True)
    drop = 2.486 * math.sqrt(4 * 1.6 * 802 / 3) / (802 / 3)
    assert every.message.values == {"mean": 267.3, "drop": math.ceil(100 * drop)}  # noqa: PD011


def test_where_the_gate_declines_no_cell_is_tested_and_larger_ones_are_named(root):
    _, judged = asked_of_sample(root)
    assert judged.cells is None
    assert judged.table["hot_cells"].isna().all()
    assert judged.finest == 8


def slow_hot_cells(counts, land):
    """Exact binomial tails of a cell and its neighbours, then the largest rank that passes."""
    n, total = int(sum(counts.values())), sum(land.values())
    p = {}
    for cell in land:
        near = [other for other in h3.grid_disk(cell, 1) if other in land]
        share = min(1.0, sum(land[other] for other in near) / total)
        p[cell] = binom.sf(sum(counts.get(other, 0) for other in near) - 1, n, share)
    ordered = sorted(p.values())
    passing = [value for rank, value in enumerate(ordered, 1) if value <= 0.05 * rank / len(p)]
    return {cell for cell, value in p.items() if value <= max(passing, default=-1)}


def test_hot_cells_are_counted_by_area_where_there_are_enough_incidents(root):
    dataset, config, _ = sample_city(root)
    cover = study_cells(dataset, 8)
    proposal = propose_areas(City(config, dataset), Choices(resolution=8), cover=cover)
    judged = assess_areas(City(config, dataset), proposal, cover=cover)
    assert judged.answers["test_cells"].can
    land = {f"{cell:x}": km2 for cell, km2 in cover["area_km2"].items()}
    cells = proposal.cells.set_index("cell")["incidents"].to_dict()
    hot = slow_hot_cells(cells, land)
    slow = [len(hot & set(area)) for area in proposal.areas["cells"]]
    assert max(slow) > 0
    assert judged.table["hot_cells"].tolist() == slow
    assert set(judged.cells.index[judged.cells["is_hot"]]) == {int(cell, 16) for cell in hot}


def test_weighing_is_the_mean_of_standard_deviations_of_the_firm_areas(root):
    _, judged = asked_of_sample(root)
    firm = judged.table[~judged.table["is_doubtful"]].set_index("area_id")
    weights = {"homicides": 3.0, "people": 1.0}
    scores = {
        name: (firm[name].astype(float) - firm[name].astype(float).mean())
        / firm[name].astype(float).std(ddof=0)
        for name in weights
    }
    slow = 0.75 * scores["homicides"] + 0.25 * scores["people"]
    chosen = prioritize(judged, Weights(weights), 3)
    assert chosen.columns.tolist() == list(CHOSEN_COLUMNS)
    assert chosen["priority_index"].dropna().to_dict() == pytest.approx(slow.to_dict())
    assert set(chosen.index[chosen["is_first"]]) == set(slow.nlargest(3).index)
    for column in ("in_top_probability", "top_share"):
        assert chosen[column].sum() == pytest.approx(3)


def test_components_are_the_columns_that_they_are_named_after(root):
    _, judged = asked_of_sample(root)
    parts, table = components_of(judged), judged.table.set_index("area_id").drop("F")
    by_hand = {
        "expected": "expected", "density": "expected_per_km2", "homicides": "homicides",
        "lasting": "months_active", "recent": "recent_12", "people": "people",
    }  # fmt: skip
    assert parts.columns.tolist() == list(by_hand)
    for name, column in by_hand.items():
        assert parts[name].to_dict() == table[column].astype(float).to_dict()


# ---- At the edge ----------------------------------------------------------------------------


def test_no_area_is_a_judgement_of_the_city_alone(tmp_path):
    _, judged = found_in(tmp_path, history(), min_samples=400)
    assert (len(judged.table), judged.estimates, dict(judged.why)) == (0, (), {})
    assert judged.n_without_tier == 0
    assert str(judged.answers["compare_one"].message).startswith("Too few to say whether")
    chosen = prioritize(judged, EVEN, 5)
    assert chosen.columns.tolist() == list(CHOSEN_COLUMNS)
    assert not len(chosen)


def test_one_area_alone_is_in_the_first_tier(tmp_path):
    _, judged = found_in(tmp_path, history(n_other=0))
    assert judged.table["tier"].tolist() == [1]
    assert "It is in tier 1:" in sentences(judged)["A"][1]
    chosen = prioritize(judged, EVEN, 1)
    assert chosen.loc["A"].tolist() == [1, 0, 1, True]


def test_all_incidents_at_one_point_are_looked_at_first(tmp_path):
    lines = [line(n, KNOT, f"20{14 + n % 6}-0{1 + n % 9}-10") for n in range(60)]
    _, judged = found_in(tmp_path, lines)
    assert judged.table[["incidents", "suspect", "is_doubtful"]].to_numpy().tolist() == [
        [judged.concentration.n_incidents, judged.concentration.n_incidents, True]
    ]
    assert judged.table["tier"].isna().all()
    assert "may stand for unknown places" in sentences(judged)["A"][1]
    assert not prioritize(judged, EVEN, 1)["is_first"].any()


def test_a_window_longer_than_the_data_is_judged_by_the_months_that_there_are(tmp_path):
    _, judged = found_in(tmp_path, history(), months=240)
    locate = judged.answers["locate"]
    assert (locate.n, locate.is_firm) == (72, True)
    yearly = judged.table["incidents"].median() / 6
    assert judged.answers["compare_one"].n == pytest.approx(yearly)


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
    assert str(locate.message).endswith("About 5 months more would be needed.")
    assert (judged.table["was_candidate"] == "unknown").all()


@pytest.mark.parametrize(("months", "has_tiers"), [(23, False), (24, True)])
def test_in_under_two_years_no_area_has_a_tier_and_each_says_so(root, months, has_tiers):
    _, judged = asked_of_sample(root, months)
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
    assert said.startswith("Too few to say which single cells stand out (incidents: 0,")


def test_in_a_flat_city_no_area_is_told_apart_and_each_says_so(tmp_path):
    rng = np.random.default_rng(4)
    places = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (900, 2))
    days = [f"20{14 + n % 6}-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(900)]
    lines = [line(n, places[n], day) for n, day in enumerate(days)]
    _, judged = found_in(tmp_path, lines, min_samples=3, eps_m=200.0)
    assert len(judged.table) > 3
    firm = judged.table[~judged.table["is_doubtful"]]
    assert firm["tier"].isna().all()
    for area, row in firm.set_index("area_id").iterrows():
        counted, why = sentences(judged)[area]
        assert counted == f"{row['place_name']} ({area}) had {row['incidents']:,} incidents."
        usual = judged.city_per_km2 * row["area_km2"]
        assert f"no area has a tier; about {usual:.1f} would be usual" in why
    chosen = prioritize(judged, EVEN, 2)
    assert chosen["is_first"].sum() == 2  # by what is known: homicides and months with incidents
    assert chosen["in_top_probability"].sum() == pytest.approx(2)
    assert chosen["in_top_probability"].tolist() == pytest.approx(
        [2 / len(chosen)] * len(chosen), abs=0.03
    )  # all rates are equal: by lot


def test_an_area_no_denser_than_the_city_says_that_it_cannot_be_told_apart(tmp_path):
    # Whole clusters, at a low density: those of strays are like the city.
    lines = history(n_strays=900)
    _, judged = found_in(tmp_path, lines, min_samples=4, eps_m=200.0)
    is_none = judged.table["tier"].isna() & ~judged.table["is_doubtful"]
    assert 0 < is_none.sum() < len(is_none)
    for area in judged.table["area_id"][is_none]:
        assert (
            "this area cannot be told apart from that, so it has no tier."
            in (sentences(judged)[area][1])
        )


def test_where_there_is_room_for_all_each_firm_area_is_first(root):
    _, judged = asked_of_sample(root)
    chosen = prioritize(judged, EVEN, 99).drop("F")
    assert (chosen[["in_top_probability", "top_share", "is_first"]] == 1).all(axis=None)


# ---- Refused --------------------------------------------------------------------------------


def test_a_proposal_made_from_other_data_is_refused(root):
    dataset, config, cover = sample_city(root)
    proposal, _ = asked_of_sample(root)
    other = replace(dataset, report={**dataset.report, "fingerprint": "0" * 64})
    with pytest.raises(CsaError, match=r"from other data than the dataset\. Propose again\."):
        assess_areas(City(config, other), proposal, cover=cover)


def test_a_weight_of_nothing_known_and_no_capacity_are_refused(root):
    _, judged = asked_of_sample(root)
    with pytest.raises(ParamError, match="beauty"):
        prioritize(judged, Weights({"expected": 1, "beauty": 1}), 3)
    for capacity in (0, -1):
        with pytest.raises(ParamError):
            prioritize(judged, EVEN, capacity)


# ---- True in general ------------------------------------------------------------------------


def test_neither_row_order_nor_asking_twice_nor_a_cover_at_hand_changes_a_judgement(root):
    dataset, config, cover = sample_city(root)
    proposal, judged = asked_of_sample(root)
    order = np.random.default_rng(7).permutation(len(dataset.incidents))
    shuffled = replace(dataset, incidents=dataset.incidents.iloc[order].reset_index(drop=True))
    before = dataset.incidents.copy(), proposal.areas.copy()
    again = [
        assess_areas(City(config, dataset), proposal),
        assess_areas(City(config, shuffled), proposal, cover=cover),
    ]
    for other in again:
        pd.testing.assert_frame_equal(other.table, judged.table)
        assert other.estimates == judged.estimates
        assert sentences(other) == sentences(judged)
        assert other.answers == judged.answers
        assert other.concentration == judged.concentration
    pd.testing.assert_frame_equal(dataset.incidents, before[0])
    pd.testing.assert_frame_equal(pd.DataFrame(proposal.areas), pd.DataFrame(before[1]))


@general
@given(
    st.lists(st.floats(0, 10), min_size=6, max_size=6).filter(lambda given: sum(given) > 0.01),
    st.integers(1, 10),
)
def test_other_weights_change_the_index_and_who_is_first_and_nothing_else(root, given_, capacity):
    _, judged = asked_of_sample(root)
    table = judged.table.copy()
    one = prioritize(judged, EVEN, capacity)
    other = prioritize(judged, Weights(dict(zip(COMPONENTS, given_, strict=True))), capacity)
    unweighed = ["in_top_probability", "top_share"]
    pd.testing.assert_frame_equal(one[unweighed], other[unweighed])
    pd.testing.assert_frame_equal(judged.table, table)
    assert other["is_first"].sum() == min(capacity, 8)
    in_, out = (other.loc[other["is_first"] == is_, "priority_index"] for is_ in (True, False))
    assert not len(out.dropna()) or in_.min() >= out.max()


def test_steps_are_told_as_they_begin(root):
    dataset, config, cover = sample_city(root)
    proposal, _ = asked_of_sample(root)
    told = []
    assess_areas(City(config, dataset), proposal, told.append, cover)
    assert told == ["cells", "estimates", "stability"]
