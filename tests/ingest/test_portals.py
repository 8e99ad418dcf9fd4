"""Tables of ArcGIS, CKAN and Socrata, and files: recognized, whole, and brought up to date."""

import csv
import io
import json
from contextlib import closing

import pytest
from hypothesis import given, strategies as st
from tests.portals import (
    DATASET,
    RESOURCE,
    FakeCkan,
    FakeFiles,
    FakeLayer,
    FakePortal,
    Waits,
    answers,
    does,
    drop,
    halved,
    serving,
    web_page,
)
from tests.properties import examples

from csa.base.errors import CsaError, ParamError, SourceError
from csa.cli.console import progress
from csa.ingest import web
from csa.ingest.fetch import fetch_sources
from csa.ingest.portals import ArcGIS, Ckan, PlainFile, Socrata, file_name, recognize
from csa.ingest.web import Web, is_public


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(web, "DELAY_S", 0)
    monkeypatch.setattr(web, "FIRST_WAIT_S", 0)


def shooting(number, **other):
    at = 1_546_300_800_000 + number * 86_400_000
    row = {"OBJECTID": number, "CASE_NO": f"19-{number:04d}", "OCCURRED": at, "EditDate": at}
    row |= {"OUTCOME": 1 + number % 2, "lon": -94.5 - number / 1000, "lat": 39.1}
    return row | other


@pytest.fixture
def layer():
    with serving(FakeLayer([shooting(n) for n in range(1, 26)])) as it:
        yield it


@pytest.fixture
def fetch(tmp_path):
    """Download what stands at an address; return the account and the file's rows."""

    def call(server, *, accept=False):
        url = server if isinstance(server, str) else server.url
        options = {"accept": accept, "allow_private": True}
        (fetched,) = fetch_sources([url], tmp_path, progress, **options)
        text = fetched.account.path.read_bytes().decode()
        return fetched.account, list(csv.reader(io.StringIO(text, newline="")))

    return call


def refusal(fetch, server, error=SourceError):
    with pytest.raises(error) as refused:
        fetch(server)
    return refused.value.message.key, str(refused.value)


# ---- by hand -------------------------------------------------------------------------------


TABLE = "/resource/abcd-1234"
LAYER = "/x/rest/services/Shots/FeatureServer/0"


@pytest.mark.parametrize(
    ("path", "kind", "address", "where", "name"),
    [
        (TABLE, Socrata, TABLE, "", "abcd-1234.csv"),
        (f"{TABLE}.json", Socrata, TABLE, "", "abcd-1234.csv"),
        ("/d/abcd-1234", Socrata, TABLE, "", "abcd-1234.csv"),
        ("/Public-Safety/Shots/abcd-1234/about_data", Socrata, TABLE, "", ""),
        ("/api/views/abcd-1234/rows.csv?accessType=DOWNLOAD", Socrata, TABLE, "", ""),
        (f"{TABLE}.csv?$where=a='b'", Socrata, TABLE, "a='b'", ""),
        ("/arcgis/rest/services/Police/Shots/MapServer/2", ArcGIS, None, "", "shots-2.csv"),
        (LAYER, ArcGIS, LAYER, "", "shots-0.csv"),
        (f"{LAYER}/query?where=A%3D1&outFields=*&f=geojson", ArcGIS, LAYER, "A=1", "shots-0.csv"),
        ("/x/rest/services/S/FeatureServer/0/query?where=1%3D1", ArcGIS, None, "", "s-0.csv"),
        ("/files/Shootings%202020.CSV?v=2", PlainFile, None, None, "shootings-2020.csv"),
        ("/files/latest", PlainFile, None, None, "latest"),
        ("/", PlainFile, None, None, "file"),
    ],
)
def test_an_address_is_recognized(path, kind, address, where, name):
    source = recognize(f"https://data.example.org{path}", Web())
    assert type(source) is kind
    assert where is None or source.where == where
    if address:
        assert source.address == f"https://data.example.org{address}"
    if name:
        assert file_name(source) == name


