"""The incidents table, checked where it crosses a boundary."""

import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.base import compact
from csa.base.errors import TableError
from csa.base.schema import INCIDENT_COLUMNS, check_incidents

REPEATABLE = examples(0.3)
CELL = "8826ad2a5dfffff"


def text(*values):
    return pd.Series(values, dtype="str")


def times(*values, unit="us"):
    return pd.Series([pd.Timestamp(value) for value in values]).astype(f"datetime64[{unit}]")


def table():
    """Give two incidents as they must be, one of them unlocated."""
    return pd.DataFrame(
        {
            "incident_id": text("KC20-1", "x0123456789abcde"),
            "occurred_at": times("2020-08-01 22:15", "2020-08-02"),
            "kind": text("homicide", "nonfatal"),
            "victims": pd.Series([2, None], dtype="Int64"),
            "gun": text("yes", "unknown"),
            "domestic": text("no", "unknown"),
            "lon": [-94.57, np.nan],
            "lat": [39.1, np.nan],
            "cell_r8": text(CELL, ""),
            "neighborhood": text("Ivanhoe", ""),
            "source": text("kcpd reports", "kcpd reports"),
            "flags": text("", "unlocated"),
        }
    )


FAULTS = [
    ("incident_id", text("KC20-1", "KC20-1")),  # twice
    ("incident_id", text("KC20-1", "")),
    ("incident_id", text("KC20-1", None)),
    ("incident_id", [1, 2]),  # a number, not text
    ("occurred_at", times("2020-08-01", None)),
    ("occurred_at", text("2020-08-01", "2020-08-02")),
    ("occurred_at", times("2020-08-01", "2020-08-02").dt.tz_localize("America/Chicago")),
    ("kind", text("homicide", "fatal")),
    ("kind", text("homicide", None)),
    ("victims", pd.Series([1, -1], dtype="Int64")),
    ("victims", [1.0, np.nan]),
    ("gun", text("yes", "Y")),
    ("gun", text("yes", None)),
    ("domestic", text("no", "")),
    ("lon", [-180.1, 0.0]),
    ("lon", [np.inf, 0.0]),
    ("lon", text("-94.57", "-94.58")),
    ("lat", [0.0, 90.1]),
    ("lat", [39, 40]),  # whole numbers are not what a file of ours holds
    ("cell_r8", text(CELL.upper(), "")),
    ("cell_r8", text(CELL[:-1], "")),
    ("cell_r8", text(CELL, None)),
    ("neighborhood", text("Ivanhoe", None)),
    ("source", text("kcpd reports", None)),
    ("flags", text("", None)),
]


# ---- By hand --------------------------------------------------------------------------------


def test_a_table_as_it_must_be_is_taken():
    check_incidents(table())


def test_the_described_columns_are_the_checked_columns():
    assert list(INCIDENT_COLUMNS) == list(table().columns)
    assert all(INCIDENT_COLUMNS.values())


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incident_at_all_is_a_table():
    check_incidents(table().iloc[:0])


def test_the_ends_of_the_earth_are_on_it():
    check_incidents(table().assign(lon=[-180.0, 180.0], lat=[-90.0, 90.0]))


def test_a_cell_column_a_resolution_is_taken():
    check_incidents(table().assign(cell_r9=text("", ""), cell_r10=text("", "")))


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("column", [name for name in INCIDENT_COLUMNS if name != "cell_r8"])
def test_a_missing_column_is_named(column):
    with pytest.raises(TableError, match=rf"incidents table is not .*\b{column}: "):
        check_incidents(table().drop(columns=column))


def test_a_table_without_any_cell_column_is_refused():
    with pytest.raises(TableError, match="cell_r"):
        check_incidents(table().drop(columns="cell_r8"))


@pytest.mark.parametrize(("column", "values"), FAULTS)
def test_a_column_that_holds_what_it_must_not_is_named(column, values):
    with pytest.raises(
        TableError, match=rf"is not valid \((1 error|2 errors): {column}: "
    ) as refused:
        check_incidents(table().assign(**{column: values}))
    said = str(refused.value)
    assert not [name for name in INCIDENT_COLUMNS if name != column and f"{name}:" in said]


@pytest.mark.parametrize("dtype", ["str", "category"])
def test_texts_may_be_categories_and_numbers_may_not(dtype):
    check_incidents(table().astype({"kind": dtype, "cell_r8": dtype}))
    with pytest.raises(TableError, match="source"):
        check_incidents(table().assign(source=pd.Series([1, 2]).astype("category")))


@pytest.mark.parametrize("n_rows", [1, 2, 100])
def test_an_id_that_stands_twice_is_found_however_far_apart(monkeypatch, n_rows):
    monkeypatch.setattr(compact, "BLOCK", n_rows)
    apart = pd.concat([table(), table().iloc[:1]], ignore_index=True)
    with pytest.raises(TableError, match=r"\(1 error: incident_id: field_uniqueness\)"):
        check_incidents(apart)


@pytest.mark.parametrize("column", ["eps", "cell_r", "cell_rx", "my_cell_r8", "LON"])
def test_a_column_that_nobody_knows_is_named(column):
    with pytest.raises(TableError, match=rf"{column}: "):
        check_incidents(table().assign(**{column: text("", "")}))


def test_two_faults_are_both_named():
    with pytest.raises(TableError, match=r"gun: .*; kind: ") as refused:
        check_incidents(table().assign(kind=text("a", "b"), gun=text("c", "d")))
    assert "incidents table" in str(refused.value)


def test_the_rows_themselves_are_not_told():
    with pytest.raises(TableError) as refused:
        check_incidents(table().assign(kind=text("secret street", "homicide")))
    assert "secret" not in str(refused.value)


def test_where_more_than_five_columns_are_wrong_the_message_says_how_many():
    with pytest.raises(TableError, match="7"):
        check_incidents(table().drop(columns=list(INCIDENT_COLUMNS)[:7]))


def test_a_flag_that_nobody_knows_is_refused():
    with pytest.raises(TableError):
        check_incidents(table().assign(flags=text("nonsense", "unlocated")))


# ---- True in general ------------------------------------------------------------------------


@REPEATABLE
@given(st.sampled_from(FAULTS))
def test_checking_changes_nothing(fault):
    column, values = fault
    for given_table in (table(), table().assign(**{column: values})):
        before = given_table.copy(deep=True)
        with contextlib.suppress(TableError):
            check_incidents(given_table)
        pd.testing.assert_frame_equal(given_table, before)
