"""Kansas City's plan: complete, in words of our own, by office."""

import re
import tomllib
from collections import Counter

import pytest

from csa.program.plan.items import MeasureKind, by_number

ACTIONS = {"1.2": 4, "1.3": 11, "2.2": 4, "2.3": 6, "2.4": 3, "3.2": 2}
ACTIONS |= {"3.3": 4, "3.4": 2, "3.5": 6, "3.6": 3, "3.7": 2, "3.8": 4}
OPEN = ("1.1", "2.1", "2.5", "3.1", "3.9")
RUN = 6
"""Words in a row that would be a copy."""


def words(text):
    text = re.sub(r"<[^>]*>", " ", text).replace("’", "'")
    return re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))


def runs(text):
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def texts(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from texts(inner)
    for inner in value if isinstance(value, list) else ():
        yield from texts(inner)


# ---- By hand --------------------------------------------------------------------------------


def test_the_plan_has_its_3_goals_17_strategies_51_actions_and_15_open_slots(kansas):
    assert [goal.number for goal in kansas.goals] == ["1", "2", "3"]
    assert Counter(s.number[0] for s in kansas.strategies) == {"1": 3, "2": 5, "3": 9}
    written = [action for action in kansas.actions if not action.is_open]
    assert Counter(a.number.rpartition(".")[0] for a in written) == ACTIONS
    assert len(written) == sum(ACTIONS.values()) == 51
    slots = Counter(slot.number.rpartition(".")[0] for slot in kansas.open_slots)
    assert slots == dict.fromkeys(OPEN, 3)
    for strategy in kansas.strategies:
        found = [by_number(a.number)[2] for a in kansas.actions_of(strategy.number)]
        assert found == list(range(1, len(found) + 1))


def test_three_teams_and_the_committee_are_there_by_office(kansas):
    teams = [(t.id, t.goal, t.chair_office) for t in kansas.teams]
    assert teams == [
        ("prevention", "1", "Mayor's Office"),
        ("intervention", "2", "Jackson County Prosecutor's Office"),
        ("enforcement", "3", "Kansas City Police Department"),
        ("executive", None, ""),
    ]
    assert [kansas.team_of(goal.number).goal for goal in kansas.goals] == ["1", "2", "3"]


def test_each_kind_of_measure_is_there_once(kansas):
    assert sorted(m.kind for m in kansas.measures) == sorted(MeasureKind.__args__)
    of_goal = {g: {m.kind for m in kansas.measures if g in m.goals} for g in "123"}
    assert of_goal["1"] == {"violent-crime", "feeling-safe", "working-with-police"}
    assert of_goal["2"] == {"gun-violence", "services-ratio", "services-list", "recidivism"}
    assert of_goal["3"] == {
        *("gun-violence", "clearance", "charges", "convictions"),
        *("collaboration", "offenders-list"),
    }
    assert {m.kind for m in kansas.measures if m.is_overarching} == {
        *("gun-violence", "clearance", "convictions", "collaboration"),
        *("trust", "citizen-survey", "cooperation"),
    }


def test_only_what_the_plan_settles_is_called_defined_and_the_rest_is_asked(kansas):
    assert [m.kind for m in kansas.measures if m.has_definition] == ["gun-violence"]
    assert not [m.kind for m in kansas.measures if m.has_baseline or m.has_target]
    assert all(m.ask.endswith("?") and m.wordings for m in kansas.measures)


@pytest.mark.parametrize(
    ("item", "on"),
    [
        ("1.2.2", "1.2.1"),
        ("1.3.4", "1.3.2"),
        ("1.3.6", "1.3.4"),
        ("1.3.7", "1.3.4"),
        ("2.3.3", "2.2.2"),
        ("2.3.3", "2.3.2"),
        ("3.4.2", "3.4.1"),
        ("3.6.2", "3.6.1"),
        ("1.3.1", "1.2.1"),
        ("2.3.6", "1.2"),
    ],
)
def test_what_the_plan_says_waits_waits(kansas, item, on):
    needs = (*kansas.action(item).needs, *kansas.strategy_of(item).needs)
    assert [link.kind for link in needs if link.on == on] == ["waits"]


# ---- At the edge ----------------------------------------------------------------------------


def test_titles_are_short_and_no_two_are_alike(kansas):
    titles = [item.title for item in (*kansas.goals, *kansas.strategies) if item.title]
    titles += [action.title for action in kansas.actions if action.title]
    assert len(set(titles)) == len(titles) == 3 + 17 + 51
    assert not [title for title in titles if len(title.split()) > 12]


# ---- Against the plan's own text ------------------------------------------------------------


def test_every_item_of_the_printed_plan_is_there_and_no_other(kansas, printed):
    rows = re.findall(r"(?m)^(\d+\.\d+\.\d+)\t([^\t\n]*)", printed)
    numbers = [number for number, _ in rows]
    assert len(set(numbers)) == len(numbers) == 66
    assert sorted(a.number for a in kansas.actions) == sorted(numbers)
    is_open = {number: not text.strip() for number, text in rows}
    assert {a.number: a.is_open for a in kansas.actions} == is_open
    appendix = set(re.findall(r"(?m)^Strategy (\d+\.\d+)", printed))
    main = set(re.findall(r"(?m)^- Strategy (\d+\.\d+):", printed))
    assert {s.number for s in kansas.strategies} == appendix == main
    assert {g.number for g in kansas.goals} == set(re.findall(r"(?m)^GOAL (\d+) ", printed))


def test_no_six_words_in_a_row_are_the_plans(kansas_path, printed):
    copied = runs(printed)
    file = kansas_path.read_text(encoding="utf-8")
    comments = " ".join(line.strip("# ") for line in file.splitlines() if line.startswith("#"))
    for text in [*texts(tomllib.loads(file)), comments]:
        same = runs(text) & copied
        assert not same, text


def test_no_person_is_named(kansas_path, printed):
    chairs = set(re.findall(r"Chairperson: ([^(\n]+?) \(", printed))
    assert len(chairs) == 3
    others = set(re.findall(r"(?m)^- (\w+ \w+)(?:,| -| –) (?:Strategic|Analyst|DOJ)", printed))
    others |= set(re.findall(r"SMEs?,? (?:\w+ )?(\w+ \w+) to conduct", printed))
    named = [name for full in chairs | others for name in (full, full.split()[-1])]
    file = kansas_path.read_text(encoding="utf-8")
    assert not [name for name in named if re.search(rf"\b{re.escape(name)}\b", file)]


def test_chairs_are_of_the_office_that_the_plan_prints(kansas, printed):
    short = {"Mayor's Office": "Mayor's Office", "JCPO": "Jackson County Prosecutor's Office"}
    short["KCPD"] = "Kansas City Police Department"
    rows = re.findall(r"GOAL (\d)[\s\S]*?Chairperson: [^(\n]+\(([^)]+)\)", printed)
    printed_offices = {goal: short[office] for goal, office in rows}
    assert {t.goal: t.chair_office for t in kansas.teams if t.goal} == printed_offices


def test_each_link_on_a_number_that_the_plan_prints_is_kept(kansas, printed):
    rows = dict(re.findall(r"(?m)^(\d+\.\d+\.\d+)\t([^\t\n]*)", printed))
    named = {n: re.findall(r"\b\d\.\d(?:\.\d)?\b", text) for n, text in rows.items()}
    named = {number: others for number, others in named.items() if others}
    assert set(named) == {"1.3.8", "2.3.1", "2.3.3", "3.7.2"}
    for number, others in named.items():
        links = {link.on for link in kansas.action(number).needs if link.source == number}
        assert set(others) <= links
