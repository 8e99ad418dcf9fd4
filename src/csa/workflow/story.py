"""Two years of the made-up city's program, played into a store as pages and commands would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.areas.places import load_places
from csa.areas.priority.files import AssessedProposal
from csa.base.errors import ParamError
from csa.base.extra import shipped_extras
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.city.dataset import City, through_month
from csa.disclosure.keys import Secret
from csa.geo.cells import fit_cells
from csa.ingest.designation import Candidate
from csa.program import actions, areas, handouts, measures, work
from csa.program.plan.items import Plan
from csa.program.plan.measures import Quarter, Value, checked, latest
from csa.program.registry import core_areas
from csa.program.roles import Act, act, local_person
from csa.program.secret import keep_public_secret
from csa.program.store.address import shown
from csa.program.store.audit import Head
from csa.program.store.backup import copy_over, is_file
from csa.program.store.engine import Store, make_store, open_store
from csa.program.store.records import Records, read_records
from csa.program.store.tables import CANDIDATE
from csa.program.zones import add_zone
from csa.reports.briefing.areas import to_candidate
from csa.reports.briefing.measuring import COUNTED, count_quarter
from csa.reports.making import Drawer, make_report
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs, read_month
from csa.synthetic.landscape import FEATURES, place
from csa.synthetic.story import (
    AREAS,
    BASE,
    MEASURES,
    QUARTERS,
    MeasureTale,
    StoryAct,
    story_acts,
)

# ---- What the made-up program saw as it went on: candidates, counts and reports.


@dataclass(frozen=True)
class StoryScene:
    """The city in which the story plays, the store that it fills, and what was found on the way."""

    city: City
    plan: Plan
    store: Store
    layers: Mapping[str, str] = field(default_factory=dict)  # background of the reports' maps
    letters: dict[str, str] = field(default_factory=dict)  # planted place to its area's letter
    proposals: dict[str, AssessedProposal] = field(default_factory=dict)  # by first month not known
    reports: dict[str, Facts] = field(default_factory=dict)  # by month reported
    maps: Drawer = field(default_factory=Drawer)  # a month's editions share one

    def known(self, until: str) -> AssessedProposal:
        """Return the candidates that were found before a month, from what was known then."""
        if until not in self.proposals:
            month = Month.parse(until)
            dataset = through_month(self.city.dataset, month.plus(-1))
            choices = replace(city_choices(self.city.config), until=month)
            # By the city's file, whatever past years have shown since.
            city, places = replace(self.city, dataset=dataset, folder=None), load_places(self.city)
            self.proposals[until] = Analysis(city, choices, places=places).priorities
        return self.proposals[until]

    def candidate(self, feature: str, until: str) -> Candidate:
        """Return the candidate on a planted place."""
        found = self.known(until)
        return to_candidate(found.proposal, area_on(found, feature), found.assessment)

    def records(self) -> Records:
        """Read what was decided so far."""
        return read_records(self.store)

    def report(self, month: str) -> Facts:
        """Return the facts of a month, once for all its editions, as decided by then."""
        if month not in self.reports:
            when = Month.parse(month)
            choices = replace(city_choices(self.city.config), until=when.plus(1))
            records = read_month(self.store, self.city, when)
            beside = ReportInputs(self.layers, with_public=False)
            analysis = Analysis(self.city, choices, records)
            self.reports[month] = gather_month(analysis, self.plan, when, beside)
        return self.reports[month]

    def values(self, tale: MeasureTale, quarter: str) -> list[Value]:
        """Return a measure's values in a quarter: as the story has it, or counted in the data."""
        at, when = QUARTERS.index(quarter), Quarter.parse(quarter)
        answers = None if tale.answers is None else tale.answers[at]
        made = Value(tale.id, when, basis=tale.basis, answers=answers)
        if tale.numbers is None:
            made = replace(made, value=float(self._count(when)))
        elif tale.among is None:
            made = replace(made, value=tale.numbers[at] / tale.per)
        else:
            parts = float(tale.numbers[at]), float(tale.among[at])
            made = replace(made, numerator=parts[0], denominator=parts[1])
        kind = next(one.kind for one in self.plan.measures if one.id == tale.id)
        here = self._counts_in_areas(quarter) if tale.id == COUNTED else []
        return [checked(value, kind) for value in (made, *here)]

    def _counts_in_areas(self, quarter: str) -> list[Value]:
        """Count each area in service, in all quarters so far: one that is new gets its past."""
        so_far = [Quarter.parse(name) for name in QUARTERS[: QUARTERS.index(quarter) + 1]]
        return [
            Value(COUNTED, when, place=area.key, value=float(self._count(when, area.key)))
            for area in core_areas(self.records())
            for when in so_far
        ]

    def _count(self, quarter: Quarter, place_key: str = "") -> int:
        """Count as the page does that stands beside a typed value."""
        counted = count_quarter(self.city.dataset, self.records(), quarter, place_key)
        if counted is None:
            raise ParamError("sample.no_area", feature=place_key)
        return counted.incidents


