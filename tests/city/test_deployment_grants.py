"""Who is granted which role: by the deployment file, by a claim, or none."""

import logging

import pytest
from hypothesis import given, strategies as st
from tests.properties import examples

from csa.base.errors import ConfigError
from csa.city import deployment
from csa.city.deployment import ROLES, Grant, Granting, Listed, Roles, grant, load_roles
from csa.city.loading import setting_descriptions

general = examples(3)
COURT = Listed(email="clerk@court.example", office="Court", role="editor", strategies=("1.2",))
CLAIMS = Roles(
    role_claim="role", office_claim="office", strategies_claim="strategies", team_claim="team"
)
FILE = """
access = "signed-in"
[roles]
role_claim = "role"
office_claim = "office"
strategies_claim = "strategies"
team_claim = "team"
[[roles.people]]
email = "clerk@court.example"
office = "Court"
role = "editor"
strategies = ["1.2"]
[[roles.people]]
email = "chair@city.example"
office = "Mayor's Office"
role = "chair"
team = "prevention"
"""


@pytest.fixture(autouse=True)
def complaints(caplog):
    """What was logged; nothing was complained of before."""
    deployment.complain_once.cache_clear()
    with caplog.at_level(logging.WARNING, "csa"):
        yield caplog


@pytest.fixture
def read(tmp_path):
    def call(text):
        path = tmp_path / "csa.toml"
        path.write_text(text, encoding="utf-8")
        return load_roles({}, path)

    return call


def verified(email, **claims):
    return {"email": email, "email_verified": True, **claims}


# ---- By hand --------------------------------------------------------------------------------


def test_the_deployment_file_says_where_roles_come_from_and_who_has_one(read):
    roles = read(FILE)
    assert roles.role_claim == "role"
    assert [(one.email, one.role, one.strategies, one.team) for one in roles.people] == [
        ("clerk@court.example", "editor", ("1.2",), ""),
        ("chair@city.example", "chair", (), "prevention"),
    ]
    assert grant(roles, verified("chair@city.example")) == Grant(
        "Mayor's Office", "chair", (), "prevention"
    )


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({"role": "member", "office": "Health"}, Grant("Health", "member")),
        (
            {"role": "editor", "office": "Court", "strategies": ["1.2", "2.1"]},
            Grant("Court", "editor", ("1.2", "2.1")),
        ),
        (
            {"role": "editor", "office": "Court", "strategies": "1.2, 2.1;3.9 1.3"},
            Grant("Court", "editor", ("1.2", "2.1", "3.9", "1.3")),
        ),
        (
            {"role": "chair", "office": "Mayor", "team": "executive"},
            Grant("Mayor", "chair", (), "executive"),
        ),
        ({"role": ["viewer", "chair", "member"], "office": "M", "team": "x"}, Grant("M", "chair", (), "x")),
        ({"office": "Health"}, Grant("Health")),
        ({}, Grant()),
    ],
)  # fmt: skip
def test_a_claim_gives_a_role_an_office_strategies_and_a_team(claims, granted):
    assert grant(CLAIMS, claims) == granted


def test_where_the_file_names_no_claim_for_teams_a_chair_chairs_all():
    roles = Roles(role_claim="role", office_claim="office")
    assert grant(roles, {"role": "chair", "office": "M", "team": "x"}) == Grant("M", "chair")


# ---- At the edge ----------------------------------------------------------------------------


def test_the_deployment_file_wins_over_claims_upward_and_downward():
    reader = Listed(email="a@b.example", office="Court", role="viewer")
    roles = CLAIMS.model_copy(update={"people": (COURT, reader)})
    high = {"role": "chair", "office": "Mayor", "team": "executive"}
    assert grant(roles, verified("a@b.example", **high)) == Grant("Court", "viewer")
    assert grant(roles, verified("clerk@court.example", role="viewer")).role == "editor"


def test_capitals_and_outer_blanks_of_an_email_do_not_count():
    roles = Roles(people=(COURT,))
    assert grant(roles, verified(" Clerk@Court.EXAMPLE ")).role == "editor"


@pytest.mark.parametrize("said", [False, None, "true", "false", 1, "yes", [True]])
def test_an_email_that_the_provider_has_not_verified_gives_no_role(said):
    roles = Roles(people=(COURT,))
    claims = {"email": "clerk@court.example", "email_verified": said}
    assert grant(roles, claims) == Grant()
    assert grant(roles, {"email": "clerk@court.example"}) == Grant()


def test_an_email_that_is_not_verified_takes_a_role_all_the_same():
    """Whom the file makes a reader stays no chair by a claim, whatever the provider verifies."""
    reader = Listed(email="a@b.example", office="Court", role="viewer")
    roles = CLAIMS.model_copy(update={"people": (COURT, reader)})
    high = {"role": "chair", "office": "Mayor", "team": "executive"}
    assert grant(roles, {"email": "A@b.example", **high}) == Grant("Court", "viewer")
    assert grant(roles, {"email": "clerk@court.example", **high}).role == "editor"
    low = {"email": "clerk@court.example", "role": "member", "office": "Mayor"}
    assert grant(roles, low) == Grant("Mayor", "member")


def test_no_email_is_nobody_whom_the_file_names():
    roles = Roles(people=(COURT,))
    for email in (None, "", 7, ["clerk@court.example"], "clerk@court.example.evil"):
        assert grant(roles, {"email": email, "email_verified": True}) == Grant()


