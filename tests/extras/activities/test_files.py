"""Exports of CommCare, KoboToolbox and ODK, and plain CSVs: which column is which, and what is not read."""

from datetime import date

import pytest

from csa.base.errors import SourceError
from csa.extras.activities.files import load_activities

KINDS = {"street outreach": "outreach", "outreach": "outreach", "clean up": "clean-up"}
PLACES = {"a": "A", "area a": "A", "hadderley": "A", "b": "B"}
KOBO = """\
start,end,today,username,Activity type,Area,people_contacted,newly_reached,team_hours,_id,_uuid,_submission_time,__version__,_geolocation
2026-03-01T10:00:00.000-06:00,2026-03-01T10:05:00.000-06:00,2026-03-01,jsmith,outreach,A,4,1,2.5,17,aaa,2026-03-02T04:05:00,v1,"39.1, -94.5"
2026-03-02T10:00:00.000-06:00,2026-03-02T10:05:00.000-06:00,2026-03-02,jsmith,clean-up,b,,,,18,bbb,2026-03-02T16:05:00,v1,
"""
COMMCARE = """\
formid,form.activity.type,form.activity.area,form.contacts,form.hours,form.meta.username,completed_time,received_on
c-1,Street outreach,Hadderley,3,1,maria.lopez,2026-03-02T02:30:00.000000Z,2026-03-02T02:31:00.000000Z
"""
ODK = """\
SubmissionDate,visit-date,visit-kind,visit-area,visit-staff,meta-instanceID,KEY,SubmitterName,DeviceID
2026-03-02T02:31:00.000Z,2026-03-01,outreach,A,2,uuid:1,uuid:1,Maria Lopez,ee.example:x
"""
PLAIN = """\
Day,Kind,Zone,Contacts
03/21/2026,clean_up,Area A,2
03/21/2026,clean_up,Area A,2
"""


def read(folder, text, **more):
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    return load_activities(path, KINDS, PLACES, "America/Chicago", **more)


def rows(found):
    return [
        (line.on, line.kind, line.place, line.contacts, line.reached, line.hours, line.staff)
        for _, line in found.lines
    ]


def test_an_export_of_kobotoolbox(tmp_path):
    found = read(tmp_path, KOBO)
    assert found.form == "KoboToolbox"
    assert rows(found) == [
        (date(2026, 3, 1), "outreach", "A", 4, 1, 2.5, None),
        (date(2026, 3, 2), "clean-up", "B", None, None, None, None),
    ]
    assert found.columns["id"] == "_uuid"
    assert found.has_ids
    assert {"username", "_geolocation"} <= {*found.left_out}


def test_an_export_of_commcare_whose_time_is_utc(tmp_path):
    found = read(tmp_path, COMMCARE)
    assert found.form == "CommCare"
    assert rows(found) == [(date(2026, 3, 1), "outreach", "A", 3, None, 1.0, None)]
    assert "form.meta.username" in found.left_out


def test_an_export_of_odk(tmp_path):
    found = read(tmp_path, ODK)
    assert found.form == "ODK"
    assert rows(found) == [(date(2026, 3, 1), "outreach", "A", None, None, None, 2)]


def test_a_plain_csv_whose_rows_are_alike_counts_each_and_knows_them_again(tmp_path):
    found, again = read(tmp_path, PLAIN), read(tmp_path, PLAIN)
    assert not found.has_ids
    assert rows(found) == [(date(2026, 3, 21), "clean-up", "A", 2, None, None, None)] * 2
    assert len({line.id for _, line in found.lines}) == 2
    assert found.lines == again.lines


def key_of(folder, text, **more):
    with pytest.raises(SourceError) as refused:
        read(folder, text, **more)
    error = refused.value
    faults = [fault.values["why"].key for fault in error.faults]
    return faults or error.message.key


WITH_CONTACTS = "Day,Kind,Area,Contacts\n2026-03-01,outreach,A,"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Day,Kind\n2026-03-01,outreach\n", "activity.lacks"),
        ("Day,Kind,Area,Zone\n2026-03-01,outreach,A,A\n", "activity.two_columns"),
        ("Day,Kind,Area\n03/04/2026,outreach,A\n", "activity.two_dates"),
        ("Day,Kind,Area\nyesterday,outreach,A\n", ["activity.no_day"]),
        (f"{WITH_CONTACTS}some\n", ["activity.not_a_count"]),
        (f"{WITH_CONTACTS}2.5\n", ["activity.not_a_count"]),
        (f"{WITH_CONTACTS}816-555-0199\n", ["activity.looks_like_person"]),
        ("Day,Kind,Area\n2026-03-01,=1+1,A\n", ["measures_file.formula"]),
        ("id,Day,Kind,Area\n" + "1,2026-03-01,outreach,A\n" * 2, ["activity.id_twice"]),
        ("Day,Kind,Area,Client name\n2026-03-01,outreach,A,x\n", "activity.persons"),
        ("Day,Kind,Area,Remarks\n2026-03-01,outreach,A,met Maria Lopez\n", "activity.persons"),
        ("Day,Kind,Area,Remarks\n2026-03-01,outreach,A,at 1412 Oak Street\n", "activity.persons"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, text, key):
    assert key_of(tmp_path, text) == key


def test_a_column_with_persons_is_left_out_once_somebody_has_looked(tmp_path):
    text = "Day,Kind,Area,Remarks\n2026-03-01,outreach,A,met Maria Lopez\n"
    found = read(tmp_path, text, leave_out=["Remarks"])
    assert found.left_out == ("Remarks",)
    assert "Maria" not in str(found)


def test_a_header_that_says_nothing_is_named(tmp_path):
    text = "q1,q2,q3\n2026-03-01,outreach,A\n"
    found = read(tmp_path, text, columns={"on": "q1", "kind": "q2", "place": "q3"})
    assert len(found.lines) == 1
    assert key_of(tmp_path, text, columns={"on": "q9"}) == "activity.no_column"
