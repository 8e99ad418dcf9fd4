"""Count the files that a command or a page runs through: `python -m benchmarks.files_run`.

A file of `csa` or `csa_app` counts if a function of it is called. The second count is of the files
that are loaded at the end, called or not (`__init__.py` with code too). `--list` prints the names.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
TARGETS = {"propose": (46, 35), "report --all": (179, 80), "page Displacement": (120, 60)}
"""How many each ran through before the rooms were joined, and at most how many it shall."""
WATCHED = """
import ast
import json
import sys
import threading
from pathlib import Path

import csa
import csa_app

homes = tuple(str(Path(package.__file__).parent) + "/" for package in (csa, csa_app))
called = set()

def is_import(frame):
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith(homes[0]):
            return True
        frame = frame.f_back
    return False

def watch(frame, event, _argument):
    code = frame.f_code
    if event == "call" and code.co_filename.endswith(".py") and code.co_filename not in called:
        is_function = code.co_flags & 2 and code.co_name[0] != "<"
        if is_function and code.co_filename.startswith(homes) and not is_import(frame.f_back):
            called.add(code.co_filename)

def has_code(path):
    return any(not isinstance(line, ast.Expr) for line in ast.parse(path.read_text()).body)

def command():
    from csa.cli.main import main

    sys.argv[0] = "csa"
    main()

def page():
    from streamlit.testing.v1 import AppTest
    from streamlit.util import calc_hash

    shown = AppTest.from_file(sys.argv[2], default_timeout=600)
    shown._page_hash = calc_hash(sys.argv[1].removeprefix("page:"))
    shown.run()
    assert not shown.exception, shown.exception

account = sys.argv.pop()
sys.setprofile(watch)
threading.setprofile(watch)
try:
    page() if sys.argv[1].startswith("page:") else command()
finally:
    sys.setprofile(None)
    names = [getattr(module, "__file__", None) or "" for module in [*sys.modules.values()]]
    loaded = {name for name in names if name.startswith(homes) and has_code(Path(name))}
    text = json.dumps({"called": sorted(called), "loaded": sorted(loaded)})
    for home in homes:
        text = text.replace(home, "")
    Path(account).write_text(text)
"""


def run(folder: Path, *words: str) -> dict[str, list[str]]:
    """Run a command or a page in a folder, and list the files that it called and loaded."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CSA_")}
    environment |= {"CSA_STORE": str(folder / "store.sqlite3"), "CSA_CITY": str(folder / "dataset")}
    account = folder / "account.json"
    command = [sys.executable, "-c", WATCHED, *words, str(account)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return json.loads(account.read_text(encoding="utf-8"))


def count(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Run two commands and a page on the sample with its program."""
    dataset = str(folder / "dataset")
    of_city = ("--city", "sample", "--dataset", dataset)
    run(folder, "ingest", "--city", "sample", "--out", dataset)
    run(folder, "sample", *of_city, "--store", str(folder / "store.sqlite3"))
    report = ("report", *of_city, "--month", "2020-07", "--all", "--out", str(folder / "report"))
    return {
        "propose": run(folder, "propose", *of_city, "--out", str(folder / "areas")),
        "report --all": run(folder, *report),
        "page Displacement": run(
            folder, "page:displacement", str(ROOT / "app" / "csa_app" / "main.py")
        ),
    }


def main() -> None:
    """Print the counts beside the targets; 1 if one is over."""
    parser = argparse.ArgumentParser(prog="files_run", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the files' names too")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = count(Path(folder))
    table = Table(box=None, pad_edge=False)
    for title in ("", "runs through", "at most", "before", "loaded"):
        table.add_column(title, justify="left" if not title else "right")
    for name, (before, most) in TARGETS.items():
        counts = (len(found[name]["called"]), most, before, len(found[name]["loaded"]))
        table.add_row(name, *map(str, counts))
        if wishes.list:
            print(name, *found[name]["called"], sep="\n  ")
    Console().print(table)
    sys.exit(any(len(found[name]["called"]) > most for name, (_, most) in TARGETS.items()))


if __name__ == "__main__":
    main()
