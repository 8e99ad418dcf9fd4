"""What areas of past years did afterwards: found then, counted after, kept beside the dataset."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.areas.backtest.records import of_days, of_fingerprint
from tests.change.followed import AREAS, counted_slowly
from tests.sentences import refuses
from tests.towns import history, town_of, with_other_future

from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.base.errors import SourceError
from csa.base.params import Month, Period
from csa.base.processes import WORTH_SHARING, worker_map
from csa.change.follow import (
    CHANCE_NAME,
    MONTHS_AFTER,
    NAME,
    STEP_MONTHS,
    load_chance,
    load_past,
    measure_past_cohorts,
    past_starts,
    save_chance,
    save_past,
    settings_for_past,
)
from csa.change.lineage_windows import ChanceRates, measure_chance
from csa.change.past import past_to_plain
from csa.city.dataset import City
from csa.city.selection import AreaSelection


def test_past_years_are_looked_at_in_the_way_that_chose_the_areas():
    own = AreaSettings(resolution=9, months=24, max_area_km2=2.0)
    three, two = Period(Month(2017, 1), Month(2020, 1)), Period(Month(2018, 1), Month(2020, 1))
    areas = AreaSelection(("A", "B"), ("Oak", "Elm"), (frozenset(), frozenset()), 10)
    assert settings_for_past(own, None) == own
    assert settings_for_past(own, areas) == replace(own, resolution=10)  # nothing is known of how
    for one, months, limit in (
        (replace(areas, period=three), 36, 2.0),
        (replace(areas, periods=(three, three)), 36, 2.0),
        (replace(areas, periods=(three, None), max_area_km2=1.0), 36, 1.0),
        (replace(areas, period=three, periods=(two, three)), 24, 2.0),  # they differ: the city's
        (replace(areas, period=three, periods=(two, two)), 24, 2.0),
        (replace(areas, max_area_km2=0.0), 24, 0.0),
    ):
        found = settings_for_past(own, one)
        assert (found.months, found.max_area_km2, found.resolution) == (months, limit, 10)


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    return town_of(tmp_path_factory.mktemp("aftermath"), history())


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def past(located, testville, told):
    return measure_past_cohorts(located, AreaSettings(), AREAS, told.append)


def starts(past):
    return [one.core.origin for one in past]


# ---- By hand -------------------------------------------------------------------------------


def test_every_second_month_of_past_years_is_followed_for_three_years_or_to_the_datas_end(
    past, told
):
    """The first has three years before it, the last a year after it; the data end with 2019."""
    assert (MONTHS_AFTER, STEP_MONTHS) == (36, 2)
    assert starts(past) == [str(Month(2017, 1).plus(2 * step)) for step in range(13)]
    for ring_or_core in ("core", "ring"):
        years = [getattr(one, ring_or_core) for one in past]
        assert [len(one.monthly) for one in years] == [36 - 2 * step for step in range(13)]
        assert [len(one.compared) for one in years] == [len(one.monthly) for one in years]
    assert told == ["after"] * 13


def test_areas_are_found_from_what_was_known_then_and_counted_after(past, located, testville):
    dataset, _ = testville
    for one in past[::6]:
        origin = Month.parse(one.core.origin)
        period = Period.before(origin, 36)
        params = resolve_params(located, period, AreaSettings(), AREAS)
        areas = find_areas(located, period, params).areas
        cells = frozenset().union(*areas)
        after = Period(origin, origin.plus(len(one.core.monthly)))
        assert one.n_areas == len(areas) == 2
        assert one.core.monthly.tolist() == counted_slowly(dataset, cells, after)
        before = Period.before(origin, 24)
        assert one.core_before == sum(counted_slowly(dataset, cells, before))
        every = counted_slowly(dataset, set(located.grid.h3_cells.tolist()), after)
        parts = one.core.monthly + one.ring.monthly + one.core.compared
        assert parts.tolist() == every


def test_what_is_kept_is_read_again(past, testville, tmp_path):
    dataset, config = testville
    save_past(past, City(config, dataset, tmp_path), AreaSettings())
    again = load_past(
        City(config, dataset, tmp_path), AreaSettings(until=Month(2018, 1), eps_m=90.0)
    )
    assert past_to_plain(again) == past_to_plain(past)
    assert np.array_equal(again[0].ring.monthly, past[0].ring.monthly)
    assert load_past(City(config, dataset, tmp_path), AreaSettings(months=24)) is None
    other = config.model_copy(update={"areas": config.areas.model_copy(update={"eps_m": 150.0})})
    assert load_past(City(other, dataset, tmp_path), AreaSettings()) is None


@pytest.mark.parametrize("name", ["METHOD_VERSION", "MONTHS_AFTER"])
def test_what_another_method_or_another_length_made_is_not_read(
    past, testville, tmp_path, monkeypatch, name
):
    save_past(past, City(*testville[::-1], tmp_path), AreaSettings())
    monkeypatch.setattr(f"csa.change.follow.{name}", 24)
    assert load_past(City(*testville[::-1], tmp_path), AreaSettings()) is None


def test_new_data_use_the_older_past_that_reaches_furthest(past, testville, tmp_path):
    dataset, config = testville
    # The fingerprints say nothing: the older of two has the later letter.
    for letter, n in (("c", 3), ("f", 2), ("a", 1)):
        save_past(past[:n], City(config, of_fingerprint(dataset, letter), tmp_path), AreaSettings())
    save_past(
        past[:1], City(config, of_fingerprint(dataset, "b"), tmp_path), AreaSettings(months=24)
    )
    assert starts(load_past(City(config, dataset, tmp_path), AreaSettings())) == starts(past)[:3]
    save_past(past[1:2], City(config, dataset, tmp_path), AreaSettings())
    assert starts(load_past(City(config, dataset, tmp_path), AreaSettings())) == ["2017-03"]


def test_a_later_month_counts_before_more_years_and_then_more_years(past, testville, tmp_path):
    dataset, config = testville
    save_past(past[2:], City(config, of_fingerprint(dataset, "a"), tmp_path), AreaSettings())
    cut = [
        replace(
            one,
            core=replace(one.core, monthly=one.core.monthly[:10], compared=one.core.compared[:10]),
            ring=replace(one.ring, monthly=one.ring.monthly[:10], compared=one.ring.compared[:10]),
        )
        for one in past
    ]
    save_past(tuple(cut), City(config, of_fingerprint(dataset, "f"), tmp_path), AreaSettings())
    assert starts(load_past(City(config, dataset, tmp_path), AreaSettings())) == starts(past)[2:]
    save_past(past[1:], City(config, of_fingerprint(dataset, "c"), tmp_path), AreaSettings())
    assert starts(load_past(City(config, dataset, tmp_path), AreaSettings())) == starts(past)[1:]


def test_what_chance_gives_is_read_again_for_the_same_data_and_choices_alone(testville, tmp_path):
    dataset, config = testville
    assert load_chance(City(config, dataset, tmp_path), AreaSettings()) is None
    save_chance(ChanceRates(51.25, 2, 1), City(config, dataset, tmp_path), AreaSettings())
    assert load_chance(City(config, dataset, tmp_path), AreaSettings()) == ChanceRates(51.25, 2, 1)
    assert load_chance(City(config, dataset, tmp_path), AreaSettings(months=24)) is None
    assert load_chance(City(config, of_fingerprint(dataset, "e"), tmp_path), AreaSettings()) is None
    assert load_past(City(config, dataset, tmp_path), AreaSettings()) is None


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("last", ["2017-12-30", "2014-01-09"])
def test_data_too_short_for_a_past_year_tell_nothing(testville, tmp_path, last):
    dataset, config = testville
    short = of_days(dataset, "2014-01-01", last)
    none = measure_past_cohorts(
        locate_incidents(City(config, short), AreaSettings()), AreaSettings(), AREAS
    )
    assert none == ()
    save_past(none, City(config, short, tmp_path), AreaSettings())
    assert load_past(City(config, short, tmp_path), AreaSettings()) == ()
    assert load_past(City(config, of_fingerprint(short, "e"), tmp_path), AreaSettings()) == ()


@pytest.mark.parametrize(
    ("last", "first_start", "last_start", "n_starts"),
    [
        ("2019-12-30", "2017-02", "2018-12", 12),  # a month in part does not count
        ("2018-12-31", "2017-01", "2018-01", 7),
        ("2017-12-31", "2017-01", "2017-01", 1),
    ],
)
def test_starts_have_the_months_that_choose_before_them_and_a_whole_year_after(
    testville, last, first_start, last_start, n_starts
):
    short = of_days(testville[0], "2014-01-01", last)
    found = past_starts(short, AreaSettings())
    assert [str(found[0]), str(found[-1]), len(found)] == [first_start, last_start, n_starts]
    assert np.diff([one.index for one in found]).tolist() == [2] * (n_starts - 1)


def test_a_past_year_without_any_area_tells_nothing(located, testville):
    none = measure_past_cohorts(located, AreaSettings(min_samples=400), AREAS)
    assert none == ()


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [lambda text: text[:-40], lambda text: text.replace("2018-01", "2018-13")],
    ids=["cut off", "no month"],
)
@pytest.mark.parametrize("whose", ["own", "older"])
def test_a_damaged_file_is_refused_by_name_and_an_older_one_is_passed_over(
    testville, past, tmp_path, spoil, whose
):
    dataset, config = testville
    of = dataset if whose == "own" else of_fingerprint(dataset, "a")
    save_past(past, City(config, of, tmp_path), AreaSettings())
    (path,) = tmp_path.rglob(f"{NAME}*.json")
    text = path.read_text()
    assert spoil(text) != text
    path.write_text(spoil(text))
    if whose == "older":
        assert load_past(City(config, dataset, tmp_path), AreaSettings()) is None
        return
    with pytest.raises(SourceError) as refused:
        load_past(City(config, dataset, tmp_path), AreaSettings())
    assert refused.value.message.key == "backtest.damaged"
    assert str(refused.value) == (
        f"{path} cannot be read. Remove it, and create it again with csa backtest."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("kind", "dataset"), ("format_version", 9), ("area_years", "many")),
        *(("appeared", None), ("gone", None), ("gone", [1])),
    ],
)
def test_a_damaged_file_of_what_chance_gives_is_refused_by_name(testville, tmp_path, name, value):
    dataset, config = testville
    save_chance(ChanceRates(51.25, 2, 1), City(config, dataset, tmp_path), AreaSettings())
    (path,) = tmp_path.rglob(f"{CHANCE_NAME}*.json")
    kept = json.loads(path.read_text())
    for spoiled in (kept | {name: value}, {k: v for k, v in kept.items() if k != name}):
        path.write_text(json.dumps(spoiled))
        with pytest.raises(SourceError, match="cannot be read") as refused:
            load_chance(City(config, dataset, tmp_path), AreaSettings())
        assert refused.value.message.key == "backtest.damaged"


def test_a_window_of_no_month_is_refused(located, testville):
    with refuses("param.months"):
        measure_past_cohorts(located, AreaSettings(months=0), AREAS)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("way", ["gone", "moved"])
def test_what_came_later_changes_nothing_of_past_starts_but_the_months_since(
    testville, located, past, way
):
    dataset, config = testville
    changed = with_other_future(dataset, Month(2019, 1), way)
    other = measure_past_cohorts(
        locate_incidents(City(config, changed), AreaSettings(), located.cover),
        AreaSettings(),
        AREAS,
    )
    for one, two in zip(past, other, strict=True):
        known = Month(2019, 1).index - Month.parse(one.core.origin).index
        assert (one.core.base, one.ring.base) == (two.core.base, two.ring.base)
        assert (one.core_before, one.rest_before) == (two.core_before, two.rest_before)
        assert one.core.monthly[:known].tolist() == two.core.monthly[:known].tolist()
    assert past_to_plain(past) != past_to_plain(other)


@pytest.mark.long
def test_the_past_is_the_same_in_several_processes(located, past):
    with worker_map(WORTH_SHARING) as apply:
        shared = measure_past_cohorts(located, AreaSettings(), AREAS, apply=apply)
        chance = measure_chance(located, AreaSettings(), AREAS, seed=1, n_shuffles=2, apply=apply)
    assert past_to_plain(shared) == past_to_plain(past)
    assert chance == measure_chance(located, AreaSettings(), AREAS, seed=1, n_shuffles=2)
