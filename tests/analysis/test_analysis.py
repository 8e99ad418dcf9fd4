"""One answer for each question: every reader gets what `Analysis` gives."""

from dataclasses import replace

import pandas as pd
import pytest
from tests.program.lives import life, records

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.areas.places import list_cells
from csa.areas.priority.forecast import COLUMNS
from csa.base.errors import PeriodError
from csa.base.params import Month, Period
from csa.base.text import render
from csa.change.follow import candidates_since
from csa.change.sentences import answers, state_change
from csa.city.dataset import City, open_dataset
from csa.city.loading import load_city
from csa.city.selection import AreaSelection
from csa.program.store.records import Records
from csa.reports.month.month_end import follow_designated
from csa.reports.public.areas import change_in_all
from csa.reports.public.window import resolve_window

SINCE = Month(2019, 1)


@pytest.fixture(scope="module")
def city(root, sample_folder):
    return City(load_city(root / "config" / "sample.toml"), open_dataset(sample_folder))


@pytest.fixture(scope="module")
def cells(city):
    """The cells of three areas, as they were proposed on the first day of the start."""
    areas = propose_areas(city, AreaSettings(until=SINCE)).areas
    return list(areas["cells"])[:3]


@pytest.fixture(scope="module")
def decided(cells):
    """Two areas in service, and one that ended."""
    first, second, third = cells
    return records(
        life("A", ("designated", (2019, 1, 1), first)),
        life("B", ("designated", (2019, 3, 1), second), ("retired", (2019, 12, 1), second)),
        life("C", ("designated", (2019, 6, 15), third)),
    )


@pytest.fixture(scope="module")
def analysis(city, decided):
    return Analysis(city, AreaSettings(), decided)


def test_a_report_and_the_public_page_tell_the_verdict_of_all_ground_ever(analysis, city, decided):
    change = analysis.change().displaced
    report = follow_designated(analysis)
    assert report.displaced.chosen.area_ids == ("A", "B", "C")
    assert report.statement.verdict == change.pooled.verdicts[-1]
    assert render(report.statement.sentence) == render(state_change(change).sentence)

    quarter = Month(2020, 6)
    public = change_in_all(resolve_window(city, quarter), analysis)
    then = analysis.through(quarter).change().displaced
    assert public.exact.verdict == str(then.pooled.verdicts[-1])
    assert public.period.start == then.since
    assert public.exact.value == then.pooled.core.counted[-1]


def test_a_city_cut_at_a_month_is_as_it_was_then(analysis):
    then = analysis.through(Month(2020, 3))
    assert str(then.city.dataset.require_months().until) == "2020-04"
    early, late = then.change().displaced, analysis.change().displaced
    n_months = len(early.pooled.verdicts)
    assert (late.pooled.core.counted[:n_months] == early.pooled.core.counted).all()


def test_incidents_that_a_caller_has_located_change_no_number(analysis, city, decided):
    def locate(resolution):
        return locate_incidents(city, AreaSettings(resolution=resolution))

    given = Analysis(city, AreaSettings(), decided, locate)
    assert answers(given.change().displaced) == answers(analysis.change().displaced)


def test_the_same_answers_are_shown_with_progress_and_other_decisions_have_their_own(city):
    analysis, steps = Analysis(city, AreaSettings()), []
    shown = analysis.showing(steps.append)
    assert shown.proposal is analysis.proposal
    assert "clusters" in steps
    assert replace(analysis, records=Records()).proposal is not analysis.proposal


def test_what_no_decision_changes_is_answered_once_for_all_decisions(city, decided):
    before = Analysis(city, AreaSettings(), decided)
    after = before.deciding(Records())
    assert after.priorities is before.priorities
    assert after.study_area is before.study_area
    assert ([area.key for area in before.core_areas], after.core_areas) == (["A", "C"], ())
    assert before.change() is not None
    assert after.change() is None


def test_an_earlier_months_candidates_have_the_ids_of_now(city):
    analysis = Analysis(city, AreaSettings(eps_m=250.0, min_samples=12))
    now, then = analysis.proposal.areas, analysis.proposed(SINCE).areas
    earlier = dict(zip(then["area_id"], list_cells(then), strict=True))
    same = {
        area_id: name
        for area_id, cells in zip(now["area_id"], list_cells(now), strict=True)
        for name, others in earlier.items()
        if len(cells & others) * 2 > max(len(cells), len(others))
    }
    assert same
    assert same == {area_id: area_id for area_id in same}


def test_the_next_12_months_are_those_of_the_assessment(analysis):
    table = analysis.priorities.assessment.table.set_index("area_id")
    pd.testing.assert_frame_equal(table[list(COLUMNS)], analysis.next12, check_names=False)


def test_what_was_designated_under_a_letter_that_ended_is_in_the_sentence(analysis):
    said = render(state_change(analysis.change().displaced).sentence)
    assert "the 3 areas together" in said
    assert "no longer in service: B" in said


def test_candidates_are_followed_by_the_same_door(city):
    then = propose_areas(city, AreaSettings(until=SINCE))
    areas = candidates_since(then, SINCE)
    change = Analysis(city, AreaSettings()).change(areas, SINCE)
    assert change.displaced.chosen.area_ids == tuple(then.areas["area_id"])
    assert change.displaced.starts == (SINCE,) * len(then.areas)


def test_no_area_or_none_with_a_whole_month_is_no_answer_and_no_error(city, cells):
    assert Analysis(city, AreaSettings()).change() is None
    assert Analysis(city, AreaSettings(), Records()).change() is None
    new = records(life("A", ("designated", (2020, 8, 20), cells[0])))
    assert Analysis(city, AreaSettings(), new).change() is None
    none = AreaSelection((), (), (), 10, Period.before(SINCE, 36))
    assert Analysis(city, AreaSettings()).change(none, SINCE) is None


def test_too_little_before_the_start_is_refused(city, cells):
    early = records(life("A", ("designated", (2014, 2, 1), cells[0])))
    with pytest.raises(PeriodError):
        Analysis(city, AreaSettings(), early).change()
