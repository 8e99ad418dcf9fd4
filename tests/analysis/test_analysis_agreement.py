"""Every surface gives one answer to one question, month after month of a program.

The plays are real: areas are designated, begun, redrawn and retired by the commands, months are
made by `csa month`, and what is compared is what a reader sees (`tests.analysis.agreement`).
"""

import json
import re
import shutil

import pytest
import shapely
from tests.analysis.agreement import (
    ROOT,
    SIGNED,
    ZONE,
    ZONE_NAME,
    Play,
    Rendered,
    Surface,
    area_of,
    ask,
    ask_public,
    bare,
    contradictions,
    falls,
    first,
    impossible,
    lacking,
    number,
    read_briefing,
    read_change,
    read_edition,
    rendered_page,
    served,
    unexplained,
)
from tests.app.conftest import scan_once  # noqa: F401 - a fixture, for the pages that are opened
from tests.sentences import says

from csa.base.params import Month
from csa.base.text import Translator
from csa.change.sentences import name_verdict
from csa.city.preregistration import Verdict
from csa.disclosure.texts import code_of
from csa.reports import making
from csa_app.shared import core_list

SAMPLE_MONTHS = [Month(2020, 5), Month(2020, 6), Month(2020, 7)]
PHILADELPHIA_MONTHS = [Month(2022, 6).plus(n) for n in range(14)]
KANSAS_MONTHS = [Month(2017, 7).plus(n) for n in range(3)]


class Played:
    """A play that is over: what was said after each month, what was left out, what was refused."""

    def __init__(self, play, *, with_preview=False):
        self.play, self.answers, self.in_service = play, [], {}
        self.not_made, self.undone, self.left_out, self.unforeseen = [], [], {}, []
        self.with_preview = with_preview

    def month(self, month, *confirming):
        """Look at a month beforehand, make it, and ask every surface."""
        foreseen = self.play.preview(month) if self.with_preview and not confirming else None
        left_out = self.play.month(month, *confirming)
        if left_out is None:
            self.not_made.append(f"{month} was not made")
            return
        if foreseen is not None and foreseen != left_out:
            self.unforeseen.append(f"{month}: {foreseen} was foreseen, {left_out} is left out")
        self.left_out |= {month: left_out} if left_out else {}
        rows = served(self.play)
        self.in_service[month] = [row["area_id"] for row in rows if row["state"] != "retired"]
        self.answers += ask(self.play, month)

    def undo(self, month, before):
        """Take a month back: what stood before it, and what was said then, is there again."""
        self.play.run("month", "--undo", "--by", "Prevention team")
        now = self.play.bytes_of()
        self.undone += [name for name in {*before, *now} if before.get(name) != now.get(name)]
        said = {one for one in self.answers if one.month == str(month.plus(-1))}
        self.undone += [str(one) for one in said ^ set(ask(self.play, month.plus(-1)))]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample city: three areas, one of them retired in the second of three months.

    The months' PDFs are left out: each is the same document as the page beside it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "render_pdf", lambda _: b"%PDF")
        return play_sample(tmp_path_factory.mktemp("sample"))


def play_sample(folder):
    """Play three months, the second a quarter's last, and a year after the areas' start."""
    play = Play(folder, "sample", SHOOTINGS, "date")
    play.prepare(ROOT / "data" / "sample")
    play.begin(Month(2020, 4), "--until", "2019-06")
    play.designate(("c-1", "c-2", "c-3"), on="2019-06-15")
    for letter in "AB":
        play.decide("begin", letter, on="2019-07-01")
    play.measure(Month(2020, 3))
    play.work(
        ("A", "Mow the empty lots", "Public Works", "done"),
        ("A", "Mend the street lights", "Public Works", "blocked"),
        ("B", "Board up a house", "Code Enforcement", "on-track"),
        ("A", "When will the lights be mended?"),
        ("B", "Who mows the lots?"),
    )
    draw_zone(play)
    over = Played(play)
    may, june, july = SAMPLE_MONTHS
    over.month(may)
    play.decide("retire", "C", on="2020-06-10")
    over.month(june)
    play.measure(june)
    over.month(july)
    made = play.bytes_of()
    play.run("month", "--undo", "--by", "Prevention team")
    play.work(("B", "Paint the underpass", "Parks", "on-track"))  # decided on August 10
    play.month(july)
    again = play.bytes_of()
    over.undone += [name for name in {*made, *again} if made.get(name) != again.get(name)]
    over.unanswered = correct_a_day(play, july)
    return over


