"""The image itself, built, and started as compose.yaml starts it: `make test-image`.

It takes root and buildah (`apt-get install buildah netavark crun mmdebstrap`), a package index
and some ten minutes. Where Docker's registry cannot be reached, a base of this machine's Debian stands
in for the one that the Dockerfile names, made by mmdebstrap: it is larger, and its Python may be another minor one.
"""

# ruff: noqa: S607 - system programs, found on the PATH

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.dockerfile import (
    HERE,
    LAST,
    PORT,
    STAGES,
    command,
    first_page,
    free_port,
    health_check,
    of,
    variables,
)

pytestmark = pytest.mark.slow

MISSING = [name for name in ("buildah", "nsenter", "setpriv") if shutil.which(name) is None]
LENT = ["/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"]
"""How this machine reaches its package indexes, lent to the build where there are such files."""
SIZE_MB = 900
SLIM = ["doc", "info", "locale", "man"]
"""Folders of /usr/share that Debian's slim images leave empty, and so the stand-in."""
SIGN = ["--by", "Prevention team", "--why", "The image is tried."]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Run buildah with a store of its own; what it takes is not to be had on each machine."""
    if os.geteuid() != 0 or MISSING:
        pytest.skip(
            f"the image is not built here: it takes root and {' '.join(MISSING) or 'no more'}"
        )
    folder = tmp_path_factory.mktemp("image")
    limits = folder / "containers.conf"
    limits.write_text('[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n')
    setting = {
        "STORAGE_DRIVER": "vfs",
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_CONF": str(limits),
    }

    def run(*words, must=True, seconds=1800):
        done = subprocess.run(
            ["buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run", *words],
            env={**os.environ, **setting},
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not must or done.returncode == 0, (
            f"{words}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        return done.stdout.strip() if done.returncode == 0 else None

    yield run
    run("umount", "--all", must=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def root_folder(build, tmp_path_factory):
    """Build the image, and give the folder that holds its files."""
    (base,) = {rest.split()[0] for stage in STAGES for rest in of(stage, "FROM")}
    if build("pull", "-q", "--retry", "0", base, must=False) is None:
        base = "localhost/csa-base:stand-in"  # no other has the digest
        stand_in(build, base, tmp_path_factory.mktemp("base"))
    lent = {path: Path(path) for path in LENT}
    lent["/etc/apt"] = lent_apt(tmp_path_factory.mktemp("lent") / "apt")
    volumes = [f"{path}:{name}:ro" for name, path in lent.items() if path.exists()]
    build(
        "bud",
        "--format",
        "docker",
        "--pull-never",
        "--network",
        "host",
        f"--build-arg=PYTHON={base}",
        *(word for volume in volumes for word in ("-v", volume)),
        "-t",
        "csa:tried",
        ".",
    )
    return Path(build("mount", build("from", "--pull-never", "csa:tried")))


def lent_apt(folder):
    """Copy how this machine reaches Debian, without what it alone prefers or holds."""
    shutil.copytree("/etc/apt", folder, ignore=shutil.ignore_patterns("preferences*"))
    for path in (*folder.glob("sources.list"), *folder.glob("sources.list.d/*")):
        if "file:" in path.read_text(encoding="utf-8"):
            path.unlink()
    return folder


def stand_in(build, name, folder):
    """Make a base of this machine's Debian, with its Python."""
    if shutil.which("mmdebstrap") is None:
        pytest.skip(
            "the image is not built here: no registry answers, and mmdebstrap is not installed"
        )
    packages = "python3,python3-venv,python3-pip,ca-certificates"
    subprocess.run(
        [
            "mmdebstrap",
            "-q",
            "--variant=minbase",
            f"--include={packages}",
            '--aptopt=Acquire::Check-Valid-Until "false"',  # a mirror may be behind the clock
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in SLIM),
            "stable",
            folder / "base.tar",
        ],
        check=True,
    )
    made = build("from", "scratch")
    inside = Path(build("mount", made))
    subprocess.run(["tar", "-xf", folder / "base.tar", "-C", inside], check=True)
    (inside / "usr/bin/python").symlink_to("python3")
    for mark in inside.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()
    build("commit", "-q", "--rm", made, name)


