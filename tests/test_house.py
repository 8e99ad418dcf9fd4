"""The house keeps its order: a name stands once, what is named exists, screens stay apart."""

import ast
import importlib
import re
import tomllib
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter

import pytest

from tests.changed import TESTS, imports, known, modules, modules_of, reached
from tests.house import LEDGER, ceilings, count_code, graph, parsed, raised, too_heavy, weigh

FILES = (".toml", ".po", ".sqlite3", ".py", ".md")
"""`csa.toml` is a file, no name."""


@pytest.fixture(scope="module")
def sources(root):
    paths = [*(root / "src").rglob("*.py"), *(root / "app").rglob("*.py")]
    return {path.relative_to(root): path.read_text(encoding="utf-8") for path in paths}


@cache
def nodes(text):
    """List all that stands in a module; read once for all tests."""
    return tuple(ast.walk(parsed(text)))


def repeated(sources):
    places = defaultdict(list)
    for path, text in sources.items():
        for node in nodes(text):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path))
    return {name: found for name, found in places.items() if len(found) > 1}


@cache
def exists(name):
    """Whether a dotted name is a module, or a name in one."""
    module = name.split(".")
    for length in range(len(module), 0, -1):
        try:
            found = importlib.import_module(".".join(module[:length]))
        except ModuleNotFoundError:
            continue
        for part in module[length:]:
            fields = getattr(found, "__annotations__", {})
            if not hasattr(found, part) and part not in fields:
                return False
            found = getattr(found, part, None)
        return True
    return False


def named(text):
    found = re.findall(r"`((?:csa|app)(?:\.\w+)+)`", text)
    return [name for name in found if not name.endswith(FILES)]


def test_a_class_name_stands_once(sources):
    assert repeated(sources) == {}


def test_a_class_name_that_stands_twice_is_seen():
    assert repeated({"a.py": "class Told: ...", "b.py": "class Told: ..."}) == {
        "Told": ["a.py", "b.py"]
    }


def test_what_is_named_in_backticks_exists(sources, root):
    pages = {
        path.relative_to(root): path.read_text(encoding="utf-8")
        for path in [*(root / "docs").glob("*.md"), root / "README.md"]
    }
    missing = {
        f"{path}: {name}"
        for path, text in (sources | pages).items()
        for name in named(text)
        if not exists(name)
    }
    assert missing == set()


def test_a_name_that_is_gone_is_seen():
    assert named("see `csa.base.crs.project` and `csa.toml`") == ["csa.base.crs.project"]
    assert exists("csa.base.crs.project")
    assert not exists("csa.base.crs.nowhere")
    assert not exists("csa.hotspots.areas")


def test_only_packages_lie_at_the_top_of_the_library(root):
    found = {path.name for path in (root / "src" / "csa").iterdir() if path.is_file()}
    assert found == {"__init__.py", "py.typed"}


def called_by_name(text):
    """Rooms that are imported by a text, which no contract on imports sees."""
    calls = (node for node in nodes(text) if isinstance(node, ast.Call))
    named_in = (
        call.args[0].value
        for call in calls
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) == "import_module"
    )
    return [name for name in named_in if str(name).startswith("csa")]


def test_no_room_imports_another_by_a_text(sources):
    found = {(str(path), name) for path, text in sources.items() for name in called_by_name(text)}
    face = "src/csa/__init__.py"  # the one page that names all floors
    assert {pair for pair in found if pair[0] != face} == {
        ("src/csa/ingest/job.py", "csa.ingest.job")
    }


def test_an_import_by_a_text_is_seen():
    assert called_by_name("x = importlib.import_module('csa.cli').y") == ["csa.cli"]
    assert called_by_name("import_module(name)") == []


def test_no_screen_imports_another(sources):
    wrong = []
    for path, text in sources.items():
        if path.parts[:3] != ("app", "csa_app", "screens"):
            continue
        for node in nodes(text):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("csa_app.screens.") and module.split(".")[2] != path.parts[3]:
                wrong.append(f"{path}: {module}")
    assert wrong == []


