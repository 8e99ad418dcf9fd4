"""Who is let in and who they are, run by Streamlit itself, without a browser or a provider."""

import json
import re
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit import config as streamlit_config
from streamlit.testing.v1 import AppTest
from tests.app.conftest import open_page, words
from tests.sentences import says

from csa.base.errors import ConfigError, ParamError
from csa.city.dataset import open_dataset, save_dataset
from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.program.roles import Person
from csa_app import __main__ as started
from csa_app.shared import access as access_door, cache, person
from csa_app.shared.city_session import CitySession

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused
ALL = sorted(path.parent.name for path in Path(started.__file__).parent.glob("*/*/page.py"))
PAGES = ("briefing", "find_areas", "displacement", "compare", "how_well", "data", "method")
COOKIE = "of more than thirty-two characters, at random"
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": COOKIE,
    "client_id": "csa",
    "client_secret": "x",
    "server_metadata_url": "http://localhost:1/.well-known/openid-configuration",
}
ROLES = """
access = "signed-in"
[roles]
role_claim = "role"
office_claim = "office"
strategies_claim = "strategies"
team_claim = "team"
[[roles.people]]
email = "chair@city.example"
office = "Mayor's Office"
role = "chair"
team = "prevention"
"""
CHAIR = {"is_logged_in": True, "email": "chair@city.example", "email_verified": True}
EDITOR = {"is_logged_in": True, "role": "editor", "office": "Court", "strategies": ["1.2"]}
MEMBER = {"is_logged_in": True, "role": "member", "office": "Health"}
ANYBODY = {"is_logged_in": True, "email": "a@b.example", "email_verified": True}


@pytest.fixture(scope="module")
def real(new_town):
    """Testville, which is not made up: its file and its dataset."""
    town = new_town()
    place = town.write("a.csv", *(f"{n},{n},2020-05-0{n},0,-94.57,39.02,," for n in range(1, 9)))
    intake = ingest_city(load_city(town.config), Inputs((place,), town.places))
    save_dataset(intake.dataset, intake.rejected, town.folder / "real")
    return SimpleNamespace(config=town.config, dataset=town.folder / "real")


@pytest.fixture
def deploy(dataset, static, monkeypatch, tmp_path):
    """Write a deployment file, and serve the sample by it."""

    def call(text="", **environment):
        path = tmp_path / "csa.toml"
        path.write_text(text, encoding="utf-8")
        given = {"CSA_DEPLOYMENT": path, "CSA_CITY": dataset, "CSA_CHOICES": tmp_path / "choices"}
        monkeypatch.delenv("CSA_ACCESS", raising=False)
        for name, value in (given | environment).items():
            monkeypatch.setenv(name, str(value))

    return call


@pytest.fixture
def page(root):
    def start(name="briefing", user=None, auth=None):
        made = AppTest.from_file(str(root / "app" / "csa_app" / "main.py"), default_timeout=120)
        open_page(made, f"screens/{name}/page.py")
        made.user = user or {}
        if auth is not None:
            made.secrets["auth"] = auth
        return made.run()

    return start


@pytest.fixture
def option():
    """Set a Streamlit option, as a flag or a variable does; put it back."""
    before = {}

    def call(name, value):
        before.setdefault(name, streamlit_config.get_option(name))
        streamlit_config.set_option(name, value)

    yield call
    for name, value in before.items():
        streamlit_config.set_option(name, value)


def is_closed(shown):
    """Tell whether nothing is shown but a title and a sentence: no link, no picture, no data."""
    kinds = {element.type for element in shown if element.type not in {"root", "main", "sidebar"}}
    bodies = [element.proto.body for element in shown.get("html")]
    told = [body for body in bodies if not re.search("<style|csa-answer|csa-language", body)]
    text = words(shown)
    hidden = not any(
        name in text for name in ("Orrinvale", "SAMPLE", "No new data: still through", "incidents")
    )
    assert not shown.exception
    return hidden and not told and not kinds & {"component_instance", "page_link", "arrow_table"}


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (Person("Court", "editor", ("1.2", "2.1")), "Editor of 1.2, 2.1"),
        (Person("Court", "editor"), says("door.editor_of_none")),
        (Person("Mayor", "chair", team="executive"), "Chair of executive"),
        (Person("Mayor", "chair"), says("door.chair_of_all")),
        (Person("Health", "member"), says("door.member")),
        (Person(""), "Can read, but not change anything"),
    ],
)
def test_a_role_is_said_in_words(who, said):
    assert person.in_words(who) == said


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_alone_is_reached_by_these_addresses(address):
    assert access_door.not_this_machine(address) is None


