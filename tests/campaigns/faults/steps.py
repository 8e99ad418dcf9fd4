"""One run of a command, step by step: what its folder held before each, and what a crash there leaves.

The folder before a step is what a kill at that step leaves. Between two steps a file may be half
written. When the power goes, a file is whole only if it was synced since it was last written, and
a name stands in its folder only if the folder was synced since.
"""

import ast
import hashlib
import json
import os
import shutil
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWN = ("tmp", "said")
"""What belongs to the machine, not to the command: the system's temporary folder."""
OF_SQLITE = (b"SQLite format 3\0", b"\x37\x7f\x06")
"""How its files begin: it syncs them itself (`synchronous=FULL`)."""
KINDS = ("kill", "torn", "power")


class Record:
    """Copies a folder at each step: what it has not seen yet, by its content."""

    def __init__(self, folder, place):
        self.folder, self.place, self.seen, self.states = folder, place, {}, []
        self.synced, self.listed = set(), {}
        place.mkdir(parents=True, exist_ok=True)

    def take(self, event, path, callers, said):
        if event == "fsync" and path:
            about = os.lstat(path)
            if stat.S_ISDIR(about.st_mode):
                listed = {entry.name: entry.inode() for entry in os.scandir(path)}
                self.listed[str(about.st_ino)] = listed
            self.synced.add(_mark(about))
        files = {"": ["folder", 0o755, os.lstat(self.folder).st_ino, True]}
        for entry in _walk(self.folder):
            with_ = self._read(entry)
            if with_ is not None:
                files[os.path.relpath(entry.path, self.folder)] = with_
        self.states.append(
            {
                "event": event,
                "callers": callers,
                "said": said,
                "files": files,
                "listed": {**self.listed} if event == "end" else {},
            }
        )

    def _read(self, entry):
        try:
            about = os.lstat(entry.path)
            if stat.S_ISLNK(about.st_mode):
                return ["link", str(Path(entry.path).readlink()), about.st_ino, True]
            if stat.S_ISDIR(about.st_mode):
                return ["folder", stat.S_IMODE(about.st_mode), about.st_ino, True]
            mark = _mark(about)
            if not self.states:
                self.synced.add(mark)
            if mark not in self.seen:
                content = Path(entry.path).read_bytes()
                name = hashlib.sha256(content).hexdigest()
                if not (self.place / name).exists():
                    (self.place / name).write_bytes(content)
                self.seen[mark] = name, content[:16].startswith(OF_SQLITE)
            name, is_sqlite = self.seen[mark]
        except OSError:
            return None
        is_safe = is_sqlite or about.st_size == 0 or mark in self.synced
        found = ["file", [name, stat.S_IMODE(about.st_mode)], about.st_ino, is_safe]
        return [*found, "sqlite"] if is_sqlite else found

    def save(self):
        (self.place / "states.json").write_text(json.dumps(self.states))


def _mark(about):
    return about.st_ino, about.st_mtime_ns, about.st_size


def _walk(folder, top=True):
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if (top and entry.name in OWN) or entry.name.endswith(("-shm", ".pyc")):
            continue
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, top=False)


# ---- What a crash leaves ----------------------------------------------------------------------


@dataclass(frozen=True)
class Crash:
    """A folder that a crash left: what was said by then, and each file."""

    at: int
    kind: str
    event: str
    said: str
    files: dict  # path to kind, content's name and mode or a link's target, and a cut in bytes


def crashes(states):
    """Give every folder that a crash may leave, each once."""
    seen = set()
    for at, state in enumerate(states):
        plain = {path: (*entry[:2], 0) for path, entry in state["files"].items()}
        ways = {"kill": plain}
        if at:
            ways["torn"] = _torn(states[at - 1]["files"], state["files"])
        ways["power"] = _without_power(states, at)
        for kind, files in ways.items():
            said = states[at - 1]["said"] if kind == "torn" else state["said"]
            key = hashlib.sha256(json.dumps([sorted(files.items()), said]).encode()).digest()
            if key not in seen:
                seen.add(key)
                yield Crash(at, kind, state["event"], said, files)


def _torn(before, after):
    """Half of what the step before wrote: the last file that differs, cut in its middle."""
    files = {path: (*entry[:2], 0) for path, entry in before.items()}
    changed = [
        path
        for path, entry in after.items()
        if entry[0] == "file" and before.get(path, [0, 0])[1] != entry[1]
    ]
    known = {(entry[2], entry[1][0]) for entry in before.values() if entry[0] == "file"}
    written = [path for path in changed if (after[path][2], after[path][1][0]) not in known]
    if written:
        files[written[-1]] = (*after[written[-1]][:2], 2)
        for above in Path(written[-1]).parents:
            if str(above) in after:
                files.setdefault(str(above), (*after[str(above)][:2], 0))
    return files


