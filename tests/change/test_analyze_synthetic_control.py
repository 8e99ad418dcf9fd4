"""What an area's expectation says, beside a synthetic control by another library."""

import numpy as np
import pandas as pd
import pytest
from pysyncon import Dataprep, Synth
from tests.change.courses import RestOfCity, follow

from csa.change.expectation import Baseline
from csa.change.past import PastChange

BEFORE, AFTER, N_OTHERS, MONTHLY = 36, 24, 16, 20.0


def drawn(drop, seed):
    """Draw a served area and others like it, in a city with seasons and a trend."""
    random = np.random.default_rng(seed)
    months = np.arange(BEFORE + AFTER)
    city = (1 + 0.3 * np.sin(2 * np.pi * months / 12)) * np.exp(0.01 * months)
    own = np.exp(0.3 * random.normal(size=N_OTHERS + 1))[:, None]
    own[0] = 1.0
    means = MONTHLY * own * city
    means[0, BEFORE:] *= 1 - drop
    return random.poisson(means)


def by_synthetic_control(counts):
    """Return the effect since the start, in incidents, by pysyncon."""
    table = pd.DataFrame(
        [
            (f"place {place}", month, float(counts[place, month]))
            for place in range(len(counts))
            for month in range(counts.shape[1])
        ],
        columns=["place", "month", "incidents"],
    )
    prepared = Dataprep(
        foo=table,
        predictors=["incidents"],
        predictors_op="mean",
        dependent="incidents",
        unit_variable="place",
        time_variable="month",
        treatment_identifier="place 0",
        controls_identifier=[f"place {place}" for place in range(1, len(counts))],
        time_predictors_prior=range(BEFORE),
        time_optimize_ssr=range(BEFORE),
    )
    synth = Synth()
    synth.fit(dataprep=prepared)
    return AFTER * float(synth.att(time_period=range(BEFORE, BEFORE + AFTER))["att"])


def by_expectation(counts):
    """Return the effect since the start, in incidents, and its standard error, as we follow it."""
    rest = counts[1:].sum(axis=0)
    base = Baseline(float(counts[0, :BEFORE].sum()), float(counts[0, :BEFORE].sum()))
    usual = PastChange(np.ones(AFTER), np.zeros(AFTER))
    compared = RestOfCity(int(rest[:BEFORE].sum()), rest[BEFORE:])
    track = follow(counts[0, BEFORE:], base, compared, usual, 1.0, 3.0)
    effect = float(track.counted[-1] - track.expectation.mean[-1])
    return effect, float(np.sqrt(track.expectation.variance[-1])), int(track.sign[-1])


@pytest.mark.parametrize("drop", [0.0, 0.4])
def test_the_effect_is_that_of_a_synthetic_control_within_its_error(drop):
    """Both are off by their own errors; together by less than three of ours in each city."""
    for seed in range(4):
        counts = drawn(drop, seed)
        effect, error, sign = by_expectation(counts)
        assert abs(effect - by_synthetic_control(counts)) < 3 * error
        assert sign == (-1 if drop else 0)
