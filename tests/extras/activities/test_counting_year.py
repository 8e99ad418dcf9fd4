"""A year of three teams, by commands and the phone page's endpoint, on a network that fails at random."""

import csv
import json
import random
import re
import uuid
from collections import Counter
from datetime import date

import pytest
from starlette.applications import Starlette
from tests.phones import call, lock

from csa.base.params import Month
from csa.city.loading import load_city
from csa.extras.activities.recording import read_totals
from csa.program.store.audit import verify
from csa.program.store.engine import open_store
from csa_app.extras.activities.counting import count_routes
from csa_app.shared import cache

PEACE, DESK, CREW = "Street Peace Team", "Mediation Desk", "Green Blocks Crew"
MONTHS = tuple(Month(2019, 9).plus(at) for at in range(12))
BLOCKS, SITE = "Foundry grant blocks", "East side site"
CORNERS = {BLOCKS: (-101.410, 41.790), SITE: (-101.366, 41.785)}
SQUARE = ((0, 0), (0.01, 0), (0.01, 0.008), (0, 0.008), (0, 0))
LOST_BEFORE, TWICE_BEFORE, LOST_AFTER = 0.25, 0.4, 0.8
"""Of the chances of a request: it is lost; it arrives twice; its answer is lost."""


class Phone:
    """A phone as the page is: it locks entries, and sends again what has no answer."""

    def __init__(self, app, seed):
        self.app, self.network = app, random.Random(seed)  # noqa: S311 - not to keep a secret
        self.waiting, self.n_lost, self.facts = {}, 0, None
        while self.facts is None:
            self.facts = self._ask("GET", "/count/state?phone=")
        while not self.facts["phone"]:
            self.facts |= self._ask("POST", "/count/phone", {"office": PEACE}) or {}

    def _ask(self, way, path, given=None):
        chance = self.network.random()
        answer = None if chance < LOST_BEFORE else call(self.app, way, path, given)
        if LOST_BEFORE <= chance < TWICE_BEFORE:
            answer = call(self.app, way, path, given)
        if chance > LOST_AFTER:
            answer = None  # the server has it, and the phone does not know
        self.n_lost += answer is None
        return answer

    def note(self, entry):
        key = uuid.UUID(int=self.network.getrandbits(128)).hex
        self.waiting[key] = lock(self.facts["key"], key, entry)

    def send(self):
        listed = [{"id": key, "box": box} for key, box in [*self.waiting.items()][:50]]
        given = {"phone": self.facts["phone"], "entries": listed}
        answer = self._ask("POST", "/count/entries", given) if listed else None
        for key, refusal in (answer or {"entries": {}})["entries"].items():
            assert refusal == ""
            del self.waiting[key]


class Year:
    """The city's clock, its commands, and what the teams really did."""

    def __init__(self, root, run, folder, dataset):
        self.run, self.folder, self.dataset = run, folder, dataset
        self.city, self.store = folder / "sample.toml", folder / "store.sqlite3"
        self.text = re.sub(r"(?m)^plan = .*$", "", (root / "config/sample.toml").read_text("utf-8"))
        self.chance, self.truth, self.exported = random.Random(58), Counter(), []  # noqa: S311

    def set_clock(self, day):
        text = re.sub(r"(?m)^today = .*$", f"today = {day}", self.text, count=1)
        self.city.write_text(text, "utf-8")

    def command(self, *words, by=None):
        signed = () if by is None else ("--by", by, "--why", f"As counted by the {by}.")
        return self.run(*words, *signed, "--city", self.city, "--store", self.store).stdout

    def draw_zones(self):
        for name, (lon, lat) in CORNERS.items():
            drawn = self.folder / "zone.geojson"
            ring = [[lon + east, lat + north] for east, north in SQUARE]
            drawn.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
            words = (name, drawn, "--from", "2019-09-01", "--dataset", self.dataset)
            self.command("zone", "add", *words, by="Prevention Team")

    def walk(self, phones, day):
        self.set_clock(day)
        for phone in phones:
            for _ in range(self.chance.choice((0, 0, 0, 1, 2))):
                place = self.chance.choice((BLOCKS, SITE))
                entry = {"office": PEACE, "place": place, "kind": "outreach", "contacts": 4}
                phone.note(entry | {"on": day.isoformat()})
                self.truth[PEACE, place, "outreach", f"{day:%Y-%m}"] += 1
            phone.send()

    def days(self, month, n):
        return [date(month.year, month.number, self.chance.randint(1, 28)) for _ in range(n)]

    def mediate(self, month):
        """Export this month with the month before; import it once or twice."""
        for on in self.days(month, 9):
            key = uuid.UUID(int=self.chance.getrandbits(128))
            row = {"_uuid": key, "day": on, "kind": "mediation", "zone": BLOCKS}
            self.exported.append(row)
            self.truth[DESK, BLOCKS, "mediation", str(month)] += 1
        path = self.folder / "export.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.exported[0])
            writer.writeheader()
            writer.writerows(self.exported[-18:])
        for _ in range(self.chance.choice((1, 2))):
            self.command("activity", "import", path, by=DESK)

    def clean(self, month):
        for on in self.days(month, 2):
            self.command("activity", "add", "clean-up", SITE, "--on", on, by=CREW)
            self.truth[CREW, SITE, "clean-up", str(month)] += 1


@pytest.mark.long
def test_a_year_is_counted_once_whatever_the_network_does(
    root, run, sample_folder, tmp_path, monkeypatch
):
    year = Year(root, run, tmp_path, sample_folder)
    year.set_clock("2019-08-20")
    year.draw_zones()
    monkeypatch.setenv("CSA_STORE", str(year.store))
    monkeypatch.setattr(cache, "city_config", lambda: load_city(year.city))
    app = Starlette(routes=count_routes())
    phones = [Phone(app, seed) for seed in (1, 2)]
    for month in MONTHS:
        for day in range(1, 29):
            year.walk(phones, date(month.year, month.number, day))
        year.mediate(month)
        year.clean(month)
        year.command("activity", "total")
    for phone in phones:
        while phone.waiting:
            phone.send()
    assert min(phone.n_lost for phone in phones) > 50  # the network did fail
    opened, counted = open_store(str(year.store), city="sample"), Counter()
    for total in read_totals(opened):
        counted[total.office, total.place, total.kind, total.month] += total.n
    with opened.reading() as session:
        assert verify(session).is_intact
    opened.engine.dispose()
    assert counted == year.truth

    year.set_clock("2020-08-31")
    report = tmp_path / "grant.html"
    grant = ("cvi-2020", "--dataset", sample_folder, "--by", "Mayor's Office", "--out", report)
    year.command("grant", "report", *grant)
    paid = {str(Month(2020, 1).plus(at)) for at in range(6)}
    n = sum(n for (office, *_, month), n in counted.items() if office != CREW and month in paid)
    assert all(word in report.read_text("utf-8") for word in (f"{n:,} activities", BLOCKS, PEACE))
