"""A file of measures: accepted whole, or refused whole with every fault named."""

import csv
import io

import pytest
from hypothesis import given, strategies as st
from tests.sentences import refuses, says

from csa.base.errors import SourceError
from csa.ingest.measures import MEASURE_COLUMNS, MOST_LISTED, load_measures
from csa.program.plan.measures import Quarter, Value, make_value

KINDS = {"shootings": "gun-violence"} | {one: one for one in ("trust", "clearance", "charges")}
PLACES = ("A", "B", "Ivanhoe", "Peñasco Park", "Old Town", "OLD TOWN")
HEADER = ",".join(MEASURE_COLUMNS)


@pytest.fixture
def load(tmp_path):
    def load_text(*lines, encoding="utf-8"):
        path = tmp_path / "values.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return load_measures(path, KINDS, PLACES, make_value)

    return load_text


@pytest.mark.parametrize("name", ["values.csv", "values.xlsx", "values.zip", "values.parquet"])
@pytest.mark.parametrize("content", [b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x00\x00\x27\x0a"])
def test_a_file_of_measures_is_text_since_no_job_reads_it(name, content, tmp_path, monkeypatch):
    for reader in ("read_parquet", "read_excel", "unpack_table"):
        monkeypatch.setattr(f"csa.ingest.records.{reader}", None)
    path = tmp_path / name
    path.write_bytes(content + bytes(100))
    with refuses("source.not_text", SourceError):
        load_measures(path, KINDS, PLACES, make_value)


@pytest.fixture
def faults(load):
    def faults_of(*lines, **how):
        with pytest.raises(SourceError) as refused:
            load(*lines, **how)
        return [str(fault) for fault in refused.value.faults]

    return faults_of


# ---- By hand --------------------------------------------------------------------------------


def test_a_file_of_three_kinds_by_hand(load):
    values = load(
        HEADER,
        "shootings,2026-Q1,B,12,,,,,,",
        "trust,2026-Q1,,0.45,,,640,1.6,,spring wave",
        "clearance,2026-Q1,ivanhoe,,9,20,,,cohort 6,",
    )
    first = Quarter(2026, 1)
    assert values == (
        Value("shootings", first, "B", 12, basis="incidents"),
        Value("trust", first, "", 0.45, answers=640, design_effect=1.6, note="spring wave"),
        Value("clearance", first, "Ivanhoe", 0.45, 9, 20, basis="cohort 6 months"),
    )


def test_columns_may_stand_in_any_order_and_spelling_and_be_left_out(load):
    (value,) = load("Value, QUARTER ,Measure,Design Effect", " 12 ,2026-Q1,shootings,")
    assert (value.value, value.place) == (12, "")


def test_every_fault_is_named_by_row_and_column(faults):
    assert faults(
        HEADER,
        "shootings,2026-1,Q,-3,,,5,,,",
        "shooting,2026-Q1,,1,,,,,,",
        "charges,2026-Q1,,,21,20,,,,",
    ) == [
        "Row 2, quarter: A quarter must be written like 2026-Q1, not '2026-1'.",
        "Row 2, place: 'Q' is not a known area or neighborhood. Leave it empty for citywide values.",
        says("param.at_least", name="Row 2, value: value", least=0, given=-3),
        "Row 2, answers: Values of gun-violence have no answers. Leave it empty.",
        "Row 3, measure: 'shooting' is not a measure in the plan; did you mean shootings? Use the plan's short names.",
        "Row 4, numerator: The numerator 21 is larger than the denominator 20. Are they swapped?",
    ]


def test_the_refusal_lists_its_faults_a_line_each(load):
    with pytest.raises(SourceError) as refused:
        load(HEADER, "shootings,2026-Q1,,x,,,,,,")
    first, second = str(refused.value).splitlines()
    assert "values.csv has an error" in first
    assert second.startswith("Row 2, value: 'x' is not a number")


def test_a_measure_quarter_and_place_that_stand_twice_are_a_fault(faults):
    rows = (
        "shootings,2026-Q1,Ivanhoe,1,,,,,,",
        "shootings,2026-Q2,Ivanhoe,1,,,,,,",
        "shootings,2026-Q1,IVANHOE,2,,,,,,",
    )
    assert faults(HEADER, *rows) == [
        "Row 4, measure: This row repeats row 2: shootings, 2026-Q1, Ivanhoe. Keep one."
    ]


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_tabs_and_excels_mark_at_the_start_are_accepted(load, separator):
    lines = ("measure,quarter,place,value", "shootings,2026-Q1,Peñasco Park,3")
    (value,) = load(*(line.replace(",", separator) for line in lines), encoding="utf-8-sig")
    assert (value.measure, value.place, value.value) == ("shootings", "Peñasco Park", 3)


def test_empty_rows_and_empty_columns_at_the_end_are_nothing(load):
    values = load("measure,quarter,value,,", "", "shootings,2026-Q1,3,,", ",,,,"[:0], "")
    assert len(values) == 1


def test_rows_are_numbered_as_in_a_spreadsheet(faults):
    rows = ('shootings,2026-Q1,3,"two\nlines"', "", "shootings,2026-Q2,x,")
    assert faults("measure,quarter,value,note", *rows)[0].startswith("Row 4, value:")


def test_fifty_faults_are_listed_and_all_are_kept(load):
    rows = [f"shootings,{year}-Q1,-1" for year in range(1900, 1900 + MOST_LISTED + 7)]
    with pytest.raises(SourceError) as refused:
        load("measure,quarter,value", *rows)
    lines = str(refused.value).splitlines()
    assert len(refused.value.faults) == MOST_LISTED + 7
    assert "has 57 errors, so" in lines[0]
    assert len(lines) == 1 + MOST_LISTED + 1
    assert lines[-1] == "... and 7 more."


def test_places_that_differ_in_capitals_alone_are_told_apart(load, faults):
    (value,) = load("measure,quarter,place,value", "shootings,2026-Q1,OLD TOWN,3")
    assert value.place == "OLD TOWN"
    (fault,) = faults("measure,quarter,place,value", "shootings,2026-Q1,old town,3")
    assert fault.startswith("Row 2, place: 'old town' is not a known area or neighborhood")


def test_a_part_that_cannot_be_read_is_one_fault_and_not_two(faults):
    (fault,) = faults(HEADER, "shootings,2026-Q1,,,nine,,,,,")
    assert fault.startswith("Row 2, numerator:")
    (fault,) = faults(HEADER, "charges,2026-Q1,,,nine,20,,,,")
    assert fault == "Row 2, numerator: 'nine' is not a number. Fix it or leave it empty."


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('"0,45"', "has a comma. Write 0.45 with a point"),
        ('"1,200"', "has a comma"),
        ("45%", "is in percent. Write 0.45"),
        ("=B2/C2", "is a formula. Save the file with values"),
        ("@SUM(B2)", "is a formula"),
        *((one, "is not a number") for one in ("nan", "inf", "#DIV/0!", "1_000", "٤", "-")),
        ("1e400", "too large"),
        ("7" * 90, "must be"),
    ],
)
def test_what_is_no_number_is_refused_with_its_remedy(faults, written, why):
    said = faults("measure,quarter,value,answers", f"trust,2026-Q1,{written},200")
    if why == "must be":  # a number, and no share
        assert "0 to 1" in said[0]
    else:
        assert len(said) == 1
        assert said[0].startswith("Row 2, value: ")
        assert why in said[0]


