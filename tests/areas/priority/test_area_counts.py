"""What areas hold on their own ground: by hand, and as a proposal counts the same cells."""

from dataclasses import replace

import numpy as np
import pytest

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.areas.places import candidate_rows
from csa.areas.priority.area_counts import count_areas
from csa.areas.priority.forecast import COLUMNS, forecast_proposal
from csa.base.params import Month, Period
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.geo.cells import as_text, parents


@pytest.fixture(scope="module")
def city(root, sample_folder):
    return open_city(load_city(root / "config" / "sample.toml"), sample_folder)


@pytest.fixture(scope="module")
def choices():
    return AreaSettings(until=Month(2020, 8))


@pytest.fixture(scope="module")
def proposal(city, choices):
    return propose_areas(city, choices)


@pytest.fixture(scope="module")
def located(city, choices):
    return locate_incidents(city, choices)


def count(city, proposal, located, *areas):
    def locate(resolution):
        if resolution == located.resolution:
            return located
        return locate_incidents(city, AreaSettings(resolution=resolution))

    return count_areas(city, areas, proposal, locate)


# ---- By hand --------------------------------------------------------------------------------


def test_an_area_has_the_counts_of_its_own_cells_and_not_of_the_outline_there(
    city, proposal, located
):
    """Oracle: rows by the text of their cell and by their day, with pandas alone."""
    (area_id, name, cells), *_ = candidate_rows(proposal.areas)
    own = frozenset(sorted(cells)[: len(cells) // 2])
    found = count(city, proposal, located, ("A", name, own))["A"]
    table = city.dataset.incidents
    table = table[table["cell_r10"].isin(as_text(own)) & (table["occurred_at"] < "2020-08-01")]
    in_36 = table[table["occurred_at"] >= "2017-08-01"]
    assert (found.period, found.year) == (
        Period(Month(2017, 8), Month(2020, 8)), Period(Month(2019, 8), Month(2020, 8)),
    )  # fmt: skip
    assert (found.incidents, found.homicides) == (len(in_36), in_36["kind"].eq("homicide").sum())
    assert found.victims == in_36["victims"].sum()
    assert found.recent_12 == (table["occurred_at"] >= "2019-08-01").sum()
    earlier = table["occurred_at"].between("2017-08-01", "2019-08-01", inclusive="left")
    assert found.earlier_yearly == earlier.sum() / 2
    assert found.months_active == in_36["occurred_at"].dt.strftime("%Y-%m").nunique()
    assert sorted(found.rows) == sorted(
        np.flatnonzero(city.dataset.incidents.index.isin(in_36.index))
    )
    outline = proposal.areas.set_index("area_id").loc[area_id]
    assert found.incidents < outline["incidents"]
    assert found.display_name == f"{name} (A)"


def test_ground_is_expected_the_year_after_at_the_rate_of_the_candidates(city, proposal, located):
    """What is expected of it in the period leads to what is expected after, as theirs does."""
    *_, (area_id, name, cells) = candidate_rows(proposal.areas)  # the first has newly begun
    own = frozenset(sorted(cells)[: len(cells) // 2])
    found = count(city, proposal, located, ("A", name, own))["A"]
    ahead = forecast_proposal(proposal, located, None)["next12_expected"]
    rates = ahead.to_numpy() / proposal.areas["expected"].to_numpy()
    assert found.next12[0] / found.expected == pytest.approx(np.median(rates))
    assert found.next12[1] < found.next12[0] < found.next12[2]
    assert found.next12[0] < ahead[area_id]


# ---- At the edge ----------------------------------------------------------------------------


def test_larger_cells_are_counted_on_their_own_size(city, proposal, located):
    (_, name, cells), *_ = candidate_rows(proposal.areas)
    own = frozenset(parents(cells, 9).tolist())
    found = count(city, proposal, located, ("A", name, own))["A"]
    table = city.dataset.incidents
    is_in = table["occurred_at"].between("2017-08-01", "2020-08-01", inclusive="left")
    assert found.incidents == (is_in & table["cell_r9"].isin(as_text(own))).sum()


def test_of_a_year_that_the_data_do_not_cover_nothing_is_told(city, proposal, located):
    """Seven months of a source are no count of 12 months."""
    (area, *_) = candidate_rows(proposal.areas)
    short = replace(city.dataset, report=city.dataset.report | {"data_from": "2019-08-02"})
    assert count(city, proposal, located, area)[area[0]].recent_12
    found = count(replace(city, dataset=short), proposal, located, area)[area[0]]
    assert found.recent_12
    short = replace(short, report=short.report | {"data_from": "2019-09-01"})
    found = count(replace(city, dataset=short), proposal, located, area)[area[0]]
    assert (found.recent_12, found.earlier_yearly) == (None, None)


def test_ground_outside_the_city_has_nothing_and_nothing_is_said_of_it(city, proposal, located):
    """An area of another city's file, for one, leaves the others as they are."""
    (other, *_) = candidate_rows(proposal.areas)
    far = frozenset({0x8A2A1072B59FFFF})
    found = count(city, proposal, located, ("A", "Far", far), other)
    away = found["A"]
    assert (away.incidents, away.recent_12, away.area_km2) == (0, 0, 0)
    assert (away.usual, away.next12, away.population, away.is_doubtful) == (None, None, None, False)
    assert found[other[0]].incidents


# ---- True in general ------------------------------------------------------------------------


def test_a_candidates_cells_have_the_candidates_numbers(city, proposal, located):
    """The same cells and months are the same number, whoever asks."""
    found = count(city, proposal, located, *candidate_rows(proposal.areas))
    ahead = forecast_proposal(proposal, located, None)
    for row in proposal.areas.to_dict("records"):
        own = found[row["area_id"]]
        for name in ("incidents", "homicides", "victims", "suspect", "neighborhoods"):
            assert getattr(own, name) == row[name]
        assert (own.expected, own.expected_low) == (row["expected"], row["expected_low"])
        assert own.next12 == tuple(ahead.loc[row["area_id"], list(COLUMNS)])
