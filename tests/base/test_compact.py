"""Tables of many rows: texts held once, blocks put together, and what is worked out by blocks."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csa.base import compact
from csa.base.compact import (
    FINENESS,
    code_texts,
    count_different,
    find_fineness,
    find_shared,
    hold_once,
    in_blocks,
    stack,
    write_times,
)

A_DAY = dt.datetime.fromisoformat("2020-01-02")
NOT_A_DAY = A_DAY.replace(hour=10)
WORDS = st.lists(st.sampled_from(["", "a", "B", "é", "a b", "10"]), max_size=12)
TIMES = st.one_of(
    st.sampled_from([A_DAY, NOT_A_DAY]),
    st.datetimes(A_DAY.replace(year=1900), A_DAY.replace(year=2100)),
)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(compact, "BLOCK", 3)


def column(words):
    return pd.Series(words, dtype="str")


@given(words=WORDS)
def test_a_column_holds_each_text_once_in_order_and_reads_as_before(words):
    held = hold_once(column(words))
    assert held.tolist() == words
    assert held.cat.categories.tolist() == sorted(set(words))
    assert hold_once(held) is held


def test_categories_in_another_order_are_put_in_order():
    odd = column(["b", "a"]).astype(pd.CategoricalDtype(["b", "a"]))
    assert hold_once(odd).sort_values().tolist() == ["a", "b"]


@given(parts=st.lists(WORDS, min_size=1, max_size=4))
def test_blocks_put_together_are_the_table_and_are_emptied(parts):
    tables = [pd.DataFrame({"id": column(words), "n": range(len(words))}) for words in parts]
    whole = pd.concat(tables, ignore_index=True)
    blocks = [one.assign(kind=hold_once(one["id"])) for one in tables]
    stacked = stack(blocks)
    pd.testing.assert_frame_equal(stacked[["id", "n"]], whole)
    assert stacked["kind"].tolist() == whole["id"].tolist()
    assert stacked["kind"].cat.categories.tolist() == sorted(set(whole["id"]))
    assert all(len(block.columns) == 0 for block in blocks)


@given(words=WORDS)
def test_blocks_are_the_rows_in_order_and_none_is_one_empty_block(words):
    blocks = list(in_blocks(pd.DataFrame({"id": column(words)})))
    assert [len(block) for block in blocks[:-1]] == [3] * (len(blocks) - 1)
    assert len(blocks) == max(1, -(-len(words) // 3))
    assert pd.concat(blocks)["id"].tolist() == words


@given(words=WORDS)
def test_texts_that_stand_twice_are_found_and_the_different_ones_counted(words):
    assert find_shared(column(words)).tolist() == [words.count(word) > 1 for word in words]
    assert count_different([column(words[:5]), column(words[5:])]) == len(set(words))
    assert len(code_texts(column(words))) == len(words)


@example(times=[A_DAY] * 3 + [NOT_A_DAY])
@example(times=[A_DAY] * 4)
@given(times=st.lists(TIMES, min_size=1, max_size=8))
def test_times_by_blocks_are_written_as_all_at_once(times):
    stamps = pd.Series(times, dtype="datetime64[us]")
    fineness = find_fineness(stamps)
    parts = [write_times(part["at"], fineness) for part in in_blocks(stamps.to_frame("at"))]
    assert pd.concat(parts).tolist() == stamps.astype("str").tolist()


@pytest.mark.parametrize(
    ("micros", "at"), [(0, 0), (86_400_000_000, 0), (1_000_000, 1), (5000, 2), (5, 3)]
)
def test_the_unit_is_the_first_that_divides_every_time(micros, at):
    stamps = pd.Series(np.array([0, micros], dtype="datetime64[us]"))
    assert find_fineness(stamps) == at
    assert micros % FINENESS[at] == 0
