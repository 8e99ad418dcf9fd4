"""What is kept beside a dataset: made once, from past Januaries alone, and read by proposals."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.areas.backtest.records import of_days, of_fingerprint
from tests.towns import with_other_future

from csa.areas.analysis import propose_areas
from csa.areas.backtest.comparison import SettingScore, choose_setting
from csa.areas.backtest.origins import past_januaries
from csa.areas.backtest.record import record_from_plain, record_to_plain
from csa.areas.backtest.recording import (
    NAME,
    build_suggestion,
    load_record,
    load_suggestion,
    make_record,
    measure_follow_up,
    record_params,
    save_record,
)
from csa.areas.backtest.scoring import METHODS, Fold, FoldScore
from csa.areas.choices import AreaSettings, Suggestion
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.base.errors import SourceError
from csa.base.params import Month, Period
from csa.city.dataset import City


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def record(testville, told):
    return make_record(City(*testville[::-1]), AreaSettings(), told.append)


def years_of(record, dataset, n):
    """The record as it was when only its first n past years could be judged."""
    table = record.table[record.table["origin"].isin(record.params["origins"][:n])]
    return replace(record, fingerprint=dataset.fingerprint, table=table.reset_index(drop=True))


def suggesting(record, eps_m=150.0, min_samples=3):
    shares = (0.2,) * 3
    return replace(
        record, suggested=SettingScore(eps_m, min_samples, shares, (0.02,) * 3, (4, 4, 4))
    )


def trial_of(counts, last_year, future, areas):
    """What areas held and what came; where it lay and what was expected says nothing."""
    xy = np.zeros((0, 2))
    return Fold(Month(2020, 1), counts, counts, last_year, xy, xy, counts * 1.0, areas, future)


# ---- By hand -------------------------------------------------------------------------------


def test_what_chosen_areas_held_before_in_their_last_year_and_after():
    counts = np.array([[6, 3, 3, 8], [1, 1, 2, 4], [1, 0, 1, 8]])
    trial = trial_of(*counts, [np.array([0]), np.array([1, 2])])
    found = measure_follow_up(FoldScore(trial, {}, 0.0))
    assert (found.origin, found.n_areas) == ("2020-01", 2)
    assert (found.before_share, found.last_year_share, found.after_share) == (0.6, 0.5, 0.2)


def test_all_past_januaries_are_judged(record, testville):
    assert record.params["origins"] == ["2017-01", "2018-01", "2019-01"]
    assert record.table["origin"].unique().tolist() == record.params["origins"]
    assert record.table["method"].unique().tolist() == list(METHODS)
    assert [one.origin for one in record.usual_changes] == record.params["origins"]
    assert record.n_origins == 3
    assert record.fingerprint == testville[0].fingerprint


def test_the_usual_change_is_counted_from_the_areas_of_each_january(record, testville):
    dataset, config = testville
    located = locate_incidents(City(config, dataset), AreaSettings())
    when = located.column("occurred_at").dt.year.to_numpy()
    for origin, change in zip(past_januaries(dataset, 36, 12), record.usual_changes, strict=True):
        period, year = Period.before(origin, 36), origin.year
        params = resolve_params(
            located, period, AreaSettings(), build_suggestion(config, record).documented
        )
        areas = find_areas(located, period, params).areas
        inside = np.isin(located.cells, list(frozenset().union(*areas)))
        assert change.n_areas == len(areas)
        assert change.after_share == pytest.approx(inside[when == year].mean())
        assert change.last_year_share == pytest.approx(inside[when == year - 1].mean())
        before = (when >= year - 3) & (when < year)
        assert change.before_share == pytest.approx(inside[before].mean())


def test_the_suggestion_is_chosen_among_the_settings_tried(record):
    assert record.suggested == choose_setting(record.tried)
    assert record.suggested in record.tried
    assert len(record.tried) == 9
    assert all(len(one.hit_shares) == 3 for one in record.tried)


def test_a_proposal_suggests_what_the_record_says_and_else_the_city_files_values(record, testville):
    config = testville[1]
    assert build_suggestion(config, None).documented == config.areas.documented
    assert (
        build_suggestion(config, replace(record, suggested=None)).documented
        == config.areas.documented
    )
    areas = build_suggestion(config, suggesting(record)).documented
    assert (areas.eps_m, areas.min_samples) == (150, 3)
    assert areas.at_incidents == config.areas.documented.at_incidents
    assert config.areas.eps_m == 200
    assert build_suggestion(config, suggesting(record)) == Suggestion(areas, "past years")
    for none in (None, replace(record, suggested=None)):
        assert build_suggestion(config, none) == Suggestion(config.areas.documented, "city file")


def test_a_proposal_names_the_source_of_what_it_suggests_even_where_both_say_the_same(testville):
    dataset, config = testville
    areas = replace(config.areas.documented, eps_m=150.0, min_samples=3)
    for suggestion, source, eps_m in (
        (None, "city file", 200),
        (Suggestion(config.areas.documented), "city file", 200),
        (Suggestion(config.areas.documented, "past years"), "past years", 200),
        (Suggestion(areas, "past years"), "past years", 150),
    ):
        params = propose_areas(
            City(config, dataset), AreaSettings(), suggestion=suggestion
        ).summary["params"]
        assert (params["suggested_by"], params["eps_m"]) == (source, eps_m)


@pytest.mark.long
def test_the_areas_judged_are_those_of_the_setting_suggested(testville, record, monkeypatch):
    dataset, config = testville
    chosen = next(one for one in record.tried if (one.eps_m, one.min_samples) == (240, 8))
    monkeypatch.setattr("csa.areas.backtest.recording.choose_setting", lambda _: chosen)
    made = make_record(City(config, dataset), AreaSettings())
    assert made.suggested == chosen
    rows = made.table[made.table["method"] == "areas"]
    assert rows["hit_share"].tolist() == pytest.approx(list(chosen.hit_shares))
    assert [one.n_areas for one in made.usual_changes] == list(chosen.n_areas)
    assert made.params == record.params  # of the city's file: the record is found by them
    located = locate_incidents(City(config, dataset), AreaSettings())
    swept = replace(config.areas.documented, eps_m=240.0, min_samples=8)
    for origin, change in zip(past_januaries(dataset, 36, 12), made.usual_changes, strict=True):
        params = resolve_params(located, Period.before(origin, 36), AreaSettings(), swept)
        areas = find_areas(located, Period.before(origin, 36), params).areas
        inside = np.isin(located.cells, list(frozenset().union(*areas)))
        when = located.column("occurred_at").dt.year.to_numpy()
        assert change.after_share == pytest.approx(inside[when == origin.year].mean())


def test_a_record_is_found_again_for_the_same_data_and_choices_alone(testville, record, tmp_path):
    dataset, config = testville
    save_record(record, City(config, dataset, tmp_path), AreaSettings())
    for load in (load_record, load_suggestion):
        found = load(
            City(config, dataset, tmp_path), AreaSettings(until=Month(2018, 1), eps_m=90.0)
        )
        assert record_to_plain(found) == record_to_plain(record)
        assert load(City(config, dataset, tmp_path), AreaSettings(months=24)) is None
    assert load_record(City(config, of_fingerprint(dataset, "e"), tmp_path), AreaSettings()) is None


def test_new_data_are_suggested_what_the_latest_older_record_says(testville, record, tmp_path):
    dataset, config = testville
    # The fingerprints say nothing: the older of two has the later letter.
    for letter, n, eps_m in (("c", 3, 150.0), ("f", 2, 120.0), ("a", 1, 90.0)):
        older = of_fingerprint(dataset, letter)
        kept = suggesting(years_of(record, older, n), eps_m)
        save_record(kept, City(config, older, tmp_path), AreaSettings())
    other = suggesting(record, 60.0)  # of other choices
    save_record(
        other, City(config, of_fingerprint(dataset, "b"), tmp_path), AreaSettings(months=24)
    )
    found = load_suggestion(City(config, dataset, tmp_path), AreaSettings())
    assert (found.fingerprint, found.suggested.eps_m) == ("c" * 64, 150)
    save_record(suggesting(record, 240.0), City(config, dataset, tmp_path), AreaSettings())
    assert load_suggestion(City(config, dataset, tmp_path), AreaSettings()).suggested.eps_m == 240


def test_a_later_year_counts_before_more_years(testville, record, tmp_path):
    dataset, config = testville
    first, last = of_fingerprint(dataset, "f"), of_fingerprint(dataset, "a")
    save_record(
        suggesting(years_of(record, first, 2), 120.0), City(config, first, tmp_path), AreaSettings()
    )
    table = record.table[record.table["origin"] == "2019-01"].reset_index(drop=True)
    late = replace(suggesting(record, 150.0), fingerprint="a" * 64, table=table)
    save_record(late, City(config, last, tmp_path), AreaSettings())
    assert load_suggestion(City(config, dataset, tmp_path), AreaSettings()).suggested.eps_m == 150


def test_each_step_is_told(record, told):
    assert told == ["cells"] + ["variants"] * 3 + ["origin"] * 3


# ---- At the edge ---------------------------------------------------------------------------


def test_data_too_short_for_a_past_year_leave_an_empty_record(testville):
    dataset, config = testville
    empty = make_record(City(config, of_days(dataset, "2014-01-01", "2017-12-30")), AreaSettings())
    assert (empty.n_origins, empty.comparison, empty.suggested) == (0, None, None)
    assert (empty.tried, empty.usual_changes, empty.usual_fall_share) == ((), (), None)
    assert empty.params["origins"] == []
    again = record_from_plain(json.loads(json.dumps(record_to_plain(empty))))
    assert again.n_origins == 0


def test_two_past_years_are_judged_but_suggest_nothing(testville):
    dataset, config = testville
    two = make_record(City(config, of_days(dataset, "2014-01-01", "2019-12-30")), AreaSettings())
    assert two.n_origins == 2
    assert two.comparison is not None
    assert len(two.tried) > 0
    assert two.suggested is None


def test_a_trial_without_incidents_or_areas_has_shares_of_zero():
    nothing = np.zeros(3, dtype=np.int64)
    trial = trial_of(nothing, nothing, nothing, [])
    found = measure_follow_up(FoldScore(trial, {}, 0.0))
    assert (found.before_share, found.last_year_share, found.after_share) == (0, 0, 0)


def test_where_no_record_was_ever_made_nothing_is_suggested(testville, tmp_path):
    dataset, config = testville
    for load in (load_record, load_suggestion):
        assert load(City(config, dataset, tmp_path), AreaSettings()) is None


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-40],
        lambda text: text.replace('"format_version":1', '"format_version":2').replace(
            '"format_version": 1', '"format_version": 2'
        ),
        lambda _: "[]",
        lambda _: "{}",
    ],
    ids=["cut off", "of another format", "a list", "empty"],
)
@pytest.mark.parametrize("whose", ["own", "older"])
def test_a_damaged_record_is_refused_by_name_and_an_older_one_is_passed_over(
    testville, record, tmp_path, spoil, whose
):
    dataset, config = testville
    of = dataset if whose == "own" else of_fingerprint(dataset, "a")
    save_record(record, City(config, of, tmp_path), AreaSettings())
    (path,) = tmp_path.rglob(f"{NAME}*.json")
    text = path.read_text()
    assert spoil(text) != text
    path.write_text(spoil(text))
    if whose == "older":  # it suggests nothing, and stops nobody
        assert load_suggestion(City(config, dataset, tmp_path), AreaSettings()) is None
        return
    for load in (load_record, load_suggestion):
        with pytest.raises(SourceError, match="cannot be read") as refused:
            load(City(config, dataset, tmp_path), AreaSettings())
        assert refused.value.message.key == "backtest.damaged"
        assert str(path) in str(refused.value)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"months": 24}, {"resolution": 8}, {"max_area_km2": 1.0}, {"kinds": ("homicide",)}],
)
def test_other_choices_are_another_record(testville, change):
    areas = testville[1].areas
    usual = record_params(AreaSettings(), areas)
    assert usual == record_params(AreaSettings(until=Month(2018, 1)), areas)
    assert usual != record_params(AreaSettings(**change), areas)
    assert usual != record_params(AreaSettings(), areas.model_copy(update={"min_samples": 9}))
    assert json.loads(json.dumps(usual)) == usual


def test_what_came_after_the_last_january_judged_changes_no_earlier_one(testville, record):
    dataset, config = testville
    changed = with_other_future(dataset, Month(2019, 1), "moved")
    other = make_record(City(config, changed), AreaSettings())
    assert other.usual_changes[:2] == record.usual_changes[:2]
    assert other.usual_changes[2].before_share == record.usual_changes[2].before_share
    assert other.usual_changes[2].after_share != record.usual_changes[2].after_share
    early, late = (one.table[one.table["origin"] < "2019"] for one in (record, other))
    assert early.equals(late)
    for one, two in zip(record.tried, other.tried, strict=True):
        assert (one.hit_shares[:2], one.n_areas) == (two.hit_shares[:2], two.n_areas)


# ---- On Philadelphia -----------------------------------------------------------------------
