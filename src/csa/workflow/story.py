"""Two years of the made-up city's program, played into a store as pages and commands would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from csa.base.errors import ParamError
from csa.base.logging import Tell, silent
from csa.dataset.versioned import City
from csa.decisions import actions, areas, draws, handing, measures, minutes, work
from csa.decisions.roles import Act, act, local_person
from csa.decisions.secret import keep_public_secret
from csa.decisions.store import Head, Store, make_store, open_store
from csa.decisions.store.address import shown
from csa.decisions.store.copying import copy_over, is_file
from csa.disclosure.keys import Secret
from csa.plan import Plan
from csa.plan.measures import Quarter, latest
from csa.reports.making import make_report
from csa.synthetic.story import AREAS, BASE, DRAW, MEASURES, StoryAct, story_acts
from csa.workflow.story_scene import StoryScene

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
    tell: Tell = silent,
) -> StoryScene:
    """Fill an empty store with two years of a program, each act signed on its day.

    The same city, plan and layers give the same trail, to its last hash.
    """
    scene, zone = StoryScene(city, plan, store, layers), ZoneInfo(city.config.city.time_zone)
    drawn = {"code": scene.draw.account["entrants_sha256"][:12], "seed": DRAW.seed}
    month = ""
    for on, acts in _by_day(story_acts()):
        if f"{on:%Y-%m}" != month:
            month = f"{on:%Y-%m}"
            tell("story")
        for number, one in enumerate(acts):
            at = datetime.combine(on, time(FIRST_HOUR), zone) + timedelta(minutes=number)
            why = one.why.format(of=one.of, **one.given, **drawn)
            signed = act(local_person(one.office), why, at, city.config.city.time_zone)
            DECISIONS[one.do](scene, signed, one)
    return scene


def fill_store(
    city: City,
    plan: Plan,
    address: str,
    layers: Mapping[str, str] = NO_LAYERS,
    *,
    again: bool = False,
    tell: Tell = silent,
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
    tell
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
        play_story(city, plan, store, layers, tell)
        keep_public_secret(store, SECRET)
        head = store.head()
        store.engine.dispose()
        copy_over(made, address, own)
    return head


def _by_day(acts: Sequence[StoryAct]) -> Iterator[tuple[date, list[StoryAct]]]:
    for on in dict.fromkeys(one.on for one in acts):
        yield on, [one for one in acts if one.on == on]


def _close(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    draws.record_draw(scene.store, signed, scene.closed, one.given["seed_source"])


def _draw(scene: StoryScene, signed: Act, _one: StoryAct) -> None:
    draws.record_draw(scene.store, signed, scene.draw, "")


def _note(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    candidate = scene.candidate(one.of, one.given["until"])
    scene.letters[one.of] = areas.designate(scene.store, signed, candidate, areas.CANDIDATE)


def _designate(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    candidate, wave = scene.candidate(one.of, one.given["until"]), one.given["wave"]
    if scene.waves.get(candidate.area_id) != wave:
        raise ParamError("sample.other_draw", feature=one.of, wave=wave)
    areas.designate(scene.store, signed, candidate)


def _begin(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    key = scene.letters[one.of]
    values = measures.known_on(scene.records().values, key, one.on)
    areas.begin_work(scene.store, signed, key, one.on, values)


def _retire(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    areas.retire(scene.store, signed, scene.letters[one.of])


def _partner(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    work.add_stakeholder(scene.store, signed, scene.letters[one.of], **one.given)


def _meet(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    work.add_meeting(scene.store, signed, scene.letters[one.of], one.given["kind"], one.given)


def _task(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    work.add_task(scene.store, signed, scene.letters[one.of], one.given)


def _set_task(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    key = f"{scene.letters[one.of]}/task-{one.given['number']}"
    given = {name: told for name, told in one.given.items() if name not in {"number", "agency"}}
    work.set_task(scene.store, signed, key, given)


def _ask(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    key, asked = scene.letters[one.of], one.given["asked"]
    work.add_asked(scene.store, signed, key, asked, is_public=True)


def _answer(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    key = f"{scene.letters[one.of]}/asked-{one.given['number']}"
    work.answer_asked(scene.store, signed, key, one.given["answered"])


def _learn(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    work.add_lesson(scene.store, signed, scene.letters[one.of], one.given["text"])


def _report(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    served = {area.feature for area in AREAS if area.designated <= one.on}
    letters = tuple(scene.letters[name] for name in one.given["areas"] if name in served)
    changes = {**one.given["changes"], "areas": letters}
    actions.set_action(scene.store, scene.plan, signed, one.of, changes)


def _propose(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    actions.propose_change(scene.store, scene.plan, signed, one.of, one.given["values"])


def _settle(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    key, is_approved = one.given["key"], one.given["is_approved"]
    actions.answer_change(scene.store, scene.plan, signed, key, is_approved=is_approved)


def _count(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    values = [value for tale in MEASURES for value in scene.values(tale, one.of)]
    measures.add_values(scene.store, scene.plan, signed, values)


def _agree(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    tale = next(tale for tale in MEASURES if tale.id == one.of)
    (base,) = scene.values(tale, BASE)
    settled = {**one.given, "baseline": base.value}
    measures.settle_measure(scene.store, scene.plan, signed, one.of, settled)


def _approve(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    measures.approve_quarter(scene.store, signed, Quarter.parse(one.of))


def _revise(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    (before,) = (
        value
        for value in latest(scene.records().values)
        if (value.measure, str(value.quarter), value.place) == (one.of, one.given["quarter"], "")
    )
    numerator = float(one.given["numerator"])
    value = numerator / (before.denominator or 1.0)
    right = replace(before, numerator=numerator, value=value)
    measures.add_values(scene.store, scene.plan, signed, [right])


def _decide(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    minutes.add_minute(scene.store, signed, one.given["text"], one.given.get("about", ""))


def _hand_out(scene: StoryScene, signed: Act, one: StoryAct) -> None:
    facts, audience = scene.report(one.of), one.given["audience"]
    _, content = make_report(facts, audience, HANDED_LANGUAGE, HANDED_FORM)
    edition = handing.EditionFile(
        facts.snapshot.id,
        facts.snapshot.audit_n,
        one.of,
        audience,
        HANDED_LANGUAGE,
        HANDED_FORM,
        hashlib.sha256(content).hexdigest(),
    )
    handing.hand_out(scene.store, signed, edition, one.given["takers"])


Decision: TypeAlias = Callable[[StoryScene, Act, StoryAct], None]
DECISIONS: Mapping[str, Decision] = MappingProxyType(
    {
        "close": _close,
        "draw": _draw,
        "note": _note,
        "designate": _designate,
        "begin": _begin,
        "retire": _retire,
        "partner": _partner,
        "meet": _meet,
        "task": _task,
        "set task": _set_task,
        "ask": _ask,
        "answer": _answer,
        "learn": _learn,
        "report": _report,
        "propose": _propose,
        "settle": _settle,
        "count": _count,
        "agree": _agree,
        "approve": _approve,
        "revise": _revise,
        "decide": _decide,
        "hand out": _hand_out,
    }
)
"""What each word of the story does."""
