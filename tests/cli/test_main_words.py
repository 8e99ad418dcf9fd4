"""What the commands print and write, whole, as somebody last read it: tests/looks/words is a proof.

After a change that is meant, `CSA_KEEP_LOOKS=1` writes the texts anew; read their difference.
"""

import re
import shutil

import pytest
import typer.main
from tests.looking import is_as_read

from csa.cli import main

BY = ("--by", "Mediation Desk")
PRINTED = {
    "area-list": ["area", "list"],
    "area-list-json": ["area", "list", "--json"],
    "plan-list": ["plan", "list"],
    "plan-list-json": ["plan", "list", "--json"],
    "zone-list": ["zone", "list"],
    "word-list": ["word", "list"],
    "measure-list": ["measure", "list"],
    "counts-list": ["counts", "list"],
    "grant-list": ["grant", "list"],
    "activity-list": ["activity", "list", *BY],
    "activity-plan": ["activity", "plan", *BY],
    "audit-list": ["audit", "list"],
    "audit-verify": ["audit", "verify"],
    "point-list": ["point", "list"],
}
WRITTEN = {
    "propose": ["propose", "--out", "made"],
    "priorities": ["priorities", "--out", "made"],
    "displace": ["displace", "--areas", "areas.csv", "--out", "made"],
    "plan-calendar": ["plan", "calendar", "--out", "made.ics"],
    "plan-export-work": ["plan", "export-work", "made.csv"],
    "area-export": ["area", "export", "made.csv"],
}
NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
MADE_UP = re.compile(r"[0-9a-f]{12,}|(?<=DTSTAMP:)\d{8}T\d{6}Z")
"""The made-up program's clock has the day of its story and the hour of the run."""
MANY = re.compile(r"(?:[\s,\"]*…[\",]*){2,}")
"""A list of cells."""
LONG = 200
"""Lines of a table: each block of a city is one."""
READ = {".csv", ".json", ".ics", ".txt", ".md", ".toml"}


@pytest.fixture
def call(run, story_folder, tmp_path, monkeypatch):
    """Run a command on the made-up program, and give what it printed."""
    store = shutil.copy(story_folder / "store.sqlite3", tmp_path / "store.sqlite3")
    monkeypatch.setenv("COLUMNS", "100")
    of_city = {"--city": "sample", "--dataset": story_folder / "dataset", "--store": store}

    def call(words):
        command = typer.main.get_command(main.app)
        for word in words:
            command = getattr(command, "commands", {}).get(word, command)
        offered = {option for param in command.params for option in param.opts}
        given = [item for pair in of_city.items() if pair[0] in offered for item in pair]
        done = run(*words, *given, cwd=tmp_path)
        return steady(done.stdout + done.stderr, story_folder, tmp_path)

    return call


def steady(text, *folders):
    """Leave out this run's folders and ids, and the last digits, which differ between processors."""
    for folder in folders:
        text = text.replace(str(folder), "")
    text = MANY.sub(" …", MADE_UP.sub("…", text))
    return NUMBER.sub(lambda found: f"{float(found[0]):.4g}", text).splitlines()


def every_command(command, path=()):
    yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from every_command(inner, (*path, name))


def test_the_help_of_every_command_says_what_was_read():
    lines = []
    for path, command in every_command(typer.main.get_command(main.app)):
        lines += ["", f"== csa {' '.join(path)}", command.help or ""]
        for param in command.params:
            words = getattr(param, "help", None) or ""
            lines.append(f"{' '.join(param.opts)} [{param.default!r}] {words}")
    assert is_as_read("\n".join(lines).splitlines(), "command-help")


@pytest.mark.parametrize("name", PRINTED)
def test_a_command_prints_what_was_read(call, name):
    assert is_as_read(call(PRINTED[name])[:LONG], f"command-{name}")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_command_writes_what_was_read(call, name, story_folder, tmp_path):
    if name == "displace":
        call(["area", "export", "areas.csv"])
    lines = call(WRITTEN[name])
    for path in sorted(
        item for item in [*tmp_path.glob("made*"), *tmp_path.glob("made/*")] if item.suffix in READ
    ):
        text = steady(path.read_text(encoding="utf-8"), story_folder, tmp_path)
        lines += ["", f"== {path.name}", *text[:LONG]]
    assert is_as_read(lines, f"command-{name}")
