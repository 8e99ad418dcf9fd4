"""Where files are: a project's folder or the user's, and what comes with the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from csa.base.errors import MachineError

DISTRIBUTION = "core-service-areas"
"""What is installed; `csa` is the name of the command and of the package that is imported."""
PROJECT_FILE = "csa.toml"
"""A folder that holds it is a project's; it may be empty, or hold a deployment's settings."""


def home() -> Path:
    """Return the folder of config/, data/ and var/.

    `CSA_HOME`, else this folder where it has a `csa.toml`, else the user's data folder. This one is
    given as `.`, so that paths are short. No folder above is asked: it may be anybody's.
    """
    given = os.environ.get("CSA_HOME")
    if given:
        return Path(given)
    if Path(PROJECT_FILE).is_file():
        return Path()
    from platformdirs import user_data_path  # noqa: PLC0415 - seldom asked

    return user_data_path(DISTRIBUTION, appauthor=False)


def shipped() -> Path:
    """Return the folder of config/, data/sample/ and docs/ that come with the program."""
    package = Path(__file__).parents[1]
    inside = package / "shipped"  # of a wheel; a checkout has them at its top
    return inside if inside.is_dir() else package.parents[1]


def in_home(*parts: str) -> Path:
    """Return a path at home, or the one that comes with the program where home has none."""
    own, theirs = home().joinpath(*parts), shipped().joinpath(*parts)
    return theirs if theirs.exists() and not own.exists() else own


def require_one_owner() -> None:
    """Refuse to run where another distribution has written into the same package.

    Whoever is installed last owns `csa/__init__.py`; the lists of what was installed are beside it.
    """
    package = sys.modules["csa"]
    is_ours = hasattr(package, "_MODULES")
    folder = Path(package.__file__).parents[1] if package.__file__ else shipped()
    lists = [path for path in folder.glob("*.dist-info/RECORD") if _has_package(path)]
    names = (path.parent.name.removesuffix(".dist-info").rpartition("-")[0] for path in lists)
    owners = {name.replace("_", "-") for name in names} - {DISTRIBUTION}
    if owners or not is_ours:
        others = ", ".join(sorted(owners)) or "csa"
        raise MachineError("home.two_owners", others=others, own=DISTRIBUTION)


def _has_package(record: Path) -> bool:
    """Check whether a distribution's list of files has the package's first file."""
    return b"\ncsa/__init__.py," in b"\n" + record.read_bytes()
