"""The test files that a change reaches, nearest first: `make test-changed` runs them.

By what they import, which needs no run before. Not pytest-testmon: beside pytest-xdist it chose no
test, and its database, like the map that tests/campaigns/mutation makes, is as old as its last run,
which takes longer than all the quick tests.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

from tests.house import ROOT, imports, modules

TESTS = ROOT / "tests"
ALWAYS = ("test_house.py", "test_docs.py", "base/test_text.py")
"""Read every module's text."""


@cache
def known() -> dict[str, Path]:
    """Map the dotted name of each module and each file of tests to its file."""
    tests = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in TESTS.rglob("*.py")
    }
    return {**modules(), **tests}


def mirrored(name: str) -> set[str]:
    """Name the modules that a test file is for: those of its name, or else all of its folder."""
    room, _, stem = name.removeprefix("tests.").rpartition(".")
    folder = f"csa_{room}" if room.partition(".")[0] == "app" else f"csa.{room}"
    inside = {one for one in modules() if one.rpartition(".")[0] == folder}
    return {one for one in inside if stem.startswith(f"test_{one.rpartition('.')[2]}")} or inside


@cache
def needed(name: str) -> set[str]:
    """List what a module imports; a test file needs its folder's fixtures and what it is for, too."""
    path = known()[name]
    found = imports(name, path, set(known()))
    if path.is_relative_to(TESTS) and path.parent != TESTS:
        found |= {f"{name.rpartition('.')[0]}.conftest"} & set(known()) - {name}
        found |= mirrored(name) if path.name.startswith("test_") else set()
    return found


def reached(changed: set[str]) -> dict[Path, int]:
    """Map each test file that a change of modules reaches to the steps of imports between."""
    users = defaultdict(set)
    for name in known():
        for other in needed(name):
            users[other].add(name)
    steps = dict.fromkeys(sorted(changed), 0)
    for name in (queue := list(steps)):
        for user in sorted(users[name] - steps.keys()):
            steps[user] = steps[name] + 1
            queue.append(user)
    paths = {known()[name]: n for name, n in steps.items()}
    return {path: n for path, n in paths.items() if path.name.startswith("test_")}


def modules_of(path: Path) -> set[str]:
    """Name the module that a file is, or those that name the file, or what stands around it."""
    word = re.compile(rf"\b{re.escape(path.name)}\b")
    return (
        {name for name, place in known().items() if place == path}
        or {name for name, place in known().items() if word.search(place.read_text("utf-8"))}
        or {name for name, place in known().items() if place.parent in path.parents[:2]}
    )


@cache
def reached_since(base: str) -> dict[Path, int]:
    """Map each test file that a change since a commit reaches to the steps between, nearest first."""

    def git(*words: str) -> list[str]:
        command = ["git", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    changed = git("diff", "--name-only", base) + git("ls-files", "--others", "--exclude-standard")
    names = set().union(*(modules_of(ROOT / name) for name in changed))
    steps = reached(set(known()) if "tests.conftest" in names else names)
    if steps:
        steps |= {TESTS / name: steps.get(TESTS / name, 99) for name in ALWAYS}
    return dict(sorted(steps.items(), key=lambda item: (item[1], item[0])))
