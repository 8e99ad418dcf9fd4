"""Twelve quarters against an attacker who has every bundle and every point on the city's map."""

from dataclasses import replace

import numpy as np
import pytest
from tests.disclosure.attacker import Figure, find_exposed
from tests.disclosure.guesser import guess, right_share, sure_share
from tests.reports.public.releases import (
    area,
    figures_of,
    leaving_out,
    publish,
    true_counts,
    without,
)

from csa.base.params import Month
from csa.city.dataset import City
from csa.disclosure.keys import Secret

SECRET = Secret(bytes(range(32)))
MONTHS = [Month(2017, 9).plus(3 * n) for n in range(12)]


def reported_late(month, dataset):
    """Leave out a tenth of what happened in the last four months: it is reported a quarter later."""
    when = dataset.incidents["occurred_at"].dt
    is_recent = (when.year * 12 + when.month - 1 > month.index - 4).to_numpy()
    is_late = np.random.default_rng(5).random(len(is_recent)) < 0.1
    return without(dataset, dataset.incidents["incident_id"].to_numpy()[is_recent & is_late])


@pytest.fixture(scope="module")
def sample_city(sample_source):
    return sample_source.city


@pytest.fixture(scope="module")
def areas_at(sample_records):
    """Two areas from 2018, in 2019 one of them is redrawn by two blocks and a third is added."""
    a, d, f = ([int(cell, 16) for cell in step.cells] for step in sample_records.steps)

    def at(month):
        if month.index < Month(2018, 3).index:
            return []
        if month.index < Month(2019, 3).index:
            return [area("A", frozenset(a)), area("D", frozenset(d))]
        return [area("A", frozenset(a[2:])), area("D", frozenset(d)), area("F", frozenset(f))]

    return at


def published_twelve(city, areas_at, secret=SECRET):
    found = publish(city, MONTHS, secret, areas_at, reported_late)
    gone = city.dataset.incidents["incident_id"].tolist()[100:3000:90]
    again = publish(city, MONTHS[-1:], secret, areas_at, lambda _, data: without(data, gone))
    return [*found, *again]


@pytest.fixture(scope="module")
def twelve(sample_city, areas_at):
    """Twelve quarters with late reports, and the last published again after a correction."""
    return published_twelve(sample_city, areas_at)


@pytest.fixture(scope="module")
def twelve_apart(sample_city, areas_at):
    """The same where no one agreed: domestic incidents are left out."""
    return publish(leaving_out(sample_city), MONTHS, SECRET, areas_at, reported_late)


# ---- by hand -------------------------------------------------------------------------------


def test_each_count_is_of_its_own_incidents_and_within_the_table(twelve):
    figures, _ = figures_of(twelve[-2:])
    true = [len(one.members) for one in figures]
    off = [one.told - n for one, n in zip(figures, true, strict=True) if one.told is not None]
    assert len(off) > 200
    assert np.mean(np.abs(off) <= 3) > 0.8
    assert max(abs(one) for one in off) < 15
    assert all(n < 20 for one, n in zip(figures, true, strict=True) if one.told is None)


@pytest.mark.long
def test_the_same_incidents_are_told_the_same_in_every_quarter_and_geography(twelve):
    figures, _ = figures_of(twelve)
    kept = [(one.members.tobytes(), one.name.split()[0]) for one in figures]
    assert len(kept) == len(set(kept))  # two figures of the same incidents would differ
    assert len(figures) < sum(
        len(places)
        for one in twelve
        for g in one.publication.counts.values()
        for places in g.values()
    )


def test_places_have_quarters_from_100_a_year_on_and_keep_those_they_had(sample_city):
    first, second = (
        one.publication.counts["neighborhood"]
        for one in publish(sample_city, MONTHS[-2:], SECRET, lambda _: [])
    )
    for counts in (first, second):
        for quarter in (period for period in counts if "-Q" in period):
            before = counts[str(int(quarter[:4]) - 1)]
            assert set(counts[quarter]) == {place for place, n in before.items() if (n or 0) >= 100}
    assert first.keys() <= second.keys()


# ---- true in general -----------------------------------------------------------------------


