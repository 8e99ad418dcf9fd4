"""Run cases on two processes: `python -m tests.campaigns.fuzz`; with --case, one of them again, in words."""

import argparse
import multiprocessing as mp
import random
import sys
import time
from collections import Counter, defaultdict
from multiprocessing.connection import wait

from benchmarks.tables import keep
from tests.campaigns.fuzz.cases import MAX_SECONDS, Outcome, run_case, work
from tests.campaigns.fuzz.seeds import all_seeds

from csa.ingest.layers import LAYER_REASONS
from csa.ingest.validate import REASONS

WANTED = (
    "shape none",
    *(f"row {name}" for name in REASONS),
    *(f"place {name}" for name in LAYER_REASONS),
)
"""Each reason for which a row is not used: some case must have rows of it."""
WHOLE = 3000
"""Cases of every target that reach them all."""
RECYCLED = 2000
"""Cases after which a process makes place for another."""
MOST_STEPS = 5
"""How many cases an input may be made from."""


class Worker:
    """A process that may die of a case: then the case has failed, and another process goes on."""

    def __init__(self, seed, only=""):
        self.seed, self.only, self.case, self.since = seed, only, None, 0.0
        self._start()

    def _start(self):
        self.pipe, other = mp.Pipe()
        self.n, self.process = (
            0,
            mp.get_context("spawn").Process(
                target=work, args=(other, self.seed, self.only), daemon=True
            ),
        )
        self.process.start()
        other.close()

    def give(self, case):
        self.n += 1
        if self.n > RECYCLED:
            self.process.kill()
            self._start()
        self.case, self.since = case, time.monotonic()
        if case is not None:
            self.pipe.send(case)

    def result(self):
        """Return the outcome of its case; None while it goes on."""
        try:
            if self.pipe.poll():
                return self.pipe.recv()
        except (EOFError, ConnectionError):
            pass
        else:
            if time.monotonic() - self.since < 10 * MAX_SECONDS:
                return None
            self.process.kill()
        self.process.join()
        code = self.process.exitcode
        self._start()
        return Outcome("?", "?", "?", f"the process died ({code})", case=self.case)


class Choice:
    """Which case comes next: half of them change an input that reached lines no other had."""

    def __init__(self, seed, numbers):
        self.seed, self.numbers, self.lines, self.kept = seed, iter(numbers), set(), []

    def next(self):
        number = next(self.numbers, None)
        rng = random.Random(f"{self.seed}/{number}")  # noqa: S311 - chance, not a secret
        before = rng.choice(self.kept) if self.kept and rng.random() < 0.5 else ()
        return None if number is None else (*before, number)

    def learn(self, outcome):
        if outcome.new - self.lines and len(outcome.case) < MOST_STEPS and not outcome.is_failure:
            self.kept.append(outcome.case)
        self.lines |= outcome.new


def run(seed, numbers, n_workers, say, only="", *, is_first_enough=False):
    """Run cases, and give each number with its outcome; Ctrl-C gives those that are done."""
    choice, done = Choice(seed, numbers), {}
    workers = [Worker(seed, only) for _ in range(n_workers)]
    started = shown = time.monotonic()
    try:
        for worker in workers:
            worker.give(choice.next())
        while busy := [worker for worker in workers if worker.case is not None]:
            wait([worker.pipe for worker in busy], timeout=1)
            for worker, found in [(one, one.result()) for one in busy]:
                if found is not None:
                    done[found.case[-1]] = found
                    choice.learn(found)
                    if found.is_failure and is_first_enough:
                        choice.numbers = iter(())
                    worker.give(choice.next())
            if time.monotonic() - shown > (2 if sys.stderr.isatty() else 60):
                shown = time.monotonic()
                failed = sum(one.is_failure for one in done.values())
                say(f"fuzz: {len(done)} of {len(numbers)}, {failed} failed, {shown - started:.0f} s,"
                    f" {len(choice.lines):,} lines, {len(choice.kept)} inputs kept")  # fmt: skip
    except KeyboardInterrupt:
        say("fuzz: stopped")
    finally:
        for worker in workers:
            worker.process.kill()
    return done, time.monotonic() - started


