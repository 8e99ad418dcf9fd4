"""The `csa` command: gathers the commands, and turns errors into sentences and exit codes.

Results go to stdout, progress and notes to stderr. A user's mistake is one sentence and exit
code 2; our own fault is one sentence and exit code 1.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pkgutil import resolve_name
from typing import Annotated

import typer

from csa.base.errors import CsaError, MachineError
from csa.base.extra import shipped_extras
from csa.base.home import DISTRIBUTION, require_one_owner
from csa.base.memory import tune_malloc
from csa.base.text import render, tr
from csa.cli import area, measure, plan, point, propose, store, zone
from csa.cli.backtest import backtest
from csa.cli.console import fail
from csa.cli.displace import displace
from csa.cli.evaluate import evaluate
from csa.cli.gather import basemap, check, fetch, ingest
from csa.cli.month import month_command
from csa.cli.priorities import priorities
from csa.cli.propose import export
from csa.cli.publish import publish
from csa.cli.report import report
from csa.cli.serve import demo, home_command, sample, serve
from csa.cli.start import start

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
COMMANDS = (
    demo, start, serve, ingest, propose.propose, backtest, priorities, displace, evaluate,
    report, publish, export, sample, fetch, check, basemap,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)
app.command("month")(month_command)
app.command("home")(home_command)
for command in (store.correct, store.backup, store.restore):
    app.command()(command)
GROUPS = (plan, area, zone, measure, point, store, propose)
for group in (named.app for named in GROUPS):
    app.add_typer(group)
for added in (resolve_name(named) for extra in shipped_extras() for named in extra.commands):
    if isinstance(added, typer.Typer):
        app.add_typer(added)
    else:
        app.command()(added)

LARGE_BYTES = 16 * 2**20
"""Arrays of two million incidents and more: smaller ones are made and freed faster in a heap."""


def main() -> None:
    """Run the command; turn errors into sentences and exit codes."""
    # Matrices are small here: more threads cost more than they give. Before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make a million lasting objects: to search them for rings again and again is a tenth
    # of a short command's time, and to search them at the end, when all memory is given back
    # anyhow, another. Large arrays are freed without it.
    gc.set_threshold(2_000_000, 20, 50)
    tune_malloc(LARGE_BYTES, n_heaps=1)
    atexit.register(gc.freeze)
    is_verbose = _pop_verbose()
    _start_log(is_verbose)
    try:
        require_one_owner()
        app(standalone_mode=True)
    except CsaError as error:
        fail(render(error.message), 1 if isinstance(error, MachineError) else 2)
    except KeyboardInterrupt:
        fail(tr("cli.interrupted"), 130)
    except BrokenPipeError:
        _close_stdout()
    except Exception as error:
        if is_verbose:
            raise
        if isinstance(error, OSError) and error.filename is not None:  # a path that nobody checked
            fail(tr("cli.machine", path=error.filename, why=error.strerror), 2)
        fail(tr("cli.internal", what=f"{type(error).__name__}: {error}"), 1)


def _pop_verbose() -> bool:
    """Take -v from anywhere in the line, before typer sees it."""
    found = [word for word in sys.argv[1:] if word in ("-v", "--verbose")]
    sys.argv[1:] = [word for word in sys.argv[1:] if word not in found]
    return bool(found)


def _start_log(is_verbose: bool) -> None:
    if is_verbose or os.environ.get("CSA_LOG"):
        from csa.base.logging import configure_logging

        configure_logging(is_verbose=is_verbose, as_json=os.environ.get("CSA_LOG") == "json")


def _close_stdout() -> None:
    """Leave quietly when the reader of a pipe has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(141)  # as a shell reports a command that its reader left


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"csa {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Propose and follow core service areas: places with many shootings, never persons."""


if __name__ == "__main__":
    main()