def area_on(found: AssessedProposal, feature: str) -> str:
    """Return the id of the candidate that lies on a planted place."""
    planted = next(one for one in FEATURES if one.name == feature)
    lon, lat = place(np.array([planted.middle]))[0]
    table = found.proposal.areas
    here = table.loc[table.intersects(shapely.Point(lon, lat)), "area_id"]
    if len(here) != 1:
        raise ParamError("sample.no_area", feature=feature)
    return str(here.iloc[0])


FIRST_HOUR = 9
"""Of each day, on the city's clock; what follows on the same day comes a minute later each."""

N_STEPS = 24
"""Months of the story; a step each."""

SECRET = Secret(hashlib.sha256(b"public numbers of the made-up city").digest())
"""Of its publications, which it had before: in a made-up city it guards nobody."""

NO_LAYERS: Mapping[str, str] = MappingProxyType({})
HANDED_FORM, HANDED_LANGUAGE = "html", "en"


def play_story(
    city: City,
    plan: Plan,
    store: Store,
    layers: Mapping[str, str] = NO_LAYERS,
    progress: ProgressCallback = no_progress,
) -> StoryScene:
    """Fill an empty store with two years of a program, each act signed on its day.

    The same city, plan and layers give the same trail, to its last hash.
    """
    scene, zone = StoryScene(city, plan, store, layers), ZoneInfo(city.config.city.time_zone)
    month = ""
    for on, acts in groupby(story_acts(), key=lambda one: one.on):
        if f"{on:%Y-%m}" != month:
            month = f"{on:%Y-%m}"
            progress("story")
        for number, one in enumerate(acts):
            at = datetime.combine(on, time(FIRST_HOUR), zone) + timedelta(minutes=number)
            why = one.why.format(of=one.of, **one.given)
            signed = act(local_person(one.office), why, at, city.config.city.time_zone)
            carry_out(scene, signed, one)
    return scene


def fill_store(
    city: City,
    plan: Plan,
    address: str,
    layers: Mapping[str, str] = NO_LAYERS,
    *,
    again: bool = False,
    progress: ProgressCallback = no_progress,
) -> Head:
    """Fill a store with the story: it is there as a whole, or the old one stays.

    Parameters
    ----------
    city
        The made-up city; a real one's record is never replaced.
    plan
        Its plan.
    address
        A file of SQLite.
    layers
        Background of the reports' maps, as `csa basemap` wrote it: the reports that are handed out
        are then those that the page makes.
    again
        Whether to replace what is in the store: everything that was decided since is lost.
    progress
        Called as each month of the story begins.

    Returns
    -------
    Head
        The end of its trail.

    Raises
    ------
    ParamError
        If the city is not made up, the store is no file, or it holds something.
    """
    if not city.config.city.is_synthetic:
        raise ParamError("sample.not_made_up", city=city.config.city.name)
    if not is_file(address):
        raise ParamError("sample.no_file", store=shown(address))
    name = city.config.city.id
    before, own = open_store(address, city=name), None
    if before is not None:
        is_empty, own = before.head().n == 0, before.id
        before.engine.dispose()
        if not (again or is_empty):
            raise ParamError("sample.filled", store=shown(address))
    with TemporaryDirectory(prefix=".csa-tmp-") as folder:
        made = Path(folder) / "story.sqlite3"
        store = make_store(str(made), name)
        play_story(city, plan, store, layers, progress)
        keep_public_secret(store, SECRET)
        head = store.head()
        store.engine.dispose()
        copy_over(made, address, own)
    return head


