"""Work shared out to processes gives what `map` gives: values, order, errors."""

import os
import sys
from functools import partial
from types import ModuleType

import pytest
from joblib.externals.loky import get_reusable_executor

from csa.base.errors import MachineError, ParamError
from csa.base.processes import WORTH_SHARING, worker_map

MANY = WORTH_SHARING
pytestmark = pytest.mark.skipif(os.cpu_count() == 1, reason="one processor shares nothing")


def add(left: int, right: int) -> tuple[int, int]:
    return left + right, os.getpid()


def refuse(n: int) -> int:
    if n == 2:
        raise ParamError("param.months", given=n)
    return n


def end(n: int) -> int:
    os._exit(n)


def test_results_come_in_the_order_of_the_items_from_other_processes():
    with worker_map(MANY) as apply:
        made = list(apply(partial(add, 10), range(7)))
    assert [total for total, _ in made] == list(range(10, 17))
    assert os.getpid() not in {process for _, process in made}


def test_few_rows_stay_in_this_process():
    with worker_map(10) as apply:
        assert [*apply(partial(add, 1), [1])] == [(2, os.getpid())]


def test_an_error_comes_back_as_it_was_raised():
    with pytest.raises(ParamError, match="2"), worker_map(MANY) as apply:
        list(apply(refuse, [1, 2, 3]))


def test_a_worker_that_ends_is_said_in_a_sentence():
    with pytest.raises(MachineError, match="memory ran out"), worker_map(MANY) as apply:
        list(apply(end, [3]))


def nested(_: int) -> int:
    with worker_map(MANY) as apply:
        return int(apply is map)


def test_a_worker_shares_nothing_further():
    with worker_map(MANY) as apply:
        assert [*apply(nested, [1])] == [1]


def test_a_worker_does_not_run_the_main_script_again(tmp_path, monkeypatch):
    """In a Streamlit server the main module is the page that runs."""
    get_reusable_executor().shutdown(wait=True)  # no worker of an earlier test
    page = ModuleType("__main__")
    page.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text("raise SystemExit('a page')")
    monkeypatch.setitem(sys.modules, "__main__", page)
    with worker_map(MANY) as apply:
        assert [total for total, _ in apply(partial(add, 1), [1, 2])] == [2, 3]
