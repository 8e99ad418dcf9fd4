"""The wheel and the sdist: what they hold, and what a stranger does with them in a new environment."""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dockerfile import first_page, free_port, get

UV = Path(sys.executable).parent / "uv"
PYTHONS = ("3.11", "3.12", "3.13")
OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The one that is here in any case."""


@pytest.fixture(scope="session")
def built(root, tmp_path_factory):
    """The sdist, and the wheel that is built from it alone."""
    out = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(root)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in out.iterdir()}


@pytest.fixture(scope="session")
def wheel(built):
    return built[".whl"]


@pytest.mark.system
def test_the_wheel_that_is_built_again_has_the_same_bytes(wheel, root, tmp_path):
    words = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        str(tmp_path),
        str(root),
    ]
    subprocess.run(words, capture_output=True, check=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.system
def test_the_wheel_holds_command_app_cities_sample_and_licenses_and_nothing_of_ours(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    spanish = "csa/base/locale/es/LC_MESSAGES/csa.po"
    texts = {"csa/base/locale/en.toml", spanish, "csa/synthetic/story.toml", "csa/py.typed"}
    app = {"main.py", ".streamlit/config.toml", "static/csa-page.js"}
    assert texts | {f"csa_app/{name}" for name in app} <= names
    for folder in ("config", "data/sample"):
        files = {path.relative_to(root) for path in (root / folder).rglob("*") if path.is_file()}
        assert {f"csa/shipped/{path.as_posix()}" for path in files} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "csa",
        "csa_app",
        "core_service_areas",
    }
    assert not [
        name for name in names if re.search(r"geometry/|vendor/|secrets|/var/|\.sqlite3", name)
    ]


@pytest.mark.system
def test_the_sdist_holds_what_the_wheel_is_built_of_and_the_tests(built):
    with tarfile.open(built[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "tests/test_wheel.py", "app/csa_app/main.py"} <= names
    assert not [name for name in names if re.search(r"static/geometry|^var|secrets", name)]


@pytest.mark.system
def test_a_wheel_of_what_git_has_serves_the_map_s_library(root, tmp_path):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)  # noqa: S607
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        place = tmp_path / "clone" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, place)
    words = ["-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, tmp_path / "clone"]
    subprocess.run([sys.executable, *words], capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "wheel", "zip")
    code = (
        "from csa_app.served import app; from tests.phones import ask; import csa_app;"
        "status, script, _ = ask(app, 'GET', '/app/static/leaflet/leaflet.js');"
        "print(csa_app.__file__, status, b'Leaflet' in script[:99])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"PYTHONPATH": f"{tmp_path / 'wheel'}:{root}", "CSA_HOME": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [f"{tmp_path}/wheel/csa_app/__init__.py", "200", "True"], (
        done.stderr
    )


# ---- In new environments, outside of the checkout --------------------------------------------


def find_python(version):
    """Find a Python that is here: on the path, as uv looks for it, or one of pyenv's."""
    words = [UV, "python", "find", "--no-python-downloads", "--no-project", version]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    if not found and not pyenv:
        pytest.skip(f"Python {version} is not here")
    return found or pyenv[-1]


class Stranger:
    """Somebody with a new environment and an empty folder."""

    def __init__(self, folder, version, package, *more):
        self.environment, self.folder = folder / "environment", folder / "empty"
        self.folder.mkdir(parents=True)
        self.bin = self.environment / "bin"
        python = find_python(version)
        subprocess.run([UV, "venv", "-q", "--python", python, self.environment], check=True)
        pins = folder / "pins.txt"
        lock = (Path(__file__).parents[1] / "requirements.lock").read_text(encoding="utf-8")
        pins.write_text("\n".join(re.findall(r"^[a-z0-9][\w.-]*==[^\\\n]+", lock, re.MULTILINE)))
        words = [UV, "pip", "install", "-q", "--python", self.bin / "python", "-c", pins]
        done = subprocess.run([*words, package, *more], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @property
    def variables(self):
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        home = {"HOME": str(self.folder.parent), "XDG_DATA_HOME": str(self.folder.parent / "data")}
        return {"PATH": f"{self.bin}:/usr/bin:/bin", **home, **kept}

    def run(self, *words, check=True):
        done = subprocess.run(
            list(map(str, words)),
            cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done

    @contextmanager
    def serving(self, *words):
        """Run a command that serves until its first page can be asked for; give its port."""
        port, log = free_port(), self.folder.parent / "served.txt"
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [*words, "--port", port], cwd=self.folder, env=self.variables, stdout=out, stderr=out
            ) as server,
        ):  # fmt: skip
            try:
                deadline = time.monotonic() + 900  # a busy machine is slow
                while not self.is_up(port):
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.3)
                yield port, log
            finally:
                server.terminate()
                server.wait(60)

    @staticmethod
    def is_up(port):
        try:
            return get(f"http://127.0.0.1:{port}/_stcore/health")[0] == 200
        except OSError:
            return False


def write_shootings(path):
    """A list of a town that is nowhere, as its police might write it: 600 shootings in three years."""
    chance = random.Random(52)  # noqa: S311 - a made-up list
    first = datetime(2021, 1, 1)  # noqa: DTZ001 - a list has the town's own time
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Case Number", "Occurred", "Latitude", "Longitude", "Outcome"])
        for n in range(600):
            when = first + timedelta(minutes=chance.randrange(3 * 365 * 24 * 60))
            lat, lon = ((39.10, -94.58), (39.13, -94.55), (39.07, -94.60))[n % 3]
            spot = round(chance.gauss(lat, 0.006), 5), round(chance.gauss(lon, 0.006), 5)
            outcome = "Fatal" if chance.random() < 0.2 else "Non-Fatal"
            writer.writerow([f"21-{n:05}", f"{when:%m/%d/%Y %H:%M}", *spot, outcome])


