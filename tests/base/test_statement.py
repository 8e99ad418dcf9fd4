"""A statement is data: JSON there and back gives the same one, sentence and all."""

import json

import pytest

from csa.base.message import msg
from csa.base.params import Month, Period
from csa.base.statement import NO_CHANGE_RANGE, Statement


def made(**other):
    given = {
        "question": "change",
        "subject": "B",
        "ground": "ab12",
        "period": Period(Month(2019, 10), Month(2020, 8)),
        "unit": "incidents",
        "value": 12,
        "comparison": 19.5,
        "low": 11,
        "high": 30,
        "range_kind": NO_CHANGE_RANGE,
        "verdict": "no change shown",
        "lasted": None,
        "headline": msg("displacement.next_door_few", n=3),
        "sentence": msg("displacement.both_said", first="Here.", second="There."),
        "source": "past years",
    }
    return Statement(**given | other)


@pytest.mark.parametrize(
    "statement",
    [made(), made(value=None, low=None, high=None, lasted=Month(2020, 2), subject="")],
)
def test_json_there_and_back_is_the_same_statement(statement):
    plain = json.loads(json.dumps(statement.to_plain()))
    again = Statement.from_plain(plain)
    assert again == statement
    assert str(again.sentence) == "Here. There."


def test_a_statement_of_a_sentence_that_is_no_longer_said_is_refused():
    plain = made().to_plain() | {"sentence": ["displacement.unheard", {}]}
    with pytest.raises(KeyError, match="unheard"):
        Statement.from_plain(plain)
