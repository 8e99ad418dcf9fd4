"""The one door to strangers' files: each is read in a process of its own, within limits.

GDAL, GEOS, Arrow and readers of Excel are large, written in C, and read whatever somebody uploads;
no signal stops them. So a reader runs in a child, `python -m csa.ingest.job`: where it is killed,
hangs or needs too much, its parent says so in a sentence and goes on. The parent gives it a line of
JSON and a private folder; it answers with a line for each file and step, and leaves Arrow files and
a list of what they are, from which the parent takes only types that do nothing when they are made.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import inspect
import json
import math
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, ParamSpec, TypeVar

from csa.base import errors
from csa.base.errors import CsaError, SourceError
from csa.base.logging import ProgressCallback, no_progress

P = ParamSpec("P")
Made = TypeVar("Made")

MEMORY, PER_BYTE = 1_000_000_000, 3
"""Bytes that a job may hold: so many, and so many for each byte of its files."""
SECONDS, PER_MB, PATIENCE = 60.0, 5.0, 10.0
"""Seconds that it may compute: so many, and so many for each MB of its files. By the clock it may
take so many times as long: a busy machine is slow, but a job that waits forever ends."""
AT_ONCE = 2
"""Jobs of one program at a time; the next one waits."""
WAITING = "queue"
"""The step of a job that waits for others."""
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT",
             "PROJ_DATA", "PROJ_LIB", "GDAL_DATA")  # fmt: skip
"""What a job sees of the environment: no password, no address of a store."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
              "ARROW_DEFAULT_MEMORY_POOL": "system"}  # fmt: skip
"""A job holds what it needs, not what its libraries set aside for more threads."""
HOME, ARGUMENTS, ANSWER = "csa-job-", "arguments.pickle", "answer.pickle"

# ---- Who asks.

_slots = threading.BoundedSemaphore(AT_ONCE)
_shared: ContextVar[_Shared | None] = ContextVar("_shared", default=None)
_is_here = False


def in_own_process(read: Callable[P, Made]) -> Callable[P, Made]:
    """Have a function of a module read its files in a job; its `progress` is passed on."""

    @functools.wraps(read)
    def run(*args: P.args, **kwargs: P.kwargs) -> Made:
        if _is_here:
            return read(*args, **kwargs)
        arguments = inspect.signature(read).bind(*args, **kwargs).arguments
        progress = arguments.pop("progress", no_progress)
        made: Made = _ask(f"{read.__module__}:{read.__qualname__}", arguments, progress)
        return made

    return run


def from_job(module: str, name: str) -> Any:
    """Return a function so marked that only the job imports: all it is given has its name."""

    def run(**kwargs: Any) -> Any:
        if _is_here:
            return getattr(importlib.import_module(module), name)(**kwargs)
        progress = kwargs.pop("progress", no_progress)
        return _ask(f"{module}:{name}", kwargs, progress)

    return run


@contextmanager
def in_this_process() -> Iterator[None]:
    """Read files here: in a job, and where a reader itself is looked at."""
    global _is_here  # noqa: PLW0603 - of the process, as its limits are
    before, _is_here = _is_here, True
    try:
        yield
    finally:
        _is_here = before


@contextmanager
def shared_process(warm: str = "csa.ingest.intake") -> Iterator[None]:
    """Use one child for all jobs inside; it imports a module while its parent goes on."""
    if _is_here or _shared.get() is not None:
        yield
        return
    shared = _Shared(warm)
    token = _shared.set(shared)
    try:
        yield
    finally:
        _shared.reset(token)
        shared.child.close()


def _ask(name: str, arguments: Mapping[str, Any], progress: ProgressCallback) -> Any:
    if not _slots.acquire(blocking=False):
        progress(WAITING)
        _slots.acquire()
    try:
        shared = _shared.get()
        if shared is not None:
            return shared.ask(name, arguments, progress)
        child = _Child(name.partition(":")[0])
        try:
            return child.ask(name, arguments, progress)
        finally:
            child.close()
    finally:
        _slots.release()


class _Shared:
    """The child of several jobs in turn; after one that was stopped, another."""

    def __init__(self, warm: str) -> None:
        self.child = _Child(warm)

    def ask(self, name: str, arguments: Mapping[str, Any], progress: ProgressCallback) -> Any:
        if self.child.process.poll() is not None:
            self.child.close()
            self.child = _Child(name.partition(":")[0])
        return self.child.ask(name, arguments, progress)