class Container:
    """The image in a room of its own: read-only, as its user, with the volumes of compose.yaml.

    Made of what util-linux has, since crun and runc refuse a machine whose control groups are of
    both kinds; the network is the host's own, as the port is asked from here.
    """

    ROOM = """
        mount --bind "$0" "$0"
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        mount -t tmpfs tmpfs "$0/tmp"
        mount --bind "$1" "$0/srv/csa/var"
        mount -o remount,bind,ro "$0"
        shift
        exec chroot "$0" "$@"
    """

    def __init__(self, root, volume, log, port, **more):
        self.root, self.volume, self.log, self.port, self.server = root, volume, log, port, None
        (user,) = of(LAST, "USER")
        self.uid, self.gid = user.split(":")
        path = "/usr/local/bin:/usr/bin:/bin"
        said = {**variables(LAST), **more}
        told = {name: value.replace("$PATH", path) for name, value in said.items()}
        self.alone = [
            *("setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"),
            *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
            *("env", "-i", "-C", "/srv/csa", "HOME=/nonexistent"),
            *(f"{name}={value}" for name, value in told.items()),
        ]

    def inside(self, *words):
        """Run a command in it, as its user."""
        room = ["nsenter", f"--target={self.server.pid}", "--mount", "--root"]
        return subprocess.run(
            [*room, *self.alone, *words], capture_output=True, text=True, check=False
        )

    @contextmanager
    def running(self):
        """Start it; give it once it says that it is healthy; kill it."""
        words = [word.replace(PORT, self.port) for word in command()]
        given = [self.root, self.volume, *self.alone, *words]
        with self.log.open("wb") as out:
            self.server = subprocess.Popen(
                ["unshare", "--mount", "sh", "-euc", self.ROOM, *map(str, given)],
                stdout=out,
                stderr=out,
            )
        try:
            deadline = time.monotonic() + 180
            check = [word.replace(PORT, self.port) for word in health_check()]
            while self.inside(*check).returncode:
                assert self.server.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(1)
            yield self
        finally:
            self.server.kill()
            self.server.wait(30)


@pytest.fixture
def started(root_folder, tmp_path):
    """Start containers of the image, each anew, with one volume that starts as Docker's does."""
    volume = tmp_path / "var"
    subprocess.run(["cp", "-a", root_folder / "srv/csa/var", volume], check=True)

    def start(name, **more):
        log = tmp_path / f"{name}.log"
        return Container(root_folder, volume, log, free_port(), **more).running()

    return start


def test_it_is_small(root_folder):
    n_kb = subprocess.run(["du", "-sk", root_folder], capture_output=True, text=True, check=True)
    assert int(n_kb.stdout.split()[0]) / 1024 < SIZE_MB


def test_it_serves_the_made_up_city_from_a_read_only_root_and_keeps_what_was_decided(started):
    with started("first") as box:
        assert box.inside("id", "-u").stdout == "10001\n"
        for place in ("/srv/csa/x", "/opt/csa/x", "/opt/csa/lib/x"):
            assert "Read-only file system" in box.inside("touch", place).stderr
        page = b"".join(one.SerializeToString() for one in first_page(f"ws://127.0.0.1:{box.port}"))
        assert b"Orrinvale" in page
        done = box.inside(
            "csa", "plan", "set", "1.2.3", "--city", "sample", "--store", "var/sample.sqlite3",
            *SIGN, "--percent", "7",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        listed = box.inside(
            "csa", "audit", "list", "--city", "sample", "--store", "var/sample.sqlite3", "--json"
        )
        assert json.loads(listed.stdout), listed.stderr
    with started("second") as box:  # the first was killed, and its root is gone
        again = box.inside(
            "csa", "audit", "list", "--city", "sample", "--store", "var/sample.sqlite3", "--json"
        )
        assert again.stdout == listed.stdout
        assert (
            box.inside(
                "csa", "audit", "verify", "--city", "sample", "--store", "var/sample.sqlite3"
            ).returncode
            == 0
        )


def test_a_report_is_made_in_it_with_letters_and_maps(started):
    """By libraries without their names for debuggers, and with what draws letters."""
    about = ("--city", "sample", "--dataset", "var/sample/dataset", "--month", "2020-07")
    with started("reporting") as box:
        done = box.inside(
            *("csa", "report", *about, "--audience", "executive"),
            *("--out", "var/executive.pdf"),
        )
        assert done.returncode == 0, done.stderr
        assert (box.volume / "executive.pdf").read_bytes().startswith(b"%PDF")


def test_decisions_are_in_the_postgresql_beside_it(started, server):
    """As compose.postgres.yaml sets it: by CSA_STORE alone, for the app and for the commands."""
    address = server.database()
    about = ("--city", "sample")
    with started("beside", CSA_STORE=address) as box:
        page = b"".join(one.SerializeToString() for one in first_page(f"ws://127.0.0.1:{box.port}"))
        assert b"Orrinvale" in page
        for words in (
            ("plan", "set", "1.2.3", *about, *SIGN, "--percent", "7"),
            ("audit", "verify", *about),
        ):
            done = box.inside("csa", *words)
            assert done.returncode == 0, done.stderr
    ((n, action),) = server.run("SELECT count(*), min(item) FROM audit", address.rsplit("/")[-1])
    assert (n, action) == (1, "1.2.3")
