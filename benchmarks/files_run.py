"""Count the files of `csa` that a command runs through: `python -m benchmarks.files_run`.

A file counts if the command calls a function of it. The second count is of the files that are
loaded at the end, called or not (`__init__.py` with code too): what a command may need, and the
command line's own other groups. `--list` prints the names.
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
TARGETS = {"propose": (46, 30), "displace": (71, 45), "publish": (106, 70)}
"""How many each ran through before the packages were moved, and at most how many it shall."""
SINCE = "2019-09"
WATCHED = """
import ast
import json
import sys
import threading
from pathlib import Path

import csa

home = str(Path(csa.__file__).parent) + "/"
called = set()

def is_import(frame):
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith(home):
            return True
        frame = frame.f_back
    return False

def watch(frame, event, _argument):
    code = frame.f_code
    if event == "call" and code.co_filename.endswith(".py") and code.co_filename not in called:
        is_function = code.co_flags & 2 and code.co_name[0] != "<"
        if is_function and code.co_filename.startswith(home) and not is_import(frame.f_back):
            called.add(code.co_filename)

def has_code(path):
    return any(not isinstance(line, ast.Expr) for line in ast.parse(path.read_text()).body)

from csa.cli.main import main

sys.argv[0] = "csa"
account = sys.argv.pop()
sys.setprofile(watch)
threading.setprofile(watch)
try:
    main()
finally:
    sys.setprofile(None)
    names = [getattr(module, "__file__", None) or "" for module in [*sys.modules.values()]]
    loaded = {name for name in names if name.startswith(home) and has_code(Path(name))}
    text = {"called": sorted(called), "loaded": sorted(loaded)}
    Path(account).write_text(json.dumps(text).replace(home, ""))
"""


def run(folder: Path, *words: str) -> dict[str, list[str]]:
    """Run a command in a folder, and list the files that it called and loaded."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CSA_")}
    environment["CSA_STORE"] = f"sqlite:///{folder / 'none.sqlite3'}"
    account = folder / "account.json"
    command = [sys.executable, "-c", WATCHED, *words, str(account)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return json.loads(account.read_text(encoding="utf-8"))


def count(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Run the three commands on the sample."""
    areas = str(folder / "areas")
    dataset = str(folder / "dataset")
    of_city = ("--city", "sample", "--dataset", dataset)
    run(folder, "ingest", "--city", "sample", "--out", dataset)
    return {
        "propose": run(folder, "propose", *of_city, "--until", SINCE, "--out", areas),
        "displace": run(
            folder,
            *("displace", *of_city, "--areas", areas, "--since", SINCE),
            *("--out", str(folder / "displacement")),
        ),
        "publish": run(folder, "publish", *of_city, "--out", str(folder / "bundle")),
    }


def main() -> None:
    """Print the counts beside the targets; 1 if one is over."""
    parser = argparse.ArgumentParser(prog="files_run", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the files' names too")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = count(Path(folder))
    table = Table(box=None, pad_edge=False)
    for title in ("csa ...", "runs through", "at most", "before", "loaded"):
        table.add_column(title, justify="left" if title == "csa ..." else "right")
    for name, (before, most) in TARGETS.items():
        counts = (len(found[name]["called"]), most, before, len(found[name]["loaded"]))
        table.add_row(name, *map(str, counts))
        if wishes.list:
            print(name, *found[name]["called"], sep="\n  ")
    Console().print(table)
    sys.exit(any(len(found[name]["called"]) > most for name, (_, most) in TARGETS.items()))


if __name__ == "__main__":
    main()
