"""The page on which teams count: without a network, closed, stopped, sent twice; nothing lost, nothing twice."""

import json
import random
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from tests.browser.axe import faults
from tests.browser.conftest import COOKIE, ask_for_sign_in, free_port, new_context, serving, until
from tests.browser.firefox import firefox
from tests.stores import act

from csa.city.loading import load_city
from csa.extras.activities.recording import read_totals, revoke_phone
from csa.ingest.designation import Candidate
from csa.program import areas
from csa.program.store.engine import make_store, open_store

TEAM, DESK = "Street Peace Team", "Mediation Desk"
AT = datetime(2020, 8, 1, 12, tzinfo=UTC)
KEPT = """async () => {
  const open = indexedDB.open('csa-count', 1);
  const base = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const asked = base.transaction('entries').objectStore('entries').getAll();
  const all = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  base.close();
  return all;
}"""
AGE = """async () => {
  const open = indexedDB.open('csa-count', 1);
  const base = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const change = base.transaction('entries', 'readwrite'), table = change.objectStore('entries');
  const asked = table.getAll();
  asked.onsuccess = () => asked.result.forEach((e) => table.put({ ...e, at: e.at - 15 * 864e5 }));
  await new Promise((done) => { change.oncomplete = done; });
  base.close();
}"""
# An entry may be sent, and be gone, before anybody looks: its save itself is counted.
COUNT_SAVES = """window.saves = 0;
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...all) {
  if (this.name === 'entries') this.transaction.addEventListener('complete', () => { window.saves += 1; });
  return put.apply(this, all);
};"""


def make_town(folder):
    """Make a store with areas A and B."""
    store = make_store(str(folder / "store.sqlite3"), "sample")
    about = {"data_fingerprint": "f", "area": {"incidents": "133"}}
    for letter, first in (("A", 1), ("B", 9)):
        cells = tuple(f"8a26ad9{n:02x}0b7fff" for n in range(first, first + 4))
        chosen = Candidate(letter, f"Hadderley {letter}", cells, about)
        areas.designate(store, act(on=date(2020, 1, 2), at=AT), chosen)
    store.engine.dispose()
    return folder


def recorded(folder):
    """Count what the store has, by organization, place and kind."""
    store = open_store(str(folder / "store.sqlite3"), city="sample")
    found = {(t.office, t.place, t.kind): t.n for t in read_totals(store)}
    store.engine.dispose()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_town(tmp_path_factory.mktemp("count"))


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder) as found:
        yield f"{found.replace('127.0.0.1', 'localhost')}/count/"


@pytest.fixture
def phone(chromium):
    """A phone of somebody's own."""
    context = new_context(chromium, viewport={"width": 390, "height": 844})
    yield context
    context.close()


def come(phone, address):
    page = phone.new_page()
    page.add_init_script(COUNT_SAVES)
    page.goto(address)
    page.locator("#state").filter(has_text=".").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def choose(page, place="Hadderley A (A)", kind="Mediation", office=TEAM):
    for name in filter(None, (office, place, kind)):
        page.get_by_role("button", name=name, exact=True).click()


def tap(page, day="Today"):
    """Save an entry, and wait until it is kept."""
    before = page.evaluate("saves")
    page.get_by_role("button", name=day, exact=True).click()
    until(page, f"saves > {before}")


def send(page):
    with suppress(Exception):
        page.locator("#send").click(timeout=2000)
    page.wait_for_timeout(400)


def until_sent(page):
    for _ in range(20):
        if page.locator("#state").inner_text() == "Everything is sent.":
            return
        send(page)
    raise AssertionError(page.locator("body").inner_text())


def test_three_taps_without_a_network_and_the_page_closed_are_sent_once(phone, address, folder):
    page = come(phone, address)
    choose(page)
    phone.set_offline(True)
    tap(page)
    page.get_by_text("1 entry is waiting on this phone.").wait_for()
    kept = json.dumps(page.evaluate(KEPT))
    for word in ("mediation", "Street", "place", "2020"):
        assert word not in kept  # locked: the phone itself cannot read it
    page.close()
    page = come(phone, address)  # still no network: the page comes from the phone
    assert page.locator("#state").inner_text() == "1 entry is waiting on this phone."
    choose(page)
    tap(page, "Yesterday")
    phone.set_offline(False)
    until_sent(page)
    assert recorded(folder) == {(TEAM, "A", "mediation"): 2}


