"""Calendar files, read by a reader of RFC 5545 that shares no code with the library that wrote them."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

from csa.base.message import msg
from csa.city.config import Meeting
from csa.city.loading import load_city
from csa.program.store.records import Records
from csa.program.store.tables import ActionRow, AreaRow, MeetingRow, TaskRow
from csa.reports.briefing.calendar_file import CalendarEntry, calendar_entries, calendar_file

TODAY = date(2026, 3, 5)
NOON = datetime(2026, 3, 5, 12, 30, 15, tzinfo=UTC)
DUE = date(2026, 4, 30)


@pytest.fixture(scope="module")
def city(root):
    made = load_city(root / "config" / "sample.toml")
    return made.model_copy(update={"public": made.public.model_copy(update={"meetings": MEETINGS})})


MEETINGS = (
    Meeting(
        on=date(2026, 5, 1), what="Budget; second hearing", at="6 pm", where="City Hall, 1 Main"
    ),
    Meeting(on=date(2026, 5, 1), what="Town hall", places=("Elmvale",)),
)


def records(due=DUE, revision=3, status="on-track", kind="listening"):
    action = ActionRow(key="1.2.1", status=status, reason="", office="Courts", areas=[], due=due)
    action.percent = 100 if status == "done" else None
    action.coordinator = action.comment = action.evidence = ""
    action.updated_on = date(2026, 3, 1)
    tasks = [
        TaskRow(key=f"{a}/task-1", area=a, what="Mend lights", agency="Works", due=DUE)
        for a in "BC"
    ]
    tasks += [TaskRow(key="B/task-2", area="B", what="No day", agency="", due=None)]
    meeting = MeetingRow(key="B/meeting-1", area="B", kind=kind, on_date=date(2026, 4, 2))
    for row in (action, *tasks, meeting):
        row.revision = revision
    for task in tasks:
        task.status = status
    areas = [AreaRow(key="B", place_name="Elmvale, east", state="designated")]
    areas += [AreaRow(key="C", place_name="Oak", state="retired")]
    return Records(actions=(action,), tasks=tuple(tasks), meetings=(meeting,), areas=tuple(areas))


def as_it_was(escaped):
    return "\n" if escaped[1] in "nN" else escaped[1]


def read(content):
    """Unfold the lines, and list each event's properties; a text's escapes are taken back."""
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    lines = re.sub(rb"\r\n[ \t]", b"", content).decode().removesuffix("\r\n").split("\r\n")
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    events = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name not in {"END", "BEGIN"}:
            assert name not in events[-1], line
            events[-1][name] = re.sub(r"\\(.)", as_it_was, value)
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(events)
    return events


# ---- By hand --------------------------------------------------------------------------------


def test_due_dates_and_meetings_are_days_with_their_texts(city, kansas_plan):
    entries = calendar_entries(city, kansas_plan, records(), TODAY)
    events = {event["UID"]: event for event in read(calendar_file(city, entries, NOON))}
    own = f"@{city.city.id}.csa"
    assert [uid.removesuffix(own) for uid in events] == [
        "meeting-B-meeting-1",
        "action-1.2.1",
        "task-B-task-1",
        "meeting-2026-05-01-1",
        "meeting-2026-05-01-2",
    ]
    task = events[f"task-B-task-1{own}"]
    assert task == {
        "UID": f"task-B-task-1{own}",
        "DTSTAMP": "20260305T123015Z",
        "SEQUENCE": "3",
        "DTSTART;VALUE=DATE": "20260430",
        "DTEND;VALUE=DATE": "20260501",
        "SUMMARY": "Due: area B, Mend lights",
        "TRANSP": "TRANSPARENT",
        "DESCRIPTION": "Office: Works",
    }
    meeting = events[f"meeting-2026-05-01-1{own}"]
    assert meeting["SUMMARY"] == "6 pm: Budget; second hearing"
    assert meeting["LOCATION"] == "City Hall, 1 Main"
    assert events[f"meeting-2026-05-01-2{own}"]["DESCRIPTION"] == "Elmvale"


def test_an_update_replaces_the_event_and_what_is_done_says_so(city, kansas_plan):
    later = records(due=date(2026, 6, 1), revision=4, status="done")
    old, new = (
        {
            e["UID"]: e
            for e in read(calendar_file(city, calendar_entries(city, kansas_plan, r, TODAY), NOON))
        }
        for r in (records(), later)
    )
    assert old.keys() == new.keys()
    key = f"action-1.2.1@{city.city.id}.csa"
    found = (old[key]["DTSTART;VALUE=DATE"], new[key]["DTSTART;VALUE=DATE"])
    assert found == ("20260430", "20260601")
    assert int(new[key]["SEQUENCE"]) > int(old[key]["SEQUENCE"])
    assert new[key]["SUMMARY"].startswith("Done: 1.2.1 ")


# ---- At the edge ----------------------------------------------------------------------------


def test_meetings_for_those_who_work_on_the_plan_stay_out(city):
    for kind, n in (("group", 0), ("walk", 0), ("progress", 0), ("listening", 1)):
        found = calendar_entries(city, None, records(kind=kind), TODAY)
        assert sum(entry.name == "meeting-B-meeting-1" for entry in found) == n


def test_no_control_character_reaches_a_calendar(city):
    entry = CalendarEntry("n-1", DUE, "Mend\x00 the\r\nlights\x1b[1m\tnow")
    (event,) = read(calendar_file(city, (entry,), NOON))
    assert event["SUMMARY"] == "Mend  the\nlights [1m now"


def test_nothing_due_is_a_calendar_without_events(city):
    assert read(calendar_file(city, (), NOON)) == []


def test_the_command_writes_it(run, root, town):
    out = town.folder / "plan.ics"
    done = run("plan", "calendar", "--city", "sample", "--out", out, cwd=root)
    n = len(read(out.read_bytes()))
    said = msg("calendar.wrote", path=out, n=n) if n else msg("calendar.empty", path=out)
    assert done.stdout.strip() == str(said)


# ---- True in general ------------------------------------------------------------------------

TEXT = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.sampled_from("\n ,;:\\\"'"), min_size=1
)


@given(st.lists(TEXT, min_size=1, max_size=4), TEXT, TEXT)
def test_no_text_adds_a_line_or_is_changed(city, titles, about, where):
    entries = [
        CalendarEntry(f"n-{n}", DUE, title, 0, about, where) for n, title in enumerate(titles)
    ]
    events = read(calendar_file(city, entries, NOON))
    assert [event["SUMMARY"] for event in events] == titles
    assert {(event["DESCRIPTION"], event["LOCATION"]) for event in events} == {(about, where)}
