"""Where printing happens: sentences, tables and JSON to stdout, progress and failures to stderr."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from csa.base.logging import ProgressCallback
from csa.base.message import Message
from csa.base.text import UNSEEN, render, tr

LOGGER = logging.getLogger("csa")
STEPS = {
    "places": "Reading neighborhoods",
    "read": "Reading shootings",
    "fold": "Rows into incidents",
    "locate": "Placing incidents",
    "layers": "Reading layers",
    "load": "Reading the dataset",
    "cells": "Cells of the city",
    "search": "Density",
    "clusters": "Clusters",
    "areas": "Candidate areas",
    "origin": "Asking a past day",
    "variants": "Trying other settings",
    "estimates": "What is expected",
    "stability": "Finding areas again",
    "expected": "What was expected",
    "history": "How counts vary",
    "verdicts": "What changed",
    "window": "Areas month by month",
    "after": "What past areas did",
    "shuffle": "What chance gives",
    "edition": "Editions",
    "settle": "Holding back small counts",
    "maps": "Drawing maps",
    "write": "Writing",
    "page": "Downloading pages",
    "check": "Comparing with the portal",
    "orders": "Orders that could be",
    "outcome": "Other signals",
    "story": "A month of the program",
    "factors": "Trying factors",
    "draws": "How sure each is",
    "controls": "What made-up places reach",
    "held": "Asking later months",
    "fleet": "Cities",
    "queue": "Waiting for other files",
}
PIPED_WIDTH = 120
FEW_STEPS = 10
"""From so few the time that is left cannot be told."""


@contextmanager
def progress(n_steps: int) -> Iterator[ProgressCallback]:
    """Show a progress bar on stderr, on a terminal only."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TimeElapsedColumn(),
        *((TimeRemainingColumn(compact=True),) if n_steps > FEW_STEPS else ()),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=n_steps)
        begun = 0
        started = time.perf_counter()

        def tell(step: str) -> None:
            nonlocal begun
            bar.update(task, description=STEPS[step], completed=begun)
            begun += 1
            LOGGER.info("%6.2f s  %s", time.perf_counter() - started, STEPS[step])

        yield tell


def show(*sentences: str) -> None:
    """Print sentences, each in a line that a terminal may break."""
    console = _out()
    for sentence in sentences:
        console.print(sentence, soft_wrap=True)


def show_written(out: Path | str, names: Iterable[str]) -> None:
    """Print what was written."""
    show(tr("publish.written", out=out, files=", ".join(names)))


def make_table(*titles: str, right: Collection[int] = (), is_folded: bool = False) -> Table:
    """Return a table without lines; columns of numbers stand right, long texts may be folded."""
    table = Table(box=None, pad_edge=False)
    for at, title in enumerate(titles):
        justify: JustifyMethod = "right" if at in right else "left"
        table.add_column(title, justify=justify, overflow="fold" if is_folded else "ellipsis")
    return table


def show_table(table: Table) -> None:
    """Print a table."""
    _out().print(table)


def show_json(value: Any) -> None:
    """Print a value for machines."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def note(sentence: str) -> None:
    """Print on stderr what is to be known whatever a machine reads on stdout."""
    typer.echo(_visible(sentence), err=True)


def fail(sentence: str, code: int) -> NoReturn:
    """Print on stderr why the command ends, and exit."""
    typer.echo(f"csa: {_visible(sentence)}", err=True)
    raise SystemExit(code)


class _Screen(Console):
    """Prints what a file says, in sentences and in the cells of tables, without obeying it."""

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(_visible(text), **how)


def _visible(sentence: str) -> str:
    """Show what a file's words would do to a terminal, in place of its being done."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", sentence)


def as_note(message: Message) -> str:
    """Render a message as a note, unless it is a warning."""
    sentence = render(message)
    return sentence if sentence.startswith("Warning: ") else f"Note: {sentence}"


def pick(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Pick the values that a sentence names."""
    return {name: values[name] for name in names}


def _out() -> Console:
    """Return stdout: as wide as the terminal, and wide enough for any table elsewhere.

    A city's names and addresses are printed as they are: brackets in them are not markup, and a
    word between colons is not an emoji.
    """
    console = _Screen(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if console.is_terminal:
        return console
    return _Screen(highlight=False, markup=False, emoji=False, width=PIPED_WIDTH)
