"""A Dockerfile, a .dockerignore and a compose.yaml read; and an image made without an engine.

`Image` does what the Dockerfile says in a folder that stands for /: it copies what is copied and
runs what is run. Only the locks are not installed again: their packages are this environment's.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from string import Template
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

HERE = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
INSIDE = re.compile(r"(?<![\w./:}'])/(?=(?:opt|build|wheels|made|srv)\b)")
LOCKED = re.compile(r"\S*pip(?: --python \S+)? install [^&]*-r (\S+\.lock)")
PORT = "8501"


def instructions(text):
    """Split a Dockerfile into stages of (word, rest), continued lines joined.

    What ARG says before the first stage is put in where a FROM asks for it.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    stages, said = [], {}
    for word, rest in found:
        if word == "ARG" and not stages:
            said.update([rest.split("=", 1)])
        elif word == "FROM":
            stages.append([(word, Template(rest).substitute(said))])
        else:
            stages[-1].append((word, rest))
    return stages


def of(stage, word):
    return [rest for name, rest in stage if name == word]


def copies(stage):
    """Give each COPY as (flags, sources, place)."""
    for rest in of(stage, "COPY"):
        words = shlex.split(rest)
        flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
        *sources, place = [word for word in words if not word.startswith("--")]
        yield flags, sources, place


def variables(stage):
    return dict(pair.split("=", 1) for rest in of(stage, "ENV") for pair in shlex.split(rest))


def is_ignored(path, patterns):
    """Tell whether .dockerignore keeps a path out: the last pattern that fits decides."""
    parts = path.split("/")
    ways = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    out = False
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        tail = plain.removeprefix("**/")
        names = parts if plain != tail else [w for w in ways if w.count("/") == plain.count("/")]
        if any(fnmatch.fnmatchcase(name, tail) for name in names):
            out = not pattern.startswith("!")
    return out


def read_yaml(text):
    """Read the YAML that compose.yaml keeps to: maps and lists by indentation, texts, booleans."""
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    rows = [(len(line) - len(line.lstrip()), line.strip()) for line in lines]
    value, rest = _block(rows, 0)
    assert not rest, f"not understood: {rest[0][1]}"
    return value


def _block(rows, depth):
    if rows[0][1].startswith("- "):
        items = []
        while rows and rows[0][0] == depth and rows[0][1].startswith("- "):
            items.append(rows.pop(0)[1][2:].strip('"'))
        return items, rows
    found = {}
    while rows and rows[0][0] == depth:
        key, value = re.fullmatch(r"([\w-]+):(?: (.+))?", rows.pop(0)[1]).groups()
        if value is not None:
            found[key] = {"true": True, "false": False}.get(value, value.strip('"'))
        elif rows and rows[0][0] > depth:
            found[key], rows = _block(rows, rows[0][0])
        else:
            found[key] = None
    return found, rows