def test_a_layer_becomes_a_table_with_its_codes_in_words(fetch, layer):
    account, (header, *rows) = fetch(layer)
    assert header == ["OBJECTID", "CASE_NO", "OCCURRED", "OUTCOME", "EditDate", "longitude", "latitude"]  # fmt: skip
    assert rows[0] == ["1", "19-0001", "1546387200000", "Not fatal", "1546387200000", "-94.501", "39.1"]  # fmt: skip
    assert [row[0] for row in rows] == [str(n) for n in range(1, 26)]
    assert (account.rows, account.pages, account.new) == (25, 3, None)
    assert layer.pages_asked() == ["page 0", "page 1", "page 2"]


def test_a_layer_without_a_number_is_asked_which_it_has(fetch, layer):
    key, words = refusal(fetch, f"{layer.address}{layer.PATH}")
    assert key == "fetch.which_layer"
    assert f"{layer.PATH}/0 (Shootings)" in words
    assert f"{layer.PATH}/3 (Beats)" in words


def test_a_service_with_one_layer_needs_no_number(fetch, layer, monkeypatch):
    monkeypatch.setattr(layer, "layers", layer.layers[:1])
    account, _ = fetch(f"{layer.address}{layer.PATH}")
    assert account.rows == 25


def test_a_ckan_table_and_a_ckan_file_are_the_same_rows(fetch, tmp_path):
    rows = [[f"c{n}", f"2019-01-{n + 1:02d}"] for n in range(25)]
    with serving(FakeCkan(["case", "day"], rows)) as portal:
        assert isinstance(recognize(portal.url, Web(allow_private=True)), Ckan)
        account, table = fetch(portal)
        assert account.path.name == f"{RESOURCE}.csv"
    with serving(FakeCkan(["case", "day"], rows, is_table=False)) as portal:
        account, file = fetch(portal)
        assert account.path.name == "s.csv"
    assert table == file == [["case", "day"], *rows]


def test_a_row_that_a_ckan_portal_does_not_count_is_not_lost(fetch):
    with serving(FakeCkan(["case"], [[f"c{n}"] for n in range(25)])) as portal:
        portal.uncounted = 1
        assert refusal(fetch, portal)[0] == "fetch.rows"


def test_what_changed_in_a_layer_is_asked_for_and_nothing_else(fetch, layer):
    fetch(layer)
    layer.asked.clear()
    later = layer.edited + 60_000
    layer.edit(4, later, CASE_NO="19-0005b")
    layer.edit(9, later, lon=-94.7)
    layer.edit(20, later)
    layer.rows.append(shooting(30, EditDate=later))
    account, (_, *rows) = fetch(layer)
    assert (account.new, account.changed, account.gone) == (1, 2, 1)
    assert layer.pages_asked() == []
    assert "rows" in layer.asked
    by_id = {row[0]: row for row in rows}
    assert by_id["5"][1] == "19-0005b"
    assert by_id["10"][5] == "-94.7"
    assert "21" not in by_id
    assert list(by_id)[-1] == "30"


def test_what_changed_in_a_socrata_table_is_asked_for(fetch):
    rows = [[f"row-{n:03d}", str(n), "old"] for n in range(25)]
    with serving(FakePortal(["number", "note"], rows)) as portal:
        url = f"{portal.address}/resource/{DATASET}"
        fetch(url)
        portal.edit(3, "new", "2020-01-06T10:00:00.000Z")
        portal.edit(7, None, "2020-01-06T10:00:00.000Z")
        portal.rows.append(["row-900", "900", "late"])
        portal.stamps["row-900"] = portal.updated_at
        portal.asked.clear()
        account, table = fetch(url)
        assert (account.new, account.changed, account.gone) == (1, 1, 1)
        assert portal.pages_asked() == []
        assert table[1:] == [row[1:] for row in portal.rows]


def test_nothing_changed_is_one_question(fetch, layer):
    first, before = fetch(layer)
    layer.asked.clear()
    account, table = fetch(layer)
    assert layer.asked == ["layer", "count"]
    assert (account.new, account.changed, account.gone, account.sha256) == (0, 0, 0, first.sha256)
    assert table == before


