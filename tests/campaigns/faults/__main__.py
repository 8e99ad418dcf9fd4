"""Let things go wrong: `python -m tests.campaigns.faults`; `--scene`, `--fault` and `--number` repeat a case.

Each command is stopped at every step of a recorded run, and killed twenty times; then come the
other faults. `--mutants` plants faults in the program instead, and asks who sees them.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.tables import keep
from tests import postgres
from tests.campaigns.faults.cases import N_KILLS, OTHERS, Player
from tests.campaigns.faults.mutants import MUTANTS, try_all
from tests.campaigns.faults.scenes import POSTGRES, SCENES
from tests.campaigns.faults.stage import staged
from tests.campaigns.faults.steps import UNREACHED, fault_points


def cases(asked, names):
    """List what is played of each scene: every step, kills, what befalls the machine."""
    for name in names:
        if not name.endswith("-postgresql"):
            yield name, "step", 0
        for number in range(N_KILLS):
            if number < asked.share * N_KILLS or number == 0:
                yield name, "kill", number
        for number, (fault, scene) in enumerate(OTHERS):
            if scene == name and (asked.share == 1 or number % round(1 / asked.share) == 0):
                yield name, fault, number


def play(asked, say):
    """Play what is asked for on two stages, a scene on one of them; give outcomes and what was reached."""
    done, reached = [], Counter()
    with ExitStack() as stack:
        server = None
        if postgres.tools() is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="csa-postgres-"))
            server = stack.enter_context(postgres.serving(Path(folder)))
        every = [*SCENES, *(f"{name}-postgresql" for name in POSTGRES)]
        names = [name for name in every if asked.scene in ("", name)]
        players = [Player(stack.enter_context(staged()), server) for _ in range(asked.workers)]

        def work(player):
            while names:
                name = names.pop()
                started, before = time.monotonic(), len(done)
                for scene, fault, number in cases(asked, [name]):
                    if asked.fault not in ("", fault) or asked.number not in (None, number):
                        continue
                    if fault == "step":
                        done.extend(player.steps(scene, asked.share, asked.seed))
                    else:
                        done.append(player.play(asked.seed, fault, scene, number))
                now = [case for case in done[before:] if case.scene == name]
                wrong = sum(bool(case.wrong) for case in now)
                say(
                    f"faults: {name}, {time.monotonic() - started:.0f} s, {len(now)} cases, {wrong} failed"
                )
            reached.update(player.reached)

        with ThreadPoolExecutor(asked.workers) as threads:
            for result in [threads.submit(work, player) for player in players]:
                result.result()
    return done, reached


def report(done, reached, seconds, *, is_whole):
    """Print a line a scene and fault, each fault point, and each case in which something did not hold."""
    counts, failed = Counter(), Counter()
    for case in done:
        counts[case.scene, case.fault] += 1
        failed[case.scene, case.fault] += bool(case.wrong)
    print(f"{'while':<24} {'fault':<18} {'cases':>6} {'failed':>7}")
    for key, n in sorted(counts.items()):
        print(f"{key[0]:<24} {key[1]:<18} {n:>6} {failed[key]:>7}")
    spent = sum(os.times()[:4])
    print(
        f"{len(done)} cases in {seconds:.0f} s, {spent:.0f} s of processors: {failed.total()} failed"
    )
    for text, n in Counter(case.said for case in done if case.said.startswith("left out")).items():
        print(f"{n} {text}")
    points, missing = fault_points(), []
    print(f"\n{'fault point':<52} {'steps':>7}")
    for point in sorted(points):
        print(f"{point:<52} {reached[point]:>7} {UNREACHED.get(point, '')}".rstrip())
        missing += [point] * (not reached[point] and point not in UNREACHED)
    if missing and is_whole:
        print(f"no case reaches: {', '.join(missing)}")
    for case in done:
        if case.wrong:
            print(f"\n{case.fault}, {case.scene} ({case.how})\n  {case.wrong[:900]}\n"
                  f"  again: python -m tests.campaigns.faults --scene {case.scene} --fault '{case.fault}'")  # fmt: skip
    return failed.total() + (len(missing) if is_whole else 0)


def lines(done, share):
    """Give the rows of docs/RELIABILITY.md."""
    for fault, (promise, limit) in PROMISES.items():
        some = [
            case
            for case in done
            if case.fault == fault or (not fault and case.fault not in PROMISES)
        ]
        if some:
            n_scenes, n_failed = (
                len({case.scene for case in some}),
                sum(bool(case.wrong) for case in some),
            )
            part = "" if share == 1 else f" (a share of {share:.0%}, by chance)"
            yield (
                promise,
                f"{len(some):,} cases of {n_scenes} scenes{part}: {n_failed} failed",
                "0 failed",
                limit,
            )


PROMISES = {
    "step": (
        "A command stopped at any step, or by a power failure there, leaves what was or what is new, whole; what was acknowledged stays; the next run ends",
        "a disk that says synced and is not; steps inside SQLite; PostgreSQL is killed, not replayed",
    ),
    "kill": (
        "So does a command that is killed, on SQLite and PostgreSQL, while somebody reads",
        "a month killed between its moves is finished by the next command, not by a reader",
    ),
    "": (
        "A full disk, a read-only folder, a wrong clock, two at once, a cut table, a damaged page, another store in its place and a stopped database are said, and lose nothing",
        "what was written to a store after its last backup, if its file is lost",
    ),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.faults", description=__doc__)
    parser.add_argument(
        "--share", type=float, default=1.0, help="which part of the cases, by chance"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scene", default="", help="one scene alone")
    parser.add_argument("--fault", default="", help="one fault alone: step, kill, disk full ...")
    parser.add_argument("--number", type=int, help="one case of it")
    parser.add_argument(
        "--mutants", nargs="*", help="plant faults: all, or those with a word in their names"
    )
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked, started = parser.parse_args(), time.monotonic()

    def say(text):
        print(text, file=sys.stderr, flush=True)

    if asked.mutants is not None:
        seen = [bool(by) for _, by in try_all(asked.mutants, print)]
        print(f"{sum(seen)} of {len(seen)} caught in {time.monotonic() - started:.0f} s")
        if asked.docs and len(seen) == len(MUTANTS):
            row = (
                "faults of atomicity and accounting planted in the program are caught",
                f"{sum(seen)} of {len(seen)}",
                "all",
            )
            keep("mutants", "RELIABILITY", "make faults FAULTS_ARGS=--mutants", [row])
        return int(not all(seen))
    done, reached = play(asked, say)
    if asked.docs:
        keep("faults", "RELIABILITY", "make faults", lines(done, asked.share))
    is_whole = not (asked.scene or asked.fault) and asked.number is None
    return int(report(done, reached, time.monotonic() - started, is_whole=is_whole) > 0)


if __name__ == "__main__":
    sys.exit(main())
