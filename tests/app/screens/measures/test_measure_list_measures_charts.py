"""Charts and words of measures: gaps, revisions, levels, and no more digits than needed."""

from datetime import datetime
from inspect import unwrap
from zoneinfo import ZoneInfo

import pytest
from tests.sentences import says

from csa.program.plan.measures import Quarter, Value, figure_words
from csa.program.store.records import Records
from csa.program.store.tables import MeasureRow
from csa.reports.briefing.measuring import measure_lines
from csa_app.screens.measures import measure_list
from csa_app.screens.measures.measure_list import number_words, summary
from csa_app.screens.measures.measures_edit import quarters_over
from csa_app.shared import theme

TODAY = datetime.now(ZoneInfo("America/Chicago")).date()
LAST = Quarter.of(TODAY).plus(-1)


# ---- true in general -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ({"value": 0.45, "numerator": 9.0, "denominator": 20.0}, "charges", "45% (9 of 20)"),
        ({"value": 0.455}, "charges", "46%"),
        ({"numerator": 0.0, "denominator": 0.0}, "charges", "0 of 0"),
        ({"value": 1204.0}, "gun-violence", "1,204"),
        ({"value": 1.0}, "services-list", "agreed"),
    ],
)
def test_figures_have_no_more_digits_than_needed(value, kind, words):
    assert figure_words(Value("m", LAST, **value), kind) == words


def test_a_target_is_written_as_values_are():
    assert (number_words(0.45, "charges"), number_words(6.0, "gun-violence")) == ("45%", "6")


def lines_of(plan, *values, settled=()):
    records = Records(values=tuple(sorted(values, key=lambda v: v.quarter)), measures=settled)
    return {line.measure.id: line for line in measure_lines(plan, records, "B")}


def test_a_missing_quarter_is_a_gap_and_a_revision_a_mark(plan, monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)
    values = [Value("charges", Quarter(2026, n), "B", value=0.1 * n) for n in (1, 3)]
    values.append(Value("charges", Quarter(2026, 3), "B", value=0.5, number=2))
    settled = MeasureRow(key="charges", baseline=0.3, target=0.6, definition="", revision=1)
    line = lines_of(plan, *values, settled=(settled,))["charges"]
    figure = unwrap(measure_list.by_quarter)(line)
    [trace] = figure.data
    assert list(trace.x) == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert list(trace.y) == [pytest.approx(10.0), None, 50.0]
    assert not trace.connectgaps
    assert list(trace.marker.symbol) == ["circle", "circle", "diamond-open"]
    assert [note.text for note in figure.layout.annotations] == ["baseline 30%", "target 60%"]
    assert (
        "SAMPLE"
        in unwrap(measure_list.by_quarter)(line, is_synthetic=True).layout.annotations[0].text
    )


def test_the_whole_citys_count_is_no_level_of_one_place(plan, monkeypatch):
    monkeypatch.setattr(theme, "is_dark", lambda: False)
    settled = MeasureRow(key="gun-violence", baseline=140.0, target=90.0, revision=1)
    value = Value("gun-violence", LAST, "B", value=3.0)
    line = lines_of(plan, value, settled=(settled,))["gun-violence"]
    assert not unwrap(measure_list.by_quarter)(line).layout.shapes


def test_at_most_three_years_are_drawn(plan):
    values = [Value("charges", LAST.plus(-n), "B", value=0.1) for n in range(30)]
    span = measure_list.span(lines_of(plan, *values)["charges"])
    assert (len(span), span[-1]) == (12, LAST)


def test_old_values_claim_no_change(plan):
    values = [
        Value("gun-violence", LAST.plus(-2 - n), "B", value=v)
        for n, v in enumerate((3.0, 4.0, 5.0, 3.0, 15.0, 14.0, 16.0, 15.0))
    ]
    said = summary(list(lines_of(plan, *values).values()), TODAY)
    assert says("meeting.measures_old", n=1) in said
    assert "Better" not in said


def test_only_quarters_that_are_over_can_be_chosen():
    found = quarters_over(TODAY)
    assert found[0] == LAST
    assert all(quarter.is_over(TODAY) for quarter in found)
