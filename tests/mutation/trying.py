"""Try a fault: in a fork, with the tests that reach it."""

import functools
import gc
import importlib.machinery
import json
import os
import re
import signal
import sys
import tempfile
import time
import traceback
import types
from collections import defaultdict
from pathlib import Path

import coverage
import pytest
from tests.mutation.mutants import ROOT, SUBJECTS, changed, nodes_in_functions, source_of

PATIENCE_S, ENOUGH_S, BROKEN, UNCHANGED = 240, 60, 98, 97
ENDS = {0: "survived", 1: "killed", 2: "killed", UNCHANGED: "unchanged",
        -signal.SIGPROF: "too slow", -signal.SIGALRM: "too slow"}  # fmt: skip
QUIET = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not postgresql",
         "-m", "not slow and not browser and not system and not smoke"]  # fmt: skip
AWAY = {"browser", "faults", "mutation", "fuzz"}


def is_inside(mutant):
    """Tell whether a fault is in a function, so that it shows without importing the module anew."""
    return mutant.node in nodes_in_functions((ROOT / mutant.path).read_text(encoding="utf-8"))


def tests_of(mutant):
    """List the tests for a module: files of its name and those that import it; then its package's others."""
    package, _, stem = mutant.module.rpartition(".")
    room = mutant.tests
    named = re.compile(
        rf"\b{re.escape(mutant.module)}\b|from {re.escape(package)} import [^\n]*\b{stem}\b"
    )
    first, then = [], []
    for path in sorted(ROOT.glob("tests/**/test_*.py"), key=lambda path: room not in path.parents):
        if AWAY & set(path.parts):
            continue
        is_own = path.stem.startswith(f"test_{stem}") and room in path.parents
        if is_own or named.search(path.read_text(encoding="utf-8")):
            first.insert(0 if is_own else len(first), str(path))
        elif room in path.parents:
            then.append(str(path))
    return [paths for paths in (first, then) if paths]


def test_files(subjects):
    """List the files whose tests are tried: all of them, or those of some rooms."""
    every = set(subjects) == set(SUBJECTS)
    return [
        str(path)
        for path in sorted(ROOT.glob("tests/**/test_*.py"))
        if not AWAY & set(path.parts)
        and (every or path.relative_to(ROOT / "tests").parts[0] in subjects)
    ]


def forked(function, *, is_loud=False, patience_s=PATIENCE_S):
    """Run a function that returns a number in a fork; return how that ended, in a word."""
    pid = os.fork()
    if pid == 0:
        code = BROKEN
        try:
            signal.setitimer(signal.ITIMER_PROF, patience_s)  # on a processor, however busy it is
            signal.alarm(round(10 * patience_s))
            if not is_loud:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
            code = int(function())
        except BaseException:  # noqa: BLE001 - whatever it is, the tests did not run
            traceback.print_exc()
        os._exit(code)
    return ENDS.get(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "broken")


# ---- With the module imported anew -----------------------------------------------------------


