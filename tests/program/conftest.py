"""A small plan of two teams, and an area of two cells."""

import pytest
from tests.plans import SECOND_TEAM, make_plan

from csa.ingest.designation import Candidate


@pytest.fixture(scope="session")
def plan(tmp_path_factory):
    return make_plan(tmp_path_factory.mktemp("plan"), more=SECOND_TEAM)


@pytest.fixture(scope="session")
def candidate():
    """Give a function that makes a candidate of cells by number."""

    def make(area_id="B", cells=(1, 2, 3, 4), place="Hadderley"):
        names = tuple(f"8926ad9{n:02x}0bffff" for n in cells)
        return Candidate(
            area_id, place, names, {"data_fingerprint": "f", "area": {"incidents": "133"}}
        )

    return make
