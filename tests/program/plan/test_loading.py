"""A plan's file: what it says, and every fault of it at once."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.sentences import says

from csa.base.errors import ConfigError, ParamError
from csa.city.loading import load_city, setting_descriptions
from csa.program.plan.items import Plan
from csa.program.plan.loading import load_plan

CASES = tomllib.loads(Path(__file__).with_name("loading_faults.toml").read_text("utf-8"))["cases"]

REPEATABLE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def faults_of(path):
    with pytest.raises(ConfigError) as refused:
        load_plan(path)
    faults = [str(fault) for fault in refused.value.faults]
    assert str(refused.value).split("\n")[1:] == [f"  {fault}" for fault in faults]
    return faults


def action(number, *needs):
    listed = ", ".join(f'{{ on = "{on}", source = "1.2", why = "so" }}' for on in needs)
    return f'[[actions]]\nnumber = "{number}"\ntitle = "x"\nneeds = [{listed}]\n'


# ---- By hand --------------------------------------------------------------------------------


def test_a_small_plan_is_read_and_its_items_are_found_by_number(write):
    plan = load_plan(write())
    assert (plan.plan.name, plan.plan.adopted) == ("Small plan", "2020-10")
    assert plan.action("1.2.2").title == "Pass it on"
    assert plan.action("1.2.2").needs[0].kind == "waits"
    assert plan.strategy_of("1.2.10").title == plan.strategy_of("1.2").title == "Find areas"
    assert plan.goal_of("1.2.10") == plan.goal_of("1.2") == plan.goal_of("1") == plan.goals[0]
    assert plan.team_of("1.2.1").chair_office == "Mayor's Office"
    assert [a.number for a in plan.actions_of("1.2")] == ["1.2.1", "1.2.2", "1.2.10"]
    assert [a.number for a in plan.open_slots] == ["1.1.1"]


def test_what_a_measure_lacks_is_told_in_words(write):
    (measure,) = load_plan(write()).measures
    assert [str(m) for m in measure.lacks] == ["no definition yet", "no baseline", "no target"]
    (measure,) = load_plan(write(('unit = "percent"', 'unit = "%"\nhas_baseline = true'))).measures
    assert [str(m) for m in measure.lacks] == ["no definition yet", "no target"]


def test_every_fault_of_a_file_is_told_at_once_with_its_key_and_its_remedy(write):
    path = write(
        ('city = "Testville"\n', ""),
        ('adopted = "2020-10"', 'adoptd = "2020-10"'),
        ('goal = "1"', 'goal = "4"'),
        ('number = "1.1"\n', 'number = "2.1"\n'),
        ('title = "Write the report"', ""),
        ('on = "1.2.1"', 'on = "1.2.9"'),
        ('source = "1",', 'source = "7",'),
        ("is_open = true", 'is_open = true\ntitle = "a title"'),
        ('goals = ["1"]', 'goals = ["1", "5"]'),
        ('team = "prevention"', 'team = "executive"'),
        more='[[strategies]]\nnumber = "1.2"\ntitle = "Again"\n',
    )
    assert sorted(faults_of(path)) == sorted(
        [
            says("config.fault_missing", key="plan.city", what="the city whose plan it is"),
            says("config.fault_unknown", key="plan.adoptd", hint="; did you mean adopted?"),
            says(
                "config.fault_missing",
                key="plan.adopted",
                what="month of the plan, such as 2020-10",
            ),
            says("plan.fault_unknown", kind="goal", key="teams[1].goal", given=4),
            says("plan.fault_unknown", kind="goal", key="strategies[1].number", given=2),
            says("plan.fault_unknown", kind="strategy", key="actions[1].number", given="1.1"),
            says("plan.fault_open_title", key="actions[1].title", given="a title"),
            says("plan.fault_no_title", key="actions[2].title"),
            says("plan.fault_unknown", kind="item", key="actions[3].needs[1].on", given="1.2.9"),
            says("plan.fault_unknown", kind="item", key="actions[4].needs[1].source", given=7),
            says("plan.fault_unknown", kind="goal", key="measures[1].goals", given=5),
            says("plan.fault_unknown", kind="team", key="goals[1].team", given="executive"),
            says("plan.fault_twice", key="strategies[3].number", given="1.2"),
        ]
    )


# ---- At the edge ----------------------------------------------------------------------------


def test_open_slots_of_trust_come_first_whatever_their_number(write):
    trust = ("is_trust = true\n", "")
    later = ('title = "Find areas"', 'title = "Find areas"\nis_trust = true')
    more = '[[actions]]\nnumber = "1.2.11"\nis_open = true\n[[actions]]\nnumber = "1.2.3"\nis_open = true\n'
    plan = load_plan(write(trust, later, more=more))
    assert [slot.number for slot in plan.open_slots] == ["1.2.3", "1.2.11", "1.1.1"]


def test_two_items_may_be_linked_both_ways_but_not_wait_both_ways(write):
    link = '{{ on = "1.2.2", source = "1.2", kind = "{}", why = "x" }}'
    title = ('title = "Write the report"', 'title = "Write it"\nneeds = [{}]')
    assert load_plan(write((title[0], title[1].format(link.format("linked")))))
    (fault,) = faults_of(write((title[0], title[1].format(link.format("waits")))))
    assert re.fullmatch(r"needs: these items wait for each other: 1\.2\.\d, 1\.2\.\d\. .*", fault)


def test_an_empty_list_of_measures_is_a_plan_too(write):
    text = write().read_text(encoding="utf-8")
    path = write()
    path.write_text(text[: text.index("[[measures]]")], encoding="utf-8")
    assert load_plan(path).measures == ()


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "fault"), CASES)
def test_a_fault_is_told_with_its_key(write, old, new, fault):
    found = faults_of(write((old, new)))
    assert [each for each in found if each.startswith(fault)], found


@pytest.mark.parametrize(
    ("more", "listed"),
    [
        (action("1.2.3", "1.2.3"), {"1.2.3"}),
        (action("1.2.3", "1.2"), {"1.2.3", "1.2"}),
        (action("1.2.3", "1.2.4") + action("1.2.4", "1.2.5") + action("1.2.5", "1.2.3"), None),
    ],
    ids=["itself", "its own strategy", "three"],
)
def test_items_that_wait_for_each_other_are_told_by_number(write, more, listed):
    (fault,) = faults_of(write(more=more))
    told = set(re.findall(r"1\.2(?:\.\d+)?", fault.split("Remove")[0]))
    assert told == (listed or {"1.2.3", "1.2.4", "1.2.5"})


def test_strategies_that_wait_for_each_other_are_a_cycle_too(write):
    needs = '\nneeds = [{{ on = "{}", source = "1.2", why = "x" }}]'
    first = ("is_trust = true", "is_trust = true" + needs.format("1.2"))
    second = ('title = "Find areas"', 'title = "Find areas"' + needs.format("1.1.1"))
    (fault,) = faults_of(write(first, second))
    assert {"1.1", "1.1.1", "1.2"} <= set(re.findall(r"1\.\d(?:\.\d+)?", fault))


def test_two_cycles_through_one_strategy_are_two_faults_told_without_marks(write):
    """To mend one leaves the other: what a strategy holds on its own actions is no link."""
    needs = ", ".join(f'{{ on = "{on}", source = "1.2", why = "x" }}' for on in ("1.2.3", "1.1.2"))
    title = 'title = "Find areas"'
    more = action("1.2.3") + action("1.1.2", "1.2.3")
    found = faults_of(write((title, f"{title}\nneeds = [{needs}]"), more=more))
    assert len(found) == 2
    assert "<" not in "".join(found)


def test_a_team_or_a_measure_that_stands_twice_is_told_by_its_id(write):
    text = write().read_text(encoding="utf-8")
    blocks = [
        f"[[{name}]]" + text.split(f"[[{name}]]")[1].split("[[")[0]
        for name in ("teams", "measures")
    ]
    assert faults_of(write(more="".join(blocks))) == [
        says("plan.fault_twice", key="teams[2].id", given="prevention"),
        says("plan.fault_twice", key="measures[2].id", given="recidivism"),
    ]


@pytest.mark.parametrize("what", ["none", "folder"])
def test_a_file_that_is_absent_is_told_as_a_plans_file(tmp_path, what):
    with pytest.raises(ConfigError, match=r"Plan file not found: .*config/plans/"):
        load_plan(tmp_path if what == "folder" else tmp_path / "no.toml")


def test_a_file_that_is_not_toml_is_told_with_its_line(write):
    with pytest.raises(ConfigError, match=r"is not valid TOML: .*line"):
        load_plan(write(more="nonsense"))


@pytest.mark.parametrize("asked", ["9.9.9", "1.2.3", "", "x"])
def test_an_item_that_the_plan_lacks_is_refused_with_an_example(write, asked):
    plan = load_plan(write())
    with pytest.raises(ParamError, match=r"Action numbers look like 1\.1\.1;"):
        plan.action(asked)
    with pytest.raises(ParamError):
        plan.strategy_of(f"7.{asked}")
    with pytest.raises(ParamError, match=r"The plan has no goal for 7\."):
        plan.goal_of(f"7.{asked}")


# ---- True in general ------------------------------------------------------------------------


@REPEATABLE
@given(
    key=st.sampled_from(["teams", "goals", "strategies", "actions", "measures"]),
    value=st.sampled_from(
        [
            "5",
            '["a"]',
            "[{ number = 1, title = 2, needs = 3, goals = 4, team = [], id = {} }]",
            '[{ number = "", needs = [{ on = "", source = 1 }, 2], goals = [1, "x"] }]',
            '[{ number = "1<", needs = [{ on = "1<" }] }, { number = "1.1<.5" }]',
            "[{ needs = [{ kind = [] }], is_open = 1 }]",
        ]
    ),
)
def test_whatever_stands_in_a_list_is_a_fault_and_no_crash(write, key, value):
    text = write().read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=\[)", text)
    kept = [block for block in blocks if not block.startswith(f"[[{key}]]")]
    path = write()
    path.write_text(f"{key} = {value}\n" + "".join(kept), encoding="utf-8")
    assert [fault for fault in faults_of(path) if fault.startswith(key)]


def test_the_data_page_names_every_key_of_a_plans_file(root):
    page = (root / "docs" / "DATA.md").read_text(encoding="utf-8")
    section = page.split("## A plan's file")[1].split("\n## ")[0]
    keys = setting_descriptions(Plan)
    assert len(keys) > 40
    lacking = [key for key, what in keys.items() if f"| `{key}` | {what} |" not in section]
    assert lacking == []


SPANISH = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgctxt "1.2.1"
msgid "Write the report"
msgstr "Escribir el informe"

#, fuzzy
msgctxt "1.2.2"
msgid "Pass it on"
msgstr "Nadie miró este título"

msgctxt "1.2.10"
msgid "Learn from it"
msgstr ""
"""


