"""Plant faults and count those that the tests see: `python -m tests.mutation`; with --case, one again.

The tests are run once, noting which of them reaches which line. Then each fault is tried in a fork in
which everything is imported: its function's code is exchanged, and the tests that reach its line run,
the quickest first, until one fails. A fault outside of functions is tried in a fork that imports
its module anew. Not mutmut or cosmic-ray: those copy the tree, in which the tests no longer find their
city files, and start each run with all its imports, five seconds a mutant.
"""

import argparse
import importlib
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.tables import keep
from tests.mutation.mutants import ROOT, SUBJECTS, all_mutants, source_of
from tests.mutation.trying import (
    PATIENCE_S,
    QUIET,
    Loop,
    forked,
    in_fork,
    is_inside,
    test_files,
    tests_of,
    tried_anew,
)

PAID = ("geopandas", "h3", "numpy", "pandas", "pyarrow.parquet", "pydantic", "pytest", "scipy.stats",
        "shapely", "sklearn.cluster", "sqlalchemy.orm", "alembic.command", "typer")  # fmt: skip


def pick(seed, n, subjects):
    """Choose faults by chance, each module's as often as it has places for one."""
    every = [one for subject in subjects for one in all_mutants(subject)]
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    return sorted(rng.sample(every, min(n, len(every)))), len(every)


def try_all(subjects, chosen, order, until, reached):
    """Try faults until the time is over; return what became of each that was tried."""
    done, inside = {}, {number: chosen[number] for number in order if is_inside(chosen[number])}

    def note(number, found, seconds):
        done[number] = found
        line = told(number, chosen[number], found).partition("\n")[0]
        print(f"{line} ({seconds:.0f} s)", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"

        def keep(number, found, seconds):
            note(number, found, seconds)
            with log.open("a") as lines:
                lines.write(json.dumps([number, found]) + "\n")

        place = reached or Path(folder) / "reached.json"
        loop = Loop(subjects, inside, keep, until, place)
        # In a fork, so that what is imported there is not imported here.
        forked(
            lambda: pytest.main([*QUIET, *test_files(subjects)], plugins=[loop]),
            is_loud=True,
            patience_s=100 * PATIENCE_S,
        )
        done.update(map(json.loads, log.read_text().splitlines() if log.exists() else []))
    # As many of those outside of functions; and what no test was seen to reach ran at an import.
    share = len(done) / max(1, len(inside))
    anew = [number for number in order if number not in inside]
    anew = anew[: round(share * len(anew))]
    for number in [*[number for number, found in done.items() if found == "unreached"], *anew]:
        started = time.monotonic()
        note(number, tried_anew(chosen[number]), time.monotonic() - started)
    return done


def told(number, mutant, found):
    _, before, after = source_of(mutant)
    shorter = [" ".join(text.split())[:150] for text in (before, after)]
    return f"{number}: {found}: {mutant.path}:{mutant.line} {mutant.change}\n    - {shorter[0]}\n    + {shorter[1]}"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--n", type=int, default=40, help="how many faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="a room; may be repeated")
    parser.add_argument("--case", type=int, help="one of them again, with what the tests print")
    parser.add_argument("--minutes", type=float, default=120, help="begin none later than this")
    parser.add_argument("--reached", type=Path, help="keep or find here which tests reach a line")
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    for name in PAID:
        importlib.import_module(name)
    subjects = asked.only or list(SUBJECTS)
    chosen, n_all = pick(asked.seed, asked.n, subjects)
    if asked.case is not None:
        mutant = chosen[asked.case]
        found = in_fork(mutant, [*itertools.chain(*tests_of(mutant))], is_loud=True)
        print(told(asked.case, mutant, found))
        return 0
    began = time.monotonic()
    # By chance again, so that what was tried when the time is over is a sample too.
    order = random.Random(asked.seed).sample(range(len(chosen)), len(chosen))  # noqa: S311
    done = try_all(subjects, chosen, order, began + 60 * asked.minutes, asked.reached)
    counts = Counter((chosen[number].subject, found) for number, found in done.items())
    seen = report(counts)
    if asked.docs:
        said = ", ".join(f"{name} {found}" for name, found in seen.items())
        keep(
            "mutate",
            "RELIABILITY",
            "make mutate",
            [("planted faults that the tests see", said, "95%")],
        )
    print(
        f"{counts.total()} of {n_all} faults, seed {asked.seed}, in {time.monotonic() - began:.0f} s; not seen:\n"
    )
    for number, found in sorted(done.items()):
        if found in ("survived", "broken"):
            print(told(number, chosen[number], found))
    return 0


def report(counts):
    """Print, for each subject and all together, how many faults were seen; return that."""
    said, subjects = {}, list(dict.fromkeys(subject for subject, _ in counts))
    print(f"{'room':<14} {'faults':>7} {'seen':>6} {'share':>7}")
    for name, held in [*((one, {one}) for one in subjects), ("all", set(subjects))]:
        n = sum(m for (subject, _), m in counts.items() if subject in held)
        seen = sum(
            m
            for (subject, how), m in counts.items()
            if subject in held and how in ("killed", "too slow")
        )
        print(f"{name:<14} {n:>7} {seen:>6} {seen / max(n, 1):>7.0%}")
        said[name] = f"{seen} of {n}"
    return said


if __name__ == "__main__":
    sys.exit(main())
