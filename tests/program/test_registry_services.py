"""Every service that ever was: what ended is followed on, and no ground counts twice."""

from dataclasses import replace
from datetime import date

from tests.program.lives import life, records

from csa.base.params import Month
from csa.program.registry import all_services, core_area, core_areas, followed
from csa.program.store.tables import CorrectionRow

ONE, TWO, THREE = "8a2aa1060007fff", "8a2aa106000ffff", "8a2aa1060017fff"


def numbers(*texts):
    return frozenset(int(text, 16) for text in texts)


def designated(chosen):
    """All ground that counts for all areas together: each version's month and cells."""
    return [
        [(str(version.since), version.cells) for version in ground.versions]
        for ground in chosen.designated
    ]


def test_a_retired_area_is_followed_on_and_named_as_retired():
    kept = life("A", ("designated", (2019, 1, 1), [ONE]))
    ended = life("B", ("designated", (2019, 3, 1), [TWO]), ("retired", (2019, 9, 15), [TWO]))
    known = records(kept, ended)
    assert [area.key for area in core_areas(known)] == ["A"]
    service = core_area(known, "B")
    assert (service.state, service.ended) == ("retired", date(2019, 9, 15))
    chosen = followed(all_services(known))
    assert (chosen.area_ids, chosen.retired) == (("A", "B"), ("B",))
    assert designated(chosen) == [[("2019-01", numbers(ONE))], [("2019-03", numbers(TWO))]]


def test_ground_that_a_redraw_leaves_counts_on_and_what_it_adds_counts_from_then():
    redrawn = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("designated", (2020, 1, 1), [TWO, THREE])
    )
    chosen = followed(all_services(records(redrawn)))
    assert chosen.has_former_cells
    assert designated(chosen) == [
        [("2019-01", numbers(ONE, TWO)), ("2020-01", numbers(ONE, TWO, THREE))]
    ]
    assert chosen.cells == (numbers(TWO, THREE),)


def test_ground_that_is_designated_again_under_another_letter_counts_once_from_the_first_month():
    first = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("retired", (2019, 9, 1), [ONE, TWO])
    )
    again = life("B", ("designated", (2020, 1, 1), [ONE, TWO, THREE]))
    chosen = followed(all_services(records(first, again)))
    assert (chosen.area_ids, chosen.retired) == (("B",), ("A",))
    assert designated(chosen) == [[("2019-01", numbers(ONE, TWO))], [("2020-01", numbers(THREE))]]


def test_of_a_retired_area_what_another_serves_by_now_is_no_longer_its_present_ground():
    first = life(
        "A", ("designated", (2019, 1, 1), [ONE, TWO]), ("retired", (2019, 9, 1), [ONE, TWO])
    )
    again = life("B", ("designated", (2020, 1, 1), [TWO, THREE]))
    chosen = followed(all_services(records(first, again)))
    assert chosen.cells == (numbers(ONE), numbers(TWO, THREE))
    assert chosen.versions[0][0].cells == numbers(ONE, TWO)  # what is said of it alone is its own


def test_an_area_that_serves_again_is_followed_since_then_and_its_first_service_counts_for_all():
    twice = life(
        "A",
        ("designated", (2018, 1, 1), [ONE]),
        ("retired", (2018, 9, 1), [ONE]),
        ("designated", (2020, 1, 1), [ONE, TWO]),
    )
    chosen = followed(all_services(records(twice)))
    assert [str(one.since) for one in chosen.versions[0]] == ["2020-01"]
    assert chosen.retired == ()
    assert designated(chosen) == [[("2018-01", numbers(ONE))], [("2020-01", numbers(TWO))]]


def test_a_split_and_a_merger_take_no_ground_out():
    split = life("A", ("designated", (2019, 1, 1), [ONE, TWO]), ("designated", (2020, 1, 1), [ONE]))
    part = life("B", ("designated", (2020, 1, 1), [TWO]), ("retired", (2020, 6, 1), [TWO]))
    merged = life(
        "A", ("designated", (2019, 1, 1), [ONE]), ("designated", (2020, 6, 1), [ONE, TWO])
    )
    whole = [("2019-01", numbers(ONE, TWO))]
    assert designated(followed(all_services(records(split, part)))) == [whole]
    before = life("B", ("designated", (2019, 1, 1), [TWO]), ("retired", (2020, 6, 1), [TWO]))
    found = designated(followed(all_services(records(merged, before))))
    assert found == [[("2019-01", numbers(ONE))], [("2019-01", numbers(TWO))]]


def test_what_has_not_begun_by_a_month_is_left_out_of_all_together_too():
    early = life("A", ("designated", (2019, 1, 1), [ONE]), ("retired", (2019, 9, 1), [ONE]))
    late = life("B", ("designated", (2020, 1, 1), [TWO]))
    begun = followed(all_services(records(early, late))).started_before(Month(2019, 12))
    assert (begun.area_ids, begun.retired) == (("A",), ("A",))
    assert designated(begun) == [[("2019-01", numbers(ONE))]]


def test_a_day_that_was_corrected_later_is_said():
    known = records(
        life("A", ("designated", (2019, 1, 1), [ONE])),
        life("B", ("designated", (2019, 1, 1), [TWO])),
    )
    row = CorrectionRow(key="area B/1/1", subject="area B/1")
    chosen = followed(all_services(replace(known, corrections=(row,))))
    assert chosen.corrected == ("B",)
    assert chosen.started_before(Month(2020, 1)).corrected == ("B",)
    assert followed(all_services(known)).corrected == ()
