"""Output: whole or not at all, the same bytes each time, safe in a spreadsheet."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.properties import examples

import csa
from csa.base import io
from csa.base.errors import OutputError

MARKER = "ingest.json"
OLD = {MARKER: b"old\n", "incidents.csv": b"old incidents\n"}
NEW = {MARKER: b"new\n", "incidents.csv": b"new incidents\n"}
STEPS = ("fsync", "rename", "replace", "symlink", "mkdir")
"""What changes a disk and may fail, or be the last thing that a process does."""

KILLED = """
import os, signal, sys
from pathlib import Path
from csa.base import io as files
out, way, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
done = 0
def counted(step):
    def call(*args, **kwargs):
        global done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **kwargs)
    return call
for name in sys.argv[4:]:
    setattr(os, name, counted(getattr(os, name)))
new = {"ingest.json": b"new\\n", "incidents.csv": b"new incidents\\n"}
getattr(files, way)(out, "ingest.json", new)
"""


def read(folder):
    """Read what a folder says: its files' names and content, hidden names included."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def hidden(folder):
    """List what was left behind anywhere below a folder."""
    return sorted(path.name for path in folder.rglob(".*"))


def cells(content):
    """Read CSV as RFC 4180 and spreadsheets do: a bare carriage return ends a row, too."""
    rows, row, cell, is_quoted, position = [], [], "", False, 0
    text = content.decode()
    while position < len(text):
        letter = text[position]
        if is_quoted and letter == '"' and text[position + 1 : position + 2] == '"':
            cell, position = cell + '"', position + 1
        elif letter == '"':
            is_quoted = not is_quoted
        elif is_quoted or letter not in ",\r\n":
            cell += letter
        else:
            row, cell = [*row, cell], ""
            if letter != ",":
                rows, row = [*rows, row], []
        position += 1
    assert (row, cell, is_quoted) == ([], "", False)
    return rows


@pytest.fixture(params=["replace_folder", "publish_version"], name="way")
def _way(request):
    return request.param


def put(way, out, content):
    return getattr(io, way)(out, MARKER, content)


