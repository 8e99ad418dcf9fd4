"""Ways in which a file goes wrong, by accident or on purpose; each takes bytes and gives bytes.

What is random comes from the generator that is handed in, so that a case's number repeats it.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
from contextlib import ExitStack
from functools import cache

DEEP = 4000
HOSTILE = (
    "", " ", "-", "0", "-0", "nan", "NaN", "Infinity", "-inf", "1e999", "9" * 400, "1e400", "0x10",
    "true", "None", "null", "2020-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01",
    "1677-09-21", "2262-04-12", "99999999999999999999", "-9223372036854775808", "24:00", "25:61",
    "=cmd|'/c calc'!A1", "@SUM(A1)", "+1+1", "<script>alert(1)</script>", "[/red]", ":smile:",
    "\u202eright to left\u202c", "\u2066\u2069", "\ufeff", "\x1b[31mred", "\x07", "\x85", "\u2028",
    "{x}", "{0}", "%s%n", "$path", "{path.__class__}", "../../../etc/passwd", "/etc/passwd",
    "\\\\host\\share", "a\x00b", "\U0001f9e1", "e\u0301", "A" * 70_000, "'", '"', '""', "\\", "\r",
    "POINT (0 0)", "(91, 181)", "POLYGON EMPTY", "181", "-91", "4.9e-324", "1,234", "12,3456",
    "\u0663\u0664", "\u00b2", "https://example.org/?a=b#c", "__proto__", "day", "geometry", "area_id",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1e308, float("nan"), float("inf"), 10**400, 10**25, 2**63, "", "x",
    [], {}, [[]], [None], {"a": {"b": []}}, "2020-01-01", "9999-12-31", 1e-320, "\ud800",
    {"type": "Point"}, {"type": "Point", "coordinates": []}, {"type": "Polygon", "coordinates": 1},
)  # fmt: skip


# ---- Bytes -----------------------------------------------------------------------------------


def flip(content, rng):
    made = bytearray(content or b"x")
    for _ in range(rng.choice((1, 3, 20))):
        made[rng.randrange(len(made))] = rng.randrange(256)
    return bytes(made)


def truncate(content, rng):
    return content[: rng.randrange(len(content) + 1)]


def cut_out(content, rng):
    at = rng.randrange(len(content) + 1)
    return content[:at] + content[at + rng.choice((1, 7, 300, 5000)) :]


def repeat(content, rng):
    at = rng.randrange(len(content) + 1)
    return content[:at] + content[at : at + rng.choice((1, 50, 2000))] * 3 + content[at:]


def insert(content, rng):
    at = rng.randrange(len(content) + 1)
    pieces = (
        b"\0",
        b"\0" * 500,
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b'"',
        b"\r",
        b"\n\n",
        b"\x1a",
        b"{" * 9,
    )
    return content[:at] + rng.choice(pieces) + content[at:]


def encode(content, rng):
    text = content.decode("utf-8", "replace")
    codec = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "cp1252"))
    return text.encode(codec, "replace")


def mark(content, rng):
    return rng.choice((b"\xef\xbb\xbf" * 2, b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) + content


def line_ends(content, rng):
    return content.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\x0b", b"")))


def other_kind(content, rng):
    heads = (
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"\x89PNG",
        b"\x1f\x8b",
        b"PAR1",
        b"<html>",
        b"SQLite format 3\0",
    )
    return rng.choice(heads) + content[: rng.choice((0, 100, len(content)))]


def nothing(content, rng):
    return rng.choice(
        (b"", b"\n", b" ", b"\0", b"[]", b"{}", b"null", b"0", b'""', b",", b"\xef\xbb\xbf")
    )


def deep(content, rng):
    n = rng.choice((60, 900, DEEP, 200_000))
    pairs = ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]"))
    head, tail = rng.choice(pairs)
    middle = rng.choice((b"1", b"", b"{}"))
    whole = head * n + middle + rng.choice((tail * n, b""))
    forms = (whole, b'[{"a": 1}, {"a": ' + whole + b"}]", content + b"\nx = " + whole, b"a = " + b"[" * n,
             content + b"\n[" + b".".join([b"a"] * n) + b"]\nb = 1\n")  # fmt: skip
    return rng.choice(forms)


def packed(content, rng):
    """Pack it, under a name that a careless reader would follow out of its folder."""
    if rng.random() < 0.3:
        return gzip.compress(content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../../escaped.txt", "/tmp/escaped.txt", "n.geojson", "a" * 300):  # noqa: S108
            archive.writestr(name, content)
    return buffer.getvalue()


def bomb(content, rng):
    """Write what is small and becomes large: some 100 MB or more."""
    kind = rng.choice(("gzip", "zip", "field", "keys"))
    if kind in ("gzip", "zip"):
        return inflated(kind)
    if kind == "field":
        head, _, tail = content.partition(b"\n")
        return head + b"\n" + b"A" * 110_000_000 + tail
    return json.dumps([{f"k{i}": i} for i in range(12_000)]).encode()


@cache
def inflated(kind):
    """Pack a GB of blanks, never holding it."""
    buffer, blank = io.BytesIO(), b" " * 1_000_000
    with ExitStack() as stack:
        if kind == "gzip":
            stream = stack.enter_context(gzip.GzipFile("", "wb", 1, buffer, 0))
        else:
            archive = stack.enter_context(
                zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
            )
            stream = stack.enter_context(archive.open("n.geojson", "w"))
            stream.write(b'{"type":"FeatureCollection","features":[')
        for _ in range(1000):
            stream.write(blank)
    return buffer.getvalue()


BYTES = (
    flip,
    truncate,
    cut_out,
    repeat,
    insert,
    encode,
    mark,
    line_ends,
    other_kind,
    nothing,
    deep,
    packed,
)


# ---- Texts -----------------------------------------------------------------------------------


def words(content, rng):
    """Put hostile words in place of a few words."""
    text = content.decode("utf-8", "replace")
    found = list(re.finditer(r"[\w.:/+-]+", text))
    for one in sorted(
        rng.sample(found, min(len(found), rng.choice((1, 1, 5)))), key=lambda m: -m.start()
    ):
        text = text[: one.start()] + rng.choice(HOSTILE) + text[one.end() :]
    return text.encode("utf-8", "surrogatepass")


def lines(content, rng):
    """Lose, double or swap lines."""
    listed = content.splitlines(keepends=True) or [b""]
    at, other = rng.randrange(len(listed)), rng.randrange(len(listed))
    act = rng.choice(("lose", "double", "swap", "first", "last"))
    if act == "swap":
        listed[at], listed[other] = listed[other], listed[at]
    elif act == "first":
        del listed[0]
    elif act == "last":
        del listed[at:]
    else:
        listed[at : at + 1] = [listed[at]] * (2 if act == "double" else 0)
    return b"".join(listed)


TEXTS = (words, words, words, lines)


# ---- Tables ----------------------------------------------------------------------------------


def _rename(rows, at, other, rng):
    rows[0][at] = rng.choice((rows[0][other], rng.choice(HOSTILE)))


def _double(rows, at, other, rng):
    for row in rows:
        row.insert(0, row[at])


def _lose(rows, at, other, rng):
    for row in rows:
        del row[at]


def _swap(rows, at, other, rng):
    for row in rows[rng.choice((0, 1)) :]:  # with their names, or without
        row[at], row[other] = row[other], row[at]


def _fill(rows, at, other, rng):
    bad = rng.choice(HOSTILE)
    for row in rows[1:]:
        row[at] = bad


def _scatter(rows, at, other, rng):
    for row in rows[1:]:
        row[at] = rng.choice(HOSTILE)


def _break(rows, at, other, rng):
    for row in rows[1:]:
        if rng.random() < 0.2:
            row[:] = rng.choice(
                ([*row, "x"], row[:-1], row * 2, [""] * len(row), [rng.choice(HOSTILE)])
            )


def table(content, rng):
    """Rename, double, lose, swap or fill columns; break rows."""
    text = content.decode("utf-8", "replace").replace("\0", "")
    mark_ = "\t" if text.count("\t") > text.count(",") else ","
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark_) if row]
    rows = [row for row in rows if len(row) == len(rows[0])]
    at, other = rng.randrange(len(rows[0])), rng.randrange(len(rows[0]))
    rng.choice((_rename, _double, _lose, _swap, _fill, _scatter, _break))(rows, at, other, rng)
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=mark_, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


# ---- JSON and maps ---------------------------------------------------------------------------


def _nodes(value, found):
    """List every place of a value, as its container and key; at most some thousand."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(items):
        found.append((value, key))
        if isinstance(child, dict | list) and len(found) < 5000:
            _nodes(child, found)
    return found


