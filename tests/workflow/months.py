"""A town whose months are made in a test: the sample city as far as its shootings were known."""

import csv
import hashlib
import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
from tests.stores import act
from tests.workers import made_once

from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.loading import load_city
from csa.program.store.engine import open_store
from csa.workflow.month import MonthMade, MonthRequest, make_month, read_new
from csa.workflow.month_place import MonthPlace, publish_month, read_month_file

ROOT = Path(__file__).parents[2]
SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"
LEFT_OUT = ("shootings.csv", "risk_terrain.geojson")
"""Of the sample's files: what a test writes, and what takes longest to read and changes no month."""
JULY, JUNE, MAY, APRIL = "2020-07-31", "2020-06-30", "2020-05-31", "2020-04-30"


@cache
def _rows():
    """Read the sample's list with each row's day, once."""
    table = pd.read_csv(SHOOTINGS, dtype=str, keep_default_na=False)
    days = pd.to_datetime(table["date"], errors="coerce")
    return list(zip(days, table.to_dict("records"), strict=True))


def rows_until(day):
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    return [dict(row) for when, row in _rows() if when < end]


def save(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


class Town:
    """The sample city in a folder of the test's own, its shootings as far as they were known."""

    def __init__(self, folder, paths=None):
        self.folder, self.paths = folder, paths
        data = folder / "data" / "sample"
        shutil.copytree(ROOT / "data" / "sample", data, ignore=lambda *_: LEFT_OUT)
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
            AreaSettings(),
            files,
        )

    def new(self, day, change=lambda rows: rows):
        return save(self.folder / "new" / "shootings.csv", change(rows_until(day)))

    def make(self, *files):
        request = self.request(*files)
        return make_month(request, read_new(request))

    def begin(self, day):
        """Have a first month that ends on a day, which all workers' towns take from one folder."""

        def make(folder):
            town = Town(folder)
            town.make(town.new(day))
            shutil.rmtree(folder / "new")

        begun = made_once(self.paths, f"town-{day}", make)
        shutil.copytree(begun, self.folder, symlinks=True, dirs_exist_ok=True)
        month = Month.parse(day[:7])
        account = read_month_file(self.place.month(month))
        return MonthMade(month, self.place.month(month), account, is_new=True)

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
