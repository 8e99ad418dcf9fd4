"""What had been decided by the month reported: nothing later, of any month."""

from dataclasses import replace
from datetime import date

import pytest
from tests.stores import act, lettered

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.base.message import msg
from csa.base.params import Month, last_day
from csa.base.text import day
from csa.program.areas import designate
from csa.program.corrections import Correction, correct
from csa.reports.month.gathering import records_note
from csa.reports.month.month_end import describe_later, read_month, snapshot_for

NEWEST = Month(2020, 7)  # the sample's last whole month


@pytest.fixture
def served(lite, sample_source):
    """One area designated on February 10, 2020, another on June 2."""
    proposal = propose_areas(sample_source.city, AreaSettings(until=Month(2020, 1)))
    for letter, on in (("A", date(2020, 2, 10)), ("B", date(2020, 6, 2))):
        designate(lite, act(on=on), lettered(proposal, letter))
    return lite


def areas_in(store, source, month):
    return [row.key for row in read_month(store, source.city, month).areas]


def test_a_month_has_the_areas_of_its_end_the_newest_too(served, sample_source):
    months = [Month(2020, number) for number in (1, 2, 5, 6, 7, 8)]
    found = [areas_in(served, sample_source, month) for month in months]
    assert found == [[], ["A"], ["A"], ["A", "B"], ["A", "B"], ["A", "B"]]
    assert read_month(served, sample_source.city, NEWEST).on == last_day(NEWEST)
    assert read_month(None, sample_source.city, Month(2020, 1)).areas == ()


def test_a_corrected_day_moves_the_area_in_the_past_month(served, sample_source):
    before = _snapshot(served, sample_source)
    designate_day = Correction("area B/1", {"on_date": date(2020, 5, 30)}, is_read=True)
    correct(served, None, act(on=date(2020, 8, 3)), designate_day)
    assert areas_in(served, sample_source, Month(2020, 5)) == ["A", "B"]
    assert _snapshot(served, sample_source).id != before.id
    assert _snapshot(served, sample_source).as_of == date(2020, 5, 31)


def _snapshot(store, source):
    may = Month(2020, 5)
    return snapshot_for(replace(source, records=read_month(store, source.city, may)), None, may)


def test_a_later_decision_leaves_a_past_report_as_it_is(served, sample_source):
    before = _snapshot(served, sample_source)
    proposal = propose_areas(sample_source.city, AreaSettings(until=Month(2020, 1)))
    designate(served, act(on=date(2020, 7, 2)), lettered(proposal, "C"))
    assert _snapshot(served, sample_source) == before


def test_an_edition_is_as_of_its_months_end_and_what_came_after_is_said_apart(
    served, sample_source
):
    """What is decided on August 3 changes no byte of July's editions: made again, they are alike."""
    first = {
        month: _as_of_its_end(served, sample_source, month) for month in (Month(2020, 5), NEWEST)
    }
    later = propose_areas(sample_source.city, AreaSettings(until=Month(2020, 1)))
    designate(served, act(on=date(2020, 8, 3)), lettered(later, "C"))
    for month, found in first.items():
        assert _as_of_its_end(served, sample_source, month) == found
        assert found[0].as_of == last_day(month)
        assert found[1] == [("report.stood_then", {"day": day(last_day(month))})]
    july = read_month(served, sample_source.city, NEWEST)
    assert describe_later(july) == msg("report.later", day="July 31, 2020")
    assert describe_later(read_month(served, sample_source.city, NEWEST.plus(1))) is None


def _as_of_its_end(store, source, month):
    records = read_month(store, source.city, month)
    snapshot = snapshot_for(replace(source, records=records), None, month)
    notes = [(one.key, one.values) for one in records_note(records)]
    return snapshot, notes, [row.key for row in records.areas]
