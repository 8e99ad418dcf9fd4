"""Portals on loopback, made of recorded layouts: Socrata, ArcGIS, CKAN and a plain file server."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from csa.ingest.portals import Socrata
from csa.ingest.web import PortalClock, Web

DATASET = "pxaa-ahcm"
PLACES = "vq6h-tqrf"
STREETS = "aaaa-0001"


class FakeServer:
    """What it was asked, and what it does wrong next.

    `faults` maps a kind of question (`count`, `page 0`, `page 1` ..., `places`) to what is done
    instead, one a time: a function that is given the request's handler and returns True where it
    has answered.
    """

    def __init__(self):
        self.asked = []
        self.headers = []
        self.faults = {}
        self.address = ""

    def fault(self, kind, *todo):
        self.faults.setdefault(kind, deque()).extend(todo)

    def pages_asked(self):
        return [kind for kind in self.asked if kind.startswith("page")]

    def answer(self, handler):
        parts = urlsplit(handler.path)
        question = {key: values[0] for key, values in parse_qs(parts.query).items()}
        kind, content, form = self._look_up(parts.path, question)
        self.asked.append(kind)
        self.headers.append(dict(handler.headers))
        todo = self.faults.get(kind)
        if todo and todo.popleft()(handler):
            return
        if content is None:
            send(handler, 404, b"{}")
            return
        if callable(content):
            content = content()  # after a fault that changes the dataset
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        send(handler, 200, content, form)


class FakePortal(FakeServer):
    """A Socrata portal's dataset; each row begins with its id. `stamps` say when a row changed."""

    def __init__(self, header, rows):
        super().__init__()
        self.header = header
        self.rows = list(rows)
        self.updated_at = "2020-01-05T10:00:00.000Z"
        self.stamps = {}
        self.features = []
        self.counted = None

    def change(self, row=None, **fields):
        """Edit the dataset, as a clerk does at any hour."""
        if row is not None:
            self.rows.append(row)
        self.updated_at = "2020-01-05T11:11:11.000Z"
        vars(self).update(fields)

    def edit(self, number, text, stamp):
        """Change a row's note, or with None take the row out; the portal stamps it."""
        self.updated_at = stamp
        if text is None:
            del self.rows[number]
        else:
            self.rows[number][-1] = text
            self.stamps[self.rows[number][0]] = stamp

    def _look_up(self, path, question):
        name = path.rpartition("/")[2]
        if "count(*)" in question.get("$select", ""):
            return "count", lambda: self._count(name), "application/json"
        if name in (f"{PLACES}.geojson", f"{STREETS}.geojson"):
            kind = "places" if name.startswith(PLACES) else "streets"
            return kind, self._geojson, "application/vnd.geo+json"
        if name == f"{DATASET}.csv":
            return self._ask(question)
        return "unknown", None, ""

    def _ask(self, question):
        assert question["$order"] == ":id"
        where, limit = question.get("$where", ""), int(question["$limit"])
        since = re.search(r":updated_at >= '(.*?)'", where)
        named = re.findall(r"'(row-\d+)'", where)
        if question["$select"] == ":id":
            rows = [r for r in self.rows if not since or self.stamps.get(r[0], "") >= since[1]]
            return "ids", lambda: table([":id"], [row[:1] for row in rows][:limit]), "text/csv"
        assert question["$select"] == ":id,*"
        if named:
            rows = [row for row in self.rows if row[0] in named]
            return "rows", lambda: table([":id", *self.header], rows), "text/csv"
        first = int(question["$offset"])
        return f"page {first // 10}", lambda: self._csv(first, limit), "text/csv"

    def _count(self, name):
        n_rows = len(self.features) if name.startswith((PLACES, STREETS)) else len(self.rows)
        n_rows = n_rows if self.counted is None else self.counted
        answer = {"n_rows": str(n_rows)}
        return json.dumps([answer | ({"updated_at": self.updated_at} if n_rows else {})]).encode()

    def _csv(self, first, limit):
        return table([":id", *self.header], self.rows[first : first + limit])

    def _geojson(self):
        return json.dumps({"type": "FeatureCollection", "features": self.features}).encode()


def table(header, rows):
    """Write CSV as Socrata does: every value in quotes."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    return buffer.getvalue().encode()


def send(handler, status, content, form="application/json", **headers):
    handler.send_response(status)
    handler.send_header("Content-Type", form)
    handler.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


@contextmanager
def serving(portal, host="127.0.0.1"):
    """Serve a portal on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            portal.answer(self)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that has gone is part of the test
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    portal.address = f"http://{host}:{server.server_port}"
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()


