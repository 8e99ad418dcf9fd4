"""`csa mail` from one end to the other: a deployment file, a real mail server, a real store."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from tests.mail_server import MONTH, PAGE, MailLog, certificate, deployment, serving, write_editions
from tests.sentences import says
from tests.stores import act, trail

from csa.base.clock import now_utc
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.work import add_minute

PASSWORD = "correct-horse-9"  # noqa: S105 - of a server made for these tests


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("csa.extras.mail.mailing.FIRST_WAIT_S", 0.001)


@pytest.fixture
def log():
    return MailLog()


@pytest.fixture
def here(run, town):
    """A town with a store of one decision and the editions made from it."""
    store = open_store(str(town.folder / "var" / "testville.sqlite3"), make=True, city="testville")
    now = now_utc()  # the store's clock is the machine's, as the command's is
    add_minute(store, act(on=now.date(), at=now), "Go on.")
    head = trail(store)[0]["hash"][:12]
    store.engine.dispose()
    write_editions(town.folder, head)
    return town


def deploy(town, port=None, security="none", more=""):
    (town.folder / "csa.toml").write_text(deployment(port, security, more), encoding="utf-8")


def words(*more):
    return ("mail", "--city", "testville.toml", "--month", MONTH, "--editions", "editions", *more)


def handed(town):
    store = open_store(str(town.folder / "var" / "testville.sqlite3"))
    rows = [(row.recipient, row.audience, row.audit_n) for row in read_records(store).handouts]
    everything = json.dumps(trail(store))
    store.engine.dispose()
    assert "@" not in everything
    return rows


def no_secret(done, folder=None):
    """Neither the password nor an address is in what was printed; nor the password on the disk."""
    for text in (done.stdout, done.stderr):
        assert PASSWORD not in text
        assert not [word for word in ("mayor@", "chief@", "desk@") if word in text]
    for path in [] if folder is None else folder.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


# ---- By hand --------------------------------------------------------------------------------


def test_editions_go_to_their_offices_once_and_the_register_has_each(here, run, log):
    with serving(log) as port:
        deploy(here, port)
        first, second = run(*words()), run(*words())
    assert [to for (to,), _ in log.mails] == [
        "mayor@city.example",
        "chief@police.example",
        "desk@library.example",
    ]
    assert first.stdout.count("Sent to") == 3
    assert second.stdout.count("so not sent again") == 3
    assert handed(here) == [
        ("Mayor's Office", "executive", 1),
        ("Police", "executive", 1),
        ("Library", "public", 1),
    ]
    assert (here.folder / "var" / "testville" / "outbox").stat().st_mode & 0o077 == 0
    no_secret(first)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_signed_in_and_encrypted(here, run, log, monkeypatch, tmp_path, security):
    context, trusted = certificate(tmp_path)
    user = ("areas", PASSWORD)
    with serving(log, tls=context, implicit=security == "tls", user=user) as port:
        deploy(here, port, security, 'username = "areas"')
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        monkeypatch.setenv("CSA_MAIL_PASSWORD", PASSWORD)
        done = run(*words("-v"))
    assert len(log.mails) == 3
    assert {given[1:] for given in log.users} == {user}
    no_secret(done, here.folder)


def test_without_a_server_there_are_files_and_a_list(here, run):
    deploy(here)
    done = run(*words())
    out = here.folder / "var" / "testville" / "hand-out" / MONTH
    assert (
        says("mailing.laid_out", n=2, folder="var/testville/hand-out/2026-02", list="hand-out.csv")
        in done.stdout
    )
    with (out / "hand-out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["office"], row["edition"]) for row in rows] == [
        ("Mayor's Office", "executive"),
        ("Police", "executive"),
        ("Library", "public"),
    ]
    for row in rows:
        assert hashlib.sha256((out / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    (here.folder / "csa.toml").unlink()
    run(*words())
    assert (out / "hand-out.csv").read_text().splitlines()[1].startswith(",executive,")
    assert handed(here) == []


def test_a_draft_of_public_figures_goes_to_nobody(here, run, log):
    """Until they are published each month would tell the same counts anew, changed otherwise."""
    page = here.folder / "editions" / f"{MONTH}_public_es.html"
    page.write_text(page.read_text() + '<meta name="csa-figures" content="0a0a">\n')
    kept = says("mailing.kept_back", n=1, names=f"{MONTH}_public_es.pdf")
    with serving(log) as port:
        deploy(here, port)
        dry, done = run(*words("--dry-run")), run(*words())
        assert (kept in dry.stderr, kept in done.stderr) == (True, True)
        found = [row["edition"] for row in json.loads(run(*words("--json")).stdout)]
        assert found == ["executive", "executive"]
        (here.folder / "editions" / f"{MONTH}_executive_en.pdf").unlink()
        deployed = here.folder / "csa.toml"
        text = deployed.read_text()
        deployed.write_text(text[: text.index("executive =")] + text[text.index("public =") :])
        alone = run(*words(), check=False)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert says("mailing.only_drafts") in alone.stderr.replace("\n", " ")
    assert [to for (to,), _ in log.mails] == ["mayor@city.example", "chief@police.example"]
    deploy(here)
    run(*words())
    out = here.folder / "var" / "testville" / "hand-out" / MONTH
    assert [path.name for path in out.iterdir()] == ["hand-out.csv"]
    assert len((out / "hand-out.csv").read_text().splitlines()) == 1


def test_what_is_marked_internal_goes_to_no_reader_of_public_editions(here, run, log):
    """An edition for residents of which nothing may be published was once an internal page."""
    page = here.folder / "editions" / f"{MONTH}_public_es.html"
    page.write_text(page.read_text() + f"<span>{says('report.internal')}</span>\n")
    with serving(log) as port:
        deploy(here, port)
        done = run(*words())
        assert says("mailing.internal", names=f"{MONTH}_public_es.pdf") in done.stderr
        deploy(here)
        run(*words())
    assert [to for (to,), _ in log.mails] == ["mayor@city.example", "chief@police.example"]
    out = here.folder / "var" / "testville" / "hand-out" / MONTH
    assert {path.name for path in out.glob("*.pdf")} == {f"{MONTH}_executive_en.pdf"}


def test_an_edition_that_was_not_made_keeps_no_other_from_being_sent(here, run, log):
    for path in (here.folder / "editions").glob("*_public_*"):
        path.unlink()
    said = says("mailing.not_made", editions=says("reports_page.public"))
    with serving(log) as port:
        deploy(here, port)
        assert said in run(*words()).stderr
        deployed = here.folder / "csa.toml"
        text = deployed.read_text()
        deployed.write_text(text[: text.index("executive =")] + text[text.index("public =") :])
        alone = run(*words(), check=False)
    assert [to for (to,), _ in log.mails] == ["mayor@city.example", "chief@police.example"]
    assert alone.returncode == 2
    assert f"csa: {said}" in alone.stderr.replace("\n", " ")


def test_a_dry_run_sends_and_writes_nothing(here, run, log):
    with serving(log) as port:
        deploy(here, port)
        done = run(*words("--dry-run"))
    assert done.stdout.count("Would send to") == 3
    assert (log.mails, log.stages) == ([], [])
    assert not (here.folder / "var" / "testville").exists()


def test_machines_are_told_each_letters_state_and_no_address(here, run, log):
    log.fault("to", None, "550 5.1.1 <chief@police.example> unknown")
    with serving(log) as port:
        deploy(here, port)
        done = run(*words("--json"), check=False)
    assert done.returncode == 2
    rows = json.loads(done.stdout)
    assert [(row["office"], row["domain"], row["state"]) for row in rows] == [
        ("Mayor's Office", "city.example", "sent"),
        ("Police", "police.example", "refused"),
        ("Library", "library.example", "sent"),
    ]
    assert rows[1]["said"] == "550 5.1.1 <...@police.example> unknown"
    no_secret(done)


# ---- At the edge ----------------------------------------------------------------------------


def start(town, script="import csa.cli.main as m; m.main()", **environment):
    command = [sys.executable, "-c", script, *words()]
    return subprocess.Popen(
        command,
        cwd=town.folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_a_command_that_was_killed_says_what_may_have_arrived(here, run, log):
    """Killed while the server already has the whole letter, and its answer is on the way."""
    started = []
    ready = threading.Event()

    def kill():
        assert ready.wait(30)
        started[0].kill()
        started[0].wait()

    log.fault("end", kill)
    with serving(log) as port:
        deploy(here, port)
        started.append(start(here))
        ready.set()
        started[0].communicate(timeout=60)
        assert started[0].returncode == -signal.SIGKILL
        done = run(*words(), check=False)
        assert done.returncode == 2
        assert done.stdout.count("Sent to") == 2
        assert done.stdout.count("May have been sent to Mayor's Office") == 1
        assert sorted(log.received().values()) == [1, 1, 1]
        assert handed(here) == [("Police", "executive", 1), ("Library", "public", 1)]
        run(*words("--again"))
    assert sorted(log.received().values()) == [1, 1, 2]
    assert len(handed(here)) == 3


@pytest.mark.long
def test_of_two_commands_at_once_one_sends(here, log):
    log.fault("end", 1.5)
    with serving(log) as port:
        deploy(here, port)
        both = [start(here), start(here)]
        said = [one.communicate(timeout=60) for one in both]
    codes = sorted(one.returncode for one in both)
    assert sorted(log.received().values()) == [1, 1, 1]
    assert codes in ([0, 0], [0, 2]), said  # a late second one finds all sent
    assert len(handed(here)) == 3


# ---- Refused --------------------------------------------------------------------------------


def test_a_server_that_is_not_there_leaves_all_waiting(here, run, log):
    with serving(log) as port:
        pass
    deploy(here, port)
    done = run(*words(), check=False)
    assert done.returncode == 1
    assert done.stdout.count("Still waiting for") == 3
    assert handed(here) == []


def test_a_wrong_password_a_strange_certificate_and_mail_in_the_clear_are_refused(
    here, run, log, monkeypatch, tmp_path
):
    def refused(said, *more):
        done = run(*words(*more), check=False)
        assert (done.returncode, done.stdout, said in done.stderr) == (2, "", True), done.stderr
        no_secret(done)

    context, trusted = certificate(tmp_path)
    with serving(log, tls=context, user=("areas", PASSWORD)) as port:
        deploy(here, port, "starttls", 'username = "areas"')
        refused("CSA_MAIL_PASSWORD is not set")
        monkeypatch.setenv("CSA_MAIL_PASSWORD", "wrong" + PASSWORD)
        refused("does not trust")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        refused("(code 535)", "-v")
    with serving(log) as port:
        deploy(here, port, "starttls")
        refused("Check host, port, security and username.")
    assert log.mails == []


def test_editions_of_another_store_month_or_version_are_refused(here, run, log):
    editions = here.folder / "editions"

    def refused(said, *more):
        done = run(*words(*more), check=False)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr

    with serving(log) as port:
        deploy(here, port)
        refused("is before 2031-01", "--month", "2031-01")
        refused("Folder not found", "--editions", "x")
        refused("has no PDF for 2026-01", "--month", "2026-01")
        write_editions(here.folder, "ab" * 6)
        refused(", which are not in this store.")
        (editions / f"{MONTH}_public_es.html").write_text("<p>")
        (editions / f"{MONTH}_executive_en.pdf").unlink()
        refused("does not name the snapshot")
        (editions / f"{MONTH}_public_es.html").write_text(PAGE.format(""))
        refused("receive executive, but the folder")
    assert log.stages == []