class Failed:
    """Notes the first test that fails: run without the fault it must pass."""

    def __init__(self, place):
        self.place = place

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.place.write_text(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def in_fork(mutant, paths, place=Path(os.devnull), *, is_loud=False):
    """Run tests with a fault in place, or without one; return how that ended."""

    def run():
        if mutant:
            source, own = source_of(mutant)[0], str(ROOT / mutant.path)
            whole = importlib.machinery.SourceFileLoader.get_code

            def get_code(loader, name):
                return compile(source, own, "exec") if loader.path == own else whole(loader, name)

            importlib.machinery.SourceFileLoader.get_code = get_code
        return pytest.main(["-x", *QUIET, *paths], plugins=[Failed(place)])

    return forked(run, is_loud=is_loud)


def tried_anew(mutant, passing={}):  # noqa: B006 - what was found out is kept
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
                passing[node] = bool(node) and in_fork(None, [node]) == "survived"
            return "killed" if passing[node] else "broken"
    return "survived"


# ---- With everything imported ----------------------------------------------------------------


def pairs_of(before, after):
    """Give each code that a fault changes, outer and inner, with the code it becomes."""
    if before != after:
        yield before, after
        inner = defaultdict(list)
        for one in after.co_consts:
            if isinstance(one, types.CodeType):
                inner[one.co_qualname, one.co_firstlineno].append(one)
        for one in before.co_consts:
            if isinstance(one, types.CodeType) and inner[one.co_qualname, one.co_firstlineno]:
                yield from pairs_of(one, inner[one.co_qualname, one.co_firstlineno].pop(0))


def exchange(mutant):
    """Exchange the code of the functions that the fault is in; return how many."""
    own = str(ROOT / mutant.path)
    whole = (ROOT / mutant.path).read_text(encoding="utf-8")
    fresh = dict(pairs_of(compile(whole, own, "exec"), compile(changed(mutant)[0], own, "exec")))
    found = [
        one
        for one in gc.get_objects()
        if isinstance(one, types.FunctionType)
        and one.__code__.co_filename == own
        and one.__code__ in fresh
    ]
    for one in found:
        one.__code__ = fresh[one.__code__]
    return len(found)


class Loop:
    """Takes the place of pytest's own loop: tries each fault with the tests that reach it."""

    def __init__(self, subjects, mutants, note, until, place):
        self.mutants, self.note, self.until, self.place = mutants, note, until, place
        self.files = [str(path) for name in subjects for path in ROOT.glob(SUBJECTS[name])]
        self.failed, self.passing = [], {}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.items = {item.nodeid: item for item in session.items}
        if not self.place.exists():
            forked(lambda: self.learn(self.place), is_loud=True, patience_s=20 * PATIENCE_S)
        self.reached, self.seconds = json.loads(self.place.read_text())
        held = {node: s for node, s in self.seconds.items() if node in self.items}
        self.reached = {
            line: [node for node in nodes if node in held] for line, nodes in self.reached.items()
        }
        for number, mutant in self.mutants.items():
            if time.monotonic() > self.until:
                break
            started = time.monotonic()
            self.note(number, self.tried(mutant), time.monotonic() - started)
        return True

    def learn(self, place):
        """Run each test once; write which of them reach a line, and how long each took."""
        kept = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper)
            and (one.__module__ or "").startswith(("tests", "csa"))
        ]
        recorder = coverage.Coverage(data_file=None, include=self.files, config_file=False)
        wide = Wide(recorder)
        hook = next(iter(self.items.values())).config
        hook.pluginmanager.register(wide)
        seconds, needs = {}, defaultdict(list)
        order = list(self.items.values())
        recorder.start()
        for item, after in zip(order, [*order[1:], None], strict=True):
            for one in kept:
                one.cache_clear()
            wide.current = item.nodeid
            recorder.switch_context(item.nodeid)
            started = time.process_time()
            n = len(self.failed)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if len(self.failed) == n:
                seconds[item.nodeid] = time.process_time() - started
                for key in wide.keys_of(item):
                    needs[key].append(item.nodeid)
        recorder.stop()
        data = recorder.get_data()
        reached = {}
        for path in self.files:
            for line, names in data.contexts_by_lineno(path).items():
                wide_too = {one for name in names for one in needs.get(name, [])}
                reached[f"{path}:{line}"] = sorted((set(names) | wide_too) & set(seconds))
        place.write_text(json.dumps([reached, seconds]))
        failed = "".join(f"\n  {node} fails" for node in self.failed)
        cost = f"{sum(seconds.values()):.0f} s of a processor"
        sys.stderr.write(f"mutation: {len(seconds)} of {len(order)} tests pass, {cost}{failed}\n")
        return 0

    def tried(self, mutant):
        """Try a fault with the tests that reach its line, up to a time on a processor."""
        chosen, cost = [], 0.0
        for node in self.in_order(mutant):
            if cost + self.seconds[node] < ENOUGH_S:
                chosen.append(node)
                cost += self.seconds[node]
        if not chosen:
            return "unreached"
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "failed"
            patience_s = ENOUGH_S + 5 * cost
            found = forked(
                lambda: self.run_until_one_fails(mutant, chosen, place), patience_s=patience_s
            )
            if found == "unchanged":
                return "unreached"
            if found == "killed":
                node = place.read_text()
                if node not in self.passing:
                    self.passing[node] = (
                        forked(lambda: self.run_until_one_fails(None, [node], place)) == "survived"
                    )
                return "killed" if self.passing[node] else "broken"
        return found

    def in_order(self, mutant):
        """Order tests: those of the module's own file, of its package's like it, the others; quick ones first."""
        stem, by_file = f"test_{Path(mutant.path).stem}", defaultdict(list)
        for node in self.reached.get(f"{ROOT / mutant.path}:{mutant.line}", []):
            by_file[node.partition("::")[0]].append(node)

        def key(path):
            name = Path(path).stem
            return (
                name != stem,
                not name.startswith(stem),
                sum(map(self.seconds.get, by_file[path])),
            )

        for path in sorted(by_file, key=key):
            yield from sorted(by_file[path], key=self.seconds.get)

    def run_until_one_fails(self, mutant, nodes, place):
        if mutant and not exchange(mutant):
            return UNCHANGED
        for node, after in zip(nodes, [*nodes[1:], None], strict=True):
            item, following = self.items[node], after and self.items[after]
            self.failed.clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                place.write_text(node)
                return 1
        return 0


class Wide:
    """Notes what fixtures reach that several tests share: each of these tests reaches it."""

    def __init__(self, recorder):
        self.recorder, self.current = recorder, ""

    @staticmethod
    def key(definition):
        return f"fixture {definition.baseid} {definition.argname}"

    def keys_of(self, item):
        info = getattr(item, "_fixtureinfo", None)
        for name in info.names_closure if info else []:
            for one in info.name2fixturedefs.get(name, ()):
                if one.scope != "function":
                    yield self.key(one)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        before = self.current
        if fixturedef.scope != "function":
            self.current = self.key(fixturedef)
            self.recorder.switch_context(self.current)
        try:
            return (yield)
        finally:
            self.current = before
            self.recorder.switch_context(before)
