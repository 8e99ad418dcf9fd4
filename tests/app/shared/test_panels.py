"""What every page has: words from files are shown as they are, never as code."""

from threading import Event
from types import SimpleNamespace
from urllib.parse import urlsplit

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest
from tests.sentences import says

from csa.base.errors import CsaError, OutputError, SourceError
from csa.base.params import Month, Period
from csa.base.text import UNSEEN
from csa_app.shared import panels

BAD = "<img src=x onerror=alert(1)>&\"'"


@pytest.fixture
def said(monkeypatch):
    """What the page is given, by kind of element."""
    shown = []
    for name in ("html", "error", "warning", "info"):
        monkeypatch.setattr(
            panels.st, name, lambda text, name=name, **_: shown.append((name, text))
        )
    return shown


def city_line(days_late=0, months=(), **changed):
    city = {"name": "Testville", "is_synthetic": False, "nonfatal_is_proxy": False}
    city |= {"nonfatal_name": "armed assault"} | changed
    report = {"data_through": "2020-06-10", "incidents": 1234}
    config = SimpleNamespace(city=SimpleNamespace(**city), days_late=lambda _: days_late)
    days = [f"{one}-05" for one in months for _ in range(9)]
    incidents = {"occurred_at": pd.Series(days, dtype="datetime64[s]")}
    covered = Period(Month(2020, 1), Month(2020, 6)) if months else None
    dataset = SimpleNamespace(report=report, incidents=incidents, complete_months=covered)
    opened = SimpleNamespace(dataset=dataset, config=config)
    return panels.data_line(opened)


# ---- By hand --------------------------------------------------------------------------------


def test_what_was_begun_is_done_though_the_reader_leaves():
    """A press is a decision: what follows from it must not end with the tab."""
    has_left, done = Event(), Event()

    class Spot:
        def progress(self, *_, **__):
            raise StopException

    def make(_):
        assert has_left.wait(10)
        done.set()

    with pytest.raises(StopException):
        panels.waited(Spot(), make, lambda _: (0.0, ""))
    has_left.set()
    assert done.wait(5)


@pytest.mark.parametrize("is_quick", [True, False])
def test_what_is_known_is_shown_once_and_only_where_the_rest_takes_long(monkeypatch, is_quick):
    shown, goes_on = [], Event()
    spot = SimpleNamespace(progress=lambda *_, **__: goes_on.set(), empty=lambda: None)
    monkeypatch.setattr(panels, "SOON_S", 0.02)

    def make(_):
        if not is_quick:
            assert goes_on.wait(10)
            assert goes_on.clear() is None
            assert goes_on.wait(10)  # the bar is drawn again
        return 7

    if is_quick:
        monkeypatch.setattr(panels, "SOON_S", 10)
    made = panels.waited(spot, make, lambda _: (0.0, ""), lambda: shown.append(1))
    assert (made, shown) == (7, [] if is_quick else [1])


def test_numbers_stand_right_with_their_thousands_and_words_as_they_are(said):
    panels.table(pd.DataFrame({"Rows": [1234567, 8], "Why": ["10", "a day"]}), "Lost rows")
    ((kind, text),) = said
    assert kind == "html"
    assert text.count('<td class="csa-number">') == 2
    assert '<td class="csa-number">1,234,567</td>' in text
    assert "<td>10</td>" in text
    assert '<th class="csa-number">Rows</th><th>Why</th>' in text
    assert 'aria-label="Lost rows"' in text


def test_the_quiet_line_names_the_months_without_incidents_as_data_does():
    """9 in each month but March and April."""
    line = city_line(months=("2020-01", "2020-02", "2020-05"))
    assert says("screen.silent", n=2, months="March 2020, April 2020") in line
    assert "file" not in city_line(months=[f"2020-0{n}" for n in range(1, 6)])


def test_the_quiet_line_says_the_city_its_last_day_and_how_much():
    line = city_line()
    assert "<b>Testville</b>" in line
    assert "June 10, 2020" in line
    assert "1,234" in line
    assert "csa-mark" not in line
    assert "armed assault" not in line
    assert "late" not in line
    for n_days, age in (
        (1, "one day"),
        (99, "99 days"),
        (100, "3 months"),
        (730, "23 months"),
        (731, "more than 2 years"),
        (1148, "more than 3 years"),
    ):
        assert f"new data are {age} late" in city_line(days_late=n_days)


def test_a_made_up_city_and_a_proxy_say_so_on_every_page():
    assert city_line(is_synthetic=True).startswith('<p class="csa-line"><span class="csa-mark">')
    assert "armed assault" in city_line(nonfatal_is_proxy=True)


