"""Plant faults and count those that the tests see: `python -m tests.mutation`; with --case, one again.

Each fault is tried in a fork, in which the module is compiled from its changed source and the tests
that import it run until one fails. Not mutmut or cosmic-ray: those copy the tree, in which the tests
no longer find their city files, and start each run with all its imports, five seconds a mutant.
"""

import argparse
import contextlib
import importlib.machinery
import itertools
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.mutation.mutants import ROOT, SUBJECTS, all_mutants, source_of

PATIENCE_S, BROKEN = 240, 98
QUICK = "not slow and not browser and not system and not smoke"
PAID = ("geopandas", "h3", "numpy", "pandas", "pyarrow.parquet", "pydantic", "pytest", "scipy.stats",
        "shapely", "sklearn.cluster", "sqlalchemy.orm", "alembic.command", "typer")  # fmt: skip


class Failed:
    """Notes the first test that fails: run without the fault it must pass."""

    def __init__(self, place):
        self.place = place

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.place.write_text(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def tests_of(mutant):
    """List the tests for a module: files of its name and those that import it; then its package's others."""
    package, _, stem = mutant.module.rpartition(".")
    room = ROOT / "tests" / mutant.module.split(".")[1]
    named = re.compile(
        rf"\b{re.escape(mutant.module)}\b|from {re.escape(package)} import [^\n]*\b{stem}\b"
    )
    first, then = [], []
    for path in sorted(ROOT.glob("tests/**/test_*.py"), key=lambda path: room not in path.parents):
        if {"browser", "fleet", "faults", "mutation", "fuzz", "app"} & set(path.parts):
            continue
        is_own = path.stem.startswith(f"test_{stem}") and room in path.parents
        if is_own or named.search(path.read_text(encoding="utf-8")):
            first.insert(0 if is_own else len(first), str(path))
        elif room in path.parents:
            then.append(str(path))
    return [paths for paths in (first, then) if paths]


def in_fork(mutant, paths, place, *, is_loud=False):
    """Run tests with a fault in place, or without one; return how that ended."""
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            code = run_tests(mutant, paths, place, is_loud=is_loud)
        except BaseException:  # noqa: BLE001 - whatever it is, the tests did not run
            traceback.print_exc()
        os._exit(int(code))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {0: "survived", 1: "killed", 2: "killed", -signal.SIGPROF: "too slow"}.get(
        code, "broken"
    )


def run_tests(mutant, paths, place, *, is_loud):
    import pytest  # noqa: PLC0415 - paid before

    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)  # on a processor, however busy the machine
    if not is_loud:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
    if mutant:
        source, own = source_of(mutant)[0], str(ROOT / mutant.path)
        whole = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader, name):
            return compile(source, own, "exec") if loader.path == own else whole(loader, name)

        importlib.machinery.SourceFileLoader.get_code = get_code
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql"]
    return pytest.main([*words, "-m", QUICK, *paths], plugins=[Failed(place)])


def tried(mutant, passing):
    """Try a fault; one that is seen by a test that fails without it as well was not tried."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "failed"
        for paths in tests_of(mutant):
            found = in_fork(mutant, paths, place)
            if found == "survived":
                continue
            if found != "killed":
                return found
            node = place.read_text() if place.exists() else ""
            if node not in passing:
                passing[node] = bool(node) and in_fork(None, [node], place) == "survived"
            return "killed" if passing[node] else "broken"
    return "survived"


def pick(seed, n, subjects):
    """Choose faults by chance, each module's as often as it has places for one."""
    every = [one for subject in subjects for one in all_mutants(subject)]
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    return sorted(rng.sample(every, min(n, len(every)))), len(every)


def told(number, mutant, found, seconds):
    _, before, after = source_of(mutant)
    shorter = [" ".join(text.split())[:150] for text in (before, after)]
    return f"{number}: {found} in {seconds:.0f} s: {mutant.path}:{mutant.line} {mutant.change}\n    - {shorter[0]}\n    + {shorter[1]}"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="how many faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", choices=SUBJECTS, action="append", help="a subject; may be repeated"
    )
    parser.add_argument("--case", type=int, help="one of them again, with what the tests print")
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    for name in PAID:
        importlib.import_module(name)
    chosen, n_all = pick(asked.seed, asked.n, asked.only or SUBJECTS)
    if asked.case is not None:
        mutant = chosen[asked.case]
        found = in_fork(
            mutant, [*itertools.chain(*tests_of(mutant))], Path(os.devnull), is_loud=True
        )
        print(told(asked.case, mutant, found, 0))
        return 0
    counts, survivors, passing, began = Counter(), [], {}, time.monotonic()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # of a shell that started it aside, too
    with contextlib.suppress(KeyboardInterrupt):
        for number, mutant in enumerate(chosen):
            started = time.monotonic()
            found = tried(mutant, passing)
            counts[mutant.subject, found] += 1
            line = told(number, mutant, found, time.monotonic() - started)
            if found in ("survived", "broken"):
                survivors.append(line)
            print(line.partition("\n")[0], file=sys.stderr, flush=True)
    report(counts)
    print(
        f"{counts.total()} of {n_all} faults, seed {asked.seed}, in {time.monotonic() - began:.0f} s; not seen:\n"
    )
    print("\n".join(survivors))
    return 0


def report(counts):
    """Print, for each subject and all together, how many faults were seen."""
    subjects = list(dict.fromkeys(subject for subject, _ in counts))
    print(f"{'subject':<14} {'faults':>7} {'seen':>6} {'share':>7}")
    for name, held in [*((one, {one}) for one in subjects), ("all", set(subjects))]:
        n = sum(m for (subject, _), m in counts.items() if subject in held)
        seen = sum(
            m
            for (subject, how), m in counts.items()
            if subject in held and how in ("killed", "too slow")
        )
        print(f"{name:<14} {n:>7} {seen:>6} {seen / max(n, 1):>7.0%}")


if __name__ == "__main__":
    sys.exit(main())
