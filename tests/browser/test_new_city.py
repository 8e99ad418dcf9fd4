"""The worst file is uploaded to a served app while ten viewers click: a sentence, and nobody notices."""

import asyncio
import os
import sys
import threading

import pytest
from benchmarks.server import APP, prepare, serving
from benchmarks.viewers import Load
from tests.browser.conftest import LONG_MS
from tests.corpus import crossing_holes, write_geojson
from tests.sentences import says

MOST_MORE_MB = 300
"""What ten viewers' pages may take meanwhile; without a job the file took gigabytes."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    told = prepare(tmp_path_factory.mktemp("served"), whole=False)
    with serving(APP, {**told, "CSA_ACCESS": "local"}) as served:
        yield served


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_the_worst_file_stops_nobody(read, server, tmp_path):
    file = write_geojson(tmp_path / "n.geojson", [crossing_holes(1000, corner=(-94.6, 39.0))])
    rows = [f"{n},2024-01-{1 + n % 28:02d},homicide,39.05,-94.55" for n in range(60)]
    shootings = tmp_path / "shootings.csv"
    shootings.write_text("\n".join(["number,date,offense,latitude,longitude", *rows]) + "\n")
    reader = read(f"{server.address}/new-city")
    reader.settle()
    page = reader.page
    load = Load(viewers=10, seconds=600, pause_s=1, acts=("pages", "clicks"))
    viewers = threading.Thread(target=asyncio.run, args=(load.put_on(server.address, server),))
    viewers.start()
    try:
        boxes = page.locator("input[type=file]")
        boxes.nth(1).set_input_files(str(file))
        boxes.nth(0).set_input_files(str(shootings))
        page.get_by_text("far more than its size explains").wait_for(timeout=4 * LONG_MS)
        n_before = len(load.runs)
        while len(load.runs) < n_before + 20:
            page.wait_for_timeout(200)
    finally:
        load.seconds = 0
        viewers.join()
    assert [run.fault for run in load.runs if run.fault] == []
    least = min(look.memory_mb for look in load.looks)
    assert max(look.memory_mb for look in load.looks) < least + MOST_MORE_MB
    os.kill(server.pid, 0)  # it lives
    assert says("source.job_memory", path=file.name, n=1000)[:8] in page.content()
