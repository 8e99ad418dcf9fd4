"""Faults that are planted: each is another program, and there are some in every module that is tried."""

import ast

import pytest
from tests.mutation.mutants import ROOT, SUBJECTS, all_mutants, change, changes, nodes, source_of


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


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_fault_is_another_program(subject):
    found = list(all_mutants(subject))
    assert len(found) == len(set(found)) > 20
    for mutant in found[:: max(1, len(found) // 20)]:
        source, before, after = source_of(mutant)
        assert before != after
        assert ast.unparse(ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))) != source
        compile(source, mutant.path, "exec")