def test_no_file_no_table_and_an_empty_table_give_nobody_a_role(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for roles in (load_roles({}), read('access = "public"'), read("[roles]")):
        assert roles == Roles()
        assert grant(roles, verified("a@b.example", role="chair", office="x")) == Grant()


def test_the_file_is_the_one_that_the_variable_names(tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(FILE, encoding="utf-8")
    assert len(load_roles({"CSA_DEPLOYMENT": str(path)}).people) == 2


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["admin", "Chair", "chair ", "viewer,chair", "\nchair"])
def test_an_unknown_role_reads_only_and_is_logged_once(complaints, role):
    known = role.strip() == "chair"
    claims = {"role": role, "office": "M", "team": "executive"}
    first = grant(CLAIMS, claims)
    assert first == grant(CLAIMS, claims)
    if known:
        assert first.role == "chair"
        assert complaints.records == []
    else:
        assert first == Grant("M")
        (record,) = complaints.records
        assert repr(role.strip()) in record.getMessage()
        assert "\n" not in record.getMessage()


@pytest.mark.parametrize("role", [7, True, {"chair": 1}, None, [["chair"]], ""])
def test_a_role_that_is_no_text_is_none(role):
    assert grant(CLAIMS, {"role": role, "office": "M", "team": "executive"}) == Grant("M")


@pytest.mark.parametrize("office", [None, "", "  ", 7])
def test_without_an_office_nobody_could_sign_so_they_read_only(complaints, office):
    assert grant(CLAIMS, {"role": "chair", "office": office, "team": "executive"}) == Grant()
    assert "no office" in complaints.text


@pytest.mark.parametrize("team", [None, "", 7, [], ["prevention", "executive"]])
def test_a_chair_whose_team_is_not_said_is_not_the_chair_of_all(complaints, team):
    assert grant(CLAIMS, {"role": "chair", "office": "M", "team": team}) == Grant("M")
    assert "not one team" in complaints.text


@pytest.mark.parametrize("strategies", [None, "all", "*", ["1"], "1.2.1", [7], ""])
def test_an_editor_whose_strategies_are_not_numbers_edits_none(strategies):
    granted = grant(CLAIMS, {"role": "editor", "office": "C", "strategies": strategies})
    assert granted == Grant("C", "editor", ())


def test_every_fault_of_the_file_is_named_at_once(read):
    with pytest.raises(ConfigError) as caught:
        read(
            """
            [roles]
            role_clam = "role"
            [[roles.people]]
            email = "nobody"
            office = " "
            role = "admin"
            [[roles.people]]
            email = "A@b.example"
            role = "editor"
            office = "Court"
            [[roles.people]]
            email = "a@B.example"
            role = "viewer"
            office = "Court"
            strategies = ["1.2"]
            team = "executive"
            [[roles.people]]
            email = "c@b.example"
            role = "editor"
            office = "Court"
            strategies = ["1.2.1"]
            """
        )
    text = "\n".join(map(str, caught.value.faults))
    for said in (
        "roles.role_clam: no such setting; did you mean role_claim?",
        "roles.people[1].email: 'nobody'",
        "roles.people[1].office: ' '",
        "roles.people[1].role: 'admin'",
        "roles.people[2].strategies: missing",
        "roles.people[3].email: 'a@B.example' is listed twice",
        "roles.people[3].strategies: only an editor",
        "roles.people[3].team: only a chair",
        "roles.people[4].strategies[1]: '1.2.1'",
    ):
        assert said in text, said
    assert len(caught.value.faults) == 9


@pytest.mark.parametrize("text", ["roles = 1", "[[roles]]", "[roles]\npeople = 7", "[roles]\npeople = [7]"])  # fmt: skip
def test_roles_of_another_shape_are_refused(read, text):
    with pytest.raises(ConfigError, match="roles"):
        read(text)


def test_a_file_that_is_named_and_absent_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"\. Create it, or unset CSA_DEPLOYMENT\."):
        load_roles({"CSA_DEPLOYMENT": str(tmp_path / "absent.toml")})


# ---- True in general ------------------------------------------------------------------------

ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(ROLES),
    st.lists(st.one_of(st.text(max_size=8), st.sampled_from(ROLES), st.integers()), max_size=3),
)  # fmt: skip


@general
@given(claims=st.fixed_dictionaries({}, optional=dict.fromkeys(("role", "office", "strategies", "team", "email", "email_verified"), ANY)))  # fmt: skip
def test_whatever_a_provider_says_more_than_reading_needs_a_known_role_and_an_office(claims):
    granted = grant(CLAIMS, claims)
    if granted.role != "viewer":
        said = claims["role"]
        held = said if isinstance(said, list) else [said]
        assert granted.role in [one.strip() for one in held if isinstance(one, str)]
        assert granted.office
    assert (granted.role == "chair") == bool(granted.team)
    assert granted.role == "editor" or not granted.strategies
    assert grant(Roles(), claims) == Grant()


def test_the_deployment_page_names_every_key_of_roles(root):
    page = (root / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    names = {key.rsplit(".", 1)[-1].removesuffix("[]") for key in setting_descriptions(Granting)}
    assert {"role_claim", "email", "team"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
    assert all(setting_descriptions(Granting).values())
