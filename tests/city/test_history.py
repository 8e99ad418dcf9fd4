"""What was reported when: hand-made versions, and the sample city read twice as it grows."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.base.errors import SourceError
from csa.base.io import json_bytes, publish_version
from csa.base.params import Month
from csa.base.text import month
from csa.city.dataset import MARKER
from csa.city.history import (
    REVISION_COLUMNS,
    DatasetVersion,
    MonthCount,
    describe_revisions,
    explain_left_out,
    list_comparable,
    list_revisions,
    load_history,
)


def report(through, months, fingerprint=None, **more):
    """Write an account as `csa ingest` keeps it; months to (homicides, nonfatal)."""
    return {
        "kind": "dataset",
        "format_version": 1,
        "city": "testville",
        "nonfatal_name": "nonfatal shooting",
        "nonfatal_is_proxy": False,
        "fingerprint": fingerprint or f"{through} {months}",
        "inputs": [{"name": "a.csv", "source": "list"}],
        "data_from": "2020-01-05",
        "data_through": through,
        "months": {m: {"homicide": h, "nonfatal": n} for m, (h, n) in months.items()},
        "rules": [{"name": "officer_involved"}],
        **more,
    }


JANUARY = report("2020-02-10", {"2020-01": (2, 10), "2020-02": (0, 3)})
FEBRUARY = report("2020-03-10", {"2020-01": (2, 11), "2020-02": (1, 8), "2020-03": (0, 1)})
MARCH = report("2020-03-31", {"2020-01": (3, 11), "2020-02": (1, 9), "2020-03": (1, 6)})


def publish(folder, *reports):
    for one in reports:
        publish_version(folder, MARKER, {MARKER: json_bytes(one)})
    return folder


def history(folder, *reports):
    return load_history(publish(folder, *reports))


def edition(through, counts, **more):
    """Make an edition from January 2020 on, of incidents by month in order."""
    months = {str(Month(2020, 1).plus(n)): MonthCount(c, 0) for n, c in enumerate(counts)}
    values = {"version": through, "city": "a", "fingerprint": through, **more}
    return DatasetVersion(
        data_from=date(2020, 1, 1),
        data_through=date.fromisoformat(through),
        months=months,
        **values,
    )


# ---- By hand --------------------------------------------------------------------------------


def test_a_month_was_12_is_now_14_by_hand(tmp_path):
    editions = history(tmp_path, JANUARY, FEBRUARY, MARCH)
    table = list_revisions(editions)
    assert list(table) == list(REVISION_COLUMNS)
    assert [tuple(row) for row in table.itertuples(index=False)] == [
        ("2020-01", 12, 13, 14, 2, 2, 3, "0001", "0002"),
        ("2020-02", 9, 9, 10, 1, 1, 1, "0002", "0002"),
    ]


def test_an_edition_holds_what_its_account_says(tmp_path):
    first, second, third = history(tmp_path, JANUARY, FEBRUARY, MARCH)
    assert [one.version for one in (first, second, third)] == ["0001", "0002", "0003"]
    assert (first.city, first.fingerprint) == ("testville", JANUARY["fingerprint"])
    assert (first.data_from, first.data_through) == (date(2020, 1, 5), date(2020, 2, 10))
    assert dict(first.months) == {"2020-01": (12, 2), "2020-02": (3, 0)}
    assert first.months["2020-01"] == MonthCount(incidents=12, homicides=2)
    assert first.skipped_before == 0
    assert [str(month) for month in second.complete_months()] == ["2020-01", "2020-02"]
    assert second.count(Month(2020, 2)) == (9, 1)
    assert second.count(Month(2019, 2)) == (0, 0)


def test_the_newest_months_that_late_reports_changed_are_named_and_none_after_the_report():
    def said(now, **until):
        first = edition("2020-08-31", (10, 20, 30, 40, 50, 60, 70, 80))
        table = list_revisions((first, edition("2020-09-30", now)))
        return [str(message) for message in describe_revisions(table, **until)]

    now = (11, 20, 30, 42, 53, 60, 74, 99, 9)
    was = {"2020-07": (70, 74), "2020-05": (50, 53), "2020-04": (40, 42)}
    newest = "; ".join(
        says("label.was_now", month=month(name), was=before, now=after)
        for name, (before, after) in was.items()
    )
    assert said(now, until=Month(2020, 7)) == [says("follow.late", n=4, months=newest)]
    (all_months,) = said(now)
    assert "for 5 months" in all_months
    assert "August 2020 was 80, now 99; July" in all_months
    (one_month,) = said(now, until=Month(2020, 3))
    assert one_month.endswith("reported: January 2020 was 10, now 11.")
    assert said((10, 20, 30, 40, 50, 60, 70, 80, 9)) == said(now, until=Month(2019, 12)) == []


# ---- At the edge ----------------------------------------------------------------------------


def test_one_edition_has_nothing_to_revise(tmp_path):
    editions = history(tmp_path, JANUARY)
    table = list_revisions(editions)
    assert table.empty
    assert list(table) == list(REVISION_COLUMNS)
    assert table.dtypes.equals(list_revisions(history(tmp_path, FEBRUARY)).dtypes)


def test_no_edition_at_all_has_nothing():
    assert list_revisions(()).empty
    assert explain_left_out(()) == list_comparable(()) == ()


def test_a_month_is_whole_from_its_last_day_on():
    assert edition("2020-01-30", [1]).complete_months() == ()
    assert edition("2020-01-31", [1]).complete_months() == (Month(2020, 1),)
    assert edition("2020-02-28", [1]).complete_months() == (Month(2020, 1),)  # a leap year
    assert edition("2020-02-29", [1]).complete_months()[-1] == Month(2020, 2)


def test_a_covered_month_without_an_incident_counts_none(tmp_path):
    empty = report("2020-02-29", {})
    late = report("2020-02-29", {"2020-02": (0, 2)})
    table = list_revisions(history(tmp_path, empty, late))
    assert table[["first_reported", "now"]].to_numpy().tolist() == [[0, 0], [0, 2]]


def test_data_without_a_day_cover_no_month(tmp_path):
    undated = report(None, {}, data_from=None)
    editions = history(tmp_path, undated, report(None, {}, "else", data_from=None))
    assert len(list_comparable(editions)) == 2
    assert list_revisions(editions).empty


def test_where_one_end_of_the_data_is_unknown_no_month_is_whole():
    whole = edition("2020-02-29", [1])
    assert whole.is_complete(Month(2020, 2))
    assert not whole.is_complete(Month(2019, 12))
    for unknown in ("data_from", "data_through"):
        part = replace(whole, **{unknown: None})
        assert part.complete_months() == ()
        assert not part.is_complete(Month(2020, 2))


def test_the_same_incidents_in_a_row_are_one_edition_the_last(tmp_path):
    again = {**JANUARY, "data_through": "2020-02-29"}
    editions = history(tmp_path, JANUARY, again, FEBRUARY, JANUARY)
    assert [one.version for one in editions] == ["0002", "0003", "0004"]
    assert editions[0].data_through == date(2020, 2, 29)


def test_a_month_that_the_newest_edition_does_not_cover_is_not_listed(tmp_path):
    editions = history(tmp_path, JANUARY, MARCH, FEBRUARY)
    assert list_revisions(editions)["month"].tolist() == ["2020-01", "2020-02"]
    back = list_revisions(history(tmp_path, JANUARY))
    assert back["month"].tolist() == ["2020-01"]
    assert back[["first_reported", "was", "now"]].to_numpy().tolist() == [[12, 13, 12]]


def test_was_is_the_last_edition_before_the_newest_that_covers_the_month(tmp_path):
    table = list_revisions(history(tmp_path, FEBRUARY, JANUARY, MARCH))
    assert table["was_version"].tolist() == ["0002", "0001"]
    assert table["was"].tolist() == [12, 9]


@pytest.mark.parametrize(
    "changed",
    [
        {"city": "elsewhere"},
        {"data_from": "2019-01-05"},
        {"inputs": [*JANUARY["inputs"], {"name": "b.csv", "source": "homicides"}]},
        {"rules": []},
        {"nonfatal_name": "firearm aggravated assault (proxy)"},
        {"nonfatal_is_proxy": True},
    ],
)
def test_counts_read_in_another_way_are_not_held_against_each_other(tmp_path, changed):
    editions = history(tmp_path, {**JANUARY, **changed, "fingerprint": "x"}, FEBRUARY, MARCH)
    assert [one.version for one in list_comparable(editions)] == ["0002", "0003"]
    assert list_revisions(editions)["first_version"].tolist() == ["0002", "0002"]
    (said,) = explain_left_out(editions)
    assert str(said).startswith(
        "One older version starts on a different day, or was read from other"
    )


def test_other_names_of_files_and_another_order_are_the_same_reading(tmp_path):
    two = [{"name": "a.csv", "source": "list"}, {"name": "b.csv", "source": "old list"}]
    named = [{"name": "c.csv", "source": "old list"}, {"name": "d.csv", "source": "list"}]
    more = [*named, {"name": "e.csv", "source": "list"}]
    editions = history(tmp_path, {**JANUARY, "inputs": two}, {**FEBRUARY, "inputs": more})
    assert len(list_comparable(editions)) == 2


def test_an_odd_version_in_between_is_passed_over(tmp_path):
    odd = {**FEBRUARY, "rules": [], "fingerprint": "odd"}
    editions = history(tmp_path, JANUARY, odd, {**odd, "fingerprint": "odder"}, MARCH)
    assert list_revisions(editions)["was_version"].tolist() == ["0001"]
    (said,) = explain_left_out(editions)
    assert str(said).startswith(
        "2 older versions start on a different day, or were read from other"
    )


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        "{}",
        json.dumps({**JANUARY, "format_version": 2}),
        json.dumps({**JANUARY, "kind": "proposal"}),
        json.dumps({**JANUARY, "months": {"2020-13": {"homicide": 1, "nonfatal": 1}}}),
        json.dumps({**JANUARY, "months": {"2020-01": {"homicide": 1}}}),
        json.dumps({**JANUARY, "months": 5}),
        json.dumps({**JANUARY, "data_through": "soon"}),
        json.dumps({**JANUARY, "rules": "none"}),
        None,
    ],
)
def test_an_older_version_that_cannot_be_read_is_left_out_and_counted(tmp_path, broken):
    publish(tmp_path, JANUARY, FEBRUARY, MARCH)
    marker = tmp_path / "versions" / "0002" / MARKER
    marker.unlink() if broken is None else marker.write_text(broken)
    editions = load_history(tmp_path)
    assert [one.version for one in editions] == ["0001", "0003"]
    assert [one.skipped_before for one in editions] == [0, 1]
    (said,) = explain_left_out(editions)
    assert str(said) == says("history.unreadable", n=1)


def test_versions_left_out_are_counted_through_editions_that_are_one(tmp_path):
    publish(tmp_path, JANUARY, FEBRUARY, MARCH, {**MARCH, "population": 5}, JANUARY)
    for number in ("0001", "0002"):
        (tmp_path / "versions" / number / MARKER).unlink()
    editions = load_history(tmp_path)
    assert [(one.version, one.skipped_before) for one in editions] == [("0004", 2), ("0005", 0)]
    assert str(explain_left_out(editions)[0]).startswith("2 older versions of the dataset cannot")


def test_versions_come_by_number_and_strangers_and_unpublished_ones_are_none(tmp_path):
    publish(tmp_path, JANUARY)
    (tmp_path / "versions" / "0001").rename(tmp_path / "versions" / "9999")
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("versions/9999")
    publish(tmp_path, FEBRUARY)
    (tmp_path / "versions" / "notes").mkdir()
    shutil.copytree(tmp_path / "versions" / "9999", tmp_path / "versions" / "10001")
    assert [one.version for one in load_history(tmp_path)] == ["9999", "10000"]


def test_a_dataset_copied_without_its_versions_has_one_edition(tmp_path):
    (tmp_path / MARKER).write_bytes(json_bytes(JANUARY))
    (one,) = load_history(tmp_path)
    assert one.months["2020-01"].incidents == 12


def test_a_current_version_under_a_name_of_its_own_stands_alone(tmp_path):
    publish(tmp_path, JANUARY, FEBRUARY)
    (tmp_path / "versions" / "0002").rename(tmp_path / "versions" / "kept")
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("versions/kept")
    assert [one.version for one in load_history(tmp_path)] == ["kept"]


# ---- Refused --------------------------------------------------------------------------------


def test_a_folder_that_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(
        SourceError, match=r"is not a dataset\. Make one with: csa ingest --city CONFIG FILE --out"
    ):
        load_history(tmp_path)
    with pytest.raises(
        SourceError, match=r"is not a dataset\. Make one with: csa ingest --city CONFIG FILE --out"
    ):
        load_history(tmp_path / "absent")


def test_a_damaged_current_version_is_refused(tmp_path):
    publish(tmp_path, JANUARY, FEBRUARY)
    (tmp_path / "versions" / "0002" / MARKER).write_text("{")
    with pytest.raises(SourceError, match="is damaged"):
        load_history(tmp_path)


# ---- True in general ------------------------------------------------------------------------


def reported_by(incidents, day):
    """Count by month the incidents that happened and were reported by a day."""
    months = [day0.strftime("%Y-%m") for day0, told in incidents if day0 <= day and told <= day]
    return {month: MonthCount(months.count(month), 0) for month in sorted(set(months))}


incidents_told = st.lists(
    st.tuples(st.integers(0, 250), st.integers(0, 90)).map(
        lambda pair: (
            date(2020, 1, 1) + timedelta(pair[0]),
            date(2020, 1, 1) + timedelta(sum(pair)),
        )
    ),
    max_size=60,
)


@given(incidents=incidents_told, days=st.sets(st.integers(0, 330), min_size=1, max_size=8))
def test_each_figure_is_what_a_clerk_would_have_counted_that_day(incidents, days):
    until = [date(2020, 1, 1) + timedelta(day) for day in sorted(days)]
    editions = [
        DatasetVersion(str(day), "a", str(day), date(2020, 1, 1), day, reported_by(incidents, day))
        for day in until
    ]
    before = [day.isoformat() for day in until]
    expected = []
    for number in range(1, 13):
        month = f"2020-{number:02d}"
        end = (date(2020 + number // 12, number % 12 + 1, 1) - timedelta(1)).isoformat()
        seen = [day for day in before if day >= end]
        if len(seen) < 2:
            continue
        told = [
            sum(d.isoformat()[:7] == month and t.isoformat() <= day for d, t in incidents)
            for day in (seen[0], seen[-2], seen[-1])
        ]
        expected.append((month, *told, seen[0], seen[-2]))
    table = list_revisions(editions)
    columns = ["month", "first_reported", "was", "now", "first_version", "was_version"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["now"] >= table["was"]).all()
