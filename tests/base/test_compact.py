"""Tables of many rows: texts held once, blocks put together, and what is worked out by blocks."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st

from csa.base import compact
from csa.base.compact import (
    FINENESS,
    code_texts,
    count_different,
    find_fineness,
    find_repeats,
    find_shared,
    give_back,
    in_blocks,
    name_each,
    stack,
    to_categories,
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
    held = to_categories(column(words))
    assert held.tolist() == words
    assert held.cat.categories.tolist() == sorted(set(words))
    assert to_categories(held) is held


def test_categories_in_another_order_are_put_in_order():
    odd = column(["b", "a"]).astype(pd.CategoricalDtype(["b", "a"]))
    assert to_categories(odd).sort_values().tolist() == ["a", "b"]


@given(parts=st.lists(WORDS, min_size=1, max_size=4))
def test_blocks_put_together_are_the_table_and_are_emptied(parts):
    tables = [pd.DataFrame({"id": column(words), "n": range(len(words))}) for words in parts]
    whole = pd.concat(tables, ignore_index=True)
    blocks = [one.assign(kind=to_categories(one["id"])) for one in tables]
    stacked = stack(blocks)
    pd.testing.assert_frame_equal(stacked[["id", "n"]], whole)
    assert stacked["kind"].tolist() == whole["id"].tolist()
    assert stacked["kind"].cat.categories.tolist() == sorted(set(whole["id"]))
    assert all(len(block.columns) == 0 for block in blocks)


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 0), (0, 0, 1)])
def test_an_empty_block_may_stand_anywhere(order):
    """One that was worked on consists of no array at all."""
    empty = column([]).str.strip().str.replace("x", "y", regex=True)
    blocks = [[empty, column(["a"])][at].to_frame("id") for at in order]
    assert stack(blocks)["id"].tolist() == ["a"] * sum(order)


def test_a_row_without_a_text_is_none_and_what_is_no_text_stays():
    held = to_categories(pd.Series(["b", None, "a"], dtype="str"))
    assert name_each(held).tolist() == ["b", None, "a"]
    assert name_each(pd.Series([1, 2])).tolist() == [1, 2]
    for odd in (pd.Series([1, 2]), pd.Series([b"a"]), pd.Series([1, "a"])):
        assert to_categories(odd) is odd


def test_a_text_that_no_row_has_any_more_is_not_held():
    some = to_categories(column(["b", "a", "c"]))[:2]
    assert to_categories(some).value_counts().to_dict() == {"a": 1, "b": 1}


@given(codes=st.lists(st.integers(0, 4), max_size=12))
def test_repeats_are_all_but_the_first(codes):
    assert find_repeats(np.array(codes, dtype=np.uint64)).tolist() == [
        code in codes[:at] for at, code in enumerate(codes)
    ]


def test_memory_is_given_back_between_columns_of_many_blocks(monkeypatch):
    calls = []
    monkeypatch.setattr(compact, "give_back", lambda: calls.append(1))
    for n in (4, 5):
        stack([pd.DataFrame({"id": column(["a"]), "n": [at]}) for at in range(n)])
    assert len(calls) == 2
    give_back()


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
