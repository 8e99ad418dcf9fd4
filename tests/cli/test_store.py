"""The commands of the store, from one end to the other: the plan, areas, the trail, backups."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from tests.stores import oracle

from csa.base.text import tr
from csa.city.selection import read_areas
from csa.program.store.engine import close_all

WHO = ("--by", "Prevention team", "--why", "Neighbors named these blocks.")
AREA_CITY = ("--city", "testville.toml")
SHOWN = "fewer here and within 750 m"


@pytest.fixture
def here(town, root):
    """A folder with the project's own config."""
    shutil.copytree(root / "config", town.folder / "config")
    return town.folder


@pytest.fixture
def ask(here, run):
    """Run a command of the sample city there."""
    return lambda *words, **how: run(
        *words, *(() if "--city" in words else ("--city", "sample")), **how
    )


def refused(done, *words):
    """One sentence, the code of a user's mistake, nothing on stdout."""
    assert done.returncode == 2, (done.stderr, done.stdout)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in " ".join(done.stderr.split())


def nothing_made(folder):
    return not (folder / "var").exists()


# ---- the plan ------------------------------------------------------------------------------


def test_the_plan_without_a_store(here, ask):
    rows = json.loads(ask("plan", "list", "--json").stdout)
    assert (len(rows), {row["status"] for row in rows}) == (66, {"not started"})
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert "66 actions, 15 of them not written yet; 0 blocked" in ask("plan", "list").stdout
    assert nothing_made(here)


def test_a_change_is_set_listed_verified_and_its_day_taken_away_again(here, ask):
    words = ("--status", "At Risk", "--due", "2030-01-31", "--office", "[/red]", *WHO)
    said = ask("plan", "set", "1.2.1", *words).stdout
    assert said.startswith("1.2.1 ")
    assert ": at risk (Neighbors named these blocks.)." in said

    def row():
        rows = json.loads(ask("plan", "list", "--json").stdout)
        found = next(row for row in rows if row["number"] == "1.2.1")
        return found["status"], found["due"], found["office"]

    assert row() == ("at risk", "2030-01-31", "[/red]")
    assert "[/red]" in ask("plan", "list").stdout
    assert ask("audit", "verify").stdout.startswith("1 entries; the log is intact.\nHead: ")
    entry = json.loads(ask("audit", "list", "--json").stdout)
    assert entry[0]["item"] == "1.2.1"
    assert [entry[0]["hash"]] == oracle(entry)
    assert "Prevention team" in ask("audit", "list", "--item", "1.2.1").stdout
    assert "No change" in ask("audit", "list", "--item", "x").stdout
    assert (here / "var" / "sample.sqlite3").is_file()
    ask("plan", "set", "1.2.1", "--due", "none", *WHO)
    assert row() == ("at risk", "", "[/red]")