def homeless(names, exists):
    """Name the test files that stand in no package's folder, or are named after no module of it.

    `test_<module>.py` tests a module, and `test_<module>_<part>.py` a part of what it does.
    """

    def has_a_home(name):
        *folders, file = name.split("/")
        tops = {"app": ["app/csa_app"], "extras": ["src/csa/extras", "app/csa_app/extras"]}
        homes = tops.get(folders[0], [f"src/csa/{folders[0]}"])
        rooms = ["/".join([home, *folders[1:]]) for home in homes]
        words = file.removeprefix("test_").removesuffix(".py").split("_")
        modules = ["_".join(words[:n]) for n in range(1, len(words) + 1)]
        return any(exists(f"{room}/{module}") for room in rooms for module in modules)

    return [name for name in names if not has_a_home(name)]


def test_tests_follow_the_tree(root):
    tests = root / "tests"
    names = [
        str(path.relative_to(tests))
        for folder in tests.iterdir()
        if folder.is_dir() and folder.name not in {"browser", "campaigns"}
        for path in sorted(folder.rglob("test_*.py"))
    ]

    def is_there(place):
        return (root / f"{place}.py").is_file() or (root / place / "__init__.py").is_file()

    assert len(names) > 150
    assert homeless(names, is_there) == []


def test_a_test_file_without_a_module_is_seen():
    there = {"src/csa/areas/sufficiency", "app/csa_app/shared/legend"}
    names = [
        "areas/test_sufficiency.py",
        "areas/test_sufficiency_edge.py",
        "app/shared/test_legend.py",
    ]
    assert homeless(names, there.__contains__) == []
    gone = ["areas/test_hotspots.py", "areas/test_gateway.py", "geo/test_sufficiency.py"]
    assert homeless(gone, there.__contains__) == gone


def odd_docstrings(sources):
    """Docstrings that begin with Tell, Say or Let: plain English says Return, Check, Describe."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        f"{path}: {getattr(node, 'name', 'module')}"
        for path, text in sources.items()
        for node in nodes(text)
        if isinstance(node, kinds) and re.match(r"(Tell|Say|Let)\b", ast.get_docstring(node) or "")
    ]


def test_no_docstring_begins_with_tell_say_or_let(sources):
    assert odd_docstrings(sources) == []


def test_a_docstring_that_begins_with_tell_say_or_let_is_seen():
    text = '''"""Say it."""
class Fine:
    """Letters of an area."""
    async def odd(self):
        """Let it be."""
def told():
    """
    Tell what.
    """
'''
    assert odd_docstrings({"a.py": text}) == ["a.py: module", "a.py: told", "a.py: odd"]
    assert odd_docstrings({"b.py": '"""Tellers say, and let."""'}) == []


PREPARES_VERDICTS = {"src/csa/change/follow.py", "src/csa/change/outcomes.py"}
"""The one place that prepares areas, past years and incidents for a verdict on shootings, and the
one that follows a city's other signals."""


def callers(sources, name):
    """List the files that call a function by its name."""
    return {
        str(path)
        for path, text in sources.items()
        for node in nodes(text)
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    }


def test_one_place_prepares_verdicts(sources):
    assert callers(sources, "analyze_displacement") == PREPARES_VERDICTS


def test_another_place_that_prepares_verdicts_is_seen():
    assert callers({"a.py": "from csa import x\nx.run(y)\nrun(y)\nrunner(y)"}, "run") == {"a.py"}
    assert callers({"a.py": "runner(y)\nrun = 1"}, "run") == set()


DRAWS_FORMS = {"app/csa_app/shared/signing.py", "app/csa_app/screens/compare/choosing.py"}
"""The one place that draws the form of a decision; and Compare's, which writes a file, no decision of
the store, and asks again where an area was passed over."""


def test_one_place_draws_the_form_of_a_decision(sources):
    assert callers(sources, "form_submit_button") == DRAWS_FORMS


def test_nothing_weighs_more_than_the_ledger_allows():
    assert too_heavy(weigh(), tomllib.loads(LEDGER.read_text(encoding="utf-8"))) == {}


def test_the_ceiling_is_the_ledgers_sum_and_a_line_over_it_is_seen():
    ledger = {
        "start": {"core": 100, "lines_a_function": 11.0},
        "lowered": [{"issue": 1, "row": "core", "lines": 30}],
        "granted": [{"issue": 2, "row": "core", "lines": 5, "what": "a map"}],
    }
    assert ceilings(ledger) == {"core": 75, "lines_a_function": 11.0}
    assert too_heavy({"core": 75, "lines_a_function": 11.0}, ledger) == {}
    assert too_heavy({"core": 76, "lines_a_function": 10.9}, ledger) == {
        "core": (76, 75),
        "lines_a_function": (10.9, 11.0),
    }


