"""Large work takes turns, and never waits for what waits for it."""

import ast
import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from time import sleep

import pytest

from csa_app.shared import fair_queue
from csa_app.shared.fair_queue import in_turn, work_for


def test_of_eight_at_once_one_works_at_a_time():
    inside, overlaps = Lock(), []

    def work(number):
        overlaps.append(not inside.acquire(blocking=False))
        sleep(0.01)
        inside.release()
        return 2 * number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(in_turn(work), range(8))) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert not any(overlaps)


def test_quick_work_does_not_stand_behind_long_work():
    begun, may_end = Event(), Event()

    def long():
        begun.set()
        assert may_end.wait(10)
        return "long"

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(in_turn(long))
        assert begun.wait(10)
        assert in_turn(len, quick=True)("abc") == 3
        assert not coming.done()
        may_end.set()
        assert coming.result() == "long"


def test_what_was_left_before_its_turn_is_not_begun():
    left, done = Event(), []
    work = work_for(left, in_turn(done.append))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, 1).result()
        left.set()
        with pytest.raises(fair_queue.LeftError):
            pool.submit(work, 2).result()
    assert done == [1]
    in_turn(done.append)(3)  # what is left in one thread is not in another
    assert done == [1, 3]


def test_work_that_fails_gives_its_turn_away():
    with pytest.raises(ZeroDivisionError):
        in_turn(lambda: 1 / 0)()
    assert in_turn(len)("abc") == 3


def test_a_run_that_its_viewer_left_does_not_begin(monkeypatch):
    class LeftError(BaseException):
        pass

    class Left:
        def __contains__(self, key):
            assert key  # Streamlit takes no empty one
            raise LeftError

    done = []
    monkeypatch.setattr(fair_queue, "get_script_run_ctx", lambda **_: object())
    with monkeypatch.context() as patch:
        patch.setattr(fair_queue.st, "session_state", Left())
        with pytest.raises(LeftError):
            in_turn(done.append)(1)
    assert done == []
    in_turn(done.append)(2)
    assert done == [2]


def test_what_a_map_waits_for_stands_behind_nothing_that_is_told_beside_it(root):
    lanes = {True: set(), False: set()}
    for path in sorted((root / "app").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "in_turn":
                is_quick = [word.value.value for word in call.keywords if word.arg == "quick"]
                name = call.args[0]
                lanes[is_quick == [True]].add(getattr(name, "attr", None) or name.id)
    assert lanes[True] == {
        "change",
        "count_areas",
        "locate_incidents",
        "name_tracks",
        "propose_areas",
        "rank_among_unserved",
        "show_change",
    }
    assert lanes[False] >= {"assess_areas", "follow_outcomes", "follow_windows", "make_report"}


def test_what_takes_turns_is_not_cached_inside(root):
    """A function that asked a cached one could wait for a thread that waits for its turn."""
    taken = []
    for path in sorted((root / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [
            call.args[0].id
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "in_turn"
        ]
        module = (
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
            if names
            else None
        )
        taken += [getattr(module, name).__module__ for name in names]
    assert len(taken) >= 11
    for name in sorted(set(taken)):
        if not name.startswith("csa."):
            text = Path(importlib.import_module(name).__file__).read_text(encoding="utf-8")
            assert "cache" not in text, name
