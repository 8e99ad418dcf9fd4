"""Counts without points: what a table is, and what of one is refused."""

from datetime import date

import pytest
from hypothesis import given, strategies as st
from tests.sentences import refuses

from csa.base.errors import CsaError
from csa.base.params import Month, Period
from csa.extras.counts.tables import CountTable, load_counts, load_peers

TODAY = date(2020, 8, 31)
PLACES = {"Elm": "A", "A": "A", "North zone": "z-1"}
INDEX = "Month,Year,Agency_State,Murder,Theft"
CITIES = tuple(f"Made {letter}, ZZ" for letter in "ABCDE")


def counts(tmp_path, *rows, below=None, header="source,place,month,count"):
    path = tmp_path / "t.csv"
    path.write_text("\n".join((header, *rows)) + "\n", "utf-8")
    return load_counts(path, PLACES, TODAY, below)


def refused(tmp_path, *rows, **more):
    with pytest.raises(CsaError) as caught:
        counts(tmp_path, *rows, **more)
    return [fault.values["why"].key for fault in caught.value.faults if "why" in fault.values]


def peers(tmp_path, *rows, chosen=CITIES, city="Orrinvale"):
    path = tmp_path / "p.csv"
    path.write_text("\n".join((INDEX, *rows)) + "\n", "utf-8")
    return load_peers(path, chosen, city, TODAY)


# ---- By hand -------------------------------------------------------------------------------


def test_places_are_known_by_any_of_their_names_and_suppressed_is_not_zero(tmp_path):
    found = counts(
        tmp_path,
        "Hill,elm,2020-06,0",
        "Hill,North_Zone,2020-06,<5",
        "Hill,city,2020-06,12",
        "Lake,,2020-06,*",
        below=11,
    )
    assert found == {
        "Hill": {"A": {"2020-06": (0, 0)}, "z-1": {"2020-06": (1, 4)}, "": {"2020-06": (12, 12)}},
        "Lake": {"": {"2020-06": (1, 10)}},
    }


def test_who_stopped_or_skipped_a_month_did_not_report_throughout():
    def months(first, n):
        return {str(Month.parse(first).plus(at)): (2, 2) for at in range(n)}

    skips = {month: n for month, n in months("2019-01", 12).items() if month != "2019-05"}
    counted = {
        "Hill": {"": months("2019-01", 12), "A": months("2019-01", 12)},
        "Lake": {"": months("2019-01", 12), "A": months("2019-01", 3)},
        "Gap": {"": skips},
        "Gone": {"": months("2019-01", 6)},
    }
    table = CountTable("t", "hospital", "injury", counted)
    assert table.covered == Period(Month(2019, 1), Month(2020, 1))
    assert table.throughout(table.covered, "") == ("Hill", "Lake")
    assert table.throughout(table.covered, "A", "") == ("Hill",)
    assert table.total(("Hill", "Lake"), "", table.covered) == (48, 48)


def test_the_index_has_a_month_without_a_number_and_sums_that_nobody_asked_for(tmp_path):
    rows = [f'{m},2020,"{name}",{m},9' for name in CITIES for m in (1, 2)]
    found = peers(tmp_path, *rows, '3,2020,"Made A, ZZ",NA,9', '1,2020,"Full Sample, ZZ",90,9')
    assert found == {name: {"": {"2020-01": (1, 1), "2020-02": (2, 2)}} for name in CITIES}


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("Hill,Nowhere,2020-06,3", "count_table.place"),
        ("Hill,A,2020-08,3", "count_table.not_over"),
        ("Hill,A,June,3", "count_table.not_over"),
        ("Hill,A,2020-06,", "count_table.number"),
        ("Hill,A,2020-06,-1", "count_table.number"),
        ("Hill,A,2020-06,2.5", "count_table.number"),
        ("Hill,A,2020-06,<1", "count_table.number"),
        ("Hill,A,2020-06,suppressed", "count_table.suppressed"),
    ],
)
def test_a_row_is_refused_with_what_is_wrong(tmp_path, row, why):
    assert refused(tmp_path, "Hill,A,2020-05,1", row) == [why]


def test_a_month_twice_an_empty_file_and_another_column_are_refused(tmp_path):
    assert refused(tmp_path, "Hill,A,2020-05,1", "Hill,Elm,2020-05,1") == ["measures_file.twice"]
    with pytest.raises(CsaError) as caught:
        counts(tmp_path, ",,,")
    assert [fault.key for fault in caught.value.faults] == ["count_table.empty"]
    with pytest.raises(CsaError) as caught:
        counts(tmp_path, "Jo Doe,A,2020-05,1", header="patient,place,month,count")
    assert [fault.key for fault in caught.value.faults] == ["measures_file.column"]


@pytest.mark.parametrize(
    ("chosen", "city", "key"),
    [
        ((*CITIES, "Nowhere, ZZ"), "Orrinvale", "count_table.no_peer"),
        ((*CITIES, "Full Sample, ZZ"), "Orrinvale", "count_table.no_peer"),
        (CITIES, "Made B", "count_table.no_peer"),
        (CITIES[:4], "Orrinvale", "param.at_least"),
    ],
)
def test_sums_the_city_itself_unknown_ones_and_too_few_are_no_peers(tmp_path, chosen, city, key):
    rows = [f'1,2020,"{name}",3,9' for name in (*CITIES, "Full Sample, ZZ")]
    with refuses(key, CsaError):
        peers(tmp_path, *rows, chosen=chosen, city=city)


@pytest.mark.parametrize("number", ["-3", "2.5", "many", "9999999999"])
def test_a_broken_number_of_the_index_is_refused_by_its_row(tmp_path, number):
    rows = [f'1,2020,"{name}",3,9' for name in CITIES]
    with pytest.raises(CsaError) as caught:
        peers(tmp_path, *rows, f'2,2020,"Made A, ZZ",{number},9')
    assert [fault.key for fault in caught.value.faults] == ["count_table.index_row"]


# ---- True in general -----------------------------------------------------------------------


@given(st.text(max_size=12))
def test_a_count_is_read_as_written_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    quoted = text.replace('"', '""').replace("\r", " ").replace("\n", " ").replace("\0", " ")
    path.write_text(f'source,place,month,count\nHill,A,2020-05,"{quoted}"\n', "utf-8")
    try:
        ((low, high),) = load_counts(path, PLACES, TODAY)["Hill"]["A"].values()
    except CsaError:
        return
    plain = quoted.strip()
    assert (low, high) == ((1, int(plain[1:]) - 1) if plain[0] == "<" else (int(plain),) * 2)
