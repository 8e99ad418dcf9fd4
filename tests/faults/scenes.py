"""What is done while something goes wrong: each scene is a folder, a command, and what must hold after.

After a fault a scene's `check` compares what can be read with what was there before and with what an
unharmed run leaves (`old`, `new`): one of them, whole. Then the command is run again, and must leave
the new.
"""

import hashlib
import json
import re
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager

from tests.faults.stage import KILLED, ROOT
from tests.mail_server import MONTH, MailLog, deployment, serving, write_editions
from tests.stores import act

from csa.base.clock import now_utc
from csa.base.io import CURRENT
from csa.program.store.audit import verify
from csa.program.store.backup import load_backup
from csa.program.store.engine import open_store
from csa.program.work import add_minute

CITY, STORE = "config/sample.toml", "store.sqlite3"
SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"
OURS = ("--city", CITY, "--store", STORE)
SIGN = ("--by", "Prevention team", "--why", "Rehearsed.")
ACTIONS = ("1.2.1", "1.2.2", "1.2.4", "1.3.1", "1.3.2", "1.2.1")


def months_until(day, target):
    """Write the sample's shootings as they were known on a day."""
    head, *rows = SHOOTINGS.read_text(encoding="utf-8").splitlines(keepends=True)
    at = head.split(",").index("date")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(head + "".join(row for row in rows if row.split(",")[at][:10] <= day))
    return target


def hashes(folder):
    """Read a file, or a folder as its readers do: links followed, what begins with a dot left out."""
    if folder.is_file():
        return {"": hashlib.sha256(folder.read_bytes()).hexdigest()}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    named = {str(path.relative_to(folder)): path for path in paths}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named.items()
        if not re.search(r"(^|/)(\.|lock$)", name)
    }


def left_over(folder):
    """List what killed writers left beside their places; the system's temporary folder is its own."""
    found = [path for path in folder.rglob(".csa-tmp-*") if folder / "tmp" not in path.parents]
    return [str(path) for path in found]


def told(address):
    """Read a store: its entries, and what is wrong with it, if anything."""
    store = open_store(str(address))
    if store is None:
        return 0, ""
    try:
        with store.reading() as session:
            found = verify(session)
    finally:
        store.engine.dispose()
    return found.head.n, "" if found.is_intact else f"not whole: {found}"


class Scene:
    """A command that writes files or folders, each of them old or new."""

    def __init__(
        self, name, weight, words, outputs, earlier=(), *, needs=("city",), versioned=False
    ):
        self.name, self.weight, self.words, self.outputs = name, weight, words, outputs
        self.earlier, self.needs, self.versioned = earlier, needs, versioned

    def build(self, stage, folder):
        """Make the folder as it is before the command."""
        folder.mkdir(parents=True)
        shutil.copytree(ROOT / "config", folder / "config")
        if "data" in self.needs:
            left_out = shutil.ignore_patterns("shootings.csv")
            shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample", ignore=left_out)
            months_until("2020-06-30", folder / "early" / "shootings.csv")
            months_until("2017-01-31", folder / "short" / "shootings.csv")
            months_until("2016-12-31", folder / "shorter" / "shootings.csv")
        if "dataset" in self.needs:
            shutil.copy(SHOOTINGS, folder / "data" / "sample")
            stage.must(folder, [("ingest", "--city", CITY, "--out", "dataset")])
        else:  # by the machine's clock, not by the made-up city's
            text = (folder / CITY).read_text(encoding="utf-8")
            (folder / CITY).write_text(re.sub(r"(?m)^today = .*$", "", text), encoding="utf-8")
        if "store" in self.needs:
            stage.must(folder, [("plan", "set", "1.2.3", *OURS, *SIGN, "--percent", "7")])
        if self.earlier:
            stage.must(folder, self.earlier)

    @contextmanager
    def played(self, _folder):
        """Set the scene for one case: what it needs beside its folder."""
        yield

    def lines(self, _folder):
        return [self.words]

    def read(self, folder):
        """Read each output."""
        inner = CURRENT if self.versioned else "."
        return [hashes(folder / output / inner) for output in self.outputs]

    def check(self, folder, ran, old, new):
        """Say what does not hold after a fault; empty if all does."""
        found = self.read(folder)
        halves = [
            now for was, now, then in zip(old, found, new, strict=True) if now not in (was, then)
        ]
        if halves:
            return f"half-written: {halves}"
        if ran.code == 0 and found != new:
            return "said done, and is not there"
        return ""

    def again(self, stage, folder, new):
        """Run the command once more without a fault: all must be as if none had been."""
        ran = stage.run_one(folder, self.lines(folder))
        if ran.code:
            return f"the next run fails: {ran.err}"
        if self.read(folder) != new:
            return "the next run leaves something else"
        return "; ".join(left_over(folder))[:300]


