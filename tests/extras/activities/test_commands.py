"""`csa activity`: a file in, once; a month again; who sees what; phones; totals at each ingest."""

import json
import shutil
import sqlite3
from datetime import UTC, date, datetime

import pytest
from tests.stores import act

from csa.city.loading import find_city_file, load_city
from csa.extras.activities.recording import give_phone
from csa.ingest.designation import Candidate
from csa.program import areas
from csa.program.store.engine import close_all, make_store

TEAM = ("--by", "Street Peace Team", "--why", "August")
CITY = ("--city", "sample")
AUGUST = "day,type,area,contacts\n" + "".join(
    f"2020-08-{n:02d},outreach,A,2\n" for n in range(1, 7)
)


@pytest.fixture
def town(town, root):
    """A folder with the made-up city's file, and a store with area A since January 2020."""
    shutil.copytree(root / "config", town.folder / "config")
    store = make_store(str(town.folder / "var" / "sample.sqlite3"), "sample")
    about = {"data_fingerprint": "f", "area": {"incidents": "133"}}
    cells = tuple(f"8a26ad9{n:02x}0b7fff" for n in range(1, 4))
    at = datetime(2020, 8, 1, 12, tzinfo=UTC)
    chair = act(on=date(2020, 1, 2), at=at)
    areas.designate(store, chair, Candidate("A", "Hadderley", cells, about), "candidate")
    give_phone(store, act(office="Street Peace Team", on=date(2020, 8, 1), at=at), settings(root))
    close_all()
    return town


def settings(root):
    return load_city(find_city_file(str(root / "config" / "sample.toml"))).activities


def test_a_file_is_imported_once_and_a_month_again_is_asked_about(town, run):
    file = town.folder / "august.csv"
    file.write_text(AUGUST)
    done = run("activity", "import", file, *CITY, *TEAM).stdout
    assert "added: 6. Already on record: 0." in done
    assert "added: 0. Already on record: 6" in run("activity", "import", file, *CITY, *TEAM).stdout
    file.write_text(AUGUST + "2020-08-09,mediation,A,\n")
    assert (
        "added: 1. Already on record: 6"
        in run("activity", "import", file, *CITY, *TEAM, "--again", "add").stdout
    )
    file.write_text("day,type,area\n2020-08-20,event,A\n")
    refused = run("activity", "import", file, *CITY, *TEAM, check=False)
    assert refused.returncode == 2
    assert "2020-08" in refused.stderr
    assert "--again" in refused.stderr
    done = run("activity", "import", file, *CITY, *TEAM, "--again", "replace")
    assert "added: 1." in done.stdout
    listed = run("activity", "list", *CITY, "--by", "Street Peace Team", "--json").stdout
    assert [(row["own"], row["kinds"]) for row in json.loads(listed)] == [(1, {"event": 1})]


def test_each_office_sees_what_is_its_own_to_see(town, run):
    file = town.folder / "august.csv"
    file.write_text(AUGUST)
    run("activity", "import", file, *CITY, *TEAM)
    run("activity", "add", "mediation", "A", *CITY, "--by", "Mediation Desk", "--why", "a call")
    seen = {}
    for office in ("Street Peace Team", "Mediation Desk", "Health Department"):
        (row,) = json.loads(run("activity", "list", *CITY, "--by", office, "--json").stdout)
        seen[office] = row["own"], row["others"]
    assert seen == {
        "Street Peace Team": (6, None),
        "Mediation Desk": (1, 6),
        "Health Department": (0, 7),
    }
    assert "fewer than 5" in run("activity", "list", *CITY, "--by", "Street Peace Team").stdout
    for office in ("Police Department", "Prosecutor's Office"):
        refused = run("activity", "list", *CITY, "--by", office, check=False)
        assert refused.returncode == 2
        assert "workers would be in danger" in refused.stderr
        refused = run(
            "activity", "add", "event", "A", *CITY, "--by", office, "--why", "x", check=False
        )
        assert refused.returncode == 2


def test_a_lost_phone_is_revoked(town, run):
    by = ("--by", "Street Peace Team")
    phone = run("activity", "phones", *CITY, *by).stdout.splitlines()[1].split()[0]
    assert len(phone) == 8
    other = run(
        "activity", "revoke", phone, *CITY, "--by", "Mediation Desk", "--why", "x", check=False
    )
    assert other.returncode == 2
    assert f"Phone {phone} is revoked" in run("activity", "revoke", phone, *CITY, *TEAM).stdout
    assert "2020-08-31" in run("activity", "phones", *CITY, *by).stdout


@pytest.mark.long
def test_rows_are_totals_after_ninety_days_at_the_command_and_at_each_ingest(town, run, root):
    file = town.folder / "old.csv"
    file.write_text("day,type,area\n2020-06-05,event,A\n2020-06-03,event,A\n")
    run("activity", "import", file, *CITY, *TEAM)
    assert n_rows(town) == 2
    sample = town.folder / "config" / "sample.toml"
    sample.write_text(sample.read_text().replace("today = 2020-08-31", "today = 2020-09-02"))
    assert "1 entries" in run("activity", "total", *CITY).stdout
    sample.write_text(sample.read_text().replace("today = 2020-09-02", "today = 2020-09-04"))
    where = root / "data" / "sample"
    run(
        "ingest",
        *CITY,
        "--out",
        "ds",
        where / "shootings.csv",
        "--places",
        where / "neighborhoods.geojson",
        "--population",
        where / "population.csv",
    )
    assert n_rows(town) == 0


def n_rows(town):
    close_all()
    with sqlite3.connect(town.folder / "var" / "sample.sqlite3") as raw:
        (n,) = raw.execute("SELECT count(*) FROM activity").fetchone()
    raw.close()
    return n
