"""A statement to test with."""

from csa.base.message import msg
from csa.base.params import Month, Period
from csa.base.statement import NO_CHANGE_RANGE, Statement


def statement(period=None, value=12, low=11, high=30, **other):
    """Make the statement of a change; without `subject` of all areas together."""
    given = {
        "question": "change",
        "subject": "",
        "ground": "ab12",
        "period": period or Period(Month(2019, 10), Month(2020, 8)),
        "unit": "incidents",
        "value": value,
        "comparison": 19.5,
        "low": low,
        "high": high,
        "range_kind": NO_CHANGE_RANGE,
        "verdict": "no clear change",
        "lasted": None,
        "headline": msg("displacement.next_door_few", n=3),
        "sentence": msg("displacement.both_said", first="Here.", second="There."),
        "source": "past years",
    }
    return Statement(**given | other)