def shown(port):
    """What the first page holds; a fault of it fails here."""
    said = first_page(f"ws://127.0.0.1:{port}")
    text = " ".join(map(str, said))
    assert "exception {" not in text
    for name in ("leaflet/leaflet.js", "csa-page.js"):
        assert get(f"http://127.0.0.1:{port}/app/static/{name}")[0] == 200
    return text


def later(case):
    return pytest.param(case, marks=pytest.mark.long)


OTHERS = [(version, ".whl") for version in PYTHONS if version != OWN]


# .ci/run tries the wheel on the Python that is here; `make test-wheel`, each night, on all.
@pytest.fixture(scope="module", params=[(OWN, ".whl"), *map(later, (*OTHERS, (OWN, ".gz")))])
def stranger(request, built, tmp_path_factory):
    """A stranger with the wheel on each Python that is here, and one with the sdist."""
    version, kind = request.param
    more = ["nbclient", "ipykernel", "duckdb"] if request.param == (OWN, ".whl") else []
    folder = tmp_path_factory.mktemp(f"python{version}{kind}")
    return Stranger(folder, version, built[kind], *more)


on_own = pytest.mark.parametrize("stranger", [(OWN, ".whl")], indirect=True)


@pytest.mark.wheel
def test_a_stranger_sets_up_reports_and_serves_a_list_in_an_empty_folder(stranger):
    code = "import csa, csa_app; print(csa.__version__, csa.__file__, csa_app.__file__)"
    version, *places = stranger.run("python", "-P", "-c", code).stdout.split()
    assert version == "0.1.0"
    assert all(place.startswith(str(stranger.environment)) for place in places)
    home = json.loads(stranger.run("csa", "home", "--json").stdout)["home"]
    assert home == str(stranger.folder.parent / "data" / "core-service-areas")
    write_shootings(stranger.folder / "shootings.csv")
    started = json.loads(
        stranger.run("csa", "start", "shootings.csv", "--name", "Shootings", "--json").stdout
    )
    assert started["incidents"] == 600
    assert started["areas"] >= 1
    dataset = Path(home) / "var" / "shootings" / "dataset"
    words = ["--dataset", dataset, "--month", "2023-11", "--audience", "executive"]
    stranger.run("csa", "report", "--city", "shootings", *words, "--out", "report.html")
    assert "2023" in (stranger.folder / "report.html").read_text(encoding="utf-8")
    refused = stranger.run(
        "csa", "report", "--city", "shootings", *words, "--out", "a.pdf", check=False
    )
    assert (refused.returncode, "core-service-areas[pdf]" in refused.stderr) == (1, True)
    with stranger.serving("csa", "serve") as (port, _):
        assert "Shootings" in shown(port)
    assert sorted(path.name for path in stranger.folder.iterdir()) == [
        "report.html",
        "shootings.csv",
    ]


@pytest.mark.wheel
@on_own
def test_the_demo_is_filled_and_says_a_line_a_step(stranger):
    with stranger.serving("core-service-areas", "demo") as (port, log):
        assert "Orrinvale" in shown(port)
        lines = [line for line in log.read_text().splitlines() if line.strip()]
    assert len(lines) <= 12, lines
    assert f"http://127.0.0.1:{port} " in " ".join(lines)
    trail = json.loads(stranger.run("csa", "audit", "list", "--city", "sample", "--json").stdout)
    assert len(trail) > 100


@pytest.mark.wheel
@on_own
@pytest.mark.parametrize(
    "name",
    sorted(path.name for path in (Path(__file__).parents[1] / "docs/notebooks").glob("*.ipynb")),
)
def test_a_notebook_runs_from_the_wheel_alone(name, stranger, root):
    shutil.copy(root / "docs" / "notebooks" / name, stranger.folder.parent)
    code = (
        "import sys, nbformat; from nbclient import NotebookClient;"
        "NotebookClient(nbformat.read(sys.argv[1], 4), timeout=300, kernel_name='python3').execute()"
    )
    stranger.run("python", "-P", "-c", code, stranger.folder.parent / name)


@pytest.mark.system
def test_notebooks_are_six_and_stored_without_what_they_showed(root):
    paths = sorted((root / "docs" / "notebooks").glob("*.ipynb"))
    assert [path.name[0] for path in paths] == list("123456")
    for path in paths:
        code = [
            one
            for one in json.loads(path.read_text("utf-8"))["cells"]
            if one["cell_type"] == "code"
        ]
        assert code
        assert not any(one["outputs"] or one["execution_count"] for one in code)


@pytest.mark.wheel
@on_own
def test_next_to_the_package_index_s_csa_it_refuses_to_run(stranger):
    site = next(stranger.environment.glob("lib/python*/site-packages"))
    about = site / "csa-9.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: csa\nVersion: 9.9\n")
    (about / "RECORD").write_text("csa/__init__.py,,\n")  # as any installer writes it
    try:
        for words in (["csa", "--version"], ["python", "-P", "-m", "csa_app"]):
            done = stranger.run(*words, check=False)
            assert done.returncode != 0
            assert "pip uninstall -y csa core-service-areas" in done.stderr
    finally:
        shutil.rmtree(about)
