"""What a browser loads first holds the style, whatever the way it was packed or kept."""

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from csa_app.shared import first_paint, theme
from csa_app.shared.first_paint import CODE, ROOT, FirstPaint, head

PAGE = b"<html><head></head><body>" + ROOT + b"</body></html>"
HTML = (b"accept", b"text/html,application/xhtml+xml")


def answered(body, headers, *, path="/areas", query=b"", parts=1):
    """Ask through the middleware; give what came, and the headers that the app was asked with."""
    asked, sent = {}, []

    async def app(scope, _, send):
        asked.update(dict(scope["headers"]))
        given = [(b"content-length", str(len(body)).encode()), (b"etag", b"x")]
        await send({"type": "http.response.start", "status": 200, "headers": given})
        step = -(-len(body) // parts)
        for at in range(parts):
            piece = body[at * step : (at + 1) * step]
            more = at < parts - 1
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "query_string": query, "headers": headers}
    with ThreadPoolExecutor(1) as thread:  # a browser test of the same worker has a loop of its own
        thread.submit(asyncio.run, FirstPaint(app)(scope, None, send)).result()
    return dict(sent[0]["headers"]), b"".join(one["body"] for one in sent[1:]), asked


@pytest.mark.parametrize("parts", [1, 7])
def test_the_style_stands_after_the_root_and_the_length_is_right(parts):
    headers, body, _ = answered(PAGE, [HTML], parts=parts)
    start, _, rest = body.partition(ROOT)
    assert start == b"<html><head></head><body>"
    assert rest.startswith(b"<link")
    assert rest.endswith(b"</body></html>")
    assert b".csa-answer" in rest
    assert theme.DARK.faint.encode() in rest
    assert int(headers[b"content-length"]) == len(body)
    assert b"etag" not in headers  # the page's own would bring an old style back


def test_a_browser_that_unpacks_is_sent_the_same_page_packed():
    _, plain, _ = answered(PAGE, [HTML])
    headers, body, _ = answered(PAGE, [HTML, (b"accept-encoding", b"gzip, br")])
    assert gzip.decompress(body) == plain
    assert (headers[b"content-encoding"], int(headers[b"content-length"])) == (b"gzip", len(body))
    assert len(body) < len(plain) / 3


def test_the_app_is_asked_for_the_page_whole_and_unpacked():
    kept = (b"cookie", b"a=b")
    stale = [(b"if-none-match", b"x"), (b"if-modified-since", b"y"), (b"accept-encoding", b"gzip")]
    _, _, asked = answered(PAGE, [HTML, kept, *stale])
    assert asked == dict([HTML, kept])


def test_anything_else_passes_as_it_is():
    for body, headers in ((PAGE, [(b"accept", b"*/*")]), (gzip.compress(PAGE), [HTML])):
        given, came, _ = answered(body, headers)
        assert came == body
        assert given[b"etag"] == b"x"


def test_a_script_is_sent_packed_where_the_browser_unpacks_and_no_other_file_is():
    name = max(first_paint.SCRIPTS, key=lambda script: (CODE / script).stat().st_size)
    unpacks, path = [(b"accept-encoding", b"gzip, br")], f"/base/static/js/{name}"
    headers, body, _ = answered(PAGE, unpacks, path=path)
    whole = (CODE / name).read_bytes()
    assert gzip.decompress(body) == whole
    assert len(body) < 0.4 * len(whole)
    assert headers[b"content-encoding"] == b"gzip"
    assert int(headers[b"content-length"]) == len(body)
    others = (path, []), ("/static/js/../index.html", unpacks), ("/static/js/x.js", unpacks)
    assert {answered(PAGE, given, path=other)[1] for other, given in others} == {PAGE}


@pytest.mark.parametrize(
    ("path", "query", "has_side"),
    [
        ("/", b"", True),
        ("/areas", b"", True),
        ("/x/meeting", b"", False),
        ("/", b"view=wall", False),
    ],
)
def test_room_for_the_list_of_pages_is_kept_where_there_is_one(path, query, has_side):
    _, body, _ = answered(PAGE, [HTML], path=path, query=query)
    assert (b"padding-left: 300px" in body) == has_side


def test_every_file_that_is_fetched_early_is_there_and_named_once():
    named = re.findall(r'href="./static/js/([^"]+)"', head(has_side=True).decode())
    assert len(named) == len(set(named)) > len(first_paint.ELEMENTS)
    assert all((CODE / name).is_file() for name in named)
    for kind in first_paint.ELEMENTS:
        assert any(name.startswith(f"{kind}.") for name in named), kind
