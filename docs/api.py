"""Write docs/API.md, the page of the library, from what `csa` exports: `make docs`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from numpydoc.docscrape import NumpyDocString

import csa

PAGE = Path(__file__).parent / "API.md"
PACKAGES = {
    "ingest": "Files in",
    "city": "A city, its file and its dataset",
    "areas": "Candidate areas, how sure, how well it would have worked",
    "analysis": "One answer for each question",
    "change": "Did it go down, did it move",
    "geo": "Cells and neighborhoods",
    "program": "The plan, and what was decided",
    "reports": "Reports, and what the public is shown",
    "disclosure": "What was published",
    "synthetic": "The made-up city",
    "base": "Months, parameters, messages and errors",
}
"""Package to the heading of its exports, in the order of the page."""


def api_page() -> str:
    """Return the page of all that `csa` exports, from signatures and docstrings."""
    intro, _, example = inspect.cleandoc(csa.__doc__ or "").partition(">>> ")
    lines = ["# The library", "", "Written by `make docs` from the docstrings.", ""]
    lines += [*intro.strip().splitlines(), "", "```python", f">>> {example}", "```", ""]
    for package, title in PACKAGES.items():
        exports = [
            found
            for name in csa.__all__
            if (found := getattr(csa, name)).__module__.split(".")[1] == package
        ]
        lines += [f"## {title}", ""]
        for found in sorted(exports, key=lambda one: (inspect.isclass(one), one.__name__)):
            lines += _describe_class(found) if inspect.isclass(found) else _describe(found)
    return "\n".join(lines).rstrip() + "\n"


def _describe(function: Any) -> Iterator[str]:
    """Describe a function: its signature, then its docstring, a section a list."""
    node: Any = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    arguments = ast.unparse(node.args)
    returns = ast.unparse(node.returns) if node.returns else "None"
    doc = NumpyDocString(inspect.getdoc(function) or "")
    yield from (f"### `csa.{function.__qualname__}`", "")
    yield from ("```python", f"csa.{function.__qualname__}({arguments}) -> {returns}", "```", "")
    for part in ("Summary", "Extended Summary"):
        yield from (*doc[part], *([""] if doc[part] else []))
    for part in ("Parameters", "Returns", "Raises"):
        told = [f"`{one.name or one.type}`: {' '.join(one.desc)}" for one in doc[part]]
        if len(told) == 1:
            yield from (f"**{part}** {told[0]}", "")
        elif told:
            yield from (f"**{part}**", *(f"- {one}" for one in told), "")
    if doc["References"]:
        yield from (f"**References** {' '.join(doc['References'])}", "")
    if doc["Examples"]:
        yield from ("```python", *doc["Examples"], "```", "")


def _describe_class(kind: type) -> Iterator[str]:
    """Describe a type: what it is, and for one that is a record its fields with their units."""
    summary, _, rest = (inspect.getdoc(kind) or "").partition("\n\n")
    rest = rest.split("Fields:")[0].strip()
    yield from (f"### `csa.{kind.__name__}`", "", summary, "", *([rest, ""] if rest else []))
    if is_dataclass(kind):
        lines, _ = inspect.getsourcelines(kind)
        node: Any = ast.parse("".join(lines)).body[0]
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and not ast.unparse(field.target).startswith("_"):
                about = lines[field.lineno - 1].partition("#")[2].strip()
                default = f" = {ast.unparse(field.value)}" if field.value else ""
                declared = f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)}{default}"
                yield f"- `{declared}`" + (f": {about}" if about else "")
        yield ""
    for name, method in inspect.getmembers(kind, inspect.isroutine):
        if name in vars(kind) and "Parameters\n---" in (inspect.getdoc(method) or ""):
            yield from _describe(method)


if __name__ == "__main__":
    PAGE.write_text(api_page(), encoding="utf-8")
