"""Changed counts: the same for the same incidents, another draw for others, and no extreme."""

import hashlib
import hmac
from collections import Counter

import numpy as np
from hypothesis import given, strategies as st
from tests.sentences import refuses

from csa.disclosure.keys import (
    FARTHEST,
    SURE,
    THRESHOLD,
    Secret,
    perturbations,
    publish_counts,
    record_keys,
    sum_keys,
    suppression_lines,
)

SECRET, OTHER = Secret(bytes(range(32))), Secret(bytes(range(1, 33)))
MANY = SECRET.keys(str(n) for n in range(40_000))


def key_of(ids, domestic="no", secret=SECRET):
    """Return the key of a count of some incidents."""
    keys = record_keys(secret, ids, [domestic] * len(ids))
    return sum_keys(keys, np.zeros(len(ids), dtype=np.int64), 1)


def told(true, key, line=15, rounded_to=1):
    return publish_counts(np.array([true]), key, np.array([line]), rounded_to)[0]


# ---- by hand -------------------------------------------------------------------------------


def test_a_record_key_is_the_hmac_of_an_id_and_of_what_is_known_of_it():
    """The oracle writes the RFC's construction out."""
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in SECRET.value.ljust(64, b"\0")) + b"I-7\nno")
    outer = bytes(b ^ 0x5C for b in SECRET.value.ljust(64, b"\0"))
    digest = hashlib.sha256(outer + inner.digest()).digest()
    assert digest == hmac.new(SECRET.value, b"I-7\nno", "sha256").digest()
    (key,) = record_keys(SECRET, ["I-7"], ["no"])
    assert int(key) == int.from_bytes(digest[:8], "little")


def test_changes_have_mean_0_and_halve_with_each_step_on_both_sides():
    """Half as likely each: 1/3 for 0, then 1/6, 1/12 ... on either side."""
    n, found = len(MANY), Counter(perturbations(MANY).tolist())
    for change in range(-6, 7):
        share = 2.0 ** -abs(change) / 3
        assert abs(found[change] / n - share) < 4 * (share / n) ** 0.5
    assert abs(sum(k * v for k, v in found.items()) / n) < 4 * 2 / n**0.5
    assert 0.90 < sum(found[change] for change in range(-3, 4)) / n < 0.93


def test_below_ten_is_fewer_than_ten_by_the_changed_count_not_by_the_true_one():
    changes = perturbations(MANY).tolist()
    up, down = MANY[changes.index(2)], MANY[changes.index(-2)]
    assert told(8, np.array([up])) == THRESHOLD
    assert told(7, np.array([up])) is None
    assert told(11, np.array([down])) is None
    assert told(12, np.array([down])) == THRESHOLD


def test_a_large_change_carries_no_count_over_its_places_line():
    changes = perturbations(MANY).tolist()
    up, down = (np.array([MANY[changes.index(change)]]) for change in (9, -9))
    assert [told(true, up, line=15) for true in (14, 15)] == [SURE - 1, 24]
    assert [told(true, down, line=15) for true in (14, 15)] == [None, THRESHOLD]


# ---- at the edge ---------------------------------------------------------------------------


def test_what_has_no_incident_is_fewer_than_ten_whatever_the_secret():
    assert perturbations(np.zeros(1, dtype=np.uint64)).tolist() == [-FARTHEST]
    assert abs(perturbations(MANY)).max() < FARTHEST
    nothing = sum_keys(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), 2)
    assert publish_counts(np.zeros(2, dtype=np.int64), nothing, np.array([11, 19])) == [None, None]


def test_a_place_has_its_own_line_and_every_line_occurs():
    names = [f"place {n}" for n in range(500)]
    lines = suppression_lines(SECRET, names)
    assert set(lines.tolist()) == set(range(THRESHOLD + 1, SURE))
    assert (lines == suppression_lines(SECRET, names)).all()
    assert (lines != suppression_lines(OTHER, names)).any()


# ---- refused -------------------------------------------------------------------------------


def test_a_short_secret_is_refused_and_no_secret_is_shown():
    with refuses("privacy.short_secret"):
        Secret(b"guess me")
    assert SECRET.value.hex() not in repr(SECRET) + SECRET.id
    assert str(SECRET.value) not in repr(SECRET)
    assert Secret.new() != Secret.new()


# ---- true in general -----------------------------------------------------------------------

IDS = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


@given(IDS, st.randoms())
def test_the_same_incidents_have_the_same_key_in_any_order(ids, random):
    shuffled = random.sample(ids, len(ids))
    assert key_of(ids) == key_of(shuffled)


@given(IDS)
def test_one_incident_more_less_or_known_to_be_domestic_is_another_draw(ids):
    assert key_of(ids) != key_of([*ids, "another one"])
    assert key_of(ids) != key_of(ids, domestic="yes")
    assert key_of(ids) != key_of(ids, secret=OTHER)
    unmarked = int(sum_keys(record_keys(SECRET, ids), np.zeros(len(ids), dtype=int), 1)[0])
    assert unmarked == sum(int(one) for one in SECRET.keys(ids)) % 2**64  # of a count of all


def test_the_change_of_a_grown_count_says_nothing_of_the_change_before():
    """With one change for both, the difference of two bundles would be exact, each time."""
    before = perturbations(MANY)
    after = perturbations(MANY + SECRET.keys(["one more"]))
    assert abs(np.corrcoef(before, after)[0, 1]) < 0.02
    assert 0.15 < (before == after).mean() < 0.25  # 5 in 27, as by chance


@given(st.integers(0, 60), st.integers(THRESHOLD + 1, SURE - 1), st.sampled_from([1, 5]), st.data())
def test_what_was_told_as_20_is_never_fewer_than_ten_while_it_is_the_same(
    true, line, rounded_to, data
):
    chosen = st.integers(0, 2**64 - 1)
    keys = [np.array([data.draw(chosen)], dtype=np.uint64) for _ in range(6)]
    found = [told(true, key, line, rounded_to) for key in keys]
    assert all(n is None or n % rounded_to == 0 for n in found)
    assert not (None in found and any(n is not None and n >= SURE for n in found))
    assert all(n is None or n >= THRESHOLD for n in found)