# ---- At the edge ----------------------------------------------------------------------------


def test_a_table_without_rows_is_a_head_alone(said):
    panels.table(pd.DataFrame({"Why": pd.Series([], dtype="str")}), "none")
    assert "<th>Why</th>" in said[0][1]
    assert "<td" not in said[0][1]


def test_sentences_that_are_empty_are_not_said(said):
    panels.answer("One.", "", "Two.")
    assert said == [("html", '<p class="csa-answer">One. Two.</p>')]


# ---- Refused --------------------------------------------------------------------------------


def test_no_text_of_a_file_is_html(said):
    panels.table(pd.DataFrame({BAD: [BAD]}), BAD)
    panels.answer(BAD)
    panels.numbers([(BAD, BAD)])
    said.append(("html", city_line(name=BAD, nonfatal_is_proxy=True, nonfatal_name=BAD)))
    for _, text in said:
        assert "<img" not in text
        assert "&lt;img" in text
    assert 'aria-label="&lt;img src=x onerror=alert(1)&gt;&amp;&quot;' in said[0][1]


def test_an_error_is_said_and_the_page_stops(said, monkeypatch):
    class StopError(Exception):
        pass

    def stop():
        raise StopError

    monkeypatch.setattr(panels.st, "stop", stop)
    with pytest.raises(StopError):
        panels.stop(CsaError("screen.bad_link"))
    assert said[0][0] == "error"
    assert said[0][1].startswith("Part of this link")


def test_a_map_that_cannot_draw_leaves_the_rest_of_the_page(said):
    faults = (
        OutputError("files.not_a_folder", path="x"),
        SourceError("basemap.damaged", path="x"),
    )
    for error in faults:
        with panels.map_words():
            raise error
    assert [kind for kind, _ in said] == ["warning"] * 2


def test_a_fault_that_is_not_the_maps_is_not_hidden_by_it(said):
    with pytest.raises(CsaError), panels.map_words():
        raise CsaError("sheet.other_data")
    with pytest.raises(KeyError), panels.map_words():
        raise KeyError
    assert said == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("see http://evil.example/a", ["see ", "http\\://evil.example/a"]),
        ("(HTTPS://evil.example)", ["\\(", "HTTPS\\://evil.example\\)"]),
        ("www.evil.example", ["", "www.evil.example"]),
        ("http://www.evil.example", ["", "http\\://", "www.evil.example"]),
        ("m.n@evil.example", ["m.n@", "evil.example"]),
        (":material/home: :smile:", ["\\:", "material/home\\: \\:", "smile\\:"]),
        ("3rd @ Main: 10:30, wwwhat", ["3rd @ Main\\: 10\\:30, wwwhat"]),
    ],
)
def test_no_bare_address_becomes_a_link_and_no_word_between_colons_a_picture(text, parts):
    """The browser looks for both in what Markdown leaves, where no escape is left."""
    assert panels.plain(text).split(panels.WORD_JOINER) == parts


def test_what_turns_the_direction_of_letters_does_not_turn_the_rest_of_a_line(said):
    panels.answer("A\u202eB", "C")
    assert said == [("html", '<p class="csa-answer">AB C</p>')]
    assert panels.plain("A\u202eB\x1b[2J") == "AB\\[2J"
    assert "<b>Testville</b>" in city_line(name="Test\u202eville")


# ---- True in general ------------------------------------------------------------------------


@given(st.text())
def test_what_markdown_would_read_as_a_mark_is_escaped_and_no_letter_is_lost(text):
    plain = panels.plain(text)
    marks = set("\\`*_{}[]()#+!|<>~$:-")
    unescaped, at = [], 0
    while at < len(plain):
        if plain[at] == "\\":
            at += 1
            assert plain[at] in marks
        else:
            assert plain[at] not in marks
        unescaped.append(plain[at])
        at += 1
    shown = "".join(unescaped).replace(panels.WORD_JOINER, "")
    assert shown == UNSEEN.sub("", text).replace(panels.WORD_JOINER, "")


def test_of_a_page_in_a_frame_nothing_is_kept_but_what_is_sent():
    def script():
        from csa_app.shared import panels  # noqa: PLC0415 - runs apart

        panels.embed("<p>A page of half a megabyte</p>", height=200)

    [frame] = AppTest.from_function(script).run().get("iframe")
    assert frame.proto.srcdoc == "<p>A page of half a megabyte</p>"
    assert urlsplit.cache_info().currsize == 0
