"""Letters against a real mail server: each arrives once, or is reported as one that may have."""

from __future__ import annotations

import hashlib
import json
import logging
import smtplib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import HealthCheck, given, strategies as st
from pydantic import SecretStr
from tests.mail_server import DROP, MailLog, serving
from tests.properties import examples

from csa.base.errors import OutputError, ParamError, SourceError, StoreError
from csa.city.deployment import Mail, MailRecipient
from csa.extras.mail.mailing import ON_RECORD, TRIES, PostClock, PostOffice, write_mail
from csa.program.handouts import EditionFile
from csa.workflow.outbox import Outbox, PrintedEdition, letter_of
from csa.workflow.smtp import MailLimits, MailServer

TODAY = date(2026, 3, 5)
NOON = datetime(2026, 3, 5, 12, 30, 15, tzinfo=UTC)
PDF = b"%PDF-1.7\r\n.\r\n..\r\n" + bytes(range(256)) * 40
HASTE = MailLimits(connect_s=2.0, answer_s=2.0, end_s=0.3)
WAIT_TOO_LONG_S = 0.6


class PowerCutError(BaseException):
    """The machine stops here."""


class FlakyOutbox(Outbox):
    """An outbox on a machine that stops at its n-th writing, before or after the disk has it."""

    def __init__(self, folder, cut_at=None, *, is_after=False):
        super().__init__(folder)
        self.left, self.is_after = cut_at, is_after

    def keep(self, letter):
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                if self.is_after:
                    super().keep(letter)
                raise PowerCutError
        return super().keep(letter)


class Register:
    """A store's register of hand-outs, which may be down."""

    def __init__(self):
        self.rows, self.down = [], 0

    def __call__(self, letter):
        if self.down:
            self.down -= 1
            raise StoreError("store.busy", where="here")
        row = (letter.file.sha256, letter.office, letter.sent_on)
        if row in self.rows:
            raise ParamError("decide.handed", recipient=letter.office, day=letter.sent_on)
        self.rows.append(row)
        return f"2026-02/{len(self.rows)}"


class World:
    """A folder, a server and a register; each run is a new process of the program."""

    def __init__(self, folder, log, port):
        self.folder, self.log = folder, log
        self.mail = mail(port)
        self.register = Register()
        self.waits = []

    def run(self, letters, *, again=False, outbox=None):
        outbox = outbox or Outbox(self.folder)
        server = MailServer(self.mail, SecretStr(""), limits=HASTE)
        clock = PostClock(lambda: TODAY, self.waits.append, lambda: 1.0)
        post = PostOffice(outbox, "Testville", self.mail, server, clock, self.register)
        with outbox.alone():
            try:
                queued = outbox.queue(letters, [edition()])
                now = post.send(list(queued.values()), again=again)
                post.record_all(now)
            finally:
                server.leave()
        return list(now.values())

    def on_disk(self):
        return list(Outbox(self.folder).letters().values())


def mail(port, **other):
    values = {"host": "127.0.0.1", "port": port, "security": "none", "office": "Mayor's Office"}
    return Mail(**values | {"from_address": "areas@city.example"} | other)


