"""Try a fault: in a fork, with the tests that reach it."""

import builtins
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

import pytest
from tests.campaigns.mutation.mutants import ROOT, block_of, changed, is_script, modules, probed

PATIENCE_S, ENOUGH_S, BROKEN, UNCHANGED, N_JOBS = 240, 60, 98, 97, 2
ENDS = {0: "survived", 1: "killed", 2: "killed", UNCHANGED: "unchanged",
        -signal.SIGPROF: "too slow", -signal.SIGALRM: "not in time"}  # fmt: skip
PAGES = "streamlit.runtime.scriptrunner.script_cache"  # imported before pytest, its plugin would complain
QUIET = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile", "unshrunk", "-k", "not postgresql",
         "-m", "not slow and not long and not browser and not system and not wheel"]  # fmt: skip
AWAY = {"browser", "campaigns"}


def say(words):
    sys.stderr.write(f"mutation: {words}\n")
    sys.stderr.flush()


def test_files():
    """List the files whose tests are tried."""
    return [
        str(path) for path in sorted(ROOT.glob("tests/**/test_*.py")) if not AWAY & set(path.parts)
    ]


def started(function, *, is_loud=False, patience_s=PATIENCE_S):
    """Run a function that returns a number in a fork; return the fork's number."""
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
            code = int(function() or 0)
        except BaseException:  # noqa: BLE001 - whatever it is, the tests did not run
            traceback.print_exc()
        os._exit(code)
    return pid


def ended(pid):
    """Wait for a fork; return how it ended, in a word."""
    return ENDS.get(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "broken")


def forked(function, *, is_loud=False, patience_s=PATIENCE_S):
    return ended(started(function, is_loud=is_loud, patience_s=patience_s))


def in_turn(function):
    """Run a function once a processor, each in a fork, with its turn; all must end well."""
    every = [
        started(functools.partial(function, turn), is_loud=True, patience_s=100 * PATIENCE_S)
        for turn in range(N_JOBS)
    ]
    how = [ended(pid) for pid in every]
    if set(how) != {"survived"}:
        raise RuntimeError(f"a half ended: {how}")


def affordable(ordered, seconds):
    """Choose tests in their order up to a time on a processor; return them and that time."""
    chosen, cost = [], 0.0
    for node in ordered:
        if cost + seconds[node] < ENOUGH_S:
            chosen.append(node)
            cost += seconds[node]
    return chosen, cost


def is_due_to_it(run, mutant, node):
    """Tell whether a test that failed passes without the fault, and fails with it once more."""
    return run(None, [node]) == "survived" and run(mutant, [node]) == "killed"


# ---- With the module imported anew -----------------------------------------------------------