class _Child:
    """A process that reads files, as its parent sees it."""

    def __init__(self, warm: str) -> None:
        self._home = Path(tempfile.mkdtemp(prefix=HOME))
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._home))
        library = {"PYTHONPATH": str(Path(errors.__file__).parents[2])}
        self.process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-m", "csa.ingest.job", warm],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a library says of a file may hold its content
            env={**passed, **ONE_THREAD, **own, **library},
            start_new_session=True,  # Ctrl-C is its parent's
        )
        self._file: Path | None = None
        self._size, self._begun, self._is_late = 0, 0.0, False

    def close(self) -> None:
        """End it, and remove what it wrote."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        self.process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def ask(self, name: str, arguments: Mapping[str, Any], progress: ProgressCallback) -> Any:
        """Have it run a function, and return what that returns, or raise what it raises."""
        folder = Path(tempfile.mkdtemp(dir=self._home))
        (folder / ARGUMENTS).write_bytes(pickle.dumps(dict(arguments)))
        self._file, self._size, self._begun = None, 0, time.monotonic()
        is_over = threading.Event()
        threading.Thread(target=self._hold, args=(is_over,), daemon=True).start()
        try:
            self._follow({"call": name, "folder": str(folder)}, progress)
            with (folder / ANSWER).open("rb") as file:
                is_made, answer = _Unpacker(file, folder).load()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            is_over.set()
        shutil.rmtree(folder, ignore_errors=True)
        if is_made:
            return answer
        if isinstance(answer, CsaError):
            raise answer
        raise _fault(*answer)

    def _follow(self, line: Mapping[str, str], progress: ProgressCallback) -> None:
        """Hand it a job, and follow what it says to its end."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None  # noqa: S101
        assert stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(line).encode() + b"\n")
            stdin.flush()
        for said in map(json.loads, stdout):
            if "step" in said:
                progress(said["step"])
            elif "file" in said:
                self._file = Path(said["file"])
                self._size += size_of(self._file)
            else:
                return
        raise self._stopped()

    def _hold(self, is_over: threading.Event) -> None:
        """End it when its time by the clock is over."""
        while not is_over.wait(self._begun + PATIENCE * seconds(self._size) - time.monotonic()):
            if time.monotonic() >= self._begun + PATIENCE * seconds(self._size):
                self._is_late = True
                self.process.kill()
                return

    def _stopped(self) -> SourceError:
        """Return why it came to no end."""
        code = self.process.wait()
        file = self._file or ""
        if code == OUT_OF_MEMORY:
            n = (MEMORY + PER_BYTE * self._size) // 1_000_000
            return SourceError("source.job_memory", path=file, n=n)
        if self._is_late or code == -getattr(signal, "SIGXCPU", 0):
            return SourceError("source.job_time", path=file, n=round(seconds(self._size)))
        how = signal.Signals(-code).name if code < 0 else str(code)
        return SourceError("source.job_crash", path=file, how=how)


def size_of(path: Path) -> int:
    """Return the bytes of a file; of a shapefile, those of all its parts."""
    parts = path.parent.glob(f"{path.stem}.*") if path.suffix.casefold() == ".shp" else [path]
    return sum(part.stat().st_size for part in parts if part.is_file())


def seconds(size: int) -> float:
    """Return for how long a job may compute."""
    return SECONDS + PER_MB * size / 1e6


def _fault(kind: str, what: str, where: str, os_error: tuple[int, str, str] | None) -> Exception:
    """Make what stands for an exception that is no sentence: a fault of ours or the machine's."""
    error = OSError(*os_error) if os_error else RuntimeError(f"{kind}: {what}")
    error.add_note(where)
    return error


