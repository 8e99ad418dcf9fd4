"""docs/DEPLOY.md is right: its restore runs as it stands there, and PostgreSQL beside the app is closed."""

import re
import shlex
import sqlite3
from contextlib import closing

import pytest

from csa.program.store.address import parse_address
from tests.dockerfile import read_yaml

SIGN = ("--by", "Prevention team", "--why", "Rehearsed.")


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "DEPLOY.md").read_text(encoding="utf-8")


def test_the_restore_of_the_page_runs_as_it_stands_there(page, run, tmp_path, root):
    """The store's file is damaged; the page's own lines bring back what the backup holds."""
    config = (root / "config" / "sample.toml").read_text(encoding="utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "plans").symlink_to(root / "config" / "plans")
    config = re.sub(r"(?m)^today = .*", "", config.replace('id = "sample"', 'id = "yourcity"'))
    (tmp_path / "config" / "yourcity.toml").write_text(config, encoding="utf-8")
    of = ("--city", "yourcity")
    run("plan", "set", "1.2.1", *of, *SIGN, "--percent", "10", cwd=tmp_path)
    (backup,) = re.findall(r"ExecStart=.*?csa (backup .*?)'", page)
    kept = str(tmp_path / "csa-2026-11-27.gz")
    run(*shlex.split(re.sub(r'"/srv/backups/[^"]*"', kept, backup)), cwd=tmp_path)
    run("plan", "set", "1.2.1", *of, *SIGN, "--percent", "20", cwd=tmp_path)
    store = tmp_path / "var" / "yourcity.sqlite3"
    with closing(sqlite3.connect(store)) as raw:  # what another connection left in its log
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(store.read_bytes())
    content[8192:16384] = bytes(8192)
    store.write_bytes(content)
    said = run("plan", "list", *of, cwd=tmp_path, check=False)
    assert (said.returncode, "csa restore" in said.stderr) == (2, True)

    lines = re.search(r"    csa restore /srv.*?(?=\n\n)", page, re.DOTALL)[0].splitlines()
    restored, checked = (shlex.split(line) for line in lines)
    assert restored[2].rpartition("/")[2] == "csa-2026-11-27.gz"
    run(*(kept if "/srv/" in word else word for word in restored[1:]), cwd=tmp_path)
    assert "2 entries; the log is intact" in run(*checked[1:], cwd=tmp_path).stdout
    assert (tmp_path / "var" / "yourcity.sqlite3.set-aside-1").read_bytes() == content
    assert not re.search(r"\b(mv|rm)\b[^\n]*sqlite3", page)  # a server may have it open


def test_postgresql_beside_the_app_is_reached_by_it_alone(root, page):
    found = read_yaml((root / "compose.postgres.yaml").read_text(encoding="utf-8"))
    app, database = found["services"]["csa"], found["services"]["db"]
    url = parse_address(re.sub(r"\$\{[^}]*\}", "word", app["environment"]["CSA_STORE"]))
    assert (url.drivername, url.host, url.database) == ("postgresql+psycopg", "db", "csa")
    assert url.username == database["environment"]["POSTGRES_USER"]
    assert url.database == database["environment"]["POSTGRES_DB"]
    assert "ports" not in database
    assert database["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "healthcheck"} <= set(database)
    assert app["depends_on"]["db"]["condition"] == "service_healthy"
    assert "-f compose.yaml -f compose.postgres.yaml up" in page
    (volume,) = (mount.split(":")[0] for mount in database["volumes"])
    assert volume in found["volumes"]
