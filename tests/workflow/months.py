"""A town whose months are made in a test: the sample city as far as its shootings were known."""

import csv
import hashlib
import shutil
from datetime import date
from pathlib import Path

import pandas as pd

from csa.areas.choices import Choices
from csa.config.loading import load_city
from csa.decisions.store import open_store
from csa.workflow.month import MonthRequest, make_month, read_new
from csa.workflow.month_place import MonthPlace, publish_month
from tests.stores import act

ROOT = Path(__file__).parents[2]
SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"
JULY, JUNE, MAY, APRIL = "2020-07-31", "2020-06-30", "2020-05-31", "2020-04-30"


def rows_until(day):
    with SHOOTINGS.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    date = next(name for name in rows[0] if "date" in name.casefold())
    return [row for row in rows if pd.to_datetime(row[date], errors="coerce") < pd.Timestamp(day)
            + pd.Timedelta(days=1)]  # fmt: skip


def save(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


class Town:
    """The sample city in a folder of the test's own, its shootings as far as they were known."""

    def __init__(self, folder):
        self.folder = folder
        data = folder / "data" / "sample"
        shutil.copytree(ROOT / "data" / "sample", data, ignore=lambda *_: ["shootings.csv"])
        home = folder / "var" / "sample"
        self.place = MonthPlace(home, home / "dataset", data, home / "basemap", home / "bundle")
        self.address = str(folder / "store.sqlite3")
        self.config = load_city(ROOT / "config" / "sample.toml")
        self.tells_public = False

    def request(self, *files):
        return MonthRequest(
            self.config,
            None,
            self.place,
            open_store(self.address, city="sample"),
            lambda: open_store(self.address, make=True, city="sample"),
            Choices(),
            files,
        )

    def new(self, day, change=lambda rows: rows):
        return save(self.folder / "new" / "shootings.csv", change(rows_until(day)))

    def make(self, *files):
        request = self.request(*files)
        return make_month(request, read_new(request))

    def publish(self, month, **who):
        store = open_store(self.address, city="sample")
        return publish_month(
            self.place, month, act("chair", on=date(2020, 8, 31), **who), lambda: store
        )

    def tree(self, *but):
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not any(part in name for part in ("store", "new/", *but)):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def months_of(source, until, target, date="date"):
    """Write the rows of a list as far as they were known on a day."""
    with source.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        rows = [row for row in reader if row[date][:10] <= until]
        names = reader.fieldnames
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
    return target