def correct_a_day(play, month):
    """Take A off its locked plan by a correction, read the Committee's edition, and put it back."""
    dataset, page = ("--dataset", play.home / "dataset"), play.folder / "executive.html"
    for day, *read in (("2019-05-20", "--effects-read"), ("2019-06-15",)):
        play.run("correct", "area A/1", f"on_date={day}", *dataset, *read, *SIGNED)
        if read:
            report = ("report", *dataset, "--month", month, "--audience", "executive")
            play.run(*report, "--out", page)
    found = [
        first("news.unanswered", block, why=".+") for block in Rendered(page.read_text()).blocks
    ]
    return [(area_of(said["area"]), number(said["months"])) for said in found if said]


def draw_zone(play):
    """Enter a zone around the first area, and give it half of that from February 2020 on."""
    drawn = json.loads((play.folder / "then" / "areas.geojson").read_text())["features"][0]
    west, south, east, north = shapely.from_geojson(json.dumps(drawn)).bounds
    for name, until in (("whole", east), ("half", (west + east) / 2)):
        shape = shapely.box(west - 0.002, south - 0.002, until + 0.002, north + 0.002)
        (play.folder / f"{name}.geojson").write_text(shapely.to_geojson(shape))
    whole, half = (play.folder / f"{name}.geojson" for name in ("whole", "half"))
    play.run("zone", "add", ZONE_NAME, whole, "--from", "2019-06-20", *SIGNED)
    play.run("zone", "redraw", ZONE, half, "--from", "2020-02-10", *SIGNED)


SHOOTINGS = ROOT / "data" / "sample" / "shootings.csv"


@pytest.fixture(scope="module")
def philadelphia(tmp_path_factory, shared_data):
    """Fourteen months from the first designation on."""
    return play_philadelphia(tmp_path_factory.mktemp("philadelphia"), shared_data)


def play_philadelphia(folder, shared_data, tell=lambda _: None):
    """Play it, with what happens before a month is made."""
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
        "2022-10": lambda: play.edit("[[sources]]", f"{public}[[sources]]"),
        "2022-12": lambda: play.work(held),
        "2023-02": lambda: play.decide("retire", "C", on="2023-02-10"),
        "2023-04": lambda: play.decide("redraw", "B", "--areas", proposal, on="2023-04-05"),
    }
    read_again = ("--confirm", code_of(held[2]), "--by", "the Committee")
    play.begin(Month(2022, 5))
    play.designate(play.busiest(4), on="2022-06-15")
    play.measure(Month(2022, 3))
    over = Played(play, with_preview=True)
    for month in PHILADELPHIA_MONTHS:
        name = str(month)
        before.get(name, lambda: None)()
        if month.number % 3 == 1:
            play.measure(month.plus(-1))
        stood = play.bytes_of() if name == "2022-11" else None
        over.month(month, *(read_again if name == "2023-03" else ()))
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
    play.designate(play.busiest(3), on="2017-07-03")
    over = Played(play, with_preview=True)
    for month in KANSAS_MONTHS:
        over.month(month)
        tell(over)
    return over


plays = pytest.mark.parametrize(
    "played",
    [
        pytest.param("sample", marks=pytest.mark.long),
        pytest.param("philadelphia", marks=pytest.mark.slow),
        pytest.param("kansas_city", marks=pytest.mark.slow),
    ],
)


@pytest.fixture
def over(request, played):
    return request.getfixturevalue(played)


def refuse(found):
    """Fail with every line of what was found, not its first."""
    assert not found, "\n".join(["", *found])


@plays
def test_each_month_is_made_and_each_command_answers(over):
    refuse(over.not_made + over.play.refused)


@plays
def test_what_is_left_out_of_a_month_is_named_before_it_is_made(over):
    refuse(over.unforeseen)


@pytest.mark.long
def test_nothing_is_left_out_of_the_sample_citys_months(sample):
    assert not sample.left_out


@pytest.mark.slow
def test_of_philadelphias_months_only_what_cannot_be_made_is_left_out(philadelphia):
    no_rule, caught = "publish.domestic", "publish.caught"
    assert philadelphia.left_out == {
        Month(2022, 6): {"displacement": "month.not_begun"},
        Month(2022, 9): {"public": no_rule, "editions/public": no_rule},
        Month(2022, 12): {"public": caught, "editions/public": caught},
        Month(2023, 1): {"editions/public": caught},
        Month(2023, 2): {"editions/public": caught},
    }


@plays
def test_every_surface_was_heard(over):
    heard = over.in_service.items()
    assert heard
    left_out = over.left_out
    refuse([one for month, here in heard for one in lacking(over.answers, month, here, left_out.get(month, ()))])  # fmt: skip


