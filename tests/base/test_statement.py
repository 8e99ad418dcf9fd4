"""A statement is data: JSON there and back gives the same one, sentence and all."""

import json

import pytest
from tests.statements import statement as made

from csa.base.params import Month
from csa.base.statement import Statement


@pytest.mark.parametrize(
    "statement",
    [made(), made(value=None, low=None, high=None, lasted=Month(2020, 2), subject="B")],
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
