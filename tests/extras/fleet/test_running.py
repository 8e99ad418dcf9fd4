"""The command `csa fleet` on a real cluster of this machine; what it refuses; the table."""

import csv
import json
import sys
import types

import pandas as pd
import pytest
from tests.extras.fleet.cities import write_broken
from tests.sentences import refuses, says

from csa.base.errors import CsaError, OutputError
from csa.base.io import locked_folder
from csa.extras.fleet import running
from csa.extras.fleet.city import COUNTS, FLEET_COLUMNS, NUMBERS, OWN, describe_city, fleet_files
from csa.extras.fleet.commands import print_step
from csa.extras.fleet.manifest import FleetCity

CITY = FleetCity("A", "a", ("a.csv",))


def read_rows(out):
    return list(csv.DictReader((out / "fleet.csv").read_text().splitlines()))


@pytest.mark.long
def test_cities_that_break_are_listed_each_with_its_sentence(run, tmp_path):
    write_broken(tmp_path / "no-place")
    manifest = tmp_path / "cities.csv"
    manifest.write_text(
        "city,files\nNo Place,no-place/shootings.csv\nNo File,no-file.csv\nLate,x\n"
    )
    out = tmp_path / "out"
    words = ("fleet", manifest, "--out", out, "--only", "no place,No File")
    done = run(*words, check=False)
    assert done.returncode == 2
    assert says("fleet.failed", n=2, cities="No Place, No File") in done.stderr
    rows = read_rows(out)
    assert list(rows[0]) == list(FLEET_COLUMNS)
    absent = says("source.absent", path=tmp_path / "no-file.csv")
    assert [(row["city"], row["state"], row["why"]) for row in rows] == [
        ("No Place", "failed", says("start.no_place", path="shootings.csv")),
        ("No File", "failed", absent),
        ("Late", "not run", ""),
    ]
    assert f"No File: {absent}" in done.stdout
    told = json.loads(run(*words[:-1], ",", "--json").stdout)
    assert [row["state"] for row in told] == ["not run"] * 3


@pytest.mark.parametrize(
    ("key", "prepare"),
    [
        ("files.holds_other", lambda out: (out / "mine.txt").write_text("")),
        ("files.holds_other", lambda out: [(out / name).mkdir() for name in (OWN, "a")]),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, key, prepare):
    prepare(tmp_path)
    with refuses(key, OutputError):
        running.run_fleet([CITY], [CITY], tmp_path, print_step)


def test_a_second_run_at_once_an_absent_scheduler_and_absent_dask_are_refused(
    tmp_path, monkeypatch
):
    with locked_folder(tmp_path / OWN, OutputError("fleet.busy", out="")):
        refused = _refusal(tmp_path)
    assert refused == "fleet.busy"
    monkeypatch.setattr(running, "CONNECT_S", 1)
    assert _refusal(tmp_path, "tcp://127.0.0.1:1") == "fleet.no_scheduler"
    assert _refusal(tmp_path, "no address") == "fleet.no_scheduler"
    monkeypatch.setattr(running.importlib.util, "find_spec", lambda _: None)
    assert _refusal(tmp_path) == "fleet.no_dask"


@pytest.mark.long
def test_a_machine_that_starts_no_processes_is_told(tmp_path, monkeypatch):
    broken = types.ModuleType("__main__")
    broken.__file__ = str(tmp_path / "broken.py")
    (tmp_path / "broken.py").write_text("raise SystemExit(1)")
    monkeypatch.setitem(sys.modules, "__main__", broken)
    monkeypatch.setattr(running, "START_S", 3)
    monkeypatch.setattr(running, "CLOSE_S", 3)
    assert _refusal(tmp_path / "out") == "fleet.no_workers"


def _refusal(out, scheduler=None):
    with pytest.raises(CsaError) as refused:
        running.run_fleet([CITY], [CITY], out, print_step, scheduler)
    return refused.value.message.key


def test_csv_and_parquet_are_one_table_with_types(tmp_path):
    full = {
        **describe_city(CITY, "done"),
        **dict.fromkeys(COUNTS, 3),
        **dict.fromkeys(NUMBERS, 0.25),
        "displacement": "more here",
    }
    files = fleet_files([full, describe_city(FleetCity("=B", "b", ()), "failed", "Why, and what.")])
    assert files == fleet_files(
        [full, describe_city(FleetCity("=B", "b", ()), "failed", "Why, and what.")]
    )
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    typed = pd.read_parquet(tmp_path / "fleet.parquet")
    assert list(typed) == list(FLEET_COLUMNS)
    assert typed["incidents"].tolist() == [3, pd.NA]
    assert typed["hit_share"].sum() == 0.25
    assert typed["city"].tolist() == ["A", "=B"]
    written = read_rows(tmp_path)
    assert [row["city"] for row in written] == ["A", "'=B"]  # no spreadsheet computes it
    assert written[1]["why"] == "Why, and what."


def test_a_cluster_that_does_not_end_keeps_nobody_waiting(caplog):
    class Stuck:
        def close(self, timeout):
            raise TimeoutError(timeout)

    with running._closed_in_time(Stuck()):
        pass
    assert "did not close within 30 s" in caplog.text
