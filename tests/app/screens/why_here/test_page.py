"""Why here on screen: an area's factors with how sure they are, and nothing where nobody looked."""

import numpy as np
import pytest
from tests.app.conftest import words
from tests.sentences import says

from csa.areas.analysis import propose_areas
from csa.areas.choices import city_choices
from csa.areas.places import list_cells
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.geo.cells import as_text
from csa_app.shared import cache


@pytest.fixture
def page(visit, monkeypatch):
    def start(kept=None, **environment):
        monkeypatch.setattr(cache, "risk_terrain", lambda _: kept)
        return visit("why_here", **environment)

    return start


@pytest.fixture(scope="module")
def first_cells(root, dataset):
    """The cells of the area that the page opens with: the one that expects most."""
    city = open_city(load_city(root / "config" / "sample.toml"), dataset)
    areas = propose_areas(city, city_choices(city.config)).areas
    return list_cells(areas)[int(areas["expected"].to_numpy().argmax())]


def kept_with(cells):
    return {
        "layers": [{"name": "bars & grills", "source": "State <list>", "as_of": "2020-01-01"}],
        "factors": [
            {"layer": "bars & grills", "form": "near", "extent_m": 127.0, "at_least": 1,
             "rrv": 1.7, "low": 1.4, "high": 2.1, "control": 1.3}
        ],
        "places": [as_text(np.array(sorted(cells), dtype=np.uint64))],
        "sentences": ["Compared with 100 shootings."],
    }  # fmt: skip


@pytest.mark.long
def test_an_areas_factors_stand_with_their_range_and_are_no_reasons(page, first_cells):
    made = page(kept_with(first_cells))
    assert not made.exception
    said = words(made)
    assert "One place type is linked to higher risk in" in said
    assert says("why_line.no_cause") in said
    assert "1.7 times as many (90% range: 1.4 to 2.1)" in said
    assert "within 420 feet" in said
    assert "100%" in said
    assert "State <list>, 2020-01-01" in said
    assert "Compared with 100 shootings." in said
