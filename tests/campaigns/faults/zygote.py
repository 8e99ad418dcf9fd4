"""Runs commands in forked processes, whose imports are paid, and does to each what its case says.

It reads a request a line, as JSON, and answers each with a line: how each run ended, what it printed,
and how many steps it took. A step is what changes a disk, a database or a letter; a run is killed at
a step, or some milliseconds after it. A run that is recorded waits at each step until its folder is
copied, see `tests.campaigns.faults.steps`. A process of its own, since one with threads must not fork.
"""

import ctypes
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from tests.campaigns.faults.steps import Record

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "fcntl.flock", "sqlite3.connect"}  # fmt: skip
CAPABILITIES_3 = 0x20080522


class Steps:
    """Counts steps; at the one that is asked for the process kills itself, or calls for it."""

    def __init__(self, folder, at, is_sudden, pipe, answers=None, others=None):
        self.folder, self.at, self.is_sudden, self.pipe, self.n = folder, at, is_sudden, pipe, 0
        self.answers, self.lock, self.others = answers, threading.RLock(), others

    def take(self, event, path=""):
        with self.lock:
            self.n += 1
            if self.answers is not None:
                said = json.dumps([event, str(path), sorted(_callers())])
                os.write(self.pipe, f"step {said}\n".encode())
                os.read(self.answers, 1)
            if self.n == self.at:
                if self.is_sudden:
                    os.kill(os.getpid(), signal.SIGKILL)
                os.write(self.pipe, b"now\n")
                if self.others is not None:
                    os.read(self.others, 1)

    def hook(self, event, args):
        is_ours = event == "open" and (args[2] or 0) & WRITES and self.folder in str(args[0])
        if is_ours or event in EVENTS:
            self.take(event)

    def watch(self):
        import smtplib  # noqa: PLC0415 - a fork's own

        from sqlalchemy import Engine, event  # noqa: PLC0415

        from csa.base import io  # noqa: PLC0415

        event.listen(Engine, "before_cursor_execute", lambda *_: self.take("execute"))
        event.listen(Engine, "commit", lambda *_: self.take("commit"))
        os.fsync = self._counted(os.fsync, "fsync")
        smtplib.SMTP.send = self._counted(smtplib.SMTP.send, "send")
        io._exchange = self._counted(io._exchange, "exchange")
        sys.addaudithook(self.hook)

    def _counted(self, call, name):
        def counted(*args, **more):
            path = str(Path(f"/proc/self/fd/{args[0]}").readlink()) if name == "fsync" else ""
            self.take(name, path)
            return call(*args, **more)

        return counted


def _callers():
    """Name the functions of the program that a step is taken for."""
    frame, found = sys._getframe(2), set()
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("csa."):
            found.add(f"{module}:{frame.f_code.co_name}")
        frame = frame.f_back
    return found


def obey_modes():
    """Drop root's right to write where a file's mode forbids it."""
    nothing = (ctypes.c_uint32 * 6)()
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_3, 0)
    if os.geteuid() == 0 and ctypes.CDLL(None).capset(header, nothing):
        raise OSError("capset")


def set_clock(days):
    from csa.base import clock  # noqa: PLC0415 - a fork's own

    right = clock.now_utc
    clock.now_utc = lambda: right() + timedelta(days=days)


def run(words):
    from csa.cli import main  # noqa: PLC0415 - a fork's own

    if words[0] == "-city":
        return work_city(*words[1:])
    sys.argv = ["csa", *words]
    try:
        main.main()
    except SystemExit as stop:
        return stop.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def work_city(file, places, out):
    """Be a fleet's worker with one city: the scheduler's part is Dask's."""
    from csa.areas.file_format import list_versions  # noqa: PLC0415 - a fork's own
    from csa.extras.fleet import city  # noqa: PLC0415
    from csa.extras.fleet.commands import print_step  # noqa: PLC0415
    from csa.extras.fleet.manifest import FleetCity  # noqa: PLC0415

    asked = FleetCity(
        "Elsewhere", "elsewhere", (os.path.realpath(file),), "", os.path.realpath(places)
    )
    row = city.work_city(asked, os.path.realpath(out), list_versions()["csa"], print_step)
    sys.stderr.write(f"{row['state']}: {row['why']}\n")
    return 0 if row["state"] == city.DONE else 2


def child(asked, number, pipe, answers):
    """Be the command: several in turn until one fails, if there are several."""
    folder = asked["folder"]
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(
            os.open(f"{asked['said']}.{number}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            stream,
        )
        getattr(sys, f"std{name}").reconfigure(line_buffering=True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    os.environ.update(asked["environment"])
    tempfile.tempdir = str(Path(folder) / "tmp")
    if asked["obeys_modes"]:
        obey_modes()
    if asked["clock_days"]:
        set_clock(asked["clock_days"])
    if asked["record"]:  # what readers do is a step, too
        from csa.ingest import job  # noqa: PLC0415 - a fork's own

        job._is_here = True
    is_sudden, others = asked["delay_ms"] == 0, answers if asked["swap"] else None
    answers = answers if asked["record"] else None
    steps = Steps(folder, asked["kill_at"], is_sudden, pipe, answers, others)
    steps.watch()
    code = next((code for code in map(run, asked["lines"]) if code), 0)
    os.write(pipe, f"{steps.n}\n".encode())
    return code


def fork(asked, number):
    (read, write), (answers, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = child(asked, number, write, answers)
        except BaseException:  # the scene's own fault: it is said where the command speaks
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    os.close(write)
    os.close(answers)
    return pid, os.fdopen(read), answer


def ended(asked, pid, pipe, answer):
    """Wait for a run, and kill it if it calls for that; give its code and its steps."""
    record = Record(Path(asked["folder"]), Path(asked["record"])) if asked["record"] else None
    said, n_steps = Path(f"{asked['said']}.0.out"), 0
    for line in pipe:
        if line.startswith("step "):
            record.take(*json.loads(line[5:]), said.read_text())
            with suppress(BrokenPipeError):
                os.write(answer, b".")
        elif line == "now\n" and asked["swap"]:
            place = Path(asked["folder"])
            for part in ("-shm", "-wal", ""):
                (place / f"{asked['swap']}{part}").unlink(missing_ok=True)
                if (place / f"other{part}").exists():
                    (place / f"other{part}").rename(place / f"{asked['swap']}{part}")
            os.write(answer, b".")
        elif line == "now\n":
            time.sleep(asked["delay_ms"] / 1000)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        else:
            n_steps = int(line)
    os.close(answer)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if record is not None:
        record.take("end", "", [], said.read_text())
        record.save()
    return code, n_steps


def serve(names):
    for name in names:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
            if name.startswith("csa") and ".migrations" not in found.name:
                importlib.import_module(found.name)
    for line in sys.stdin:
        asked = json.loads(line)
        runs = [(n, *fork(asked, n)) for n in range(asked["n_at_once"])]
        said = []
        for number, pid, pipe, answer in runs:
            code, n_steps = ended(asked, pid, pipe, answer)
            texts = [
                Path(f"{asked['said']}.{number}.{name}").read_text() for name in ("out", "err")
            ]
            said.append([code, n_steps, *texts])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1:])