def _without_power(states, at):
    """What was not synced is half there; what was said done stands under its name only if that was."""
    state, first = states[at], states[0]["files"]
    files = {
        path: (*entry[:2], 0 if entry[3] or entry == first.get(path) else 2)
        for path, entry in state["files"].items()
    }
    if state["event"] == "end":
        for path, entry in state["files"].items():
            name = path.rpartition("/")[2]
            if not path or entry[0] == "folder" or name.startswith(".") or entry[4:]:
                continue
            was = first.get(path)
            if (was is None or was[2] != entry[2]) and not _stands(state, first, path):
                if was is None:
                    del files[path]
                else:
                    files[path] = (*was[:2], 0)
    return files


def _stands(state, first, path):
    """Whether a new name, or a folder above that came with it, was synced with its folder."""
    while path:
        above, _, name = path.rpartition("/")
        inode, own = state["files"][above][2], state["files"][path][2]
        if path in first and first[path][2] == own:
            return True
        if state["listed"].get(str(inode), {}).get(name) != own:
            return False
        path = above
    return True


def build(crash, folder, place):
    """Make a crash's folder, where the command ran: what it wrote may name itself."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    (folder / "tmp").mkdir()
    for path, (kind, what, cut) in sorted(crash.files.items()):
        target = folder / path
        if not path:
            continue
        if kind == "folder":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            target.symlink_to(what)
        else:
            content = (place / what[0]).read_bytes()
            target.write_bytes(content[: len(content) // cut] if cut else content)
            target.chmod(what[1])


# ---- Where the program changes a disk ---------------------------------------------------------

ROOMS = ("csa.base.io", "csa.city.", "csa.ingest.fetch", "csa.program.store.", "csa.reports.public.bundle",
         "csa.extras.", "csa.workflow.")  # fmt: skip
"""Where what is kept is written."""
UNREACHED = {
    "csa.base.io:remove_leftovers": "only after a kill: each next run does it, unrecorded",
    "csa.ingest.fetch:begin": "a first download's pages: tests/ingest/test_fetch.py",
    "csa.ingest.fetch:clear": "the same",
    "csa.ingest.fetch:keep": "the same",
    "csa.ingest.fetch:download_file": "a plain file: tests/ingest/test_portals.py",
    "csa.program.store.backup:copy_over": "the made-up city's store alone",
    "csa.program.store.backup:set_aside": "the fault of a damaged page",
    "csa.reports.public.bundle:publish_draft": "csa month --publish: tests/workflow/test_month.py",
    "csa.extras.fleet.city:__init__": "removes what other files' prints left",
    "csa.extras.fleet.object_store:pull": "tests/extras/fleet/test_object_store.py",
    "csa.extras.fleet.running:write_table": "the scheduler's part, after all cities",
    "csa.extras.mail.mailing:lay_out": "a folder for one handout",
    "csa.extras.trial.commands:trial": "one folder, as the commands of csa.cli write theirs",
    "csa.workflow.setting_up:_remove_empty": "where a step fails: tests/workflow/test_new_city.py",
    "csa.workflow.story:play_story": "the made-up city alone",
}
"""What no scene reaches, and why."""
CALLS = {"fsync", "rename", "replace", "link", "symlink_to", "unlink", "rmtree", "_exchange", "write_file",
         "create_file", "replace_folder", "publish_version", "carry_out", "backup", "rmdir"}  # fmt: skip
HOME = Path(__file__).parents[3] / "src"


@cache
def fault_points():
    """Name each function of the program that changes a disk by one of these calls."""
    found = set()
    for path in sorted((HOME / "csa").rglob("*.py")):
        module = ".".join(path.relative_to(HOME).with_suffix("").parts)
        if not module.startswith(ROOMS):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = {_name(node) for node in ast.walk(function) if isinstance(node, ast.Call)}
                if calls & CALLS:
                    found.add(f"{module}:{function.name}")
    return found


def _name(call):
    """Name what is called; a text's or a table's `replace` takes two arguments, a path's one."""
    function = call.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    if name in ("replace", "rename") and (
        len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Dict)
    ):
        return ""
    return name
