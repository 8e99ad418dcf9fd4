"""The start order drawn in public: against the rule written out, by hand and in general."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples
from tests.sentences import says

from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.extras.trial.draw import (
    MAX_MONTHS_BETWEEN,
    Entrant,
    draw_record,
    draw_start_order,
    explain_draw,
    find_differences,
    hash_list,
    list_starts,
    pair_areas,
    write_list,
)

APRIL = Month(2026, 4)
SEED = "8-15-22 2026-03-01"
COUNTS = {"A": 10, "B": 40, "C": 12, "D": 38, "E": 5}


def areas(counts=COUNTS, tier=1):
    return [Entrant(name, f"{name} Park", tier, count) for name, count in counts.items()]


def drawn(entrants=None, **choices):
    wanted = {"seed": SEED, "first_start": APRIL, **choices}
    return draw_start_order(areas() if entrants is None else entrants, **wanted)


def code(text):
    return hashlib.sha256(text.encode()).hexdigest()


def order_by_the_rule(counts, seed, n_waves):
    """The documented rule, as a resident would follow it: area to (group, wave)."""
    listed = sorted(sorted(counts), key=counts.get, reverse=True)
    groups = [listed[at : at + n_waves] for at in range(0, len(listed), n_waves)]
    found = {}
    for number, group in enumerate(sorted(groups, key=min), 1):
        full = group + ["*1", "*2", "*3", "*4"][: n_waves - len(group)]
        lines = {code(f"{seed}|{number}|{name}"): name for name in full}
        for wave, line in enumerate(sorted(lines), 1):
            found[lines[line]] = (number, wave)
    return {name: place for name, place in found.items() if name in counts}


lists = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=2), st.integers(0, 30), min_size=2, max_size=12
)
seeds = st.text("abc019 -/", min_size=4, max_size=20).filter(lambda seed: seed == seed.strip())


# ---- By hand --------------------------------------------------------------------------------


def test_neighbors_by_count_are_paired_and_pairs_are_numbered_by_their_first_letter():
    # by count: B 40, D 38 | C 12, A 10 | E 5; by first letter: A, B, E
    names = [[area.area_id for area in group] for group in pair_areas(areas())]
    assert names == [["C", "A"], ["B", "D"], ["E"]]


def test_the_five_areas_start_as_any_sha256_page_says():
    # printf '8-15-22 2026-03-01|1|A' | sha256sum: 2ff4..., |1|C: 9fa6...; so A comes before C.
    # |2|B and |2|D likewise; E is drawn against the empty place *1.
    draw = drawn()
    starts = {slot.area_id: (slot.pair, slot.wave, str(slot.start)) for slot in draw.slots}
    assert starts == {
        "A": (1, 1, "2026-04"),
        "B": (2, 1, "2026-04"),
        "E": (3, 1, "2026-04"),
        "C": (1, 2, "2026-10"),
        "D": (2, 2, "2026-10"),
    }
    assert [slot.area_id for slot in draw.slots] == ["A", "B", "E", "C", "D"]
    assert draw.slots[0].sha256.startswith("2ff4b4b98d35b547")
    assert draw.slots[3].sha256.startswith("9fa6212b84e4e9ca")
    assert code(f"{SEED}|3|E") < code(f"{SEED}|3|*1")


def test_the_closed_list_is_written_line_by_line_and_its_code_is_its_sha256():
    pair = [Entrant("B", "Élm | West", 2, 9), Entrant("A", "Oak", 2, 12, 0)]
    text = write_list(pair, first_start=APRIL, months_between=3)
    assert text == "1|2|2026-04|2|3\nA|12|0|Oak\nB|9||Élm | West"
    assert hash_list(pair, first_start=APRIL, months_between=3) == code(text)
    draw = drawn(pair, months_between=3)
    assert draw.entrants_sha256 == code(text)
    assert [area.area_id for area in draw.entrants] == ["A", "B"]


def test_three_waves_start_at_equal_steps():
    draw = drawn(areas({"A": 3, "B": 2, "C": 1}), n_waves=3, months_between=9)
    assert [str(slot.start) for slot in draw.slots] == ["2026-04", "2027-01", "2027-10"]
    assert [slot.wave for slot in draw.slots] == [1, 2, 3]


def test_the_steps_of_the_draw_are_told_with_their_numbers():
    said = [str(step) for step in explain_draw(drawn())]
    assert len(said) == 8
    assert said[0].startswith("The 5 areas on the list are all in tier 1")
    assert drawn().entrants_sha256 in said[2]
    assert said[3] == f"Only then is the seed announced in public: {SEED}"
    assert f"Here {SEED}|1|A becomes {code(SEED + '|1|A')}." in said[4]
    assert "the next lowest 6 months later" in said[5]
    assert said[6].startswith(
        "Group 3 has fewer areas than starts. Empty places named *1, *2 and so on fill it, and get codes like the areas do. This way, each area has the same chance of each start."
    )


def test_every_area_is_listed_with_its_date_the_later_ones_too():
    months = {"A": "April", "B": "April", "E": "April", "C": "October", "D": "October"}
    assert [str(line) for line in list_starts(drawn())] == [
        says("draw.start", place=f"{area_id} Park", area_id=area_id, month=f"{month} 2026")
        for area_id, month in months.items()
    ]


def test_a_record_read_back_from_its_file_repeats():
    record = json.loads(json.dumps(draw_record(drawn())))
    assert not find_differences(record)
    assert record["list_text"].splitlines()[0] == "1|1|2026-04|2|6"
    assert code(record["list_text"]) == record["entrants_sha256"]
    assert record["rule"] == [str(step) for step in explain_draw(drawn())]


# ---- At the edge ----------------------------------------------------------------------------


def test_two_areas_are_one_pair():
    draw = drawn(areas({"A": 0, "B": 0}))
    assert sorted((slot.pair, slot.wave) for slot in draw.slots) == [(1, 1), (1, 2)]
    assert not any("fewer areas" in str(step) for step in explain_draw(draw))


def test_equal_counts_are_paired_by_the_alphabet():
    groups = pair_areas(areas(dict.fromkeys(["D", "B", "AA", "A"], 7)))
    assert [[area.area_id for area in group] for group in groups] == [["A", "AA"], ["B", "D"]]


def test_starts_one_month_apart_and_over_the_new_year():
    draw = drawn(areas({"A": 1, "B": 1}), first_start=Month(2026, 12), months_between=1)
    assert [str(slot.start) for slot in draw.slots] == ["2026-12", "2027-01"]
    assert "the next lowest one month later" in str(explain_draw(draw)[5])


def test_a_seed_of_four_signs_will_do():
    assert drawn(seed="4711").seed == "4711"


def test_numbers_out_of_a_table_are_written_as_plain_ones():
    pair = [Entrant(name, "Elm", np.int64(1), np.int64(3), np.int64(1)) for name in "AB"]
    record = draw_record(drawn(pair, n_waves=np.int64(2)))
    assert not find_differences(json.loads(json.dumps(record)))


def test_better_words_for_the_rule_do_not_change_a_draw():
    assert not find_differences(draw_record(drawn()) | {"rule": []})


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "entrants", "choices"),
    [
        ("A lottery needs two areas or more, not 0.", [], {}),
        ("A lottery needs two areas or more, not 1.", areas()[:1], {}),
        ("tiers 1, 2", [*areas(), Entrant("F", "Elm", 2, 10)], {}),
        ("Area F has no tier", [*areas(), Entrant("F", "Elm", None, 10)], {}),
        ("2 areas have no tier.*: F, G", [*areas(), *areas({"F": 1, "G": 1}, None)], {}),
        ("on the list twice: A, C", [*areas(), *areas({"A": 1, "C": 12})], {}),
        *((rf"2 to .* \(5\), not {n}\.", None, {"n_waves": n}) for n in (-1, 0, 1, 6)),
        *(
            ("months_between must be 1 to 60", None, {"months_between": months})
            for months in (0, -6, MAX_MONTHS_BETWEEN + 1)
        ),
        *(
            ("4 or more letters", None, {"seed": seed})
            for seed in ("", "123", "    ", " 1234", "1234 ", "12|34", "12\n34", "1234\n", "12é4")
        ),
    ],
)
def test_a_list_or_a_choice_that_makes_no_fair_draw_is_refused(said, entrants, choices):
    with pytest.raises(ParamError, match=said):
        drawn(entrants, **choices)


@pytest.mark.parametrize(
    ("said", "given"),
    [
        *(
            ("An area_id must be letters and digits", (area_id, "Elm", 1, 3))
            for area_id in ("", "*1", "A|B", "A B", "-A", "A\n", "Ä")
        ),
        ("must be one line", ("A", "Elm\nB|9||Oak", 1, 3)),
        *(
            ("Neither can be below 0", ("A", "Elm", 1, *counts))
            for counts in ((-1, None), (3, 4), (3, -1), (3.0, 1))
        ),
    ],
)
def test_what_would_make_the_lists_lines_doubtful_is_refused(said, given):
    with pytest.raises(ParamError, match=said):
        Entrant(*given)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("seed", (4711, ["a", "b", "c", "d"])),
        ("months_between", (6.0,)),
        ("n_waves", ("2",)),
        ("first_start", (202604,)),
        ("entrants", ([{"area_id": "A"}], 5, ["A"], {"A": 1})),
        ("slots", (["A", "B"], 5, {"A": 1}, [], True)),
        ("rule_version", (None, 0, 2, "1")),
    ],
)
def test_a_record_that_is_not_whole_or_of_another_kind_is_refused(name, values):
    whole = draw_record(drawn())
    lacking = {key: value for key, value in whole.items() if key != name}
    for record in (lacking, *(whole | {name: value} for value in values)):
        said = "this version knows rule 1" if name == "rule_version" else "incomplete"
        with pytest.raises(TableError, match=said):
            find_differences(record)


# ---- True in general ------------------------------------------------------------------------


@given(lists, seeds, st.integers(2, 4), st.integers(1, 24))
def test_anyone_can_repeat_the_draw_with_sha256_alone(counts, seed, n_waves, months):
    n_waves = min(n_waves, len(counts))
    draw = drawn(areas(counts), seed=seed, n_waves=n_waves, months_between=months)
    by_rule = order_by_the_rule(counts, seed, n_waves)
    assert {slot.area_id: (slot.pair, slot.wave) for slot in draw.slots} == by_rule
    for slot in draw.slots:
        assert slot.sha256 == code(f"{seed}|{slot.pair}|{slot.area_id}")
        assert slot.start == APRIL.plus((slot.wave - 1) * months)
    assert not find_differences(json.loads(json.dumps(draw_record(draw))))


def _changed(record, path, value):
    copy = json.loads(json.dumps(record))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("seed",), "is on record with a different seed"),
        (("tier",), 2),
        (("first_start",), "2026-05"),
        (("n_waves",), 3),
        (("months_between",), 7),
        (("list_text",), ""),
        (("entrants_sha256",), "0" * 64),
        (("entrants", 0, "area_id"), "F"),
        (("entrants", 0, "place_name"), "Elm"),
        (("entrants", 0, "incidents_24_months"), 11),
        (("entrants", 0, "homicides_24_months"), 1),
        (("slots", 0, "area_id"), "F"),
        (("slots", 0, "pair"), 2),
        (("slots", 0, "wave"), 2),
        (("slots", 0, "start"), "2026-10"),
        (("slots", 0, "sha256"), "0" * 64),
    ],
)
def test_whatever_is_changed_in_a_record_is_found(path, value):
    changed = _changed(draw_record(drawn()), path, value)
    assert find_differences(changed)
    assert all(str(difference) for difference in find_differences(changed))


def test_what_differs_is_named():
    record = draw_record(drawn())
    late = _changed(record, ("slots", 3, "start"), "2026-04")
    assert [str(d) for d in find_differences(late)] == [says("draw.differs_slots", which="C")]
    gone = record | {"slots": record["slots"][:-1]}
    assert str(find_differences(gone)[0]).endswith("for: D.")
    twice = record | {"slots": [*record["slots"], record["slots"][0]]}
    assert [d.key for d in find_differences(twice)] == ["draw.differs_order"]
    turned = record | {"entrants": record["entrants"][::-1]}
    assert [d.key for d in find_differences(turned)] == ["draw.differs_entrants"]
    tier = record | {"tier": 2}
    assert [str(d) for d in find_differences(tier)] == [
        says("draw.differs", name="tier", given=2, made=1)
    ]
    with pytest.raises(ParamError, match="tiers 1, 2"):  # a list that no lottery takes
        find_differences(_changed(record, ("entrants", 0, "tier"), 2))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
PLACES = [
    *((name,) for name in draw_record(draw_start_order(areas(), seed=SEED, first_start=APRIL))),
    *(("entrants", 0, name) for name in ("area_id", "place_name", "tier")),
    *(("entrants", 0, name) for name in ("incidents_24_months", "homicides_24_months", "new")),
    *(("slots", 0, name) for name in ("area_id", "pair", "wave", "start", "sha256", "new")),
]


@examples(5)
@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_a_record_it_is_checked_or_refused_with_a_sentence(path, value):
    changed = _changed(draw_record(drawn()), path, value)
    try:
        said = find_differences(changed)
    except (ParamError, TableError) as error:
        said = (error,)
    assert all(str(one) for one in said)