def node(content, rng):
    """Put another value in place of one, or lose, double or rename it."""
    value = json.loads(content)
    if not isinstance(value, dict | list) or not value:
        return content
    found = _nodes(value, [])
    for _ in range(rng.choice((1, 1, 4))):
        place, key = rng.choice(found)
        act = rng.randrange(4)
        if isinstance(place, dict) and key in place:
            if act == 0:
                del place[key]
            elif act == 1:
                place[rng.choice(HOSTILE)] = place.pop(key)
            else:
                place[key] = rng.choice((*VALUES, rng.choice(HOSTILE)))
        elif isinstance(place, list) and key < len(place):
            if act == 0:
                del place[key]
            elif act == 1:
                place.append(place[key])
            else:
                place[key] = rng.choice((*VALUES, rng.choice(HOSTILE)))
    return json.dumps(value).encode()


RING = [[-101.4, 41.7], [-101.3, 41.7], [-101.3, 41.8], [-101.4, 41.8], [-101.4, 41.7]]
SHAPES = (
    None, {}, {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": [RING[:3]]},
    {"type": "Polygon", "coordinates": [RING[:4]]}, {"type": "Polygon", "coordinates": [RING[:1]]},
    {"type": "Polygon", "coordinates": [[RING[0], RING[2], RING[1], RING[3], RING[0]]]},
    {"type": "Polygon", "coordinates": [[[*p, 5.0] for p in RING]]},
    {"type": "Polygon", "coordinates": [[[*p, 5.0, 7.0] for p in RING]]},
    {"type": "Polygon", "coordinates": [[[1e300, 1e300], [-1e300, 1e300], [0, -1e300], [1e300, 1e300]]]},
    {"type": "Polygon", "coordinates": [RING, RING, RING]},
    {"type": "Polygon", "coordinates": [RING, [[x + 0.05, y + 0.05] for x, y in RING]]},
    {"type": "Polygon", "coordinates": [RING, RING[::-1], [[x, y + 0.1] for x, y in RING]]},
    {"type": "Polygon", "coordinates": [[[-101.4, 41.7], [-101.3, 41.7], [-101.3, 41.7 + 1e-14], [-101.4, 41.7]]]},
    {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, {"type": "MultiPolygon", "coordinates": []},
    {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [RING]}]},
    {"type": "GeometryCollection", "geometries": []}, {"type": "Point", "coordinates": [200, 100]},
    {"type": "Point", "coordinates": []}, {"type": "LineString", "coordinates": [RING[0]]},
    {"type": "LineString", "coordinates": RING}, {"type": "Curve", "coordinates": RING},
    {"type": "Polygon", "coordinates": [[[0, 0]] * 4]},
    {"type": "Polygon", "coordinates": [[[float("nan"), 0], [1, 0], [1, 1], [float("nan"), 0]]]},
)  # fmt: skip
SYSTEMS = (
    "urn:ogc:def:crs:EPSG::3857",
    "EPSG:32615",
    "EPSG:999999",
    "EPSG:2263",
    "",
    "x",
    "EPSG:4979",
)


