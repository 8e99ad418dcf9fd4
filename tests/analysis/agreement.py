"""A program played month by month, and what each surface then says of each area.

A surface is whatever a reader looks at: a page, an edition, the public page, the wall, a command's
JSON. `Play` makes the months by the commands, `ask` reads what every surface says, as it is
rendered, and the functions below compare: `contradictions`, `impossible`, `falls`, `bare`, `lacking`.
Sentences are read by their keys in the catalog, so that other words change nothing here.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import string
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.conftest import open_page

from csa.base.io import csv_bytes
from csa.base.message import load_catalog
from csa.base.params import Month
from csa.base.text import day as in_words, month as month_words, tr
from csa.change.sentences import name_verdict
from csa.change.verdict import LEAST_MONTHS
from csa.city.dataset import open_dataset
from csa.city.preregistration import Verdict
from csa.cli import main
from csa_app.shared import settings

ROOT = Path(__file__).parents[2]
ALL, CITY = "all", "city"
EVALUATE = "csa evaluate"

# ---- The play -------------------------------------------------------------------------------


NOT_YET = ("displacement.after", "displacement.short", "displacement.before")
"""What a command says where no area has a month to be judged: an answer, not a failure."""
LISTS = ("shootings.csv", "opendataphilly_shootings_raw_2015_2023.csv", "philly_shooting_victims_2015_2025.csv")  # fmt: skip
TODAY = re.compile(r"(?m)^today = ([0-9-]+)\n")
SIGNED = ("--by", "the Committee", "--why", "as the play has it")


def left_out(account: Mapping[str, Any]) -> dict[str, str]:
    """Return the key of why, by each product that a month's account says is left out."""
    return {name: one["key"] for one in account.get("left_out", ()) for name in one["products"]}


def _last_day(month: Month) -> date:
    after = month.plus(1)
    return date(after.year, after.number, 1) - timedelta(days=1)


def is_not_yet(said: str) -> bool:
    """Return whether a command says that nothing can be followed yet."""
    return any(
        first(key, said, **dict.fromkeys(("since", "last", "first"), r"\S+")) for key in NOT_YET
    )


