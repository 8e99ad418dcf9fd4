"""serve, demo and home: what is refused before anything is made, and what the server is told."""

import io
import json
import os
import socket
import sys
from pathlib import Path

import pytest
from tests.sentences import says

from csa.cli import serve as module


@pytest.fixture
def started(monkeypatch):
    """What would be started in place of the command."""
    seen = []
    monkeypatch.setattr(os, "execve", lambda *given: seen.append(given))
    return seen


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_home_is_printed_with_its_cities_and_made_a_projects(run, tmp_path, monkeypatch):
    monkeypatch.delenv("CSA_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    users = str(tmp_path / "data" / "core-service-areas")
    assert json.loads(run("home", "--json").stdout) == {"home": users, "cities": []}
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "town.toml").touch()
    said = json.loads(run("home", "--here", "--json").stdout)
    assert said == {"home": str(tmp_path), "cities": ["town"]}
    written = Path("csa.toml").read_bytes()
    run("home", "--here")
    assert Path("csa.toml").read_bytes() == written


@pytest.mark.parametrize(("cities", "hint"), [([], "csa demo"), (["a", "b"], "--city: a, b")])
def test_serving_no_city_or_one_of_several_is_refused_with_what_to_do(
    cities, hint, run, tmp_path, started
):
    (tmp_path / "config").mkdir()
    for name in cities:
        (tmp_path / "config" / f"{name}.toml").touch()
    done = run("serve", check=False)
    assert (done.returncode, hint in done.stderr) == (2, True)
    assert not started
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("words", [("serve", "--city", "sample"), ("demo",)])
def test_a_port_in_use_is_refused_before_anything_is_made(words, run, tmp_path, started):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(*words, "--port", taken.getsockname()[1], check=False)
    assert (done.returncode, "--port" in done.stderr) == (2, True)
    assert not (tmp_path / "var").exists()
    assert not started


@pytest.mark.long
def test_a_new_city_is_read_once_and_served_with_what_a_server_needs(run, tmp_path, started, port):
    first = run("serve", "--city", "sample", "--port", port)
    assert (tmp_path / "var" / "sample" / "dataset" / "ingest.json").is_file()
    assert first.stdout == ""  # what its steps print goes to the log
    again = run("serve", "--city", "sample", "--port", port)
    assert len(first.stderr.splitlines()) > len(again.stderr.splitlines()) == 1
    assert f":{port} " in again.stderr
    (program, words, environment), _ = started
    assert program == sys.executable
    # -P: a file called as a module in the user's folder is not imported.
    assert words[1:] == ["-P", "-m", "csa_app", "--server.port", str(port)]
    assert environment["CSA_CITY"] == "sample"


def test_a_dataset_is_served_as_it_is(run, sample_folder, monkeypatch, started, port):
    monkeypatch.setattr(module, "_city_steps", None)
    run("serve", "--city", sample_folder, "--port", port)
    assert started[0][2]["CSA_CITY"] == str(sample_folder)


def test_a_new_city_without_a_terminal_says_how_to_answer(run, town, monkeypatch):
    """A script has nobody to ask: nothing is written, and the sentence names the option."""
    rows = "\n".join(
        f"{n},2020-01-{n % 28 + 1:02d},39.0{n:02d},-94.5,{n % 2}" for n in range(10, 60)
    )
    (town.folder / "new.csv").write_text(f"id,date,latitude,longitude,fatal\n{rows}\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    done = run("start", "new.csv", check=False)
    assert done.returncode == 2
    assert says("start.no_answer") in done.stderr
    assert not (town.folder / "config").exists()
