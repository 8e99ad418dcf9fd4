"""A case: a seed, what went wrong with its file, and what the program made of it, under guard."""

import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from coverage import Coverage
from tests.campaigns.fuzz import targets
from tests.campaigns.fuzz.mutations import mutate
from tests.campaigns.fuzz.seeds import all_seeds

from csa.base.errors import CsaError, MachineError
from csa.base.text import render
from csa.ingest.job import in_this_process

MAX_MB, MAX_SECONDS = 1000, 40
WHOLE_EVERY = 50
"""How often a city's whole file is taken, and how often the command reads instead of its parts."""
MOST_KEPT = 200_000
"""Bytes of an input that others are made of."""
CORPUS = Path(__file__).parent / "corpus"
"""What once broke it: <what reads it>/<the seed it is of>/<what is wrong with it>."""
PLACES = ("folder", "dangling", "loop", "long name", "suffix", "unreadable")
"""What may stand in place of a file, or be odd about its name."""
WEIGHTS = {
    "backup": 5,
    "city": 5,
    "plan": 5,
    "deployment": 5,
    "areas": 2,
    "measures": 5,
    "basemap": 2,
}


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    target: str
    label: str
    ways: str
    result: str  # `read`, `refused`, or what went wrong
    detail: str = ""
    seconds: float = 0
    mb: float = 0
    reached: tuple[str, ...] = ()  # reasons for which some row was not used
    case: tuple[int, ...] = ()  # its number, after those of the cases that it was made from
    new: frozenset[tuple[str, int]] = (
        frozenset()
    )  # lines of the program that no case before reached

    @property
    def is_failure(self):
        return self.result not in ("read", "refused")


class SlowError(BaseException):
    """A case that takes too long; no handler of the program's takes it for its own."""


_allowed: list[str] = []
_strays: list[str] = []
WRITES = {"os.mkdir": 0, "os.remove": 0, "os.rmdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1,
          "os.truncate": 0, "os.chmod": 0, "sqlite3.connect": 0}  # fmt: skip


def _watch(event, args):
    """Note what is written outside the case's folder, and whatever asks a host or starts a program."""
    if not _allowed:
        return
    if event in (
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
        "os.system",
        "os.exec",
    ):
        _strays.append(f"{event} {args[-1]!r}")
    path = None
    if "__pycache__" in str(args[0] if args else ""):  # what Python keeps of a module read late
        return
    if event == "open" and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        path = args[0]
    elif event in WRITES:
        path = args[WRITES[event]]
    if isinstance(path, str | bytes | os.PathLike) and path not in (":memory:", os.devnull):
        named = os.fsdecode(path)
        if named.startswith("file:"):  # SQLite's own address, with what it may do
            named = named.removeprefix("file:").partition("?")[0]
        if event in ("os.remove", "os.rmdir") and args[-1] >= 0:  # within a folder that is open
            named = os.path.join(Path(f"/proc/self/fd/{args[-1]}").readlink(), named)  # noqa: PTH118
        full = os.path.realpath(named)
        if not full.startswith(_allowed[0]):
            _strays.append(f"{event} {full}")


sys.addaudithook(_watch)


def _memory_mb(line):
    """Return what this process holds (VmRSS) or held at most (VmHWM)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition(f"{line}:")[2].split()[0]) / 1024
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_peak():
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


@contextmanager
def guarded(folder):
    """Keep a case within its folder and its time on a processor, however busy the machine."""

    def stop(*_):
        raise SlowError

    before, temporary = signal.signal(signal.SIGPROF, stop), tempfile.tempdir
    tempfile.tempdir = str(folder / "tmp")
    _strays.clear()
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    _allowed.append(os.path.realpath(folder))
    try:
        yield
    finally:
        _allowed.clear()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        tempfile.tempdir = temporary


def _listing(folder):
    return sorted(
        (str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*")
    )


@in_this_process()
def judge(target, folder, name, label="", ways="", *, by_command=False):
    """Let a target read a folder's files, and find out what went wrong, if anything."""
    for one in ("tmp", "out"):
        (folder / one).mkdir()
    before, started = _listing(folder / "in"), time.process_time()
    _forget_peak()
    targets.REACHED.clear()
    # What a test before has left in the process is not this case's.
    limit = max(MAX_MB, _memory_mb("VmRSS") + MAX_MB / 2)
    result, detail = "read", ""
    read = partial(targets.through_command, target) if by_command else getattr(targets, target)
    try:
        with guarded(folder):
            try:
                read(folder / "in", name)
            except CsaError as error:
                render(error.message)
                result, detail = "refused", error.message.key
                if isinstance(error, MachineError):
                    raise
    except SlowError:
        result = f"more than {MAX_SECONDS} s"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        own = [f for f in traceback.extract_tb(error.__traceback__) if "/src/csa/" in f.filename]
        at = (
            f"{own[-1].filename.rpartition('/src/')[2]}:{own[-1].lineno} {own[-1].name}"
            if own
            else "?"
        )
        result = f"{type(error).__name__} at {at}"
        detail = "".join(traceback.format_exception(error))[-3000:]
    mb, seconds = _memory_mb("VmHWM"), time.process_time() - started
    if _strays:
        result, detail = "written elsewhere", "; ".join(_strays[:5])
    elif _listing(folder / "in") != before:
        result, detail = "input changed", str(set(_listing(folder / "in")) ^ set(before))
    elif mb > limit and result in ("read", "refused"):
        result, detail = f"more than {MAX_MB} MB", f"{mb:.0f} MB"
    return Outcome(target, label, ways, result, detail, seconds, mb, tuple(targets.REACHED))


