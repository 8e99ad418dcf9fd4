"""Run cases on two processes: `python -m tests.fuzz`; with --case, one of them again, in words."""

import argparse
import multiprocessing as mp
import sys
import time
from collections import Counter, defaultdict
from multiprocessing.connection import wait

from benchmarks.tables import keep
from tests.fuzz.cases import MAX_SECONDS, Outcome, run_case, work
from tests.fuzz.seeds import all_seeds

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


class Worker:
    """A process that may die of a case: then the case has failed, and another process goes on."""

    def __init__(self, seed, only=""):
        self.seed, self.only, self.number, self.since = seed, only, None, 0.0
        self._start()

    def _start(self):
        self.pipe, other = mp.Pipe()
        self.process = mp.get_context("spawn").Process(
            target=work, args=(other, self.seed, self.only), daemon=True
        )
        self.process.start()
        other.close()

    def give(self, number):
        self.number, self.since = number, time.monotonic()
        if number is not None:
            self.pipe.send(number)

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
        number, code = self.number, self.process.exitcode
        self._start()
        return number, Outcome("?", "?", "?", f"the process died ({code})")


def run(seed, numbers, n_workers, say, only="", *, is_first_enough=False):
    """Run cases, and give each number with its outcome; Ctrl-C gives those that are done."""
    waiting, done = iter(numbers), {}
    workers = [Worker(seed, only) for _ in range(n_workers)]
    started = shown = time.monotonic()
    try:
        for worker, number in zip(workers, waiting, strict=False):
            worker.give(number)
        while busy := [worker for worker in workers if worker.number is not None]:
            wait([worker.pipe for worker in busy], timeout=1)
            for worker, found in [(one, one.result()) for one in busy]:
                if found is not None:
                    done[found[0]] = found[1]
                    if found[1].is_failure and is_first_enough:
                        waiting = iter(())
                    worker.give(next(waiting, None))
            if time.monotonic() - shown > (2 if sys.stderr.isatty() else 60):
                shown = time.monotonic()
                failed = sum(one.is_failure for one in done.values())
                say(
                    f"fuzz: {len(done)} of {len(numbers)}, {failed} failed, {shown - started:.0f} s"
                )
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
    print(f"{len(done)} inputs in {seconds:.0f} s: {n_failed} failed in {len(failures)} places;"
          f" peak memory {peak:.0f} MB, slowest {slowest:.1f} s")  # fmt: skip
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
            f"  again: python -m tests.fuzz --seed {seed} --case {numbers[0]}  (all: {', '.join(map(str, numbers[:8]))})"
        )
    return n_failed


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many cases, from the first on")
    parser.add_argument("--start", type=int, default=0, help="the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="files of one target alone")
    parser.add_argument("--first", action="store_true", help="stop at the first failure")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--case", type=int, help="run one case alone")
    parser.add_argument(
        "--keep", default="", help="with --case: keep its file in the corpus, under this name"
    )
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args()
    _, note = all_seeds()
    if note:
        print(f"fuzz: {note}", file=sys.stderr)
    if asked.case is not None:
        one = run_case(asked.seed, asked.case, asked.keep, asked.only)
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
