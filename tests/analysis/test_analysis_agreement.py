"""Every surface gives one answer to one question, month after month of a program.

The plays are real: areas are designated, begun, redrawn and retired by the commands, months are
made by `csa month`, and what is compared is what a reader sees (`tests.analysis.agreement`).
"""

import re
from dataclasses import replace

import pytest

from csa.base.params import Month
from tests.analysis.agreement import (
    ROOT,
    Play,
    ask,
    bare,
    contradictions,
    falls,
    impossible,
    lacking,
    served,
)

SAMPLE_MONTHS = [Month(2020, 5), Month(2020, 6), Month(2020, 7)]
PHILADELPHIA_MONTHS = [Month(2022, 6).plus(n) for n in range(14)]
KANSAS_MONTHS = [Month(2017, 7).plus(n) for n in range(3)]


class Played:
    """A play that is over: what was said after each month, and what was refused."""

    def __init__(self, play):
        self.play, self.answers, self.in_service = play, [], {}
        self.not_made, self.undone = [], []

    def month(self, month, remedy=None):
        """Make a month and ask every surface; where it is refused, mend what it names, once."""
        is_made = self.play.month(month)
        if not is_made:
            self.not_made.append(str(month))
            if remedy is not None:
                remedy()
                is_made = self.play.month(month)
        if is_made:
            rows = served(self.play)
            self.in_service[month] = [row["area_id"] for row in rows if row["state"] != "retired"]
            self.answers += ask(self.play, month)

    def undo(self, month, before):
        """Take a month back: what stood before it, and what was said then, is there again."""
        self.play.run("month", "--undo")
        now = self.play.bytes_of()
        self.undone += [name for name in {*before, *now} if before.get(name) != now.get(name)]
        said = {one for one in self.answers if one.month == str(month.plus(-1))}
        self.undone += [str(one) for one in said ^ set(ask(self.play, month.plus(-1)))]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample city: three areas, one of them retired in the second of three months."""
    play = Play(tmp_path_factory.mktemp("sample"), "sample", SHOOTINGS, "date")
    play.prepare(ROOT / "data" / "sample")
    play.begin(Month(2020, 4), "--until", "2019-04")
    play.designate(("c-1", "c-2", "c-3"), on="2019-04-15")
    for letter in "AB":
        play.decide("begin", letter, on="2019-05-01")
    play.measure(Month(2020, 3))
    play.work(
        ("A", "Mow the empty lots", "Public Works", "done"),
        ("A", "Mend the street lights", "Public Works", "blocked"),
        ("B", "Board up a house", "Code Enforcement", "on-track"),
        ("A", "When will the lights be mended?"),
        ("B", "Who mows the lots?"),
    )
    over = Played(play)
    may, june, july = SAMPLE_MONTHS
    over.month(may)
    play.decide("retire", "C", on="2020-06-10")
    over.month(june)
    play.measure(june)
    over.month(july)
    return over


SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"


@pytest.fixture(scope="module")
def philadelphia(tmp_path_factory, shared_data):
    """Fourteen months from the first designation on."""
    return play_philadelphia(tmp_path_factory.mktemp("philadelphia"), shared_data)


def play_philadelphia(folder, shared_data, tell=lambda _: None):
    """Play it: what happens before a month is made, and what mends what is refused."""
    data = shared_data / "philadelphia"
    source = data / "opendataphilly_shootings_raw_2015_2023.csv"
    play = Play(folder, "philadelphia", source, "date_")
    play.prepare(data)
    play.edit("[city]\n", '[city]\nplan = "kansas-city-psp.toml"\n')
    public = PUBLIC.search(play.config.read_text())[0]
    held = ("A", "Fence the lots", "The Land Bank", "on-track")  # a person must read it again
    proposal = play.home / "months" / "2023-03" / "proposal"
    before = {
        "2022-07": lambda: [play.decide("begin", letter, on="2022-07-20") for letter in "AB"],
        "2022-09": lambda: play.edit(public, ""),
        "2022-10": lambda: public in play.config.read_text() or put_back(),
        "2022-12": lambda: play.work(held),
        "2023-02": lambda: play.decide("retire", "C", on="2023-02-10"),
        "2023-04": lambda: play.decide("redraw", "B", "--areas", proposal, on="2023-04-05"),
    }

    def put_back():
        play.edit("[[sources]]", f"{public}[[sources]]")

    remedies = {"2022-09": put_back, "2022-12": lambda: play.work(held, is_public="no")}
    play.begin(Month(2022, 5))
    play.designate(("c-1", "c-2", "c-3", "c-4"), on="2022-06-15")
    over = Played(play)
    for month in PHILADELPHIA_MONTHS:
        name = str(month)
        before.get(name, lambda: None)()
        if month.number % 3 == 1:
            play.measure(month.plus(-1))
        stood = play.bytes_of() if name == "2022-11" else None
        over.month(month, remedies.get(name))
        if stood is not None:
            over.undo(month, stood)
            play.month(month)
        tell(over)
    return over


PUBLIC = re.compile(r"(?s)\[public\].+?(?=\[\[sources\]\])")


@pytest.fixture(scope="module")
def kansas_city(tmp_path_factory, shared_data):
    """Three months from reports of one year, fewer than following needs."""
    return play_kansas_city(tmp_path_factory.mktemp("kansas-city"), shared_data)


def play_kansas_city(folder, shared_data, tell=lambda _: None):
    data = shared_data / "kc"
    source = data / "kcpd_2017_adult_victims.csv"
    play = Play(folder, "kansas-city", source, "Date", name="kcpd_2017.csv")
    play.prepare(data)
    play.begin(Month(2017, 6))
    play.designate(("c-1", "c-2", "c-3"), on="2017-07-03")
    over = Played(play)
    for month in KANSAS_MONTHS:
        over.month(month)
        tell(over)
    return over


plays = pytest.mark.parametrize(
    "played",
    [
        "sample",
        pytest.param("philadelphia", marks=pytest.mark.slow),
        pytest.param("kansas_city", marks=pytest.mark.slow),
    ],
)


@pytest.fixture
def over(request, played):
    return request.getfixturevalue(played)


@plays
def test_each_month_is_made_and_each_command_answers(over):
    assert (over.not_made, over.play.refused) == ([], [])


@plays
def test_every_surface_was_heard(over):
    heard = over.in_service.items()
    silent = [one for month, here in heard for one in lacking(over.answers, month, here)]
    assert over.in_service
    assert silent == []


@plays
def test_no_two_surfaces_give_one_question_two_answers(over):
    assert contradictions(over.answers) == []


@plays
def test_no_change_is_never_said_beside_a_range_without_zero(over):
    assert impossible(over.answers) == []


@plays
def test_beside_a_verdict_stand_the_count_and_the_no_change_range(over):
    assert bare(over.answers) == []


@plays
def test_what_was_counted_since_a_start_never_falls(over):
    assert falls(over.answers) == []


@pytest.mark.slow
def test_an_undone_month_leaves_no_trace(philadelphia):
    assert philadelphia.undone == []


# ---- The comparison itself ------------------------------------------------------------------------


def test_one_surface_that_says_another_number_is_seen(sample):
    known = len(contradictions(sample.answers))
    told = next(
        one
        for one in sample.answers
        if (one.surface, one.question, one.area) == ("page Displacement", "verdict", "A")
    )
    others = [one for one in sample.answers if one != told]
    assert len(contradictions(others)) == known
    wrong = contradictions([*others, replace(told, value="more here")])
    assert len(wrong) == known + 1
    assert any("more here (page Displacement)" in one for one in wrong)