@dataclass
class Play:
    """A city in a folder of its own, its list of shootings as far as it was known."""

    folder: Path
    city: str
    source: Path  # the whole list of shootings
    date_column: str
    name: str = ""  # of the file, as the city's file expects it; the list's own where empty
    refused: list[str] = field(default_factory=list)  # commands that failed, and what they said

    @property
    def home(self) -> Path:
        return self.folder / "var" / self.city

    @property
    def store(self) -> Path:
        return self.folder / "var" / f"{self.city}.sqlite3"

    @property
    def config(self) -> Path:
        return self.folder / "config" / f"{self.city}.toml"

    def prepare(self, data: Path) -> None:
        """Put the city's file and its layers in place, without the shootings."""
        shutil.copytree(ROOT / "config", self.folder / "config")
        own = self.folder / "data" / self.city
        shutil.copytree(data, own, ignore=lambda *_: [*LISTS, "truth.json"])

    def edit(self, old: str, new: str) -> None:
        """Change the city's file."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new, 1))

    @property
    def today(self) -> date:
        return date.fromisoformat(TODAY.search(self.config.read_text())[1])

    def set_today(self, day: date) -> None:
        """Set the city's clock, so that acts and months have their days."""
        text = TODAY.sub("", self.config.read_text())
        text = text.replace("[city]\n", f"[city]\ntoday = {day}\n", 1)
        self.config.write_text(text)

    def run(self, *words: object) -> str:
        """Run a command in the city's folder; a failure is noted, with what it said."""
        typed = ["csa", *map(str, words), "--city", self.city]
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", typed)
            patch.chdir(self.folder)
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    main.main()
                except SystemExit as stop:
                    if stop.code and not is_not_yet(err.getvalue()):
                        self.refused.append(f"{' '.join(typed)}: {err.getvalue().strip()}")
        return out.getvalue()

    def decide(self, what: str, *words: object, on: str) -> str:
        """Let the Committee decide for an area, with a day and a reason."""
        self.set_today(max(self.today, date.fromisoformat(on)))
        return self.run("area", what, *words, "--on", on, *SIGNED)

    def known(self, until: date) -> Path:
        """Write the list as it was known on a day."""
        with self.source.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            rows = [row for row in reader if row[self.date_column][:10] <= str(until)]
        path = self.folder / (self.name or self.source.name)
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, reader.fieldnames or ())
            writer.writeheader()
            writer.writerows(rows)
        return path

    def begin(self, until: Month, *choosing: object) -> None:
        """Read the first list, and propose what may be designated."""
        self.set_today(_last_day(until) + timedelta(days=10))
        first_list = self.known(_last_day(until))
        shutil.copy(first_list, self.folder / "data" / self.city)
        dataset = self.home / "dataset"
        self.run("ingest", "--out", dataset)
        self.run("propose", "--dataset", dataset, "--out", self.folder / "then", *choosing)

    def busiest(self, n: int) -> list[str]:
        """Return the candidates with most shootings, of which more than "too few" can be said."""
        with (self.folder / "then" / "areas.csv").open(newline="", encoding="utf-8") as stream:
            rows = sorted(csv.DictReader(stream), key=lambda row: -int(row["incidents"]))
        return [row["area_id"] for row in rows[:n]]

    def designate(self, candidates: Sequence[str], on: str) -> None:
        for candidate in candidates:
            self.decide("designate", candidate, "--areas", self.folder / "then", on=on)

    def measure(self, until: Month) -> None:
        """Enter the whole city's shootings of each quarter that is over, as the data have them."""
        incidents = open_dataset(self.home / "dataset").incidents
        quarters = incidents.groupby(incidents["occurred_at"].dt.to_period("Q")).size()
        rows = [
            ("gun-violence", f"{quarter.year}-Q{quarter.quarter}", n, "incidents")
            for quarter, n in quarters.items()
            if Month(quarter.year, 3 * quarter.quarter).index <= until.index
        ]
        path = self.folder / "measures.csv"
        path.write_bytes(csv_bytes(("measure", "quarter", "value", "basis"), rows))
        self.run("measure", "import", path, *SIGNED)

    def work(self, *rows: Sequence[str], is_public: str = "yes") -> None:
        """Enter public tasks (area, text, office, status) and questions (area, text)."""
        path = self.folder / "work.csv"
        head = ("item", "area", "text", "office", "status", "is_public", "on_date")
        lines = [
            ("task", *row, is_public, self.today)
            if len(row) == 4
            else ("question", row[0], row[1], "", "", is_public, self.today)
            for row in rows
        ]
        path.write_bytes(csv_bytes(head, lines))
        self.run("plan", "import-work", path, *SIGNED)

    def month(self, month: Month, *confirming: str) -> dict[str, str] | None:
        """Make a month from the list as it was known at its end, ten days after it.

        Return the key of why, by each product that was left out; None where none was made.
        """
        last = _last_day(month)
        self.set_today(last + timedelta(days=10))
        self.run("month", self.known(last), "--yes", "--no-fetch", "--json", *confirming)
        made = self.home / "months" / str(month) / "month.json"
        return left_out(_json(made)) if made.is_file() else None

    def preview(self, month: Month) -> dict[str, str]:
        """Return what the preview of a month says that will be left out, and why."""
        last = _last_day(month)
        self.set_today(last + timedelta(days=10))
        told = self.run("month", self.known(last), "--dry-run", "--no-fetch", "--json")
        return left_out(json.loads(told or "{}"))

    def bytes_of(self) -> dict[str, bytes]:
        """Read what an undo must give back: what is served, the months, the ledger of places."""
        paths = [
            *(self.home / "dataset" / "current").rglob("*"),
            *(self.home / "dataset" / "kept").glob("places-*.json"),
            *(self.home / "months").rglob("*"),
        ]
        return {
            str(path.relative_to(self.home)): path.read_bytes() for path in paths if path.is_file()
        }

    def page(self, name: str, **asked: str) -> AppTest:
        """Open a page of the app on this city."""
        given = {
            "CSA_CITY": self.config,
            "CSA_DATASET": self.home / "dataset",
            "CSA_STORE": self.store,
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(settings, "VAR", self.folder / "var")
            for variable, value in given.items():
                patch.setenv(variable, str(value))
            made = AppTest.from_file(str(ROOT / "app" / "csa_app" / "main.py"), default_timeout=600)
            open_page(made, f"screens/{name}/page.py")
            for key, value in asked.items():
                made.query_params[key] = value
            made.run()
        if made.exception:
            self.refused.append(f"page {name} {asked}: {made.exception[0].message}")
        return made


# ---- What a reader sees ---------------------------------------------------------------------

BLOCKS = frozenset(
    ("p", "li", "h1", "h2", "h3", "h4", "caption", "figcaption", "summary", "div", "dt", "dd", "tr")
)
APART = frozenset(("small", "br", "b", "i", "span", "u", "td", "th"))
"""What stands apart from the text before it, though it begins no block."""


class Rendered(HTMLParser):
    """The texts of a page, block by block, and its tables by rows of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.tables: list[list[list[str]]] = []
        self._open: list[str] = []
        self._cell: list[str] | None = None
        self._is_hidden = 0
        self.feed(text)
        self._end()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as the parser calls it
        if tag in {"script", "style"}:
            self._is_hidden += 1
        if tag in BLOCKS:
            self._end()
        if tag == "table":
            self.tables.append([])
        if tag == "tr" and self.tables:
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self._cell = []
        if tag in APART:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._is_hidden -= 1
        if tag in {"td", "th"} and self._cell is not None and self.tables and self.tables[-1]:
            self.tables[-1][-1].append(_tidy("".join(self._cell)))
            self._cell = None
        if tag in BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self._open.append(data)
            if self._cell is not None:
                self._cell.append(data)

    def _end(self) -> None:
        if text := _tidy("".join(self._open)):
            self.blocks.append(text)
        self._open = []


def _tidy(text: str) -> str:
    return re.sub(r"\s+([.,;:)])", r"\1", " ".join(html.unescape(text).split()))


def rendered_page(shown: AppTest) -> Rendered:
    """Read a page of the app: what stands in its body, element by element."""
    page = Rendered("")

    def read(element: Any) -> None:
        for child in getattr(element, "children", {}).values():
            read(child)
        proto = getattr(element, "proto", None)
        if getattr(element, "type", "") == "html":
            more = Rendered(proto.body)
            page.blocks += more.blocks
            page.tables += more.tables
            return
        for name in ("body", "label", "message"):
            text = getattr(proto, name, None)
            if isinstance(text, str) and text:
                page.blocks.append(_tidy(re.sub(r"\\(.)", r"\1", text).replace("*", "")))
                return

    read(shown.main)
    return page


# ---- Sentences, read by their keys ------------------------------------------------------------

NUMBER, MONTH_NAME = r"\d[\d,]*(?:\.\d+)?", r"[A-Z][a-z]+ \d{4}"
DAY, AREA = r"[A-Z][a-z]+ \d+, \d{4}", r"[^.;]+? \([A-Z]+\)"
VERDICTS = {name_verdict(verdict): str(verdict) for verdict in Verdict}
SHAPES = {
    "verdict": "|".join(re.escape(name) for name in sorted(VERDICTS, key=len, reverse=True)),
    **dict.fromkeys(("since", "until", "last", "month"), MONTH_NAME),
    **dict.fromkeys(("n", "now", "before", "months"), NUMBER),
    **dict.fromkeys(("what", "where"), r"[^.,;]+?"),
    "gap": r".*?",
    "who": r"(?:\([^)]*\)|[^.;])+?",
}
MONTHS = {
    month_words(str(Month(year, number)), is_short=is_short): Month(year, number)
    for year in range(2000, 2040)
    for number in range(1, 13)
    for is_short in (False, True)
}


def matches(key: str, text: str, /, **shapes: str) -> Iterator[re.Match[str]]:
    """Find a sentence of the catalog in a text, with its values by name."""
    template = load_catalog()[key]
    for form in [template] if isinstance(template, str) else template.values():
        pattern, seen = r"(?<!\d)", set()
        for literal, name, spec, _ in string.Formatter().parse(form):
            pattern += r"\s+".join(map(re.escape, re.split(r"\s+", literal)))
            if name is None:
                continue
            shape = shapes.get(name) or (NUMBER if spec else SHAPES.get(name, ".+?"))
            pattern += f"(?:{shape})" if name in seen else f"(?P<{name}>{shape})"
            seen.add(name)
        yield from re.finditer(pattern, text)


def first(key: str, text: str, /, **shapes: str) -> re.Match[str] | None:
    return next(matches(key, text, **shapes), None)


def number(text: str) -> int | float:
    plain = float(text.replace(",", ""))
    return int(plain) if plain.is_integer() else plain


FEWER_MORE = r"\d[\d,]* (?:fewer|more)"


def signed(text: str) -> int | float:
    """Read "12 fewer" as -12."""
    many, _, word = text.partition(" ")
    return number(many) * (-1 if word == "fewer" else 1)


def area_of(who: str) -> str | None:
    """Return the letter in a name such as "Hadderley (A)"; `ALL` for all together."""
    for key in ("displacement.ended_area", "change_page.ended"):
        if ended := first(key, who):
            who = next(iter(ended.groupdict().values()))
    named = re.search(r"\(([A-Z]{1,2})\)\W*$", who)
    if named:
        return named[1]
    return ALL if any(first(key, who, since=".+", ended=".+") for key in TOGETHER) else None


ENDED_AREAS = "no longer in service"
ENDED = ("displacement.all_areas_ended", "displacement.all_areas_since_ended")
"""How all areas are called where some are no longer in service."""
TOGETHER = ("displacement.all_areas", "displacement.all_areas_since", *ENDED)


def ended_areas(who: str) -> str:
    """List the letters that all areas together name as no longer in service."""
    said = next((one for key in ENDED if (one := first(key, who, since=".+", ended="[A-Z, and]+"))), None)  # fmt: skip
    return "" if said is None else " ".join(re.findall(r"\b[A-Z]{1,2}\b", said["ended"]))


# ---- Answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Answer:
    """What a surface says of an area, to one question."""

    month: str  # the month that was made last
    surface: str
    area: str  # a letter, `ALL` areas together, or the whole `CITY`
    question: str
    value: str | int | float  # a float is a machine's, not yet rounded for readers
    through: str  # the last month that is counted


@dataclass
class Surface:
    """A surface in a month, and what it has said so far."""

    month: Month
    name: str
    answers: list[Answer]

    def say(
        self, area: str | None, question: str, value: str | float, through: Month | None = None
    ) -> None:
        if area is not None:
            last = str(through or self.month)
            self.answers.append(Answer(str(self.month), self.name, area, question, value, last))

    def named(self, name: str) -> Surface:
        return Surface(self.month, name, self.answers)


SAID = (
    "displacement.said",
    "displacement.said_kept",
    "displacement.said_once",
    "displacement.said_too_few",
    "displacement.said_too_few_until",
    "displacement.said_too_early",
    "report.lead_changed",
)
WHERE = {"core": "since start", "ring": "nearby since start"}


def read_track(
    surface: Surface,
    area: str | None,
    zone: str,
    values: Mapping[str, Any],
    through: Month | None = None,
) -> None:
    """Note what was counted in a place or next door, expected, and could be chance."""
    for name, question in (
        ("counted", f"counted {WHERE[zone]}"),
        ("expected", f"expected {WHERE[zone]}"),
        ("low", f"no-change range {WHERE[zone]}, low"),
        ("high", f"no-change range {WHERE[zone]}, high"),
    ):
        value = values.get(name)
        if value is not None:
            surface.say(area, question, number(value) if isinstance(value, str) else value, through)


def read_year(
    surface: Surface, area: str | None, since: Month, counted: str | int, through: Month | None
) -> None:
    """Note a count since a start 12 months ago: it is the count of the last 12 months too."""
    if (through or surface.month).index - since.index + 1 == 12:
        surface.say(area, YEAR_SINCE, number(str(counted)), through)


YEAR = "shootings, last 12 months"
YEAR_SINCE = f"{YEAR}, each month on the ground it had"
"""Of an area that was never redrawn the same as `YEAR`."""
REDRAWN = "redrawn"


UNKNOWN = "not known"


def read_redrawn(surface: Surface, blocks: Iterable[str]) -> None:
    """Read since which day areas that were redrawn have their ground."""
    for block in blocks:
        if said := first("report.redrawn", block, areas=".+?"):
            for one in matches("report.redrawn_area", said["areas"], area=AREA, day=DAY):
                surface.say(area_of(one["area"]), REDRAWN, one["day"])


def read_net(
    surface: Surface,
    area: str | None,
    values: Mapping[str, Any],
    through: Month | None = None,
    what: str = "net",
) -> None:
    """Note what is left here and next door together."""
    told = {
        name: signed(value) if isinstance(value, str) else value for name, value in values.items()
    }
    for name, question in (("change", what), ("low", f"{what}, low"), ("high", f"{what}, high")):
        surface.say(area, question, told[name], through)


BESIDE = "net beside the verdict"


def net_in(text: str) -> re.Match[str] | None:
    """Find a net change in a text."""
    ends = dict.fromkeys(("change", "low", "high"), FEWER_MORE)
    return first("displacement.net", text, **ends)


def read_change(surface: Surface, blocks: Iterable[str], through: Month | None = None) -> None:
    """Read verdicts in sentences, with what stands behind each in its paragraph."""
    for block in blocks:
        found = {one.start(): (key, one) for key in SAID for one in matches(key, block)}
        starts = [*sorted(found), len(block)]
        for at, start in enumerate(starts[:-1]):
            key, said = found[start]
            values = said.groupdict()
            area, rest = area_of(values["who"]), block[said.end() : starts[at + 1]]
            unjudged = Verdict.TOO_EARLY if key.endswith("too_early") else Verdict.TOO_FEW
            verdict = VERDICTS.get(values.get("verdict", ""), str(unjudged))
            surface.say(area, "verdict", verdict, through)
            surface.say(area, "since", str(MONTHS[values["since"]]), through)
            if key != "displacement.said_once":
                told = values | {"counted": values.get("counted", values.get("n"))}
                read_track(surface, area, "core", told, through)
                read_year(surface, area, MONTHS[values["since"]], told["counted"], through)
            if next_door := first("displacement.next_door", rest):
                read_track(surface, area, "ring", next_door.groupdict(), through)
            elif few := first("displacement.next_door_few", rest):
                read_track(surface, area, "ring", {"counted": few["n"]}, through)
            if (net := net_in(rest)) and not any(matches("change_page.how_net", rest)):
                read_net(surface, area, net.groupdict(), through, BESIDE)
            if area == ALL and (together := re.search(r"\d+", values["who"])):
                surface.say(ALL, "areas in the verdict", int(together[0]), through)
                surface.say(ALL, ENDED_AREAS, ended_areas(values["who"]), through)
        for said in matches("change_page.how_net", block, said=".+?"):
            if net := net_in(block[said.start("said") :]):
                read_net(surface, area_of(said["who"]), net.groupdict(), MONTHS[said["month"]])


def read_displacement(surface: Surface, account: Mapping[str, Any]) -> None:
    """Read what `csa displace` found, each month since the start."""
    if "pooled" not in account:
        return
    last = Month.parse(account["through"])
    places = [(ALL, account["pooled"]), *((one["area_id"], one) for one in account["single"])]
    for area, place in places:
        since = Month.parse(place.get("since", account["since"]))
        surface.say(area, "since", str(since), last)
        for state in place["months"]:
            through = Month.parse(state["month"])
            surface.say(area, "verdict", state["verdict"], through)
            read_track(surface, area, "core", state["core"], through)
            read_year(surface, area, since, state["core"]["counted"], through)
            if (ring := state["ring"]) is not None:
                shown = ring if ring["is_told"] else {"counted": ring["counted"]}
                read_track(surface, area, "ring", shown, through)
            if state["net"] is not None:
                net = {name: state["net"][name] for name in ("change", "low", "high")}
                read_net(surface, area, net, through)
    surface.say(ALL, "areas in the verdict", account["areas"], last)
    sentences = surface.named(f"{surface.name}, its sentences")
    read_change(sentences, [place["sentence"] for _, place in places], last)


def read_city(surface: Surface, blocks: Sequence[str]) -> None:
    """Read how the whole city's count compares with the one before, in a sentence or a measure."""
    words = {tr(f"label.{word}_than_chance"): word for word in ("more", "fewer")}
    words[tr("briefing.usual")] = "usual"
    shape = "|".join(map(re.escape, words))
    courses = {"better": "fewer", "worse": "more", "no_change": "usual"}
    of_measure = {tr(f"meeting.{word}"): course for word, course in courses.items()}
    for at, block in enumerate(blocks):
        for key in ("briefing.this_year", "measures.city_year"):
            if said := first(key, block, verdict=shape, span=r"(?:in|from) [^.]+?"):
                through = MONTHS[re.findall(MONTH_NAME, said["span"])[-1]]
                surface.say(CITY, "counted lately", number(said["now"]), through)
                surface.say(CITY, "counted before that", number(said["before"]), through)
                surface.say(CITY, "change", words[said["verdict"]], through)
                surface.say(CITY, "no-change range, low", number(said["low"]), through)
                surface.say(CITY, "no-change range, high", number(said["high"]), through)
        for course in ("up", "down", "same"):
            if (said := first(f"briefing.card_year_{course}", block, verdict=shape)) is None:
                continue
            large = next(one for one in reversed(blocks[:at]) if re.match(rf"{NUMBER} ", one))
            low_high = (first("briefing.card_no_change", one) for one in blocks[at:])
            small = next(one for one in low_high if one)
            through = MONTHS[re.findall(MONTH_NAME, large)[-1]]
            now = number(large.split()[0])
            before = number(said.groupdict().get("before", str(now)))
            assert (now > before, now < before) == (course == "up", course == "down")
            surface.say(CITY, "counted lately", now, through)
            surface.say(CITY, "counted before that", before, through)
            surface.say(CITY, "change", words[said["verdict"]], through)
            surface.say(CITY, "no-change range, low", number(small["low"]), through)
            surface.say(CITY, "no-change range, high", number(small["high"]), through)
        if first("briefing.not_comparable", block):
            surface.say(CITY, "change", UNKNOWN)
        if SHOOTINGS not in block:
            continue
        word = "|".join(map(re.escape, of_measure))
        what = rf"(?P<before>{NUMBER}) to (?P<now>{NUMBER})"
        said = first("term.pair", block, name=word, text=what)
        if said is not None:
            span = re.findall(MONTH_NAME, block[said.end() :])
            through = MONTHS[span[0]] if span else None
            surface.say(CITY, "counted lately", number(said["now"]), through)
            surface.say(CITY, "counted before that", number(said["before"]), through)
            surface.say(CITY, "change", of_measure[said["name"]], through)


SHOOTINGS = "Homicides and nonfatal shootings"
"""The plan's measure of the whole city's shootings."""
NOW = " in the current outline"


# ---- Each surface -----------------------------------------------------------------------------


def ask(play: Play, month: Month) -> list[Answer]:
    """Read what every surface says after a month was made, of the areas that ever served."""
    answers: list[Answer] = []
    surface = Surface(month, "", answers)
    ask_commands(play, surface)
    ask_month(play, surface)
    ask_pages(play, surface)
    return sorted(set(answers))


def served(play: Play) -> list[dict[str, Any]]:
    """Return the areas on record, retired ones too."""
    return json.loads(play.run("area", "list", "--json") or "[]")


def ask_commands(play: Play, surface: Surface) -> None:
    """Read the commands' JSON."""
    dataset = ("--dataset", play.home / "dataset")
    on_record = surface.named("csa area list")
    rows = served(play)
    on_record.say(ALL, "areas in the verdict", len(rows))  # all ground that was ever designated
    retired = [row["area_id"] for row in rows if row["state"] == "retired"]
    on_record.say(ALL, ENDED_AREAS, " ".join(retired))
    for row in rows:
        on_record.say(row["area_id"], "state", row["state"])
    displaced = play.run("displace", *dataset, "--served", "--out", play.folder / "dd", "--json")
    read_displacement(surface.named("csa displace"), json.loads(displaced or "{}"))
    report = play.run("report", *dataset, "--month", surface.month, "--json")
    read_report(surface.named("csa report"), json.loads(report or "{}"))
    for given in ((), dataset):
        measured = json.loads(play.run("measure", "list", *given, "--json") or "[]")
        said = [f"{row['name']} {row['sentence']}" for row in measured]
        read_city(surface.named(f"csa measure list{' --dataset' * bool(given)}"), said)
    for row in json.loads(play.run("zone", "list", *dataset, "--json") or "[]"):
        surface.named("csa zone list").say(row["area_id"], YEAR, row["last_12"])
    evaluated = surface.named(EVALUATE)
    for letter in [row["area_id"] for row in rows]:
        told = json.loads(play.run("evaluate", *dataset, "--area", letter, "--json") or "{}")
        read_evaluated(evaluated, letter, told)


def read_evaluated(surface: Surface, letter: str, told: Mapping[str, Any]) -> None:
    """Read the JSON of `csa evaluate`: each agreed window, in figures and in its sentence."""
    if "verdict" not in told:
        return
    since = Month.parse(told["sealed"]["since"])
    surface.say(letter, "since", str(since))
    for one in told["answers"]:
        through = Month.parse(one["through"])
        surface.say(letter, "verdict", one["verdict"], through)
        read_track(surface, letter, "core", one["core"], through)
        if one["ring"] is not None:
            read_track(surface, letter, "ring", {"counted": one["ring"]["counted"]}, through)
    for sentence in told["sentences"]:
        if agreed := first("evaluate.agreed", sentence, answer=".+"):
            read_change(surface, [sentence[agreed.start("answer") :]], since.plus(int(agreed["months"]) - 1))  # fmt: skip


ZONE, ZONE_NAME = "z-1", "Elm grant"
"""The one zone of a play that has one."""


def read_zone(surface: Surface, page: Rendered) -> None:
    """Read what a zone had in the last 12 months: in a line of an edition, in the page's table."""
    for block in page.blocks:
        if block.startswith(f"{ZONE_NAME}: ") and (said := first("zone.counted", block, n=NUMBER)):
            surface.say(ZONE, YEAR, number(said["n"]))
    for head, *rows in filter(None, page.tables):
        for row in rows if tr("zones_page.zone") in head else ():
            surface.say(
                ZONE, YEAR, number(dict(zip(head, row, strict=False))[tr("report.last_year")])
            )


def read_report(surface: Surface, facts: Mapping[str, Any]) -> None:
    """Read the JSON of `csa report`."""
    for row in facts.get("areas", ()) if facts.get("is_served") else ():
        surface.say(row["area_id"], "shootings, 36 months", row["incidents"])
        surface.say(row["area_id"], YEAR, UNKNOWN if row["last_12"] is None else row["last_12"])
        surface.say(row["area_id"], "tier", row["tier"] or "none")
        surface.say(row["area_id"], "state", row["state"])
        if row["redrawn_on"]:
            day = in_words(date.fromisoformat(row["redrawn_on"]))
            surface.say(row["area_id"], REDRAWN, day)
        read_change(surface, [row["verdict"] or ""])
    change = facts.get("change")
    if change and facts.get("is_served"):
        through = Month.parse(change["through"])
        for area, place in [
            (ALL, change["pooled"]),
            *((one["area_id"], one) for one in change["single"]),
        ]:
            surface.say(area, "verdict", place["verdict"], through)
            surface.say(area, "since", place["since"], through)
            read_track(surface, area, "core", place["core"], through)
            if place["ring"] is not None:
                ring = place["ring"]
                read_track(surface, area, "ring", {"counted": ring["counted"]}, through)
            read_change(surface, [place["sentence"]], through)


def ask_month(play: Play, surface: Surface) -> None:
    """Read what the month made: what is followed, the proposal, the editions, what is public."""
    folder = play.home / "months" / str(surface.month)
    followed = folder / "displacement" / "displacement.json"
    if followed.is_file():
        read_displacement(surface.named("the month's displacement"), _json(followed))
    read_candidates(surface.named("the month's proposal"), folder / "proposal" / "areas.csv")
    read_core(surface.named("the month's core areas"), folder / "proposal" / "core_areas.csv")
    for path in sorted((folder / "editions").glob("*.html")):
        _, name, _ = path.stem.split("_")
        page = Rendered(path.read_text(encoding="utf-8"))
        edition = surface.named(f"edition {name}")
        if name == "public":
            read_public(edition, page, surface.month)
        else:
            read_edition(edition, page)
            read_zone(edition, page)
    told = _json(folder / "month.json")["change"]
    if told["verdict"] is not None:
        account = surface.named("month.json")
        account.say(ALL, "verdict", told["verdict"])
        read_change(account, [told["sentence"]])
    summary = folder / "summary.html"
    if summary.is_file():
        read_change(surface.named("the month's summary"), Rendered(summary.read_text()).blocks)
    bundle = folder / "public"
    if (bundle / "bundle.json").is_file():
        ask_public(surface, bundle)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def read_candidates(surface: Surface, path: Path) -> None:
    """Read a proposal: its rows are outlines found now, and say whom they serve as."""
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["served_as"]:
                letter = row["served_as"]
                surface.say(letter, f"shootings, 36 months{NOW}", int(row["incidents"]))
                surface.say(letter, f"homicides, 36 months{NOW}", int(row["homicides"]))
                surface.say(letter, "tier", row["tier"] or "none")


def read_core(surface: Surface, path: Path) -> None:
    """Read what areas in service hold on their own ground."""
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            letter = row["area_id"]
            surface.say(letter, "state", row["state"])
            for question, name in (
                ("shootings, 36 months", "incidents"),
                ("homicides, 36 months", "homicides"),
                (YEAR, "recent_12"),
                ("next 12 months, low", "next12_low"),
                ("next 12 months, high", "next12_high"),
            ):
                if row[name] or question == YEAR:
                    surface.say(letter, question, int(row[name]) if row[name] else UNKNOWN)
            ahead = row["next12_expected"]
            surface.say(letter, "next 12 months", float(ahead) if ahead else UNKNOWN)


def read_edition(surface: Surface, page: Rendered) -> None:
    """Read an internal edition."""
    read_change(surface, page.blocks)
    read_redrawn(surface, page.blocks)
    read_city(surface, page.blocks)
    for table in page.tables:
        head = table[0] if table else []
        if {tr("term.area"), tr("label.tier")} <= set(head):
            for row in table[1:]:
                _read_area_row(surface, dict(zip(head, row, strict=False)))
    leader = None
    for block in page.blocks:
        if title := first("report.leader_title", block, at=NUMBER, of=NUMBER, area=r".+\)"):
            leader = area_of(title["area"])
        if leader is None:
            continue
        _read_leader(surface, leader, block)


def _read_leader(surface: Surface, leader: str, block: str) -> None:
    """Read what a leader's sheet says of its area."""
    if said := first("report.leader_count", block):
        surface.say(leader, f"shootings, {said['months']} months", number(said["n"]))
        surface.say(leader, YEAR, number(said["recent"]))
    if said := first("report.leader_count_short", block):
        surface.say(leader, f"shootings, {said['months']} months", number(said["n"]))
        surface.say(leader, YEAR, UNKNOWN)
    if said := first("label.likely", block):
        _say_range(surface, leader, "likely true level, 36 months", said)
    if said := first("sheet.next12", block):
        surface.say(leader, "next 12 months", number(said["expected"]))
        _say_range(surface, leader, "next 12 months", said)


def _say_range(surface: Surface, area: str | None, question: str, said: re.Match[str]) -> None:
    surface.say(area, f"{question}, low", number(said["low"]))
    surface.say(area, f"{question}, high", number(said["high"]))


def _read_area_row(surface: Surface, row: Mapping[str, str]) -> None:
    letter = area_of(row[tr("term.area")])
    surface.say(letter, "tier", number(row[tr("label.tier")]) if row[tr("label.tier")].isdigit() else "none")  # fmt: skip
    for head, cell in row.items():
        if months := first("report.count", head, what=r"[A-Za-z ]+", months=r"\d+"):
            surface.say(letter, f"shootings, {months['months']} months", number(cell))
    year = row[tr("report.last_year")]
    surface.say(letter, YEAR, UNKNOWN if year == tr("term.unknown") else number(year))
    if row[tr("label.next_12_months")] == tr("term.unknown"):
        surface.say(letter, "next 12 months", UNKNOWN)
    if said := first("report.next12_range", row[tr("label.next_12_months")]):
        surface.say(letter, "next 12 months", number(said["expected"]))
        _say_range(surface, letter, "next 12 months", said)


# ---- What is public -----------------------------------------------------------------------------

SHORT = {
    Verdict.NO_CHANGE: "short_no_change",
    Verdict.FEWER: "short_fewer",
    Verdict.FEWER_WIDE: "short_fewer_wide",
    Verdict.FEWER_MOVED_ON: "short_fewer_moved_on",
    Verdict.FEWER_MOVED_FAR: "short_fewer_moved_far",
    Verdict.FEWER_UNKNOWN: "short_fewer_unknown",
    Verdict.MORE: "short_more",
    Verdict.FEWER_MOVED: "short_fewer_moved",
    Verdict.FEWER_FEWER_NEXT: "short_fewer_fewer_next",
    Verdict.FEWER_ONCE: "short_fewer_once",
    Verdict.MORE_ONCE: "short_more_once",
    Verdict.MORE_NEXT: "short_more_next",
    Verdict.TOO_FEW: "change_too_few",
    Verdict.TOO_EARLY: "change_unknown",
}
"""Of one area, and on the wall of all."""
PUBLISHED = ", as published"
"""Of numbers on a page that says that each was changed a little."""


ABOUT_AREA = re.compile(r"(?=\([A-Z]{1,2}\)[.:] )")
"""Before an area's letter, where what follows is said of it alone."""


def quarter_end(month: Month) -> Month:
    """Return the last month of the quarter that is over by a month's end."""
    return month.plus(-(month.number % 3))


def read_words(
    surface: Surface, text: str, through: Month, area: str = ALL, of: str = "short_"
) -> None:
    """Read a verdict in the public's words."""
    for verdict, key in SHORT.items():
        if first(f"public.{key.replace('short_', of)}", text):
            surface.say(area, "verdict", str(verdict), through)


def read_public(surface: Surface, page: Rendered, month: Month) -> None:
    """Read the public edition or page: all areas together, and each."""
    through = quarter_end(month)
    blocks = [read_named(surface, block, through) for block in page.blocks]
    text = " ".join(ABOUT_AREA.split(block)[0] for block in blocks)
    changed = PUBLISHED if tr("public.changed") in text else ""
    read_words(surface, text, through, of="change_")
    for block in blocks:
        if said := first("public.change_counted", block, when=rf"{MONTH_NAME}.+?"):
            surface.say(ALL, f"counted since start{changed}", number(said["counted"]), through)
            since = re.search(MONTH_NAME, said["when"])
            surface.say(ALL, "since", str(MONTHS[since[0]]), through)
        if said := first("public.change_expected", block):
            _say_public_range(surface, changed, said, through)
        for part in ABOUT_AREA.split(block)[1:]:
            letter, _, said = part[1:].partition(")")
            read_words(surface, said, through, letter)
    for table in page.tables:
        if table and table[0][-1] == tr("wall.change_title"):
            for row in table[1:]:
                letter = area_of(row[0])
                read_words(surface, row[-1], through, letter)
                if re.fullmatch(NUMBER, row[-2]):
                    surface.say(letter, "shootings, published span", number(row[-2]), through)


def read_named(surface: Surface, block: str, through: Month) -> str:
    """Read the sentences on all areas that name some of them, and return what else is said."""
    if said := first("public.moved_somewhere", block, n=NUMBER, areas=r"(?:[^.]|St\.)+"):
        for letter in re.findall(r"\(([A-Z]{1,2})\)", said["areas"]):
            surface.say(letter, "verdict", str(Verdict.FEWER_MOVED), through)
        block = block.replace(said[0], "")
    if said := first("public.change_ended", block, n=NUMBER, areas=r"[A-Z, ]+"):
        surface.say(ALL, ENDED_AREAS, said["areas"].replace(",", ""), through)
        block = block.replace(said[0], "")
    return block


def _say_public_range(surface: Surface, changed: str, said: re.Match[str], through: Month) -> None:
    for end in ("low", "high"):
        question = f"no-change range since start, {end}{changed}"
        surface.say(ALL, question, number(said[end]), through)


SCREEN = r".*\d+ / \d+"
"""The last words of a screen of the wall."""


def read_wall(surface: Surface, page: Rendered, through: Month) -> None:
    """Read the wall: all areas together, and each."""
    is_each, others = False, []
    for block in page.blocks:
        ends = re.fullmatch(SCREEN, block)
        is_each = block == tr("wall.each_area") or (is_each and not ends)
        labelled = re.match(r"((?:[A-Z]{1,2}, )*[A-Z]{1,2}) (.+)", block) if is_each else None
        for letter in labelled[1].split(", ") if labelled else ():
            read_words(surface, labelled[2], through, letter)
        if labelled is None:
            named = read_named(surface, block, through)
            others += [] if is_each else [named]
    text = " ".join(others)
    read_words(surface, text, through)
    if said := first("wall.counted", text):
        surface.say(ALL, f"counted since start{PUBLISHED}", number(said["n"]), through)
    if said := first("wall.expected", text):
        _say_public_range(surface, PUBLISHED, said, through)


def ask_public(surface: Surface, folder: Path) -> None:
    """Read a bundle: the page, the wall, the tables; and whether the wall has all of the page."""
    through = quarter_end(surface.month)
    index = Rendered((folder / "index.html").read_text(encoding="utf-8"))
    read_public(surface.named("public page"), index, surface.month)
    shown = Rendered((folder / "wall.html").read_text(encoding="utf-8"))
    read_wall(surface.named("public wall"), shown, through)
    table = surface.named("public areas.csv")
    with (folder / "areas.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["letter"] and row["count"]:
                table.say(row["letter"], "shootings, published span", int(row["count"]), through)
            table.say(row["letter"] or None, "state", row["state"])
    facts = _json(folder / "bundle.json")["facts"]
    for kind, name in (("tasks", "text"), ("answers", "asked")):
        for item in facts.get(kind) or ():
            told = str(item.get(name) or item.get("what") or item)
            for where, blocks in (("public page", index.blocks), ("public wall", shown.blocks)):
                is_told = any(_tidy(told) in block for block in blocks)
                surface.named(where).say(ALL, f"{kind}: {told}", "told" if is_told else "left out")


# ---- The app's pages ----------------------------------------------------------------------------


def ask_pages(play: Play, surface: Surface) -> None:
    """Read the app's pages as they are rendered."""
    read_briefing(surface.named("page Briefing"), rendered_page(play.page("briefing")))
    read_finding(surface.named("page Find areas"), rendered_page(play.page("find_areas")))
    read_comparing(surface.named("page Compare"), rendered_page(play.page("compare")))
    read_following(surface.named("page Displacement"), rendered_page(play.page("displacement")))
    for row in served(play):
        if row["state"] != "retired":
            page = rendered_page(play.page("measures", place=f"area:{row['area_id']}"))
            read_measures(surface.named("page measures"), row["area_id"], page)
    if served(play) and json.loads(play.run("zone", "list", "--json") or "[]"):
        read_zone(surface.named("page Zones"), rendered_page(play.page("zones")))
    for step in ("2", "3"):
        page = rendered_page(play.page("meeting", step=step))
        read_briefing(surface.named("page Meeting"), page)


def read_briefing(surface: Surface, page: Rendered) -> None:
    """Read Briefing, whose list of areas Meeting has too."""
    read_city(surface, page.blocks)
    read_change(surface, page.blocks)
    names = "|".join(re.escape(name) for name in sorted(VERDICTS, key=len, reverse=True))
    for block in page.blocks:
        listed = re.fullmatch(rf"(.+ \([A-Z]+\)) ({NUMBER}) (?:({NUMBER}) to ({NUMBER}))?", block)
        if listed:
            letter = area_of(listed[1])
            surface.say(letter, "shootings, 36 months", number(listed[2]))
            if listed[3]:
                question = "likely true level, 36 months"
                surface.say(letter, f"{question}, low", number(listed[3]))
                surface.say(letter, f"{question}, high", number(listed[4]))
        served_as = re.match(rf"(.+? \([A-Z]+\)) .+? · ({names})", block)
        if served_as is None:
            continue
        letter = area_of(served_as[1])
        surface.say(letter, "verdict", VERDICTS[served_as[2]])
        if here := first("briefing.core_here", block):
            read_track(surface, letter, "core", here.groupdict())
            surface.say(letter, "since", str(MONTHS[here["since"]]))
        elif here := first("briefing.core_counted", block):
            read_track(surface, letter, "core", {"counted": here.groupdict().get("n", "1")})
            surface.say(letter, "since", str(MONTHS[here["since"]]))
        if redrawn := first("briefing.core_redrawn", block, day=DAY):
            surface.say(letter, REDRAWN, redrawn["day"])
        if next_door := first("briefing.core_beside", block):
            read_track(surface, letter, "ring", next_door.groupdict())


def read_finding(surface: Surface, page: Rendered) -> None:
    """Read the list of Find areas."""
    for block in page.blocks:
        listed = re.match(rf"(.+? \([A-Z]+\)) ({NUMBER}) ", block)
        if listed is None or ":small[" not in block:
            continue
        letter = area_of(listed[1])
        surface.say(letter, "shootings, 36 months", number(listed[2]))
        for note in re.findall(r":small\[([^\]]+)\]", block):
            if said := first("find.list_homicides", note):
                n = said.groupdict().get("n", "1")
                surface.say(letter, "homicides, 36 months", number(n))
            if said := first("find.list_now", note):
                surface.say(letter, f"shootings, 36 months{NOW}", number(said["n"]))


def read_comparing(surface: Surface, page: Rendered) -> None:
    """Read the table of Compare and choose, and its reasons."""
    for table in page.tables:
        head = table[0] if table else []
        for row in table[1:] if tr("label.homicides") in head else ():
            cells = dict(zip(head, row, strict=False))
            letter = area_of(re.match(r"[^)]*\)?", cells[tr("term.area")])[0])
            if letter is None:
                continue
            homicides = cells[tr("label.homicides")]
            surface.say(letter, "homicides, 36 months", number(homicides))
            tier = cells[tr("label.tier")]
            surface.say(letter, "tier", number(tier) if tier.isdigit() else "none")
            if cells[tr("label.next_12_months")] == tr("term.unknown"):
                surface.say(letter, "next 12 months", UNKNOWN)
            if said := first("compare.expected", cells[tr("label.next_12_months")]):
                surface.say(letter, "next 12 months", number(said["n"]))
                _say_range(surface, letter, "next 12 months", said)
    _read_reasons(surface, page.blocks)


def _read_reasons(surface: Surface, blocks: Iterable[str]) -> None:
    """Read why each area has its tier."""
    letter = None
    for block in blocks:
        if said := first("tier.counted", block, name=r"[^.,]+? \([A-Z]+\)"):
            letter = area_of(said["name"])
            which = NOW if first("compare.why_outline", block, why=".+") else ""
            surface.say(letter, f"shootings, 36 months{which}", number(said.groupdict().get("n", "1")))  # fmt: skip
            _say_range(surface, letter, f"likely true level, 36 months{which}", said)
        elif said := first("tier.counted", block, name=r"[^.,]+?"):
            letter = None
        if letter and first("compare.details_short", block, places=".*"):
            surface.say(letter, YEAR, UNKNOWN)
        if letter and (said := first("compare.details", block, recent=NUMBER, earlier=".*?")):
            surface.say(letter, YEAR, number(said["recent"]))
            letter = None


def read_following(surface: Surface, page: Rendered) -> None:
    """Read Displacement: its answer, its table of areas, its longer text."""
    if not first("change_page.core_note", " ".join(page.blocks)):
        return  # it follows candidates, and says so
    read_change(surface, page.blocks)
    for table in page.tables:
        head = table[0] if table else []
        if tr("label.nearby") not in head or len(head) != 3:
            continue
        for name, here, next_door in table[1:]:
            letter = area_of(re.match(r"[^)]*\)?", name)[0])
            if said := first("change_page.verdict_since", name):
                surface.say(letter, "verdict", VERDICTS[said["verdict"]])
                surface.say(letter, "since", str(MONTHS[said["since"]]))
            for zone, cell in (("core", here), ("ring", next_door)):
                counted = re.match(NUMBER, cell)
                told = first("change_page.of_expected", cell)
                values = {} if told is None else told.groupdict()
                if counted:
                    read_track(surface, letter, zone, values | {"counted": counted[0]})


def read_measures(surface: Surface, letter: str, page: Rendered) -> None:
    """Read the page of an area's measures."""
    read_change(surface, page.blocks)
    for block in page.blocks:
        if said := first("here.shot", block):
            through = MONTHS[said["month"]]
            surface.say(letter, YEAR, number(said["n"]), through)
        if first("here.shot_unknown", block):
            surface.say(letter, YEAR, UNKNOWN)
        if redrawn := first("here.redrawn_ground", block, day=DAY):
            surface.say(letter, REDRAWN, redrawn["day"])
        if first("here.too_early", block):
            surface.say(letter, "verdict", str(Verdict.TOO_EARLY))


# ---- What is wrong --------------------------------------------------------------------------------


def agree(one: str | float, other: str | float) -> bool:
    """Check whether two values are one, a machine's number being rounded for readers."""
    if isinstance(one, str) or isinstance(other, str):
        return str(one) == str(other)
    slack = 0.51 if isinstance(one, float) != isinstance(other, float) else 0.01
    return abs(one - other) <= slack


def contradictions(answers: Iterable[Answer]) -> list[str]:
    """List the questions to which surfaces give answers that differ, with who says what."""
    answers = list(answers)
    redrawn = {(one.month, one.area) for one in answers if one.question == REDRAWN}
    grouped: dict[tuple[str, ...], list[Answer]] = defaultdict(list)
    for one in answers:
        is_same = one.question == YEAR_SINCE and (one.month, one.area) not in redrawn
        grouped[one.month, one.area, one.through, YEAR if is_same else one.question].append(one)
    wrong = []
    for (month, area, through, question), said in sorted(grouped.items()):
        if all(agree(one.value, other.value) for one, other in combinations(said, 2)):
            continue
        by_value: dict[str, list[str]] = defaultdict(list)
        for one in said:
            by_value[f"{one.value:g}" if isinstance(one.value, float) else str(one.value)].append(one.surface)  # fmt: skip
        told = "; ".join(f"{value} ({', '.join(who)})" for value, who in sorted(by_value.items()))
        when = "" if through == month else f" through {through}"
        wrong.append(f"{month}, {area}, {question}{when}: {told}")
    return wrong


def impossible(answers: Iterable[Answer]) -> list[str]:
    """List the verdicts of no change beside a range, of the same surface, that leaves zero out.

    Under "How do we know?" the net's range stands apart, and says that it decides no verdict.
    """
    return [
        f"{month}, {surface}, {area}: no clear change, net {low:g} to {high:g}"
        for (month, surface, area, _), told in sorted(_by_surface(answers).items())
        if told.get("verdict") == str(Verdict.NO_CHANGE)
        and isinstance(low := told.get(f"{BESIDE}, low"), int)
        and isinstance(high := told.get(f"{BESIDE}, high"), int)
        and not low <= 0 <= high
    ]


def unexplained(answers: Iterable[Answer]) -> list[str]:
    """List the surfaces that count a year of an area on two grounds and do not say why."""
    return [
        f"{month}, {surface}, {area}: {told[YEAR]} and {told[YEAR_SINCE]}"
        for (month, surface, area, _), told in sorted(_by_surface(answers).items())
        if {YEAR, YEAR_SINCE} <= told.keys()
        and not agree(told[YEAR], told[YEAR_SINCE])
        and REDRAWN not in told
    ]


def bare(answers: Iterable[Answer]) -> list[str]:
    """List the verdicts of a change or none that stand without the count and the no-change range.

    What is public gives each area's in words alone, as it says.
    """
    needed = ("counted since start", "no-change range since start, low")
    told_plainly = {
        str(Verdict.TOO_FEW),
        str(Verdict.FEWER_ONCE),
        str(Verdict.MORE_ONCE),
        str(Verdict.TOO_EARLY),
    }
    return [
        f"{month}, {surface}, {area}: {told['verdict']}"
        for (month, surface, area, _), told in sorted(_by_surface(answers).items())
        if "public" not in surface
        and told.get("verdict", str(Verdict.TOO_EARLY)) not in told_plainly
        and not all(question in told for question in needed)
    ]


def _by_surface(answers: Iterable[Answer]) -> dict[tuple[str, ...], dict[str, str | float]]:
    said: dict[tuple[str, ...], dict[str, str | float]] = defaultdict(dict)
    for one in answers:
        said[one.month, one.surface, one.area, one.through][one.question] = one.value
    return said


def falls(answers: Iterable[Answer]) -> list[str]:
    """List the sums since a start that are smaller than a month before, though none is taken back."""
    since: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    began: dict[tuple[str, ...], str] = {}
    for one in answers:
        where = one.surface, one.area
        if one.question == "since":
            began[(*where, one.month)] = str(one.value)
        if one.question == "counted since start" and one.month == one.through:
            since[where][one.month] = int(one.value)
    wrong = []
    for where, counts in sorted(since.items()):
        months = sorted(counts)
        for before, after in pairwise(months):
            is_same = began.get((*where, before)) == began.get((*where, after))
            if is_same and counts[after] < counts[before]:
                wrong.append(f"{', '.join(where)}: {counts[before]} by {before}, {counts[after]} by {after}")  # fmt: skip
    return wrong


LEAST = {
    "csa displace": {"verdict", "counted since start", "net"},
    "csa displace, its sentences": {"verdict", "counted since start"},
    EVALUATE: {"verdict", "counted since start"},
    "csa report": {"verdict", "shootings, 36 months", YEAR},
    "the month's core areas": {"shootings, 36 months", "homicides, 36 months", "next 12 months"},
    "the month's displacement": {"verdict", "counted since start"},
    "edition prevention": {"verdict", "counted since start", "next 12 months", "tier"},
    "edition enforcement": {"verdict", "counted since start"},
    "edition prevention-leaders": {YEAR},
    "edition public": {"verdict"},
    "page Briefing": {"verdict", "counted since start", "shootings, 36 months"},
    "page Meeting": {"verdict", "counted since start"},
    "page Find areas": {"shootings, 36 months", "homicides, 36 months"},
    "page Compare": {"next 12 months", "homicides, 36 months", "tier"},
    "page Displacement": {"verdict", "counted since start", "net"},
    "page measures": {"verdict", "counted since start", YEAR},
    "public page": {"verdict", "shootings, published span"},
    "public wall": {"verdict"},
}
"""What each surface must be heard to say of each area in service: a play that hears nothing finds
no fault."""
LEAST_OF_ALL = {
    "csa displace": {"verdict", "counted since start", "areas in the verdict"},
    "csa report": {"verdict", "counted since start"},
    "edition executive": {"verdict", "counted since start"},
    "edition prevention": {"verdict", "counted since start"},
    "edition public": {"verdict"},
    "page Displacement": {"verdict", "counted since start"},
    "public page": {"verdict", ENDED_AREAS},
    "public wall": {"verdict", ENDED_AREAS},
    "month.json": {"verdict"},
    "the month's summary": {"verdict", "counted since start"},
}
OF_CHANGE = {"verdict", "counted since start", "net", "areas in the verdict"}
OF_CANDIDATE = {"tier", "next 12 months"}
"""Nobody says it of an area that this month's counts would not propose."""
LEAST_OF_CITY = {
    "csa measure list --dataset": {"change"},
    "edition executive": {"change"},
    "page Briefing": {"change"},
    "page Meeting": {"change"},
}


OF_MEASURE = {"csa measure list --dataset", "page Meeting"}
LEFT_OUT = {
    "displacement": {"the month's displacement"},
    "public": {"public page", "public wall"},
    "editions/public": {"edition public"},
}
"""The surfaces that a product is, by its name where a month leaves it out."""


def lacking(
    answers: Iterable[Answer], month: Month, letters: Iterable[str], left_out: Iterable[str] = ()
) -> list[str]:
    """List what a surface was not heard to say in a month of an area in service.

    What the month names as left out is no surface of it. Of change, what `csa displace` has by the month that the surface is of, three months or more
    after the start.
    """
    said = [one for one in answers if one.month == str(month)]
    heard = {(one.surface, one.area, one.question) for one in said}
    since = {one.area: Month.parse(str(one.value)) for one in said if one.question == "since"}
    known = {(one.area, one.question, one.through) for one in said if one.surface == "csa displace"}
    found_now = {one.area for one in said if one.surface == "the month's proposal"}
    wanted = [
        *((surface, area, LEAST[surface]) for surface in LEAST for area in letters),
        *((surface, ALL, LEAST_OF_ALL[surface]) for surface in LEAST_OF_ALL),
        *((surface, CITY, LEAST_OF_CITY[surface]) for surface in LEAST_OF_CITY),
    ]
    has_ended = any(one.question == ENDED_AREAS and one.value for one in said)
    # Where data and values are too short to compare years, the two that say so suffice.
    is_compared = any(one.area == CITY and one.value != UNKNOWN for one in said)
    wrong, unmade = [], {surface for name in left_out for surface in LEFT_OUT[name]}
    for surface, area, questions in wanted:
        if surface in unmade:
            continue
        through = quarter_end(month) if "public" in surface else month
        if surface in {"public page", "public wall"} and through != month:
            continue
        months = through.index - since[area].index + 1 if area in since else 0
        wrong += [
            f"{month}, {surface}, {area}: {question}"
            for question in sorted(questions)
            if (surface, area, question) not in heard
            and (question != ENDED_AREAS or has_ended)
            and (area != CITY or surface not in OF_MEASURE or is_compared)
            and (question not in OF_CANDIDATE or area in found_now)
            and (
                question not in OF_CHANGE
                or (
                    months
                    >= (12 if surface == EVALUATE else LEAST_MONTHS)  # the first agreed window
                    and (area, question, str(through)) in known
                )
            )
        ]
    return wrong
