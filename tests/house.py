"""The weight of the house: `make weigh` prints it, and tests/weights.toml holds it.

Lines of code are lines with code on them: docstrings, comments, blank lines and imports cost
nothing. Of tests, scripts, styles and templates each line counts.
"""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Container
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TOPS = {"csa": ROOT / "src" / "csa", "csa_app": ROOT / "app" / "csa_app"}
LEDGER = ROOT / "tests" / "weights.toml"
OTHER = {".css", ".html", ".j2", ".jinja", ".js"}
NO_CODE = {
    tokenize.COMMENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.INDENT, tokenize.NEWLINE,
    tokenize.NL,
}  # fmt: skip
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


parsed = cache(ast.parse)
"""Each module is read for several questions."""


def count_code(text: str) -> int:
    """Count the lines of a module with code on them."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(parsed(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            lines -= set(range(node.lineno, node.end_lineno + 1))
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


@cache
def modules() -> dict[str, Path]:
    """Map each module's dotted name to its file; a package is its `__init__.py`."""
    return {
        ".".join([top, *path.relative_to(home).with_suffix("").parts]).removesuffix(
            ".__init__"
        ): path
        for top, home in TOPS.items()
        for path in sorted(home.rglob("*.py"))
    }


def room_of(path: Path) -> str:
    """Name the room that a file is in: a package of csa, `app`, or `csa` for the library's face."""
    if path.is_relative_to(TOPS["csa_app"]):
        return "app"
    inside = path.relative_to(TOPS["csa"]).parts
    return inside[0] if len(inside) > 1 else "csa"


def weigh_rooms() -> Counter[str]:
    """Count the lines of code of each room."""
    weights: Counter[str] = Counter()
    for path in modules().values():
        weights[room_of(path)] += count_code(path.read_text(encoding="utf-8"))
    return weights


def lines_of(paths: list[Path]) -> int:
    """Count all lines of files."""
    return sum(path.read_text(encoding="utf-8").count("\n") for path in paths)


def weigh() -> dict[str, float]:
    """Weigh all that the ledger holds."""
    functions, private, words = 0, Counter[str](), Counter[str]()
    for path in modules().values():
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(parsed(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions += 1
                private[node.name] += node.name[0] == "_" and node.name[:2] != "__"
        words.update(re.findall(r"\b_[a-z]\w*", text))
    other = [path for top in TOPS.values() for path in top.rglob("*") if path.suffix in OTHER]
    rooms = weigh_rooms()
    return {
        "core": sum(n for room, n in rooms.items() if room != "extras"),
        "extras": rooms["extras"],
        "other": lines_of([path for path in other if not {"vendor", "geometry"} & {*path.parts}]),
        "used_once": sum(n == 1 and words[name] == 2 for name, n in private.items()),
        "lines_a_function": round(sum(rooms.values()) / functions, 1),
        "tests": lines_of([*(ROOT / "tests").rglob("*.py")]),
    }


def ceilings(ledger: dict[str, Any]) -> dict[str, float]:
    """Sum a ledger: where it started, less what was lowered, and what was granted."""
    ceiling = dict(ledger["start"])
    for entry, sign in [
        *((entry, -1) for entry in ledger.get("lowered", [])),
        *((entry, 1) for entry in ledger.get("granted", [])),
    ]:
        ceiling[entry["row"]] = round(ceiling[entry["row"]] + sign * entry["lines"], 1)
    return ceiling


def too_heavy(weight: dict[str, float], ledger: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """List what weighs more than the ledger allows; lines a function may not be fewer."""
    return {
        row: (weight[row], most)
        for row, most in ceilings(ledger).items()
        if (weight[row] < most if row == "lines_a_function" else weight[row] > most)
    }


def raised(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """List the rows that a ledger holds higher than an earlier one, with what was granted since."""
    allowed = {**before, "granted": now.get("granted", [])}
    gone = [row for row in before["start"] if row not in now["start"]]
    return gone or list(too_heavy(ceilings(now), allowed))


def earlier_ledger() -> dict[str, Any] | None:
    """Read the ledger where this branch left main, or one commit ago; None where git has neither."""

    def git(*words: str) -> str:
        command = ["git", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/main")
    commit = git("rev-parse", "HEAD^") if base in {"", head} else base
    if not commit:
        return None
    return tomllib.loads(git("show", f"{commit}:{LEDGER.relative_to(ROOT)}")) or {"start": {}}


def imports(name: str, path: Path, known: Container[str]) -> set[str]:
    """List those of known modules that a module imports, inside functions too, but for types alone."""
    tree = parsed(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
    return {other for other in found if other in known and other != name}


@cache
def graph() -> dict[str, set[str]]:
    """Map each module to those that it imports."""
    return {name: imports(name, path, modules()) for name, path in modules().items()}


def main() -> int:
    """Print the weight of each room and what is held; with --check, compare the ledger with main's."""
    for room, weight in sorted(weigh_rooms().items()):
        print(f"{room:16} {weight:7,}")
    ledger, weight = tomllib.loads(LEDGER.read_text(encoding="utf-8")), weigh()
    for row, most in ceilings(ledger).items():
        print(f"{row:16} {weight[row]:7,} (held: {most:,})")
    for entry in ledger.get("granted", []):
        print(
            f"granted by issue {entry['issue']}: {entry['lines']} {entry['row']}: {entry['what']}"
        )
    wrong = [
        f"{row} is {n:,}, and {most:,} is held"
        for row, (n, most) in too_heavy(weight, ledger).items()
    ]
    if "--check" in sys.argv:
        before = earlier_ledger()
        if before is None:
            print("weigh: the commit to compare with is not here (fetch-depth: 0)", file=sys.stderr)
            wrong += ["the ledger is not compared"] if "GITHUB_ACTIONS" in os.environ else []
        else:
            wrong += [f"{row} is held higher than before" for row in raised(before, ledger)]
    for line in wrong:
        print(f"weigh: tests/weights.toml: {line}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
