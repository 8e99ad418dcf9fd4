"""What was called saved is there: servers save while their store is restored, moved, replaced or damaged.

Each saver is a process of its own that has the store open; commands are a third.
"""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from tests.conftest import ROOT, make_town
from tests.stores import KINDS, act

from csa.program.store.engine import close_all, make_store
from csa.program.work import add_minute

SAVER = Path(__file__).with_name("saver.py")
SIGN = ("--by", "Clerk", "--why", "Rehearsed.")
N = 3


class Saver:
    """A process that saves, three times for each step, and what it was told of each."""

    def __init__(self, kind, process):
        self.kind, self.process = kind, process

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def use(self, address):
        self.saved = []
        assert self.ask("use", address) == "saved"
        return self

    def save(self, step):
        texts = [f"{step}-{self.kind}-{n}" for n in range(N)]
        told = [self.ask("save", text) for text in texts]
        self.saved += [text for text, one in zip(texts, told, strict=True) if one == "saved"]
        return told

    def seen(self):
        """List what its pages show."""
        return set(self.ask("read").split())


class Stand:
    """A store that two processes have open, and commands of a third."""

    def __init__(self, savers, run, address):
        self.run, self.address = run, str(address)
        self.savers = [one.use(self.address) for one in savers]

    def csa(self, *words, code=0):
        done = self.run(*words, "--city", "testville.toml", "--store", self.address, check=False)
        close_all()  # as at a command's end
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def save(self, step):
        return [one.save(step) for one in self.savers]

    def called_saved(self):
        return {text for one in self.savers for text in one.saved}

    def on_record(self):
        """Read the trail, by a process that knows nothing of the others."""
        assert "the log is intact" in self.csa("audit", "verify")
        return texts(json.loads(self.csa("audit", "list", "--json")))


def texts(entries):
    new = [json.loads(one["new"]) for one in entries]
    return {one["text"] for one in new if "text" in one}


def in_backup(path):
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return texts(line["audit"] for line in lines if "audit" in line)


def in_file(path):
    """Read a file alone, as if it were copied without its log."""
    alone = path.with_name("alone.sqlite3")
    shutil.copy(path, alone)
    with closing(sqlite3.connect(alone)) as raw:
        raw.row_factory = sqlite3.Row
        return texts(raw.execute("SELECT * FROM audit").fetchall())


@pytest.fixture(scope="module")
def savers(tmp_path_factory):
    """One that holds a store, and one as the pages."""
    config = make_town(tmp_path_factory.mktemp("savers")).config
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    with ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        yield [
            Saver(
                kind,
                stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, str(SAVER), kind, str(config)],
                        cwd=ROOT, env=environment, **pipes,
                    )
                ),
            )
            for kind in ("store", "page")
        ]  # fmt: skip


@pytest.fixture
def stand(savers, run, tmp_path):
    return Stand(savers, run, tmp_path / "store.sqlite3")


ALL = [["saved"] * N] * 2


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_servers_go_on_while_a_backup_is_put_in_place(kind, savers, run, databases, tmp_path):
    """The command of docs/DEPLOY.md, three saves of each server around each step."""
    address = databases(kind).new()
    stand = Stand(savers, run, address)
    assert stand.save("before") == ALL
    inode = Path(address).stat().st_ino if kind == "sqlite" else 0
    stand.csa("backup", tmp_path / "b.gz")
    assert stand.save("between") == ALL
    refused = stand.csa("restore", tmp_path / "b.gz", *SIGN, code=2)
    assert "has 12 entries" in refused
    assert stand.save("refused") == ALL
    stand.csa("restore", tmp_path / "b.gz", *SIGN, "--replace")
    (kept,) = tmp_path.glob("b.gz.replaced-*")
    assert in_backup(kept) == stand.called_saved()
    assert stand.savers[1].seen() == in_backup(tmp_path / "b.gz")
    assert stand.save("restored") == ALL
    assert stand.on_record() | in_backup(kept) == stand.called_saved()
    assert stand.savers[1].seen() == stand.on_record()
    stand.csa("restore", kept, *SIGN, "--replace")
    assert stand.save("back") == ALL
    found = stand.on_record()
    assert {text for text in found if not text.startswith("back")} == in_backup(kept)
    assert len(found) == len(in_backup(kept)) + 2 * N
    assert inode == (Path(address).stat().st_ino if kind == "sqlite" else 0)


@pytest.mark.long
def test_a_store_moved_away_by_hand_is_said_and_nothing_is_called_saved(stand, tmp_path):
    """As docs/DEPLOY.md said before: `mv`, `rm` of the log, `csa restore`, with servers running."""
    path, moved = Path(stand.address), tmp_path / "moved.sqlite3"
    assert stand.save("before") == ALL
    stand.csa("backup", tmp_path / "b.gz")
    assert stand.save("between") == ALL
    before = stand.called_saved()
    path.rename(moved)
    assert stand.save("moved") == [["store.moved"] * N, ["store.gone"] * N]
    assert not path.exists()
    for part in ("-wal", "-shm"):
        path.with_name(f"{path.name}{part}").unlink(missing_ok=True)
    assert stand.save("removed") == [["store.moved"] * N, ["store.gone"] * N]
    stand.csa("restore", tmp_path / "b.gz", *SIGN)
    # The store that was opened is another one; a page opens what stands there now.
    assert stand.save("restored") == [["store.moved"] * N, ["saved"] * N]
    assert in_file(moved) == before
    assert stand.on_record() | before == stand.called_saved()
    assert stand.savers[1].seen() == stand.on_record()


def test_a_log_that_is_removed_takes_nothing_along(stand):
    path = Path(stand.address)
    assert stand.save("before") == ALL
    for part in ("-wal", "-shm"):
        path.with_name(f"{path.name}{part}").unlink()
    told = stand.save("removed")
    assert {one for line in told for one in line} <= {"saved", "store.moved"}
    assert stand.save("after") == ALL
    assert stand.on_record() == stand.called_saved()


def test_a_file_copied_over_the_store_is_another_store(stand, tmp_path):
    path = Path(stand.address)
    assert stand.save("before") == ALL
    before = stand.called_saved()
    other = make_store(str(tmp_path / "other.sqlite3"), "testville")
    add_minute(other, act(), "theirs")
    other.engine.dispose()
    shutil.copy(tmp_path / "other.sqlite3", path)  # the inode stays
    told = stand.save("copied")
    assert told[0] == ["store.moved"] * N
    assert told[1] == ["store.moved", "saved", "saved"]
    assert stand.on_record() == {"theirs"} | (stand.called_saved() - before)


def test_a_damaged_file_is_set_aside_and_servers_go_on(stand, tmp_path):
    path = Path(stand.address)
    assert stand.save("before") == ALL
    stand.csa("backup", tmp_path / "b.gz")
    assert stand.save("between") == ALL
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(bytes(8192))
    damaged = path.read_bytes()
    assert "csa restore FILE --replace" in stand.csa("audit", "verify", code=2)
    assert "csa restore FILE --replace" in stand.csa("restore", tmp_path / "b.gz", *SIGN, code=2)
    assert path.read_bytes() == damaged
    said = stand.csa("restore", tmp_path / "b.gz", *SIGN, "--replace")
    aside = tmp_path / "store.sqlite3.set-aside-1"
    assert aside.name in said
    assert aside.read_bytes() == damaged
    assert stand.save("restored") == [["store.moved"] * N, ["saved"] * N]
    assert stand.on_record() == {
        text for text in stand.called_saved() if not text.startswith("between")
    }