def test_an_open_slot_is_proposed_answered_and_named(here, ask):
    rows = json.loads(ask("plan", "list", "--json").stdout)
    number = next(row["number"] for row in rows if row["is_open"] == "yes")
    begin = ("plan", "set", number, "--status", "on-track", *WHO)
    refused(ask(*begin, check=False), "Propose one first")
    assert nothing_made(here)
    propose, answer = ("plan", "propose", number, "--title"), ("plan", "answer")
    for words, said in (
        ((*propose, "Walk together"), "change-1 proposes"),
        ((*answer, "change-1"), "once the Committee"),
        ((*answer, "change-1"), "is approved"),
    ):
        assert said in ask(*words, *WHO).stdout
    assert ask(*begin).stdout == f"{number} Walk together: on track.\n"
    ask(*propose, "Run together", *WHO)
    assert "refused" in ask(*answer, "change-2", "--refuse", *WHO).stdout
    assert "6 entries; the log is intact" in ask("audit", "verify").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plan", "set", "9.9.9", "--status", "done", *WHO), "9.9.9"),
        (("plan", "set", "1.2.1", "--status", "fine", *WHO), "'fine' is not a status"),
        (("plan", "set", "1.2.1", "--percent", "101", *WHO), "101"),
        (("plan", "set", "1.2.1", "--due", "soon", *WHO), "soon"),
        (("plan", "set", "1.2.1", "--area", "B", *WHO), "No core service area B"),
        (("plan", "set", "1.2.1", "--evidence", "javascript:x", *WHO), "javascript"),
        (("plan", "set", "1.2.1", "--on", "2999-01-01", *WHO), "is after today"),
        (("plan", "set", "1.2.1", "--by", " ", "--why", "x"), "--by"),
        (("plan", "set", "1.2.1", "--by", "x", "--why", ""), "--why"),
        (
            ("plan", "set", "1.2.1", "--by", "x", "--why", "\udcff"),
            "a character that can't be saved",
        ),
        (("plan", "set", "1.2.1", "--by", "x"), "--why"),
        (("plan", "propose", "1.2.1", *WHO), "title"),
        (("plan", "propose", "1.2.1", "--title", "x" * 161, *WHO), "160"),
        (("plan", "answer", "change-1", *WHO), "No change 'change-1'"),
        (("area", "retire", "B", *WHO), "No area 'B'"),
        (("area", "begin", "B", *WHO), "No area 'B'"),
        (
            ("area", "designate", "B", "--areas", "absent", *WHO),
            "is not a folder written by csa propos",
        ),
        (
            ("area", "maintain", "B", "--displaced", "absent", *WHO),
            "is not a folder written by csa displace",
        ),
        (("audit", "verify"), "No store yet at var/sample.sqlite3"),
        (("backup", "b.gz"), "No store yet"),
        (("restore", "absent.gz", *WHO), "can't be read"),
        (("plan", "list", "--city", "nowhere"), "nowhere"),
        (("plan", "list", "--store", "mysql://me:geheim@h/x"), "A store must be a file's path"),
    ],
)
def test_what_is_refused_makes_nothing(here, ask, words, sentence):
    refused(ask(*words, check=False), sentence)
    assert nothing_made(here)


def test_where_the_store_is(here, ask, monkeypatch):
    monkeypatch.setenv("CSA_STORE", "elsewhere/store.sqlite3")
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    assert (here / "elsewhere" / "store.sqlite3").is_file()
    assert nothing_made(here)
    refused(ask("audit", "verify", "--store", "third.sqlite3", check=False), "third.sqlite3")
    monkeypatch.setenv("CSA_STORE", "postgresql://me:geheim@127.0.0.1:1/x?password=geheim")
    for words in (("audit", "verify"), ("plan", "set", "1.2.1", "--status", "done", *WHO)):
        done = ask(*words, check=False)
        refused(done, "is not responding")
        assert "geheim" not in done.stderr
    for more in ((), ("--json",)):
        assert "geheim" not in ask("config", "show", "--city", "sample", *more).stdout


def test_a_city_without_a_plan(run, town):
    refused(run("plan", "list", *AREA_CITY, check=False), "plan")


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "list"),
        ("plan", "set", "1.2.1", "--status", "done", *WHO),
        ("area", "list"),
        ("measure", "approve", "2020-Q1", *WHO),
        ("correct", "area B/1", "on_date=2020-05-20", *WHO),
        ("audit", "verify"),
        ("backup", "b.gz"),
        ("propose", "--dataset", "ds", "--out", "pr"),
    ],
)
def test_without_a_city_nothing_is_guessed_and_the_sentence_says_what_to_type(here, run, words):
    name = " ".join(words[: 1 + (words[0] in {"plan", "area", "measure", "audit"})])
    refused(run(*words, check=False), f"csa {name} needs a city. ", f"csa {name} --city s")
    assert nothing_made(here)


# ---- the trail and backups -----------------------------------------------------------------


def tamper(here, *statements):
    with sqlite3.connect(here / "var" / "sample.sqlite3") as raw:
        for statement in statements:
            raw.execute(statement)
    raw.close()