class StoreScene(Scene):
    """Decisions: as many entries as were acknowledged, or one more; the chain whole."""

    def address(self, folder):
        return folder / STORE

    def lines(self, folder):
        ours = ("--city", CITY, "--store", self.address(folder))
        return [
            (
                "plan",
                "set",
                number,
                *ours,
                "--by",
                "Prevention team",
                "--why",
                f"Step {n}.",
                "--percent",
                n + 10,
            )
            for n, number in enumerate(ACTIONS)
        ]

    def read(self, folder):
        return told(self.address(folder))

    def check(self, folder, ran, old, new):
        n, wrong = told(self.address(folder))
        least = old[0] + len(re.findall(r"^\d\.\d\.\d ", ran.out, re.MULTILINE))
        if not wrong and not least <= n <= least + 1:
            wrong = f"{n} entries, {least} acknowledged"
        return wrong

    def again(self, stage, folder, new):
        before, _ = told(self.address(folder))
        ran = stage.run_one(folder, self.lines(folder)[-1:])
        n, wrong = told(self.address(folder))
        if ran.code or n != before + 1:
            return f"the next decision fails: {ran.err or n}"
        return wrong


class PostgresScene(StoreScene):
    """The same on PostgreSQL, of which a case gets a fresh database."""

    server = None

    def address(self, _folder):
        return self.where

    def check(self, folder, ran, old, new):
        """Wait for what the dead had asked for: the server may carry out a last commit."""
        until = time.monotonic() + 20
        busy = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{self.where.rpartition('/')[2]}'"  # noqa: S608 - a test's own
        while self.server.run(busy) and time.monotonic() < until:
            time.sleep(0.05)
        return super().check(folder, ran, old, new)

    @contextmanager
    def played(self, _folder):
        self.where = self.server.made()
        yield
        self.server.give_back(self.where)


class BackupScene(Scene):
    """A backup over an earlier one: either is whole."""

    def build(self, stage, folder):
        super().build(stage, folder)
        stage.must(
            folder,
            [("backup", "b.gz", *OURS), ("plan", "set", "1.2.1", *OURS, *SIGN, "--percent", "9")],
        )

    def check(self, folder, ran, old, new):
        load_backup(folder / "b.gz")
        return super().check(folder, ran, old, new)


class RestoreScene(BackupScene):
    """A backup put in a store's place: the store before, or the backup and its entry."""

    def lines(self, _folder):
        return [("restore", "b.gz", *OURS, *SIGN, "--replace")]

    def read(self, folder):
        with closing(sqlite3.connect(folder / STORE)) as raw:
            return raw.execute("SELECT item FROM audit ORDER BY id").fetchall()

    def check(self, folder, ran, old, new):
        _, wrong = told(folder / STORE)
        found = self.read(folder)
        if not wrong and found not in (old, new):
            wrong = f"neither store: {found}"
        if not wrong and found == new and not list(folder.glob("b.gz.replaced-*")):
            wrong = "what was replaced is lost"
        return wrong or ("said done, and is not" if ran.code == 0 and found != new else "")

    def again(self, stage, folder, new):
        ran = stage.run_one(folder, self.lines(folder))
        n, wrong = told(folder / STORE)
        return (
            f"the next run fails: {ran.err}"
            if ran.code
            else wrong or ("" if n == 2 else f"{n} entries")
        )