@pytest.mark.parametrize("column", ["measure", "quarter", "place", "note", "basis"])
def test_a_formula_is_refused_in_texts_too(faults, column):
    row = {"measure": "charges", "quarter": "2026-Q1", "value": "0.5", column: '=HYPERLINK("x")'}
    text = io.StringIO()
    csv.DictWriter(text, MEASURE_COLUMNS).writerow(row)
    (fault,) = faults(HEADER, text.getvalue().strip())
    assert fault.startswith(f"Row 2, {column}: ")
    assert "is a formula" in fault


def test_headers_that_are_unknown_doubled_or_lacking_are_faults(faults):
    assert faults("mesure,value,Value,quarter,area", "shootings,1,1,2026-Q1,B") == [
        says("measures_file.column", given="mesure", hint="; did you mean measure?"),
        says("measures_file.column_twice", name="value"),
        says("measures_file.column", given="area", hint="."),
        says("measures_file.no_column", name="measure"),
    ]
    said = faults("measure,quarter,value,notes", "shootings,2026-Q1,-1,x")
    assert [fault[:7] for fault in said] == ["Header:", "Row 2, "]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (HEADER.encode(), "has no records."),
        (f"{HEADER}\nshootings,2026-Q1,Pe\xf1asco Park,3,,,,,,".encode("latin-1"), "is not UTF-8"),
        (f"{HEADER}\nshootings,2026-Q1,,3,,,,,,".encode("utf-16"), "is not UTF-8"),
        (b"PK\x03\x04rest of a workbook", "an Excel or zip file"),
        (b"shootings", "not a CSV table"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, content, why):
    path = tmp_path / "values.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=why):
        load_measures(path, KINDS, PLACES, make_value)