def test_what_was_sent_and_never_answered_is_there_once(phone, address, folder):
    before = recorded(folder).get((TEAM, "B", "clean-up"), 0)
    page = come(phone, address)
    choose(page, "Hadderley B (B)", "Clean-up")
    sent = []

    def lose(route):
        sent.append(route.request.post_data)
        route.fetch()  # the server has it
        route.abort()  # the phone never hears so

    phone.route("**/entries", lose, times=1)
    tap(page)
    send(page)
    page.get_by_text("is waiting").wait_for()
    assert recorded(folder)[TEAM, "B", "clean-up"] == before + 1
    until_sent(page)
    again = page.request.post(
        f"{address}entries", data=sent[0], headers={"Content-Type": "application/json"}
    )
    assert set(again.json()["entries"].values()) == {""}
    assert recorded(folder)[TEAM, "B", "clean-up"] == before + 1


@pytest.mark.parametrize("seed", [58])
def test_a_network_that_fails_at_random_loses_nothing_and_doubles_nothing(
    phone, address, folder, seed
):
    dice, before = random.Random(seed), recorded(folder)  # noqa: S311 - a test's
    page = come(phone, address)
    wanted = dict(before)

    def fail(route):
        how = dice.random()
        if how < 0.3:
            route.abort()
        elif how < 0.6:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    phone.route("**/entries", fail)
    words = {"outreach": "Street outreach", "event": "Community event", "mediation": "Mediation"}
    for n in range(36):
        if dice.random() < 0.3:
            phone.set_offline(dice.random() < 0.5)
        kind, letter = dice.choice([*words]), dice.choice("AB")
        choose(page, f"Hadderley {letter} ({letter})", words[kind])
        tap(page, dice.choice(["Today", "Yesterday"]))
        wanted[TEAM, letter, kind] = wanted.get((TEAM, letter, kind), 0) + 1
        if dice.random() < 0.4:
            send(page)
        if n % 12 == 11:  # the phone is closed, and opened again
            page.close()
            page = come(phone, address)
    phone.unroute("**/entries")
    phone.set_offline(False)
    until_sent(page)
    assert recorded(folder) == wanted
    assert sum(wanted.values()) == sum(before.values()) + 36


def test_what_cannot_be_is_refused_with_what_it_was(phone, address, folder):
    before = recorded(folder)
    page = come(phone, address)
    choose(page)
    page.locator("summary").click()
    page.get_by_label("Contacts").fill("2")
    page.get_by_label("People newly reached").fill("3")
    tap(page)
    send(page)
    refused = page.locator("#refused")
    refused.get_by_text("3 people newly reached is more than the 2 contacts").wait_for()
    assert "mediation" in refused.inner_text()
    page.locator("#day").fill("2020-03-01")
    send(page)
    refused.get_by_text("more than 60 days ago").wait_for()
    assert recorded(folder) == before


def test_an_entry_can_be_undone_before_it_is_sent_and_is_erased_after_two_weeks(
    phone, address, folder
):
    before = recorded(folder)
    page = come(phone, address)
    phone.set_offline(True)
    choose(page)
    tap(page)
    page.get_by_role("button", name="Undo the last one").click()
    page.get_by_text("The last entry is removed.").wait_for()
    assert page.evaluate(KEPT) == []
    tap(page)
    page.evaluate(AGE)
    page.reload()
    page.get_by_text("older than 14 days are erased").wait_for()
    assert page.evaluate(KEPT) == []
    phone.set_offline(False)
    page.reload()
    assert recorded(folder) == before


def test_a_revoked_phone_erases_its_entries_and_sends_nothing(phone, address, folder, root):
    before = recorded(folder)
    page = come(phone, address)
    choose(page)
    phone.set_offline(True)
    tap(page)
    settings = load_city(root / "config" / "sample.toml").activities
    store = open_store(str(folder / "store.sqlite3"), city="sample")
    key = newest_phone(store)
    revoke_phone(store, act(office=TEAM, on=date(2020, 8, 31), at=AT), settings, key)
    store.engine.dispose()
    phone.set_offline(False)
    page.get_by_text("Your office revoked this phone.").wait_for()
    assert page.evaluate(KEPT) == []
    assert recorded(folder) == before


