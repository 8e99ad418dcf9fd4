"""Viewers without a browser put a load on the app as it is served; no run pays for a full collection."""

import argparse
import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest
from benchmarks.client import PATIENCE_S, CutOffError, FaultError, connected
from benchmarks.server import prepare, serving
from benchmarks.soak import memory_by, soak
from benchmarks.viewers import ACTS, Load, Look, Run, acts, loopback, table_of
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tests.sentences import says
from websockets.asyncio.server import serve

# `python -m csa_app`, which notes each full collection that anything in its process asks for, and
# how many objects were put out of collections' reach.
NOTING = """
import gc, os, runpy
from pathlib import Path
notes, collect, freeze = Path(os.environ["NOTES"]), gc.collect, gc.freeze
def noted_collect(generation=2):
    if generation == 2:
        with (notes / "collected").open("a") as note:
            note.write("x")
    return collect(generation)
def noted_freeze():
    freeze()
    (notes / "frozen").write_text(str(gc.get_freeze_count()))
gc.collect, gc.freeze = noted_collect, noted_freeze
runpy.run_module("csa_app", run_name="__main__", alter_sys=True)
"""
N_RUNS = 4


def run_apart(coroutine):
    """Run it on a thread of its own: a browser's tests, in the same process, leave a loop on this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


@contextmanager
def noting(notes, told):
    """Serve the app as it is served, and have its collections noted in a folder."""
    (notes / "collected").write_text("")
    with serving((sys.executable, "-c", NOTING), {**told, "NOTES": str(notes)}) as server:
        yield server


def collections_in_runs(server, notes):
    async def visit():
        async with connected(server.address) as client:
            await client.begin()
            before = (notes / "collected").stat().st_size
            for _ in range(N_RUNS):
                await client.open("method")
            return (notes / "collected").stat().st_size - before

    return run_apart(visit())


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("sample"), whole=False)


@pytest.fixture(scope="module")
def served(sample, notes):
    with noting(notes, sample) as server:
        yield server


# ---- By hand --------------------------------------------------------------------------------


def test_a_table_has_the_runs_by_minute_act_and_page_their_times_faults_memory_and_processor():
    load = Load(viewers=2, seconds=120, pause_s=8, acts=("pages",))
    load.runs += [Run("first page", 1, 9.0), *(Run("pages", at_s, 1.0) for at_s in range(2, 20))]
    load.runs += [
        Run("pages", 70, 3.0),
        Run("pages", 80, 5.0),
        Run("pages", 81, 50, "a fault", "plan"),
    ]
    load.looks += [Look(0, 100, 1), Look(59, 120, 20), Look(61, 110, 21), Look(118, 115, 22.5)]
    rows = list(zip(*(column.cells for column in table_of(load).columns), strict=True))
    assert rows == [
        ("minute 1", "19", "1.00", "1.80", "0", "1.000", "120"),
        ("minute 2", "3", "4.00", "4.90", "1", "0.500", "115"),
        ("first page", "1", "9.00", "9.00", "0", "", ""),
        ("pages", "21", "1.00", "3.10", "1", "", ""),
        ("/", "21", "1.00", "5.00", "0", "", ""),
        ("/plan", "1", "", "", "1", "", ""),
        ("all", "22", "1.00", "5.00", "1", "0.977", "120"),
    ]


@pytest.mark.system
def test_two_viewers_open_pages_move_sliders_and_turn_toggles(served):
    load = Load(viewers=2, seconds=600, pause_s=0.1, acts=tuple(ACTS), most_runs=10)
    run_apart(load.put_on(served.address, served))
    assert [run.fault for run in load.runs if run.fault] == []
    assert len(load.runs) in {10, 11}  # the last two may begin together
    assert [run.act for run in load.runs].count("first page") == 2
    assert {run.act for run in load.runs} <= {"first page", *ACTS}
    assert all(run.seconds > 0 for run in load.runs)
    assert load.looks[0].memory_mb > 50


@pytest.mark.slow
def test_five_minutes_of_eight_viewers_and_months_leave_no_error_and_the_memory_flat(tmp_path):
    """An hour of twenty is `make soak`."""
    load = Load(viewers=8, seconds=300, pause_s=4, acts=tuple(ACTS))
    with ThreadPoolExecutor(1) as threads:
        town = threads.submit(soak, load, tmp_path).result()
    assert [run.fault for run in load.runs if run.fault] == []
    assert not town.failed
    assert {"month", "undo", "ingest"} <= set(town.done)
    memory = memory_by(load, 1)
    assert memory[4] < 1.1 * memory[2], memory
    assert len(load.runs) > 100


@pytest.mark.system
def test_sliders_that_were_moved_stay_where_they_were_put(served):
    async def visit():
        async with connected(served.address) as client:
            await client.begin()
            await client.open("compare")
            (menu,) = [name for name in client.widgets if name.endswith("-criterion")]
            await client.touch(menu, string_value=says("compare.several"))
            sliders = [name for name, (kind, *_) in client.widgets.items() if kind == "slider"]
            for name, weight in zip(sliders, (0.5, 2.5), strict=False):
                await client.touch(name, double_array_value={"data": [weight]})
            return client.query

    weights = json.loads(parse_qs(run_apart(visit()))["weigh"][0])["weights"]
    assert list(weights.values())[:2] == [0.5, 2.5]


@pytest.mark.system
def test_no_full_collection_follows_a_run(served, notes):
    assert collections_in_runs(served, notes) == 0


@pytest.mark.system
def test_were_one_asked_for_after_each_run_the_test_before_this_would_see_it(sample, tmp_path):
    with noting(tmp_path, {**sample, "STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}) as server:
        assert collections_in_runs(server, tmp_path) >= N_RUNS - 1  # the last may be under way


@pytest.mark.system
def test_once_it_is_warm_what_stays_is_visited_by_no_collection(served, notes):
    until = time.monotonic() + PATIENCE_S
    while not (notes / "frozen").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert int((notes / "frozen").read_text()) > 100_000


# ---- At the edge ----------------------------------------------------------------------------


def test_a_minute_without_a_run_has_no_times():
    rows = zip(*(column.cells for column in table_of(Load(1, 60, 8)).columns), strict=True)
    assert list(rows) == [(when, "0", "", "", "0", "", "") for when in ("minute 1", "all")]


# ---- Refused --------------------------------------------------------------------------------


def test_a_viewer_that_reaches_no_server_says_so():
    load = Load(viewers=1, seconds=0.2, pause_s=0.3)
    run_apart(load.put_on("http://127.0.0.1:1"))
    assert [run.fault.partition(":")[0] for run in load.runs] == ["no connection"]


def test_what_a_page_shows_instead_of_itself_is_a_fault():
    async def fail(socket):
        await socket.recv()
        for said in (
            ForwardMsg(delta={"new_element": {"exception": {"type": "KeyError", "message": "x"}}}),
            ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY),
        ):
            await socket.send(said.SerializeToString())

    async def visit():
        async with serve(fail, "127.0.0.1", 0, subprotocols=["streamlit"]) as server:
            host, port = server.sockets[0].getsockname()
            async with connected(f"http://{host}:{port}") as client:
                await client.begin()

    with pytest.raises(FaultError, match="KeyError: x"):
        run_apart(visit())


@pytest.mark.system
def test_what_is_no_message_of_streamlits_cuts_the_viewer_off(served):
    async def visit():
        async with connected(served.address) as client:
            await client.socket.send(b"\xff")
            await client.begin()

    with pytest.raises(CutOffError, match="closed"):
        run_apart(visit())


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "http://10.0.0.1:8501",
        "https://127.0.0.1",
        "127.0.0.1:8501",
        "ftp://[::1]",
    ],
)
def test_no_load_is_put_on_another_machine(address):
    with pytest.raises(argparse.ArgumentTypeError, match="not an http address of this machine"):
        loopback(address)
    for own in ("http://127.0.0.1:8501", "http://localhost:8501/areas", "http://[::1]:8501"):
        assert loopback(own) == own


def test_what_no_viewer_does_is_refused():
    assert acts("sliders,pages") == ["sliders", "pages"]
    with pytest.raises(
        argparse.ArgumentTypeError, match="jumps: use some of pages, sliders, toggles"
    ):
        acts("pages,jumps")
