"""Runs commands in forked processes, whose imports are paid, and does to each what its case says.

It reads a request a line, as JSON, and answers each with a line: how each run ended, what it printed,
and how many steps it took. A step is what changes a disk, a database or a letter; a run is killed at
a step, or some milliseconds after it. A process of its own, since one with threads must not fork.
"""

import ctypes
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "fcntl.flock", "sqlite3.connect"}  # fmt: skip
CAPABILITIES_3 = 0x20080522


class Steps:
    """Counts steps; at the one that is asked for the process kills itself, or calls for it."""

    def __init__(self, folder, at, is_sudden, pipe):
        self.folder, self.at, self.is_sudden, self.pipe, self.n = folder, at, is_sudden, pipe, 0

    def take(self, *_):
        self.n += 1
        if self.n == self.at:
            if self.is_sudden:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(self.pipe, b"now\n")

    def hook(self, event, args):
        is_ours = event == "open" and (args[2] or 0) & WRITES and self.folder in str(args[0])
        if is_ours or event in EVENTS:
            self.take()

    def watch(self):
        import smtplib  # noqa: PLC0415 - a fork's own

        from sqlalchemy import Engine, event  # noqa: PLC0415

        for name in ("before_cursor_execute", "commit"):
            event.listen(Engine, name, self.take)
        for owner, name in ((os, "fsync"), (smtplib.SMTP, "send")):
            setattr(owner, name, self._counted(getattr(owner, name)))
        sys.addaudithook(self.hook)

    def _counted(self, call):
        def counted(*args, **more):
            self.take()
            return call(*args, **more)

        return counted


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

    sys.argv = ["csa", *words]
    try:
        main.main()
    except SystemExit as stop:
        return stop.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def child(asked, number, pipe):
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
    steps = Steps(folder, asked["kill_at"], asked["delay_ms"] == 0, pipe)
    steps.watch()
    code = next((code for code in map(run, asked["lines"]) if code), 0)
    os.write(pipe, f"{steps.n}\n".encode())
    return code


def fork(asked, number):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = child(asked, number, write)
        finally:
            os._exit(code)
    os.close(write)
    return pid, os.fdopen(read)


def ended(asked, pid, pipe):
    """Wait for a run, and kill it if it calls for that; give its code and its steps."""
    n_steps = 0
    for line in pipe:
        if line == "now\n":
            time.sleep(asked["delay_ms"] / 1000)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        else:
            n_steps = int(line)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), n_steps


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
        for number, pid, pipe in runs:
            code, n_steps = ended(asked, pid, pipe)
            texts = [
                Path(f"{asked['said']}.{number}.{name}").read_text() for name in ("out", "err")
            ]
            said.append([code, n_steps, *texts])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1:])
