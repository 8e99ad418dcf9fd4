"""Nobody was treated: areas of past Januaries of a real city, and no change may be claimed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.follow import measure_past_cohorts
from csa.change.zoning import VersionedZones
from csa.city.dataset import City
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection

DISPLACED = {
    Verdict.FEWER_MOVED,
    Verdict.FEWER_MOVED_ON,
    Verdict.FEWER_MOVED_FAR,
    Verdict.MORE_NEXT,
}
STAYED = {Verdict.FEWER, Verdict.FEWER_WIDE, Verdict.FEWER_FEWER_NEXT}
YEARS = range(2018, 2025)
FOLLOWED_MONTHS = 24


@pytest.fixture(scope="module")
def real(philadelphia):
    """Philadelphia's file, and its incidents on cells."""
    dataset, config = philadelphia
    return config, locate_incidents(City(config, dataset), AreaSettings())


def cut_at(located, until):
    """The same city when its data ended with the month before."""
    dataset, last = located.dataset, pd.Timestamp(f"{until}-01") - pd.Timedelta(days=1)
    through = min(dataset.report["data_through"], str(last.date()))
    table = dataset.incidents[dataset.incidents["occurred_at"] < f"{until}-01"]
    return replace(
        dataset,
        incidents=table.reset_index(drop=True),
        report={**dataset.report, "data_through": through},
    )


def followed(real, since, past=(), months=FOLLOWED_MONTHS):
    """Follow the areas that would have been proposed at the start of a month."""
    config, every = real
    cut = cut_at(every, since.plus(months))
    located = locate_incidents(City(config, cut), AreaSettings(), every.cover)
    period = Period.before(since, 36)
    areas = find_areas(
        located, period, resolve_params(located, period, AreaSettings(), config.areas.documented)
    ).areas
    letters = tuple(str(number) for number in range(len(areas)))
    return analyze_displacement(
        located, AreaSelection(letters, letters, areas, 10, period), since, past
    )


@pytest.fixture(scope="module")
def past(real):
    config, every = real
    return measure_past_cohorts(every, AreaSettings(), config.areas.documented)


def claims(displaced):
    """Return whether all areas together, and whether any single one, are said to have changed."""
    return (
        displaced.pooled.first_alarm is not None,
        any(one.first_alarm is not None for one in displaced.by_area),
    )


def other_years(past, year):
    """Take all past starts but those of one year, later ones too: as if all were long before."""

    def earlier(one):
        return replace(one, origin=str(Month.parse(one.origin).plus(-360)))

    return [
        replace(one, core=earlier(one.core), ring=earlier(one.ring))
        for one in past
        if not one.core.origin.startswith(str(year))
    ]


@pytest.mark.long
def test_a_rise_of_the_whole_city_is_no_displacement(real):
    table = real[1].dataset.incidents
    yearly = table["occurred_at"].dt.year.value_counts()
    assert yearly[2020] > 1.4 * yearly[2019]
    displaced = followed(real, Month(2020, 1), months=12)
    assert len(displaced.pooled.verdicts) == 12
    assert displaced.pooled.verdicts[-1] is Verdict.NO_CHANGE
    assert len(displaced.by_area) == len(displaced.chosen.area_ids) >= 10
    for one in (displaced.pooled, *displaced.by_area):
        assert not DISPLACED & set(one.verdicts)


@pytest.mark.long
def test_areas_of_a_january_in_which_nobody_was_treated_are_not_said_to_have_changed(real):
    assert claims(followed(real, Month(2023, 1))) == (False, False)


def taken(monkeypatch, share, *, into_ring, lasts=None):
    """Take a share of the incidents of each area, for so many months: next door, or nowhere."""
    alone, together = VersionedZones.alone, VersionedZones.together

    def gone(ground, area):
        (core,), _ = alone(ground, area)
        random = np.random.default_rng([14, ground.starts[area].index, area])
        n = random.binomial(core.monthly, share)
        n[lasts:] = 0 if lasts else n[lasts:]
        return n

    def added(part, counts):
        return replace(part, monthly=part.monthly + counts)

    def alone_less(ground, area):
        (core,), rings = alone(ground, area)
        n = gone(ground, area)
        return [added(core, -n)], [added(ring, n * into_ring) for ring in rings]

    def together_less(ground, area):
        return [added(ring, gone(ground, area) * into_ring) for ring in together(ground, area)]

    monkeypatch.setattr(VersionedZones, "alone", alone_less)
    monkeypatch.setattr(VersionedZones, "together", together_less)


def test_what_moved_next_door_is_not_said_to_have_stayed_away(real, monkeypatch):
    taken(monkeypatch, 0.4, into_ring=True)
    told = followed(real, Month(2019, 4)).pooled.verdicts
    assert not STAYED & set(told)
    assert {Verdict.FEWER_UNKNOWN, Verdict.FEWER_MOVED} & set(told)


@pytest.mark.slow
@pytest.mark.parametrize("into_ring", [True, False], ids=["moved", "gone"])
def test_of_quarterly_starts_what_moved_is_never_and_what_is_gone_often_said_to_be_fewer_nearby(
    real, past, monkeypatch, into_ring
):
    """40% after 12 and 24 months of 20 starts; of what is gone, after 24."""
    taken(monkeypatch, 0.4, into_ring=into_ring)
    told = [
        followed(real, Month(2018, 1).plus(3 * number), past).pooled.verdicts
        for number in range(20)
    ]
    after = [sum(one[months - 1] in STAYED for one in told) for months in (12, 24)]
    assert sum(after) <= 2 if into_ring else after[1] >= 8


@pytest.mark.slow
def test_a_fall_that_ended_after_a_year_is_told_as_over_with_its_last_month(
    real, past, monkeypatch
):
    """60% fewer from January to December 2021, after two years and to the end of four."""
    since = Month(2021, 1)
    taken(monkeypatch, 0.6, into_ring=False, lasts=12)
    found = followed(real, since, past, months=47).pooled
    assert found.core.sign[11] == -1
    for months in (24, 47):
        assert found.verdicts[months - 1] is Verdict.FEWER_ONCE
        over = found.fade_at(months - 1)
        assert str(since.plus(over.months - 1)) == "2021-12"
        assert over.counted == found.core.counted[11]
        assert over.later_counted == found.core.counted[months - 1] - over.counted


@pytest.mark.slow
@pytest.mark.parametrize("with_past", [False, True])
def test_of_all_januaries_no_more_are_said_to_have_changed_than_one_in_twenty_allows(
    real, past, with_past
):
    found, past = [], past if with_past else ()
    for year in YEARS:
        displaced = followed(real, Month(year, 1), other_years(past, year))
        assert (displaced.usual_core.n_starts > 30) == with_past
        assert len(displaced.pooled.verdicts) == min(
            24, displaced.until.index - displaced.since.index
        )
        found.append(claims(displaced))
    pooled, single = (sum(each) for each in zip(*found, strict=True))
    most = binom.ppf(0.975, len(YEARS), 0.05)
    assert most == 2
    assert pooled <= most
    assert single <= most
