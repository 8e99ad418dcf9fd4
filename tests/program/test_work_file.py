"""Work plans as one file: out and in again, whole or not at all, and twice is as once."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, strategies as some
from tests.properties import examples
from tests.stores import TODAY, act, trail, verified

from csa.base.errors import RoleError, SourceError
from csa.base.io import csv_bytes
from csa.ingest.measures import WORK_COLUMNS, load_work
from csa.program.areas import designate
from csa.program.plan.calendar import STATUSES
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import (
    add_lesson,
    add_meeting,
    add_question,
    add_stakeholder,
    add_task,
    answer_question,
    set_task,
)
from csa.program.work_file import WorkCounts, add_work, work_file

LATER = TODAY + timedelta(days=9)


def fill(store, candidate):
    """Give a store an area with a work plan of every kind, and another without."""
    designate_two(store, candidate)
    for number in range(1, 12):
        add_task(store, act(), "A", {"what": f"Lamp {number}", "agency": "Public Works"})
    done = {"status": "done", "due": date(2026, 4, 1), "source": "walk", "is_public": True}
    set_task(store, act(), "A/task-2", done)
    add_meeting(store, act(), "A", "walk", {"organisations": "Church", "on_date": LATER})
    key = add_question(store, act(), "A", "More\nlight, please", is_public=True)
    answer_question(store, act(), key, "=1+1 lamps; \u202eright to left\u202c")
    add_question(store, act(), "A", "-5 degrees in the hall")
    add_stakeholder(store, act(), "A", "@home", "Keys")
    add_lesson(store, act(), "A", "Go in pairs.")
    return store


def designate_two(store, candidate):
    designate(store, act(), candidate("c-1"))
    designate(store, act(), candidate("c-2", (7, 8), "Umberley"))
    return store


@pytest.fixture(scope="module")
def files(candidate, tmp_path_factory):
    """The files of two stores: with work plans, and with the same areas alone."""
    made = {}
    for make in (fill, designate_two):
        path = tmp_path_factory.mktemp("made") / "store.sqlite3"
        store = open_store(str(path), make=True)
        make(store, candidate).engine.dispose()
        made[make] = path.read_bytes()
    return made


@pytest.fixture
def copy(databases, files):
    """Open a store like one of these, to write in."""
    found = databases("sqlite")

    def call(make):
        address = found.new()
        Path(address).write_bytes(files[make])
        return found.open(address)

    return call


@pytest.fixture
def filled(copy):
    return copy(fill)


@pytest.fixture
def bare(copy):
    return copy(designate_two)


@pytest.fixture
def lines(tmp_path):
    """Read a file of bytes, or of rows by column."""

    def load(content):
        if not isinstance(content, bytes):
            rows = [[row.get(name, "") for name in WORK_COLUMNS] for row in content]
            content = csv_bytes(WORK_COLUMNS, rows)
        path = tmp_path / "work.csv"
        path.write_bytes(content)
        return load_work(path)

    return load


def told(store, lines):
    """Take rows that are refused; return each fault's row and the key of its reason."""
    before = trail(store)
    with pytest.raises(SourceError) as refused:
        add_work(store, act(), lines)
    assert trail(store) == before
    return [(one.values["row"], one.values["why"].key) for one in refused.value.faults]


# ---- by hand -------------------------------------------------------------------------------


def test_out_in_and_out_again_gives_the_same_bytes_and_no_cell_is_a_formula(
    store, candidate, bare, lines
):
    filled = fill(store, candidate)
    content = work_file(read_records(filled))
    assert add_work(bare, act(on=LATER), lines(content)) == WorkCounts(16, 0, 0)
    assert work_file(read_records(bare)) == content
    assert verified(bare).is_intact
    first, second = (
        {(row.key, row.answered, row.answered_on) for row in read_records(one).asked}
        for one in (filled, bare)
    )
    assert first == second
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert tuple(rows[0]) == WORK_COLUMNS
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert [row[1] for row in rows[1:12]] == [f"A/task-{number}" for number in range(1, 12)]


def test_twice_is_as_once_also_without_keys(filled, bare, lines):
    content = work_file(read_records(filled))
    assert add_work(filled, act(on=LATER), lines(content)) == WorkCounts(0, 0, 16)
    keyless = [dict(line.cells) | {"key": ""} for line in lines(content)]
    assert add_work(bare, act(), lines(keyless)) == WorkCounts(16, 0, 0)
    before = trail(bare)
    assert add_work(bare, act(on=LATER), lines(keyless)) == WorkCounts(0, 0, 16)
    assert trail(bare) == before


def test_the_day_of_an_answer_alone_is_no_difference(filled, lines):
    """A day without its answer says nothing new; with another answer it is that answer's."""
    row = {"item": "question", "key": "A/asked-1", "area": "A", "text": "More\nlight, please"}
    dated = {**row, "answered_on": str(TODAY - timedelta(days=1)), "is_public": "yes"}
    same = {**dated, "answer": "=1+1 lamps; \u202eright to left\u202c"}
    assert add_work(filled, act(on=LATER), lines([same])) == WorkCounts(0, 0, 1)
    other = {**dated, "answer": "Three lamps."}
    assert add_work(filled, act(on=LATER), lines([other])) == WorkCounts(0, 1, 0)
    asked = next(each for each in read_records(filled).asked if each.key == "A/asked-1")
    assert (asked.answered, str(asked.answered_on)) == ("Three lamps.", dated["answered_on"])