def test_verify_says_what_is_broken(here, ask):
    def broken(said, *statements):
        tamper(here, *statements)
        done = ask("audit", "verify", check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr

    for number in ("1.2.1", "1.2.2"):
        ask("plan", "set", number, "--status", "done", *WHO)
    update = "UPDATE action SET status = '{}' WHERE key = '1.2.2'"
    strange = "2 entries with no break, but 1 rows do not match the log: 1.2.2."
    broken(strange, update.format("blocked"))
    guard = "DROP TRIGGER audit_no_delete"
    broken("someone removed its triggers", update.format("done"), guard)
    why = "UPDATE audit SET why = 'x' WHERE id = 2"
    broken("broken at entry 2", "DROP TRIGGER audit_no_update", why)


def test_a_printed_head_is_found_again_or_missed(here, ask):
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    head = ask("audit", "verify").stdout.rpartition("Head: ")[2].strip()
    ask("plan", "set", "1.2.2", "--status", "done", *WHO)
    for given in (head, head[:12], head.upper()):
        assert "The given head is entry 1." in ask("audit", "verify", "--head", given).stdout
    for given in ("0123456789abcdef", head[:11]):
        done = ask("audit", "verify", "--head", given, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "2 entries with no break, but none has the hash" in done.stderr


def test_a_store_is_one_citys(here, ask):
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    words = ("plan", "list", "--city", "kansas-city", "--store", "var/sample.sqlite3")
    refused(ask(*words, check=False), "is for the city sample, not kansas-city")


def test_a_backup_and_back(here, ask):
    ask("plan", "set", "1.2.1", "--status", "on-track", *WHO)
    assert "1 entries" in ask("backup", "kept/b.gz").stdout
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    refused(ask("restore", "kept/b.gz", *WHO, check=False), "has 2 entries", "add --replace")
    said = ask("restore", "kept/b.gz", *WHO, "--replace").stdout
    assert "with its 1 entries" in said
    assert "The store it replaced is saved in kept/b.gz.replaced-" in said
    safe = next((here / "kept").glob("*.replaced-*"))
    content = (here / "kept" / "b.gz").read_bytes()
    (here / "kept" / "b.gz").write_bytes(content[:-9])
    again = ("restore", "kept/b.gz", *WHO, "--replace")
    refused(ask(*again, check=False), "is not a backup, or is damaged", "Nothing was changed")
    assert "2 entries; the log is intact" in ask("audit", "verify").stdout
    # Where the store itself is damaged, its sentence names a way that works.
    close_all()
    store = here / "var" / "sample.sqlite3"
    for path in store.parent.iterdir():
        path.unlink()
    for n, content in enumerate((b"x" * 5000, b"y" * 5000), start=1):
        store.write_bytes(content)
        refused(ask("audit", "verify", check=False), "Put a backup in its place")
        refused(ask("restore", safe, *WHO, check=False), "csa restore FILE --replace")
        refused(ask(*again, check=False), "Nothing was changed")
        assert store.read_bytes() == content
        said = ask("restore", safe, *WHO, "--replace").stdout
        aside = store.with_name(f"sample.sqlite3.set-aside-{n}")
        assert (aside.name in said, aside.read_bytes()) == (True, content)
        assert "3 entries; the log is intact" in ask("audit", "verify").stdout


def test_a_store_of_another_version_is_set_aside_for_a_backup_of_this_one(here, ask):
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    ask("backup", "b.gz")
    tamper(here, "UPDATE alembic_version SET version_num = '9999'")
    refused(ask("restore", "b.gz", *WHO, check=False), "is version 9999")
    ask("restore", "b.gz", *WHO, "--replace")
    assert "2 entries; the log is intact" in ask("audit", "verify").stdout
    with closing(sqlite3.connect(here / "var" / "sample.sqlite3.set-aside-1")) as raw:
        (version,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    assert version == "9999"


READING = (
    ("plan", "list"),
    ("plan", "list", "--json"),
    ("plan", "export-work", "work.csv"),
    ("area", "list"),
    ("area", "export", "areas.csv"),
    ("measure", "list"),
    ("audit", "list", "--json"),
    ("audit", "verify"),
    ("backup", "b.gz"),
)


def test_a_mistyped_store_is_no_empty_plan(here, ask):
    ask("plan", "set", "1.2.1", "--status", "done", *WHO)
    before = set(here.rglob("*"))
    for words in READING:
        done = ask(*words, "--store", "var/smaple.sqlite3", check=False)
        refused(done, "No store at var/smaple.sq")
        assert set(here.rglob("*")) == before, words


def test_what_a_deployment_names_may_come_with_the_first_decision(here, ask, monkeypatch):
    """But where even its folder is missing, its disk is not mounted, or it is mistyped."""
    for store, code in (("elsewhere/s.sqlite3", 2), ("s.sqlite3", 0)):
        monkeypatch.setenv("CSA_STORE", store)
        assert ask("plan", "list", check=False).returncode == code
        monkeypatch.delenv("CSA_STORE")
        (here / "csa.toml").write_text(f'store = "{store}"\n')
        assert ask("plan", "list", check=False).returncode == code
        (here / "csa.toml").unlink()
    assert ask("plan", "list").returncode == 0
    assert nothing_made(here)


def test_a_refused_command_makes_no_table_on_postgresql(ask, here, databases, server, monkeypatch):
    address = databases("postgresql").new()
    monkeypatch.setenv("CSA_STORE", address)
    assert ask("plan", "set", "1.2.1", "--status", "fine", *WHO, check=False).returncode == 2
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert server.run(tables, address.rpartition("/")[2]) == []


@pytest.mark.system
def test_the_command_on_postgresql(here, databases, server):
    """In a process of its own, as a person runs it."""
    address = databases("postgresql").new()
    environment = {**os.environ, "CSA_STORE": address, "OPENBLAS_NUM_THREADS": "1"}

    def csa(*words):
        words = [sys.executable, "-m", "csa.cli.main", *words, "--city", "sample"]
        return subprocess.run(
            words, cwd=here, env=environment, capture_output=True, text=True, check=False
        )

    assert csa("plan", "set", "1.2.1", "--status", "done", *WHO).returncode == 0
    done = csa("audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 entries; the log is intact.")


# ---- areas ---------------------------------------------------------------------------------


@pytest.fixture
def proposed(run, town):
    """A real proposal of one area, made by the command."""
    lines = [
        f"{n},{n},2020-05-{n % 28 + 1:02d} 10:00,{n % 2},{-94.57 + n % 6 / 4000},{39.02 + n % 5 / 5000},,"
        for n in range(60)
    ]
    run("ingest", *AREA_CITY, "--places", town.places, town.write("a.csv", *lines), "--out", "ds")
    run("propose", *AREA_CITY, "--dataset", "ds", "--out", "pr")
    return read_areas(town.folder / "pr")


def test_an_area_from_its_proposal_to_its_end(run, town, proposed):
    words = (*AREA_CITY, *WHO)

    def table(path):
        with (town.folder / path).open() as file:
            return list(csv.DictReader(file))

    said = run("area", "designate", "c-1", "--areas", "pr", "--on", "2020-06-15", *words).stdout
    assert said.startswith("Area A (West End) is designated since 2020-06-15")
    # From then on proposals say so, in words and in files, and its place keeps its number.
    propose = ("propose", *AREA_CITY, "--dataset", "ds", "--out", "pr")
    assert "c-1   West End (A)" in run(*propose).stdout
    (one,) = table("pr/areas.csv")
    assert (one["area_id"], one["served_as"], one["place_name"]) == ("c-1", "A", "West End")
    (own,) = table("pr/core_areas.csv")
    assert (own["area_id"], own["cells"], own["homicides"]) == ("A", one["cells"], one["homicides"])
    said = run("priorities", *AREA_CITY, "--dataset", "ds", "--out", "pri").stdout
    assert "West End (A)" in said
    assert table("pri/core_areas.csv") == [own]
    assert [one["served_as"] for one in table("pri/priorities.csv")] == ["A"]
    row = json.loads(run("area", "list", "--json", *AREA_CITY).stdout)[0]
    assert {int(cell, 16) for cell in row["cells"]} == proposed.cells[0]
    assert row["steps"][0]["evidence"]["area"]["incidents"] == "60"
    days = "2020-03-31", "2020-07-02"
    ends = [f"e{n},{n},{day} 10:00,0,-94.57,39.02,," for n, day in enumerate(days)]
    files = ("a.csv", town.write("b.csv", *ends))
    run("ingest", *AREA_CITY, "--places", town.places, *files, "--out", "later")
    begin = ("area", "begin", "A", "--on", "2020-07-05", "--dataset", "later", *words)
    said = " ".join(run(*begin).stdout.split())
    assert said == tr("keep.begun", area="A", day="2020-07-05", n=2)
    refused(run(*begin, check=False), tr("decide.begun", area="A", day="2020-07-05"))
    assert "1 areas" in run("area", "export", "areas.csv", *AREA_CITY).stdout
    run("area", "export", "areas.geojson", *AREA_CITY)
    assert json.loads((town.folder / "areas.geojson").read_text())["type"] == "FeatureCollection"
    refused(run("area", "export", "areas.shp", *AREA_CITY, check=False), ".csv, .geojson or .gpkg")
    assert not (town.folder / "areas.shp").exists()
    assert read_areas(town.folder / "areas.csv").cells == proposed.cells
    maintain = ("area", "maintain", "A", "--displaced", "dis", *words)
    for cells, verdict, told in (
        (row["cells"][1:], SHOWN, "is for other cells"),
        (row["cells"], "no clear change", "no clear change"),
    ):
        displaced(town, cells, verdict)
        refused(run(*maintain, check=False), told)
    displaced(town, row["cells"])
    assert "in maintenance" in run(*maintain).stdout
    early = run("area", "retire", "A", "--on", "2020-01-01", *words, check=False)
    refused(early, "before the last step")
    assert "retired" in run("area", "retire", "A", *words).stdout
    said = run("area", "list", *AREA_CITY).stdout
    assert [said.count(state) for state in ("designated", "maintenance", "retired")] == [1, 1, 1]
    assert "0 areas" in run("area", "export", "areas.csv", *AREA_CITY).stdout
    assert "the log is intact" in run("audit", "verify", *AREA_CITY).stdout


def test_work_plans_go_out_are_counted_and_come_back(run, town, proposed):
    words = (*AREA_CITY, *WHO)
    run("area", "designate", "c-1", "--areas", "pr", "--on", "2020-06-15", *words)
    rows = (
        "item,area,text,office,status\ntask,A,Fix the lamp,Public Works,\nlesson,A,Begin early,,\n"
    )
    (town.folder / "in.csv").write_text(rows)
    take = ("plan", "import-work", "in.csv", *words)
    give = ("plan", "export-work", "out.csv", *AREA_CITY)
    said = run(*take, "--dry-run").stdout
    assert said.startswith("Work plans in in.csv: 2 rows would be added, 0 changed; 0 already on")
    assert "0 rows of work plans" in run(*give).stdout
    assert "2 rows added, 0 changed, 0 already on record" in run(*take).stdout
    assert "0 rows added, 0 changed, 2 already on record" in run(*take).stdout
    assert "Wrote 2 rows of work plans to out.csv" in run(*give).stdout
    with (town.folder / "out.csv").open() as file:
        found = [(row["key"], row["text"], row["status"]) for row in csv.DictReader(file)]
    assert found == [("A/task-1", "Fix the lamp", "not-started"), ("A/lesson-1", "Begin early", "")]
    (town.folder / "in.csv").write_text(f"{rows}task,Z,x,y,\ntask,A,x,y,fine\n")
    listing = ("audit", "list", "--json", *AREA_CITY)
    before = run(*listing).stdout
    refused(run(*take, check=False), "2 errors", "Row 4: No core", "Row 5: status must be one of")
    assert run(*listing).stdout == before


def drawn(town, **areas):
    """A file of areas as somebody drew them."""
    rows = [f"{name},{' '.join(cells)}" for name, cells in areas.items()]
    (town.folder / "drawn.csv").write_text("\n".join(["area_id,cells", *rows]) + "\n")
    return ("--areas", "drawn.csv")


def test_an_area_is_redrawn_split_and_merged_and_its_day_stays(run, town, proposed):
    words, on = (*AREA_CITY, *WHO), ("--on", "2020-06-15")
    run("area", "designate", "c-1", "--areas", "pr", *on, *words)
    cells = [f"{cell:015x}" for cell in sorted(proposed.cells[0])]
    assert len(cells) > 3
    on = ("--on", "2020-07-01")
    said = run("area", "redraw", "A", *drawn(town, x=cells[1:]), *on, *words).stdout
    assert said.startswith("Area A has new cells from 2020-07-01.")
    refused(
        run("area", "redraw", "A", *drawn(town, x=cells[:1]), *on, *words, check=False),
        "The new cells share none with area A",
    )
    parts = drawn(town, x=cells[1:2], y=cells[2:])
    assert "split from 2020-07-01: A, B." in run("area", "split", "A", *parts, *on, *words).stdout
    assert "Area B is part of area A" in run("area", "merge", "A", "B", *on, *words).stdout
    row = json.loads(run("area", "list", "--json", *AREA_CITY).stdout)[0]
    assert (row["area_id"], row["cells"]) == ("A", cells[1:])
    said = " ".join(run("area", "list", *AREA_CITY).stdout.split())
    assert "A West End: designated since June 15, 2020." in said
    assert said.count("A West End: new cells since July 1, 2020.") == 3
    run("area", "export", "areas.csv", *AREA_CITY)
    chosen = read_areas(town.folder / "areas.csv")
    assert [str(one.since) for one in chosen.versions[0]] == ["2020-07"]
    assert "the log is intact" in run("audit", "verify", *AREA_CITY).stdout


def displaced(town, cells, verdict=SHOWN):
    """What `csa displace` writes, of one area."""
    folder = town.folder / "dis"
    folder.mkdir(exist_ok=True)
    account = {
        "kind": "displacement", "format_version": 1, "city": "testville", "data_fingerprint": "f", "versions": {},
        "data_through": "2021-08-21", "since": "2020-07", "through": "2021-07", "boundary": {},
        "pooled": {"verdict": "no clear change"},
        "single": [{"area_id": "A", "verdict": verdict, "sentence": "x", "cells": cells}],
    }  # fmt: skip
    (folder / "displacement.json").write_text(json.dumps(account))


def test_no_area_yet(run, town):
    assert "No core service areas yet" in run("area", "list", *AREA_CITY).stdout
    assert json.loads(run("area", "list", "--json", *AREA_CITY).stdout) == []
    assert nothing_made(town.folder)


def test_a_day_on_record_is_corrected_and_the_old_one_shows(run, town, proposed):
    words = (*AREA_CITY, "--by", "Committee", "--why", "The minutes say April.")
    fix = ("correct", "area A/1", "--dataset", "ds", *words)
    run("area", "designate", "c-1", "--areas", "pr", "--on", "2020-06-15", *AREA_CITY, *WHO)
    refused(run(*fix, "on_date=2020-05-20", check=False), "area A counts from June 2020")
    said = " ".join(run(*fix, "on_date=2020-05-20", "--effects-read").stdout.split())
    assert "was 2020-06-15, corrected on" in said
    assert "Anything approved or handed out before stays as it was" in said
    said = " ".join(run("area", "list", *AREA_CITY).stdout.split())
    assert "designated since May 20, 2020" in said
    assert "was 2020-06-15" in said
    assert "because: The minutes say April." in said
    before = json.loads(run("audit", "list", "--json", *AREA_CITY).stdout)
    for value, sentence in (
        ("on_date=2020-04-30", "before the data begin (2020-05-01)"),
        ("on_date=2999-01-01", "is after today"),
        ("on_date=soon", "must be a date"),
        ("on_date", "NAME=VALUE"),
        ("state=retired", "field must be one of on_date"),
    ):
        refused(run(*fix, value, check=False), sentence)
    refused(run("correct", "1.2.1", "percent=half", *words, check=False), "must be a number")
    assert json.loads(run("audit", "list", "--json", *AREA_CITY).stdout) == before
    assert "the log is intact" in run("audit", "verify", *AREA_CITY).stdout
