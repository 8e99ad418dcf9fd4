"""Counts without points: an outcome of their own, said only where it holds whatever was hidden."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from csa.base.params import Month
from csa.change.expectation import Baseline
from csa.change.past import PastChange
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.extras.counts.comparing import compare_peers, compare_places, describe_table, describe_year
from csa.extras.counts.tables import CountTable

START, N_BEFORE, N_AFTER = Month(2019, 1), 24, 12


def table(area, city, located="injury", **others):
    """Make a table of one hospital: monthly numbers of area A and of the whole city."""

    def months(numbers):
        pairs = ((n, n) if isinstance(n, int) else n for n in numbers)
        return {str(Month(2017, 1).plus(at)): pair for at, pair in enumerate(pairs)}

    counts = {"Hill": {"A": months(area), "": months(city)}}
    counts |= {name: {"": months(numbers)} for name, numbers in others.items()}
    return CountTable("Injuries", "hospital", located, counts)


def followed(ratio=1.0, raw=100, z=2.86, since=START):
    """Stand in for what police counts say of area A: how much its count owes to chance."""
    return SimpleNamespace(
        chosen=SimpleNamespace(area_ids=("A", "B")),
        starts=(since, since),
        usual_core=PastChange(np.array([ratio]), np.array([0.1])),
        places=SimpleNamespace(cores=(Baseline(raw, 0.0),) * 2, counted=(raw, raw)),
        dispersion=SimpleNamespace(value=1.3),
        by_area=(SimpleNamespace(boundary_z=z),) * 2,
    )


def compare(found, **police):
    (one,) = compare_places(found, followed(**police))
    return one


# ---- By hand -------------------------------------------------------------------------------


def test_an_area_that_did_as_the_city_did_shows_nothing_and_one_that_stopped_is_fewer():
    city = [100] * 36
    same = compare(table([10] * 24 + [9] * 12, city))
    assert (same.counted, same.verdict) == ((108, 108), "same")
    assert same.low < 120 < same.high
    assert compare(table([10] * 24 + [2] * 12, city)).verdict == "fewer"
    assert compare(table([10] * 24 + [25] * 12, city)).verdict == "more"
    assert compare(table([1, 0, 0] * 8 + [0] * 12, city)).verdict == "few"
    halved = [100] * 24 + [50] * 12  # the rest fell as much
    assert compare(table([10] * 24 + [4] * 12, halved)).verdict == "same"


def test_a_suppressed_number_is_all_that_it_can_be():
    area = [10] * 24 + [(1, 9)] * 12
    hidden = compare(table(area, [100] * 36))
    assert (hidden.counted, hidden.verdict) == ((12, 108), "same")
    as_zero = compare(table([10] * 24 + [0] * 12, [100] * 36))
    assert as_zero.verdict == "fewer"  # what would have been claimed of a suppressed zero
    assert compare(table([10] * 24 + [(1, 2)] * 12, [100] * 36)).verdict == "fewer"


def test_what_chance_gave_before_is_taken_off_for_fewer_and_left_on_for_more():
    area = [10] * 24 + [6] * 12
    by_counts = compare(table(area, [100] * 36), ratio=0.6, z=1.96)
    drawn = compare(table(area, [100] * 36), ratio=1.0, z=1.96)
    assert (drawn.verdict, by_counts.verdict) == ("fewer", "same")
    assert by_counts.high == drawn.high
    assert by_counts.low < drawn.low


def test_only_injury_is_compared_by_area_and_only_who_reported_throughout_counts():
    area, city = [10] * 36, [100] * 36
    assert compare_places(table(area, city, "home"), followed()) == ()
    assert compare_places(table(area, city, "hospital"), followed()) == ()
    late = table(area, city, Lake=[5] * 36, Gone=[50] * 20)
    assert compare(late).reporters == ("Hill",)
    keys = [message.key for message in describe_table(late, Month(2020, 4))]
    covers, year, left = describe_table(late, Month(2020, 4))
    assert keys == ["count_table.covers", "count_table.year", "count_table.left_out"]
    assert (covers.values["n"], left.values["names"]) == (3, "Gone")
    assert (year.values["now"], year.values["before"]) == ("1,260", "1,260")


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "key"),
    [(Month(2017, 11), "count_table.short"), (Month(2019, 11), "count_table.short")],
)
def test_too_few_months_before_or_after_are_not_compared(since, key):
    assert compare(table([10] * 36, [100] * 36), since=since).why_not.key == key


def test_a_table_without_the_rest_or_without_the_city_is_not_compared():
    assert compare(table([10] * 36, [10] * 36)).why_not.key == "count_table.no_rest"
    gone = table([10] * 36, [100] * 20)
    assert compare(gone).why_not.key == "count_table.no_reporter"
    assert describe_year(gone, "", "Citywide").key == "count_table.no_year"


# ---- In general ----------------------------------------------------------------------------


def test_areas_chosen_by_police_counts_that_do_not_change_are_seldom_called_fewer():
    """Where hospitals see the same people, chance that chose an area is in their table too."""
    random = np.random.default_rng(58)
    n_wrong = naive = 0
    for _ in range(300):
        rates = random.gamma(2.0, 1.0, 60)  # shootings a month in 60 places
        shot = random.poisson(rates[:, None], (60, 36))
        seen = random.binomial(shot, 0.8)
        top = int(shot[:, :24].sum(axis=1).argmax())
        raw = int(shot[top, :24].sum())
        likely = 24 * (2 + raw) / (1 + 24)  # the posterior mean, by hand
        found = table(seen[top].tolist(), seen.sum(axis=0).tolist())
        police = {"ratio": likely / raw, "raw": raw, "z": 1.96}
        n_wrong += compare(found, **police).verdict != "same"
        naive += compare(found, **{**police, "ratio": 1.0}).verdict != "same"
    assert n_wrong <= 15  # 5% of 300, at a line of 1.96
    assert n_wrong <= naive


# ---- Other cities --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(root, sample_folder):
    return open_city(load_city(root / "config" / "sample.toml"), sample_folder)


def others(chosen_on=date(2019, 12, 19), **changes):
    """Make other cities with 10 homicides a month of 2019, and so many of 2020."""
    counts = {
        f"{name}, ZZ": {
            "": {f"{year}-{m:02d}": ((10, 10), (n, n))[year == 2020] for year in (2019, 2020)
                 for m in range(1, 8)}
        }
        for name, n in {**dict.fromkeys("ABCDE", 9), **changes}.items()
    }  # fmt: skip
    return CountTable("peers", "peers", "", counts, chosen_on)


def test_the_city_is_compared_with_the_same_months_of_others(city):
    found = compare_peers(city, others(A=5, B=13), None)
    shot = city.dataset.incidents
    months = shot.loc[shot["kind"] == "homicide", "occurred_at"].dt.strftime("%Y-%m")
    own = [int(months.between(f"{year}-01", f"{year}-07").sum()) for year in (2019, 2020)]
    values = found.values
    assert [values["here"].values[name] for name in ("before", "now")] == own
    assert (found.key, values["n"]) == ("count_table.peers", 5)
    assert values["there"].key == "count_table.down"
    assert values["there"].values["share"] == "10%"  # 45 for 50
    assert (values["low"], values["high"]) == (pytest.approx(-0.1), pytest.approx(-0.1))


def test_cities_chosen_when_the_months_were_known_are_said_to_be(city):
    assert compare_peers(city, others(date(2020, 1, 1)), None).key == "count_table.peers_after"


def test_a_city_that_skipped_a_month_is_left_out_and_four_are_too_few(city):
    table = others(F=30)
    del table.counts["F, ZZ"][""]["2019-04"]
    assert compare_peers(city, table, None).values["n"] == 5
    del table.counts["A, ZZ"][""]["2020-04"]
    assert compare_peers(city, table, None).key == "count_table.peers_few"
    assert compare_peers(city, others(), Month(2015, 6)).key == "count_table.peers_short"