# ---- Faults ---------------------------------------------------------------------------------


def drop(handler):
    """Close the connection without an answer."""
    handler.close_connection = True
    return True


def cut_short(handler):
    """Promise a long body and break off in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/csv")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'":id","number"\n"row-1","1')
    handler.close_connection = True
    return True


def answers(status, content=b"{}", form="application/json", **headers):
    """Answer so once."""

    def fault(handler):
        send(handler, status, content, form, **headers)
        return True

    return fault


def web_page(handler):
    """Answer 200 with a page for people."""
    return answers(200, b"<!doctype html><h1>Under repair</h1>", "text/html")(handler)


def does(action):
    """Do something, then answer as asked."""

    def fault(_handler):
        action()
        return False

    return fault


@dataclass
class Waits:
    """A clock that never waits and remembers what it should have waited."""

    seconds: list = field(default_factory=list)

    @property
    def clock(self):
        noon = datetime(2020, 1, 5, 12, tzinfo=UTC)
        return PortalClock(self.seconds.append, lambda: noon, lambda: 1.0)


def table_of(portal, clock, token="", dataset=DATASET):
    """Ask a portal on this machine for a dataset."""
    return Socrata(Web(token, clock, allow_private=True), f"{portal.address}/resource/{dataset}")


class FakeLayer(FakeServer):
    """Layer 0 of an ArcGIS service of points, as a FeatureServer of version 11 answers.

    `rows` have the attributes, `lon` and `lat`; `edited` is in milliseconds.
    """

    PATH = "/arcgis/rest/services/Police/Shootings/FeatureServer"
    layers = ({"id": 0, "name": "Shootings"}, {"id": 3, "name": "Beats"})

    def __init__(self, rows, *, shape="esriGeometryPoint", tracks=True, most=10):
        super().__init__()
        self.rows = [dict(row) for row in rows]
        self.shape, self.tracks, self.most = shape, tracks, most
        self.edited = 1_578_218_400_000  # 2020-01-05 10:00
        self.more_fields = []

    @property
    def url(self):
        return f"{self.address}{self.PATH}/0"

    def edit(self, number, at, **values):
        """Change a row, or without values take it out."""
        self.edited = at
        if not values:
            del self.rows[number]
        else:
            self.rows[number] |= {"EditDate": at, **values}

    def _look_up(self, path, question):
        assert question["f"] == "json"
        if path == self.PATH:
            return "service", {"layers": self.layers, "tables": []}, "application/json"
        if path == f"{self.PATH}/0":
            return "layer", self._layer, "application/json"
        if path == f"{self.PATH}/0/query":
            return self._query(question)
        return "unknown", {"error": {"code": 400, "message": "Invalid URL"}}, "application/json"

    def _layer(self):
        kinds = {"codedValues": [{"name": "Fatal", "code": 1}, {"name": "Not fatal", "code": 2}]}
        fields = [
            {"name": "OBJECTID", "type": "esriFieldTypeOID"},
            {"name": "CASE_NO", "type": "esriFieldTypeString"},
            {"name": "OCCURRED", "type": "esriFieldTypeDate", "length": 8},
            {"name": "OUTCOME", "type": "esriFieldTypeSmallInteger", "domain": kinds},
            {"name": "EditDate", "type": "esriFieldTypeDate"},
            *self.more_fields,
        ]
        about = {"id": 0, "name": "Shootings", "type": "Feature Layer", "fields": fields}
        about |= {"geometryType": self.shape, "objectIdField": "OBJECTID"}
        about |= {"maxRecordCount": self.most, "editingInfo": {"lastEditDate": self.edited}}
        return about | ({"editFieldsInfo": {"editDateField": "EditDate"}} if self.tracks else {})

    def _query(self, question):
        rows = [row for row in self.rows if self._fits(row, question)]
        if question.get("returnCountOnly"):
            return "count", lambda: {"count": len(self.rows)}, "application/json"
        if question.get("returnIdsOnly"):
            ids = [row["OBJECTID"] for row in reversed(rows)]  # in no order that is promised
            return "ids", {"objectIdFieldName": "OBJECTID", "objectIds": ids}, "application/json"
        assert (question["outSR"], question["orderByFields"]) == ("4326", "OBJECTID")
        kind = "rows" if "objectIds" in question else f"page {(rows[0]['OBJECTID'] - 1) // 10}"
        return kind, lambda: self._features(question), "application/json"

    def _features(self, question):
        rows = [row for row in self.rows if self._fits(row, question)]
        features = []
        for row in rows[: self.most]:
            attributes = {key: value for key, value in row.items() if key not in {"lon", "lat"}}
            point = {"x": row.get("lon", "NaN"), "y": row.get("lat", "NaN")}
            features.append({"attributes": attributes, "geometry": point})
        return {"features": features, "exceededTransferLimit": len(rows) > self.most}

    @staticmethod
    def _fits(row, question):
        if "objectIds" in question:
            return str(row["OBJECTID"]) in question["objectIds"].split(",")
        where = question["where"]
        since = re.search(r"EditDate >= TIMESTAMP '(.+?)'", where)
        span = re.search(r"OBJECTID >= (\d+) AND OBJECTID <= (\d+)", where)
        if since:
            at = datetime.fromisoformat(since[1]).replace(tzinfo=UTC).timestamp() * 1000
            return row["EditDate"] >= at
        return not span or int(span[1]) <= row["OBJECTID"] <= int(span[2])


RESOURCE = "6f04ce8e-1b4a-4f5e-9d7a-0a6f0f1d2c3b"


class FakeCkan(FakeServer):
    """A CKAN portal's resource: in its datastore, else a file elsewhere."""

    def __init__(self, fields, rows, *, is_table=True):
        super().__init__()
        self.fields, self.rows, self.is_table = fields, list(rows), is_table
        self.modified, self.uncounted = "2020-01-05T10:00:00.000000", 0

    @property
    def url(self):
        return f"{self.address}/dataset/shootings/resource/{RESOURCE}"

    def _look_up(self, path, question):
        action = path.rpartition("/")[2]
        if action == "resource_show":
            about = {"id": question["id"], "last_modified": self.modified, "format": "CSV"}
            about |= {"datastore_active": self.is_table, "url": f"{self.address}/files/s.csv"}
            return "about", {"success": True, "result": about}, "application/json"
        if action == "datastore_search":
            first, limit = int(question.get("offset", 0)), int(question["limit"])
            kind = "count" if limit == 0 else f"page {first // 10}"
            return kind, lambda: self._search(first, limit), "application/json"
        return "file", lambda: table(self.fields, self.rows), "text/csv"

    def _search(self, first, limit):
        rows = self.rows[first : first + limit]
        fields = [{"id": "_id", "type": "int"}, *({"id": f, "type": "text"} for f in self.fields)]
        names = ["_id", *self.fields]
        records = [
            dict(zip(names, [first + n + 1, *row], strict=True)) for n, row in enumerate(rows)
        ]
        total = len(self.rows) - self.uncounted
        return {"success": True, "result": {"fields": fields, "records": records, "total": total}}