def carry_out(scene: StoryScene, signed: Act, one: StoryAct) -> None:  # noqa: C901, PLR0912, PLR0915 - a case each
    """Decide what an act of the story says, through the function that pages use."""
    store, plan, given = scene.store, scene.plan, one.given
    letter = scene.letters.get(one.of, "")
    match one.do:
        case "note":
            candidate = scene.candidate(one.of, given["until"])
            scene.letters[one.of] = areas.designate(store, signed, candidate, CANDIDATE)
        case "designate":
            areas.designate(store, signed, scene.candidate(one.of, given["until"]))
        case "begin":
            values = measures.values_as_of(scene.records().values, letter, one.on)
            areas.begin_work(store, signed, letter, one.on, values)
        case "retire":
            areas.retire(store, signed, letter)
        case "partner":
            work.add_stakeholder(store, signed, letter, **given)
        case "meet":
            work.add_meeting(store, signed, letter, given["kind"], given)
        case "task":
            work.add_task(store, signed, letter, given)
        case "set task":
            verdict = {
                name: value for name, value in given.items() if name not in {"number", "agency"}
            }
            work.set_task(store, signed, f"{letter}/task-{given['number']}", verdict)
        case "ask":
            work.add_question(store, signed, letter, given["asked"], is_public=True)
        case "answer":
            key = f"{letter}/asked-{given['number']}"
            work.answer_question(store, signed, key, given["answered"])
        case "learn":
            work.add_lesson(store, signed, letter, given["text"])
        case "report":
            served = {area.feature for area in AREAS if area.designated <= one.on}
            letters = tuple(scene.letters[name] for name in given["areas"] if name in served)
            actions.set_action(store, plan, signed, one.of, {**given["changes"], "areas": letters})
        case "propose":
            actions.propose_change(store, plan, signed, one.of, given["values"])
        case "settle":
            is_approved = given["is_approved"]
            actions.answer_change(store, plan, signed, given["key"], is_approved=is_approved)
        case "count":
            counted = [value for tale in MEASURES for value in scene.values(tale, one.of)]
            measures.add_values(store, plan, signed, counted)
        case "agree":
            tale = next(tale for tale in MEASURES if tale.id == one.of)
            (base,) = scene.values(tale, BASE)
            settled = {**given, "baseline": base.value}
            measures.define_measure(store, plan, signed, one.of, settled)
        case "approve":
            measures.approve_quarter(store, signed, Quarter.parse(one.of))
        case "revise":
            measures.add_values(store, plan, signed, [_revised(scene, one)])
        case "zone":
            middle, half_m = np.array(given["middle"]), given["half_m"]
            corners = middle + half_m * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
            square, city = shapely.Polygon(place(corners)), scene.city
            drawn = fit_cells(square, city.dataset.study_area, city.config.areas.resolution)
            days = {"starts_on": given["first"], "by_counts": given["by_counts"]}
            add_zone(store, signed, one.of, drawn, kind=given["kind"], **days)
        case "decide":
            work.add_minute(store, signed, given["text"], given.get("about", ""))
        case "hand out":
            _hand_out(scene, signed, one)
        case _:
            of_extras = {extra.name: extra.story for extra in shipped_extras()}
            resolve_name(of_extras[one.do])(scene, signed, one)


def _revised(scene: StoryScene, one: StoryAct) -> Value:
    """Return a value of the whole city as it came out later."""
    (before,) = (
        value
        for value in latest(scene.records().values)
        if (value.measure, str(value.quarter), value.place) == (one.of, one.given["quarter"], "")
    )
    numerator = float(one.given["numerator"])
    value = numerator / (before.denominator or 1.0)
    return replace(before, numerator=numerator, value=value)


def _hand_out(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    facts, audience = scene.report(one.of), one.given["audience"]
    _, content = make_report(facts, audience, HANDED_LANGUAGE, HANDED_FORM, scene.maps)
    edition = handouts.EditionFile(
        facts.snapshot.id,
        facts.snapshot.audit_n,
        one.of,
        audience,
        HANDED_LANGUAGE,
        HANDED_FORM,
        hashlib.sha256(content).hexdigest(),
    )
    handouts.hand_out(scene.store, signed, edition, one.given["takers"])