def test_without_sign_in_the_reader_is_a_chair_whose_office_is_asked(deploy, page, dataset, root):
    deploy()
    shown = page("compare")
    assert not shown.exception
    assert "Sign out" not in [button.label for button in shown.button]
    assert not shown.text_input[0].disabled
    opened = CitySession(
        load_city(root / "config" / "sample.toml"),
        open_dataset(dataset),
        dataset,
        incidents_key="k",
    )
    assert person.person(opened).role == "chair"
    assert person.sign(opened, "Council", "because").signed.by_office == "Council"


def test_who_has_not_signed_in_sees_a_sentence_and_a_button(deploy, page):
    deploy(ROLES)
    for name in ALL:
        shown = page(name, auth=AUTH)
        assert is_closed(shown)
        assert "Sign in to read them." in words(shown)
        assert [button.label for button in shown.button] == ["Sign in"]


def test_an_editor_by_claim_reads_and_sees_office_and_role(deploy, page):
    deploy(ROLES)
    shown = page(user=EDITOR, auth=AUTH)
    assert not shown.exception
    assert "Orrinvale" in words(shown)
    assert "Court" in words(shown)
    assert "Editor of 1.2" in words(shown)
    assert "Sign out" in [button.label for button in shown.sidebar.button]


def test_a_chair_by_the_deployment_file_keeps_a_choice_in_the_name_of_their_office(
    deploy, page, tmp_path
):
    deploy(ROLES)
    shown = page("compare", user=CHAIR, auth=AUTH)
    assert "Chair of prevention" in words(shown)
    assert shown.text_input[0].disabled
    assert shown.text_input[0].value == "Mayor's Office"
    shown.multiselect[0].set_value(["c-1"])
    shown.text_area[0].input("The neighbors asked for it, and outreach is near.")
    next(one for one in shown.button if one.label == "Save this choice").click().run()
    box = [one for one in shown.checkbox if "passed over" in one.label]
    if box:
        box[0].check()
        next(one for one in shown.button if one.label == "Save this choice").click().run()
    (kept,) = (tmp_path / "choices").glob("*.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["by_office"] == "Mayor's Office"


# ---- At the edge ----------------------------------------------------------------------------


def test_who_has_signed_in_without_a_role_reads_and_is_offered_no_form(deploy, page):
    deploy(ROLES)
    for name in PAGES:
        shown = page(name, user=ANYBODY, auth=AUTH)
        assert not shown.exception
        assert "Orrinvale" in words(shown)
        assert "Can read, but not change anything" in words(shown)
    shown = page("compare", user=ANYBODY, auth=AUTH)
    assert "You can read this page." in words(shown)
    assert not shown.text_area
    assert "Save this choice" not in [button.label for button in shown.button]


def sent_time(shown):
    """The counts by cell that a page's map sends, and the names of the files that it offers."""
    (component,) = shown.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    return json.JSONDecoder().raw_decode(group[group.index(", {") + 2 :])[0]["time"]


@pytest.mark.parametrize(
    ("text", "user", "n_steps"),
    [
        ("", None, 68),  # this machine: January 2015 to August 21, 2020
        (ROLES, CHAIR, 68),
        (ROLES, EDITOR, 68),
        (ROLES, MEMBER, 22),  # whole quarters
        (ROLES, ANYBODY, 22),
        ('access = "public"', None, 1),
    ],
)
def test_the_map_sends_months_to_editors_quarters_to_others_and_neither_to_the_public(
    deploy, page, text, user, n_steps
):
    deploy(text)
    shown = page("find_areas", user, AUTH if user else None)
    sent = sent_time(shown)
    assert len(sent["names"]) == n_steps
    assert sent["span"][1] - sent["span"][0] == {68: 36, 22: 12, 1: 1}[n_steps]
    if n_steps == 22:
        assert sent["names"][-1] == ["April 2020", "June 2020"]  # the months after are no quarter
    offered = {one.proto.label for one in shown.get("download_button")}
    assert any("cells" in label for label in offered) == (n_steps != 22)


@pytest.mark.parametrize("name", ["briefing", "compare", "why_here"])
def test_other_pages_send_a_reader_no_finer_counts(deploy, page, name):
    deploy(ROLES)
    assert len(sent_time(page(name, ANYBODY, AUTH))["names"]) == 22


def test_before_residents_the_map_has_no_count_that_is_not_published(deploy, page):
    """Nothing is: the made-up city's areas are there, without a number."""
    deploy("")
    shown = page("meeting", None)
    shown.session_state["meeting step"] = 2
    shown.run()
    (component,) = shown.get("component_instance")
    group = json.loads(component.proto.json_args)["feature_group"]
    sent = json.JSONDecoder().raw_decode(group[group.index(", {") + 2 :])[0]
    assert sent["time"] is None
    lines = [line for area in sent["areas"] for line in area["properties"]["lines"]]
    assert not re.search(r"\d", " ".join(lines))


def test_the_public_reads_the_made_up_city_and_is_offered_no_form(deploy, page):
    deploy('access = "public"')
    shown = page("compare", user=CHAIR)
    assert not shown.exception
    assert "Orrinvale" in words(shown)
    assert "You can read this page." in words(shown)
    assert not shown.text_area
    assert not {"Sign in", "Sign out"} & {button.label for button in shown.button}


def test_a_browser_that_did_not_leave_is_told_again_and_not_at_once(deploy, page, monkeypatch):
    """Streamlit can lose what tells it, and the cookie would stay."""
    said, now = [], [100.0]
    leave = person.st.logout
    monkeypatch.setattr(person.st, "logout", lambda: said.append(leave()))
    monkeypatch.setattr(person, "monotonic", lambda: now[0])
    deploy(ROLES)
    shown = page("data", user=EDITOR, auth=AUTH)
    assert not said
    next(one for one in shown.sidebar.button if one.label == "Sign out").click().run()
    assert "Sign in to read them." in words(shown)
    assert len(said) == 1
    for passed, told in ((0, 1), (1.9, 1), (0.1, 2), (0.1, 2), (60, 3)):
        now[0] += passed
        shown.run()
        assert len(said) == told


def test_an_office_in_a_claim_is_shown_as_it_is_written(deploy, page):
    deploy(ROLES)
    shown = page("data", user=EDITOR | {"office": "**[Court](http://x)** <b>"}, auth=AUTH)
    (said,) = (one.value for one in shown.sidebar.markdown if "Court" in one.value)
    assert said.replace("\u2060", "") == r"**\*\*\[Court\]\(http\://x\)\*\* \<b\>**"


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [None, "", EVERYWHERE, "::", "192.168.1.7", "example.org", "unix:///x", "127.0.0.1.evil"]
)  # fmt: skip
def test_an_address_that_others_reach_is_refused_with_what_to_set(address):
    said = str(access_door.not_this_machine(address))
    assert "server.address to 127.0.0.1" in said
    assert "CSA_ACCESS" in said


