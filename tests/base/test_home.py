"""Where files are, and that the package is ours alone."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.sentences import refuses

from csa.base.errors import MachineError
from csa.base.home import DISTRIBUTION, home, in_home, require_one_owner, shipped


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A folder of no project, for a user whose data lie elsewhere."""
    monkeypatch.delenv("CSA_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "project" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def test_home_is_what_is_named_then_a_projects_folder_then_the_users_own(empty, monkeypatch):
    assert home() == empty / "data" / DISTRIBUTION
    Path("csa.toml").touch()
    assert home() == Path()
    monkeypatch.setenv("CSA_HOME", "/srv/csa")
    assert home() == Path("/srv/csa")


def test_no_folder_above_is_a_home_since_it_may_be_anybodys(empty, monkeypatch):
    Path("csa.toml").touch()
    monkeypatch.chdir("inner")
    assert home() == empty / "data" / DISTRIBUTION


def test_what_home_lacks_comes_with_the_program_and_its_own_file_comes_first(empty):
    assert in_home("config", "sample.toml") == shipped() / "config" / "sample.toml"
    own = home() / "config" / "sample.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert in_home("config", "sample.toml") == own
    assert in_home("config", "elsewhere.toml") == home() / "config" / "elsewhere.toml"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return the folder that the package is installed in, with its own distribution."""
    package = ModuleType("csa")
    package.__file__ = str(tmp_path / "csa" / "__init__.py")
    package._MODULES = {}
    monkeypatch.setitem(sys.modules, "csa", package)
    install(tmp_path, "core_service_areas-0.1.0", "csa/__init__.py")
    return tmp_path


def install(folder, name, *files):
    about = folder / f"{name}.dist-info"
    about.mkdir()
    (about / "RECORD").write_text("".join(f"{file},sha256=x,1\n" for file in files))


@pytest.mark.parametrize("name", ["csa", "csa-tools"])
def test_another_distribution_that_wrote_into_the_package_is_refused_with_its_name(name, installed):
    install(installed, "harmless-1.0", "csa_like/__init__.py", "not/csa/__init__.py", "csa/part.py")
    require_one_owner()
    install(installed, f"{name.replace('-', '_')}-2.0", "csa/cut.py", "csa/__init__.py")
    with refuses("home.two_owners", MachineError, others=name):
        require_one_owner()


def test_a_package_whose_first_file_is_anothers_is_refused(installed):
    del sys.modules["csa"]._MODULES
    with refuses("home.two_owners", MachineError):
        require_one_owner()


def test_one_owner_is_no_fault():
    require_one_owner()