def shape(content, rng):
    """Put broken shapes in place of a map's, or lie about its coordinate system."""
    value = json.loads(content)
    listed = [one for one in value["features"] if isinstance(one, dict)]
    act = rng.randrange(5)
    if act == 0:
        named = rng.choice((*SYSTEMS, None, 7))
        value["crs"] = rng.choice(({"type": "name", "properties": {"name": named}}, named))
    elif act == 1:
        return re.sub(rb"\[\s*(-?[\d.]+),\s*(-?[\d.]+)", rb"[\2, \1", content)
    elif act == 2:
        for one in listed:
            one["geometry"] = rng.choice(SHAPES)
    else:
        for one in rng.sample(listed, min(len(listed), rng.choice((1, 3)))):
            one["geometry"] = rng.choice(SHAPES)
    return json.dumps(value).encode()


# ---- Packed files ----------------------------------------------------------------------------


def in_gzip(content, rng):
    """Change a backup's lines and seal it again; or write the same lines anew, under the old seal."""
    *listed, end = gzip.decompress(content).decode().rstrip("\n").split("\n")
    if rng.random() < 0.2:
        body = "".join(json.dumps(json.loads(line)) + "\n" for line in listed)
        return gzip.compress((body + end + "\n").encode(), 1)
    at = rng.randrange(len(listed))
    ways = (node, node, words, deep) if rng.random() < 0.8 else (lines, truncate)
    listed[at] = rng.choice(ways)(listed[at].encode(), rng).decode("utf-8", "replace")
    body = "\n".join(listed) + "\n"
    end = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()}, separators=(",", ":"))
    return gzip.compress((body + end + "\n").encode(), 1)


