"""Counts compared within parts: by hand, against other programs, and against plain minimizing."""

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.discrete.conditional_models import ConditionalPoisson

from csa.extras.risk.conditional import L1_SHARE, StratifiedCounts, elastic_net, fit_conditional


def parts(seed, n_cells=400, n_parts=10, n_columns=3):
    rng = np.random.default_rng(seed)
    part = np.sort(rng.integers(0, n_parts, n_cells))
    x = (rng.random((n_cells, n_columns)) < 0.3).astype(float)
    offset = np.log(rng.uniform(0.5, 1.5, n_cells))
    level = rng.normal(size=n_parts)[part]
    y = rng.poisson(np.exp(offset - 1 + level + x @ [0.7, 0.3, 0.0])).astype(float)
    return StratifiedCounts(y, part, offset), x


def test_twice_as_many_where_the_column_holds_by_hand():
    # In each of two parts one cell of two holds the column; 6 of 9 and 2 of 3 incidents are there.
    counts = StratifiedCounts(np.array([6.0, 3, 2, 1]), np.array([0, 0, 1, 1]), np.zeros(4))
    fit = fit_conditional(counts, np.array([[1.0], [0], [1], [0]]))
    assert np.exp(fit.coef) == pytest.approx([2.0])
    assert fit.information[0, 0] == pytest.approx(12 * (2 / 3) * (1 / 3))
    assert fit.expected == pytest.approx([6, 3, 2, 1])


def test_a_column_that_holds_in_whole_parts_says_nothing():
    counts = StratifiedCounts(np.array([6.0, 3, 2, 1]), np.array([0, 0, 1, 1]), np.zeros(4))
    x = np.array([[1.0], [1], [0], [0]])
    gradient, mu = counts.gradient(x, counts.offset)
    assert gradient == pytest.approx([0.0])
    assert counts.hessian(x, mu) == pytest.approx(np.zeros((1, 1)))


@pytest.mark.parametrize("seed", range(3))
def test_coefficients_and_errors_are_those_of_statsmodels(seed):
    counts, x = parts(seed)
    fit = fit_conditional(counts, x)
    other = ConditionalPoisson(counts.y, x, groups=counts.part, offset=counts.offset).fit()
    assert fit.coef == pytest.approx(other.params, abs=1e-3)
    errors = np.sqrt(np.diag(np.linalg.inv(fit.information)))
    assert errors == pytest.approx(other.bse, rel=1e-3)


@pytest.mark.parametrize("penalty", [20.0, 5.0])
def test_the_elastic_net_is_the_minimum_of_its_formula(penalty):
    counts, x = parts(1)

    def loss(coef):
        size = L1_SHARE * coef.sum() + 0.5 * (1 - L1_SHARE) * (coef**2).sum()
        return penalty * size - counts.log_likelihood(counts.offset + x @ coef)

    best = minimize(loss, np.full(3, 0.1), bounds=[(0, None)] * 3).x
    found = elastic_net(counts, x, np.ones(3), np.array([60.0, 40.0, penalty]))
    assert found[:, -1] == pytest.approx(best, abs=0.01)
    assert (found >= 0).all()
    assert (found[:, 0] <= found[:, -1] + 1e-9).all()
