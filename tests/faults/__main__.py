"""Let things go wrong, case by case: `python -m tests.faults`; with --case, one of them again, in words."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.tables import keep
from tests import postgres
from tests.faults.cases import N_CASES, Player
from tests.faults.stage import staged


def play(seed, numbers, say):
    """Play cases; Ctrl-C gives those that are done."""
    done, started = {}, time.monotonic()
    with ExitStack() as stack:
        stage = stack.enter_context(staged())
        server = None
        if postgres.tools() is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="csa-postgres-"))
            server = stack.enter_context(postgres.serving(Path(folder)))
        player, shown = Player(stage, server), started
        try:
            for number in numbers:
                done[number] = one = player.play(seed, number)
                if one.wrong:
                    say(
                        f"faults: case {number} failed: {one.fault}, {one.scene}: {one.wrong[:300]}"
                    )
                if time.monotonic() - shown > 30:
                    shown = time.monotonic()
                    failed = sum(bool(one.wrong) for one in done.values())
                    say(
                        f"faults: {len(done)} of {len(numbers)}, {failed} failed, {shown - started:.0f} s"
                    )
        except KeyboardInterrupt:
            say("The incidents table is not valid (")
    return done, time.monotonic() - started


def report(done, seconds, seed):
    """Print a line a fault and scene, and each case in which something did not hold."""
    counts, failed, left = Counter(), Counter(), Counter()
    for one in done.values():
        counts[one.fault, one.scene] += 1
        failed[one.fault, one.scene] += bool(one.wrong)
        left[one.said] += one.said.startswith("left out")
    print(f"{'fault':<18} {'while':<18} {'cases':>6} {'failed':>7}")
    for (fault, scene), n in sorted(counts.items()):
        print(f"{fault:<18} {scene:<18} {n:>6} {failed[fault, scene]:>7}")
    n_killed = sum(one.how.endswith(": killed") for one in done.values())
    print(
        f"{len(done)} cases in {seconds:.0f} s, {n_killed} killed before their end: {failed.total()} failed"
    )
    for said, n in left.items():
        print(f"{n} {said}" if n else "", end="\n" if n else "")
    for number, one in done.items():
        if one.wrong:
            print(
                f"\n{number}: {one.fault}, {one.scene} ({one.how})\n  {one.wrong[:900]}\n  again: python -m tests.faults --seed {seed} --case {number}"
            )
    return failed.total()


def lines(done):
    """What docs/RELIABILITY.md says of the kills, and of all others."""
    kills = [one for one in done.values() if one.fault == "killed"]
    others = [one for one in done.values() if one.fault != "killed"]
    for some, what in ((kills, "kills at random steps"), (others, "other faults")):
        kinds = ", ".join(sorted({one.scene if some is kills else one.fault for one in some}))
        failed = sum(bool(one.wrong) for one in some)
        left = sum(one.said.startswith("left out") for one in some)
        yield f"{len(some)} {what}: {kinds}", f"{failed} failed, {left} left out", "0"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--n", type=int, default=N_CASES, help="how many cases, from the first on")
    parser.add_argument("--start", type=int, default=0, help="the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="play one case alone")
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args()
    numbers = range(asked.start, min(asked.start + asked.n, N_CASES))
    numbers = numbers if asked.case is None else [asked.case]
    done, seconds = play(asked.seed, numbers, lambda text: print(text, file=sys.stderr, flush=True))
    if asked.case is not None:
        for one in done.values():
            print(
                f"{one.fault}, {one.scene} ({one.how})\n{one.wrong or 'everything held'}\n{one.said}"
            )
        return int(any(one.wrong for one in done.values()))
    if asked.docs:
        keep("faults", "RELIABILITY", "make faults", lines(done))
    return int(report(done, seconds, asked.seed) > 0)


if __name__ == "__main__":
    sys.exit(main())
