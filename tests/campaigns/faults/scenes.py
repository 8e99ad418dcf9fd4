"""What is done while something goes wrong: each scene is a folder, a command, and what must hold after.

After a fault a scene's `check` compares what can be read with what was there before and with what an
unharmed run leaves (`old`, `new`): one of them, whole. Then the command is run again, and must leave
the new.
"""

import csv
import hashlib
import json
import re
import shutil
import time
from collections import Counter
from contextlib import contextmanager

from sqlalchemy import text
from tests.campaigns.faults.stage import KILLED, ROOT
from tests.extras.fleet.cities import write_city
from tests.mail_server import MONTH, MailLog, deployment, serving, write_editions
from tests.portals import DATASET, FakePortal, serving as serving_portal
from tests.stores import act

from csa.base.clock import now_utc
from csa.base.io import CURRENT, WRITER_LOCK
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
    found = [
        path
        for path in folder.rglob(".csa-tmp-*")
        if folder / "tmp" not in path.parents and path.name != WRITER_LOCK
    ]
    return [str(path) for path in found]


def entries(address):
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


def items(address):
    """List what each entry of a store is about."""
    store = open_store(str(address))
    if store is None:
        return []
    try:
        with store.reading() as session:
            return [row[0] for row in session.execute(text("SELECT item FROM audit ORDER BY id"))]
    finally:
        store.engine.dispose()


class Scene:
    """A command that writes files or folders, each of them old or new."""

    def __init__(self, name, words, outputs, earlier=(), *, needs=("city",), versioned=False):
        self.name, self.words, self.outputs = name, words, outputs
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
            self.must(stage, folder, [("ingest", "--city", CITY, "--out", "dataset")])
        else:  # by the machine's clock, not by the made-up city's
            text = (folder / CITY).read_text(encoding="utf-8")
            (folder / CITY).write_text(re.sub(r"(?m)^today = .*$", "", text), encoding="utf-8")
        if "store" in self.needs:
            self.must(stage, folder, [("plan", "set", "1.2.3", *OURS, *SIGN, "--percent", "7")])
        if self.earlier:
            self.must(stage, folder, self.earlier)

    def must(self, stage, folder, lines):
        stage.must(folder, self.addressed(folder, lines))

    def address(self, folder):
        return folder / STORE

    def addressed(self, folder, lines):
        """Put the store's address where a line names it."""
        return [
            [self.address(folder) if word == STORE else word for word in line] for line in lines
        ]

    @contextmanager
    def played(self, _folder):
        """Set the scene for one case: what it needs beside its folder."""
        yield

    def lines(self, folder):
        return self.addressed(folder, [self.words])

    def look(self, folder, old, new):
        """Be a reader while the command runs: say what is neither old nor new; empty if nothing is."""
        for was, output, then in zip(old, self.outputs, new, strict=False):
            path = (folder / output / CURRENT).resolve() if self.versioned else folder / output
            if (self.versioned or path.is_file()) and (now := hashes(path)) not in (was, then):
                return f"half-written, as a reader sees it: {now}"
        return ""

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

    def lines(self, folder):
        lines = [
            ("plan", "set", number, *OURS, *SIGN[:2], "--why", f"Step {n}.", "--percent", n + 10)
            for n, number in enumerate(ACTIONS)
        ]
        return self.addressed(folder, lines)

    def look(self, folder, old, new):
        return entries(self.address(folder))[1]

    def read(self, folder):
        return entries(self.address(folder))

    def check(self, folder, ran, old, new):
        n, wrong = entries(self.address(folder))
        least = old[0] + len(re.findall(r"^\d\.\d\.\d ", ran.out, re.MULTILINE))
        if not wrong and not least <= n <= least + 1:
            wrong = f"{n} entries, {least} acknowledged"
        return wrong

    def again(self, stage, folder, new):
        before, _ = entries(self.address(folder))
        ran = stage.run_one(folder, self.lines(folder)[-1:])
        n, wrong = entries(self.address(folder))
        if ran.code or n != before + 1:
            return f"the next decision fails: {ran.err or n}"
        return wrong


class OnPostgres:
    """A scene whose store is on PostgreSQL, of which a case gets a database of its own."""

    server = pattern = where = None

    def address(self, _folder):
        return self.where

    def build(self, stage, folder):
        self.pattern = self.where = self.server.database()
        super().build(stage, folder)

    def check(self, folder, ran, old, new):
        """Wait for what the dead had asked for: the server may carry out a last commit."""
        until = time.monotonic() + 20
        busy = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{self.where.rpartition('/')[2]}'"  # noqa: S608 - a test's own
        while self.server.run(busy) and time.monotonic() < until:
            time.sleep(0.05)
        return super().check(folder, ran, old, new)

    @contextmanager
    def played(self, _folder):
        self.where = self.server.copied(self.pattern)
        yield
        self.server.dropped(self.where)