def newest_phone(store):
    with store.engine.connect() as connection:
        sql = "SELECT key FROM phone ORDER BY rowid DESC LIMIT 1"
        return connection.exec_driver_sql(sql).scalar()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_axe_finds_no_fault(chromium, address, scheme):
    context = new_context(chromium, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = come(context, address)
    choose(page)
    for width in (390, 1024, 1400):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert faults(page) == {}
    context.close()


@pytest.fixture(scope="module")
def signed_folder(tmp_path_factory):
    return make_town(tmp_path_factory.mktemp("count-signed"))


@pytest.fixture(scope="module")
def signed_address(signed_folder):
    port = free_port()
    more = ask_for_sign_in(signed_folder, f"http://localhost:{port}")
    with serving(signed_folder, port=port, **more):
        yield f"http://localhost:{port}/count/"


def sign_in(phone, address, office, role="member", name="worker"):
    origin = address.removesuffix("/count/")
    user = {"origin": origin, "is_logged_in": True, "sub": name, "office": office, "role": role}
    value = create_signed_value(COOKIE, "_streamlit_user", json.dumps(user)).decode()
    phone.add_cookies([{"name": "_streamlit_user", "value": value, "url": origin}])


def test_nobody_sends_without_a_sign_in_and_signing_out_erases(
    phone, signed_address, signed_folder
):
    page = come(phone, signed_address)
    page.get_by_role("link", name="Sign in to send").wait_for()
    assert not page.locator("#form").is_visible()
    sign_in(phone, signed_address, TEAM)
    page.reload()
    choose(page, office=None)
    assert page.locator("#who").inner_text() == TEAM
    phone.set_offline(True)
    tap(page)
    phone.set_offline(False)
    page.goto(signed_address.replace("/count/", "/auth/logout"), wait_until="commit")
    phone.clear_cookies()
    page = come(phone, signed_address)
    assert page.evaluate(KEPT) == []
    assert recorded(signed_folder) == {}


def test_an_ended_sign_in_keeps_what_waits_until_the_same_office_signs_in(
    phone, signed_address, signed_folder
):
    sign_in(phone, signed_address, TEAM, name="second worker")
    page = come(phone, signed_address)
    choose(page, office=None)
    phone.set_offline(True)
    tap(page)
    [cookie] = [c for c in phone.cookies() if c["name"] == "_streamlit_user"]
    phone.add_cookies([{**cookie, "value": cookie["value"][:-4] + "AAAA"}])  # it counts no more
    phone.set_offline(False)
    page.get_by_role("link", name="Sign in to send").wait_for()
    assert len(page.evaluate(KEPT)) == 1
    sign_in(phone, signed_address, DESK, name="mediator")  # a phone that two people share
    page.reload()
    send(page)
    assert len(page.evaluate(KEPT)) == 1
    assert recorded(signed_folder) == {}
    sign_in(phone, signed_address, TEAM, name="second worker")
    page.reload()
    page.locator("#form").wait_for()
    until_sent(page)
    assert recorded(signed_folder) == {(TEAM, "A", "mediation"): 1}


@pytest.mark.parametrize(
    ("office", "role"),
    [("Police Department", "chair"), ("Health Department", "member"), (TEAM, "viewer")],
)
def test_others_enter_nothing_and_learn_no_place(phone, signed_address, office, role):
    sign_in(phone, signed_address, office, role, name=f"{office} {role}")
    answer = phone.request.get(f"{signed_address}state")
    assert answer.status == 403
    assert "places" not in answer.json()
    sent = phone.request.post(
        f"{signed_address}phone", data="{}", headers={"Content-Type": "application/json"}
    )
    assert sent.status == 403


def test_the_public_gets_nothing(tmp_path, chromium):
    make_town(tmp_path)
    with serving(tmp_path, CSA_ACCESS="public") as found:
        context = new_context(chromium)
        for path in ("", "state", "count.js", "sw.js"):
            assert context.request.get(f"{found}/count/{path}").status == 404
        assert context.request.post(f"{found}/count/entries", data="{}").status == 404
        context.close()


def test_in_firefox_too_an_entry_waits_for_the_server_and_is_sent_once(tmp_path):
    make_town(tmp_path)
    port = free_port()
    with firefox(free_port()) as tab:
        with serving(tmp_path, port=port):
            go(tab, port)
            tab.until("!document.getElementById('form').hidden")
            for name in (TEAM, "Hadderley A (A)", "Mediation"):
                press(tab, name)
            tab.run("navigator.serviceWorker.ready.then(() => true)")
        press(tab, "Today")
        tab.until("document.getElementById('state').textContent.startsWith('1 entry')")
        go(tab, port)  # no server: the page comes from the phone
        tab.until("document.getElementById('state').textContent.startsWith('1 entry')")
        with serving(tmp_path, port=port):
            tab.run("document.getElementById('send').click()")
            tab.until("document.getElementById('state').textContent === 'Everything is sent.'")
    assert recorded(tmp_path) == {(TEAM, "A", "mediation"): 1}


def go(tab, port):
    address = f"http://localhost:{port}/count/"
    tab.call("browsingContext.navigate", context=tab.context, url=address, wait="complete")


def press(tab, name):
    named = f"[...document.querySelectorAll('button')].find((b) => b.textContent === {json.dumps(name)})"
    tab.until(f"!!{named}")
    tab.run(f"{named}.click()")