class MailScene(Scene):
    """Editions to three offices: each once, and whoever may have one already is named."""

    def build(self, stage, folder):
        super().build(stage, folder)
        store = open_store(str(folder / STORE), make=True, city="sample")
        now = now_utc()
        add_minute(store, act(on=now.date(), at=now), "Go on.")
        head = store.head().hash[:12]
        store.engine.dispose()
        write_editions(folder, head)

    @contextmanager
    def played(self, folder):
        self.log = MailLog()
        with serving(self.log) as port:
            (folder / "csa.toml").write_text(deployment(port), encoding="utf-8")
            yield

    def read(self, folder):
        letters = [
            json.loads(path.read_text())
            for path in (folder / "var" / "sample" / "outbox").glob("*.json")
        ]
        return sorted((one["message_id"], one["state"], bool(one["handed"])) for one in letters)

    def check(self, folder, ran, old, new):
        _, wrong = told(folder / STORE)
        times = self.log.received()
        twice = [name for name, n in times.items() if n > 1]
        lost = [name for name, state, _ in self.read(folder) if state == "sent" and not times[name]]
        return wrong or (f"sent twice {twice}, or lost {lost}" if twice or lost else "")

    def again(self, stage, folder, new):
        ran = stage.run_one(folder, self.lines(folder))
        wrong, letters, times = (
            self.check(folder, ran, None, None),
            self.read(folder),
            self.log.received(),
        )
        unsure = [name for name, state, _ in letters if state == "sending"]
        if ran.wrong or wrong:
            return ran.wrong or wrong
        if len(letters) != 3 or len(unsure) > 1 or ran.code != (2 if unsure else 0):
            return f"{letters}, exit code {ran.code}"
        missed = [one for one in letters if one[1:] != ("sent", True) and one[0] not in unsure]
        return (
            f"not sent: {missed}"
            if missed or any(times[one[0]] != 1 for one in letters if one[0] not in unsure)
            else ""
        )


class MonthScene(Scene):
    """A new month: dataset, files and months each old or new, and together after the next run."""

    def build(self, stage, folder):
        super().build(stage, folder)
        (folder / "var").mkdir()
        months_until("2020-07-31", folder / "new" / "shootings.csv")
        stage.must(
            folder, [("month", "--city", CITY, "early/shootings.csv", "--yes", "--store", STORE)]
        )

    def read(self, folder):
        home = folder / "var" / "sample"
        months = hashes(home / "months")
        return [
            hashes(home / "dataset" / CURRENT),
            months,
            hashes(folder / "data" / "sample" / "shootings.csv"),
        ]

    def check(self, folder, ran, old, new):
        if ran.code != KILLED and (folder / "var" / "sample" / ".month").exists():
            return "its work was left behind"
        return super().check(folder, ran, old, new)


def _on(*more):
    return ("--city", CITY, "--dataset", "dataset", *more)


REPORT, PUBLISH = ("report", *_on("--audience", "executive", "--out", "r.html")), ("publish", *_on("--store", STORE, "--out", "bundle"))  # fmt: skip
SCENES = {
    one.name: one
    for one in (
        Scene("ingest", 40, ("ingest", "--city", CITY, "--out", "dataset", "short/shootings.csv"), ["dataset"],
              [("ingest", "--city", CITY, "--out", "dataset", "shorter/shootings.csv")], needs=("data",), versioned=True),
        Scene("propose", 12, ("propose", *_on("--out", "p")), ["p"], [("propose", *_on("--until", "2020-01", "--out", "p"))],
              needs=("data", "dataset")),
        Scene("report", 8, (*REPORT, "--month", "2020-07"), ["r.html"], [(*REPORT, "--month", "2020-05")],
              needs=("data", "dataset")),
        Scene("publish", 10, (*PUBLISH, "--month", "2020-06"), ["bundle"], [(*PUBLISH, "--month", "2020-03")],
              needs=("data", "dataset")),
        MonthScene("month", 4, ("month", "--city", CITY, "new/shootings.csv", "--yes", "--store", STORE), [],
                   needs=("data",)),
        StoreScene("decide", 50, (), [], needs=("store",)),
        PostgresScene("decide-postgresql", 40, (), [], needs=("store",)),
        BackupScene("backup", 40, ("backup", "b.gz", *OURS), ["b.gz"], needs=("store",)),
        RestoreScene("restore", 45, (), [], needs=("store",)),
        StoreScene("first", 40, (), []),
        MailScene("mail", 50, ("mail", *OURS, "--month", MONTH, "--editions", "editions"), []),
    )
}  # fmt: skip
