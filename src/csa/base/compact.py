"""Tables of ten million rows: each different text held once, blocks put together by column."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pandas.api.types import union_categoricals

from csa.base.arrays import Bools, Objects

Held = TypeVar("Held", pd.DataFrame, pd.Series)
Codes = npt.NDArray[np.uint64]

BLOCK = 100_000
"""Rows that are worked on at once."""
MANY_BLOCKS = 4
"""Blocks of which each column, once put together, leaves much memory free."""
FINENESS = (86_400_000_000, 1_000_000, 1000, 1)
"""Microseconds of a day, a second, a thousandth and a millionth: times are written by the first
that divides all of them."""


def to_categories(texts: pd.Series) -> pd.Series:
    """Hold each different text of a column once, as categories in order of the alphabet.

    What is no text stays as it is: whoever checks the column will say so.
    """
    if not isinstance(texts.dtype, pd.CategoricalDtype):
        is_text = texts.dtype == "str" or pd.api.types.infer_dtype(texts) == "string"
        return texts.astype("str").astype("category") if is_text else texts
    known = texts.cat.categories
    n_used = len(pd.unique(texts.cat.codes)) - texts.hasnans
    if n_used == len(known) and known.is_monotonic_increasing:
        return texts
    used = texts.cat.remove_unused_categories()
    return used.cat.set_categories(used.cat.categories.sort_values())


def name_each(texts: pd.Series) -> Objects:
    """Return the text of each row, None for none; of categories, each text is one object."""
    if not isinstance(texts.dtype, pd.CategoricalDtype):
        return texts.to_numpy(dtype=object)
    known = np.array([*texts.cat.categories, None], dtype=object)
    return np.asarray(known[texts.cat.codes])  # the last, None, is that of code -1


def stack(blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """Put blocks of the same columns together; they are emptied, or memory would hold both."""
    columns, are_many = {}, len(blocks) > MANY_BLOCKS
    for name in map(str, blocks[0].columns.tolist()):
        parts = [block.pop(name) for block in blocks]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            columns[name] = pd.Series(union_categoricals(parts, sort_categories=True))
        elif parts[0].dtype == "str":  # in one piece: to take rows from many copies them all
            pieces = (piece for part in parts for piece in _pieces(part))
            texts = pa.chunked_array(pieces, pa.large_string()).combine_chunks()
            columns[name] = pd.Series(texts, dtype="str")
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
        del parts
        if are_many:
            give_back()
    return pd.DataFrame(columns, copy=False)


def _pieces(texts: pd.Series) -> list[pa.Array]:
    """Return the arrays that a column of texts consists of; of an empty one it may be none."""
    held = pa.array(texts)
    return held.chunks if isinstance(held, pa.ChunkedArray) else [held]


def in_blocks(table: Held) -> Iterator[Held]:
    """Yield the rows of a table or column a block at a time; of none, one block without rows."""
    for start in range(0, max(len(table), 1), BLOCK):
        yield table.iloc[start : start + BLOCK]


def give_back() -> None:
    """Give memory that is no longer used back to the system, where the C library can."""
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError, TypeError):  # as glibc can
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))


def code_texts(texts: pd.Series) -> Codes:
    """Code texts: equal ones, and in all likelihood no others, alike."""
    blocks = (np.asarray(block, dtype=object) for block in in_blocks(texts))
    return np.concatenate([pd.util.hash_array(block, categorize=False) for block in blocks])


def find_shared(texts: pd.Series) -> Bools:
    """Return which texts stand in another row too, and in all likelihood no others."""
    return _stand_twice(code_texts(texts))


def _stand_twice(codes: Codes) -> Bools:
    order = np.sort(codes)
    twice = np.unique(order[1:][order[1:] == order[:-1]])
    if not len(twice):
        return np.zeros(len(codes), dtype=np.bool_)
    at = np.searchsorted(twice, codes)
    return np.asarray(twice[np.minimum(at, len(twice) - 1)] == codes, dtype=np.bool_)


def find_repeats(codes: Codes) -> Bools:
    """Return which codes stand in an earlier row too."""
    is_repeat = _stand_twice(codes)
    is_repeat[is_repeat] = pd.Series(codes[is_repeat]).duplicated()
    return is_repeat


def count_different(texts: Iterable[pd.Series]) -> int:
    """Count the different texts of several columns."""
    codes = np.concatenate([np.zeros(0, np.uint64), *map(code_texts, texts)])
    codes.sort()
    return min(len(codes), 1) + int(np.count_nonzero(codes[1:] != codes[:-1]))


def find_fineness(times: pd.Series) -> int:
    """Return the place in `FINENESS` of the unit by which times are written."""
    micros = times.dropna().to_numpy(dtype="datetime64[us]").astype("int64")
    return next(at for at, unit in enumerate(FINENESS) if not (micros % unit).any())


def write_times(times: pd.Series, fineness: int) -> pd.Series:
    """Write times as text by a unit of `FINENESS`, or by a finer one that they need."""
    finest = np.datetime64(FINENESS[fineness], "us")
    written: pd.Series = pd.concat([times, pd.Series([finest])]).astype("str")
    return written.iloc[: len(times)]