INERT = frozenset({
    ("builtins", "complex"), ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"),
    ("datetime", "timedelta"), ("datetime", "timezone"), ("types", "MappingProxyType"),
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib._local", "PosixPath"),
    ("pathlib._local", "WindowsPath"), ("zoneinfo", "ZoneInfo._unpickle"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"), ("csa.base.errors", "_made_again"),
})  # fmt: skip
"""What an answer may name, beside the types of `csa` that only hold values."""


class _Unpacker(pickle.Unpickler):
    """Reads an answer: a job that a file has taken over can make its parent do nothing."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        """Return a type that holds values."""
        if (module, name) in INERT:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith("csa.") else None
        if isinstance(found, type) and (
            is_dataclass(found)
            or issubclass(found, CsaError | Enum)
            or hasattr(found, "__pydantic_fields__")
        ):
            return found
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """Read what stands in a file of its own."""
        from csa.ingest.job_tables import load_table  # noqa: PLC0415 - loads late

        return load_table(pid, self._folder)


# ---- The job.


OUT_OF_MEMORY = 3
"""How a job ends that needed more memory than it may have."""
LIBRARIES = ("pandas", "geopandas", "numpy", "shapely")


class _Packer(pickle.Pickler):
    """Writes an answer: tables as Arrow files beside it."""

    dispatch_table = copyreg.dispatch_table | {
        MappingProxyType: lambda held: (MappingProxyType, (dict(held),))
    }

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        super().__init__(file, protocol=5)
        self._folder = folder

    def persistent_id(self, value: Any) -> Any:
        """Write a table into a file of its own; None for what holds none."""
        if type(value).__module__.partition(".")[0] not in LIBRARIES:
            return None
        from csa.ingest.job_tables import save_table  # noqa: PLC0415 - loads late

        return save_table(value, self._folder)


class _Job:
    """What this process writes to its parent, and the limits that it holds itself to."""

    def __init__(self, parent: IO[str]) -> None:
        self._parent = parent
        self._size, self._before = 0, 0.0

    def write(self, **line: object) -> None:
        """Write a line."""
        self._parent.write(json.dumps(line) + "\n")
        self._parent.flush()

    def begin_file(self, path: Path) -> None:
        """Name the file that is read next, and widen the limits by its size."""
        self.write(file=str(path))
        self._limit(self._size + size_of(path))

    def _limit(self, size: int) -> None:
        self._size = size
        _set_limit("RLIMIT_DATA", MEMORY + PER_BYTE * size)
        _set_limit("RLIMIT_CPU", math.ceil(self._before + seconds(size)))

    def run(self, name: str, folder: Path) -> None:
        """Run a function, and leave its answer."""
        self._before = time.process_time()
        self._limit(0)
        answer: tuple[bool, Any]
        try:
            arguments = pickle.loads((folder / ARGUMENTS).read_bytes())  # noqa: S301 - its parent's
            module, _, function = name.partition(":")
            read = getattr(importlib.import_module(module), function)
            if "progress" in inspect.signature(read).parameters:
                arguments["progress"] = lambda step: self.write(step=step)
            answer = True, read(**arguments)
            self._leave(answer, folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, its parent raises it
            if _lacks_memory(error):
                os._exit(OUT_OF_MEMORY)
            answer = False, error if isinstance(error, CsaError) else _account(error)
            self._leave(answer, folder)
        self.write(is_whole=True)

    def _leave(self, answer: tuple[bool, Any], folder: Path) -> None:
        with (folder / ANSWER).open("wb") as file:
            _Packer(file, folder).dump(answer)


_job: _Job | None = None


def begin_file(path: Path) -> None:
    """Note which file is read next: the limits of a job go by its size, and a sentence names it.

    A device has no end, so it is refused.
    """
    if path.is_char_device() or path.is_block_device() or path.is_socket():
        raise SourceError("source.special", path=path)
    if _job is not None:
        _job.begin_file(path)


def _set_limit(name: str, value: int) -> None:
    """Limit what this process uses, where the system can; never beyond what it may set."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    kind = getattr(resource, name)
    _, most = resource.getrlimit(kind)
    with suppress(ValueError, OSError):
        limit = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (limit, 0 if name == "RLIMIT_CORE" else most))


def _account(error: Exception) -> tuple[str, str, str, tuple[int, str, str] | None]:
    """Return what `_fault` makes an exception of."""
    os_error = None
    if isinstance(error, OSError) and error.filename is not None and error.errno is not None:
        os_error = error.errno, error.strerror or "", str(error.filename)
    return type(error).__name__, str(error), "".join(traceback.format_exception(error)), os_error


def _lacks_memory(error: BaseException | None) -> bool:
    """Check whether an error, or one that it comes from, is that memory was refused."""
    while error is not None:
        if isinstance(error, MemoryError) or "bad_alloc" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def serve() -> None:
    """Run one job after another, as the parent's lines say; end with the parent."""
    global _job  # noqa: PLW0603 - of the process
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # What a library prints is no line of ours.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as parent, in_this_process():
        os.dup2(2, 1)
        _set_limit("RLIMIT_CORE", 0)
        with suppress(OSError):  # where memory is short, the system ends a job, not its parent
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
        threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
        importlib.import_module(sys.argv[1])
        _job = _Job(parent)
        while True:
            request = json.loads(lines.get())
            _job.run(request["call"], Path(request["folder"]))


def _read_lines(lines: queue.SimpleQueue[bytes]) -> None:
    """Pass lines on; where their writer has gone, nobody wants an answer."""
    for line in sys.stdin.buffer:
        lines.put(line)
    if (home := Path(tempfile.gettempdir())).name.startswith(HOME):  # its parent cannot any more
        shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":  # under its own name, as readers import it
    importlib.import_module("csa.ingest.job").serve()