@pytest.mark.long
def test_no_count_held_back_and_no_domestic_count_can_be_worked_out(twelve, twelve_apart):
    figures, is_counted = figures_of(twelve_apart)
    assert find_exposed(figures, is_counted, are_points_known=True) == ()
    with_land, _ = figures_of(twelve[::4], with_land=True)
    is_there = np.zeros(1 + max(one.members.max(initial=0) for one in with_land), dtype=bool)
    for one in figures_of(twelve[::4])[0]:
        is_there[one.members] = True
    assert find_exposed(with_land, is_there, are_points_known=False) == ()


def test_no_figure_depends_on_which_incidents_are_domestic(sample_city, areas_at, twelve):
    """Of all incidents, changed by their numbers alone: there is nothing to guess from."""
    rng = np.random.default_rng(3)

    def shuffled(month, dataset):
        marks = rng.permutation(dataset.incidents["domestic"].to_numpy(str))
        changed = replace(dataset, incidents=dataset.incidents.assign(domestic=marks))
        return reported_late(month, changed)

    again = publish(sample_city, MONTHS[-3:], SECRET, areas_at, shuffled)
    assert [one.publication for one in again] == [one.publication for one in twelve[9:12]]


@pytest.mark.long
@pytest.mark.parametrize("start", [0, 7, 40, 80])
def test_the_best_guess_of_what_is_domestic_is_right_for_two_in_five_or_fewer(
    sample_city, areas_at, start
):
    """Four secrets together: METHODS, 39. Of exact counts rounded, 56% and 18% would be."""
    secret = Secret(bytes(range(start, start + 32)))
    apart = publish(leaving_out(sample_city), MONTHS, secret, areas_at, reported_late)
    figures, is_counted = figures_of(apart)
    found = guess(figures, ~is_counted, rounded_to=5)
    assert right_share(found) < 0.46
    assert sure_share(found) < 0.02
    of_all, is_counted = figures_of(publish(sample_city, MONTHS, secret, areas_at, reported_late))
    blind = guess(of_all, ~is_counted, counts_all=True, n_draws=100)
    assert right_share(blind) < 0.35
    assert sure_share(blind) < 0.01


@pytest.mark.long
def test_the_audit_sees_that_exact_counts_would_give_domestic_ones_away(twelve_apart):
    """As they were: with the points known, each count that was told gives its own away."""
    figures, is_counted = figures_of(twelve_apart[:1])
    true = true_counts(figures, is_counted)
    exact = [
        Figure(one.name, one.members, n if n >= 10 else None)
        for one, n in zip(figures, true, strict=True)
    ]
    found = {one.name for one in find_exposed(exact, is_counted, are_points_known=True, within=0)}
    assert {one.name for one in exact if one.told is not None and len(one.members) > 1} <= found


def test_a_lost_secret_tells_nothing_anew(sample_city):
    (first,) = publish(sample_city, MONTHS[-1:], SECRET, lambda _: [])
    other = Secret(bytes(range(1, 33)))
    (trial,) = publish(sample_city, MONTHS[-1:], other, lambda _: [])
    assert trial.publication.counts != first.publication.counts
    stands = trial.publication.with_earlier([first.publication])
    assert stands.counts == first.publication.counts


@pytest.mark.slow
def test_twelve_quarters_of_philadelphia_give_nothing_away_and_take_the_same_time(philadelphia):
    """Its file does not say what is domestic: one in eight is drawn to be, at random."""
    dataset, config = philadelphia
    rng = np.random.default_rng(7)
    marked = np.where(rng.random(len(dataset.incidents)) < 1 / 8, "yes", "no")
    dataset = replace(dataset, incidents=dataset.incidents.assign(domestic=marked))
    months = [Month(2020, 3).plus(3 * n) for n in range(20)]
    city = leaving_out(City(config, dataset))
    found = publish(city, months, SECRET, lambda _: [], reported_late)
    alone = publish(city, months[-1:], SECRET, lambda _: [], reported_late)
    assert found[-1].seconds < 1.5 * max(alone[0].seconds, 0.1)
    figures, is_counted = figures_of(found[-12:])
    assert find_exposed(figures, is_counted, are_points_known=True) == ()
    sure, few = set(), set()
    for one, n in zip(figures, true_counts(figures, is_counted), strict=True):
        if one.told is None or one.told >= 20:
            (few if one.told is None else sure).add((one.name.split(",")[0], n))
    assert len(sure) > 100
    assert not sure & few  # no place with 20 or more is ever "fewer than 10" with the same count
