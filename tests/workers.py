"""Which worker runs which tests: a file's on one, so that its fixtures are made once."""

import fcntl
import os
import pickle
import shutil
import zlib

import pytest

BROWSER, CAMPAIGNS = "tests/browser/", "tests/campaigns/"
LONGEST = (
    *(BROWSER, "tests/workflow/", f"{CAMPAIGNS}faults/", "tests/analysis/", "tests/cli/"),
    *("tests/synthetic/", "tests/test_api.py", "tests/test_house.py", "tests/test_docs.py"),
)
"""Whose files take longest, and can not be shared."""


def is_in_browser(item):
    return item.nodeid.startswith(BROWSER)


def mark_browser(items):
    """Leave all browser tests to `make test-browser`."""
    for item in filter(is_in_browser, items):
        item.add_marker(pytest.mark.browser)


def mark_campaigns(items):
    """Leave what goes wrong around the program to `make campaigns`; CI runs the first case of each kind."""
    for item in items:
        if item.nodeid.startswith(CAMPAIGNS):
            item.add_marker(pytest.mark.campaign)


def share_of_today(config, items, day):
    """Leave, of the long tests, all files but those whose turn a day is, and the campaigns' long cases."""
    n_days = config.option.share

    def is_due(item):
        if item.get_closest_marker("long") is None:
            return True
        path = item.nodeid.partition("::")[0]
        is_turn = zlib.crc32(path.encode()) % n_days == day.toordinal() % n_days
        return is_turn and not item.nodeid.startswith(CAMPAIGNS)

    config.hook.pytest_deselected(items=[item for item in items if not is_due(item)])
    items[:] = filter(is_due, items)


def leave_all_but_first(items):
    """Leave all cases but the first of what is marked so to `make test-long`."""
    begun = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        if test in begun and item.get_closest_marker("long_but_first"):
            item.add_marker(pytest.mark.long)
        begun.add(test)


def longest_first(items):
    """Put first what takes longest, so that in the end no worker waits for another's long file."""

    def rank(item):
        of = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        path = item.nodeid.partition("::")[0]
        return next(of, len(LONGEST)), path.split("/")  # the same order in each worker

    items.sort(key=rank)


def try_browser_twice(items):
    """Run what failed in the browser once more, in CI alone, where the summary counts it.

    A fault fails twice. The timing of a loaded machine seldom does, and is no reason to stop a change.
    """
    for item in filter(is_in_browser, items):
        item.add_marker(pytest.mark.flaky(reruns=1))


def made_once(tmp_path_factory, name, make):
    """Give a folder of this run that the first worker who asks makes, and the others wait for."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # of all workers
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / name).exists():
            part = base / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(base / name)
    return base / name


def shared_once(tmp_path_factory, name, make):
    """Give a value that the first worker who asks makes, and the others read; not to be changed."""

    def keep(folder):
        folder.mkdir()
        (folder / "value").write_bytes(pickle.dumps(make()))

    kept = made_once(tmp_path_factory, name, keep) / "value"
    return pickle.loads(kept.read_bytes())  # noqa: S301 - our own, of this run


def slowly(*cases):
    """Leave cases of a test that is run already to `make test-slow`."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for case in cases
    ]


def long(*cases):
    """Leave further cases of a test to `make test-long`, which .ci/run runs."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
        for case in cases
    ]


def some(cases, *quick):
    """Give all cases, of which those that are not named here are left to `make test-long`."""
    cases = list(cases)
    assert set(quick) <= set(cases), "a case that is not there"
    return [*quick, *long(*(case for case in cases if case not in quick))]


def first(cases, *quick):
    """Give all cases, of which those that are not named here are left to `make test-slow`."""
    cases = list(cases)
    assert set(quick) <= set(cases), "a case that is not there"
    return [*quick, *slowly(*(case for case in cases if case not in quick))]
