"""A map file is data: whatever its text says, no other file is opened and no host is asked."""

import json
import threading
import zipfile
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import geopandas as gpd
import pyogrio
import pytest
from pyogrio.errors import DataSourceError
from shapely.geometry import box
from tests.sentences import refuses

from csa.base.errors import SourceError
from csa.city.config import PlacesSource
from csa.ingest.map_files import DRIVERS, read_map
from csa.ingest.polygons import read_neighborhoods, read_study_area
from csa.ingest.shapes import read_shapes

READERS = [
    partial(read_neighborhoods, places=PlacesSource(file="n.geojson", name_column="name")),
    partial(read_study_area, crs=None),
    partial(read_shapes, crs=None, section="places"),
]
BLOCK = gpd.GeoDataFrame({"name": ["Secret"]}, geometry=[box(-94.6, 39, -94.5, 39.1)], crs=4326)
TEXT = BLOCK.to_json()
NAMES = ("n.geojson", "n.gpkg", "n.shp")


@pytest.fixture
def host():
    """A host on loopback that gives a map to anybody, and knows who asked."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(TEXT)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(TEXT.encode())

        do_HEAD = do_GET  # noqa: N815 - as http.server calls it

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", asked=asked)
        server.shutdown()
        serving.join()


def program(source):
    """Write a text that GDAL would carry out: read another source, and give it as this file's."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="n"><SrcDataSource>{source}</SrcDataSource>'
        "<SrcLayer>secret</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    )


def zipped(folder, *paths):
    with zipfile.ZipFile(folder / "n.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    return folder / "n.zip"


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_three_formats_are_read_zipped_too(tmp_path, read, name):
    BLOCK.to_file(tmp_path / name)
    parts = sorted(tmp_path.iterdir())
    read(tmp_path / name)
    read(zipped(tmp_path, *parts))


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_program_of_a_maps_name_reads_no_other_file(tmp_path, read, name):
    secret = tmp_path / "secret.geojson"
    secret.write_text(TEXT, encoding="utf-8")
    (tmp_path / name).write_text(program(secret), encoding="utf-8")
    for path in (tmp_path / name, zipped(tmp_path, tmp_path / name)):
        with pytest.raises(SourceError, match="can't be read as"):
            read(path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        lambda at: program(f"{at}/secret.geojson"),
        lambda at: program(f"/vsicurl/{at}/secret.geojson"),
        lambda at: f"<OGRWFSDataSource><URL>{at}/wfs</URL></OGRWFSDataSource>",
        lambda at: json.dumps(
            {
                "type": "gdal_streamed_alg",
                "command_line": f"gdal vector convert {at}/secret.geojson"
                " --output-format stream --output streamed",
            }
        ),
    ],
    ids=["vrt", "vrt by curl", "wfs", "pipeline"],
)
def test_a_program_of_a_maps_name_asks_no_host(tmp_path, host, name, text):
    (tmp_path / name).write_text(text(host.address), encoding="utf-8")
    for path in (tmp_path / name, zipped(tmp_path, tmp_path / name)):
        with refuses("layers.unreadable", SourceError):
            read_shapes(path, None, "places")
    assert host.asked == []


@pytest.mark.parametrize("prefix", ["", "GeoJSON:", "/vsicurl/", "/vsicurl_streaming/"])
def test_an_address_is_no_file(host, prefix):
    with pytest.raises(DataSourceError):
        pyogrio.read_dataframe(f"{prefix}{host.address}/secret.geojson")
    assert host.asked == []


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["top", "shape"])
@pytest.mark.parametrize("kind", ["link", "URL"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_coordinate_system_is_asked_of_no_host(tmp_path, host, where, kind, is_zipped):
    found = json.loads(TEXT)
    place = found if where == "top" else found["features"][0]["geometry"]
    there = f"{host.address}/crs"
    place["crs"] = {"type": kind, "properties": {"href": there, "url": there}}
    path = tmp_path / "n.geojson"
    path.write_text(json.dumps(found), encoding="utf-8")
    for read in READERS:
        read(zipped(tmp_path, path) if is_zipped else path)
    assert host.asked == []


def test_no_other_driver_is_left_in_the_process():
    assert set(pyogrio.list_drivers()) == DRIVERS


def test_an_error_of_the_reader_on_a_broken_map_is_a_sentence(monkeypatch, tmp_path):
    """Found by `make fuzz`: pyogrio fails on a name of its own."""

    def fail(*_, **__):
        raise UnboundLocalError("x")

    path = tmp_path / "m.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    monkeypatch.setattr(pyogrio, "read_dataframe", fail)
    with refuses("places.unreadable", SourceError):
        read_map(path, SourceError("places.unreadable", path=path))