STAGES = instructions((HERE / "Dockerfile").read_text(encoding="utf-8"))
BUILD, LAST = STAGES
IGNORE = [
    line
    for line in (HERE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def health_check():
    (rest,) = of(LAST, "HEALTHCHECK")
    return json.loads(rest.split("CMD", 1)[1])


def command():
    (rest,) = of(LAST, "CMD")
    return json.loads(rest)


# ---- The image, made in a folder -------------------------------------------------------------


class Image:
    """A folder that stands for /, filled as the Dockerfile says."""

    def __init__(self, folder):
        self.folder, self.built = folder / "image", folder / "built"
        self.environment, self.workdir = {"PATH": f"{BIN}:/usr/bin:/bin"}, Path("/")
        self._fill(BUILD)
        self.folder.rename(self.built)
        self.environment = {"PATH": f"{BIN}:/usr/bin:/bin"}
        self._fill(LAST)

    def inside(self, text):
        return INSIDE.sub(f"{self.folder}/", text)

    def place(self, path):
        return self.folder / str(self.workdir / path).lstrip("/")

    def variables(self, **more):
        # a container's home is its user's: none
        return {**self.environment, "HOME": str(self.folder / "nonexistent"), **more}

    def run(self, words, **more):
        return subprocess.run(
            words,
            cwd=self.place("."),
            env=self.variables(**more),
            capture_output=True,
            text=True,
            check=False,
        )

    def _fill(self, stage):
        copied = copies(stage)
        for word, rest in stage:
            if word == "WORKDIR":
                self.workdir = Path(rest)
                self.place(".").mkdir(parents=True, exist_ok=True)
            elif word == "ENV":
                self._set(rest)
            elif word == "COPY":
                self._copy(*next(copied))
            elif word == "RUN":
                self._run(rest)

    def _set(self, text):
        before = self.environment["PATH"]
        for name, value in (pair.split("=", 1) for pair in shlex.split(text)):
            self.environment[name] = self.inside(value).replace("$PATH", before)

    def _copy(self, flags, sources, place):
        root = self.built if "from" in flags else HERE
        for source in sources:
            origin = root / source.lstrip("/")
            assert origin.exists(), f"COPY {source}: no such path"
            goal = self.place(place)
            if origin.is_file():
                goal = goal / origin.name if place.endswith("/") else goal
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, goal)
            else:
                left_out = None if "from" in flags else _left_out
                shutil.copytree(origin, goal, symlinks=True, ignore=left_out, dirs_exist_ok=True)

    def _run(self, text):
        if "useradd" in text or text.startswith("apt-get"):  # the user is a number here: none is
            return  # made; and what is installed is this machine's own
        text = re.sub(r"install -d -o \d+ -g \d+", "mkdir -p", LOCKED.sub("true", text))
        done = self.run(["sh", "-euc", self.inside(text)])
        assert done.returncode == 0, f"RUN {text}\n{done.stdout}{done.stderr}"
        for made in re.findall(r"-m venv .*?(/opt/\w+)", text):
            self._lend(self.folder / made.lstrip("/"))

    def _lend(self, environment):
        """Lend this environment's packages, without its editable csa, to one of the image's."""
        (site,) = environment.glob("lib/python*/site-packages")
        for held in Path(sysconfig.get_path("purelib")).iterdir():
            if not (site / held.name).exists() and not re.search(
                r"^_?(csa|core_service_areas)\b|\.pth$", held.name
            ):
                (site / held.name).symlink_to(held)
        script = environment / "bin" / "streamlit"
        script.write_text(
            f"#!{environment}/bin/python\nfrom streamlit.web.cli import main\nmain()\n"
        )
        script.chmod(0o755)


def _left_out(folder, names):
    within = Path(folder).relative_to(HERE)
    return [name for name in names if is_ignored(str(within / name), IGNORE)]


def set_writable(folder, is_writable):
    """Give or take the owner's right to write, in the whole folder."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IWUSR if is_writable else mode & ~0o222)


def confined(words):
    """Drop root's right to write where modes forbid it, as cap_drop does."""
    return ["setpriv", "--bounding-set=-all", *words] if os.geteuid() == 0 else words


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


def get(address):
    with build_opener(ProxyHandler({})).open(address, timeout=60) as answer:
        return answer.status, answer.read()


@contextmanager
def served(image, **more):
    """Start the image's own command on a free port; give the port once it answers."""
    port = free_port()
    words = confined([image.inside(word).replace(PORT, port) for word in command()])
    path = image.variables()["PATH"]
    words[0] = shutil.which(words[0], path=path)
    log = image.folder.parent / f"{port}.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            words, cwd=image.place("."), env=image.variables(**more), stdout=out, stderr=out
        ) as server,
    ):
        try:
            check = [word.replace(PORT, port) for word in health_check()]
            deadline = time.monotonic() + 60
            while image.run(check, **more).returncode:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield port
        finally:
            server.terminate()
            server.wait(60)


@contextmanager
def listening():
    """Stand where a proxy would: give its address, and what was asked of it."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as trap:

        def listen():
            with suppress(OSError):  # closed
                while True:
                    caller, _ = trap.accept()
                    with caller:
                        asked.append(caller.recv(200))

        Thread(target=listen, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{trap.getsockname()[1]}", asked
        finally:
            trap.shutdown(socket.SHUT_RDWR)


def first_page(address):
    """Ask for the first page as a browser's script does; return what came until it was done."""
    ask = BackMsg()
    ask.rerun_script.query_string = ""
    with connect(
        f"{address}/_stcore/stream",
        origin=f"http://{urlsplit(address).netloc}",
        subprotocols=["streamlit"],
        max_size=None,
        proxy=None,
        open_timeout=60,
        ping_timeout=None,
    ) as line:
        line.send(ask.SerializeToString())
        said = []
        while not said or said[-1].WhichOneof("type") != "script_finished":
            said.append(ForwardMsg.FromString(line.recv(timeout=60)))
    return said