FAR = ("XFD1048576", "A1048576", "ZZZZ9", "A0", "1", "A99999999999")


def in_zip(content, rng):
    """Change a part of an archive; in a sheet, put a cell where few sheets have one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        chosen = rng.choice(source.namelist())
        far = rng.choice(FAR)
        for name in source.namelist():
            part = source.read(name)
            if name == chosen:
                moved = re.sub(rb'r="A2"', f'r="{far}"'.encode(), part)
                part = moved if moved != part else rng.choice((flip, words, truncate))(part, rng)
            target.writestr(name, part)
    return buffer.getvalue()


def in_parquet(content, rng):
    """Change a Parquet file's columns: twice, of bytes, of lists, of long and odd names, very many."""
    import pyarrow as pa  # noqa: PLC0415 - loads late
    from pyarrow import parquet  # noqa: PLC0415

    table, buffer = parquet.read_table(io.BytesIO(content)), io.BytesIO()
    at, act = rng.randrange(table.num_columns), rng.randrange(6)
    name, column = table.column_names[at], table.column(at)
    if act == 0:
        table = table.append_column(name, column)
    elif act == 1:
        table = table.set_column(at, name, pa.array([rng.randbytes(9)] * table.num_rows))
    elif act == 2:
        table = table.set_column(at, name, pa.array([[1, None]] * table.num_rows))
    elif act == 3:
        table = table.rename_columns({name: rng.choice(HOSTILE) or "x" * 10_000})
    elif act == 4:
        n = rng.choice((300, 20_000))
        table = pa.table({f"c{number}": [1] for number in range(n)})
    else:
        table = table.set_column(at, name, pa.array([rng.choice(VALUES[3:7])] * table.num_rows))
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def many_columns(content, rng):
    """Write a table of a hundred thousand columns, or of names as long as a page."""
    names = [f"c{n}" for n in range(rng.choice((12_000, 100_000)))]
    if rng.random() < 0.5:
        names = ["n" * 70_000, *names[:3]]
    return (",".join(names) + "\n" + ",".join("1" for _ in names) + "\n").encode()


BY_SUFFIX = {
    ".parquet": (in_parquet,) * 3,
    ".csv": (*(table,) * 30, many_columns), ".json": (node,), ".geojson": (node, shape, shape), ".gz": (in_gzip,) * 3,
    ".xlsx": (in_zip,) * 2, ".zip": (in_zip,),
}  # fmt: skip


def mutate(content, suffix, rng):
    """Give the bytes of a file that went wrong in one to three ways, and the ways' names."""
    if rng.random() < 0.003:
        return bomb(content, rng), ["bomb"]
    own = BY_SUFFIX.get(suffix, ())
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        way = rng.choice(rng.choice((BYTES, TEXTS, own or TEXTS, own or TEXTS)))
        try:
            content = way(content, rng)
        except Exception:  # noqa: BLE001, S112
            continue  # what was done before left nothing for this one to take apart
        done.append(way.__name__)
    return content, done
