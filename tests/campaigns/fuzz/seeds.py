"""Good files, of which cases are made: the sample's, the real ones at hand, and what is written here."""

import csv
import gzip
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from tests.portals import FakeCkan, FakeLayer, FakePortal

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "data" / "sample"
N_ROWS, N_SHAPES = 200, 25
CELLS = ("892658a80c3ffff", "892658a80cbffff"), ("892658a8083ffff",)


@dataclass(frozen=True)
class Seed:
    """One good file, and what stands beside it."""

    target: str  # what reads it: a function of `targets`
    label: str
    name: str  # of the file that goes wrong
    content: bytes
    beside: dict[str, bytes] = field(default_factory=dict)
    is_whole: bool = False
    is_real: bool = False  # a city's own file, which is not part of the project


def head(content, n=N_ROWS):
    return b"".join(content.splitlines(keepends=True)[: n + 1])


def first_shapes(content, n=N_SHAPES):
    found = json.loads(content)
    return json.dumps({**found, "features": found["features"][:n]}).encode()


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def as_excel(content):
    from openpyxl import Workbook  # noqa: PLC0415 - loads late

    book, buffer = Workbook(), io.BytesIO()
    for row in csv.reader(io.StringIO(content.decode())):
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def as_parquet(content):
    import pandas as pd  # noqa: PLC0415 - loads late

    return pd.read_csv(io.BytesIO(content), dtype=str).to_parquet()


