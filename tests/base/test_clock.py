"""The clock: a city may pin its day, nobody else asks the machine, and a wrong one is refused."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.stores import BACK_DAYS

from csa.base.clock import Clock, now_utc
from csa.base.errors import ParamError
from csa.program.roles import act, local_person
from csa.program.store import audit
from csa.program.store.engine import open_store
from csa.program.work import add_minute

ROOT = Path(__file__).parents[2]
ASKS = re.compile(r"date\.today\(|datetime\.(now|utcnow|today)\(|time\.time\(\)")


def test_a_pinned_clock_stands_at_its_day_and_its_hours_go_on():
    clock = Clock("America/Chicago", date(2020, 8, 31))
    assert clock.today() == date(2020, 8, 31)
    first, second = clock.now(), clock.now()
    assert first <= second
    assert first.tzinfo is not None
    assert abs((first.astimezone(UTC) - datetime(2020, 8, 31, tzinfo=UTC)).days) <= 1


def test_a_clock_that_is_not_pinned_is_the_machines():
    assert abs(Clock("UTC").now() - now_utc()) < timedelta(minutes=1)


def test_no_other_module_asks_the_machine_for_the_day():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "app").rglob("*.py")]
    asking = [path.name for path in files if ASKS.search(path.read_text(encoding="utf-8"))]
    assert asking == ["clock.py"]


def test_an_entry_far_after_the_last_or_before_it_is_refused_until_somebody_has_looked(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(audit, "BACK_DAYS", BACK_DAYS)
    store = open_store(str(tmp_path / "s.sqlite3"), make=True, city="sample")

    def write(when):
        add_minute(store, act(local_person("Chair"), "why", when, "UTC"), "A note.")

    start = datetime(2020, 8, 31, 12, tzinfo=UTC)
    write(start)
    write(start + timedelta(days=400))
    with pytest.raises(ParamError, match="clock says 2150-01-01"):
        write(datetime(2150, 1, 1, tzinfo=UTC))
    write(start + timedelta(days=401))
    monkeypatch.setenv("CSA_CLOCK_IS_RIGHT", "2023-01-01")
    write(datetime(2023, 1, 1, 5, tzinfo=UTC))
    with pytest.raises(ParamError, match="clock says"):
        write(datetime(2150, 1, 1, tzinfo=UTC))
    write(datetime(2022, 12, 31, 6, tzinfo=UTC))  # the hours of a pinned day
    with pytest.raises(ParamError, match="2022-12-30, before the last entry in the"):
        write(datetime(2022, 12, 30, 5, tzinfo=UTC))
    monkeypatch.setenv("CSA_CLOCK_IS_RIGHT", "2022-12-30")
    write(datetime(2022, 12, 30, 5, tzinfo=UTC))
    monkeypatch.delenv("CSA_CLOCK_IS_RIGHT")
    write(datetime(2022, 12, 29, 5, tzinfo=UTC))  # a day before the last, to the second
