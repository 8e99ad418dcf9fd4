"""What files may hold: few levels, and no more bytes than they should become."""

import gzip
import io
import struct
import time
import zipfile

import pytest

from csa.base.safe_parsing import MAX_DEPTH, parse_json, parse_toml, unpack_gzip, unpack_zip


def nested(n):
    return "[" * n + "]" * n


def zipped(**parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_as_many_levels_as_are_allowed_and_one_more():
    assert parse_json(nested(MAX_DEPTH))
    assert parse_toml(f"a = {nested(MAX_DEPTH - 1)}")
    for refused in (
        lambda: parse_json(nested(MAX_DEPTH + 1)),
        lambda: parse_toml(f"a = {nested(MAX_DEPTH)}"),
    ):
        with pytest.raises(ValueError, match=f"more than {MAX_DEPTH} levels"):
            refused()


@pytest.mark.parametrize(
    "text", ["[" + ".".join("a" * 200_000) + "]", "a" * 2_000_001, "a" * 1_000_000]
)
def test_toml_that_would_take_hours_is_refused_at_once(text):
    started = time.process_time()
    with pytest.raises(ValueError, match=r"."):
        parse_toml(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text", [nested(100_000), '{"a":' * 2000 + "1" + "}" * 2000, "9" * 5000, "{", ""]
)
def test_json_that_cannot_be_walked_through_is_one_kind_of_error(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_gzip_becomes_as_much_as_it_may_and_no_more():
    packed = gzip.compress(b"x" * 1000)
    assert unpack_gzip(packed, 1000) == b"x" * 1000
    for broken in (packed[:-1], packed + b"x", packed[:-8] + b"\0" * 8, b"", b"x"):
        with pytest.raises(ValueError, match=r"."):
            unpack_gzip(broken, 1000)
    with pytest.raises(ValueError, match="too large"):
        unpack_gzip(packed, 999)


def test_an_archive_is_measured_by_what_it_holds_not_by_what_it_says():
    packed = zipped(a=b"x" * 600, b=b"y" * 400)
    assert dict(unpack_zip(packed, 1000)) == {"a": b"x" * 600, "b": b"y" * 400}
    with pytest.raises(ValueError, match="too large"):
        list(unpack_zip(packed, 999))
    lying = packed.replace(struct.pack("<L", 600), struct.pack("<L", 1))
    assert lying != packed
    with pytest.raises(ValueError, match="too large"):
        list(unpack_zip(lying, 999))