class BackupScene(Scene):
    """A backup over an earlier one: either is whole."""

    def build(self, stage, folder):
        super().build(stage, folder)
        decided = ("plan", "set", "1.2.1", *OURS, *SIGN, "--percent", "9")
        stage.must(folder, self.addressed(folder, [("backup", "b.gz", *OURS), decided]))

    def check(self, folder, ran, old, new):
        load_backup(folder / "b.gz")
        return super().check(folder, ran, old, new)


class RestoreScene(BackupScene):
    """A backup put in a store's place: the store before, or the backup and its entry."""

    def lines(self, folder):
        return self.addressed(folder, [("restore", "b.gz", *OURS, *SIGN, "--replace")])

    def look(self, folder, old, new):
        return entries(self.address(folder))[1]

    def read(self, folder):
        return items(self.address(folder))

    def check(self, folder, ran, old, new):
        _, wrong = entries(self.address(folder))
        found = self.read(folder)
        if not wrong and found not in (old, new):
            wrong = f"neither store: {found}"
        if not wrong and found == new and not list(folder.glob("b.gz.replaced-*")):
            wrong = "what was replaced is lost"
        return wrong or ("said done, and is not" if ran.code == 0 and found != new else "")

    def again(self, stage, folder, new):
        ran = stage.run_one(folder, self.lines(folder))
        n, wrong = entries(self.address(folder))
        if ran.code:
            return f"the next run fails: {ran.err}"
        return wrong or ("" if n == 2 else f"{n} entries")


