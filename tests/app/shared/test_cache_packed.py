"""What is packed while nobody asks for it: the same answer, worked out once, and less memory."""

import sys
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, is_dataclass, replace
from types import MappingProxyType, SimpleNamespace
from weakref import ref

import numpy as np
import pandas as pd
import pytest

from csa.areas.choices import city_choices
from csa.areas.window import NOTHING_COUNTED
from csa.base.message import Message
from csa.base.params import Month
from csa.city.dataset import open_dataset
from csa.city.loading import load_city
from csa.geo.grid import Grid
from csa_app.shared import cache, cache_change, cache_once, cache_packed
from csa_app.shared.cache_now import forget_others
from csa_app.shared.cache_once import once
from csa_app.shared.cache_packed import Packed, identity, packed
from csa_app.shared.city_session import CitySession

DONE = []


@dataclass(frozen=True)
class Found:
    """What a setting could lead to."""

    grid: Grid
    numbers: np.ndarray
    told: MappingProxyType


@packed(max_entries=64)
def found_at(setting: int, _work=DONE.append) -> Found:
    _work(setting)
    told = MappingProxyType({"setting": setting})
    return Found(NOTHING_COUNTED.grid, np.full(5000, setting), told)


@packed(max_entries=4)
def none_at(setting: int) -> Found | None:
    DONE.append(setting)


@pytest.fixture(autouse=True)
def _none_yet():
    DONE.clear()
    for key in ("none yet", "packed"):
        forget_others(city_as(key))


def city_as(key):
    return SimpleNamespace(incidents_key=key, key=key)


def ask_for_others(n=cache_packed.AT_HAND, first=100):
    for setting in range(first, first + n):
        found_at(setting)


# ---- By hand --------------------------------------------------------------------------------


def test_what_was_asked_for_last_is_at_hand_and_the_rest_is_packed():
    first = found_at(1)
    assert found_at(1) is first
    ask_for_others(20, first=100)
    assert found_at(1) is first  # and now it is the last again
    ask_for_others(cache_packed.AT_HAND - 1, first=200)
    assert found_at(1) is first
    gone = ref(first)
    del first
    ask_for_others()
    assert gone() is None
    again = found_at(1)
    assert again.numbers.tolist() == [1] * 5000
    assert again.told == {"setting": 1}
    assert isinstance(again.told, MappingProxyType)
    assert DONE.count(1) == 1
    assert found_at(1) is again


def test_what_many_answers_share_is_not_copied():
    ask_for_others(), found_at(1), ask_for_others()
    assert found_at(1).grid is NOTHING_COUNTED.grid


def test_no_answer_is_an_answer():
    assert [none_at(1), ask_for_others(), none_at(1)] == [None] * 3
    assert DONE.count(1) == 1


def look_at(proposal, shade):
    DONE.append(shade)
    return f"{len(proposal.areas)} {shade}"


def test_what_was_said_of_an_answer_is_still_known_when_it_was_packed(city):
    cache_once._answer.clear()
    kept, other = (Packed(replace(city.proposal)) for _ in range(2))
    one = kept.answer()
    assert identity(one) is not one
    made = replace(one)
    assert identity(made) is made  # what is made of it is something else
    assert once(look_at)(one, "light") == "2 light"
    kept.pack()
    again = kept.answer()
    assert again is not one
    assert identity(again) is identity(one)
    assert once(look_at)(again, "light") == once(look_at)(one, "light") == "2 light"
    assert DONE == ["light"]
    once(look_at)(other.answer(), "light")
    once(look_at)(replace(again), "light")
    assert DONE == ["light"] * 3


def test_areas_alone_count_nothing_when_they_were_packed_either(city):
    kept = Packed(city.proposal.areas_alone())
    kept.pack()
    assert (len(kept.answer().counted.cells), city.proposal.counted.incidents.sum()) == (0, 16)


def test_an_answer_goes_when_nobody_can_ask_about_its_object_any_more(city):
    cache_once._answer.clear()
    kept = Packed(replace(city.proposal))
    gone = ref(once(large)(kept.answer()))
    cache_packed._NEAR.clear()
    kept.pack()
    assert gone() is not None
    del kept
    assert gone() is None


def large(_):
    return np.zeros(10_000)


# ---- At the edge ----------------------------------------------------------------------------


class Stubborn:
    def __reduce__(self):
        raise ValueError("not me")