def edition(content=PDF, **other):
    file = EditionFile(
        snapshot_id="3f9a0c17be42",
        audit_n=0,
        month="2026-02",
        audience="executive",
        language="en",
        form="pdf",
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return PrintedEdition(replace(file, **other), "2026-02_executive_en.pdf", content)


def letters_to(world, *names, made=None):
    made = made or edition()
    who = [MailRecipient(office=name.title(), email=f"{name}@police.example") for name in names]
    return [letter_of("testville", made, one, world.mail, NOON) for one in who]


def states(letters):
    return [letter.state for letter in letters]


@pytest.fixture
def world(tmp_path):
    log = MailLog()
    with serving(log) as port:
        yield World(tmp_path / "outbox", log, port)


# ---- By hand --------------------------------------------------------------------------------


def test_a_letter_arrives_whole_at_its_office_and_is_recorded_by_office_alone(world):
    (letter,) = world.run(letters_to(world, "chief"))
    assert (letter.state, letter.sent_on, letter.handed) == ("sent", "2026-03-05", "2026-02/1")
    ((to, _),) = world.log.mails
    (message,) = world.log.messages
    assert to == ("chief@police.example",)
    assert message["Subject"] == "Testville: report for February 2026 (Executive Committee)"
    assert message["From"] == "Mayor s Office <areas@city.example>"
    (attached,) = message.iter_attachments()
    assert attached.get_content() == PDF
    assert attached.get_filename() == "2026-02_executive_en.pdf"
    assert letter.file.sha256 in message.get_body().get_content()
    assert "Do not forward it." in message.get_body().get_content()
    assert world.register.rows == [(letter.file.sha256, "Chief", "2026-03-05")]


def test_asked_again_and_again_it_is_sent_once(world):
    for _ in range(3):
        assert states(world.run(letters_to(world, "chief", "deputy"))) == ["sent", "sent"]
        world.run(letters_to(world, "chief"), again=True)
    assert sorted(world.log.received().values()) == [1, 1]
    assert len(world.register.rows) == 2


@pytest.mark.parametrize(
    ("stage", "todo", "outcome", "n_received"),
    [
        ("hello", ["421 busy"], "sent", 1),
        ("hello", [DROP, DROP], "sent", 1),
        ("from", ["451 later"], "sent", 1),
        ("from", [0.05], "sent", 1),
        ("to", ["450 greylisted", "450 greylisted"], "sent", 1),
        ("to", ["550 no such user"], "refused", 0),
        ("data", [DROP], "sent", 1),
        ("data", ["421 closing"], "sent", 1),
        ("data", ["554 no"], "refused", 0),
        ("data", ["299 odd"], "sent", 1),
        ("middle", [DROP], "sending", 0),
        ("end", ["451 disk full"], "sent", 1),
        ("end", ["554 looks like spam"], "refused", 0),
        ("end", [0.05], "sent", 1),
        ("end", [DROP], "sending", 0),
        ("end", ["keep drop"], "sending", 1),
        ("end", ["keep 399 odd"], "sending", 1),
        ("end", [WAIT_TOO_LONG_S], "sending", 1),
        ("end", ["451 later"] * TRIES, "waiting", 0),
        ("hello", [DROP] * TRIES, "waiting", 0),
    ],
)
def test_what_a_server_does_and_what_becomes_of_the_letter(world, stage, todo, outcome, n_received):
    world.log.fault(stage, *todo)
    assert states(world.run(letters_to(world, "chief"))) == [outcome]
    assert sum(world.log.received().values()) == n_received
    assert len(world.register.rows) == (outcome == "sent")


def test_waits_grow_within_a_bound_and_one_refusal_does_not_hold_up_the_others(world):
    world.log.fault("to", "450 a", "550 b <deputy@police.example>: nobody")
    world.log.fault("hello", *[DROP] * 3)
    done = world.run(letters_to(world, "chief", "deputy", "clerk"))
    assert states(done) == ["sent", "refused", "sent"]
    assert world.waits == [5.0, 15.0, 45.0, 135.0]
    assert done[1].reply == "550 b <...@police.example>: nobody"


# ---- At the edge ----------------------------------------------------------------------------


def test_what_may_have_arrived_is_sent_only_when_asked_and_under_the_same_id(world):
    world.log.fault("end", "keep drop")
    (unsure,) = world.run(letters_to(world, "chief"))
    assert states(world.run(letters_to(world, "chief"))) == ["sending"]
    assert world.log.received() == {unsure.message_id: 1}
    world.log.fault("to", "450 later", "450 later", "550 gone")
    assert states(world.run(letters_to(world, "chief"), again=True)) == ["sending"]
    assert states(world.run(letters_to(world, "chief"))) == ["sending"]  # it was, before the 550
    assert states(world.run(letters_to(world, "chief"), again=True)) == ["sent"]
    assert world.log.received() == {unsure.message_id: 2}
    first, second = (content for _, content in world.log.mails)
    assert first == second


def test_a_store_that_is_down_is_written_by_the_next_run_without_mail(world):
    world.register.down = 2
    (letter,) = world.run(letters_to(world, "chief"))
    assert (letter.state, letter.handed, world.register.rows) == ("sent", "", [])
    (letter,) = world.run(letters_to(world, "chief"))
    assert (letter.handed, len(world.register.rows)) == ("2026-02/1", 1)
    assert sum(world.log.received().values()) == 1


def test_a_newer_file_takes_the_place_of_one_that_waits(world):
    world.log.fault("hello", *[DROP] * TRIES)
    world.run(letters_to(world, "chief", "deputy"))
    newer = edition(PDF + b"corrected")
    outbox = Outbox(world.folder)
    outbox.queue(letters_to(world, "chief", made=newer), [newer])
    found = {(one.office, one.file.sha256 == newer.file.sha256): one for one in world.on_disk()}
    assert {key: one.state for key, one in found.items()} == {
        ("Chief", False): "replaced",
        ("Deputy", False): "replaced",
        ("Chief", True): "waiting",
    }


def test_an_entry_that_the_machine_did_not_note_is_not_written_twice(world):
    with pytest.raises(PowerCutError):  # marked, sent, recorded: the third note
        world.run(letters_to(world, "chief"), outbox=FlakyOutbox(world.folder, 3))
    (letter,) = world.run(letters_to(world, "chief"))
    assert (letter.handed, len(world.register.rows)) == (ON_RECORD, 1)


def test_a_line_with_a_dot_alone_does_not_end_a_letter(world):
    content = b"Subject: dots\r\n\r\n.\r\n..\r\n.end\r\n"
    server = MailServer(world.mail, SecretStr(""), limits=HASTE)
    answer = server.deliver("a@city.example", "b@city.example", content, lambda: None)
    server.leave()
    assert (answer.outcome, world.log.mails) == ("sent", [(("b@city.example",), content)])


def test_a_second_sender_waits_outside(world):
    with Outbox(world.folder).alone(), pytest.raises(OutputError, match="Another csa mail"):
        world.run(letters_to(world, "chief"))
    assert world.log.mails == []


def test_a_letter_that_is_cut_off_before_its_end_is_sent_again_by_itself(world, monkeypatch):
    """The machine could not even give it all to the network, so that its last line never left.

    Cut here, not by the server: whether that comes in time depends on the network's buffers.
    """
    real, cut = smtplib.SMTP.send, []

    def send(smtp, content):
        if isinstance(content, bytes) and len(content) > len(PDF) and not cut:
            cut.append(len(content))
            smtp.close()
            raise smtplib.SMTPServerDisconnected
        real(smtp, content)

    monkeypatch.setattr(smtplib.SMTP, "send", send)
    assert states(world.run(letters_to(world, "chief"))) == ["sent"]
    assert len(cut) == 1
    assert sum(world.log.received().values()) == 1


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut", "state", "pdf"])
def test_a_damaged_outbox_sends_nothing(world, damage):
    letters = letters_to(world, "chief")
    Outbox(world.folder).queue(letters, [edition()])
    place = world.folder / f"{letters[0].key}.json"
    if damage == "cut":
        place.write_bytes(place.read_bytes()[:40])
    elif damage == "state":
        place.write_text(json.dumps(json.loads(place.read_text()) | {"state": "posted"}))
    else:
        (world.folder / f"{letters[0].file.sha256}.pdf").write_bytes(b"%PDF other")
    with pytest.raises(SourceError, match="damaged"):
        world.run(letters)
    assert world.log.mails == []


ENCODED = (
    "=?utf-8?q?x=0D=0ABcc:_all=40evil.example?=",
    "Évora =?utf-8?b?" + b64encode(b"x\r\nBcc: a@evil.example").decode() + "?= " + 20 * "Hall ",
)


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: all@evil.example", "x\n\nhello", "Évora\x00, D.C.", *ENCODED]
)
def test_no_name_can_add_a_header_or_a_recipient(text):
    world_mail = mail(25, office="City, Hall", reply_to="desk@city.example")
    world_mail = world_mail.model_copy(update={"office": text})
    to = MailRecipient(office="Chief, of <police>; x", email="chief@police.example")
    letter = letter_of("testville", edition(), to, world_mail, NOON)
    content = write_mail(letter, text, world_mail, PDF)
    log = MailLog()
    log.mails.append((to, content))
    (message,) = log.messages
    assert message["Bcc"] is None
    assert [mail for _, mail in getaddresses(message.get_all("To"))] == ["chief@police.example"]
    assert [mail for _, mail in getaddresses(message.get_all("From"))] == ["areas@city.example"]
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("name", ENCODED)
def test_a_name_that_looks_encoded_is_read_as_it_stands(name):
    to = MailRecipient(office="Chief", email="chief@police.example")
    letter = letter_of("testville", edition(), to, mail(25), NOON)
    message = message_from_bytes(write_mail(letter, name, mail(25), PDF))
    assert message.keys().count("Subject") == 1
    assert name.strip() in str(make_header(decode_header(message["Subject"])))
    assert message["Bcc"] is None


