"""What a decision rests on: the candidate as seen, and the verdict on exactly the served cells."""

from datetime import date

import pytest
from tests.stores import act, lettered

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.proposal import proposal_files
from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month
from csa.change.analyze import analyze_displacement
from csa.change.sentences import state_change
from csa.city.dataset import City
from csa.ingest.designation import OF_AREA, OF_VERDICT, load_candidate
from csa.program.areas import designate, maintain
from csa.program.registry import core_areas, followed
from csa.program.store.records import Records, read_records
from csa.program.store.tables import AreaRow, StepRow
from csa.reports.briefing.areas import maintenance_evidence, to_candidate


@pytest.fixture(scope="module")
def config(sample_source):
    return sample_source.city.config


@pytest.fixture(scope="module")
def dataset(sample_source):
    return sample_source.city.dataset


@pytest.fixture(scope="module")
def proposal(dataset, config):
    return propose_areas(City(config, dataset), AreaSettings(until=Month(2019, 9)))


@pytest.fixture(scope="module")
def located(dataset, config):
    return locate_incidents(City(config, dataset), AreaSettings(), study_cells(dataset, 10))


def served_since(proposal, on, letters="AB"):
    """Hold areas of the proposal as designated on a day."""
    areas, steps = [], []
    for letter in letters:
        made = lettered(proposal, letter)
        areas.append(AreaRow(key=letter, place_name=made.place_name, state="designated", since=on))
        step = StepRow(key=f"{letter}/1", area=letter, state="designated", on_date=on)
        step.cells, step.evidence = list(made.cells), dict(made.evidence)
        steps.append(step)
    return Records(areas=tuple(areas), steps=tuple(steps))


# ---- by hand -------------------------------------------------------------------------------


def test_a_candidate_holds_what_its_files_would(proposal, config, tmp_path):
    for name, content in proposal_files(proposal).items():
        (tmp_path / name).write_bytes(content)
    of_files = load_candidate(tmp_path, "c-2", None, config.city.id)
    made = to_candidate(proposal, "c-2", weighed={"capacity": 3})
    found = (made.area_id, made.place_name, made.cells)
    assert found == (of_files.area_id, of_files.place_name, of_files.cells)
    assert made.evidence["params"] == of_files.evidence["params"]
    assert made.evidence["capacity"] == 3
    assert made.evidence["area"] == of_files.evidence["area"]


def test_a_verdict_is_of_the_served_cells_since_their_designation(proposal, located, lite):
    areas = followed(core_areas(served_since(proposal, date(2019, 9, 1))))
    displaced = analyze_displacement(located, areas)
    statement = state_change(displaced, "B")
    evidence = maintenance_evidence(located.dataset, displaced, statement)
    assert {*OF_VERDICT, *OF_AREA} <= set(evidence)
    assert evidence["cells"] == sorted(lettered(proposal, "B").cells)
    assert (evidence["since"], evidence["through"]) == ("2019-09", "2020-07")
    assert statement.period.months == 11
    assert areas.period.until == Month(2019, 9)
    # What the rule of maintenance asks of it holds, but for the verdict.
    on = act(on=date(2019, 9, 1), why="Neighbors asked for it.")
    designate(lite, on, lettered(proposal, "B"))
    fewer = {**evidence, "verdict": "fewer here and within 750 m"}
    maintain(lite, act(why="It fell by more than luck."), "B", fewer)
    assert read_records(lite).areas[0].state == "maintenance"


# ---- refused -------------------------------------------------------------------------------


def test_an_area_that_is_not_proposed_is_refused(proposal):
    with pytest.raises(ParamError):
        to_candidate(proposal, "ZZ")


def test_a_designation_after_the_data_is_refused(proposal, located):
    areas = followed(core_areas(served_since(proposal, date(2020, 8, 2))))
    with pytest.raises(PeriodError):
        analyze_displacement(located, areas)
    assert areas.started_before(Month(2020, 8)) is None
    soon = followed(core_areas(served_since(proposal, date(2020, 7, 1))))
    assert len(analyze_displacement(located, soon).pooled.verdicts) == 1