def test_a_file_is_taken_as_it_is_and_not_again_while_it_is_the_same(fetch):
    with serving(FakeFiles(b"case,day\n1,2019-01-01\n2,2019-01-02\n")) as server:
        account, table = fetch(server)
        assert account.path.name == "shootings-2020.csv"
        assert (account.rows, len(table)) == (2, 3)
        again, _ = fetch(server)
        assert server.headers[-1]["If-None-Match"] == '"v1"'
        assert again.sha256 == account.sha256
        server.content, server.etag = server.content + b"3,2019-01-03\n", '"v2"'
        assert fetch(server)[0].rows == 3


# ---- at the edge ----------------------------------------------------------------------------


def test_a_layer_that_tracks_no_edits_is_read_whole_and_compared(fetch):
    with serving(FakeLayer([shooting(n) for n in range(1, 26)], tracks=False)) as layer:
        fetch(layer)
        layer.edit(2, layer.edited + 1, OUTCOME=1, lat=39.2)
        account, _ = fetch(layer)
        assert len(layer.pages_asked()) == 6
        assert (account.new, account.changed, account.gone) == (0, 1, 0)


def test_a_file_that_somebody_edited_is_downloaded_whole_again(fetch, layer, tmp_path):
    account, before = fetch(layer)
    account.path.write_bytes(account.path.read_bytes().replace(b"19-0003", b"19-9999"))
    account, after = fetch(layer)
    assert after == before
    assert account.new is None  # what was there before is not known


def test_a_row_that_came_without_a_stamp_is_not_missed(fetch, layer):
    """A row that a filter lets in, or a clerk's import with old dates: the ids tell."""
    fetch(layer)
    layer.edited += 60_000
    layer.rows.append(shooting(31))
    account, (_, *rows) = fetch(layer)
    assert rows[-1][0] == "31"
    assert account.new == 1
    assert len(layer.pages_asked()) == 6


def test_points_without_a_place_are_empty_and_names_that_are_taken_are_not_used_twice(fetch):
    rows = [shooting(1), {key: v for key, v in shooting(2).items() if key not in {"lon", "lat"}}]
    with serving(FakeLayer(rows)) as layer:
        layer.more_fields = [{"name": "Latitude", "type": "esriFieldTypeDouble"}]
        _, (header, _, second) = fetch(layer)
        assert header[-3:] == ["Latitude", "longitude", "point_latitude"]
        assert second[-2:] == ["", ""]


def test_a_file_that_breaks_off_goes_on_where_it_stopped(fetch, monkeypatch):
    monkeypatch.setattr(web, "CHUNK", 1000)
    content = b"case,day\n" + b"1,2019-01-01\n" * 1000
    with serving(FakeFiles(content)) as server:
        server.fault("file", halved(server))
        account, _ = fetch(server)
        assert account.path.read_bytes() == content
        assert server.headers[1]["Range"] in {"bytes=6000-", "bytes=7000-"}
        assert account.retries == 1


def test_a_redirect_of_a_file_is_followed_without_the_token(fetch, monkeypatch):
    monkeypatch.setenv("CSA_APP_TOKEN", "abc123")
    with serving(FakeFiles(b"case\n1\n")) as store, serving(FakeFiles(b"")) as portal:
        portal.moves = {"/downloads/Shootings%202020.csv": f"{store.address}/bucket/s.csv"}
        account, _ = fetch(portal)
        assert account.path.name == "shootings-2020.csv"  # as the city's file has it
        assert account.rows == 1
        assert not any("abc123" in str(one) for one in store.headers)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # a cloud's own, which gives keys away
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - refused
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


# ---- refused ---------------------------------------------------------------------------------


def test_no_connection_leads_into_a_private_network(monkeypatch):
    """Whatever a name resolves to: what is checked is where the connection ends."""
    server = FakeFiles(b"case\n1\n")
    with serving(server), closing(Web(clock=Waits().clock)) as client:
        monkeypatch.setattr(web, "LOOPBACK", ())
        monkeypatch.setattr(web, "check_url", lambda url, **_: url)
        source = PlainFile(client, server.url)
        with pytest.raises(SourceError) as refused:
            client.save(source.address, None, name="x", headers={})
    assert refused.value.message.key == "fetch.private"
    assert server.asked == []