def failing_at(monkeypatch, number, code=errno.ENOSPC):
    """Let the step of this number fail as on a full disk; return how many were taken."""
    taken = []

    def counted(step):
        def call(*args, **kwargs):
            taken.append(step)
            if len(taken) == number:
                raise OSError(code, os.strerror(code))
            return step(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    return taken


# ---- By hand --------------------------------------------------------------------------------


def test_json_is_utf8_indented_and_ends_in_a_newline():
    assert io.json_bytes({"b": [1, 2.5], "a": "café"}) == (
        '{\n "b": [\n  1,\n  2.5\n ],\n "a": "café"\n}\n'.encode()
    )


def test_a_table_is_written_as_csv():
    rows = [("Ivanhoe", 12, 0.5, None), ('the "Loop", west', 0, -1.5, True)]
    assert io.csv_bytes(["name", "n", "share", "note"], rows) == (
        b'name,n,share,note\nIvanhoe,12,0.5,\n"the ""Loop"", west",0,-1.5,True\n'
    )


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(start):
    text = f"{start}cmd|' /C calc'!A0"
    assert cells(io.csv_bytes(["a"], [[text]])) == [["a"], [f"'{text}"]]


def test_a_carriage_return_at_the_beginning_gets_an_apostrophe_too():
    assert b"'\n1" in io.csv_bytes(["a"], [["\r1"]])


def test_a_folder_is_written_and_written_again(tmp_path):
    out = tmp_path / "reports" / "august"
    io.replace_folder(out, MARKER, OLD)
    assert read(out) == OLD
    io.replace_folder(out, MARKER, NEW)
    assert read(out) == NEW
    assert hidden(tmp_path) == []


def test_a_version_is_added_and_made_current_and_the_old_one_stays(tmp_path):
    out = tmp_path / "dataset"
    assert io.publish_version(out, MARKER, OLD) == "0001"
    assert io.publish_version(out, MARKER, NEW) == "0002"
    assert read(out / "versions" / "0001") == OLD
    assert read(out / "versions" / "0002") == NEW
    assert (out / "current").readlink() == Path("versions/0002")
    assert read(out / "current") == NEW
    assert {name: (out / name).readlink() for name in NEW} == {
        name: Path("current") / name for name in NEW
    }
    assert read(out) == NEW
    assert hidden(tmp_path) == []


def test_a_first_version_that_cannot_be_written_leaves_no_folder(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(io, "sync_folder", full)
    with pytest.raises(OSError, match="full"):
        io._add_version(tmp_path / "dataset", {"a.txt": b"one"})
    assert list(tmp_path.iterdir()) == []


def test_a_single_file_is_written_with_its_folder_and_written_again(tmp_path):
    path = tmp_path / "a" / "b" / "year.csv"
    for content in (b"old", b"new", b""):
        io.write_file(path, content)
        assert path.read_bytes() == content
        assert [entry.name for entry in path.parent.iterdir()] == ["year.csv"]


def test_a_file_that_is_never_written_over_is_created_once(tmp_path):
    path = tmp_path / "a" / "choice.json"
    assert io.create_file(path, b"first")
    assert not io.create_file(path, b"second")
    assert read(path.parent) == {"choice.json": b"first"}
    assert not hidden(tmp_path)


def test_a_place_that_can_be_written_is_no_complaint_and_nothing_is_made(tmp_path):
    io.require_writable(tmp_path / "a" / "b" / "out")
    assert not list(tmp_path.iterdir())


# ---- At the edge ----------------------------------------------------------------------------


def test_where_a_disk_has_no_hard_links_a_file_is_created_once_too(tmp_path, monkeypatch):
    def refuse(*_args, **_keywords):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    assert io.create_file(tmp_path / "choice.json", b"first")
    assert not io.create_file(tmp_path / "choice.json", b"second")
    assert read(tmp_path) == {"choice.json": b"first"}


@pytest.mark.parametrize("in_the_way", ["a folder", "an empty file"])
def test_whatever_stands_at_its_place_a_new_file_leaves_it(tmp_path, in_the_way):
    path = tmp_path / "choice.json"
    path.mkdir() if in_the_way == "a folder" else path.touch()
    assert not io.create_file(path, b"new")
    assert path.is_dir() == (in_the_way == "a folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["choice.json"]


def test_an_empty_folder_is_a_place_to_write(tmp_path, way):
    out = tmp_path / "empty"
    out.mkdir()
    put(way, out, NEW)
    assert read(out) == NEW


def test_a_table_without_rows_is_its_header():
    assert io.csv_bytes(["a", "b"], []) == b"a,b\n"


def test_versions_are_counted_beyond_9999_and_strangers_are_no_versions(tmp_path):
    io.publish_version(tmp_path, MARKER, OLD)
    (tmp_path / "versions" / "notes").mkdir()
    assert io.publish_version(tmp_path, MARKER, NEW) == "0002"
    (tmp_path / "versions" / "9999").mkdir()
    assert io.publish_version(tmp_path, MARKER, OLD) == "10000"


def test_where_current_points_nowhere_a_new_version_mends_it(tmp_path):
    io.publish_version(tmp_path, MARKER, OLD)
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("versions/0007")
    assert io.publish_version(tmp_path, MARKER, OLD) == "0002"
    assert read(tmp_path) == OLD


def test_where_folders_cannot_be_exchanged_in_one_step_they_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(io, "_exchange", lambda *_: False)
    for content in (OLD, NEW):
        io.replace_folder(tmp_path / "out", MARKER, content)
    assert read(tmp_path / "out") == NEW
    assert hidden(tmp_path) == []


def test_a_folder_may_be_read_by_whom_the_umask_lets(tmp_path, way):
    before = os.umask(0o027)
    try:
        put(way, tmp_path / "out", NEW)
    finally:
        assert os.umask(before) == 0o027
    held = tmp_path / "out" if way == "replace_folder" else tmp_path / "out" / "versions" / "0001"
    assert held.stat().st_mode & 0o777 == 0o750
    assert (held / MARKER).stat().st_mode & 0o777 == 0o640


def test_the_umask_of_the_process_is_never_touched(tmp_path, way, monkeypatch):
    """It can be read only by changing it, and meanwhile another thread's files are open to all."""

    def refuse(_):
        raise AssertionError

    monkeypatch.setattr(os, "umask", refuse)
    put(way, tmp_path / "out", NEW)
    assert (tmp_path / "out").is_dir()


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    io.replace_folder(tmp_path / "real", MARKER, OLD)
    (tmp_path / "link").symlink_to("real")
    io.replace_folder(tmp_path / "link", MARKER, NEW)
    assert hidden(tmp_path) == []
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "real") == NEW


def test_the_folder_that_one_stands_in_can_be_written(tmp_path, monkeypatch):
    io.replace_folder(tmp_path / "out", MARKER, OLD)
    monkeypatch.chdir(tmp_path / "out")
    io.replace_folder(Path(), MARKER, NEW)
    assert read(tmp_path / "out") == NEW


def test_publishing_the_same_again_mends_a_lost_link(tmp_path):
    io.publish_version(tmp_path, MARKER, OLD)
    (tmp_path / "incidents.csv").unlink()
    io.publish_version(tmp_path, MARKER, OLD)
    assert read(tmp_path) == OLD


def test_a_link_to_a_file_stays_a_link(tmp_path):
    (tmp_path / "link.csv").symlink_to("true.csv")
    io.write_file(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "true.csv").read_bytes() == b"new"


# ---- Refused --------------------------------------------------------------------------------


def test_a_place_below_a_file_is_refused_before_anything_is_computed(tmp_path):
    (tmp_path / "kept").write_text("in the way")
    with pytest.raises(OutputError, match="kept"):
        io.require_writable(tmp_path / "kept" / "record.json")


def test_a_folder_that_takes_no_files_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "access", lambda folder, how: asked.append((folder, how)))
    with pytest.raises(OutputError, match=r"\. Nothing was left behind\."):
        io.require_writable(tmp_path / "a" / "out")
    assert asked == [(tmp_path.resolve(), os.W_OK | os.X_OK)]


def test_a_folder_where_a_file_belongs_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "year.csv").mkdir()
    with pytest.raises(OutputError, match=r"\. Nothing was left behind\."):
        io.write_file(tmp_path / "year.csv", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["year.csv"]


def test_a_folder_that_holds_something_else_is_refused_and_left_as_it_is(tmp_path, way):
    (tmp_path / "thesis.doc").write_bytes(b"years of work")
    with pytest.raises(OutputError, match=r"contains other files \(thesis\.doc\):"):
        put(way, tmp_path, NEW)
    assert read(tmp_path) == {"thesis.doc": b"years of work"}
    assert hidden(tmp_path) == []


def test_a_folder_of_ours_with_a_strange_file_in_it_is_refused(tmp_path, way):
    put(way, tmp_path / "out", OLD)
    (tmp_path / "out" / "notes.txt").write_bytes(b"mine")
    with pytest.raises(
        OutputError,
        match=r"Choose a new or empty folder as --out\.",
    ):
        put(way, tmp_path / "out", NEW)
    assert read(tmp_path / "out") == {**OLD, "notes.txt": b"mine"}


def test_files_of_our_names_without_the_marker_are_refused(tmp_path, way):
    (tmp_path / "incidents.csv").write_bytes(b"mine")
    with pytest.raises(
        OutputError, match=f"contains other files \\(incidents\\.csv\\): it has no {MARKER}"
    ):
        put(way, tmp_path, NEW)
    assert read(tmp_path) == {"incidents.csv": b"mine"}


def test_a_file_where_a_folder_belongs_is_refused(tmp_path, way):
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"is a file, not a folder\. Choose another --out\."):
        put(way, tmp_path / "out", NEW)
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_a_folder_below_a_file_is_refused_with_a_sentence(tmp_path, way):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"\. Nothing was left behind\."):
        put(way, tmp_path / "file" / "out", NEW)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_full_or_broken_disk_is_told_in_a_sentence(tmp_path, monkeypatch, way, code):
    def full(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as refused:
        put(way, tmp_path / "out", NEW)
    assert str(refused.value) == (
        f"{tmp_path / 'out'} can't be written: {os.strerror(code)}. Nothing was left behind."
    )
    assert hidden(tmp_path) == []


def test_a_write_that_the_system_cuts_short_leaves_the_old_files(tmp_path, way):
    put(way, tmp_path / "out", OLD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OutputError, match="can't be written: File too large"):
            put(way, tmp_path / "out", {**NEW, "incidents.csv": b"x" * 10_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read(tmp_path / "out") == OLD
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_is_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        io.json_bytes({"share": [number]})


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_whichever_step_fails_a_single_file_is_the_old_one(tmp_path, monkeypatch, step):
    path = tmp_path / "year.csv"
    io.write_file(path, b"old")

    def fail(*_args, **_keywords):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match="No space left"):
        io.write_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["year.csv"]


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_whichever_step_fails_a_new_file_is_not_there(tmp_path, monkeypatch, step):
    def fail(*_args, **_keywords):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match="No space left"):
        io.create_file(tmp_path / "choice.json", b"new")
    assert not list(tmp_path.iterdir())


def test_of_many_writers_of_a_new_file_one_alone_creates_it_whole(tmp_path):
    start, created = threading.Barrier(8), []

    def write(content):
        start.wait()
        if io.create_file(tmp_path / "choice.json", content):
            created.append(content)

    writers = [threading.Thread(target=write, args=(bytes([n]) * 9999,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(created) == 1
    assert read(tmp_path) == {"choice.json": created[0]}


def test_every_file_and_its_folder_is_brought_to_the_disk(tmp_path, monkeypatch, way):
    synced, sync = set(), os.fsync

    def noted(descriptor):
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    put(way, tmp_path / "out", NEW)
    held = tmp_path / "out" if way == "replace_folder" else tmp_path / "out" / "current"
    assert {path.stat().st_ino for path in (held, *held.iterdir())} <= synced


def test_whichever_step_fails_a_reader_finds_the_old_files_or_the_new(tmp_path, way):
    number, n_failed = 0, 0
    while True:
        number += 1
        out = tmp_path / str(number) / "out"
        put(way, out, OLD)
        with pytest.MonkeyPatch.context() as patch:
            taken = failing_at(patch, number)
            try:
                put(way, out, NEW)
            except OutputError as error:
                n_failed += "No space left on device" in str(error)
        assert read(out) in (OLD, NEW)
        left = [name for name in hidden(out.parent) if name != ".current.new"]
        assert left == []
        if len(taken) < number:
            break
    assert n_failed >= 4


@pytest.fixture(scope="module", name="killed")
def _killed(tmp_path_factory):
    """Kill a writer before each of its steps; give each way's folders, the last one unharmed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(csa.__file__).parents[1])}
    folders = {}
    for way in ("replace_folder", "publish_version"):
        for last in range(1, 40):
            out = tmp_path_factory.mktemp(way) / "out"
            put(way, out, OLD)
            command = [sys.executable, "-c", KILLED, str(out), way, str(last), *STEPS]
            code = subprocess.run(command, check=False, env=environment).returncode
            assert code in (0, -signal.SIGKILL)
            folders.setdefault(way, []).append(out)
            if code == 0:
                break
    return folders


@pytest.mark.system
def test_whenever_a_writer_is_killed_a_reader_finds_the_old_files_or_the_new(killed, way):
    found = [read(out) for out in killed[way]]
    assert all(each in (OLD, NEW) for each in found)
    assert found[0] == OLD
    assert found[-1] == NEW
    assert len(found) > 4


def test_after_a_replacing_writer_was_killed_the_next_one_succeeds(killed):
    for out in killed["replace_folder"]:
        io.replace_folder(out, MARKER, NEW)
        assert read(out) == NEW


def test_after_a_publishing_writer_was_killed_the_next_one_succeeds(killed):
    for out in killed["publish_version"]:
        io.publish_version(out, MARKER, NEW)
        assert read(out) == NEW


def test_without_exchange_too_a_failing_step_leaves_the_old_files(tmp_path, monkeypatch):
    out = tmp_path / "out"
    io.replace_folder(out, MARKER, OLD)
    monkeypatch.setattr(io, "_exchange", lambda *_: False)
    for number in range(1, 9):
        with pytest.MonkeyPatch.context() as patch:
            failing_at(patch, number)
            try:
                io.replace_folder(out, MARKER, NEW)
            except OutputError:
                assert read(out) in (OLD, NEW)


def test_while_a_folder_is_replaced_it_is_never_away(tmp_path):
    out = tmp_path / "out"
    io.replace_folder(out, MARKER, OLD)
    is_done, n_away, n_looks = threading.Event(), 0, 0

    def look():
        nonlocal n_away, n_looks
        while not is_done.is_set():
            n_looks += 1
            n_away += not out.is_dir()

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(60):
        io.replace_folder(out, MARKER, NEW if turn % 2 else OLD)
    is_done.set()
    reader.join()
    assert n_looks > 0
    assert n_away == 0


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
VALUES = st.one_of(
    TEXT,
    st.builds(str.__add__, st.sampled_from("=+-@\t\n\uff1d"), TEXT),
    st.integers(-1000, 1000),
    st.floats(-180, 180),
    st.none(),
)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=6))
def test_a_table_reads_back_as_written_and_no_text_of_it_is_a_formula(rows):
    found = cells(io.csv_bytes(["a", "b"], rows))
    assert found[0] == ["a", "b"]
    for row, texts in zip(rows, found[1:], strict=True):
        for value, text in zip(row, texts, strict=True):
            if isinstance(value, str):
                assert text in (value, f"'{value}")
                assert (text != value) == value.startswith(io.FORMULA_STARTS)
            else:
                assert text == ("" if value is None else str(value))


def test_a_carriage_return_inside_a_text_begins_no_row():
    assert cells(io.csv_bytes(["a", "b"], [("x\r=cmd()", 1)])) == [
        ["a", "b"],
        ["x\n=cmd()", "1"],
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("ab=é", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_has_the_same_bytes_each_time_and_reads_back(value):
    content = io.json_bytes(value)
    assert content == io.json_bytes(json.loads(content))
    assert json.loads(content) == value
    assert content.endswith(b"\n")


@examples(0.3)
@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=6))
def test_versions_tell_the_history_without_repeats(tmp_path_factory, contents):
    out = tmp_path_factory.mktemp("dataset")
    for content in contents:
        io.publish_version(out, MARKER, {MARKER: content})
    changes = [c for before, c in zip([None, *contents], contents, strict=False) if c != before]
    kept = [(path / MARKER).read_bytes() for path in sorted((out / "versions").iterdir())]
    assert kept == changes
    assert (out / MARKER).read_bytes() == contents[-1]


def test_a_hidden_folder_of_the_users_is_never_taken_for_ours(tmp_path, way):
    mine = tmp_path / ".out-personal"
    mine.mkdir()
    (mine / "letter").write_text("dear")
    put(way, tmp_path / "out", NEW)
    assert (mine / "letter").read_text() == "dear"


def test_what_only_a_file_can_hold_is_returned_and_the_file_is_gone():
    seen = []

    def write(path):
        seen.append(path)
        path.write_bytes(b"a layer")

    assert io.made_in_file(write, ".gpkg") == b"a layer"
    assert seen[0].suffix == ".gpkg"
    assert not seen[0].exists()
    assert not seen[0].parent.exists()


def test_a_folder_that_cannot_be_locked_says_why_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError) as caught,
        io.locked_folder(tmp_path / "file" / "inside", OutputError("files.cannot_write")),
    ):
        raise AssertionError
    assert "Not a directory" in str(caught.value)
    assert "Errno" not in str(caught.value)


def test_a_file_that_cannot_be_made_is_told_of_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def full(path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for write in (full, lambda _: None):  # no room; nothing written at all
        with pytest.raises(OutputError) as caught:
            io.made_in_file(write, ".gpkg")
        assert caught.value.message.key == "files.cannot_write"
        assert ".gpkg" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