def _choose(seed, number, only=""):
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - chance, not a secret
    seeds, _ = all_seeds()
    is_whole = number % WHOLE_EVERY == WHOLE_EVERY - 1
    fitting = [one for one in seeds if one.is_whole == is_whole and only in ("", one.target)]
    if is_command(number):
        fitting = [one for one in fitting if one.target in targets.COMMANDS]
    fitting = fitting or [one for one in seeds if one.target == only]
    return rng.choices(fitting, [WEIGHTS.get(one.target, 1) for one in fitting])[0], rng


def is_command(number):
    return number % WHOLE_EVERY == WHOLE_EVERY // 2


def _put(folder, seed, content, place=""):
    """Write a case's files; return the name under which the one that went wrong stands."""
    name = seed.name
    for other, text in seed.beside.items():
        path = folder / "in" / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    path = folder / "in" / name
    if place == "long name":
        path = path.with_name("n" * (250 - len(path.suffix)) + path.suffix)
    elif place == "suffix":
        path = path.with_suffix({".csv": ".geojson", ".geojson": ".csv"}.get(path.suffix, ".txt"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if place == "folder":
        path.mkdir()
    elif place in ("dangling", "loop"):
        path.symlink_to(path.name if place == "loop" else "nowhere")
    else:
        path.write_bytes(content)
    return str(path.relative_to(folder / "in"))


def run_case(seed, *case, keep="", only=""):
    """Make a case by its number, and judge it; `only` of one target.

    Where several numbers are given, each changes what the one before it made.
    """
    chosen, rng = _choose(seed, case[0], only)
    place = rng.choice(PLACES) if rng.random() < 0.02 else ""
    content, ways = chosen.content, [place] if place else []
    for number in () if place else case:
        if number != case[0]:
            rng = random.Random(f"{seed}:{number}")  # noqa: S311
        content, more = mutate(content, Path(chosen.name).suffix, rng)
        ways += more
    is_fit = len(content) <= MOST_KEPT and not (place or chosen.is_whole)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        folder = Path(made)
        name = _put(folder, chosen, content, place)
        del content
        if keep and not chosen.is_real and not place:  # the real files are not ours to keep
            kept = CORPUS / chosen.target / chosen.label / f"{keep}{Path(name).suffix}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / "in" / name, kept)
        by_command = is_command(case[-1]) and chosen.target in targets.COMMANDS
        label = f"{chosen.label}, by csa" if by_command else chosen.label
        found = judge(chosen.target, folder, name, label, ", ".join(ways), by_command=by_command)
        return replace(found, case=case), is_fit


def run_content(target, label, content, place=""):
    """Judge bytes in place of a seed's file: a case of the corpus."""
    chosen = next(one for one in all_seeds()[0] if (one.target, one.label) == (target, label))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        name = _put(Path(made), chosen, content, place)
        return judge(chosen.target, Path(made), name, label, "kept")


ADDRESS_SPACE = 8_000_000_000
"""Bytes: a library that asks for more fails, and the machine goes on."""


def work(pipe, seed, only=""):
    """Run the cases that come through a pipe, and say which lines each is the first to reach."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    all_seeds()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the report is its parent's
    ground, known = Coverage(data_file=None, config_file=False, include=["*/src/csa/*"]), set()
    ground.start()
    while True:
        case = pipe.recv()
        outcome, is_fit = run_case(seed, *case, only=only)
        data = ground.get_data()
        lines = {(file, line) for file in data.measured_files() for line in data.lines(file)}
        new, known = lines - known, lines
        pipe.send(replace(outcome, new=frozenset(new if is_fit else ())))