def test_a_ledger_holds_a_row_higher_only_by_a_grant():
    one = {"row": "tests", "lines": 1}
    before = {"start": {"tests": 9}, "lowered": [one]}
    assert raised(before, before) == raised(before, {**before, "lowered": [one, one]}) == []
    assert raised(before, {**before, "granted": [one]}) == []
    assert raised(before, {**before, "lowered": []}) == raised(before, {"start": {}}) == ["tests"]


def test_code_is_counted_without_what_explains_it():
    text = '''"""A module."""

import os  # comment

A = """text
of two lines"""


def f():
    """Do it.

    Twice.
    """
    # comment
    return (
        os.name
    )
'''
    assert count_code(text) == 2 + 1 + 3


def test_no_module_imports_itself_by_way_of_others():
    assert list(TopologicalSorter(graph()).static_order())


OLD_WORDS = re.compile(
    r"(^|_)(tell|told|say|said|says|speak|opened|ones|found|asked|beside|kept|judge|judged|settle"
    r"|settled|firm|standing|standings|anew)(_|$)"
)
"""Words of the old dialect: docs/ARCHITECTURE.md, *Names*, has what stands in their place."""


def old_words(sources):
    """List the public functions and classes at the top of a module, or in a class, with such words."""
    found = []
    for path, text in sources.items():
        tree = parsed(text)
        owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
        for node in (node for owner in owners for node in owner.body):
            name = getattr(node, "name", "")
            snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            if not name.startswith("_") and OLD_WORDS.search(snake):
                found.append(f"{path}: {name}")
    return found


def test_no_public_name_has_a_word_of_the_old_dialect(sources):
    assert old_words(sources) == []


def test_a_word_of_the_old_dialect_is_seen():
    text = "def say_it(): ...\nclass JudgedFile:\n    def told(self): ...\n    def _told(self): ..."
    assert old_words({"a.py": text}) == ["a.py: say_it", "a.py: JudgedFile", "a.py: told"]
    assert old_words({"a.py": "def essay(): ...\ndef stone(): ...\nclass Founder: ..."}) == []


def files(changed):
    return {str(path.relative_to(TESTS)): steps for path, steps in reached(changed).items()}


def test_a_module_reaches_its_own_tests_first_and_none_that_does_not_need_it():
    found = files({"csa.program.actions"})
    assert found["program/test_actions.py"] == 1 < found["cli/test_displace.py"]
    assert "geo/test_cells.py" not in found


def test_each_test_file_is_reached_by_a_module_or_reads_them_all():
    every = {path for path in known().values() if path.name.startswith("test_")}
    left = {str(path.relative_to(TESTS)) for path in every - set(reached(set(modules())))}
    assert {name for name in left if not name.startswith(("browser/", "campaigns/"))} <= {
        *("test_accessibility_page.py", "test_benchmarks.py", "test_house.py"),
        *("test_joining.py", "test_looking.py", "test_supply.py", "test_wheel.py"),
    }


def test_a_file_that_is_no_module_reaches_who_names_it_or_stands_beside_it():
    assert "csa.base.text" in modules_of(TESTS.parent / "src/csa/locale/es/LC_MESSAGES/csa.po")
    beside = (TESTS / "workflow/cities/cases").with_suffix(".new")
    assert "tests.workflow.test_new_city_cases" in modules_of(beside)
    assert "csa_app.screens.plan.page" in modules_of(
        TESTS.parent / "app/csa_app/screens/plan/page.py"
    )


def imported_tests(name, path):
    found = imports(name, path, known())
    return sorted(other for other in found if re.match(r"tests\.(.*\.)?test_\w+$", other))


def test_no_test_file_is_imported_by_another():
    """What two of them need has a module of its own."""
    assert [name for name, path in known().items() if imported_tests(name, path)] == []


def test_an_import_of_a_test_file_is_seen(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "from tests.geo.test_cells import a\nfrom tests.geo import test_grid\nimport tests.test_api"
    )
    assert imported_tests("a", path) == [
        "tests.geo.test_cells",
        "tests.geo.test_grid",
        "tests.test_api",
    ]