def test_a_redirect_to_this_machine_is_refused(monkeypatch, tmp_path):
    """The first server counts as public here, the one that it leads to does not."""
    with serving(FakeFiles(b"secret"), "127.0.0.2") as inside, serving(FakeFiles(b"")) as portal:
        portal.moves = {"/downloads/Shootings%202020.csv": f"{inside.address}/s.csv"}
        monkeypatch.setattr(web, "LOOPBACK", ())
        monkeypatch.setattr(web, "is_public", lambda peer: peer == "127.0.0.1")
        checked = []
        monkeypatch.setattr(web, "check_url", lambda url, **_: checked.append(url) or url)
        with closing(Web(clock=Waits().clock)) as client, pytest.raises(SourceError) as refused:
            client.save(portal.url, tmp_path / "file", name="x", headers={})
        assert refused.value.message.key == "fetch.private"
        assert checked == [f"{inside.address}/s.csv"]
        assert inside.asked == []


def test_a_redirect_to_http_is_refused(fetch):
    with serving(FakeFiles(b"")) as portal:
        portal.moves = {"/downloads/Shootings%202020.csv": "http://data.example.org/s.csv"}
        assert refusal(fetch, portal, ParamError)[0] == "fetch.address"


def test_redirects_without_end_are_refused(fetch):
    with serving(FakeFiles(b"")) as portal:
        here = "/downloads/Shootings%202020.csv"
        portal.moves = {here: here}
        assert refusal(fetch, portal)[0] == "fetch.redirects"
        assert len(portal.asked) == 6


def test_a_login_page_is_no_file_and_what_was_there_stays(fetch, tmp_path):
    with serving(FakeFiles(b"case\n1\n")) as server:
        account, _ = fetch(server)
        server.content, server.etag = b"  <!DOCTYPE html><title>Sign in</title>", '"v2"'
        assert refusal(fetch, server)[0] == "fetch.web_page"
        assert account.path.read_bytes() == b"case\n1\n"
        server.content = b""
        assert refusal(fetch, server)[0] == "fetch.empty"


def test_a_file_without_end_is_refused(fetch, monkeypatch):
    monkeypatch.setattr(web, "MOST_BYTES", 1000)
    with serving(FakeFiles(b"1" * 1001)) as server:
        key, words = refusal(fetch, server)
        assert key == "fetch.too_large"
        assert "filtered" in words


@pytest.mark.parametrize("n", [12, 3])
def test_half_of_the_rows_gone_is_taken_only_if_somebody_says_so(fetch, layer, n):
    fetch(layer)
    layer.rows, layer.edited = layer.rows[:n], layer.edited + 1
    key, words = refusal(fetch, layer)
    assert key == "fetch.shrank"
    assert f"has {n} rows now and had 25 the last time" in words
    account, table = fetch(layer, accept=True)
    assert (account.gone, len(table)) == (25 - n, n + 1)


def test_a_file_that_shrank_by_half_is_asked_about(fetch):
    with serving(FakeFiles(b"case\n" + b"1\n" * 100)) as server:
        fetch(server)
        server.content, server.etag = b"case\n" + b"1\n" * 10, '"v2"'
        assert refusal(fetch, server)[0] == "fetch.shrank_file"
        assert fetch(server, accept=True)[0].rows == 10


def test_a_field_that_was_renamed_is_named_before_it_is_taken(fetch):
    rows = [["c1", "2019-01-01"], ["c2", "2019-01-02"]]
    with serving(FakeCkan(["case", "day"], rows)) as portal:
        fetch(portal)
        portal.fields, portal.modified = ["case", "occurred"], "2020-02-01"
        key, words = refusal(fetch, portal)
        assert key == "fetch.columns"
        assert "no longer has these columns: day. New columns: occurred." in words
        assert fetch(portal, accept=True)[1][0] == ["case", "occurred"]