def test_a_task_is_brought_up_to_date_and_a_question_answered(store, candidate, lines):
    filled = fill(store, candidate)
    public = {row.key for row in read_records(filled).tasks if row.is_public}
    assert public == {"A/task-2"}
    early = {"status": "at-risk", "on_date": "2020-01-01"}
    warm = {"text": "-5 degrees in the hall", "answer": "Heated now."}
    rows = [
        {"item": "task", "key": "A/task-1", "area": "A", **early},
        {"item": "question", "area": "A", **warm},
        {"item": "Task", "area": "B", "text": "Mow", "office": "Parks", "is_public": "Yes"},
    ]
    for counts in (WorkCounts(1, 2, 0), WorkCounts(0, 0, 3)):
        assert add_work(filled, act(on=LATER), lines(rows)) == counts
    records = read_records(filled)
    task = next(row for row in records.tasks if row.key == "A/task-1")
    assert (task.status, task.what, task.updated_on) == ("at-risk", "Lamp 1", LATER)
    asked = next(row for row in records.asked if row.key == "A/asked-2")
    assert (asked.answered, asked.answered_on) == ("Heated now.", LATER)
    new = next(row for row in records.tasks if row.area == "B")
    found = (new.key, new.status, new.source, new.is_public)
    assert found == ("B/task-1", "not-started", "other", True)


def test_a_late_tasks_reason_and_a_persons_consent_come_with_a_file(filled, lines):
    late = {"item": "task", "key": "A/task-1", "area": "A", "reason": "No truck."}
    rows = [
        {**late, "told_on": str(TODAY)},
        {"item": "question", "key": "A/asked-2", "area": "A", "is_public": "yes"},
    ]
    assert add_work(filled, act(on=LATER), lines(rows)) == WorkCounts(0, 2, 0)
    records = read_records(filled)
    task = next(row for row in records.tasks if row.key == "A/task-1")
    asked = next(row for row in records.asked if row.key == "A/asked-2")
    assert (task.reason, task.told_on) == ("No truck.", TODAY)
    assert (asked.is_public, asked.answered_on) == (True, None)
    ahead = LATER + timedelta(days=1)
    with pytest.raises(SourceError, match=str(ahead)):
        add_work(filled, act(on=LATER), lines([{**late, "told_on": str(ahead)}]))


def test_a_preview_counts_and_a_viewer_is_refused_and_nothing_is_written(filled, bare, lines):
    content = lines(work_file(read_records(filled)))
    before = trail(bare)
    assert add_work(bare, act(on=LATER), content, keep=False) == WorkCounts(16, 0, 0)
    with pytest.raises(RoleError):
        add_work(bare, act("viewer"), content)
    assert trail(bare) == before
    assert read_records(bare).tasks == ()


# ---- refused -------------------------------------------------------------------------------


def test_every_fault_is_named_by_its_row_and_nothing_is_taken(filled, lines):
    good = {"item": "task", "area": "A", "text": "Mow", "office": "Parks"}
    rows = [
        good,
        good | {"area": "Z"},
        good | {"item": "wish"},
        good | {"due": "soon"},
        good | {"text": ""},
        good | {"answer": "Yes"},
        good | {"key": "A/task-99"},
        {"item": "lesson", "area": "A", "text": "Later", "on_date": "2026-12-01"},
        {"item": "meeting", "area": "A", "kind": "walk"},
        {"item": "meeting", "area": "A", "key": "A/meeting-1", "on_date": "2026-03-01"},
        {"item": "taker", "area": "B", "key": "A/stakeholder-1"},
        {"item": "taker", "area": "A", "office": "'@home", "text": "No keys"},
    ]
    assert told(filled, lines(rows)) == [
        (3, "work_file.no_area"),
        (4, "param.one_of"),
        (5, "param.day"),
        (6, "decide.text"),
        (7, "work_file.no_column"),
        (8, "work_file.no_key"),
        (9, "decide.ahead"),
        (10, "param.day"),
        (11, "work_file.differs"),
        (12, "work_file.other_area"),
        (13, "work_file.differs"),
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"item,key\ntask,x\n", "area"),
        (b"item,area,color\ntask,A,red\n", "color"),
        (b"item,area,text\ntask,A,=1+1\n", "formula"),
        (b"item,area,text\ntask,A\n", "Row 2"),
        ("item,area,text\ntask,A,Stra\u00dfe\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_work_plans_is_refused(lines, content, word):
    with pytest.raises(SourceError, match=word):
        lines(content)


# ---- true in general -----------------------------------------------------------------------

LETTERS = some.characters(exclude_categories=["Cs"], exclude_characters="\0")
SAID = some.text(LETTERS, min_size=1, max_size=12).filter(
    lambda text: any(map(str.isalnum, text)) and not text.strip().startswith("'")
)


@pytest.mark.long
@examples(1, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(SAID, SAID, some.sampled_from(STATUSES)), min_size=1, max_size=4))
def test_whatever_was_written_comes_back(copy, lines, tasks):
    one, other = copy(designate_two), copy(designate_two)
    for what, agency, status in tasks:
        add_task(one, act(), "A", {"what": what, "agency": agency, "status": status})
    content = work_file(read_records(one))
    add_work(other, act(), lines(content))
    assert work_file(read_records(other)) == content
