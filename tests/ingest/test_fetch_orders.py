"""A city from an address: set up, a month, a month with changes, and served, without a hand."""

import random
import re
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from tests.portals import DATASET, FakeCkan, FakeLayer, FakePortal, serving
from tests.sentences import says

NAMES = ["case_no", "occurred", "latitude", "longitude", "outcome"]
FIRST = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch):
    monkeypatch.setattr("csa.ingest.web.DELAY_S", 0)


def shootings(n=600, days=1095, seed=59):
    """A list of a town that is nowhere: three places where most happens."""
    chance = random.Random(seed)  # noqa: S311 - a made-up list
    found = []
    for number in range(n):
        when = FIRST + timedelta(days=number * days / n, minutes=chance.randrange(1200))
        lat, lon = ((39.10, -94.58), (39.13, -94.55), (39.07, -94.60))[number % 3]
        spot = round(chance.gauss(lat, 0.006), 5), round(chance.gauss(lon, 0.006), 5)
        fatal = chance.random() < 0.2
        found.append((f"21-{number:05}", when, *spot, fatal))
    return found


def layer_row(number, row):
    case, when, lat, lon, fatal = row
    at = int(when.timestamp() * 1000)
    named = {"OBJECTID": number + 1, "CASE_NO": case, "OCCURRED": at, "EditDate": at}
    return named | {"OUTCOME": 1 if fatal else 2, "lon": lon, "lat": lat}


def texts(row):
    case, when, lat, lon, fatal = row
    return [case, f"{when:%Y-%m-%d %H:%M}", str(lat), str(lon), "Fatal" if fatal else "Non-Fatal"]


def arcgis(rows):
    server = FakeLayer([layer_row(n, row) for n, row in enumerate(rows)], most=2000)

    def add(later):
        at = server.edited + 1
        server.rows += [layer_row(len(rows) + n, r) | {"EditDate": at} for n, r in enumerate(later)]
        server.edit(5, at, lat=server.rows[5]["lat"] + 0.01)
        server.edit(9, at)

    return server, lambda: server.url, add


def socrata(rows):
    server = FakePortal(NAMES, [[f"row-{n:05d}", *texts(row)] for n, row in enumerate(rows)])

    def add(later):
        stamp = "2020-02-01T00:00:00.000Z"
        server.edit(5, "Non-Fatal" if server.rows[5][-1] == "Fatal" else "Fatal", stamp)
        server.edit(9, None, stamp)
        for n, row in enumerate(later):
            server.rows.append([f"row-9{n:04d}", *texts(row)])
            server.stamps[f"row-9{n:04d}"] = stamp

    return server, lambda: f"{server.address}/resource/{DATASET}.json", add


def ckan(rows):
    server = FakeCkan(NAMES, [texts(row) for row in rows])

    def add(later):
        server.modified = "2020-02-01T00:00:00"
        server.rows[5][3] = "-94.57"
        del server.rows[9]
        server.rows += map(texts, later)

    return server, lambda: server.url, add


@pytest.mark.long
@pytest.mark.parametrize("make", [arcgis, socrata, ckan])
def test_a_city_from_an_address_lives_for_two_months_and_is_served(make, run, tmp_path):
    rows = shootings(650, 1186)
    server, url, add = make(rows[:600])
    with serving(server):
        done = run("start", url(), "--yes", "--allow-private", "--name", "Elsewhere")
        assert "600 rows" in done.stdout
        config = tmp_path / "config" / "elsewhere.toml"
        assert f'source = "{url()}"' in config.read_text()
        words = ("month", "--city", "elsewhere", "--yes", "--allow-private")
        first = run(*words)
        assert "Since the last download" not in first.stdout
        add(rows[600:])
        second = run(*words)
        named = re.search(r"(\d+) new, (\d+) changed, (\d+) gone", second.stdout)
        assert named
        if make is not ckan:  # where a new file has new ids
            assert [int(n) for n in named.groups()] == [50, 1, 1]
        assert run(*words, "--no-fetch", "--dry-run").returncode == 0
    assert page_of(tmp_path) == 200


def page_of(folder):
    """Serve the city as it is, and return the status of its first page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "csa.cli.main", "serve", "--city", "elsewhere"]
    with subprocess.Popen([*command, "--port", str(port)], cwd=folder) as server:
        try:
            for _ in range(600):
                assert server.poll() is None
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                        return answer.status
                except OSError:
                    time.sleep(0.3)
            return None
        finally:
            server.terminate()
            server.wait(60)


def test_a_city_without_an_address_says_where_to_write_it(run, town):
    done = run("fetch", "--city", town.config, check=False)
    assert done.returncode == 2
    assert "Add source under [city]" in done.stderr


def test_an_address_of_this_machine_is_refused_unless_it_is_allowed(run, tmp_path):
    server, url, _ = ckan(shootings(10))
    with serving(server):
        done = run("start", url(), "--yes", check=False)
        assert done.returncode == 2
        assert says("fetch.address", given=url()) in done.stderr
        assert server.asked == []
    assert not (tmp_path / "config").exists()
