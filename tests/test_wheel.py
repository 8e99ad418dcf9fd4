"""The wheel: it builds, holds what the package needs, and runs without the screens."""

import subprocess
import sys
import zipfile

import pytest


def build(root, out):
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*words, str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def wheel(root, tmp_path_factory):
    return build(root, tmp_path_factory.mktemp("dist"))


@pytest.mark.system
def test_the_wheel_holds_the_sentences_and_the_story_and_says_that_it_is_typed(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    spanish = "csa/base/locale/es/LC_MESSAGES/csa.po"
    told = {"csa/base/locale/en.toml", spanish, "csa/synthetic/story.toml"}
    assert {"csa/cli/main.py", "csa/py.typed", *told} <= names
    assert not [name for name in names if name.startswith(("tests", "app", "config", "data"))]


@pytest.mark.system
def test_the_command_runs_from_the_wheel_without_the_screens(wheel, tmp_path):
    target = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(target)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['streamlit'] = None;"
        "sys.modules['folium'] = None; sys.modules['plotly'] = None;"
        "import csa.cli.main, csa.areas.analysis, csa.ingest.intake, csa.cli.propose;"
        "assert csa.__file__.startswith(sys.argv[1]); sys.argv = ['csa', '--help']; csa.cli.main.main()"
    )
    words = [sys.executable, "-c", code, str(target)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "propose" in done.stdout


@pytest.mark.system
def test_a_wheel_built_again_is_the_same_file(wheel, root, tmp_path):
    assert build(root, tmp_path).read_bytes() == wheel.read_bytes()
