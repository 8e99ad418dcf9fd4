"""Early word played on data: found once, mailed once, silent at night, and no place in a mail."""

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pandas as pd
import pytest
import shapely
from tests.stores import act
from tests.towns import KNOT, history, town_of

from csa.base.clock import Clock
from csa.city.dataset import City
from csa.city.deployment import Mail
from csa.extras.early_word import watch as watching
from csa.extras.early_word.watch import find_words, watch, write_word
from csa.extras.early_word.words import name_recipient
from csa.geo.cells import fit_cells
from csa.program.store.records import read_records
from csa.program.store.tables import WordRow
from csa.program.zones import add_zone
from csa.workflow.smtp import MailAnswer, UnreachableError

TODAY = date(2020, 1, 2)
MAIL = Mail(
    host="localhost",
    office="Prevention team",
    from_address="csa@city.example",
    recipients={"executive": [{"office": "Aim4Peace", "email": "a4p@city.example"}]},
)


class Server:
    """Takes mail, or does as it is told."""

    def __init__(self, *outcomes):
        self.outcomes, self.taken = list(outcomes), []

    def deliver(self, _, to, content, before_end):
        outcome = self.outcomes.pop(0) if self.outcomes else "sent"
        if outcome == "away":
            raise UnreachableError("no server")
        before_end()
        if outcome == "dies":
            return MailAnswer("unsure", "it died")
        self.taken.append((to, content))
        return MailAnswer(outcome)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A town whose file ends with five shootings at one place within four days."""
    more = [
        f"{n},{n},2019-12-{day},0,{KNOT[0]:.6f},{KNOT[1]:.6f},,"
        for n, day in zip(range(8001, 8006), (28, 29, 29, 30, 31), strict=True)
    ]
    dataset, config = town_of(tmp_path_factory.mktemp("town"), [*history(), *more])
    return dataset, config


@pytest.fixture
def city(made, monkeypatch):
    dataset, config = made
    clock = Clock("America/Chicago", TODAY)
    monkeypatch.setattr(type(config.city), "clock", property(lambda _: clock), raising=False)
    return City(config, dataset)


@pytest.fixture
def zoned(city, store):
    shape = shapely.box(KNOT[0] - 0.004, KNOT[1] - 0.004, KNOT[0] + 0.004, KNOT[1] + 0.004)
    add_zone(store, act(on=date(2019, 6, 1)), "Elm", fit_cells(shape, city.dataset.study_area, 9))
    return store


def look(city, store, server=None, mail=MAIL):
    return watch(city, store, act, mail, server or Server())


def awake(store):
    name_recipient(store, act(), "Aim4Peace", quiet=(0, 0))


def test_nothing_is_written_or_sent_until_an_office_is_named(city, zoned):
    server = Server()
    done = look(city, zoned, server)
    assert not done.is_on
    assert server.taken == []
    assert read_records(zoned).of(WordRow) == ()


def test_new_shootings_and_their_run_are_word_once_and_mailed_once(city, zoned):
    awake(zoned)
    server = Server()
    done = look(city, zoned, server)
    words = read_records(zoned).of(WordRow)
    assert [(word.area, word.kind) for word in words] == [("z-1", "shooting"), ("z-1", "run")]
    assert words[1].n >= 4
    assert done.limit.false_a_year <= 2
    assert [to for to, _ in server.taken] == ["a4p@city.example"] * 2
    assert set(words[0].receipts) == {"Aim4Peace"}
    again = look(city, zoned, server)
    assert (again.new, again.sent, len(server.taken)) == ((), (), 2)


def test_a_mail_names_the_area_and_no_place_day_or_number(city, zoned):
    awake(zoned)
    server = Server()
    look(city, zoned, server)
    mail = message_from_bytes(server.taken[0][1], policy=default)
    text = f"{mail['subject']} {mail.get_content()}"
    assert "Elm" in text
    assert "not a dispatch" in text
    assert "do not go without your supervisor" in text
    for hidden in ("2019", "2020", "39.0", "-94.", "five", "8001", "December"):
        assert hidden not in text


def test_at_night_it_waits_and_in_the_morning_it_goes(city, zoned, monkeypatch):
    name_recipient(zoned, act(), "Aim4Peace")
    monkeypatch.setattr(watching, "is_quiet", lambda *_: True)
    night = look(city, zoned)
    assert len(night.waiting) == 2
    assert night.sent == ()
    monkeypatch.setattr(watching, "is_quiet", lambda *_: False)
    assert len(look(city, zoned).sent) == 2


@pytest.mark.long
def test_a_server_that_is_away_is_asked_again_and_one_that_died_is_not(city, zoned):
    awake(zoned)
    server = Server("away", "dies")
    first = look(city, zoned, server)
    assert len(first.waiting) == 2
    second = look(city, zoned, server)
    assert [key for key, _ in second.sent] == ["z-1/1"]  # the other may have arrived
    assert look(city, zoned, server).sent == ()
    assert len(server.taken) == 1


def test_what_is_older_than_fourteen_days_is_no_word(city, zoned, monkeypatch):
    late = Clock("America/Chicago", TODAY + timedelta(days=13))
    found = find_words(city, read_records(zoned), late.today())
    assert all(word.first > late.today() - timedelta(days=14) for word in found.words)
    later = find_words(city, read_records(zoned), TODAY + timedelta(days=30))
    assert later.words == ()


def test_a_late_report_of_days_already_told_is_word_of_its_own(made, city, zoned):
    awake(zoned)
    look(city, zoned)
    dataset, config = made
    extra = dataset.incidents.iloc[[-1]].assign(
        incident_id="late", occurred_at=pd.Timestamp("2019-12-30"), lon=KNOT[0], lat=KNOT[1]
    )
    more = replace(dataset, incidents=pd.concat([dataset.incidents, extra], ignore_index=True))
    done = look(City(config, more), zoned)
    assert len(done.new) == 1
    assert read_records(zoned).of(WordRow)[-1].n == 1


def test_a_name_that_looks_encoded_is_read_as_it_stands():
    name = "=?utf-8?q?x=0D=0ABcc:_all=40evil.example?="
    letter = message_from_bytes(
        write_word(name, MAIL, "a4p@city.example", Clock("America/Chicago", TODAY).now(), "Town")
    )
    assert letter.keys().count("Subject") == 1
    assert name in str(make_header(decode_header(letter["Subject"])))
    assert letter["Bcc"] is None