class FakeFiles(FakeServer):
    """A file with an ETag, which is sent in part where that is asked; `moves` lead elsewhere."""

    def __init__(self, content, form="text/csv"):
        super().__init__()
        self.content, self.form, self.etag = content, form, '"v1"'
        self.moves = {}

    @property
    def url(self):
        return f"{self.address}/downloads/Shootings%202020.csv?format=csv"

    def answer(self, handler):
        path = urlsplit(handler.path).path
        self.asked.append(path)
        self.headers.append(dict(handler.headers))
        todo = self.faults.get("file")
        if path in self.moves:
            send(handler, 302, b"", Location=self.moves[path])
        elif todo and todo.popleft()(handler):
            return
        elif handler.headers.get("If-None-Match") == self.etag:
            send(handler, 304, b"", ETag=self.etag)
        elif handler.headers.get("If-Range") == self.etag:
            first = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            send(handler, 206, self.content[first:], self.form, ETag=self.etag)
        else:
            send(handler, 200, self.content, self.form, ETag=self.etag)


def halved(server):
    """Send half of the file and break off."""

    def fault(handler):
        handler.send_response(200)
        handler.send_header("ETag", server.etag)
        handler.send_header("Content-Length", str(len(server.content)))
        handler.end_headers()
        handler.wfile.write(server.content[: len(server.content) // 2])
        handler.close_connection = True
        return True

    return fault
