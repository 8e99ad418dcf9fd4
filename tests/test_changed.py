"""What a change reaches, by imports: what it must run, and what it can leave."""

from tests.changed import TESTS, known, modules_of, reached
from tests.house import ROOT, imports, modules


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
        *("test_accessibility_page.py", "test_benchmarks.py", "test_changed.py", "test_house.py"),
        *("test_joining.py", "test_looking.py", "test_supply.py", "test_wheel.py"),
    }


def test_a_file_that_is_no_module_reaches_who_names_it_or_stands_beside_it():
    assert "csa.base.text" in modules_of(ROOT / "src/csa/locale/es/LC_MESSAGES/csa.po")
    beside = (TESTS / "workflow/cities/cases").with_suffix(".new")
    assert "tests.workflow.test_new_city_cases" in modules_of(beside)
    assert "csa_app.screens.plan.page" in modules_of(ROOT / "app/csa_app/screens/plan/page.py")


def test_no_test_file_is_imported_by_another():
    """What two of them need has a module of its own."""
    used = {
        (name, other)
        for name in known()
        for other in imports(name, known()[name], known())
        if other.startswith("tests.") and other.rpartition(".")[2].startswith("test_")
    }
    assert used == set()
