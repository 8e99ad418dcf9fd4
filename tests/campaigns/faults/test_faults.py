"""What goes wrong around a command leaves the old or the new, and a sentence that says what to do.

`make faults` stops commands at every step and plays every other fault; here are a few of each, and
faults that are planted to see that a case finds them.
"""

import shutil
import sqlite3
from contextlib import closing

import pytest
from tests.campaigns.faults.cases import OTHERS, Player
from tests.campaigns.faults.mutants import MUTANTS, catch, planted
from tests.campaigns.faults.scenes import STORE
from tests.campaigns.faults.stage import FEW, ROOT, Ran, staged
from tests.campaigns.faults.steps import UNREACHED, fault_points
from tests.sentences import says
from tests.workers import long

SHARE = 0.05
STEPS = ("ingest", "decide", "backup", "restore", "measure", *long("first", "mail"))
KILLS = ("decide-postgresql", "mail", *long("decide"))
QUICK = {"disk full": "decide", "folder read-only": "backup", "clock set back": "decide", "clock far ahead": "mail",
         "twice at once": "decide", "page damaged": "decide"}  # fmt: skip


AUDITORS = [number for number, (fault, _) in enumerate(OTHERS) if fault == "store read-only"]


@pytest.fixture(scope="module")
def stage():
    with staged(FEW) as made:
        yield made


@pytest.fixture(scope="module")
def player(stage, request):
    return Player(stage, request.getfixturevalue("server"))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.long_but_first
@pytest.mark.parametrize("scene", STEPS)
def test_what_was_acknowledged_outlives_a_crash_and_nothing_half_written_is_read(player, scene):
    assert [case for case in player.steps(scene, SHARE) if case.wrong] == []


@pytest.mark.long_but_first
@pytest.mark.parametrize("scene", KILLS)
def test_a_kill_with_a_reader_beside_loses_nothing(player, scene):
    case = player.play(1, "kill", scene, 1)
    assert case.wrong == "", case


@pytest.mark.long_but_first
@pytest.mark.parametrize("number", [*map(OTHERS.index, QUICK.items()), *AUDITORS])
def test_a_fault_of_the_machine_is_said_and_leaves_the_old_or_the_new(player, number):
    case = player.play(1, *OTHERS[number], number)
    assert case.wrong == "", case


# ---- The cases themselves -------------------------------------------------------------------


def test_a_half_written_folder_and_a_lost_decision_are_found(player):
    scene, pattern, old, new, _ = player.ready("ingest")
    folder = player.copied(pattern)
    (folder / "dataset" / "current" / "incidents.parquet").write_bytes(b"half")
    assert scene.check(folder, Ran(-9, 0, "", ""), old, new).startswith("half-written")
    assert (
        scene.check(player.copied(pattern), Ran(0, 0, "", ""), old, new)
        == "said done, and is not there"
    )
    scene, pattern, old, new, _ = player.ready("decide")
    folder = player.copied(pattern)
    assert (
        scene.check(folder, Ran(-9, 0, "1.2.1 said\n", ""), old, new) == "1 entries, 2 acknowledged"
    )
    with closing(sqlite3.connect(folder / STORE)) as raw, raw:
        raw.execute("UPDATE action SET percent = 99")
    assert scene.check(folder, Ran(-9, 0, "", ""), old, new).startswith("not whole")
    shutil.rmtree(folder)


def test_an_error_of_our_own_or_none_at_all_is_found():
    assert Ran(1, 0, "", says("cli.internal", what="x")).wrong.startswith(
        "an error of the program's own"
    )
    assert Ran(2, 0, "", "").wrong == "failed without a word"
    assert Ran(-11, 0, "", "x").wrong == "exit code -11: x"
    assert Ran(2, 0, "", says("store.full", name="x", why="y")).wrong == ""


def test_each_planted_fault_has_its_text():
    """`make faults FAULTS_ARGS=--mutants` tries them all."""
    for mutant in MUTANTS:
        assert planted(mutant, ROOT / "src")
    assert fault_points() >= set(UNREACHED)


@pytest.mark.long
def test_a_backup_that_is_half_written_is_caught(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    assert catch(MUTANTS[0], tmp_path / "src")