def test_a_row_of_another_length_and_an_open_quote_are_named(faults):
    said = faults("measure,quarter,value", "shootings,2026-Q1,1,2", 'shootings,2026-Q2,"3')
    assert said == [
        f"Row {row}: it has more or fewer fields than the header, or an unclosed quote. Fix it."
        for row in (2, 3)
    ]


def test_a_row_without_a_measure_is_one_fault(faults):
    assert faults("measure,quarter,value", ",2026-Q1,3") == [
        "Row 2, measure: The measure is missing. Name one of the plan's measures."
    ]


# ---- True in general ------------------------------------------------------------------------


def written(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


RIGHT = ["", "shootings", "trust", "clearance", "2026-Q1", "B", "12", "0.5"]
WRONG = ["Q", "-1", "0,5", "=1", "cohort 6", "x"]


@given(
    st.lists(
        st.lists(st.sampled_from(RIGHT + WRONG), min_size=10, max_size=10), min_size=1, max_size=6
    )
)
def test_a_file_gives_a_value_a_row_or_a_sentence_for_each_bad_row(tmp_path_factory, rows):
    path = written(tmp_path_factory.mktemp("measures") / "values.csv", MEASURE_COLUMNS, *rows)
    alone = []
    for row in rows:
        one = written(path.with_name("one.csv"), MEASURE_COLUMNS, row)
        try:
            alone.append(load_measures(one, KINDS, PLACES, make_value))
        except SourceError:
            alone.append(None)
    try:
        values = load_measures(path, KINDS, PLACES, make_value)
    except SourceError as error:
        named = {str(fault).split(",")[0] for fault in error.faults}
        assert named >= {f"Row {n}" for n, one in enumerate(alone, start=2) if one is None}
    else:
        assert values == tuple(one[0] for one in alone)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(PLACES), st.integers(0, 10**6)),
        unique_by=lambda row: row[:2],
        min_size=1,
    ),
    st.permutations(["measure", "quarter", "place", "value"]),
)
def test_what_is_written_is_read_in_any_order_of_columns(tmp_path_factory, rows, columns):
    wanted = [
        Value("shootings", Quarter(2020, 1).plus(n), p, k, basis="incidents") for n, p, k in rows
    ]
    lines = [[str(getattr(value, column)) for column in columns] for value in wanted]
    path = written(tmp_path_factory.mktemp("measures") / "values.csv", columns, *lines)
    assert load_measures(path, KINDS, PLACES, make_value) == tuple(wanted)