@pytest.fixture
def plan(write):
    path = write()
    path.with_name("plan.es.po").write_text(SPANISH, encoding="utf-8")
    return load_plan(path)


def test_a_title_is_said_in_each_language_that_has_it(plan):
    titles = plan.titles_of("1.2.1", "Write the report")
    assert titles == {"en": "Write the report", "es": "Escribir el informe"}


def test_a_title_approved_since_is_not_said_by_the_old_translation(plan):
    assert plan.titles_of("1.2.1", "Write two reports") == {"en": "Write two reports"}
    assert plan.titles_of("1.1.1", "Write the report") == {"en": "Write the report"}


def test_a_fuzzy_an_empty_and_an_absent_translation_are_not_said(plan):
    for number in ("1.2.2", "1.2.10", "1.1.1"):
        assert plan.titles_of(number, plan.action(number).title or "New") == {
            "en": plan.action(number).title or "New"
        }


@pytest.mark.parametrize("content", [b"\xff\xfe", b'msgid "a\n'])
def test_a_damaged_file_of_translations_is_refused_with_its_name(write, content):
    path = write()
    path.with_name("plan.es.po").write_bytes(content)
    with pytest.raises(ConfigError, match=r"plan\.es\.po can't be read as translated titles"):
        load_plan(path)


def test_a_made_up_city_names_no_office_of_the_city_whose_plan_it_follows(root):
    city = load_city(root / "config" / "sample.toml").city
    path = root / "config" / "plans" / city.plan
    plan = load_plan(path, city.plan_names)
    written = [
        plan.plan.name,
        *(o for team in plan.teams for o in (team.chair_office, *team.offices)),
    ]
    written += [t for a in plan.actions for t in plan.titles_of(a.number, a.title).values()]
    real = ("Kansas", "Jackson", "Missouri", "NoVA")
    assert [text for text in written if any(name in text for name in real)] == []
    assert "Prosecutor's Office" in written
    borrowed, own = (one.titles_of("2.2.2", _title(one)) for one in (load_plan(path), plan))
    assert borrowed["es"] == "Preguntar si NoVA puede y quiere dar servicios"
    assert own["es"] == "Preguntar si Peace Alliance puede y quiere dar servicios"


def _title(plan):
    return next(action.title for action in plan.actions if action.number == "2.2.2")