@pytest.mark.parametrize("name", ALL)
def test_local_on_every_address_opens_nothing(deploy, page, option, name):
    deploy()
    option("server.address", EVERYWHERE)
    shown = page(name)
    assert is_closed(shown)
    assert "Set server.address to 127.0.0.1 (it is" in words(shown)


def test_the_request_does_not_decide(deploy, page, option):
    """Neither a parameter, a session value, nor a claim of somebody who has not signed in."""
    deploy(ROLES)
    for claims in ({**CHAIR, "is_logged_in": said} for said in (False, None, "True", 1)):
        assert is_closed(page(user=claims, auth=AUTH))
    option("server.trustedUserHeaders", {"X-Role": "role"})
    shown = page(user=EDITOR, auth=AUTH)
    assert is_closed(shown)
    assert "server.trustedUserHeaders" in words(shown)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        (
            None,
            "Write redirect_uri, cookie_secret, client_id, client_secret, server_metadata_url under",
        ),
        ({}, "Core service areas No one can sign in yet."),
        ("x", "Core service areas No one can sign in yet."),
        (
            {**AUTH, "client_secret": ""},
            "No one can sign in yet. Write client_secret under [auth] in .streamlit/secrets.toml (docs/DEPLOY.md).",
        ),
        ({**AUTH, "cookie_secret": "x" * 31}, "at least 32 characters"),
    ],
)
def test_sign_in_that_is_not_set_up_is_one_sentence_and_nothing_opens(deploy, page, auth, said):
    deploy(ROLES)
    for user in ({}, CHAIR):
        shown = page(user=user, auth=auth)
        assert is_closed(shown)
        assert said in words(shown)
        assert not shown.button


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('access = "everybody"', "access must be one of"),
        ('access = "signed-in"\n[roles]\nrol = 1', "roles.rol: no such setting"),
        ("access = ", "Fix that line."),
    ],
)
def test_a_faulty_deployment_file_opens_nothing(deploy, page, text, said):
    deploy(text)
    shown = page(user=CHAIR, auth=AUTH)
    assert is_closed(shown)
    assert said in words(shown)


