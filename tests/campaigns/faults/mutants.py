"""Faults of atomicity and accounting, planted in a copy of the program: each must be caught.

A mutant is a small change of the program's text; one whose text is gone fails loudly. It is tried
by the crashes and kills of one scene, or by the files of one target of `tests.campaigns.fuzz`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.faults.cases import Player
from tests.campaigns.faults.stage import ALL, FEW, ROOT, staged

N_FILES = 1500
"""Of a target of `tests.campaigns.fuzz`, at most; the first that fails ends it."""
HEAVY = (
    "start",
    "fleet",
    "propose",
    "report",
    "publish",
    "month",
    "undo",
    "designate",
    "redraw",
    "import-work",
)
"""Scenes that need more than `FEW` modules."""


@dataclass(frozen=True)
class Mutant:
    """A planted fault, and who must see it."""

    name: str
    seen_by: str  # "faults SCENE" or "fuzz TARGET"
    file: str  # below src/csa
    old: str
    new: str


IO, BACKUP, AUDIT = "base/io.py", "program/store/backup.py", "program/store/audit.py"
ENGINE, WORK, LAYERS = "program/store/engine.py", "program/work_file.py", "ingest/layers.py"
INTAKE, STARTED = "ingest/intake.py", "workflow/setting_up.py"
MUTANTS = (
    # Atomicity: files and folders.
    Mutant("a backup is half written", "faults backup", BACKUP,
           "    write_file(path, content, is_private=True)", "    path.write_bytes(content)"),
    Mutant("a file is written in place", "faults backup", IO,
           "        (fresh / place.name).replace(place)", "        place.write_bytes(content)"),
    Mutant("a file is not synced", "faults backup", IO,
           "            stream.flush()\n            os.fsync(stream.fileno())", "            stream.flush()"),
    Mutant("a new name is not synced", "faults backup", IO,
           "        (fresh / place.name).replace(place)\n        sync_folder(place.parent)",
           "        (fresh / place.name).replace(place)"),
    Mutant("what a killed run left stays", "faults backup", IO, "                remove_leftovers(place)\n", ""),
    Mutant("a folder is renamed first, then filled", "faults propose", IO,
           "        with write_aside(place, files) as fresh:\n            put(fresh, place)",
           "        with write_aside(place, {}) as fresh:\n            put(fresh, place)\n"
           "            for name, content in files.items():\n"
           "                (place / name).parent.mkdir(exist_ok=True)\n"
           "                (place / name).write_bytes(content)"),
    Mutant("a folder is removed, then replaced", "faults propose", IO,
           "    if place.exists() and _exchange(fresh, place):",
           "    if place.exists():\n        shutil.rmtree(place)\n        fresh.rename(place)"),
    Mutant("a link is removed, then made", "faults ingest", IO,
           "    fresh.symlink_to(target)\n    fresh.replace(link)",
           "    link.unlink(missing_ok=True)\n    link.symlink_to(target)"),
    Mutant("the pointer comes before its version", "faults ingest", IO,
           "        number = _add_version(place, files)\n        point(current, Path(VERSIONS) / number)",
           "        (place / VERSIONS).mkdir(parents=True, exist_ok=True)\n"
           '        number = f"{1 + max(map(_number, (place / VERSIONS).iterdir()), default=0):04d}"\n'
           "        point(current, Path(VERSIONS) / number)\n        _add_version(place, files)"),
    Mutant("several moves have no journal", "faults fleet", IO,
           "    write_file(journal, json_bytes([asdict(one) for one in moves]))\n    finish(journal)",
           "    for one in moves:\n        _move(one)"),
    Mutant("the journal goes before its moves", "faults fleet", IO,
           "    try:\n        for one in moves:\n            _move(one)",
           "    journal.unlink()\n    journal.touch()\n    try:\n        for one in moves:\n            _move(one)"),
    Mutant("a folder is emptied where it stands", "faults fleet", IO,
           "        (_link if is_file else os.rename)(place, aside)\n        sync_folder(aside.parent)", "        _remove(place)"),
    Mutant("a city's file comes before its data", "faults start", STARTED,
           "        _claim_folder(kept, undo)\n", "        _claim_folder(kept, undo)\n        create_file(path, text.encode())\n"),
    Mutant("what a killed start left is somebody's", "faults start", STARTED,
           "    is_left = (folder / STARTING).exists()", "    is_left = False"),
    Mutant("a copy is not synced", "faults start", IO,
           '        with (fresh / place.name).open("rb") as stream:\n            os.fsync(stream.fileno())\n', ""),
    Mutant("a table of a portal is written in place", "faults fetch", "ingest/fetch.py",
           "    write_file(path, content)\n    return Account(", "    path.write_bytes(content)\n    return Account("),
    # Atomicity: the store and letters.
    Mutant("a restore keeps nothing of what was there", "faults restore", BACKUP,
           "is_saved = not before.n or create_file(safe, content, is_private=True)", "is_saved = True"),
    Mutant("a restore is committed in its middle", "faults restore", BACKUP,
           "            _replace(connection, backup)\n",
           "            _replace(connection, backup)\n            connection.connection.commit()\n"
           "            connection.exec_driver_sql('BEGIN IMMEDIATE')\n"),
    Mutant("an entry of the trail is lost", "faults import-work", AUDIT,
           "    connection.execute(insert(Audit), rows)",
           "    if head.n % 2:\n        connection.execute(insert(Audit), rows)"),
    Mutant("the trail is committed before its rows", "faults import-work", AUDIT,
           "    connection.execute(insert(Audit), rows)",
           "    connection.execute(insert(Audit), rows)\n    connection.connection.commit()\n"
           "    connection.exec_driver_sql('BEGIN IMMEDIATE')"),
    Mutant("each row of a file is committed alone", "faults import-work", WORK,
           "                done.append(_take(session, act, line))",
           "                done.append(_take(session, act, line))\n                session.flush()\n"
           "                session.connection().connection.commit()\n"
           "                session.connection().exec_driver_sql('BEGIN IMMEDIATE')"),
    Mutant("it is answered before the commit", "faults decide", "cli/plan.py",
           "    signing.decide(lambda store, act: set_action(store, plan, act, number, changes))",
           "    show(f'{number} is set.')\n    signing.decide(lambda store, act: set_action(store, plan, act, number, changes))"),
    Mutant("a commit is taken back, and said done", "faults decide", ENGINE,
           "            yield session\n            session.commit()", "            yield session\n            session.rollback()"),
    Mutant("another file in the store's place is not seen", "faults decide", ENGINE,
           "        if not is_open or found[:2] != wanted or (is_last and found[2] != head.n):", "        if False:"),
    Mutant("a letter counts as sent after it went", "faults mail", "workflow/smtp.py",
           "            before_end()\n        except BaseException", "            pass\n        except BaseException"),
    # Accounting.
    Mutant("two thirds of unreadable rows are lost", "fuzz incidents", "ingest/delimited.py",
           "            reading.unreadable.append(start)", "            reading.unreadable += [start] * (start % 3 == 0)"),
    Mutant("a rejected row is not listed", "fuzz incidents", INTAKE,
           '    table = table.sort_values(["file", "line"], ignore_index=True)',
           '    table = table.sort_values(["file", "line"], ignore_index=True).iloc[:-1]'),
    Mutant("a rejected row counts twice", "fuzz incidents", INTAKE,
           "    rejected = {reason: int(counted[reason]) for reason in REASONS}",
           "    rejected = {reason: int(counted[reason]) for reason in REASONS}\n"
           '    rejected["bad_date"] += rejected["bad_date"] > 0'),
    Mutant("what is lost of a layer is not counted", "fuzz layers", LAYERS,
           '    lost["unreadable"] = n_unreadable', '    lost["unreadable"] = 0'),
    Mutant("a layer's doubles are dropped", "fuzz layers", LAYERS,
           '    lost["duplicate"] += len(together) - len(used)', "    pass"),
    Mutant("shapes that are none are dropped unsaid", "fuzz polygons", "ingest/polygons.py",
           "    if not is_polygon.all():\n        counts", "    if False:\n        counts"),
    Mutant("an error of a map's shapes is swallowed", "fuzz polygons", "ingest/polygons.py",
           "    _refuse_far(table, path)\n", "    _refuse_far(table, path)\n    table = table.iloc[:-1]\n"),
    Mutant("a portal's last row is lost", "fuzz portal", "ingest/fetch.py",
           "*(row[1:] for row in made.rows)]", "*(row[1:] for row in made.rows[:-1])]"),
    Mutant("a backup's seal is not looked at", "fuzz backup", BACKUP,
           "        is_whole = told == hashlib", "        is_whole = True or told == hashlib"),
    Mutant("a restored trail is not looked at", "fuzz backup", BACKUP,
           "        if not found.is_intact or found.head != backup.head:", "        if False:"),
)  # fmt: skip


def planted(mutant, source):
    """Give a file's text with a fault in it; its text must stand there once."""
    text = (source / "csa" / mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise AssertionError(f"{mutant.name}: its text stands {text.count(mutant.old)} times")
    return text.replace(mutant.old, mutant.new)


def catch(mutant, source):
    """Plant a fault in a copy of the program; say what saw it, or nothing."""
    path = source / "csa" / mutant.file
    right, kind, where = path.read_text(encoding="utf-8"), *mutant.seen_by.split()
    path.write_text(planted(mutant, source), encoding="utf-8")
    try:
        return (_by_faults if kind == "faults" else _by_fuzz)(where, source)
    finally:
        path.write_text(right, encoding="utf-8")


def _by_faults(name, source):
    with staged(ALL if name in HEAVY else FEW, source) as stage:
        player = Player(stage)
        try:
            for outcome in player.steps(name):
                if outcome.wrong:
                    return f"{outcome.how}: {outcome.wrong[:160]}"
            more = [("store swapped", 3)] * (name == "decide") + [("kill", 20)]
            for fault, n in more:
                for number in range(n):
                    outcome = player.play(1, fault, name, number)
                    if outcome.wrong:
                        return f"{fault}, {outcome.how}: {outcome.wrong[:160]}"
        except AssertionError as error:
            return f"unharmed, it fails: {str(error)[:160]}"
    return ""


def _by_fuzz(target, source):
    words = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.campaigns.fuzz",
        "--only",
        target,
        "--first",
        "--n",
        str(N_FILES),
    ]
    paths = f"{source}:{ROOT}"
    done = subprocess.run(
        words,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    found = [line for line in done.stdout.splitlines() if " x " in line]
    if "process died" in "".join(found):  # of the tests' own fault, or of the machine's
        raise AssertionError(found[0])
    return found[0][:160] if done.returncode == 1 and found else ""


def try_all(names, say):
    """Try mutants, all or those whose names hold a word; give each with what saw it."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source)
        for mutant in MUTANTS:
            if not names or any(name in mutant.name for name in names):
                seen = catch(mutant, source)
                say(
                    f"{'caught' if seen else 'NOT CAUGHT':<10} {mutant.name} ({mutant.seen_by}): {seen}"
                )
                yield mutant, seen