class Chosen:
    """Runs chosen tests alone, in their order, with a fault in place; notes the first that fails."""

    def __init__(self, mutant, nodes, place):
        self.own, self.code = "", None
        self.ranks, self.place = {node: rank for rank, node in enumerate(nodes)}, place
        if mutant:
            self.own = str(ROOT / mutant.path)
            self.code = compile(changed(mutant)[0], self.own, "exec")
            loaders = importlib.machinery.SourceFileLoader
            load = loaders.get_code
            loaders.get_code = lambda loader, name: (
                self.code if loader.path == self.own else load(loader, name)
            )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items[:] = sorted(
            (item for item in items if item.nodeid in self.ranks),
            key=lambda item: self.ranks[item.nodeid],
        )
        pages = importlib.import_module(PAGES).ScriptCache
        read = pages.get_bytecode
        pages.get_bytecode = lambda cache, path: (
            self.code if path == self.own else read(cache, path)
        )

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.place.write_text(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.place.write_text(next(iter(self.ranks)))


def tried_anew(mutant, place, *, is_loud=False):
    """Try a fault with the tests that reach its module, or import it by name."""
    reached, seconds = json.loads(place.read_text())
    files = named_in({node.partition("::")[0] for node in seconds}, mutant)
    direct = {node for node in seconds if node.partition("::")[0] in files}
    for key, nodes in reached.items():
        if key.startswith(f"{mutant.path}:"):
            direct.update(nodes)
    chosen, cost = affordable(in_order(mutant, direct, seconds), seconds)
    if not chosen:
        return "survived"
    with tempfile.TemporaryDirectory() as folder:
        failed = Path(folder) / "failed"

        def run(fault, nodes):
            def go():
                paths = list(dict.fromkeys(node.partition("::")[0] for node in nodes))
                chosen = Chosen(fault, nodes, failed)
                return pytest.main(["-x", *QUIET, *paths], plugins=[chosen])

            return forked(go, is_loud=is_loud, patience_s=PATIENCE_S + 5 * cost)

        how = run(mutant, chosen)
        if how == "killed":
            node = failed.read_text() if failed.exists() else chosen[0]
            return "killed" if is_due_to_it(run, mutant, node) else "broken"
    return how


def is_mirror(path, mutant):
    name = Path(path).stem
    return (
        name.startswith(f"test_{Path(mutant.path).stem}") and mutant.tests in (ROOT / path).parents
    )


def named_in(paths, mutant):
    """List the test files of a module's name, and those that name it."""
    package, _, stem = mutant.module.rpartition(".")
    named = re.compile(
        rf"\b{re.escape(mutant.module)}\b|from {re.escape(package)} import [^\n]*\b{stem}\b"
    )
    return {
        path
        for path in paths
        if is_mirror(path, mutant) or named.search((ROOT / path).read_text(encoding="utf-8"))
    }


def in_order(mutant, direct, seconds):
    """Order the tests that reach a fault, then the others of their files: nearest and quickest first."""
    by_file = defaultdict(list)
    files = {node.partition("::")[0] for node in direct}
    for node in seconds:
        if node.partition("::")[0] in files:
            by_file[node.partition("::")[0]].append(node)

    def key(path):
        cost = sum(seconds[node] for node in by_file[path] if node in direct)
        return (not is_mirror(path, mutant), cost)

    ordered = sorted(by_file, key=key)
    for wanted in (True, False):
        for path in ordered:
            nodes = [node for node in by_file[path] if (node in direct) == wanted]
            yield from sorted(nodes, key=seconds.get)


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


def exchange(trees):
    """Exchange the code of functions for that of changed modules; return how many."""
    fresh = {}
    for path, tree in trees.items():
        whole = Path(path).read_text(encoding="utf-8")
        fresh[path] = dict(pairs_of(compile(whole, path, "exec"), compile(tree, path, "exec")))
    gc.unfreeze()  # what is frozen is not listed
    functions = [
        (one, fresh[one.__code__.co_filename].get(one.__code__))
        for one in gc.get_objects()
        if type(one) is types.FunctionType and one.__code__.co_filename in fresh
    ]
    for one, code in functions:
        if code is not None:
            one.__code__ = code
    return sum(code is not None for _, code in functions)


class Loop:
    """Takes the place of pytest's own loop: tries each fault with the tests that reach it."""

    def __init__(self, mutants, note, held, until, place, *, is_near=False):
        self.mutants, self.note, self.held = mutants, note, held
        self.until, self.place, self.is_near = until, place, is_near
        self.failed = []

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.items = {item.nodeid: item for item in session.items}
        if self.is_near or not self.place.exists():
            say(f"{len(self.items)} tests; first the files of each fault's module")
            in_turn(lambda turn: self.try_some(turn, self.tried_near))
            if self.is_near:
                return True
            self.learn()
        self.reached, self.seconds = json.loads(self.place.read_text())
        in_turn(lambda turn: self.try_some(turn, self.tried))
        return True

    def try_some(self, turn, try_it):
        held = self.held()
        for number in [number for number in self.mutants if number not in held][turn::N_JOBS]:
            if time.monotonic() > self.until:
                break
            began = time.monotonic()
            how = try_it(self.mutants[number])
            self.note(number, how, time.monotonic() - began)

    def tried_near(self, mutant):
        """Try a fault with the tests of its module's files; return None unless one sees it."""
        paths = {node.partition("::")[0] for node in self.items}
        own = [path for path in paths if is_mirror(path, mutant)]
        folder = [path for path in paths if (ROOT / path).parent == mutant.mirror]
        ranks = {}
        for several in (own, named_in(paths, mutant), folder):
            for path in sorted(several):
                ranks.setdefault(path, len(ranks))
        nodes = [node for node in self.items if node.partition("::")[0] in ranks]
        nodes.sort(key=lambda node: ranks[node.partition("::")[0]])
        how = self.outcome(mutant, nodes, ENOUGH_S) if nodes else None
        return how if how == "killed" or (self.is_near and how == "unchanged") else None

    def learn(self):
        """Run each test once, in two halves; write which blocks each reaches, and its seconds."""
        self.place.parent.mkdir(parents=True, exist_ok=True)
        parts = [self.place.with_suffix(f".{turn}") for turn in range(N_JOBS)]
        in_turn(lambda turn: self.learn_some(turn, parts[turn]))
        reached, seconds = defaultdict(list), {}
        for part in parts:
            for node, (spent, keys) in json.loads(part.read_text()).items():
                seconds[node] = spent
                for key in keys:
                    reached[key].append(node)
            part.unlink()
        self.place.write_text(json.dumps([reached, seconds]))
        cost = f"{sum(seconds.values()):.0f} s of a processor"
        say(f"{len(seconds)} of {len(self.items)} tests pass, {cost}")

    def learn_some(self, turn, part):
        found, wide = {}, Wide()
        by_file = defaultdict(list)
        for item in self.items.values():
            by_file[item.nodeid.partition("::")[0]].append(item)
        items = [item for held in list(by_file.values())[turn::N_JOBS] for item in held]
        cached = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper)
            and (one.__module__ or "").startswith(("tests", "csa"))
        ]
        builtins.reached_here = lambda key: wide.current.add(key)  # noqa: PLW0108 - it changes
        exchange({str(path): probed(path) for path in modules() if not is_script(path)})
        pages = importlib.import_module(PAGES).ScriptCache
        read = pages.get_bytecode

        def get_bytecode(cache, path):
            wide.current.add(f"{os.path.relpath(path, ROOT)}:")
            return read(cache, path)

        pages.get_bytecode = get_bytecode
        items[0].config.pluginmanager.register(wide)
        for number, (item, after) in enumerate(zip(items, [*items[1:], None], strict=True)):
            file = item.nodeid.partition("::")[0]
            if number and file != items[number - 1].nodeid.partition("::")[0]:
                for one in cached:
                    one.cache_clear()
            wide.current = own = set()  # what a test's own threads reach is its too
            self.failed.clear()
            started = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            spent = time.process_time() - started
            if self.failed:
                say(f"{item.nodeid} fails")
            else:
                found[item.nodeid] = spent, sorted(own | wide.of(item))
            if number % 250 == 249 or after is None:
                say(f"{number + 1} of {len(items)} tests are run (half {turn + 1} of {N_JOBS})")
        part.write_text(json.dumps(found))

    def tried(self, mutant):
        """Try a fault with the tests that reach its block, up to a time on a processor."""
        direct = set(self.reached.get(block_of(mutant), []))
        chosen, cost = affordable(in_order(mutant, direct, self.seconds), self.seconds)
        if not chosen:
            return "unreached"
        how = self.outcome(mutant, chosen, ENOUGH_S / 3 + 5 * cost)
        return "unreached" if how == "unchanged" else how

    def outcome(self, mutant, chosen, patience_s):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "failed"

            def run(fault, nodes):
                return forked(
                    lambda: self.run_until_one_fails(fault, nodes, place), patience_s=patience_s
                )

            how = run(mutant, chosen)
            if how == "killed":
                return "killed" if is_due_to_it(run, mutant, place.read_text()) else "broken"
        return how

    def run_until_one_fails(self, mutant, nodes, place):
        if mutant and not exchange({str(ROOT / mutant.path): changed(mutant)[0]}):
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

    def __init__(self):
        self.current, self.by_fixture = set(), defaultdict(set)

    def of(self, item):
        info = getattr(item, "_fixtureinfo", None)
        return {
            key
            for name in (info.names_closure if info else [])
            for one in info.name2fixturedefs.get(name, ())
            for key in self.by_fixture.get((one.baseid, one.argname), ())
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        before = self.current
        if fixturedef.scope != "function":
            self.current = self.by_fixture[fixturedef.baseid, fixturedef.argname]
        try:
            return (yield)
        finally:
            self.current = before
