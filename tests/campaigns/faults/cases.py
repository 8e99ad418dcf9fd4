"""A case: a scene, what goes wrong in it, and whether everything held.

`step` is a folder that a crash at a step of a recorded run left: every one, none by chance. `kill` is
a real SIGKILL, with a reader beside it. The others befall the machine.
"""

import json
import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import pairwise

from tests.campaigns.faults.scenes import (
    CITY,
    OURS,
    POSTGRES,
    SCENES,
    SIGN,
    STORE,
    entries,
    on_postgres,
)
from tests.campaigns.faults.stage import KILLED, Ran, leave_free, small_disk
from tests.campaigns.faults.steps import build, crashes

from csa.base.errors import CsaError

N_KILLS = 20
"""Of each command."""
N_AGAIN = 25
"""Crashes of a command after which the next run is made, where it takes more than a second."""
MAX_DELAY_MS = 40
WRITERS = ("ingest", "propose", "report", "publish", "backup", "decide", "restore", "mail", "month")
FAULTS = {
    "disk full": (*WRITERS, "decide", "backup", "ingest", "first"),
    "folder read-only": (*WRITERS, "first"),
    "clock set back": ("decide", "restore", "mail", "ingest"),
    "clock far ahead": ("decide", "restore", "mail", "ingest"),
    "twice at once": (*WRITERS, "decide-postgresql", "first"),
    "table cut short": ("propose", "report", "publish", "month"),
    "page damaged": ("decide",) * 4 + ("backup", "mail"),
    "store read-only": ("decide",) * 3,
    "store swapped": ("decide",) * 6,
    "database stopped": ("decide-postgresql",) * 3,
}
OTHERS = [(fault, scene) for fault, scenes in FAULTS.items() for scene in scenes]


@dataclass(frozen=True)
class CaseOutcome:
    """What became of a case; `wrong` is empty if everything held."""

    fault: str
    scene: str
    how: str
    wrong: str
    said: str = ""
    seconds: float = 0.0