@plays
@pytest.mark.parametrize("faults", [contradictions, impossible, bare, unexplained, falls])
def test_answers_agree_stand_by_their_range_say_why_they_differ_and_never_fall(over, faults):
    refuse(faults(over.answers))


@pytest.mark.long
def test_an_agreed_answer_that_a_correction_took_away_stands_in_the_edition_with_its_reason(sample):
    assert sample.unanswered == [("A", 12)]


@plays
def test_an_undone_month_leaves_no_trace_and_made_again_it_is_the_same_to_the_byte(over):
    refuse(over.undone)


# ---- The comparison itself ------------------------------------------------------------------------


def named_newly(answers, more):
    """List the contradictions that come with more answers."""
    return set(contradictions([*answers, *more])) - set(contradictions(answers))


@pytest.mark.long
def test_a_page_whose_number_is_another_is_seen(sample, monkeypatch):
    real = core_list.counts_at

    def one_more(*track):
        told = real(*track)
        return told | {"counted": told["counted"] + 1}

    july, more = SAMPLE_MONTHS[-1], []
    read_briefing(
        Surface(july, "as is", more), rendered_page(sample.play.page("meeting", step="2"))
    )
    assert more
    assert not any("as is" in one for one in named_newly(sample.answers, more) if "counted" in one)
    monkeypatch.setattr(core_list, "counts_at", one_more)
    more = []
    page = rendered_page(sample.play.page("meeting", step="2"))
    read_briefing(Surface(july, "planted", more), page)
    wrong = named_newly(sample.answers, more)
    wanted = {"A", "B", "C"}  # C is no longer in service
    assert wanted == {one.split(", ")[1] for one in wrong if "counted since start" in one}
    assert all("(planted)" in one for one in wrong if "counted since start" in one)


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "key", "other", "values"),
    [
        ("index.html", "short_no_change", "short_more", {"where": "here", "what": "shootings"}),
        (
            "wall.html",
            "short_no_change",
            "short_more",
            {"where": "in the areas", "what": "shootings"},
        ),
    ],
)
def test_a_public_page_that_says_another_verdict_is_seen(
    sample, tmp_path, file, key, other, values
):
    june = SAMPLE_MONTHS[1]
    bundle = shutil.copytree(
        sample.play.home / "months" / str(june) / "public", tmp_path / "public"
    )
    text = (bundle / file).read_text(encoding="utf-8")
    said, instead = (Translator()(f"public.{name}", **values) for name in (key, other))
    assert said in text
    (bundle / file).write_text(text.replace(said, instead, 1), encoding="utf-8")
    more = []
    ask_public(Surface(june, "planted", more), bundle)
    wrong = named_newly(sample.answers, more)
    assert any(", verdict: more here (public " in one for one in wrong)


@pytest.mark.long
def test_an_edition_with_another_number_is_seen(sample):
    july, more = SAMPLE_MONTHS[-1], []
    folder = sample.play.home / "months" / str(july) / "editions"
    text = (folder / f"{july}_prevention_en.html").read_text(encoding="utf-8")
    n = next(one.value for one in sample.answers if one.month == str(july) and (one.surface, one.area, one.question) == ("edition prevention", "A", "counted since start"))  # fmt: skip
    read_edition(
        Surface(july, "planted", more), Rendered(text.replace(f" had {n} ", f" had {n + 1} "))
    )
    wrong = named_newly(sample.answers, more)
    assert any(
        f"A, counted since start: {n}" in one and f"{n + 1} (planted)" in one for one in wrong
    )


def test_a_sum_that_falls_and_a_range_without_zero_are_seen():
    may, june = Month(2020, 5), Month(2020, 6)
    said = []
    for month, counted in ((may, 9), (june, 8)):
        surface = Surface(month, "page", said)
        surface.say("A", "since", "2020-01")
        surface.say("A", "counted since start", counted)
    assert falls(said) == ["page, A: 9 by 2020-05, 8 by 2020-06"]
    text = [
        says("displacement.said", verdict=name_verdict(Verdict.NO_CHANGE), since="May 2020", who="Mill Creek (A)",
             counted=8, expected=38.2, low=7, high=71),
        says("displacement.net", change="30 fewer", low="53 fewer", high="9 fewer"),
    ]  # fmt: skip
    said = []
    read_change(Surface(june, "page", said), [" ".join(text)])
    assert impossible(said) == ["2020-06, page, A: no clear change, net -53 to -9"]
    assert bare(said) == []
    assert bare([one for one in said if "range" not in one.question]) == [
        f"2020-06, page, A: {Verdict.NO_CHANGE}"
    ]
