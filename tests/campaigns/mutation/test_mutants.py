"""Faults that are planted: each is another program, and there are some in every module that is tried."""

import ast
import gc

import pytest
from tests.campaigns.mutation import mutants
from tests.campaigns.mutation.mutants import (
    ROOT,
    SUBJECTS,
    Mutant,
    all_mutants,
    block_of,
    blocks,
    change,
    changes,
    nodes,
    probed,
    source_of,
)
from tests.campaigns.mutation.trying import exchange

from csa.disclosure import published


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a < b", "a <= b"),
        ("a and b", "a or b"),
        ("not a", "a"),
        ("min(a)", "max(a)"),
        ("2", "3"),
        ("True", "False"),
        ("a if b else c", "a if not b else c"),
    ],
)
def test_a_change_by_hand(before, after):
    node = ast.parse(before).body[0].value
    assert len(list(changes(node))) == 1
    assert ast.unparse(change(node)) == after


@pytest.mark.parametrize("text", ["'words'", "None", "a < b < c", "f(a)"])
def test_what_is_left_alone(text):
    assert list(changes(ast.parse(text).body[0].value)) == []


def test_types_and_decorators_are_left_alone():
    found = nodes(ast.parse("@f(1)\ndef g(a: X[2] = 3) -> Y[4]:\n    return None\n"))
    assert [node.value for node in found if isinstance(node, ast.Constant)] == [3, None]


@pytest.mark.long_but_first
@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_fault_is_another_program(subject):
    found = list(all_mutants(subject))
    assert len(found) == len(set(found)) > 20
    for mutant in found[:: max(1, len(found) // 20)]:
        source, before, after = source_of(mutant)
        assert before != after
        assert ast.unparse(ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))) != source
        compile(source, mutant.path, "exec")


def test_a_node_belongs_to_its_innermost_block_and_to_none_outside_of_functions():
    text = "A = 1\ndef f(x=2):\n    y = 3\n    if x:\n        return 4\n    return lambda: 5\n"
    tree = ast.parse(text)
    found = blocks(tree, "f.py")
    keys = {
        node.value: found[id(node)] for node in ast.walk(tree) if isinstance(node, ast.Constant)
    }
    assert keys == {1: None, 2: None, 3: "f.py:3:4", 4: "f.py:5:8", 5: "f.py:6:19"}


def test_each_block_notes_that_it_is_reached_and_nothing_else_changes(tmp_path, monkeypatch):
    path = tmp_path / "f.py"
    text = 'def f(x):\n    """Say."""\n    if x:\n        return (lambda: 4)()\n    return 5\n'
    path.write_text(text)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    reached, names = [], {}
    exec(compile(probed(path), str(path), "exec"), {"reached_here": reached.append}, names)  # noqa: S102
    assert names["f"].__doc__ == "Say."
    assert names["f"](x=False) == 5
    assert reached == ["f.py:2:4"]
    assert names["f"](x=True) == 4
    assert reached[1:] == ["f.py:2:4", "f.py:4:8", "f.py:4:24"]


def test_a_module_is_tried_with_the_tests_that_stand_where_it_does():
    assert Mutant("geo", "src/csa/geo/cells.py", 1, 1, "").mirror == ROOT / "tests" / "geo"
    page = Mutant("app", "app/csa_app/screens/plan/page.py", 1, 1, "")
    assert page.mirror == ROOT / "tests" / "app" / "screens" / "plan"
    assert block_of(page) is None  # Streamlit compiles it at each run


def test_a_guard_against_lists_of_different_lengths_is_left_alone():
    tree = ast.parse("dict(zip(a, b, strict=True))")
    assert [node for node in nodes(tree) if list(changes(node))] == []


def test_a_functions_code_is_exchanged_though_the_collector_was_told_to_leave_it(monkeypatch):
    monkeypatch.setattr(published.span_name, "__code__", published.span_name.__code__)  # put back
    text = (ROOT / "src/csa/disclosure/published.py").read_text(encoding="utf-8")
    head, _, rest = text.partition("def span_name(period: Period) -> str:")
    gc.freeze()
    wrong = f"{head}def span_name(period: Period) -> str:\n    return 'exchanged'\n\n{rest}"
    assert exchange({str(ROOT / "src/csa/disclosure/published.py"): wrong}) == 1
    assert published.span_name(None) == "exchanged"