def test_what_cannot_be_written_stays_as_it_is_and_is_nobody_elses_error(monkeypatch):
    monkeypatch.setattr(cache_packed, "AT_HAND", 1)
    stubborn, local = Packed(Stubborn()), Packed(lambda: 1)
    first = stubborn.answer()
    assert local.answer()() == 1  # which has the other give way
    assert found_at(1).told == {"setting": 1}
    assert stubborn.answer() is first
    assert local.answer()() == 1


def test_what_another_thread_is_adding_to_is_packed_the_next_time(monkeypatch):
    kept = Packed(found_at(1))
    first = kept.answer()

    def busy(*_):
        raise RuntimeError("dictionary changed size during iteration")

    with monkeypatch.context() as patch:
        patch.setattr(cache_packed._Packer, "dump", busy)
        kept.pack()
    assert kept.answer() is first
    kept.pack()
    assert kept.answer() is not first


def test_new_data_leave_none_of_them():
    gone = ref(found_at(1))
    found_at(2)
    forget_others(city_as("new"))
    assert gone() is None
    found_at(1)
    assert DONE == [1, 2, 1]


# ---- True in general ------------------------------------------------------------------------


def test_many_threads_have_each_their_own_answer(monkeypatch):
    monkeypatch.setattr(cache_packed, "AT_HAND", 2)

    def ask(seed):
        for setting in np.random.default_rng(seed).integers(0, 12, 150).tolist():
            found = found_at(setting)
            assert (found.numbers == setting).all()
            assert found.told["setting"] == setting
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))
    assert sorted(DONE) == list(range(12))
    assert len(cache_packed._NEAR._answers) == 2


def test_new_data_while_many_ask_are_no_error():
    """With threads that take turns at every step, a clear within a step shows in a second."""
    usual, until = sys.getswitchinterval(), time.monotonic() + 2
    kept = [Packed(n) for n in range(40)]

    def ask(seed):
        rng = np.random.default_rng(seed)
        while time.monotonic() < until:
            for n in rng.integers(0, 40, 100).tolist():
                assert kept[n].answer() == n
        return True

    def forget():
        while time.monotonic() < until:
            cache_packed._NEAR.clear()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            forgetting = threads.submit(forget)
            assert all(threads.map(ask, range(3)))
            forgetting.result()
    finally:
        sys.setswitchinterval(usual)


@pytest.fixture(scope="module")
def sample(root, sample_folder):
    config = load_city(root / "config" / "sample.toml")
    return CitySession(config, open_dataset(sample_folder), sample_folder, incidents_key="packed")


def test_all_that_is_kept_of_a_setting_packs_to_less_than_half_and_is_the_same(sample):
    choices = city_choices(sample.config)
    cache.proposal(sample, choices)
    followed = cache_change.following(sample, choices, "2019-01")
    asked = [
        lambda: cache.proposal(sample, choices),
        lambda: cache.assessment(sample, choices),
        lambda: cache.proposal_as_of(sample, choices, Month(2019, 1)),
        lambda: cache_change.following(sample, choices, "2019-01"),
        lambda: cache_change.lineage(sample, choices, followed.displaced.chosen),
        lambda: cache_change._windows(sample.key, choices, sample, print),
    ]
    for ask in asked:
        before = ask()
        near = cache_packed._NEAR._answers.values()
        (kept,) = [one for one in near if one._held[0] is before]
        kept.pack()
        written, shared = kept._written
        after = ask()
        assert after is not before
        require_same(before, after)
        assert len(written) < len(zlib.decompress(written)) / 2
        assert {type(one).__name__ for one in shared} <= {"Grid", "_Identity"}


def require_same(one, other):
    """Compare all that two objects hold, and the types of it; a grid must be the same object."""
    assert type(one) is type(other)
    if isinstance(one, Grid):
        assert one is other
    elif isinstance(one, Message):
        assert one == other
    elif isinstance(one, pd.DataFrame):
        assert one.equals(other)
        assert one.dtypes.astype(str).tolist() == other.dtypes.astype(str).tolist()
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.flags.writeable) == (other.dtype, other.flags.writeable)
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    elif isinstance(one, cache_packed._Identity):
        assert one is other
    elif is_dataclass(one):
        require_same(vars(one), vars(other))
    elif isinstance(one, Mapping):
        assert list(one) == list(other)
        require_same(tuple(one.values()), tuple(other.values()))
    elif isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        [*map(require_same, one, other)]
    else:
        assert one == other
