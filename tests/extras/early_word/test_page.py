"""Early word on screen: off until somebody is named, the last words, and what was done."""

from datetime import date
from functools import partial

import pytest
from tests.app.acts import chair_act
from tests.app.conftest import words
from tests.sentences import says

from csa.extras.early_word.words import Word, name_recipient, record_receipt, record_words
from csa.program.store.engine import make_store
from csa.program.store.records import read_records
from csa.program.store.tables import WordRow


@pytest.fixture
def page(visit):
    return partial(visit, "early_word")


@pytest.fixture
def store(tmp_path):
    made = make_store(str(tmp_path / "store.sqlite3"), "sample")
    yield made
    made.engine.dispose()


@pytest.fixture
def told(store):
    act = chair_act(why="As agreed by the Committee.")
    name_recipient(store, act, "Aim4Peace")
    day = date(2020, 8, 20)
    record_words(store, act, [Word("A", "shooting", 1, day, day, ("m",))])
    record_receipt(store, act, "A/1", "Aim4Peace", "2020-08-21T12:00")
    return store


def test_the_last_words_are_listed_and_what_was_done_is_saved(page, told):
    made = page()
    assert not made.exception
    said = words(made)
    assert "one new shooting" in said
    assert "Aim4Peace" in said
    made.text_area[0].set_value("The team walked the blocks with neighbors.")
    made.text_input[-2].set_value("Aim4Peace")
    made.text_input[-1].set_value("Report of the team.")
    [button] = [one for one in made.button if one.label == says("word_page.do_done")]
    made = button.click().run()
    assert not made.exception
    assert read_records(told).of(WordRow)[0].done == "The team walked the blocks with neighbors."


def test_a_damaged_store_is_a_sentence(page, tmp_path):
    (tmp_path / "store.sqlite3").write_text("no database at all, but long enough" * 40)
    made = page()
    assert not made.exception
    assert "is not a store, or is damaged" in words(made)
