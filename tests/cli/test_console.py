"""What the command prints, and what it imports before it has anything to do."""

import json
import subprocess
import sys

import pytest
from rich.table import Table

from csa.base.message import msg
from csa.cli import console
from csa.program.store.engine import make_store

HEAVY = (
    "geopandas", "h3", "matplotlib", "numpy", "pandas", "pandera", "pyarrow", "pyproj", "requests", "scipy",
    "shapely", "sklearn",
)  # fmt: skip

# ---- By hand --------------------------------------------------------------------------------


def test_a_message_is_a_note_unless_it_warns():
    note = msg("source.empty", path="a.csv")
    assert console.as_note(note) == f"Note: {note}"
    warning = msg("source.empty", path="Warning: a.csv")
    assert console.as_note(warning) == str(warning)


def test_json_keeps_letters_and_the_order_of_keys(capsys):
    console.show_json({"b": "café", "a": [1]})
    said = capsys.readouterr().out
    assert list(json.loads(said)) == ["b", "a"]
    assert "café" in said


def test_a_failure_is_one_sentence_on_stderr_and_a_code(capsys):
    with pytest.raises(SystemExit) as caught:
        console.fail("There is no such file.", 2)
    said = capsys.readouterr()
    assert (caught.value.code, said.out, said.err) == (2, "", "csa: There is no such file.\n")


# ---- At the edge ----------------------------------------------------------------------------


def test_no_sentence_prints_nothing(capsys):
    console.show()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["[bold]Elm[/bold]", "a :cat: b", "[/]", "x" * 300])
def test_what_a_file_says_is_printed_as_it_is(capsys, name):
    console.show(name)
    assert capsys.readouterr().out == f"{name}\n"


@pytest.mark.parametrize("mark", ["\x1b[2J", "\x07", "\x9b2J", "\u202e", "\u2066"])
def test_a_terminal_does_not_do_what_a_file_says(capsys, mark):
    console.show(f"a{mark}b\tc\nd")
    table = Table(f"h{mark}h", box=None, pad_edge=False)
    table.add_row(f"a{mark}b")
    console.show_table(table)
    with pytest.raises(SystemExit):
        console.fail(f"a{mark}b", 2)
    said = capsys.readouterr()
    assert said.err == f"csa: a\ufffd{mark[1:]}b\n"
    shown = f"a\ufffd{mark[1:]}b"
    assert said.out.split() == [shown, "c", "d", f"h\ufffd{mark[1:]}h", shown]


def test_a_table_too_prints_names_as_they_are(capsys):
    table = Table("Address", box=None, pad_edge=False)
    table.add_row("[red]1 :cat: Elm St")
    console.show_table(table)
    found = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert found == ["Address", "[red]1 :cat: Elm St"]


# ---- True in general ------------------------------------------------------------------------


def heavy_in(words, names):
    """Which heavy modules a command loads, in a process of its own."""
    code = (
        "import atexit, sys, csa.cli.main; sys.argv = ['csa', *sys.argv[1:]];"
        f"atexit.register(lambda: print('HEAVY', [m for m in {names} if m in sys.modules]));"
        "csa.cli.main.main()"
    )
    words = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_waits_for_no_heavy_import(option):
    assert heavy_in([option], (*HEAVY, "pydantic", "sqlalchemy")) == "HEAVY []"


@pytest.mark.parametrize(
    "words",
    [
        ("area", "list"),
        ("area", "list", "--json"),
        ("plan", "list"),
        ("plan", "calendar", "--out", "due.ics"),
        ("audit", "list"),
    ],
)
def test_commands_on_decisions_load_nothing_that_computes(words, tmp_path, root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "store.sqlite3"
    make_store(str(store), "sample")
    of = ("--city", root / "config" / "sample.toml", "--store", store)
    assert heavy_in((*words, *of), HEAVY) == "HEAVY []"
