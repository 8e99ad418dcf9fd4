"""The weight of the house: `python -m tests.house` prints it, and test_house.py holds a part of it.

Lines of code are lines with code on them: docstrings, comments, blank lines and imports cost
nothing. Of the app's and the reports' scripts, styles and templates each line that is not blank
counts.
"""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from collections import Counter, defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOPS = {"csa": ROOT / "src" / "csa", "csa_app": ROOT / "app" / "csa_app"}
OTHER = {".css", ".html", ".jinja", ".js"}
NO_CODE = {
    tokenize.COMMENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER,
    tokenize.INDENT, tokenize.NEWLINE, tokenize.NL,
}  # fmt: skip


def count_code(text: str) -> int:
    """Count the lines of a module with code on them."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, (ast.Import, ast.ImportFrom)) or (
            is_text and isinstance(node.value.value, str)
        ):
            lines -= set(range(node.lineno, node.end_lineno + 1))
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
    for home in TOPS.values():
        for path in home.rglob("*"):
            if path.suffix in OTHER and not {"vendor", "geometry"} & {*path.parts}:
                lines = path.read_text(encoding="utf-8").splitlines()
                weights[room_of(path)] += sum(1 for line in lines if line.strip())
    return weights


def imports(name: str, path: Path) -> set[str]:
    """List the modules of ours that a module imports, inside functions too, but for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in modules() else node.module)
    return {other for other in found if other in modules() and other != name}


@cache
def graph() -> dict[str, set[str]]:
    """Map each module to those that it imports."""
    return {name: imports(name, path) for name, path in modules().items()}


def deepest_chain() -> int:
    """Count the modules of the longest chain of imports."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(graph()).static_order():
        depth[name] = 1 + max((depth[other] for other in graph()[name]), default=0)
    return max(depth.values())


def main() -> None:
    """Print the weight of each room, and what is aimed at but not asserted."""
    weights = weigh_rooms()
    for room, weight in sorted(weights.items()):
        print(f"{room:12} {weight:6,}")
    importers = defaultdict(set)
    for name, others in graph().items():
        for other in others:
            importers[other].add(name)
    lengths = [
        node.end_lineno - node.lineno + 1
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef))
    ]
    print(f"{'sum':12} {sum(weights.values()):6,} lines of code (aim 40,000)")
    print(
        f"{len(modules())} files (aim 360), deepest chain {deepest_chain()} (16), "
        f"{sum(len(names) == 1 for names in importers.values())} modules with one importer (60), "
        f"{statistics.mean(lengths):.0f} lines a function (20)"
    )


if __name__ == "__main__":
    main()
