"""Plant faults and count those that the tests see: `python -m tests.mutation`; with --case, one again.

Each fault is tried in a fork, in which the module is compiled from its changed source and the tests
that import it run until one fails. Not mutmut or cosmic-ray: those copy the tree, in which the tests
no longer find their city files, and start each run with all its imports, five seconds a mutant.
"""

import argparse
import contextlib
import importlib.machinery
import os
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter

from tests.mutation.mutants import ROOT, SUBJECTS, all_mutants, source_of

PATIENCE_S, BROKEN = 240, 98
QUICK = "not slow and not browser and not system and not smoke"
PAID = ("geopandas", "h3", "numpy", "pandas", "pyarrow.parquet", "pydantic", "pytest", "scipy.stats",
        "shapely", "sklearn.cluster", "sqlalchemy.orm", "alembic.command", "typer")  # fmt: skip


def tests_of(mutant):
    """List the files of tests for a module: its own name first, then those that import it, then its package's."""
    module, package = mutant.module, mutant.module.split(".")[1]
    found = {}
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        if {"browser", "fleet", "faults", "mutation", "fuzz"} & set(path.parts):
            continue
        text, stem = path.read_text(encoding="utf-8"), module.rpartition(".")[2]
        names = re.search(
            rf"\b{re.escape(module)}\b|from {re.escape(module.rpartition('.')[0])} import [^\n]*\b{stem}\b",
            text,
        )
        is_own = path.stem.startswith(f"test_{stem}")
        if is_own or names or path.parent == ROOT / "tests" / package:
            found[path] = (not is_own, not names, path.parent.name != package)
    return [str(path) for path in sorted(found, key=lambda path: (found[path], path))]


def in_fork(mutant, paths, *, is_loud=False):
    """Run tests with a fault in place, or without one; return how that ended."""
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            code = run_tests(mutant, paths, is_loud=is_loud)
        except BaseException:  # noqa: BLE001 - whatever it is, the tests did not run
            traceback.print_exc()
        os._exit(int(code))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {0: "survived", 1: "killed", 2: "killed", -signal.SIGALRM: "too slow"}.get(
        code, "broken"
    )


def run_tests(mutant, paths, *, is_loud):
    import pytest  # noqa: PLC0415 - paid before

    signal.alarm(PATIENCE_S if mutant else 10 * PATIENCE_S)
    if not is_loud:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
    if mutant:
        source, place = source_of(mutant)[0], str(ROOT / mutant.path)
        whole = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader, name):
            return compile(source, place, "exec") if loader.path == place else whole(loader, name)

        importlib.machinery.SourceFileLoader.get_code = get_code
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql"]
    return pytest.main([*words, "-m", QUICK, *paths])


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
    parser.add_argument(
        "--trust", action="store_true", help="do not first run the tests without a fault"
    )
    asked = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    for name in PAID:
        importlib.import_module(name)
    chosen, n_all = pick(asked.seed, asked.n, asked.only or SUBJECTS)
    if asked.case is not None:
        mutant = chosen[asked.case]
        print(told(asked.case, mutant, in_fork(mutant, tests_of(mutant), is_loud=True), 0))
        return 0
    if (
        not asked.trust
        and in_fork(None, sorted({path for one in chosen for path in tests_of(one)})) != "survived"
    ):
        print("mutate: the tests fail without a fault; nothing was tried", file=sys.stderr)
        return 1
    counts, survivors, began = Counter(), [], time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        for number, mutant in enumerate(chosen):
            started = time.monotonic()
            found = in_fork(mutant, tests_of(mutant))
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
