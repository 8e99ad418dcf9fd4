"""Files that broke a reader once: small ones, which took minutes or gigabytes, or a fault of ours."""

import io
import json
import zipfile

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

WEST, SOUTH = -94.6, 39.0  # of Testville


def bars(n, scale=1e-4):
    """Return n thin boxes from west to east, and n from south to north, which all cross."""
    rings = []
    for at in range(1, n + 1):
        across = [[0.5, at], [n + 0.5, at], [n + 0.5, at + 0.4], [0.5, at + 0.4], [0.5, at]]
        rings += [across, [[y, x] for x, y in across]]
    return (np.array(rings) * scale).round(6)


def crossing_holes(n, scale=1e-4, corner=(0, 0)):
    """Return a polygon whose holes cross: without a corner its file has 95 bytes for each."""
    side = n + 1
    shell = np.array([[0, 0], [side, 0], [side, side], [0, side], [0, 0]]) * scale
    return shapely.Polygon(shell + corner, bars(n, scale) + corner)


def write_geojson(path, shapes):
    features = [
        {"type": "Feature", "properties": {"name": f"n{at}"}, "geometry": shape.__geo_interface__}
        for at, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def holes(n):
    return lambda path: write_geojson(path, [crossing_holes(n, corner=(WEST, SOUTH))])


def tiny(path):
    side = 1e-9
    write_geojson(path, [shapely.box(WEST, SOUTH, WEST + side, SOUTH + side)])


def columns(path, n=100_000):
    names = (f"c{at}" for at in range(n))
    path.write_text("\n".join([",".join(names), *[",".join(["1"] * n)] * 3]) + "\n")


def bomb(path, n_blocks=600):
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("a.csv", "w", force_zip64=True) as part,
    ):
        for _ in range(n_blocks):
            part.write(b"0," * 500_000)


def styles(path, n=1_000_000):
    book = openpyxl.Workbook()
    for row in (["number", "date", "x"], [1, "2024-01-02", 1]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    style = b'<xf numFmtId="14" fontId="0" fillId="0" borderId="0" applyNumberFormat="1"/>'
    with (
        zipfile.ZipFile(content) as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as styled,
    ):
        for name in plain.namelist():
            part = plain.read(name)
            if name == "xl/styles.xml":
                part = part.replace(b"</cellXfs>", style * n + b"</cellXfs>")
            styled.writestr(name, part)


def twice(path):
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * 2, names=["number", "number"]), path)


CORPUS = {
    "holes-29kB.geojson": holes(150),
    "holes-58kB.geojson": holes(300),
    "holes-200kB.geojson": holes(1000),
    "billionth.geojson": tiny,
    "columns.csv": columns,
    "bomb.zip": bomb,
    "styles.xlsx": styles,
    "twice.parquet": twice,
}


def write_corpus(folder):
    for name, write in CORPUS.items():
        write(folder / name)
    return folder