class Player:
    """Plays cases on a stage; what each scene needs is made once."""

    def __init__(self, stage, server=None):
        self.stage, self.server, self.made, self.recorded = stage, server, {}, {}
        self.seconds, self.reached = {}, Counter()
        self.scenes = dict(SCENES)
        for name in POSTGRES if server else ():
            self.scenes[f"{name}-postgresql"] = on_postgres(SCENES[name], server)

    def ready(self, name):
        """Make a scene, and find out what an unharmed run leaves and how many steps it takes."""
        if name not in self.made:
            scene, pattern = self.scenes[name], self.stage.folder / f"scene-{name}"
            scene.build(self.stage, pattern)
            folder = self.copied(pattern)
            started = time.monotonic()
            with scene.played(folder):
                old = scene.read(folder)
                ran = self.stage.run_one(folder, scene.lines(folder))
                assert ran.code == 0, ran.err
                new = scene.read(folder)
            self.seconds[name] = time.monotonic() - started
            assert new != old, f"{name} changes nothing"
            shutil.rmtree(folder)
            self.made[name] = scene, pattern, old, new, ran.n_steps
        return self.made[name]

    def copied(self, pattern, folder=None):
        folder = folder or self.stage.fresh()
        shutil.copytree(pattern, folder, symlinks=True, dirs_exist_ok=True)
        return folder

    # ---- Every step ---------------------------------------------------------------------------

    def record(self, name):
        """Record a run; give its folder, where what it wrote is, and what each crash leaves."""
        if name not in self.recorded:
            scene, pattern, *_ = self.ready(name)
            folder, place = self.copied(pattern), self.stage.folder / f"record-{name}"
            with scene.played(folder):
                ran = self.stage.run_one(folder, scene.lines(folder), record=place)
            assert ran.code == 0, ran.err
            states = json.loads((place / "states.json").read_text())
            self.reached.update(point for state in states for point in state["callers"])
            self.recorded[name] = folder, place, tuple(crashes(states))
        return self.recorded[name]

    def steps(self, name, share=1.0, seed=1):
        """Play each crash of a recorded run, or a share of them by chance."""
        folder, place, found = self.record(name)
        rng = random.Random(f"{seed}:{name}")  # noqa: S311 - chance, not a secret
        wanted = sorted(rng.sample(range(len(found)), max(2, round(share * len(found)))))
        every = (
            1 if self.seconds[name] < 1 else max(1, len(wanted) // max(1, round(share * N_AGAIN)))
        )
        for n, at in enumerate(wanted):
            yield self.step(name, found[at], (folder, place), runs_again=n % every == 0)

    def step(self, name, crash, places, *, runs_again):
        started, (folder, place), (scene, _, old, new, _) = (
            time.monotonic(),
            places,
            self.ready(name),
        )
        build(crash, folder, place)
        ran = Ran(0 if crash.event == "end" else KILLED, 0, crash.said, "")
        try:
            with scene.played(folder):
                wrong = scene.check(folder, ran, old, new)
                if not wrong and runs_again:
                    wrong = scene.again(self.stage, folder, new)
        except CsaError as error:
            wrong = f"what is left cannot be read: {error}"
        how = f"{crash.kind} at step {crash.at}, {crash.event}"
        return CaseOutcome("step", name, how, wrong, "", time.monotonic() - started)

    # ---- What goes wrong with a real run -------------------------------------------------------

    def play(self, seed, fault, name, number):
        """Play a case."""
        self.number = number
        rng, started = random.Random(f"{seed}:{fault}:{name}:{number}"), time.monotonic()  # noqa: S311
        if name not in self.scenes:
            return CaseOutcome(fault, name, "", "", "left out: PostgreSQL is not installed")
        with (
            nullcontext()
            if fault != "disk full"
            else small_disk(disk := self.stage.fresh()) as is_small
        ):
            if fault == "disk full" and not is_small:
                return CaseOutcome(
                    fault, name, "", "", "left out: only root can mount a small disk"
                )
            made, pattern, old, new, n_steps = self.ready(name)
            folder = self.copied(pattern, disk if is_small else None)
            how, ran = "", None
            try:
                with made.played(folder):
                    how, ran, wrong = getattr(self, fault.replace(" ", "_").replace("-", "_"))(
                        made, folder, rng, (old, new, n_steps)
                    )
            except CsaError as error:
                wrong = f"what is left cannot be read: {error}"
            finally:
                if not is_small:
                    shutil.rmtree(folder, ignore_errors=True)
        said = ran.err.strip()[-300:] if ran else ""
        return CaseOutcome(fault, name, how, wrong, said, time.monotonic() - started)

    def held(self, scene, folder, ran, states):
        """Say what does not hold after a fault, or in the next run; empty if everything does."""
        old, new, _ = states
        return (
            ran.wrong or scene.check(folder, ran, old, new) or scene.again(self.stage, folder, new)
        )

    def kill(self, scene, folder, rng, states):
        """Kill it at a step, or soon after it, while somebody reads what it writes."""
        old, new, n_steps = states
        at, delay_ms = rng.randint(1, n_steps), rng.choice((0, 0, 1, rng.random() * MAX_DELAY_MS))
        seen, is_over = [], threading.Event()

        def look():
            while not is_over.wait(0.01):
                try:
                    seen.append(scene.look(folder, old, new))
                except (CsaError, OSError) as error:
                    seen.append(f"a reader is refused: {error}")

        reader = threading.Thread(target=look)
        reader.start()
        ran = self.stage.run_one(folder, scene.lines(folder), kill_at=at, delay_ms=delay_ms)
        is_over.set()
        reader.join()
        how = f"at step {at} of {n_steps}" + f", {delay_ms:.0f} ms later" * (delay_ms > 0)
        how += f": {'killed' if ran.code == KILLED else 'done before'}, {len(seen)} readings"
        return how, ran, next(filter(None, seen), "") or self.held(scene, folder, ran, states)

    def store_swapped(self, scene, folder, rng, states):
        """Another store comes in its place while it is written: what was said done stands there."""
        for part in ("", "-wal"):
            if (folder / f"{STORE}{part}").exists():
                shutil.copy(folder / f"{STORE}{part}", folder / f"other{part}")
        taken = json.loads((self.record(scene.name)[1] / "states.json").read_text())
        commits = [
            step
            for step, (now, then) in enumerate(pairwise(taken), start=1)
            if now["event"] == "commit" and now["files"] != then["files"]
        ]
        at = commits[-1] - rng.choice((0, 1, 2))  # in the last of its commands
        ran = self.stage.run_one(folder, scene.lines(folder), kill_at=at, delay_ms=1, swap=STORE)
        n, wrong = entries(folder / STORE)
        is_lost = ran.code == 0 and n == states[0][0]
        wrong = ran.wrong or wrong or ("said done, in a file that is gone" if is_lost else "")
        return (
            f"at step {at} of {states[2]}",
            ran,
            wrong or scene.again(self.stage, folder, states[1]),
        )

    def disk_full(self, scene, folder, rng, states):
        n_bytes = rng.choice((0, 4096, rng.randrange(60_000), rng.randrange(600_000)))
        leave_free(folder, n_bytes)
        ran = self.stage.run_one(folder, scene.lines(folder))
        (folder / "filler").unlink()
        return f"{n_bytes} bytes left", ran, self.held(scene, folder, ran, states)

    def folder_read_only(self, scene, folder, rng, states):
        (folder / "tmp").mkdir(exist_ok=True)
        modes = {
            path: path.stat().st_mode
            for path in (folder, *folder.rglob("*"))
            if not path.is_symlink()
        }
        for path, mode in modes.items():
            path.chmod(mode & ~0o222 if path != folder / "tmp" else 0o777)
        ran = self.stage.run_one(folder, scene.lines(folder), obeys_modes=True)
        for path, mode in modes.items():
            path.chmod(mode)
        wrong = "" if ran.code else "it was written all the same"
        return "", ran, wrong or self.held(scene, folder, ran, states)

    def clock_set_back(self, scene, folder, rng, states):
        return self.at_another_time(scene, folder, -rng.randint(2, 9000), states)

    def clock_far_ahead(self, scene, folder, rng, states):
        return self.at_another_time(scene, folder, rng.randint(401, 20_000), states)

    def at_another_time(self, scene, folder, days, states):
        ran = self.stage.run_one(folder, scene.lines(folder), clock_days=days)
        must = scene.name in ("decide", "restore")
        wrong = (
            ""
            if not must or (ran.code == 2 and "clock" in ran.err)
            else f"exit code {ran.code}: {ran.err}"
        )
        return f"by {days} days", ran, wrong or self.held(scene, folder, ran, states)

    def twice_at_once(self, scene, folder, rng, states):
        """Both succeed, or one is entries that the other is at it."""
        both = self.stage.run(folder, scene.lines(folder), n_at_once=2)
        wrong = "; ".join(filter(None, (ran.wrong for ran in both)))
        if not wrong and min(ran.code for ran in both):
            wrong = f"neither did it: {[ran.err for ran in both]}"
        if not wrong and scene.name.startswith(("decide", "first")):
            n, wrong = entries(scene.address(folder))
            n_acknowledged = sum(len(scene.lines(folder)) for ran in both if ran.code == 0)
            wrong = wrong or ("" if n >= states[0][0] + n_acknowledged else f"{n} entries")
        elif not wrong and scene.name != "restore":
            wrong = scene.check(folder, both[0], *states[:2])
        return (
            "",
            max(both, key=lambda ran: ran.code),
            wrong or scene.again(self.stage, folder, states[1]),
        )

    def table_cut_short(self, scene, folder, rng, states):
        """Each table that the command reads, cut at a random byte: said, with what to do."""
        where = folder / ("var/sample/dataset" if scene.name == "month" else "dataset")
        path = rng.choice(sorted((where / "current").resolve().glob("*.parquet")))
        content = path.read_bytes()
        path.write_bytes(content[: rng.randrange(len(content))])
        ran = self.stage.run_one(folder, scene.lines(folder))
        path.write_bytes(content)
        wrong = (
            ""
            if ran.code == 2 and path.name.partition(".")[0] and "csa ingest" in ran.err
            else f"exit code {ran.code}: {ran.err}"
        )
        return f"{path.name}", ran, wrong or self.held(scene, folder, ran, states)

    def page_damaged(self, scene, folder, rng, states):
        """Said at once, whatever was asked; the backup is then put in the store's place."""
        self.stage.must(folder, [("backup", "good.gz", *OURS)])
        n = entries(folder / STORE)[0]
        with closing(sqlite3.connect(folder / STORE)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")
            n_bytes, n_pages = (
                raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count")
            )
        page = rng.randrange(n_pages)
        with (folder / STORE).open("r+b") as file:
            file.seek(page * n_bytes)
            file.write(rng.randbytes(n_bytes))
        ran = self.stage.run_one(folder, [("plan", "list", *OURS)])
        wrong = ran.wrong or (
            ""
            if ran.code == 2 and "csa restore" in ran.err
            else f"exit code {ran.code}: {ran.err or ran.out}"
        )
        back = self.stage.run_one(folder, [("restore", "good.gz", *OURS, *SIGN, "--replace")])
        after = entries(folder / STORE)
        wrong = wrong or ("" if after == (n + 1, "") else f"not restored: {after} {back.err}")
        is_kept = (folder / f"{STORE}.set-aside-1").stat().st_size == n_pages * n_bytes
        wrong = wrong or ("" if is_kept else "what was damaged is not kept")
        return f"page {page + 1} of {n_pages}", ran, wrong

    def store_read_only(self, scene, folder, rng, states):
        """A copy for an auditor, made while the office writes: it is read, a decision is refused."""
        shelf, parts = (
            folder / "shelf",
            (("",), ("", "-wal", "-shm"), ("", "-wal"))[self.number % 3],
        )
        shelf.mkdir()
        with closing(
            sqlite3.connect(folder / STORE)
        ) as held:  # whoever closes last empties the log
            held.execute("SELECT count(*) FROM audit").fetchone()
            if "-wal" in parts:
                self.stage.must(folder, scene.lines(folder)[:1])
            else:
                held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for part in parts:
                shutil.copy(folder / f"{STORE}{part}", shelf)
                (shelf / f"{STORE}{part}").chmod(0o444)
        shelf.chmod(0o555)
        n, there = entries(folder / STORE)[0], ("--city", CITY, "--store", f"shelf/{STORE}")
        lines = [
            ("audit", "verify", *there),
            ("plan", "list", *there),
            ("plan", "set", "1.2.1", *there, *SIGN, "--percent", "8"),
        ]
        read, listed, ran = (self.stage.run_one(folder, [line], obeys_modes=True) for line in lines)
        shelf.chmod(0o755)
        wrong = read.wrong or listed.wrong or ran.wrong
        if parts == ("", "-wal"):  # half of a copy
            wrong = wrong or (
                ""
                if read.code == 2 and "csa backup" in read.err
                else f"exit code {read.code}: {read.err}"
            )
        else:
            is_read = read.code == listed.code == 0 and f"{n} entries" in read.out
            wrong = wrong or ("" if is_read else f"not read: {read.err or read.out}")
            wrong = wrong or (
                ""
                if ran.code == 2 and "can't be written" in ran.err
                else f"exit code {ran.code}: {ran.err}"
            )
        return (
            f"store{' store'.join(parts)}",
            ran,
            wrong or scene.again(self.stage, folder, states[1]),
        )

    def database_stopped(self, scene, folder, rng, states):
        """Stopped before or in the middle of writing: said; started again, all that was said is there."""
        delay_s = rng.choice((0.0, rng.random() * 0.5))
        stopping = threading.Timer(delay_s, self.server.stop)
        if delay_s:
            stopping.start()
        else:
            self.server.stop()
        lines = scene.lines(folder) * 20
        ran = self.stage.run_one(folder, lines)
        stopping.join() if delay_s else None
        again = self.stage.run_one(folder, lines[:1])
        wrong = (
            ""
            if again.code == 2 and "is not responding" in again.err
            else f"exit code {again.code}: {again.err}"
        )
        self.server.start()
        return (
            f"after {delay_s:.2f} s",
            ran,
            ran.wrong or wrong or self.held(scene, folder, ran, states),
        )
