"""What values of measures are remembered under: two stores of other values have other marks."""

from tests.stores import GENESIS, act, signed

from csa.program.measures import add_values
from csa.program.plan.loading import load_plan
from csa.program.plan.measures import Quarter, Value
from csa.program.store.backup import load_backup, restore, save_backup
from csa.program.store.records import mark_values, read_values

QUARTER = Quarter.parse("2025-Q4")


def take(store, plan, value):
    add_values(store, plan, act(), [Value(plan.measures[0].id, QUARTER, value=value)])


def test_as_many_values_after_a_second_restore_are_not_taken_for_the_same(store, root, tmp_path):
    plan = load_plan(root / "config" / "plans" / "kansas-city-psp.toml")
    assert mark_values(store) == GENESIS
    save_backup(store, tmp_path / "none")
    take(store, plan, 5.0)
    save_backup(store, tmp_path / "five")
    restore(store, load_backup(tmp_path / "none"), signed(), tmp_path / "kept-1")
    take(store, plan, 7.0)
    seven = mark_values(store)
    restore(store, load_backup(tmp_path / "five"), signed(), tmp_path / "kept-2")
    assert [value.value for value in read_values(store)] == [5.0]
    assert mark_values(store) != seven
