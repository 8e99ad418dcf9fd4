"""Plant faults and count those that the tests see: `python -m tests.campaigns.mutation`; with --case, one again.

The quick tests are run once, noting which of them reaches which block; that is kept in build/mutation until
the code changes. Then each fault is tried in a fork in which everything is imported: its function's code
is exchanged, and the tests that reach its block run, the quickest first, until one fails. A fault outside
of functions is tried in a fork that imports its module anew. A fault is seen if a test fails with it
twice and passes without it; one with which the tests never end is counted apart. Not mutmut or cosmic-ray: those copy the tree, in which the tests no longer find their
city files, and start each run with all its imports, five seconds a mutant.
"""

import argparse
import hashlib
import importlib
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
from tests.campaigns.mutation.mutants import (
    ROOT,
    SUBJECTS,
    all_mutants,
    block_of,
    modules,
    source_of,
)
from tests.campaigns.mutation.trying import (
    N_JOBS,
    PATIENCE_S,
    QUIET,
    Loop,
    forked,
    in_turn,
    say,
    test_files,
    tried_anew,
)

PAID = ("geopandas", "h3", "numpy", "pandas", "pyarrow.parquet", "pydantic", "pytest", "scipy.stats",
        "shapely", "sklearn.cluster", "sqlalchemy.orm", "alembic.command", "typer")  # fmt: skip


def pick(seed, n, subjects):
    """Choose faults by chance, each module's as often as it has places for one."""
    every = [one for subject in subjects for one in all_mutants(subject)]
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    return sorted(rng.sample(every, min(n, len(every)))), len(every)


def try_all(chosen, order, until, reached, *, is_near=False):
    """Try faults until the time is over; return what became of each that was tried."""
    done = {}
    inside = {number: chosen[number] for number in order if block_of(chosen[number])}

    def note(number, how, seconds):
        done[number] = how
        line = told(number, chosen[number], how).partition("\n")[0]
        say(f"{line} ({seconds:.0f} s)")

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"

        def keep(number, how, seconds):
            note(number, how or "not seen nearby", seconds)
            how = how or ("not seen nearby" if is_near else None)
            if how is None:
                return
            with log.open("a") as lines:
                lines.write(json.dumps([number, how]) + "\n")

        def all_held():
            return dict(map(json.loads, log.read_text().splitlines() if log.exists() else []))

        loop = Loop(inside, keep, all_held, until, reached, is_near=is_near)
        # In a fork, so that what is imported there is not imported here.
        forked(
            lambda: pytest.main([*QUIET, *test_files()], plugins=[loop]),
            is_loud=True,
            patience_s=100 * PATIENCE_S,
        )
        done.update(all_held())
        if is_near:
            return done
        # As many of those outside of functions; and what no test was seen to reach ran at an import.
        share = len(done) / max(1, len(inside))
        anew = [number for number in order if number not in inside]
        anew = anew[: round(share * len(anew))]
        anew = [*[number for number, how in done.items() if how == "unreached"], *anew]

        if anew and not reached.exists():
            raise SystemExit("mutation: the tests did not run")

        def try_some(turn):
            for number in anew[turn::N_JOBS]:
                began = time.monotonic()
                keep(number, tried_anew(chosen[number], reached), time.monotonic() - began)

        in_turn(try_some)
        done.update(all_held())
    return done


def reached_file():
    """Name where it is kept which tests reach a block: one file for each state of the code."""
    files = sorted([*modules(), *ROOT.glob("tests/**/*.py")])
    content = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return ROOT / "build" / "mutation" / f"{content[:16]}.json"


def told(number, mutant, found):
    _, before, after = source_of(mutant)
    shorter = [" ".join(text.split())[:150] for text in (before, after)]
    return f"{number}: {found}: {mutant.path}:{mutant.line} {mutant.change}\n    - {shorter[0]}\n    + {shorter[1]}"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.mutation", description=__doc__)
    parser.add_argument("--n", type=int, default=40, help="how many faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="a room; may be repeated")
    parser.add_argument("--case", type=int, help="one of them again, with what the tests print")
    parser.add_argument("--minutes", type=float, default=120, help="begin none later than this")
    parser.add_argument(
        "--near", action="store_true", help="by the files of its module alone: quick"
    )
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "app"), str(ROOT)]
    for name in PAID:
        importlib.import_module(name)
    subjects = asked.only or list(SUBJECTS)
    chosen, n_all = pick(asked.seed, asked.n, subjects)
    if asked.case is not None:
        how = tried_anew(chosen[asked.case], reached_file(), is_loud=True)
        print(told(asked.case, chosen[asked.case], how))
        return 0
    began = time.monotonic()
    # By chance again, so that what was tried when the time is over is a sample too.
    order = random.Random(asked.seed).sample(range(len(chosen)), len(chosen))  # noqa: S311
    done = try_all(chosen, order, began + 60 * asked.minutes, reached_file(), is_near=asked.near)
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
        if found != "killed":
            print(told(number, chosen[number], found))
    return 0


def report(counts):
    """Print, for each room and all together, how many faults a test saw, and how many never ended."""
    said, subjects = {}, list(dict.fromkeys(subject for subject, _ in counts))
    print(f"{'room':<14} {'faults':>7} {'seen':>6} {'endless':>8} {'share seen':>11}")
    for name, held in [*((one, {one}) for one in subjects), ("all", set(subjects))]:
        several = Counter()
        for (subject, how), n in counts.items():
            several[how] += n * (subject in held)
        n, seen = several.total(), several["killed"]
        print(f"{name:<14} {n:>7} {seen:>6} {several['too slow']:>8} {seen / max(n, 1):>11.0%}")
        said[name] = f"{seen} of {n}"
    return said


if __name__ == "__main__":
    sys.exit(main())
