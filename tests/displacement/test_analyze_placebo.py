"""Nobody was treated: areas of past Januaries of a real city, and no change may be claimed."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from csa.areas.choices import Choices
from csa.areas.finding import find_areas, settle_params
from csa.areas.study_area import locate_incidents
from csa.base.params import Month, Period
from csa.dataset.chosen import Chosen
from csa.dataset.versioned import City
from csa.displacement.analyze import analyze_displacement
from csa.displacement.follow import make_past
from csa.displacement.ground_in_time import GroundInTime
from csa.displacement.verdict import Verdict
from tests.areas.test_finding import philadelphia_in

DISPLACED = {Verdict.FEWER_MORE_NEXT, Verdict.SAME_MORE_NEXT}
STAYED = {Verdict.FEWER, Verdict.FEWER_FEWER_NEXT}
YEARS = range(2018, 2025)
FOLLOWED_MONTHS = 24


@cache
def located_in(shared_data, root):
    dataset, config = philadelphia_in(shared_data, root)
    return locate_incidents(City(config, dataset), Choices())


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


def followed(shared_data, root, since, past=(), months=FOLLOWED_MONTHS):
    """Follow the areas that would have been proposed at the start of a month."""
    _, config = philadelphia_in(shared_data, root)
    every = located_in(shared_data, root)
    cut = cut_at(every, since.plus(months))
    located = locate_incidents(City(config, cut), Choices(), every.cover)
    period = Period.before(since, 36)
    areas = find_areas(
        located, period, settle_params(located, period, Choices(), config.areas.documented)
    ).areas
    letters = tuple(str(number) for number in range(len(areas)))
    return analyze_displacement(located, Chosen(letters, letters, areas, 10, period), since, past)


@cache
def past_in(shared_data, root):
    _, config = philadelphia_in(shared_data, root)
    return make_past(located_in(shared_data, root), Choices(), config.areas.documented)


def claims(displaced):
    """Tell whether all areas together, and whether any single one, are ever said to have changed."""
    return (
        displaced.pooled.first_alarm is not None,
        any(one.first_alarm is not None for one in displaced.single),
    )


def other_years(past, year):
    """Take all past years but one, later ones too: as if each had been long before."""
    others = [one for one in past if one.core.origin != f"{year}-01"]
    return [
        replace(
            one,
            core=replace(one.core, origin=f"{1990 + number}-01"),
            ring=replace(one.ring, origin=f"{1990 + number}-01"),
        )
        for number, one in enumerate(others)
    ]


def test_a_rise_of_the_whole_city_is_no_displacement(shared_data, root):
    table = philadelphia_in(shared_data, root)[0].incidents
    yearly = table["occurred_at"].dt.year.value_counts()
    assert yearly[2020] > 1.4 * yearly[2019]
    displaced = followed(shared_data, root, Month(2020, 1), months=12)
    assert len(displaced.pooled.verdicts) == 12
    assert displaced.pooled.verdicts[-1] is Verdict.NO_CHANGE
    assert len(displaced.single) == len(displaced.chosen.area_ids) >= 10
    for one in (displaced.pooled, *displaced.single):
        assert not DISPLACED & set(one.verdicts)


def test_areas_of_a_january_in_which_nobody_was_treated_are_not_said_to_have_changed(
    shared_data, root
):
    assert claims(followed(shared_data, root, Month(2023, 1))) == (False, False)


def taken(monkeypatch, into_ring):
    """Take 40 % of the incidents of each area and month since; put them next door, or nowhere."""
    alone, together = GroundInTime.alone, GroundInTime.together

    def gone(ground, area):
        (core,), _ = alone(ground, area)
        random = np.random.default_rng([14, ground.starts[area].index, area])
        return random.binomial(core.monthly, 0.4)

    def added(part, counts):
        return replace(part, monthly=part.monthly + counts)

    def alone_less(ground, area):
        (core,), rings = alone(ground, area)
        n = gone(ground, area)
        return [added(core, -n)], [added(ring, n * into_ring) for ring in rings]

    def together_less(ground, area):
        return [added(ring, gone(ground, area) * into_ring) for ring in together(ground, area)]

    monkeypatch.setattr(GroundInTime, "alone", alone_less)
    monkeypatch.setattr(GroundInTime, "together", together_less)


def test_what_moved_next_door_is_not_said_to_be_no_displacement(shared_data, root, monkeypatch):
    taken(monkeypatch, into_ring=True)
    told = followed(shared_data, root, Month(2019, 4)).pooled.verdicts
    assert not STAYED & set(told)
    assert Verdict.FEWER_UNKNOWN in told


@pytest.mark.slow
@pytest.mark.parametrize("into_ring", [True, False], ids=["moved", "gone"])
def test_of_quarterly_starts_what_moved_is_never_and_what_is_gone_often_said_not_to_have_moved(
    shared_data, root, monkeypatch, into_ring
):
    """Measured, after 12 and 24 months of 20 starts: moved, 0 of 40 (26 before both were asked
    together); gone, 13 of 40."""
    past = past_in(shared_data, root)
    taken(monkeypatch, into_ring)
    told = []
    for number in range(20):
        verdicts = followed(
            shared_data, root, Month(2018, 1).plus(3 * number), past
        ).pooled.verdicts
        told += [verdicts[11], verdicts[23]]
    stayed = sum(one in STAYED for one in told)
    assert stayed <= 2 if into_ring else stayed >= 10


@pytest.mark.slow
@pytest.mark.parametrize("with_past", [False, True])
def test_of_all_januaries_no_more_are_said_to_have_changed_than_one_in_twenty_allows(
    shared_data, root, with_past
):
    past = past_in(shared_data, root) if with_past else ()
    assert len(past) == (7 if with_past else 0)
    found = []
    for year in YEARS:
        displaced = followed(shared_data, root, Month(year, 1), other_years(past, year))
        assert displaced.usual_core.n_years == (6 if with_past else 0)
        assert len(displaced.pooled.verdicts) == min(
            24, displaced.until.index - displaced.since.index
        )
        found.append(claims(displaced))
    pooled, single = (sum(each) for each in zip(*found, strict=True))
    most = binom.ppf(0.975, len(YEARS), 0.05)
    assert most == 2
    assert pooled <= most
    assert single <= most
