"""A fleet on a real scheduler with two real worker processes, one of them killed in the middle."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributed import Client
from tests.extras.fleet.cities import write_broken, write_city
from tests.sentences import says

from csa.extras.fleet import running
from csa.extras.fleet.city import describe_city
from csa.extras.fleet.commands import print_step
from csa.extras.fleet.manifest import FleetCity

pytestmark = pytest.mark.slow
PATIENCE_S = 1200
CITIES = ("slow", "broken", "near", "far")  # in the manifest's order


@dataclass(frozen=True)
class FleetDone:
    out: Path
    manifest: Path
    code: int
    stderr: str
    states_midway: dict[str, str]  # in the table, while `near` is being made
    made_before_kill: dict[str, int]  # of the city whose worker died: file to its time, ns

    def tree(self, folder):
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def read_rows(out):
    return list(csv.DictReader((out / "fleet.csv").read_text().splitlines()))


def csa(*words, cwd, root):
    env = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}", "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "csa.cli.main", *map(str, words)]
    return subprocess.Popen(words, cwd=cwd, env=env, stderr=subprocess.PIPE, text=True)


def dask(part, folder, root, *words):
    env = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}", "OPENBLAS_NUM_THREADS": "1"}
    line = [sys.executable, "-m", f"distributed.cli.dask_{part}", *words]
    line += [
        "--scheduler-file",
        str(folder / "scheduler.json"),
        "--dashboard-address",
        "127.0.0.1:0",
    ]
    return subprocess.Popen(line, cwd=folder, env=env, stderr=subprocess.DEVNULL)


def wait_for(what):
    end = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("fleet")
    write_city(folder / "slow", 13, since="2014")  # with past years to judge
    write_broken(folder / "broken")
    write_city(folder / "near", 11)
    write_city(folder / "far", 12)
    manifest = folder / "cities.csv"
    rows = [f"{name},{name}/shootings.csv," for name in CITIES[:3]]
    far = f"file://{folder}/far"
    rows.append(f"far,{far}/shootings.csv,{far}/neighborhoods.geojson")
    manifest.write_text("\n".join(["city,files,places", *rows]) + "\n")
    own = ("--port", "0", "--host", "127.0.0.1")
    started = [dask("scheduler", folder, root, *own)]
    try:
        wait_for((folder / "scheduler.json").exists)
        for name in ("one", "two"):
            words = ("--nthreads", "1", "--local-directory", str(folder / name), "--name", name)
            started.append(dask("worker", folder, root, *words))
        address = json.loads((folder / "scheduler.json").read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE_S)
            words = ("fleet", manifest, "--out", folder / "out", "--scheduler", address)
            running = csa(*words, cwd=folder, root=root)
            work = folder / "out" / ".fleet" / "work" / "near"
            wait_for((work / "steps.json").exists)
            before = {
                str(path.relative_to(work)): path.stat().st_mtime_ns
                for path in (work / "var" / "near" / "dataset" / "versions").rglob("*")
            }
            wait_for((folder / "out" / "fleet.csv").exists)
            midway = {row["city"]: row["state"] for row in read_rows(folder / "out")}
            kill_worker_of("near", client)
            _, stderr = running.communicate(timeout=PATIENCE_S)
        yield FleetDone(folder / "out", manifest, running.returncode, stderr, midway, before)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=60)


def kill_worker_of(city, client):
    """Kill the process that works at a city, without a warning."""
    busy = client.processing()
    pids = client.run(os.getpid)
    (address,) = [at for at, keys in busy.items() if f"csa-{city}-" in str(keys)]
    os.kill(pids[address], signal.SIGKILL)


def test_every_other_city_is_done_whatever_breaks_dies_or_takes_long(done):
    rows = read_rows(done.out)
    states = {row["city"]: row["state"] for row in rows}
    assert states == {"slow": "done", "broken": "failed", "near": "done", "far": "done"}
    assert rows[1]["why"] == says("start.no_place", path="shootings.csv")
    assert done.code == 2
    assert says("fleet.failed", n=1, cities="broken") in done.stderr
    assert 0 < float(rows[0]["hit_share"]) < 1
    assert float(rows[0]["area_share"]) < 0.05
    assert rows[2]["hit_share"] == ""  # no past year can be judged
    assert all(row["displacement"] for row in rows if row["state"] == "done")


def test_the_table_tells_of_cities_that_ended_while_others_are_made(done):
    assert set(done.states_midway) == set(CITIES)
    assert done.states_midway["broken"] == "failed"
    assert done.states_midway["near"] == "not run"


def test_what_was_finished_when_a_worker_died_is_not_made_again(done):
    assert done.made_before_kill
    for name, at in done.made_before_kill.items():
        assert (done.out / "near" / name).stat().st_mtime_ns == at
    said = (done.out / "near" / "said.txt").read_text()
    assert [line.split()[2] for line in said.splitlines() if line.startswith("$ csa ")] == [
        "start", "backtest", "propose", "priorities", "displace", "report",
    ]  # fmt: skip


def test_a_city_is_byte_for_byte_what_the_single_commands_give(done, tmp_path, root):
    source = done.manifest.parent / "near" / "shootings.csv"
    var = Path("var/near")
    of = ("--city", "near", "--dataset", var / "dataset")
    for words in (
        ("start", source, "--name", "near", "--yes"),
        ("backtest", *of, "--out", var / "backtest"),
        ("propose", *of, "--out", var / "proposal"),
        ("priorities", *of, "--out", var / "priorities"),
        ("displace", *of, "--areas", var / "proposal/areas.geojson", "--out", var / "displacement"),
        (
            "report",
            *of,
            "--month",
            "2020-08",
            "--audience",
            "executive",
            "--out",
            var / "report.html",
        ),
    ):
        command = csa(*words, cwd=tmp_path, root=root)
        _, stderr = command.communicate(timeout=PATIENCE_S)
        assert command.returncode == 0, stderr
    ours, single = done.tree(done.out / "near"), done.tree(tmp_path)
    assert {"fleet.json", "said.txt"} == set(ours) - set(single)
    assert single == {name: ours[name] for name in single}


def test_a_second_run_makes_nothing_again_on_this_machine_s_own_cluster(done, root):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in done.out.glob("*/**/*")}

    before, table = stamps(), (done.out / "fleet.csv").read_bytes()
    words = ("fleet", done.manifest, "--out", done.out, "--only", "slow,near,far")
    again = csa(*words, cwd=done.manifest.parent, root=root)
    again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0
    locks = done.out / ".fleet"
    changed = {path for path, at in stamps().items() if before.get(path) != at}
    assert not {path for path in changed if locks not in path.parents}
    expected = [line for line in table.splitlines() if not line.startswith(b"broken")]
    found = (done.out / "fleet.csv").read_bytes().splitlines()
    assert [line for line in found if not line.startswith(b"broken")] == expected


def test_a_city_that_kills_workers_our_own_fault_and_a_folder_that_is_not_shared_are_told_apart(
    tmp_path, monkeypatch
):
    def work(city, out, version, describe):
        if city.id == "deadly":
            os._exit(1)
        if city.id == "faulty":
            raise RuntimeError("a bug")
        return {**describe_city(city, "done"), "is_new": True}  # where this machine does not see it

    monkeypatch.setattr(running, "work_city", work)
    cities = [FleetCity(name, name, ("a.csv",)) for name in ("deadly", "faulty", "elsewhere")]
    rows = running.run_fleet(cities, cities, tmp_path / "out", print_step)
    assert [row["state"] for row in rows] == ["failed"] * 3
    assert [row["why"] for row in rows] == [
        says("fleet.killed"),
        says("cli.internal", what="RuntimeError: a bug"),
        says("fleet.not_shared", out=tmp_path / "out"),
    ]
