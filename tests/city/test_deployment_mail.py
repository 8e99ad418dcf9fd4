"""[mail] of the deployment file: who receives what, by which server, and what is refused."""

import tomllib
from pathlib import Path

import pytest

from csa.base.errors import ConfigError, ParamError
from csa.city.deployment import EDITION_NAMES, Mail, Mailing, load_mail, password_of
from csa.city.loading import setting_descriptions
from csa.reports.making import EDITIONS

CASES = tomllib.loads(Path(__file__).with_name("deployment_mail_faults.toml").read_text("utf-8"))[
    "cases"
]

FILE = """
[mail]
host = "mail.city.example"
username = "areas"
office = "Prevention team"
from_address = "areas@city.example"
[mail.recipients]
executive = [{ office = "Mayor", email = "mayor@city.example" }]
prevention-walks = [
    { office = "Parks", email = "walks@parks.example" },
    { office = "Health", email = "o'neil+walks@health.city.example" },
]
"""


@pytest.fixture
def read(tmp_path):
    def call(text):
        path = tmp_path / "csa.toml"
        path.write_text(text, encoding="utf-8")
        return load_mail({}, path)

    return call


# ---- By hand --------------------------------------------------------------------------------


def test_the_deployment_file_names_a_server_and_recipients_by_edition(read):
    mail = read(FILE)
    assert (mail.host, mail.port, mail.security) == ("mail.city.example", 587, "starttls")
    found = {name: [one.office for one in who] for name, who in mail.recipients.items()}
    assert found == {"executive": ["Mayor"], "prevention-walks": ["Parks", "Health"]}


def test_editions_are_those_that_are_made():
    assert set(EDITION_NAMES) == set(EDITIONS)


# ---- At the edge ----------------------------------------------------------------------------


def test_no_table_is_no_mail_and_a_table_without_a_host_sends_none(read):
    assert read("months = 12") is None
    listed = read(FILE.replace('host = "mail.city.example"', ""))
    assert not listed.is_sending
    assert len(listed.recipients) == 2


def test_the_password_comes_from_the_environment_and_prints_as_stars(read):
    secret = password_of(read(FILE), {"CSA_MAIL_PASSWORD": "horse"})
    assert secret.get_secret_value() == "horse"
    assert "horse" not in f"{secret} {secret!r}"
    assert password_of(Mail(), {"CSA_MAIL_PASSWORD": "horse"}).get_secret_value() == ""
    with pytest.raises(ParamError, match="CSA_MAIL_PASSWORD is not set"):
        password_of(read(FILE), {})
    with pytest.raises(ParamError, match="plain letters") as caught:
        password_of(read(FILE), {"CSA_MAIL_PASSWORD": "h\u00f6rse"})
    assert "rse" not in str(caught.value).replace("nurse", "")


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "key", "sentence"), CASES)
def test_a_fault_is_named_by_its_key(read, old, new, key, sentence):
    assert old in FILE
    with pytest.raises(ConfigError) as caught:
        read(FILE.replace(old, new, 1))
    told = [str(fault) for fault in caught.value.faults]
    assert any(key in fault and sentence in fault for fault in told), told
    assert "horse" not in str(caught.value)


def test_the_deployment_page_names_every_key(root):
    page = (root / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    names = {key.rsplit(".", 1)[-1].removesuffix("[]") for key in setting_descriptions(Mailing)}
    assert {"from_address", "email", "recipients"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
    assert [name for name in EDITION_NAMES if f"`{name}`" not in page] == []