def report(done, seconds, seed):
    """Print a line a target, and each kind of failure with the command that repeats it."""
    by_target, failures = defaultdict(Counter), defaultdict(list)
    for number, one in sorted(done.items()):
        by_target[one.target]["failed" if one.is_failure else one.result] += 1
        if one.is_failure:
            failures[one.result].append(number)
    print(f"{'target':<12} {'inputs':>7} {'read':>7} {'refused':>8} {'failed':>7}")
    for target, counts in sorted(by_target.items()):
        print(
            f"{target:<12} {sum(counts.values()):>7} {counts['read']:>7} {counts['refused']:>8} {counts['failed']:>7}"
        )
    n_failed = sum(map(len, failures.values()))
    peak, slowest = (
        max((one.mb for one in done.values()), default=0),
        max((one.seconds for one in done.values()), default=0),
    )
    spent = sum(one.seconds for one in done.values()) / max(len(done), 1)
    n_new, n_by = (
        sum(bool(one.new) for one in done.values()),
        sum("by csa" in one.label for one in done.values()),
    )
    print(f"{len(done)} inputs in {seconds:.0f} s, {spent:.2f} s of a processor each: {n_failed} failed in"
          f" {len(failures)} places; peak memory {peak:.0f} MB, slowest {slowest:.1f} s;"
          f" {n_new} reached new lines, {n_by} went through the command")  # fmt: skip
    reached = Counter(reason for one in done.values() for reason in one.reached)
    for reason in WANTED:
        print(f"{reason:<28} {reached[reason]:>7} cases")
    missing = [reason for reason in WANTED if not reached[reason]]
    if missing and len(done) >= WHOLE and len(by_target) > 1:
        print(f"no case reaches: {', '.join(missing)}")
        n_failed += len(missing)
    print(
        "Keep what was mended in the corpus: the same command with --keep NAME." if failures else ""
    )
    for result, numbers in sorted(failures.items(), key=lambda item: -len(item[1])):
        one = done[numbers[0]]
        print(
            f"\n{len(numbers)} x {result}\n  {one.target}: {one.label} ({one.ways})\n  {one.detail.strip().splitlines()[-1][:300] if one.detail else ''}"
        )
        print(
            f"  again: python -m tests.campaigns.fuzz --seed {seed} --case {','.join(map(str, one.case))}  (all: {', '.join(map(str, numbers[:8]))})"
        )
    return n_failed


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.fuzz", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many cases, from the first on")
    parser.add_argument("--start", type=int, default=0, help="the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="files of one target alone")
    parser.add_argument("--first", action="store_true", help="stop at the first failure")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--case", help="run one case alone: its number, after those it was made from"
    )
    parser.add_argument(
        "--keep", default="", help="with --case: keep its file in the corpus, under this name"
    )
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args()
    _, note = all_seeds()
    if note:
        print(f"fuzz: {note}", file=sys.stderr)
    if asked.case is not None:
        case = map(int, asked.case.split(","))
        one, _ = run_case(asked.seed, *case, keep=asked.keep, only=asked.only)
        print(
            f"{one.target}: {one.label} ({one.ways})\n{one.result}, {one.seconds:.1f} s, {one.mb:.0f} MB\n{one.detail}"
        )
        return int(one.is_failure)
    done, seconds = run(
        asked.seed,
        range(asked.start, asked.n),
        asked.workers,
        lambda text: print(text, file=sys.stderr, flush=True),
        asked.only,
        is_first_enough=asked.first,
    )
    n_failed = report(done, seconds, asked.seed)
    if asked.docs:
        mb, slowest = (
            max(getattr(one, name) for one in done.values()) for name in ("mb", "seconds")
        )
        found = f"{n_failed} failed; peak {mb:.0f} MB, slowest {slowest:.1f} s"
        keep(
            "fuzz",
            "RELIABILITY",
            "make fuzz",
            [
                (
                    "A file that went wrong is refused in a sentence, or read with every row counted",
                    f"{len(done):,} files in {seconds / 60:.0f} minutes: {found}",
                    "0 failed, 1 GB",
                    "that what is read is true",
                )
            ],
        )
    return int(n_failed > 0)


if __name__ == "__main__":
    sys.exit(main())