# ---- True in general ------------------------------------------------------------------------

FAULTS = {
    "hello": st.sampled_from([None, DROP, "421 busy"]),
    "from": st.sampled_from([None, None, DROP, "451 x", "530 sign in"]),
    "to": st.sampled_from([None, None, DROP, "450 x", "550 x", "421 x"]),
    "data": st.sampled_from([None, None, DROP, "450 x", "554 x", "250 x"]),
    "middle": st.sampled_from([None, None, DROP]),
    "end": st.sampled_from([None, DROP, "keep drop", "451 x", "554 x", "keep 354 x", "keep 421 x"]),
}
LIES = "keep 421 x"
"""A server that keeps a mail and says that it does not, as no server may: it is left out of the rule."""


@pytest.mark.long
@examples(0.8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.fixed_dictionaries(
        {stage: st.lists(one, max_size=6) for stage, one in FAULTS.items()}
    ),
    cuts=st.lists(st.tuples(st.integers(1, 6), st.booleans()) | st.none(), min_size=2, max_size=4),
    down=st.integers(0, 3),
)
def test_whatever_the_server_and_the_machine_do_nothing_arrives_twice_unasked(
    tmp_path_factory, faults, cuts, down
):
    """The oracle is the server's own list of what it took, read by another parser."""
    log = MailLog()
    for stage, todo in faults.items():
        log.fault(stage, *(one for one in todo if one != LIES))
    with serving(log) as port:
        world = World(tmp_path_factory.mktemp("outbox") / "box", log, port)
        world.register.down = down
        letters = letters_to(world, "chief", "deputy")
        for cut in [*cuts, None, None]:
            outbox = None if cut is None else FlakyOutbox(world.folder, cut[0], is_after=cut[1])
            try:
                world.run(letters, outbox=outbox)
            except (PowerCutError, ParamError):
                continue
        received = log.received()
        assert all(n <= 1 for n in received.values()), faults
        for letter in world.on_disk():
            n = received[letter.message_id]
            assert {"sent": n == 1, "sending": True}.get(letter.state, n == 0), letter.state
        log.faults.clear()
        world.register.down = 0
        done = world.run(letters, again=True)
    assert states(done) == ["sent", "sent"]
    assert all(n <= 2 for n in log.received().values())
    assert sorted(row[1] for row in world.register.rows) == ["Chief", "Deputy"]
    assert all(letter.handed for letter in done)


def test_no_log_names_an_address(world, caplog):
    with caplog.at_level(logging.DEBUG, "csa"):
        world.log.fault("to", "450 <chief@police.example> later")
        world.run(letters_to(world, "chief"))
    assert "csa.mail" in {record.name for record in caplog.records}
    own = [record.getMessage() for record in caplog.records if record.name.startswith("csa")]
    assert "@" not in " ".join(own)