@pytest.mark.parametrize("shape", ["esriGeometryPolyline", "esriGeometryPolygon"])
def test_a_layer_of_lines_is_refused(fetch, shape):
    with serving(FakeLayer([shooting(1)], shape=shape)) as layer:
        key, words = refusal(fetch, layer)
        assert key == "fetch.not_points"
        assert f"a layer of {shape.removeprefix('esriGeometry').lower()}s" in words


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (answers(200, b'{"error": {"code": 499, "message": "Token Required"}}'), "fetch.refused"),
        (answers(200, b'{"error": {"code": 400, "message": "Bad"}}'), "fetch.not_understood"),
        (web_page, "fetch.web_page"),
        (answers(200, b"[]"), "fetch.not_table"),
        (answers(404), "fetch.gone"),
        (answers(302, Location="https://login.example/"), "fetch.moved"),
        (drop, "fetch.dropped"),
        (answers(200, b'{"error": {"code": 504}}'), "fetch.busy"),
        (answers(429, Retry_After="3600"), "fetch.wait"),
    ],
)
@pytest.mark.parametrize("at", ["layer", "count", "ids", "page 1"])
def test_whatever_a_portal_answers_it_is_a_sentence_and_no_file(
    fetch, layer, tmp_path, fault, key, at
):
    layer.fault(at, *[fault] * 60)
    assert refusal(fetch, layer)[0] == key
    assert not list(tmp_path.glob("*.csv"))


def test_half_an_answer_is_asked_for_again_and_then_refused(fetch, layer, tmp_path):
    half = answers(200, json.dumps({"features": []}).encode())
    layer.fault("page 1", half)
    account, table = fetch(layer)
    assert (account.retries, len(table)) == (1, 26)
    layer.edited += 1
    layer.tracks = False
    layer.fault("page 1", *[half] * 6)
    assert refusal(fetch, layer)[0] == "fetch.rows"


def test_a_layer_that_changes_in_the_middle_begins_anew(fetch, layer):
    def edit():
        layer.edit(3, layer.edited + 5, CASE_NO="mended")

    layer.fault("page 1", does(edit))
    account, table = fetch(layer)
    assert account.restarts == 1
    assert table[4][1] == "mended"


def test_two_addresses_of_one_name_are_refused(tmp_path):
    urls = ["https://a.example.org/x/s.csv", "https://b.example.org/y/s.csv"]
    with pytest.raises(ParamError, match=r"s\.csv"):
        fetch_sources(urls, tmp_path, progress)


# ---- true in general -----------------------------------------------------------------------------


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


ABOUT = {"id": "x", "datastore_active": True, "url": ""}


def damaged(data, value):
    """Put junk somewhere into a portal's true answer."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: damaged(data, value[key])}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], damaged(data, value[at]), *value[at + 1 :]]
    return data.draw(JUNK)


@examples(0.4)
@given(data=st.data())
def test_whatever_a_portal_answers_it_is_a_table_or_a_sentence(data, tmp_path_factory):
    """No answer is an internal error, and none that is not whole becomes a file."""
    rows = [shooting(n) for n in range(1, 5)]
    kind = data.draw(st.sampled_from(["layer", "count", "ids", "page 0", "about", "search"]))
    is_ckan = kind in {"about", "search"}
    server = FakeCkan(["case"], [["1"], ["2"]]) if is_ckan else FakeLayer(rows)
    true = {
        "layer": FakeLayer(rows)._layer,
        "count": lambda: {"count": 4},
        "ids": lambda: {"objectIds": [1, 2, 3, 4]},
        "page 0": lambda: server._features({"where": "1=1"}),
        "about": lambda: {"success": True, "result": ABOUT},
        "search": lambda: server._search(0, 3),
    }[kind]()
    content = json.dumps(damaged(data, true)).encode()
    folder = tmp_path_factory.mktemp("junk")
    with serving(server):
        server.fault("page 0" if kind == "search" else kind, *[answers(200, content)] * 80)
        try:
            (fetched,) = fetch_sources([server.url], folder, progress, allow_private=True)
        except CsaError:
            assert not list(folder.glob("*.csv"))
        else:
            lines = fetched.account.path.read_text(encoding="utf-8")
            table = list(csv.reader(io.StringIO(lines, newline="")))
            assert len(table) == fetched.account.rows + 1
            assert {len(row) for row in table} == {len(table[0])}