class FolderLog(MailLog):
    """A server's mails by their ids, as links: a folder that a crash left says what had arrived."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder / "received"
        self.folder.mkdir(exist_ok=True)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - its name there
        answer = await super().handle_DATA(server, session, envelope)
        link = (
            self.folder / f".{len([*self.folder.iterdir()]):04d}"
        )  # synced, as all that a dot begins
        link.symlink_to(str(self.messages[-1]["Message-ID"]))
        return answer

    def received(self):
        return Counter(str(link.readlink()) for link in self.folder.iterdir())


class MailingScene(Scene):
    """A command that mails: its server stands beside it, and what arrived is in the folder."""

    @contextmanager
    def played(self, folder):
        self.log = FolderLog(folder)
        with serving(self.log) as port:
            (folder / "csa.toml").write_text(deployment(port), encoding="utf-8")
            yield


class MailScene(MailingScene):
    """Editions to three offices: each once, and whoever may have one already is named."""

    def build(self, stage, folder):
        super().build(stage, folder)
        store = open_store(str(folder / STORE), make=True, city="sample")
        now = now_utc()
        add_minute(store, act(on=now.date(), at=now), "Go on.")
        head = store.head().hash[:12]
        store.engine.dispose()
        write_editions(folder, head)

    def read(self, folder):
        letters = [
            json.loads(path.read_text())
            for path in (folder / "var" / "sample" / "outbox").glob("*.json")
        ]
        return sorted((one["message_id"], one["state"], bool(one["handed"])) for one in letters)

    def check(self, folder, ran, old, new):
        _, wrong = entries(folder / STORE)
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


class RecordScene(StoreScene):
    """What one command records: none of its entries, or all of them."""

    def __init__(self, name, words, earlier=(), *, needs=("data", "dataset"), files=None):
        super().__init__(name, words, [], earlier, needs=needs)
        self.files = files or {}

    def build(self, stage, folder):
        super().build(stage, folder)
        for name, make in self.files.items():
            (folder / name).write_text(make(folder), encoding="utf-8")
        if self.later:
            self.must(stage, folder, self.later)

    later = ()

    def lines(self, folder):
        return self.addressed(folder, [self.words])

    def read(self, folder):
        return items(self.address(folder))

    def check(self, folder, ran, old, new):
        _, wrong = entries(self.address(folder))
        found = self.read(folder)
        if not wrong and found not in (old, new):
            wrong = f"half of its entries: {len(found)}, {len(old)} before, {len(new)} after"
        return wrong or ("said done, and is not there" if ran.code == 0 and found != new else "")

    def again(self, stage, folder, new):
        was_done = self.read(folder) == new
        ran = stage.run_one(folder, self.lines(folder))
        if (ran.code and not was_done) or ran.wrong:
            return f"the next run fails: {ran.err}"
        found = self.read(folder)
        if found[: len(new)] != new or (not was_done and found != new):
            return f"the next run leaves something else: {len(found)} entries, {len(new)} expected"
        return entries(self.address(folder))[1]


class FetchScene(Scene):
    """A table of a portal in a folder: the earlier download, or the newer one with its account."""

    def build(self, stage, folder):
        super().build(stage, folder)
        rows = [[f"row-{n:03d}", f"c{n}", "2020-01-02", "39.1", "-94.5"] for n in range(40)]
        self.portal = FakePortal(["case", "day", "lat", "lon"], rows)
        self.serving = serving_portal(self.portal)
        self.serving.__enter__()
        city = (ROOT / "config" / "sample.toml").read_text(encoding="utf-8")
        address = f"{self.portal.address}/resource/{DATASET}.json"
        city = city.replace("[city]", f'[city]\nsource = "{address}"', 1)
        (folder / "config" / "portal.toml").write_text(city, encoding="utf-8")
        self.must(stage, folder, self.lines(folder))
        self.portal.change(
            ["row-900", "c900", "2020-02-03", "39.1", "-94.5"],
            stamps={"row-900": "2020-02-01T00:00:00.000Z"},
        )

    def read(self, folder):
        found = hashes(folder / "fetched")
        return [{name: value for name, value in found.items() if name.endswith(".csv")}]


class FleetScene(Scene):
    """A city of a fleet: its folder before, or after, and never a part."""

    def build(self, stage, folder):
        folder.mkdir(parents=True)
        write_city(folder / "in", 1)
        path = folder / "in" / "shootings.csv"
        whole = path.read_text()
        path.write_text("".join(whole.splitlines(keepends=True)[:-40]))
        self.must(stage, folder, self.lines(folder))
        path.write_text(whole)

    def read(self, folder):
        return [
            {name: sha for name, sha in super().read(folder)[0].items() if name[-8:] != "said.txt"}
        ]

    def check(self, folder, ran, old, new):
        if (folder / "fleet" / ".fleet" / "elsewhere.journal").exists() and self.read(folder) == [
            {}
        ]:
            return ""  # between two renames; its journal says which comes next
        return super().check(folder, ran, old, new)


class StartScene(Scene):
    """A new city: once its file is there, so is all that it names; what is left stands in no way."""

    def build(self, _stage, folder):
        write_city(folder / "in", 2)
        (folder / "csa.toml").write_text("")

    def read(self, folder):
        found = hashes(folder)
        return {name: sha for name, sha in found.items() if not name.startswith("in/")}

    def check(self, folder, ran, old, new):
        found = self.read(folder)
        is_there = "config/elsewhere.toml" in found
        must = (
            {n: h for n, h in new.items() if n.startswith(("config/", "data/"))} if is_there else {}
        )
        if (folder / "var/elsewhere/dataset/current").exists():
            must |= {n: h for n, h in new.items() if "dataset/current/" in n}
        halves = [name for name, sha in must.items() if found.get(name) != sha]
        wrong = f"half-written: {halves}" if halves else ""
        return wrong or ("said done, and is not there" if ran.code == 0 and found != new else "")

    def again(self, stage, folder, new):
        if "config/elsewhere.toml" in self.read(folder):  # it is there, and is not written over
            ran = stage.run_one(
                folder, [("ingest", "--city", "elsewhere", "--out", "var/elsewhere/dataset")]
            )
            return f"the next run fails: {ran.err}" if ran.code else ""
        return super().again(stage, folder, new)


class UndoScene(MonthScene):
    """A month taken back: dataset, months and files as they were before it, to the byte."""

    def build(self, stage, folder):
        super().build(stage, folder)
        self.before = self.read(folder)
        self.must(
            stage,
            folder,
            [("month", "--city", CITY, "new/shootings.csv", "--yes", "--store", STORE)],
        )

    def check(self, folder, ran, old, new):
        wrong = "" if new[:2] == self.before[:2] else "undo is not exact"
        return wrong or super().check(folder, ran, old, new)

    def again(self, stage, folder, new):
        ran = stage.run_one(folder, self.lines(folder))  # which may find that it is done
        wrong = "" if self.read(folder) == new else "the next run leaves something else"
        return ran.wrong or wrong or "; ".join(left_over(folder))[:300]


class WatchScene(MailingScene):
    """Early word: each word on record once, each mail once; one that may have gone goes no more."""

    def read(self, folder):
        return items(folder / STORE), self.log.received().total()

    def check(self, folder, ran, old, new):
        _, wrong = entries(folder / STORE)
        n = self.log.received().total()
        wrong = wrong or (f"{n} mails of {new[1]}" if n > new[1] else "")
        return wrong or ("said done" if ran.code == 0 and self.read(folder) != new else "")

    def again(self, stage, folder, new):
        ran = stage.run_one(folder, self.lines(folder))
        found, n = self.read(folder)
        if ran.code or {*found} != {*new[0]} or not new[1] - 1 <= n <= new[1]:
            return f"{n} mails of {new[1]}, {len(found)} entries, exit code {ran.code}: {ran.err}"
        return entries(folder / STORE)[1]


def _on(*more):
    return ("--city", CITY, "--dataset", "dataset", *more)


REPORT, PUBLISH = ("report", *_on("--audience", "executive", "--out", "r.html")), ("publish", *_on("--store", STORE, "--out", "bundle"))  # fmt: skip
PROPOSED = ("propose", *_on("--out", "pr"))
DESIGNATE = ("area", "designate", "c-1", "--areas", "pr", "--on", "2020-06-15", *OURS, *SIGN)
WORK = "item,area,text,office,status\ntask,A,Fix the lamp,Public Works,\ntask,A,Mow,Parks,\nlesson,A,Begin early,,\n"
VALUES = "measure,quarter,place,value,numerator,denominator,answers,basis,note\ngun-violence,2020-Q1,,12,,,,incidents,\ngun-violence,2020-Q2,,9,,,,incidents,\n"


def fewer_cells(folder):
    """Draw the first proposed area without one of its cells."""
    with (folder / "pr" / "areas.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["area_id"] == "c-1")
    return f"area_id,cells\nx,{row['cells'].rpartition(' ')[0]}\n"


SCENES = {
    scene.name: scene
    for scene in (
        Scene("ingest", ("ingest", "--city", CITY, "--out", "dataset", "short/shootings.csv"), ["dataset"],
              [("ingest", "--city", CITY, "--out", "dataset", "shorter/shootings.csv")], needs=("data",), versioned=True),
        StartScene("start", ("start", "in/shootings.csv", "--yes", "--name", "Elsewhere"), []),
        MonthScene("month", ("month", "--city", CITY, "new/shootings.csv", "--yes", "--store", STORE), [],
                   needs=("data",)),
        UndoScene("undo", ("month", "--undo", "--city", CITY, "--store", STORE, "--yes", "--by", "Prevention team"), [],
                  needs=("data",)),
        Scene("propose", ("propose", *_on("--out", "p")), ["p"], [("propose", *_on("--until", "2020-01", "--out", "p"))],
              needs=("data", "dataset")),
        Scene("report", (*REPORT, "--month", "2020-07"), ["r.html"], [(*REPORT, "--month", "2020-05")],
              needs=("data", "dataset")),
        Scene("publish", (*PUBLISH, "--month", "2020-06"), ["bundle"], [(*PUBLISH, "--month", "2020-03")],
              needs=("data", "dataset")),
        StoreScene("decide", (), [], needs=("store",)),
        StoreScene("first", (), []),
        BackupScene("backup", ("backup", "b.gz", *OURS), ["b.gz"], needs=("store",)),
        RestoreScene("restore", (), [], needs=("store",)),
        RecordScene("designate", DESIGNATE, [PROPOSED]),
        RecordScene("redraw", ("area", "redraw", "A", "--areas", "drawn.csv", "--on", "2020-07-01", *OURS, *SIGN),
                    [PROPOSED, DESIGNATE], files={"drawn.csv": fewer_cells}),
        RecordScene("import-work", ("plan", "import-work", "work.csv", *OURS, *SIGN), [PROPOSED, DESIGNATE],
                    files={"work.csv": lambda _: WORK}),
        RecordScene("measure", ("measure", "import", "values.csv", *OURS, *SIGN), [], needs=("store",),
                    files={"values.csv": lambda _: VALUES}),
        MailScene("mail", ("mail", *OURS, "--month", MONTH, "--editions", "editions"), []),
        WatchScene("watch", ("watch", *_on("--store", STORE)), [],
                   [PROPOSED, ("area", "designate", "c-3", *DESIGNATE[3:]), ("word", "name", "Library", "--quiet", "0-0", *OURS, *SIGN)],
                   needs=("data", "dataset")),
        FetchScene("fetch", ("fetch", "--city", "config/portal.toml", "--out", "fetched", "--allow-private"), []),
        FleetScene("fleet", ("-city", "in/shootings.csv", "in/neighborhoods.geojson", "fleet"), ["fleet"]),
    )
}  # fmt: skip


def on_postgres(scene, server):
    """Put a scene's store on a server."""
    kind = type(scene)
    made = object.__new__(type(f"{kind.__name__}OnPostgres", (OnPostgres, kind), {}))
    vars(made).update(vars(scene), name=f"{scene.name}-postgresql", server=server)
    return made


POSTGRES = ("decide", "restore", "backup", "designate", "redraw", "import-work", "measure")