def as_archive(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def as_map(content, suffix):
    """Write polygons as another format; a shapefile as an archive of its parts."""
    import geopandas as gpd  # noqa: PLC0415 - loads late

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"n{suffix}"
        gpd.read_file(io.BytesIO(content)).to_file(path)
        if suffix != ".shp":
            return path.read_bytes()
        return as_archive({part.name: part.read_bytes() for part in sorted(Path(folder).iterdir())})


@cache
def a_backup():
    from csa.program.store.audit import Signed  # noqa: PLC0415 - loads late
    from csa.program.store.backup import save_backup  # noqa: PLC0415
    from csa.program.store.engine import open_store  # noqa: PLC0415 - loads late
    from csa.program.store.tables import ActionRow, AreaRow, MeasureRow, StepRow  # noqa: PLC0415

    when, day = datetime(2026, 3, 5, 12, 30, 15, tzinfo=UTC), date(2026, 3, 5)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/store.sqlite3", make=True, city="sample")
        with store.writing(
            Signed("Prevention team", "Neighbors named these blocks.", when)
        ) as session:
            for n in range(3):
                session.add(ActionRow(key=f"1.2.{n}", status="on-track", updated_on=day, due=day))
            session.add(AreaRow(key="B", place_name="Oakenshire", state="designated", since=day))
            session.flush()
            step = StepRow(key="B/1", area="B", state="designated", on_date=day, by_office="Team")
            step.reasons, step.evidence, step.cells = "Why.", {"a": [1, 0.1, None]}, list(CELLS[0])
            session.add(step)
            session.add(MeasureRow(key="m", baseline=0.1, target=0.2))
        save_backup(store, Path(folder) / "backup.gz")
        store.engine.dispose()
        return (Path(folder) / "backup.gz").read_bytes()


AREAS = [
    {"area_id": f"c-{n}", "place_name": name, "cells": " ".join(cells), "kinds": "homicide nonfatal",
     "first_day": "2018-01-01", "last_day": "2020-12-31", "incidents": "9", "homicides": "2", "area_km2": "0.2"}
    for n, name, cells in ((1, "Oakenshire", CELLS[0]), (2, "Quillmoor", CELLS[1]))
]  # fmt: skip
SERVED = [
    {"area_id": row["area_id"][-1], "cells": row["cells"], "since": "2019-02-01", "place_name": row["place_name"],
     "drawn": f"2019-02:{row['cells']}", "chosen_from": "2016-01", "chosen_until": "2019-01"} for row in AREAS
]  # fmt: skip
PROPOSAL = {
    "kind": "proposal", "format_version": 1, "city": "sample", "data_fingerprint": "f", "versions": {},
    "data_through": "2020-12-31", "params": {"suggested": {"eps_m": 200}, "eps_m": 200, "max_area_km2": 2.0},
    "weights": {"expected": 1}, "capacity": 5,
}  # fmt: skip
VERDICT = {
    "kind": "displacement", "format_version": 1, "city": "sample", "data_fingerprint": "f", "versions": {},
    "data_through": "2020-12-31", "since": "2019-02", "through": "2020-12", "boundary": {},
    "single": [{"area_id": "A", "verdict": "less", "sentence": "Less.", "core": {}, "ring": {}, "cells": 3}],
}  # fmt: skip
MORE_SERVICES = b"""
[[services.lists]]
file = "more.csv"
name_column = "name"
kind_column = "kind"
"""
MEASURES = b"""measure,quarter,place,value,numerator,denominator,answers,basis,note
gun-violence,2020-Q1,,12,,,,incidents,
gun-violence,2020-Q2,Oakenshire,9,,,,incidents,"of two, lines"
"""
DEPLOYMENT = b"""data_dir = "data"
access = "signed-in"
months = 24
[roles]
role_claim = "role"
people = [{ email = "a@example.org", office = "Prevention", role = "editor", strategies = ["1.2"] }]
[mail]
host = "localhost"
port = 2525
security = "none"
office = "Prevention team"
from_address = "csa@example.org"
[[mail.recipients.executive]]
office = "Mayor"
email = "mayor@example.org"
"""


def table_of(rows):
    return (
        "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    ).encode()


def features_of(rows):
    listed = [
        {"type": "Feature", "geometry": None, "properties": {**row, "cells": row["cells"].split()}}
        for row in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": listed}).encode()


def city_files(name):
    return (ROOT / "config" / f"{name}.toml").read_bytes()


def sample_seeds():
    files = {path.name: path.read_bytes() for path in SAMPLE.iterdir() if path.suffix != ".md"}
    toml = city_files("sample")
    small = {
        name: head(content) if name.endswith(".csv") else content for name, content in files.items()
    }
    shootings, places = small["shootings.csv"], files["neighborhoods.geojson"]
    city = {"city.toml": toml, "places.geojson": places}
    records = json.dumps(rows_of(shootings)).encode()
    points = [
        {"type": "Feature", "properties": row,
         "geometry": {"type": "Point", "coordinates": [float(row["lon"] or 0), float(row["lat"] or 0)]}}
        for row in rows_of(shootings)
    ]  # fmt: skip
    collection = json.dumps({"type": "FeatureCollection", "features": points}).encode()
    excel = as_excel(head(files["shootings.csv"], 60))
    whole = files["shootings.csv"]
    forms = (
        ("shootings.csv", shootings),
        ("shootings.json", records),
        ("shootings.xlsx", excel),
        ("shootings.csv.gz", gzip.compress(shootings, mtime=0)),
        ("shootings.zip", as_archive({"shootings.csv": shootings})),
        ("shootings.parquet", as_parquet(shootings)),
    )
    for name, content in forms:
        yield Seed("incidents", f"sample {name}", name, content, city)
    yield Seed("incidents", "sample all rows", "shootings.csv", whole, city, is_whole=True)
    for name, content in (*forms, ("shootings.geojson", collection)):
        yield Seed("new_city", f"sample {name}", name, content, {"places.geojson": places})
        if name.endswith(("csv", "json")):  # what reads others goes by their names
            rest = {"city.toml": toml, "data/neighborhoods.geojson": places}
            yield Seed("new_month", f"sample {name}", "shootings.csv", content, rest)
    yield Seed("new_city", "sample all rows", "shootings.csv", whole, {}, is_whole=True)
    for suffix in (".geojson", ".gpkg", ".shp"):
        name = f"places{suffix}" if suffix != ".shp" else "places.zip"
        content = places if suffix == ".geojson" else as_map(places, suffix)
        yield Seed("polygons", f"sample {name}", name, content, {"city.toml": toml})
    beside = {name: content for name, content in small.items() if name != "truth.json"}
    drawn = ("water.geojson", "parks.geojson", "streets.geojson")
    for name in ("services.csv", "population.csv", "risk_terrain.geojson"):
        rest = {f"data/{one}": text for one, text in beside.items() if one not in {name, *drawn}}
        twice = beside[name]
        if name == "services.csv":  # a place that stands there twice
            twice += twice.splitlines(keepends=True)[-1]
        yield Seed("layers", f"sample {name}", f"data/{name}", twice, {"city.toml": toml, **rest})
        yield Seed("beside", f"sample {name}", name, beside[name], {"shootings.csv": shootings})
    rest = {f"data/{one}": text for one, text in beside.items()}
    rest |= {"city.toml": toml + MORE_SERVICES, "data/more.csv": head(small["services.csv"], 20)}
    yield Seed(
        "layers", "sample two lists", "data/services.csv", rest.pop("data/services.csv"), rest
    )
    for name in drawn:
        rest = {"city.toml": toml, "data/neighborhoods.geojson": places}
        yield Seed("basemap", f"sample {name}", f"data/{name}", first_shapes(files[name]), rest)
    yield Seed("city", "sample", "city.toml", toml, {f"data/{k}": v for k, v in beside.items()})


def portal_answers():
    """Give what portals answer to each question, as `tests.portals` does, by the kind of portal."""
    rows = [
        {"OBJECTID": n, "CASE_NO": f"c{n}", "OUTCOME": 1, "lon": -94.5, "lat": 39.1}
        for n in range(1, 6)
    ]
    layer, ckan = FakeLayer(rows), FakeCkan(["case", "day"], [["1", "2019-01-01"], ["2", ""]])
    socrata = FakePortal(["case", "note"], [[f"row-{n:03d}", str(n), "x"] for n in range(5)])
    about = {"success": True, "result": {"datastore_active": True, "url": "", "last_modified": "x"}}
    found = {
        "arcgis": {
            "layer.json": layer._layer(),
            "count.json": {"count": 5},
            "ids.json": {"objectIds": [1, 2, 3, 4, 5]},
            "page.json": layer._features({"where": "1=1"}),
        },
        "ckan": {
            "about.json": about,
            "page.json": {**ckan._search(0, 3)},
        },
        "socrata": {"count.json": json.loads(socrata._count("x")), "page.csv": socrata._csv(0, 6)},
    }  # fmt: skip
    return {
        kind: {n: c if isinstance(c, bytes) else json.dumps(c).encode() for n, c in named.items()}
        for kind, named in found.items()
    }


def made_seeds():
    for name in ("kansas-city", "philadelphia"):
        yield Seed("city", name, "city.toml", city_files(name))
    plans = ROOT / "config" / "plans"
    for path in sorted(plans.glob("*.toml")):
        yield Seed("plan", path.stem, "plan.toml", path.read_bytes())
    for path in sorted(plans.glob("*.es.po")):
        yield Seed("plan", path.name, "plan.es.po", path.read_bytes(), {"plan.toml": path.with_suffix("").with_suffix(".toml").read_bytes()})  # fmt: skip
    yield Seed("deployment", "made", "csa.toml", DEPLOYMENT)
    yield Seed("backup", "made", "backup.gz", a_backup())
    yield Seed("measures", "made", "measures.csv", MEASURES)
    for kind, answers in portal_answers().items():
        for name in answers:
            rest = {other: content for other, content in answers.items() if other != name}
            yield Seed("portal", f"{kind} {name}", name, answers[name], {**rest, kind: b""})
    account, verdict = json.dumps(PROPOSAL).encode(), json.dumps(VERDICT).encode()
    rest = {"proposal.json": account, "areas.csv": table_of(AREAS), "areas.geojson": features_of(AREAS),
            "priorities.json": json.dumps({**PROPOSAL, "kind": "priorities"}).encode(),
            "priorities.csv": table_of(AREAS), "displacement.json": verdict}  # fmt: skip
    for name, content in rest.items():
        yield Seed("areas", name, name, content, {k: v for k, v in rest.items() if k != name})
    yield Seed("areas", "in service", "areas.csv", table_of(SERVED))


REAL = (
    ("philadelphia", "philadelphia/philly_shooting_victims_2015_2025.csv", "philadelphia/neighborhoods.geojson"),
    ("philadelphia", "philadelphia/opendataphilly_shootings_raw_2015_2023.csv", "philadelphia/neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2017_adult_victims.csv", "kc/kc_neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2018_api_sample_1000.csv", "kc/kc_neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2014_api_sample_5.json", "kc/kc_neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2019_export_sample_3.csv", "kc/kc_neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2023_export_sample_5.csv", "kc/kc_neighborhoods.geojson"),
    ("kansas-city", "kc/kcpd_2020_h1_no_coords.csv", "kc/kc_neighborhoods.geojson"),
)  # fmt: skip


def real_seeds():
    for city, file, map_ in REAL:
        path, toml = SHARED / file, city_files(city)
        content, places = path.read_bytes(), (SHARED / map_).read_bytes()
        beside = {"city.toml": toml, "places.geojson": first_shapes(places)}
        part = head(content) if path.suffix == ".csv" else content
        yield Seed("incidents", path.name, path.name, part, beside)
        if city == "philadelphia":  # the others do not say where, or who was killed
            yield Seed("new_city", path.name, path.name, part, {})
        if path.suffix == ".csv":
            whole = {**beside, "places.geojson": places}
            yield Seed(
                "incidents", f"{path.name} all rows", path.name, content, whole, is_whole=True
            )
    for city, map_ in sorted({(city, map_) for city, _, map_ in REAL}):
        toml, places = city_files(city), (SHARED / map_).read_bytes()
        yield Seed("polygons", map_, "places.geojson", first_shapes(places), {"city.toml": toml})
        yield Seed(
            "polygons",
            f"{map_} whole",
            "places.geojson",
            places,
            {"city.toml": toml},
            is_whole=True,
        )


@cache
def all_seeds():
    """Give the seeds: without the real files, the made ones alone, and a sentence on it."""
    found = [*sample_seeds(), *made_seeds()]
    if SHARED.is_dir():
        return (*found, *(replace(one, is_real=True) for one in real_seeds())), ""
    return tuple(found), "The real files are not at ../shared/data: made ones alone are used."