@pytest.mark.parametrize("name", ALL)
def test_of_a_real_city_the_public_gets_one_sentence_and_nothing_is_read_or_written(
    deploy, page, real, static, monkeypatch, name
):
    deploy('access = "public"', CSA_CITY=real.config, CSA_DATASET=real.dataset)
    monkeypatch.setattr(cache, "open_city", lambda *_: pytest.fail("the dataset was read"))
    shown = page(name, user=CHAIR)
    assert is_closed(shown)
    assert "This city has published nothing yet" in words(shown)
    started.warm_up()
    assert not static.exists()


def test_the_made_up_citys_file_does_not_publish_another_citys_dataset(deploy, page, real):
    deploy('access = "public"', CSA_CITY="sample", CSA_DATASET=real.dataset)
    shown = page()
    assert is_closed(shown)
    assert "This city has published nothing yet" in words(shown)
    assert "Orrinvale" not in words(shown)


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_dataset_that_does_not_say_whose_it_is_is_not_published(deploy, tmp_path, text):
    (tmp_path / "ingest.json").write_text(text, encoding="utf-8")
    deploy('access = "public"', CSA_CITY="sample", CSA_DATASET=tmp_path)
    with pytest.raises(ConfigError, match=r"does not name its city\."):
        access_door.is_withheld(cache.city_config())
    started.warm_up()


def test_a_change_without_an_office_is_not_signed(deploy, dataset, root):
    deploy()
    opened = CitySession(
        load_city(root / "config" / "sample.toml"),
        open_dataset(dataset),
        dataset,
        incidents_key="k",
    )
    with pytest.raises(ParamError):
        person.sign(opened, "", "because")


@pytest.mark.long
@pytest.mark.parametrize(
    "address",
    [
        ["--server.address=0.0.0.0"],
        pytest.param(["--server.address", "::"], marks=pytest.mark.slow),
        pytest.param([], marks=pytest.mark.slow),
    ],
)
def test_the_command_does_not_listen_where_others_reach_it(deploy, root, address, tmp_path):
    deploy()
    command = [sys.executable, "-m", "csa_app", "--server.port=0", *address]
    variables = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "CSA_CITY": "sample",
                 "CSA_DATASET": str(tmp_path / "none"), "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Set server.address to 127.0.0.1 (it is" in done.stderr
    assert "Traceback" not in done.stderr
    assert "URL" not in done.stdout


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "address", "serves"),
    [
        ("local", "127.0.0.1", True),
        ("local", EVERYWHERE, False),
        ("public", EVERYWHERE, True),
        ("signed-in", EVERYWHERE, True),
    ],
)
def test_only_local_minds_where_the_server_listens(
    deploy, option, monkeypatch, access, address, serves
):
    deploy(f'access = "{access}"')
    option("server.address", address)
    begun, warmed = [], Event()
    monkeypatch.setattr(started, "warm_up", warmed.set)
    serve = started.serve_if_allowed(lambda *given, **named: begun.append((given, named)))
    if serves:
        serve("main.py", is_hello=False)
        assert warmed.wait(5)
        assert begun == [(("main.py",), {"is_hello": False})]
    else:
        with pytest.raises(SystemExit) as left:
            serve("main.py")
        assert left.value.code == 2
        assert (begun, warmed.is_set()) == ([], False)


def test_signing_takes_the_office_and_the_role_that_somebody_has_now(
    deploy, dataset, root, monkeypatch
):
    """A button's callback comes before the page: neither may rest on what the last one knew."""
    user = SimpleNamespace(is_logged_in=True, to_dict=lambda: CHAIR)
    monkeypatch.setattr(st, "user", user)
    deploy(ROLES)
    opened = CitySession(
        load_city(root / "config" / "sample.toml"),
        open_dataset(dataset),
        dataset,
        incidents_key="k",
    )
    done = person.sign(opened, "Mayor", "because")
    assert (done.signed.by_office, done.person.role) == ("Mayor's Office", "chair")
    deploy(ROLES.replace('"chair"', '"viewer"').replace('team = "prevention"\n', ""))
    assert person.sign(opened, "Mayor", "because").person.role == "viewer"
    user.is_logged_in = False
    with pytest.raises(ParamError):
        person.sign(opened, "Mayor", "because")
